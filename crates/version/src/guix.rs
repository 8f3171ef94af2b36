//! Guix versions: `version-compare` of `(guix utils)`.
//!
//! That procedure calls `strverscmp` of the GNU C library, whose rules are in the library's manual
//! ("String/Array Comparison"). Any text is a version, the empty one too; only text with a NUL
//! byte is not, since no C string can hold it.
//!
//! Texts compare byte by byte. When the first difference lies inside or right behind a run of
//! digits, the run decides: a run without leading zero is an integer; a run with leading zeros is a
//! fraction, the more so the more zeros it has: `000 < 00 < 01 < 010 < 09 < 0 < 1 < 9 < 10`.
//!
//! This module does not know pre-releases, because Guix does not: `1.0-rc1 > 1.0`. Comparison with
//! upstream's versions is [`crate::upstream()`] and the generic scheme's work.

use std::cmp::Ordering;

use crate::digits::split_digits;

/// How the digits before the first difference make the digits behind it count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    /// The difference is not inside a run of digits that both texts share.
    Fresh,
    /// Inside a run that starts with a non-zero digit.
    Integer,
    /// Inside a run that starts with zeros and goes on.
    Fraction,
    /// Behind nothing but zeros.
    Zeros,
}

/// Tells what the common prefix ends in.
fn run_before(common: &[u8]) -> Run {
    let digits = common
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let run = &common[common.len() - digits..];
    match run {
        [] => Run::Fresh,
        [b'1'..=b'9', ..] => Run::Integer,
        _ if run.iter().all(|&byte| byte == b'0') => Run::Zeros,
        _ => Run::Fraction,
    }
}

/// Compares integers whose leading digits may differ: the longer run is the greater.
fn compare_integers(a: &[u8], b: &[u8]) -> Ordering {
    split_digits(a)
        .0
        .len()
        .cmp(&split_digits(b).0.len())
        .then_with(|| a.cmp(b))
}

/// Compares what follows a run of zeros: a further digit makes it a smaller fraction.
fn compare_after_zeros(a: &[u8], b: &[u8]) -> Ordering {
    let continues = |text: &[u8]| text.first().is_some_and(u8::is_ascii_digit);
    continues(b).cmp(&continues(a)).then_with(|| a.cmp(b))
}

fn strverscmp(a: &[u8], b: &[u8]) -> Ordering {
    let Some(at) = (0..a.len().max(b.len())).find(|&at| a.get(at) != b.get(at)) else {
        return Ordering::Equal;
    };
    let (rest_a, rest_b) = (&a[at..], &b[at..]);
    let starts_integer = |text: &[u8]| matches!(text, [b'1'..=b'9', ..]);
    match run_before(&a[..at]) {
        Run::Integer => compare_integers(rest_a, rest_b),
        Run::Fresh if starts_integer(rest_a) && starts_integer(rest_b) => {
            compare_integers(rest_a, rest_b)
        }
        Run::Zeros => compare_after_zeros(rest_a, rest_b),
        Run::Fresh | Run::Fraction => rest_a.cmp(rest_b),
    }
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    (is_valid(a) && is_valid(b)).then(|| strverscmp(a.as_bytes(), b.as_bytes()))
}

pub(crate) fn is_valid(version: &str) -> bool {
    !version.as_bytes().contains(&0)
}
