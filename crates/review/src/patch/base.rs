//! The tree that a patch applies to, of which only the files that it touches are read.

use std::io::Read;
use std::path::{Path, PathBuf};

use bstr::ByteSlice;

use super::PatchError;
use crate::git;

/// The most bytes of a file of recipes; Guix's longest has 2 MB.
const FILE_BYTES: u64 = 64 << 20;

/// A directory, or a commit of a repository.
#[derive(Debug)]
pub struct Base {
    name: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Directory(PathBuf),
    Commit(Box<git::Commit>),
}

impl Base {
    /// Opens a directory, a bare repository, or `REPOSITORY@REVISION`.
    pub fn open(name: &str) -> Result<Self, crate::Error> {
        let path = Path::new(name);
        let place =
            if let Some((repository, revision)) = git::named(name).filter(|_| !path.exists()) {
                Place::Commit(Box::new(git::Commit::find(&repository, &revision)?))
            } else if git::is_bare(path) {
                Place::Commit(Box::new(git::Commit::find(path, "HEAD")?))
            } else if path.is_dir() {
                Place::Directory(path.to_owned())
            } else {
                return Err(crate::Error::Unusable {
                    name: name.to_owned(),
                    reason: "it is neither a directory nor a repository's revision".to_owned(),
                });
            };
        let name = name.to_owned();
        Ok(Self { name, place })
    }

    /// A file's bytes, if the tree has it. No link is followed.
    pub fn file(&self, path: &[u8]) -> Result<Option<Vec<u8>>, PatchError> {
        let failed = |reason: String| PatchError::Base {
            tree: self.name.clone(),
            file: path.as_bstr().to_string(),
            reason,
        };
        match &self.place {
            Place::Directory(root) => of_directory(root, path).map_err(failed),
            Place::Commit(commit) => commit.file(path, FILE_BYTES).map_err(failed),
        }
    }
}

fn of_directory(root: &Path, path: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut whole = root.to_owned();
    let parts: Vec<&[u8]> = path.split_str("/").collect();
    for (index, part) in parts.iter().enumerate() {
        let part = part
            .to_os_str()
            .map_err(|_| "its name is no UTF-8".to_owned())?;
        whole.push(part);
        let found = match fs_err::symlink_metadata(&whole) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let is_last = index + 1 == parts.len();
        if is_last && found.is_symlink() {
            let target = fs_err::read_link(&whole).map_err(|error| error.to_string())?;
            return Ok(Some(target.into_os_string().into_encoded_bytes()));
        }
        if !(found.is_dir() && !is_last || found.is_file() && is_last) {
            return Err("it, or what it lies in, is something else".to_owned());
        }
    }
    let file = fs_err::File::open(&whole).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let read = file.take(FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(format!("it has more than {FILE_BYTES} bytes"));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_never_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tree");
        fs_err::create_dir_all(path.join("a")).unwrap();
        fs_err::write(path.join("a/b"), "text").unwrap();
        fs_err::write(folder.path().join("secret"), "secret").unwrap();
        std::os::unix::fs::symlink(folder.path(), path.join("out")).unwrap();
        let base = Base::open(path.to_str().unwrap()).unwrap();
        assert_eq!(base.file(b"a/b").unwrap().unwrap(), b"text");
        assert_eq!(base.file(b"a/c").unwrap(), None);
        assert!(base.file(b"out/secret").is_err());
    }
}
