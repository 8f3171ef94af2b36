//! Hashes in the words of version 2.

use crate::adb::hexadecimal;
use crate::base64;

/// Writes an identity as version 2 does, which tells hashes apart by their length; another is
/// written in hexadecimal.
pub(super) fn write(hash: &[u8]) -> String {
    match hash.len() {
        20 => format!("Q1{}", encode(hash)),
        32 => format!("Q2{}", encode(hash)),
        _ => hexadecimal(hash),
    }
}

/// Reads what [`write()`] writes.
pub(super) fn read(text: &str) -> Option<Vec<u8>> {
    let (length, digits) = match text.split_at_checked(2) {
        Some(("Q1", digits)) => (20, digits),
        Some(("Q2", digits)) => (32, digits),
        _ => return bytes(text),
    };
    base64::decode(digits).filter(|hash| hash.len() == length)
}

/// The commit at the beginning of `COMMIT-dirty`.
pub(super) fn commit(text: &str) -> Option<Vec<u8>> {
    bytes(text.split_once('-').map_or(text, |(commit, _)| commit))
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hexadecimal
        .chars()
        .map(|digit| digit.to_digit(16)?.try_into().ok())
        .collect();
    let digits = digits.filter(|it| !it.is_empty() && it.len().is_multiple_of(2))?;
    Some(
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    )
}

fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for place in 0..4 {
            // A group of n bytes takes n + 1 digits.
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
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
    fn base64_has_its_padding() {
        for (bytes, text) in [
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_dirty_commit_is_known_by_its_beginning() {
        assert_eq!(commit("0a0b-dirty"), Some(vec![10, 11]));
        assert_eq!(commit("0a0b"), Some(vec![10, 11]));
        assert_eq!(commit(""), None);
    }
}
