//! The tree of a commit, read from the objects of its repository: nothing is checked out.

use gix::objs::tree::EntryKind;

use super::folder::{join, shown};
use super::pack::{DEPTH, Pack, Wanted, is_plain};
use crate::git::Commit;

/// The largest folder that is read; that of aports' community has 400 kB.
const FOLDER_BYTES: u64 = 64 << 20;

/// The largest file that is read at all, since objects come whole.
const OBJECT_BYTES: u64 = 64 << 20;

/// Copies what is wanted of a commit's tree, in the order of names.
pub(super) fn walk(
    repository: &gix::Repository,
    commit: &Commit,
    only: Option<&str>,
    pack: &mut Pack,
) -> Result<(), String> {
    let unread = |error: gix::Error| format!("its commit {}: {error:#}", commit.short());
    let id = gix::ObjectId::from_hex(commit.name.as_bytes());
    let id = id.map_err(|error| format!("its commit {}: {error:#}", commit.short()))?;
    let found = repository.find_commit(id).map_err(unread)?;
    let root = found.tree_id().map_err(unread)?.detach();
    let mut walk = Walk { repository, pack };
    let Some(only) = only else {
        return walk.below(root, "", 0);
    };
    let entries = walk.entries(root, "")?;
    let folder = entries
        .iter()
        .find(|entry| entry.kind == EntryKind::Tree && entry.name == only.as_bytes());
    let folder = folder.ok_or_else(|| format!("it has no repository {only:?}"))?;
    walk.below(folder.id, only, 1)
}

/// An entry of a folder.
struct Entry {
    kind: EntryKind,
    name: Vec<u8>,
    id: gix::ObjectId,
}

struct Walk<'r, 'p> {
    repository: &'r gix::Repository,
    pack: &'p mut Pack,
}

impl Walk<'_, '_> {
    fn below(&mut self, folder: gix::ObjectId, path: &str, depth: usize) -> Result<(), String> {
        for entry in self.entries(folder, path)? {
            self.pack.look()?;
            let Some(name) = plain(&entry.name) else {
                let name = String::from_utf8_lossy(&entry.name).into_owned();
                let reason = format!("the name {name:?} is none of a file");
                self.pack.tell(&shown(path), &reason);
                continue;
            };
            let inside = join(path, name);
            match (entry.kind, Pack::wanted(name)) {
                (EntryKind::Tree, _) if depth == DEPTH => {
                    let reason = "folders lie too deep within one another here";
                    self.pack.tell(&inside, reason);
                }
                (EntryKind::Tree, _) => self.below(entry.id, &inside, depth + 1)?,
                (EntryKind::Link, Wanted::UpTo(_)) => self.pack.add_link(&inside)?,
                (EntryKind::Blob | EntryKind::BlobExecutable, Wanted::UpTo(limit)) => {
                    self.file(entry.id, &inside, limit)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The entries of a folder.
    fn entries(&self, id: gix::ObjectId, path: &str) -> Result<Vec<Entry>, String> {
        let unread = |error: gix::Error| format!("{}: {error:#}", shown(path));
        let size = self.repository.find_header(id).map_err(unread)?.size();
        if size > FOLDER_BYTES {
            return Err(format!(
                "{}: it has more than {FOLDER_BYTES} bytes",
                shown(path)
            ));
        }
        let tree = self.repository.find_tree(id).map_err(unread)?;
        let entries = tree.iter().map(|entry| {
            let entry = entry.map_err(unread)?;
            Ok(Entry {
                kind: entry.mode().kind(),
                name: entry.filename().to_vec(),
                id: entry.object_id(),
            })
        });
        entries.collect()
    }

    /// Copies a file, unless it cannot be read: the others can be without it.
    fn file(&mut self, id: gix::ObjectId, path: &str, limit: u64) -> Result<(), String> {
        let header = match self.repository.find_header(id) {
            Ok(header) => header,
            Err(error) => {
                self.pack
                    .tell(path, &format!("it is not in the repository: {error:#}"));
                return Ok(());
            }
        };
        if header.size() > OBJECT_BYTES {
            let reason = format!("it has more than {OBJECT_BYTES} bytes");
            self.pack.tell(path, &reason);
            return Ok(());
        }
        match self.repository.find_object(id) {
            Ok(object) => {
                let length = object
                    .data
                    .len()
                    .min(usize::try_from(limit).unwrap_or(usize::MAX));
                self.pack.add(path, &object.data[..length])
            }
            Err(error) => {
                self.pack
                    .tell(path, &format!("it cannot be read: {error:#}"));
                Ok(())
            }
        }
    }
}

fn plain(name: &[u8]) -> Option<&str> {
    std::str::from_utf8(name).ok().filter(|name| is_plain(name))
}
