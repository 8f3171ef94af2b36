//! Real material, and what tests ask of a tree.

use std::path::{Path, PathBuf};

use palisade_review::{Budget, Severity, Tree, read_archive};

/// The path of real material, or nothing, which is said, when it is not here.
///
/// `PALISADE_SHARED_DATA` names the directory when it is elsewhere.
pub(crate) fn real(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("PALISADE_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let path = root.join("review").join(name);
    if !path.exists() {
        eprintln!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path)
}

/// The tree in these bytes.
pub(crate) fn tree(bytes: &[u8]) -> Tree {
    read_archive("test", bytes, &Budget::default()).unwrap()
}

/// The rules that a tree raises, sorted, each once.
pub(crate) fn rules(tree: &Tree) -> Vec<&'static str> {
    let mut rules: Vec<_> = tree.signals.iter().map(|signal| signal.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// The same, of those above a note.
pub(crate) fn alarms(tree: &Tree) -> Vec<String> {
    let loud = tree
        .signals
        .iter()
        .filter(|signal| signal.severity > Severity::Note);
    loud.map(|signal| format!("{} {}: {}", signal.rule, signal.path, signal.why))
        .collect()
}

/// The paths of a tree's files.
pub(crate) fn paths(tree: &Tree) -> Vec<String> {
    tree.files
        .iter()
        .map(|file| file.path.to_string())
        .collect()
}
