//! Debian versions: Debian Policy section 5.6.12, and what `dpkg --validate-version` accepts.
//!
//! `[epoch:]upstream[-revision]`. The epoch is a number of at most 31 bits; the upstream part
//! starts with a digit and holds letters, digits and `. + - ~ :`; the revision, behind the last
//! hyphen, holds letters, digits and `. + ~` and is not empty. Blanks around the whole are dropped.
//!
//! Epochs compare by value, then upstream parts, then revisions (a missing one equals `0`). A part
//! is read as text and number in turn. Numbers compare by value; text by character, where `~` sorts
//! before the end of the part, the end before letters, and letters before everything else.
//!
//! This module refuses what dpkg only warns about (a first character that is no digit, characters
//! outside the set): such text comes from typing errors, and an order for it would be a guess.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, is_number, split_digits};

struct Version<'a> {
    epoch: &'a [u8],
    upstream: &'a [u8],
    revision: &'a [u8],
}

fn parse(text: &str) -> Option<Version<'_>> {
    let text = text.trim_matches([' ', '\t']);
    let (epoch, rest) = text
        .split_once(':')
        .map_or(Some(("0", text)), |(epoch, rest)| {
            Some((parse_epoch(epoch)?, rest))
        })?;
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (rest, ""),
    };
    let is_part = |text: &str, marks: &[u8]| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
    };
    let starts_well = upstream.starts_with(|first: char| first.is_ascii_digit());
    (starts_well && is_part(upstream, b".-+~:") && is_part(revision, b".+~")).then_some(Version {
        epoch: epoch.as_bytes(),
        upstream: upstream.as_bytes(),
        revision: revision.as_bytes(),
    })
}

/// Checks an epoch; dpkg reads it with `strtol`, which allows a sign.
fn parse_epoch(text: &str) -> Option<&str> {
    let value: i32 = text.parse().ok()?;
    let digits = text.trim_start_matches(['+', '-']);
    (value >= 0 && is_number(digits.as_bytes())).then_some(digits)
}

/// Weighs a character of the textual parts; the end of the part weighs nothing.
fn weight(byte: Option<u8>) -> i16 {
    match byte {
        None => 0,
        Some(b'~') => -1,
        Some(letter) if letter.is_ascii_alphabetic() => i16::from(letter),
        Some(other) => i16::from(other) + 256,
    }
}

/// Takes the first character off `rest` unless a number or the end comes next.
fn next_text(rest: &mut &[u8]) -> Option<u8> {
    let (&first, behind) = rest.split_first()?;
    if first.is_ascii_digit() {
        return None;
    }
    *rest = behind;
    Some(first)
}

/// Takes leading digits off `rest`.
fn next_number<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (number, behind) = split_digits(rest);
    *rest = behind;
    number
}

fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        loop {
            let (next_a, next_b) = (next_text(&mut a), next_text(&mut b));
            let order = weight(next_a).cmp(&weight(next_b));
            if order.is_ne() {
                return order;
            }
            if next_a.is_none() {
                break;
            }
        }
        let order = compare_numbers(next_number(&mut a), next_number(&mut b));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (parse(a)?, parse(b)?);
    let order = compare_numbers(a.epoch, b.epoch)
        .then_with(|| compare_part(a.upstream, b.upstream))
        .then_with(|| compare_part(a.revision, b.revision));
    Some(order)
}

pub(crate) fn is_valid(version: &str) -> bool {
    parse(version).is_some()
}
