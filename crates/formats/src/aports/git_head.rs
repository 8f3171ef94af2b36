//! What `git archive` writes at the beginning of an archive: the commit, and when it was made.

use palisade_model::Timestamp;

/// A header and the block behind it.
pub(super) const BYTES: u64 = 1024;

/// The commit of an archive, if it tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct GitHead {
    pub(super) commit: Option<String>,
    pub(super) time: Option<Timestamp>,
}

impl GitHead {
    /// Reads the global extended header of pax whose comment is the commit's hash.
    pub(super) fn of(start: &[u8]) -> Self {
        let is_global = start.get(156) == Some(&b'g') && start.get(257..262) == Some(b"ustar");
        let (true, Some(block)) = (is_global, start.get(512..)) else {
            return Self::default();
        };
        let Some(commit) = commit(block) else {
            return Self::default();
        };
        let octal = std::str::from_utf8(&start[136..148]).unwrap_or_default();
        let octal = octal.trim_matches(|c: char| c == '\0' || c == ' ');
        let seconds = i64::from_str_radix(octal, 8).ok().filter(|it| *it > 0);
        Self {
            commit: Some(commit.to_owned()),
            time: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        }
    }
}

/// The hash in `52 comment=HASH` and a line end, the number being the length of all that.
fn commit(block: &[u8]) -> Option<&str> {
    let end = block.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&block[..end]).ok()?;
    let (length, record) = line.split_once(' ')?;
    let hash = record.strip_prefix("comment=")?;
    let is_hash = matches!(hash.len(), 40 | 64) && hash.bytes().all(|b| b.is_ascii_hexdigit());
    (is_hash && length.parse() == Ok(end + 1)).then_some(hash)
}
