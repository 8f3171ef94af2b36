//! Arch Linux versions: `[epoch:]pkgver[-pkgrel]` by `vercmp` (vercmp(8), PKGBUILD(5)).
//!
//! Each part is cut into runs of digits and runs of ASCII letters. Runs compare in pairs: numbers
//! by value, letters by bytes, a number above letters. Before two runs are looked at, the count of
//! separators in front of them decides when it differs. When one part ends first, further letters
//! make it the lesser (`1.0a < 1.0`) and anything else the greater (`1.0 < 1.0.1`).
//!
//! Releases are compared only when both versions have one, so `1.5`, `1.5-1` and `1.5-2` are not a
//! total order: the first equals both others. Within versions that all have a release, or all have
//! none, the order is total as long as no two separators stand together.
//!
//! Valid is what PKGBUILD(5) and makepkg's checks allow: a `pkgver` of printable ASCII without
//! colon, slash, hyphen or blank, a `pkgrel` of numbers joined by dots, a numeric epoch.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, compare_runs, is_number, split_while};

struct Version<'a> {
    epoch: &'a [u8],
    pkgver: &'a [u8],
    pkgrel: Option<&'a [u8]>,
}

fn parse(text: &str) -> Option<Version<'_>> {
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    let (pkgver, pkgrel) = match rest.split_once('-') {
        Some((pkgver, pkgrel)) => (pkgver, Some(pkgrel)),
        None => (rest, None),
    };
    let is_pkgver = |byte: u8| byte.is_ascii_graphic() && !b":/-".contains(&byte);
    let is_pkgrel = |text: &str| text.split('.').all(|part| is_number(part.as_bytes()));
    let is_valid = is_number(epoch.as_bytes())
        && !pkgver.is_empty()
        && pkgver.bytes().all(is_pkgver)
        && pkgrel.is_none_or(is_pkgrel);
    is_valid.then_some(Version {
        epoch: epoch.as_bytes(),
        pkgver: pkgver.as_bytes(),
        pkgrel: pkgrel.map(str::as_bytes),
    })
}

/// Orders what is left when one part, or both, ran out of runs.
fn compare_rests(a: &[u8], b: &[u8]) -> Ordering {
    let is_word = |text: &[u8]| text.first().is_some_and(u8::is_ascii_alphabetic);
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) if !is_word(b) => Ordering::Less,
        _ if is_word(a) => Ordering::Less,
        _ => Ordering::Greater,
    }
}

fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    let is_separator = |byte: u8| !byte.is_ascii_alphanumeric();
    while !a.is_empty() && !b.is_empty() {
        let (gap_a, gap_b);
        ((gap_a, a), (gap_b, b)) = (split_while(a, is_separator), split_while(b, is_separator));
        if a.is_empty() || b.is_empty() {
            break;
        }
        if gap_a.len() != gap_b.len() {
            return gap_a.len().cmp(&gap_b.len());
        }
        let order = compare_runs(&mut a, &mut b);
        if order.is_ne() {
            return order;
        }
    }
    compare_rests(a, b)
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (parse(a)?, parse(b)?);
    let order = compare_numbers(a.epoch, b.epoch)
        .then_with(|| compare_part(a.pkgver, b.pkgver))
        .then_with(|| match (a.pkgrel, b.pkgrel) {
            (Some(a), Some(b)) => compare_part(a, b),
            _ => Ordering::Equal,
        });
    Some(order)
}

pub(crate) fn is_valid(version: &str) -> bool {
    parse(version).is_some()
}
