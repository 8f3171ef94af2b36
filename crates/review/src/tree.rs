//! What an archive, a directory or a git tree holds, in memory.

use std::sync::Arc;

use bstr::BString;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::signal::Signal;

/// A source tree: its files by path, and what is known of where it came from.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// What it was called by whoever named it: a file name, a directory, a git revision.
    pub name: String,
    /// The directory that every path began with and that was taken off.
    pub top: Option<BString>,
    /// The commit that `git archive` wrote into it (PAX global header `comment`).
    pub commit: Option<String>,
    /// The digests of the bytes as they came, and of each layer below a compression, outermost
    /// first: a recompressed tarball has the inner one in common with the original.
    pub layers: Vec<Layer>,
    /// By path, ascending by bytes. A name that an archive holds twice is there twice, in its
    /// order.
    pub files: Vec<File>,
    /// What is odd about the archive itself.
    pub signals: Vec<Signal>,
}

/// Bytes of one layer: the file as it came, or what its compression held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What these bytes are: `xz`, `gzip`, `tar`, `zip` …
    pub format: &'static str,
    /// Of all its bytes.
    pub sha256: Digest,
    /// How many bytes.
    pub size: u64,
}

/// A SHA-256.
pub type Digest = [u8; 32];

/// Git's name of a file's content: SHA-1 of `blob SIZE\0` and the bytes.
pub type BlobId = [u8; 20];

/// One entry of a tree. Directories are not entries unless something about them is odd.
#[derive(Clone, Debug)]
pub struct File {
    /// Below the top directory. A member of a nested archive is `outer.zip!/inner/name`.
    pub path: BString,
    /// What it is.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky: `0o7777` at most.
    pub mode: u32,
    /// A regular file's bytes; none for anything else.
    pub content: Content,
}

/// The bytes of a file with their names.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// The bytes, shared between whoever reads them.
    pub bytes: Arc<[u8]>,
    /// Git's name of them.
    pub blob: BlobId,
    /// Their SHA-256.
    pub sha256: Digest,
}

impl Content {
    /// Names bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut blob = Sha1::new();
        blob.update(format!("blob {}\0", bytes.len()));
        blob.update(bytes);
        Self {
            bytes: Arc::from(bytes),
            blob: blob.finalize().into(),
            sha256: Sha256::digest(bytes).into(),
        }
    }
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes.
    Regular,
    /// A symbolic link and what it says.
    Symlink(BString),
    /// A hard link to another member of the archive.
    Hardlink(BString),
    /// A git submodule at a commit.
    Submodule(String),
    /// A directory that is listed because something about it is odd (setuid, for example).
    Directory,
    /// A device, a pipe, a socket: nothing that a source tree needs.
    Special(&'static str),
}
