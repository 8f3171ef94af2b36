//! Perl distribution versions: `version.pm` 0.9913 and later (`version::Internals`, "lax" rules).
//!
//! Two notations. A decimal (`1.2`, `.5`, `1.`) has a fraction read in groups of three digits,
//! filled up with zeros: `1.2` is 1, 200 and `1.002003` is 1, 2, 3. A dotted version, which starts
//! with `v` or has two dots, is its numbers as they stand: `v1.2` is 1, 2. Numbers compare in
//! pairs, missing ones being zero, so `1.2 == v1.200`.
//!
//! One underscore may stand in the last part, with digits on both sides. It marks a trial release
//! but does not count when comparing: `1.02_03 == 1.0203`, which is later than `1.02`.
//!
//! This module refuses what the parser takes from program text (a version that ends at `;` or a
//! brace) and the word `undef`; version.pm gives up on numbers beyond 31 bits, this does not.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, is_number};

/// Cuts `text` into numbers, the fraction of a decimal filled up to groups of three digits.
fn parse(text: &str) -> Option<Vec<String>> {
    let text = text.trim_ascii();
    let is_dotted = text.starts_with('v') || text.matches('.').count() > 1;
    if is_dotted {
        parse_dotted(text)
    } else {
        parse_decimal(text)
    }
}

/// Removes the one underscore that is allowed; `None` where it may not stand.
fn without_underscore(part: &str) -> Option<String> {
    let is_well_placed = part
        .split_once('_')
        .is_none_or(|(before, after)| is_number(before.as_bytes()) && is_number(after.as_bytes()));
    is_well_placed.then(|| part.replace('_', ""))
}

fn parse_dotted(text: &str) -> Option<Vec<String>> {
    let (marked, text) = match text.strip_prefix('v') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (head, last) = text.rsplit_once('.').unwrap_or((text, ""));
    let mut numbers: Vec<String> = head.split('.').map(str::to_owned).collect();
    if text.contains('.') {
        numbers.push(without_underscore(last)?);
    }
    // `.1.2` has no first number, and `v1.` no last one.
    let may_lack_first = !marked && numbers[0].is_empty();
    let may_lack_last = marked && numbers.len() == 2 && last.is_empty();
    if may_lack_last {
        numbers.pop();
    }
    let is_valid = numbers
        .iter()
        .enumerate()
        .all(|(at, number)| is_number(number.as_bytes()) || (at == 0 && may_lack_first));
    is_valid.then_some(numbers)
}

fn parse_decimal(text: &str) -> Option<Vec<String>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut fraction = without_underscore(fraction)?;
    let is_valid = text.bytes().any(|byte| byte.is_ascii_digit())
        && (whole.is_empty() || is_number(whole.as_bytes()))
        && (fraction.is_empty() || is_number(fraction.as_bytes()));
    if !is_valid {
        return None;
    }
    fraction.extend(std::iter::repeat_n(
        '0',
        fraction.len().next_multiple_of(3) - fraction.len(),
    ));
    let mut numbers = vec![whole.to_owned()];
    let mut rest = fraction.as_str();
    while let Some((group, behind)) = rest.split_at_checked(3) {
        numbers.push(group.to_owned());
        rest = behind;
    }
    Some(numbers)
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (parse(a)?, parse(b)?);
    let number = |list: &'_ [String], at: usize| list.get(at).cloned().unwrap_or_default();
    let order = (0..a.len().max(b.len()))
        .map(|at| compare_numbers(number(&a, at).as_bytes(), number(&b, at).as_bytes()))
        .find(|order| order.is_ne());
    Some(order.unwrap_or(Ordering::Equal))
}

pub(crate) fn is_valid(version: &str) -> bool {
    parse(version).is_some()
}
