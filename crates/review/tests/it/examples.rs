//! Trees made in memory from the examples of rules.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use palisade_review::{Content, Example, File, Kind, Tree};

/// Both sides of an example.
pub(crate) fn sides(example: &Example) -> (Tree, Tree) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    // So that a tree is never empty: something that stays as it is.
    for side in [&mut old, &mut new] {
        side.push(file("unrelated/kept.c", b"int kept;\n".to_vec(), 0o644));
    }
    gather(example, &mut old, &mut new);
    (tree(old), tree(new))
}

fn gather(example: &Example, old: &mut Vec<File>, new: &mut Vec<File>) {
    let before = example
        .old_hex
        .as_deref()
        .map(bytes)
        .or_else(|| example.old.clone().map(String::into_bytes));
    let after = example
        .hex
        .as_deref()
        .map(bytes)
        .or_else(|| example.new.clone().map(String::into_bytes));
    if let Some(before) = before {
        old.push(file(
            &example.path,
            before,
            example.old_mode.unwrap_or(0o644),
        ));
    }
    if let Some(after) = after {
        new.push(file(&example.path, after, example.mode.unwrap_or(0o644)));
    }
    for other in &example.also {
        gather(other, old, new);
    }
}

fn tree(mut files: Vec<File>) -> Tree {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Tree {
        files,
        ..Tree::default()
    }
}

/// A file; one whose text begins with an arrow is a link.
pub(crate) fn file(path: &str, bytes: Vec<u8>, mode: u32) -> File {
    if let Some(target) = bytes.strip_prefix(b"-> ") {
        return File {
            path: path.into(),
            kind: Kind::Symlink(target.into()),
            mode: 0o777,
            content: Content::default(),
        };
    }
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let mut blob = [0; 20];
    blob[..8].copy_from_slice(&hasher.finish().to_be_bytes());
    let content = Content {
        bytes: Arc::from(bytes),
        blob,
        sha256: [0; 32],
    };
    File {
        path: path.into(),
        kind: Kind::Regular,
        mode,
        content,
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    digits
        .chunks(2)
        .map(|pair| {
            u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16)
                .expect("hexadecimal digits")
        })
        .collect()
}
