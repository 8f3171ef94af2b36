//! Archives that were made to mislead: each is read within its budget, and named.

use std::time::{Duration, Instant};

use palisade_review::{Budget, read_tree};

use crate::support::{paths, real, rules};

/// What each case has to raise.
const NAMED: &[(&str, &str)] = &[
    ("h01-absolute", "absolute-name"),
    ("h02-dotdot", "parent-name"),
    ("h03-symlink-out", "symlink-escapes-tree"),
    ("h04-hardlink-out", "hardlink-escapes-tree"),
    ("h05-device", "special-file"),
    ("h06-fifo", "special-file"),
    ("h07-duplicate", "duplicate-name"),
    ("h08-case", "case-twins"),
    ("h10-setuid", "setuid-bit"),
    ("h11-trailing", "trailing-data"),
    ("h13-many", "too-many-entries"),
    ("h14-deep", "too-deep"),
    ("h15-pax-comment", "pax-comment"),
    ("h17-bomb", "ratio"),
    ("h18-nested-gz", "ratio"),
    ("h19-zipslip", "parent-name"),
    ("h21-zip-ratio", "ratio"),
    ("h22-truncated", "truncated"),
    ("h23-multi-member", "multi-member"),
    ("h24-xz-trailing", "trailing-data"),
    ("h26-sparse", "sparse"),
];

#[test]
fn each_hostile_archive_is_named() {
    let Some(cases) = real("synth/hostile-cases.jsonl") else {
        return;
    };
    let cases = fs_err::read_to_string(cases).unwrap();
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        let path = real(case["file"].as_str().unwrap()).unwrap();
        let begun = Instant::now();
        let tree = read_tree(&path, &Budget::default()).unwrap();
        let took = begun.elapsed();
        let named = NAMED
            .iter()
            .find(|(case, _)| *case == id)
            .map(|(_, rule)| *rule);
        eprintln!(
            "{id}: {:?} in {took:?}, {} files",
            rules(&tree),
            tree.files.len()
        );
        assert!(
            rules(&tree).contains(&named.unwrap_or("unmapped")),
            "{id}: {:?}",
            tree.signals
        );
        assert!(
            took < Duration::from_secs(20),
            "{id}: {took:?} without optimisation"
        );
    }
}

#[test]
fn all_members_of_a_multi_member_file_are_read() {
    let Some(path) = real("synth/hostile/h23-multi-member.tar.gz") else {
        return;
    };
    let tree = read_tree(&path, &Budget::default()).unwrap();
    assert_eq!(paths(&tree), ["second"]);
    assert_eq!(&*tree.files[0].content.bytes, b"hidden\n");
}
