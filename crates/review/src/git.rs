//! The tree of a commit, from the objects of a repository: nothing is checked out, no filter, hook
//! or attribute is heeded, and nobody's settings are read.

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bstr::BString;
use gix::ObjectId;
use gix::objs::tree::EntryKind;

use crate::archive::Gather;
use crate::budget::{Budget, Meter};
use crate::material::{self, Error};
use crate::odd;
use crate::tree::{Kind, Tree};

/// The largest folder that is read; Linux's largest has 100 kB.
const FOLDER_BYTES: u64 = 64 << 20;

/// Folders within one another.
const DEPTH: usize = 255;

/// Whether a folder is a repository without a checkout.
pub(crate) fn is_bare(path: &Path) -> bool {
    path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir()
}

/// Takes `REPOSITORY@REVISION` apart.
pub(crate) fn named(name: &str) -> Option<(PathBuf, String)> {
    name.match_indices('@').find_map(|(at, _)| {
        let path = Path::new(&name[..at]);
        let is_repository = path.join(".git").is_dir() || is_bare(path);
        is_repository.then(|| (path.to_owned(), name[at + 1..].to_owned()))
    })
}

/// Reads the tree of a revision: a branch, a tag, a commit, or one's beginning.
pub(crate) fn read(path: &Path, revision: &str, budget: &Budget) -> Result<Tree, Error> {
    let name = format!("{}@{revision}", path.display());
    let unusable = |reason: String| Error::Unusable {
        name: name.clone(),
        reason,
    };
    let repository = open(path).map_err(|error| unusable(format!("{error:#}")))?;
    let id = find(&repository, revision).map_err(unusable)?;
    let commit = commit(&repository, id).map_err(unusable)?;
    let mut gather = Gather::new(Rc::new(Meter::new(budget)));
    gather.commit = Some(commit.0.to_string());
    let mut walk = Walk {
        repository: &repository,
        gather: &mut gather,
    };
    let result = walk.below(commit.1, b"", 0);
    gather.end_here(result);
    Ok(material::whole_tree(&name, gather))
}

/// A commit of which single files are read.
pub(crate) struct Commit {
    repository: gix::Repository,
    tree: ObjectId,
}

impl std::fmt::Debug for Commit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "tree {}", self.tree)
    }
}

impl Commit {
    /// Finds a revision.
    pub(crate) fn find(path: &Path, revision: &str) -> Result<Self, Error> {
        let unusable = |reason: String| Error::Unusable {
            name: format!("{}@{revision}", path.display()),
            reason,
        };
        let repository = open(path).map_err(|error| unusable(format!("{error:#}")))?;
        let id = find(&repository, revision).map_err(unusable)?;
        let (_, tree) = commit(&repository, id).map_err(unusable)?;
        Ok(Self { repository, tree })
    }

    /// The bytes of a file, if the commit has it; of a link, where it leads.
    pub(crate) fn file(&self, path: &[u8], limit: u64) -> Result<Option<Vec<u8>>, String> {
        let unread = |error: gix::Error| format!("{error:#}");
        let mut id = self.tree;
        let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        for (index, part) in parts.iter().enumerate() {
            let header = self.repository.find_header(id).map_err(unread)?;
            if header.kind() != gix::objs::Kind::Tree || header.size() > FOLDER_BYTES {
                return Err("what it lies in is no folder that can be read".to_owned());
            }
            let folder = self.repository.find_tree(id).map_err(unread)?;
            let mut found = None;
            for entry in folder.iter() {
                let entry = entry.map_err(|error| error.to_string())?;
                if entry.filename() == *part {
                    found = Some((entry.object_id(), entry.mode()));
                    break;
                }
            }
            let Some((below, mode)) = found else {
                return Ok(None);
            };
            if mode.is_tree() == (index + 1 == parts.len()) || mode.is_commit() {
                return Err("it, or what it lies in, is something else".to_owned());
            }
            id = below;
        }
        let header = self.repository.find_header(id).map_err(unread)?;
        if header.size() > limit {
            return Err(format!("it has more than {limit} bytes"));
        }
        let mut blob = self.repository.find_blob(id).map_err(unread)?;
        Ok(Some(blob.take_data()))
    }
}

/// Opens a repository without the settings of whoever runs us.
fn open(path: &Path) -> Result<gix::Repository, gix::Error> {
    let mut repository = gix::open_opts(path, gix::open::Options::isolated())?;
    repository.object_cache_size(16 << 20);
    Ok(repository)
}

fn find(repository: &gix::Repository, revision: &str) -> Result<ObjectId, String> {
    // As for git, a whole name of an object is that, whatever branches and tags are called.
    if let Ok(id) = ObjectId::from_hex(revision.as_bytes()) {
        let is_there = repository.has_object(id);
        return is_there
            .then_some(id)
            .ok_or_else(|| format!("it has no revision {revision:?}"));
    }
    let named = repository.try_find_reference(revision).ok().flatten();
    if let Some(reference) = named {
        let id = reference.target().try_id().map(gix::hash::oid::to_owned);
        let peeled = || repository.find_reference(revision).ok()?.peel_to_id().ok();
        return id
            .or_else(|| Some(peeled()?.detach()))
            .ok_or_else(|| format!("its reference {revision:?} leads nowhere"));
    }
    let prefix = gix::hash::Prefix::from_hex(&revision.to_ascii_lowercase())
        .map_err(|_| format!("it has no revision {revision:?}"))?;
    match repository.objects.lookup_prefix(prefix, None) {
        Ok(Some(Ok(id))) => Ok(id),
        Ok(Some(Err(()))) => Err(format!(
            "{revision:?} is the beginning of several names in it"
        )),
        Ok(None) | Err(_) => Err(format!("it has no revision {revision:?}")),
    }
}

/// The commit that an object is or that its tags lead to, and the commit's tree.
fn commit(repository: &gix::Repository, mut id: ObjectId) -> Result<(ObjectId, ObjectId), String> {
    let unread = |error: gix::Error| format!("{error:#}");
    // A tag may name a tag, but no honest one goes on for long.
    for _ in 0..8 {
        let header = repository.find_header(id).map_err(unread)?;
        match header.kind() {
            _ if header.size() > FOLDER_BYTES => return Err("an object is too large".to_owned()),
            gix::objs::Kind::Tag => {
                let tag = repository.find_tag(id).map_err(unread)?;
                id = tag.target_id().map_err(unread)?.detach();
            }
            gix::objs::Kind::Commit => {
                let commit = repository.find_commit(id).map_err(unread)?;
                return Ok((id, commit.tree_id().map_err(unread)?.detach()));
            }
            kind => return Err(format!("its object {id} is a {kind}, not a commit")),
        }
    }
    Err("tags name tags without end".to_owned())
}

struct Walk<'w> {
    repository: &'w gix::Repository,
    gather: &'w mut Gather,
}

impl Walk<'_> {
    fn below(&mut self, folder: ObjectId, path: &[u8], depth: usize) -> io::Result<()> {
        if depth > DEPTH {
            self.gather
                .meter
                .report(&odd::TOO_DEEP, path, b"", "folders in folders");
            return Ok(());
        }
        for (kind, name, id) in self.entries(folder)? {
            let inside = [path, &name].concat();
            match kind {
                EntryKind::Tree => {
                    self.gather.meter.entry()?;
                    self.below(id, &[&inside[..], b"/"].concat(), depth + 1)?;
                }
                EntryKind::Commit => {
                    let kind = Kind::Submodule(id.to_string());
                    self.gather.file(&inside, kind, 0, b"", false)?;
                }
                EntryKind::Link => {
                    let target = BString::from(self.blob(id, &inside)?);
                    self.gather
                        .file(&inside, Kind::Symlink(target), 0o777, b"", false)?;
                }
                EntryKind::Blob => self.file(id, &inside, 0o644)?,
                EntryKind::BlobExecutable => self.file(id, &inside, 0o755)?,
            }
        }
        Ok(())
    }

    fn entries(&self, id: ObjectId) -> io::Result<Vec<(EntryKind, Vec<u8>, ObjectId)>> {
        let header = self
            .repository
            .find_header(id)
            .map_err(|error| damaged(&error))?;
        if header.size() > FOLDER_BYTES {
            return Err(io::Error::other(format!("the folder {id} is too large")));
        }
        let tree = self
            .repository
            .find_tree(id)
            .map_err(|error| damaged(&error))?;
        let entries = tree.iter().map(|entry| {
            let entry = entry.map_err(|error| io::Error::other(error.to_string()))?;
            Ok((
                entry.mode().kind(),
                entry.filename().to_vec(),
                entry.object_id(),
            ))
        });
        entries.collect()
    }

    fn file(&mut self, id: ObjectId, path: &[u8], mode: u32) -> io::Result<()> {
        let bytes = self.blob(id, path)?;
        self.gather.file(path, Kind::Regular, mode, &bytes, true)
    }

    fn blob(&self, id: ObjectId, path: &[u8]) -> io::Result<Vec<u8>> {
        let meter = &self.gather.meter;
        let header = self
            .repository
            .find_header(id)
            .map_err(|error| damaged(&error))?;
        if header.size() > meter.budget.file {
            meter.report(&odd::TOO_LARGE, path, b"", "so it is left out");
            return Ok(Vec::new());
        }
        let mut blob = self
            .repository
            .find_blob(id)
            .map_err(|error| damaged(&error))?;
        let bytes = blob.take_data();
        if crate::tree::Content::of(&bytes).blob != id.as_bytes() {
            meter.report(
                &odd::CHECKSUM,
                path,
                b"",
                "the object is not the one that it is called",
            );
        }
        Ok(bytes)
    }
}

fn damaged(error: &gix::Error) -> io::Error {
    io::Error::other(format!("{error:#}"))
}
