//! Tags and commits as a repository has them.

use std::path::Path;

use super::Object;

/// What a tag or a commit may have; the longest known message has some hundred kilobytes.
const OBJECT_BYTES: u64 = 4 << 20;

/// A repository, or something in it, that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// It could not be opened.
    #[error("open the repository {path}: {reason}")]
    Open {
        /// Where it is.
        path: String,
        /// Why.
        reason: String,
    },
    /// It has nothing of that name.
    #[error("{path} has no {what} {name:?}")]
    Missing {
        /// Where it is.
        path: String,
        /// A tag or a commit.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// It has it, but broken or too large.
    #[error("{path}: {name:?} cannot be read: {reason}")]
    Broken {
        /// Where it is.
        path: String,
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// Reads a tag; none where the name stands for a commit itself.
pub fn read_tag(path: &Path, name: &str) -> Result<Option<Object>, RepositoryError> {
    let repository = open(path)?;
    let missing = || missing(path, "tag", name);
    let reference = repository
        .try_find_reference(format!("refs/tags/{name}").as_str())
        .ok()
        .flatten()
        .ok_or_else(missing)?;
    let id = reference.try_id().ok_or_else(missing)?.detach();
    let (kind, raw) = object(&repository, path, name, id)?;
    Ok((kind == gix::object::Kind::Tag).then(|| Object::tag(&raw)))
}

/// Reads the commit that a name means: a branch, a tag, or a commit's own.
pub fn read_commit(path: &Path, name: &str) -> Result<Object, RepositoryError> {
    let repository = open(path)?;
    let id = by_digits(&repository, name)
        .or_else(|| by_reference(&repository, name))
        .ok_or_else(|| missing(path, "commit", name))?;
    let (kind, raw) = object(&repository, path, name, id)?;
    if kind != gix::object::Kind::Commit {
        return Err(missing(path, "commit", name));
    }
    Ok(Object::commit(&raw))
}

/// A reference's commit, through tags.
fn by_reference(repository: &gix::Repository, name: &str) -> Option<gix::ObjectId> {
    let mut reference = repository.try_find_reference(name).ok()??;
    Some(reference.peel_to_id().ok()?.detach())
}

/// An object by its own name, which may be cut short.
fn by_digits(repository: &gix::Repository, name: &str) -> Option<gix::ObjectId> {
    let prefix = gix::hash::Prefix::from_hex(&name.to_ascii_lowercase()).ok()?;
    repository.objects.lookup_prefix(prefix, None).ok()??.ok()
}

fn open(path: &Path) -> Result<gix::Repository, RepositoryError> {
    let opened = gix::open_opts(path, gix::open::Options::isolated());
    opened.map_err(|error| RepositoryError::Open {
        path: path.display().to_string(),
        reason: error.to_string(),
    })
}

fn missing(path: &Path, what: &'static str, name: &str) -> RepositoryError {
    RepositoryError::Missing {
        path: path.display().to_string(),
        what,
        name: name.to_owned(),
    }
}

fn object(
    repository: &gix::Repository,
    path: &Path,
    name: &str,
    id: gix::ObjectId,
) -> Result<(gix::object::Kind, Vec<u8>), RepositoryError> {
    let broken = |reason: String| RepositoryError::Broken {
        path: path.display().to_string(),
        name: name.to_owned(),
        reason,
    };
    let header = repository.find_header(id);
    let header = header.map_err(|error| broken(error.to_string()))?;
    if header.size() > OBJECT_BYTES {
        return Err(broken("it is too large".to_owned()));
    }
    let object = repository.find_object(id);
    let object = object.map_err(|error| broken(error.to_string()))?;
    Ok((object.kind, object.data.clone()))
}
