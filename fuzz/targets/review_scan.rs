//! All rules and detectors over any bytes: a path, what a file said before, and what it says now,
//! each behind its length.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use palisade_review::{Content, Decisions, File, Judgement, Kind, Materials, Scanner, Tree};

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::builtin().expect("our own rules"));

fuzz_target!(|bytes: &[u8]| {
    let (path, rest) = part(bytes);
    let (old, new) = part(rest);
    let new = tree(path, new);
    let scan = SCANNER.scan(Materials::of(Some(&tree(path, old)), &new));
    let decisions = Decisions::default();
    let findings: Vec<_> = scan
        .signals
        .iter()
        .map(|signal| decisions.finding(signal, &new))
        .collect();
    let _ = Judgement::of(findings.iter());
});

fn part(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.split_first() {
        Some((&length, rest)) => rest.split_at(usize::from(length).min(rest.len())),
        None => (bytes, bytes),
    }
}

fn tree(path: &[u8], bytes: &[u8]) -> Tree {
    let content = Content {
        bytes: Arc::from(bytes),
        ..Content::default()
    };
    let file = File {
        path: path.into(),
        kind: Kind::Regular,
        mode: 0o755,
        content,
    };
    Tree {
        files: vec![file],
        ..Tree::default()
    }
}
