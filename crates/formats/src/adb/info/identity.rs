//! Hashes in the words of version 2.

use crate::{base64, hexadecimal};

/// Writes an identity as version 2 does, which tells hashes apart by their length; another is
/// written in hexadecimal.
pub(super) fn write(hash: &[u8]) -> String {
    match hash.len() {
        20 => format!("Q1{}", base64::encode(hash)),
        32 => format!("Q2{}", base64::encode(hash)),
        _ => hexadecimal::encode(hash),
    }
}

/// Reads what [`write()`] writes.
pub(super) fn read(text: &str) -> Option<Vec<u8>> {
    let (length, digits) = match text.split_at_checked(2) {
        Some(("Q1", digits)) => (20, digits),
        Some(("Q2", digits)) => (32, digits),
        _ => return hexadecimal::decode(text),
    };
    base64::decode(digits).filter(|hash| hash.len() == length)
}

/// The commit at the beginning of `COMMIT-dirty`.
pub(super) fn commit(text: &str) -> Option<Vec<u8>> {
    hexadecimal::decode(text.split_once('-').map_or(text, |(commit, _)| commit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_come_back() {
        for length in [1, 2, 3, 16, 20, 32, 64] {
            let hash: Vec<u8> = (0..length).map(|n: u8| n.wrapping_mul(37)).collect();
            assert_eq!(read(&write(&hash)).as_deref(), Some(&hash[..]), "{length}");
        }
        for text in ["", "Q1", "Q1AAAA", "Q2AAAA", "Q3", "abc", "xy"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_dirty_commit_is_known_by_its_beginning() {
        assert_eq!(commit("0a0b-dirty"), Some(vec![10, 11]));
        assert_eq!(commit("0a0b"), Some(vec![10, 11]));
        assert_eq!(commit(""), None);
    }
}
