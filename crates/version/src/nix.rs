//! Nix versions: `builtins.compareVersions` (Nix manual, "Built-in Functions"; `nix-env --upgrade`
//! documents the order of components).
//!
//! Any text is a version. Dots and dashes separate components; so does every change between digits
//! and other characters. Components compare in pairs, a missing one being empty:
//! `pre` < empty < other text < number. Text compares by bytes, numbers by value.
//!
//! This module compares numbers of any length by value, where Nix treats a number beyond 32 bits
//! (such as a date with a time) as text, which would put it below every small number.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, split_digits, split_while};

/// One component; the variants are in ascending order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Component<'a> {
    Pre,
    Missing,
    Text(&'a [u8]),
    Number(&'a [u8]),
}

impl Component<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => compare_numbers(a, b),
            _ => self.cmp(other),
        }
    }
}

/// Takes the next component off `rest`.
fn next<'a>(rest: &mut &'a [u8]) -> Component<'a> {
    let text = split_while(rest, |byte| matches!(byte, b'.' | b'-')).1;
    let (number, behind) = split_digits(text);
    if !number.is_empty() {
        *rest = behind;
        return Component::Number(number);
    }
    let (word, behind) = split_while(text, |byte| {
        !byte.is_ascii_digit() && !matches!(byte, b'.' | b'-')
    });
    *rest = behind;
    match word {
        b"" => Component::Missing,
        b"pre" => Component::Pre,
        _ => Component::Text(word),
    }
}

pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        let order = next(&mut a).compare(&next(&mut b));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}
