//! RPM versions: `[epoch:]version[-release]` by `rpmvercmp` (rpm-version(7), and the "Comparing
//! versions" and "Syntax" parts of RPM's reference manual).
//!
//! Each part is cut into runs of digits and runs of ASCII letters; everything else only separates.
//! Runs compare in pairs: numbers by value, letters by bytes, a number above letters. When one part
//! ends first the longer is later, with two exceptions: `~` sorts below everything, even the end,
//! and `^` sorts above the end but below any further run. A missing epoch is `0`; a version without
//! release is below the same version with one.
//!
//! Valid is what a spec file may say: letters, digits and `. _ + ~ ^` in version and release,
//! neither of them empty, and an epoch of 32 bits. This module does not do the looser matching of
//! dependencies, where a missing release matches any.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, compare_runs, is_number, split_while};

struct Parts<'a> {
    epoch: &'a [u8],
    version: &'a [u8],
    release: Option<&'a [u8]>,
}

fn parse(text: &str) -> Option<Parts<'_>> {
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    let (version, release) = match rest.split_once('-') {
        Some((version, release)) => (version, Some(release)),
        None => (rest, None),
    };
    let is_epoch = is_number(epoch.as_bytes()) && epoch.parse::<u32>().is_ok();
    (is_epoch && is_part(version) && release.is_none_or(is_part)).then_some(Parts {
        epoch: epoch.as_bytes(),
        version: version.as_bytes(),
        release: release.map(str::as_bytes),
    })
}

fn is_part(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._+~^".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// Drops what only separates.
fn skip_separators(text: &[u8]) -> &[u8] {
    split_while(text, |byte| {
        !byte.is_ascii_alphanumeric() && !matches!(byte, b'~' | b'^')
    })
    .1
}

/// Decides by `~` and `^` where either text has one; `Some(Equal)` when both have the same.
fn compare_marks(a: &[u8], b: &[u8]) -> Option<Ordering> {
    let (first_a, first_b) = (a.first(), b.first());
    for mark in [b'~', b'^'] {
        // The end of the text is above `~` and below `^`; all else is above both.
        let rank = |first: Option<&u8>| match first {
            Some(&byte) if byte == mark => 1,
            None if mark == b'^' => 0,
            _ => 2,
        };
        if first_a == Some(&mark) || first_b == Some(&mark) {
            return Some(rank(first_a).cmp(&rank(first_b)));
        }
    }
    None
}

fn rpmvercmp(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        (a, b) = (skip_separators(a), skip_separators(b));
        match compare_marks(a, b) {
            Some(Ordering::Equal) => (a, b) = (&a[1..], &b[1..]),
            Some(order) => return order,
            None if a.is_empty() || b.is_empty() => return a.len().cmp(&b.len()),
            None => {
                let order = compare_runs(&mut a, &mut b);
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (parse(a)?, parse(b)?);
    let order = compare_numbers(a.epoch, b.epoch)
        .then_with(|| rpmvercmp(a.version, b.version))
        .then_with(|| match (a.release, b.release) {
            (Some(a), Some(b)) => rpmvercmp(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
    Some(order)
}

pub(crate) fn is_valid(version: &str) -> bool {
    parse(version).is_some()
}
