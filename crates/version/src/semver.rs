//! Semantic Versioning 2.0.0, for npm, Cargo and everybody who names it.
//!
//! `major.minor.patch[-pre.release][+build]` (sections 2, 9 and 10): three numbers without leading
//! zeros, then identifiers of letters, digits and hyphens. Precedence is section 11: the numbers by
//! value; a pre-release is below its release; identifiers pair by pair, numbers by value, text by
//! bytes, a number below text, the shorter list below the longer. Build metadata does not count.
//!
//! One leading `v` is dropped: npm accepts it and tags carry it, although the specification says
//! that `v1.2.3` is not a version. Nothing else is forgiven: no `1.2`, no `=1.2.3`, no blanks.
//! Numbers may have any length, where npm stops at 2⁵³ and Cargo at 2⁶⁴.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, is_number};

pub(crate) struct Version<'a> {
    /// Major, minor and patch number.
    pub(crate) numbers: [&'a str; 3],
    /// Identifiers after the hyphen, joined by dots; empty for a release.
    pub(crate) pre_release: &'a str,
}

impl Version<'_> {
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let by_number = self.numbers.iter().zip(&other.numbers);
        by_number
            .map(|(a, b)| compare_numbers(a.as_bytes(), b.as_bytes()))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| compare_pre_releases(self.pre_release, other.pre_release))
    }
}

/// Cuts build metadata and pre-release off; `None` when either is there but ill formed.
pub(crate) fn split_tails(text: &str) -> Option<(&str, &str)> {
    let text = match text.split_once('+') {
        Some((text, build)) => build.split('.').all(is_identifier).then_some(text)?,
        None => text,
    };
    match text.split_once('-') {
        Some((numbers, pre_release)) => pre_release
            .split('.')
            .all(is_pre_release_identifier)
            .then_some((numbers, pre_release)),
        None => Some((text, "")),
    }
}

/// Reports whether `text` is a number as section 2 wants it: without leading zeros.
pub(crate) fn is_plain_number(text: &str) -> bool {
    is_number(text.as_bytes()) && (text == "0" || !text.starts_with('0'))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_pre_release_identifier(text: &str) -> bool {
    is_identifier(text) && (is_plain_number(text) || !is_number(text.as_bytes()))
}

fn compare_pre_releases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (false, false) => compare_identifiers(a, b),
        (is_release_a, is_release_b) => is_release_a.cmp(&is_release_b),
    }
}

fn compare_identifiers(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => compare_identifier(a.as_bytes(), b.as_bytes()),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn compare_identifier(a: &[u8], b: &[u8]) -> Ordering {
    match (is_number(a), is_number(b)) {
        (true, true) => compare_numbers(a, b),
        (false, false) => a.cmp(b),
        (is_number_a, is_number_b) => is_number_b.cmp(&is_number_a),
    }
}

fn parse(text: &str) -> Option<Version<'_>> {
    let (text, pre_release) = split_tails(text.strip_prefix('v').unwrap_or(text))?;
    let mut parts = text.split('.');
    let numbers = [parts.next()?, parts.next()?, parts.next()?];
    let is_complete = parts.next().is_none() && numbers.iter().all(|text| is_plain_number(text));
    is_complete.then_some(Version {
        numbers,
        pre_release,
    })
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(parse(a)?.compare(&parse(b)?))
}

pub(crate) fn is_valid(version: &str) -> bool {
    parse(version).is_some()
}
