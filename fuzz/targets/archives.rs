//! Sources under review: read within their budget, and the same however the bytes come.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_fuzz::Slow;
use palisade_review::{Budget, Tree, read_archive};

/// What a tree is made of, comparably.
type Seen = (Vec<(Vec<u8>, u32, [u8; 32])>, Vec<(&'static str, Vec<u8>)>);

fn budget() -> Budget {
    Budget {
        entries: 1000,
        expanded: 4 << 20,
        file: 1 << 20,
        ..Budget::default()
    }
}

fn seen(bytes: &[u8], step: usize) -> Option<Seen> {
    let tree: Tree = read_archive("fuzz", Slow::new(bytes, step), &budget()).ok()?;
    let kept: usize = tree.files.iter().map(|file| file.content.bytes.len()).sum();
    // The file that reaches the limit is the last one.
    assert!(kept as u64 <= budget().expanded + budget().file, "more than the budget");
    assert!(tree.files.is_sorted_by(|one, other| one.path <= other.path));
    let file = |file: &palisade_review::File| (file.path.to_vec(), file.mode, file.content.sha256);
    let files = tree.files.iter().map(file).collect();
    let signal = |signal: &palisade_review::Signal| (signal.rule, signal.path.to_vec());
    Some((files, tree.signals.iter().map(signal).collect()))
}

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(seen(bytes, 7), seen(bytes, usize::MAX));
});
