//! Trees for tests, made in memory.

use std::sync::Arc;

use crate::tree::{Content, File, Kind, Tree};

/// A tree of regular files.
pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
    let mut files: Vec<File> = files.iter().map(|(path, text)| file(path, text)).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Tree {
        files,
        ..Tree::default()
    }
}

/// A regular file. Its blob id is not git's, but another for another content.
pub(crate) fn file(path: &str, text: &str) -> File {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let mut blob = [0; 20];
    blob[..8].copy_from_slice(&hasher.finish().to_be_bytes());
    File {
        path: path.into(),
        kind: Kind::Regular,
        mode: 0o644,
        content: Content {
            bytes: Arc::from(text.as_bytes()),
            blob,
            sha256: [0; 32],
        },
    }
}
