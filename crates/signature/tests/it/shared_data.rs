//! Real data, which lies beside the repository and is not part of it.

use std::path::PathBuf;

use jiff::Timestamp;

/// The path of a real file, or nothing, which is said, when it is not here.
///
/// `PALISADE_SHARED_DATA` names the directory when it is elsewhere.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("PALISADE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let path = directory.join("review").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: there is no {}", path.display());
    None
}

/// The bytes of a real file.
pub(crate) fn bytes(name: &str) -> Option<Vec<u8>> {
    Some(fs_err::read(path(name)?).unwrap())
}

/// When the real files were judged by others.
pub(crate) fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}
