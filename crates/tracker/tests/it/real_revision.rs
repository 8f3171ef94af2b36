//! Real revisions of Guix, where the data is at hand.

use std::path::{Path, PathBuf};

/// The packages of a real revision, unless they are not here, which is said.
pub(crate) fn real(commit: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("PALISADE_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let path = root.join(format!("guix/packages-{commit}.jsonl.zst"));
    if !path.exists() {
        eprintln!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path)
}
