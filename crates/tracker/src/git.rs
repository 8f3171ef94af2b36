//! Git repositories, read without running a program, a hook or a filter, and without anybody's settings.

use std::path::Path;

use palisade_model::Timestamp;

/// The most bytes of objects that are kept while walking.
const OBJECT_CACHE: usize = 16 << 20;

/// The largest commit that is read: a message has a few lines, and a signature some more.
const COMMIT_BYTES: u64 = 1 << 20;

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Its full name.
    pub(crate) name: String,
    /// When it was committed, in seconds since 1970.
    pub(crate) time: i64,
}

impl Commit {
    /// As much of its name as people write.
    pub(crate) fn short(&self) -> &str {
        &self.name[..12.min(self.name.len())]
    }

    /// When it was committed.
    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.time).ok()
    }
}

/// Opens a repository without the settings of whoever runs us.
pub(crate) fn open(path: &Path) -> Result<gix::Repository, gix::Error> {
    // Nothing but what the address says: no program is run to reach a repository, and no server leads
    // us on, who could name one within the own network.
    let settings = [
        "protocol.allow=never",
        "protocol.https.allow=always",
        "protocol.http.allow=always",
        "http.followRedirects=false",
    ];
    let options = gix::open::Options::isolated().config_overrides(settings);
    let mut repository = gix::open_opts(path, options)?;
    repository.object_cache_size(OBJECT_CACHE);
    Ok(repository)
}

/// Whether a folder is a repository, or the checkout of one.
pub(crate) fn is_repository(path: &Path) -> bool {
    path.join(".git").exists() || (path.join("HEAD").is_file() && path.join("objects").is_dir())
}

/// The commit that a name means: a branch's or a tag's, or a commit's own, which may be cut short;
/// without a name, the one that is checked out.
pub(crate) fn commit_named(
    repository: &gix::Repository,
    name: Option<&str>,
) -> Result<Commit, String> {
    let id = match name {
        None => repository.head_id().map(gix::Id::detach).ok(),
        Some(name) => by_digits(repository, name)?.or_else(|| by_reference(repository, name)),
    };
    let id = id.ok_or_else(|| match name {
        Some(name) => format!("there is no commit {name:?} in it"),
        None => "nothing is checked out in it".to_owned(),
    })?;
    commit(repository, id)
        .ok_or_else(|| format!("{} in it is no commit that can be read", id.to_hex()))
}

/// A commit by its full name, if it is there.
pub(crate) fn commit(repository: &gix::Repository, id: gix::ObjectId) -> Option<Commit> {
    let header = repository.find_header(id).ok()?;
    if header.size() > COMMIT_BYTES {
        return None;
    }
    let time = repository.find_commit(id).ok()?.time().ok()?.seconds;
    let name = id.to_string();
    Some(Commit { name, time })
}

fn by_reference(repository: &gix::Repository, name: &str) -> Option<gix::ObjectId> {
    let mut reference = repository.try_find_reference(name).ok()??;
    Some(reference.peel_to_id().ok()?.detach())
}

fn by_digits(repository: &gix::Repository, name: &str) -> Result<Option<gix::ObjectId>, String> {
    let Ok(prefix) = gix::hash::Prefix::from_hex(&name.to_ascii_lowercase()) else {
        return Ok(None);
    };
    match repository.objects.lookup_prefix(prefix, None) {
        Ok(Some(Ok(id))) => Ok(Some(id)),
        Ok(Some(Err(()))) => Err(format!("{name:?} is the beginning of several names in it")),
        Ok(None) | Err(_) => Ok(None),
    }
}
