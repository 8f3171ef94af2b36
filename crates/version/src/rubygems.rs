//! Ruby gem versions: `Gem::Version` (its class documentation).
//!
//! A version is numbers and ASCII letters joined by dots, optionally a hyphen and more of the same;
//! the hyphen reads as `.pre.`. The empty text is version `0`, as in Ruby; blanks around are
//! dropped.
//!
//! Segments are runs of digits and runs of letters. Zeros before the first run of letters and at
//! the end do not count (`1.0.a` equals `1.a`). Segments compare in pairs, a missing one being `0`:
//! numbers by value, letters by bytes (so `A < a`), letters below any number. A version with
//! letters is therefore a pre-release.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, significant, split_digits, split_while};

/// One segment; letters sort below numbers.
#[derive(Clone, Copy)]
enum Segment<'a> {
    Letters(&'a [u8]),
    Number(&'a [u8]),
}

impl Segment<'_> {
    const ZERO: Self = Segment::Number(b"");

    fn is_zero(&self) -> bool {
        matches!(self, Self::Number(digits) if significant(digits).is_empty())
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => compare_numbers(a, b),
            (Self::Letters(a), Self::Letters(b)) => a.cmp(b),
            (Self::Letters(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Letters(_)) => Ordering::Greater,
        }
    }
}

/// Checks the text against `Gem::Version::VERSION_PATTERN`.
fn is_well_formed(text: &str) -> bool {
    let (main, tail) = match text.split_once('-') {
        Some((main, tail)) => (main, Some(tail)),
        None => (text, None),
    };
    let is_part = |part: &str, marks: &[u8]| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
        !part.is_empty() && part.bytes().all(is_allowed)
    };
    let first_is_number = main
        .split('.')
        .next()
        .is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    first_is_number
        && main.split('.').all(|part| is_part(part, b""))
        && tail.is_none_or(|tail| tail.split('.').all(|part| is_part(part, b"-")))
}

/// Appends the segments of `text`, reading each hyphen as the letters `pre`.
fn push_segments<'a>(segments: &mut Vec<Segment<'a>>, text: &'a str) {
    let mut rest = text.as_bytes();
    while let Some(&first) = rest.first() {
        let run;
        if first.is_ascii_digit() {
            (run, rest) = split_digits(rest);
            segments.push(Segment::Number(run));
        } else if first.is_ascii_alphabetic() {
            (run, rest) = split_while(rest, |byte| byte.is_ascii_alphabetic());
            segments.push(Segment::Letters(run));
        } else {
            if first == b'-' {
                segments.push(Segment::Letters(b"pre"));
            }
            rest = &rest[1..];
        }
    }
}

/// Drops the zeros at the end.
fn trim_zeros(segments: &mut Vec<Segment<'_>>) {
    while segments.last().is_some_and(Segment::is_zero) {
        segments.pop();
    }
}

fn parse(text: &str) -> Option<Vec<Segment<'_>>> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Some(Vec::new());
    }
    if !is_well_formed(text) {
        return None;
    }
    let mut segments = Vec::new();
    push_segments(&mut segments, text);
    let letters = segments
        .iter()
        .position(|segment| matches!(segment, Segment::Letters(_)));
    let mut tail = segments.split_off(letters.unwrap_or(segments.len()));
    trim_zeros(&mut segments);
    trim_zeros(&mut tail);
    segments.append(&mut tail);
    Some(segments)
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (parse(a)?, parse(b)?);
    let order = (0..a.len().max(b.len()))
        .map(|at| {
            a.get(at)
                .unwrap_or(&Segment::ZERO)
                .compare(b.get(at).unwrap_or(&Segment::ZERO))
        })
        .find(|order| order.is_ne());
    Some(order.unwrap_or(Ordering::Equal))
}

pub(crate) fn is_valid(version: &str) -> bool {
    parse(version).is_some()
}
