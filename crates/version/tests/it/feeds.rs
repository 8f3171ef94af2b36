//! Data that lies beside the repository, and the wording of a skipped test.
//!
//! The data belongs to others and is never copied in here.

use std::path::PathBuf;

/// Says that a test did not run, and why.
pub(crate) fn skip(test: &str, reason: &str) {
    eprintln!("skipped: {test}: {reason}");
}

/// Reads a file below `../shared/data` (seen from the workspace); skips `test` when it is absent.
pub(crate) fn read(test: &str, path: &str) -> Option<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(path);
    let content = std::fs::read_to_string(&file).ok();
    if content.is_none() {
        skip(test, &format!("{} is absent", file.display()));
    }
    content
}
