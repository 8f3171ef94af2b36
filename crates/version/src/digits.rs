//! Runs of decimal digits, compared as numbers of any length.
//!
//! Nothing here parses into an integer type, so no number is too long and none overflows.

use std::cmp::Ordering;

/// Cuts `text` after its longest prefix whose bytes all satisfy `accept`.
pub(crate) fn split_while(text: &[u8], accept: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|&byte| !accept(byte))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Cuts `text` after its leading decimal digits.
pub(crate) fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    split_while(text, |byte| byte.is_ascii_digit())
}

/// Returns `digits` without leading zeros; zero becomes empty.
pub(crate) fn significant(digits: &[u8]) -> &[u8] {
    split_while(digits, |byte| byte == b'0').1
}

/// Compares two digit strings as numbers; the empty string is zero.
pub(crate) fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (significant(a), significant(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Reports whether `text` is one or more decimal digits.
pub(crate) fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Takes a run of digits, or else of ASCII letters, off both texts and compares the two runs.
///
/// The kind is that of `a`, which must start with either. A number is above letters. This is the
/// step that RPM's and pacman's comparisons share.
pub(crate) fn compare_runs(a: &mut &[u8], b: &mut &[u8]) -> Ordering {
    let is_numeric = a.first().is_some_and(u8::is_ascii_digit);
    let accept = if is_numeric {
        |byte: u8| byte.is_ascii_digit()
    } else {
        is_letter
    };
    let ((run_a, rest_a), (run_b, rest_b)) = (split_while(a, accept), split_while(b, accept));
    (*a, *b) = (rest_a, rest_b);
    match (run_b.is_empty(), is_numeric) {
        (true, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, true) => compare_numbers(run_a, run_b),
        (false, false) => run_a.cmp(run_b),
    }
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_longer_than_any_integer_compare_by_value() {
        let huge = [b'9'; 100];
        let mut padded = vec![b'0'; 50];
        padded.extend(huge);
        assert_eq!(compare_numbers(&huge, &padded), Ordering::Equal);
        assert_eq!(
            compare_numbers(&huge, b"18446744073709551616"),
            Ordering::Greater
        );
        assert_eq!(compare_numbers(b"", b"000"), Ordering::Equal);
    }
}
