//! Alpine versions, as apk-tools 3 compares them (`apk_version_compare`, `apk_version_validate`).
//!
//! Grammar, from apk-package(5):
//! `number{.number}{letter}{_suffix{number}}{~hash}{-rnumber}`, where a suffix is one of `alpha`,
//! `beta`, `pre`, `rc` (before the version) or `cvs`, `svn`, `git`, `hg`, `p` (after it), and the
//! hash is lower-case hexadecimal.
//!
//! Both versions are read token by token; the first unequal pair decides:
//!
//! - The first number counts by value. A later number counts by value too, unless either of the
//!   two starts with `0`: then the digit strings compare as text (`1.01 < 1.1`, `8.2.0 < 8.2.001`).
//! - Letters and hashes compare as text, suffixes by the order above, suffix numbers and revisions
//!   by value. A missing suffix number is less than any (`_p < _p0`), a missing revision less than
//!   `-r0`.
//! - When the tokens are of different kinds, a pre-release suffix makes its version the lesser.
//!   Otherwise the kind that comes earlier in the grammar is the greater:
//!   `1.0.1 > 1.0a > 1.0_p1 > 1.0~ab > 1.0-r5 > 1.0 > 1.0_rc1`.
//!
//! # apk-tools 2 and 3
//!
//! Alpine's releases used 2.x until 2025 and the two disagree. This module follows 3.x, because it
//! is what decides upgrades on systems from 3.23 on, and because 3.x's rules are the documented
//! ones. The differences that real packages show:
//!
//! - Components with unequal counts of leading zeros: 2.x says `0.010-r6 > 0.05-r13`; 3.x compares
//!   the digits as text and says less.
//! - `~hash` is a token in 3.x only.
//! - Malformed text such as `6.6.2p1` or `1.2.31-0`: 2.x goes on reading past the fault, 3.x stops.
//!
//! This module refuses to guess about malformed text: [`crate::Scheme::compare`] answers `None`.
//! [`compare_lenient`] is for reproducing what apk itself would do with it. Numbers are exact at
//! any length, where apk wraps at 2⁶⁴.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, split_digits, split_while};

/// Kinds of token, in the order the grammar allows them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    FirstNumber,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    End,
    Invalid,
}

/// A word after `_`, in ascending order; those before [`Suffix::Cvs`] mark pre-releases.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Suffix {
    Alpha,
    Beta,
    Pre,
    Rc,
    Cvs,
    Svn,
    Git,
    Hg,
    P,
}

impl Suffix {
    pub(crate) fn from_word(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"alpha" => Self::Alpha,
            b"beta" => Self::Beta,
            b"pre" => Self::Pre,
            b"rc" => Self::Rc,
            b"cvs" => Self::Cvs,
            b"svn" => Self::Svn,
            b"git" => Self::Git,
            b"hg" => Self::Hg,
            b"p" => Self::P,
            _ => return None,
        })
    }

    pub(crate) fn is_pre_release(self) -> bool {
        self < Self::Cvs
    }
}

/// Reads one version token by token; stays on the first invalid token or the end.
struct Cursor<'a> {
    kind: Kind,
    value: &'a [u8],
    suffix: Option<Suffix>,
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn new(version: &'a str) -> Self {
        let mut cursor = Self {
            kind: Kind::FirstNumber,
            value: b"",
            suffix: None,
            rest: version.as_bytes(),
        };
        cursor.read_number(Kind::FirstNumber);
        cursor
    }

    fn is_done(&self) -> bool {
        self.kind >= Kind::End
    }

    fn is_pre_release(&self) -> bool {
        self.kind == Kind::Suffix && self.suffix.is_some_and(Suffix::is_pre_release)
    }

    fn advance(&mut self) {
        let before = self.kind;
        if self.is_done() {
            return;
        }
        match *self.rest {
            [] => self.kind = Kind::End,
            [b'.', ref rest @ ..] if before <= Kind::Number => {
                self.rest = rest;
                self.read_number(Kind::Number);
            }
            [b'a'..=b'z', ..] if before <= Kind::Number => {
                (self.value, self.rest) = self.rest.split_at(1);
                self.kind = Kind::Letter;
            }
            [b'0'..=b'9', ..] if before == Kind::Suffix => self.read_number(Kind::SuffixNumber),
            [b'_', ref rest @ ..] if before <= Kind::SuffixNumber => self.read_suffix(rest),
            [b'~', ref rest @ ..] if before < Kind::Hash => self.read_hash(rest),
            [b'-', b'r', ref rest @ ..] if before < Kind::Revision => {
                self.rest = rest;
                self.read_number(Kind::Revision);
            }
            _ => self.kind = Kind::Invalid,
        }
    }

    fn read_number(&mut self, kind: Kind) {
        (self.value, self.rest) = split_digits(self.rest);
        self.kind = if self.value.is_empty() {
            Kind::Invalid
        } else {
            kind
        };
    }

    fn read_suffix(&mut self, text: &'a [u8]) {
        (self.value, self.rest) = split_while(text, |byte| byte.is_ascii_lowercase());
        self.suffix = Suffix::from_word(self.value);
        self.kind = if self.suffix.is_some() {
            Kind::Suffix
        } else {
            Kind::Invalid
        };
    }

    fn read_hash(&mut self, text: &'a [u8]) {
        let is_hash = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (self.value, self.rest) = split_while(text, is_hash);
        self.kind = if self.value.is_empty() {
            Kind::Invalid
        } else {
            Kind::Hash
        };
    }
}

/// Compares two tokens of the same kind.
fn compare_tokens(a: &Cursor<'_>, b: &Cursor<'_>) -> Ordering {
    match a.kind {
        Kind::Number if a.value.first() == Some(&b'0') || b.value.first() == Some(&b'0') => {
            a.value.cmp(b.value)
        }
        Kind::FirstNumber | Kind::Number | Kind::SuffixNumber | Kind::Revision => {
            compare_numbers(a.value, b.value)
        }
        Kind::Suffix => a.suffix.cmp(&b.suffix),
        _ => a.value.cmp(b.value),
    }
}

/// Compares two tokens of different kinds.
fn compare_kinds(a: &Cursor<'_>, b: &Cursor<'_>) -> Ordering {
    if a.is_pre_release() {
        Ordering::Less
    } else if b.is_pre_release() {
        Ordering::Greater
    } else {
        b.kind.cmp(&a.kind)
    }
}

/// Moves both cursors to the first difference, or to the end or fault they share.
fn compare_cursors(a: &mut Cursor<'_>, b: &mut Cursor<'_>) -> Ordering {
    while a.kind == b.kind && !a.is_done() {
        let order = compare_tokens(a, b);
        if order.is_ne() {
            return order;
        }
        a.advance();
        b.advance();
    }
    if a.kind == b.kind {
        Ordering::Equal
    } else {
        compare_kinds(a, b)
    }
}

/// Reads on to the end; reports whether all of it was well formed.
fn finish(cursor: &mut Cursor<'_>) -> bool {
    while !cursor.is_done() {
        cursor.advance();
    }
    cursor.kind == Kind::End
}

/// Orders any two texts as apk 3 does: reading stops at the first invalid token.
///
/// Two texts that turn invalid at the same token are equal, whatever follows: `1.0p1` equals
/// `1.0p2`. Decide nothing about security by this function; it exists to foretell what apk does.
pub fn compare_lenient(a: &str, b: &str) -> Ordering {
    compare_cursors(&mut Cursor::new(a), &mut Cursor::new(b))
}

/// Reports whether `prefix` is `version` cut after some token: the `~` operator of dependencies.
///
/// `1.2` matches `1.2.3`, `1.2_rc1` and `1.2-r4`, but not `1.20`. As in apk the version may be
/// invalid behind the prefix; an invalid prefix matches nothing, where apk takes two faults for
/// equal.
pub fn fuzzy_match(version: &str, prefix: &str) -> bool {
    let (mut version, mut prefix) = (Cursor::new(version), Cursor::new(prefix));
    compare_cursors(&mut version, &mut prefix);
    prefix.kind == Kind::End
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (mut a, mut b) = (Cursor::new(a), Cursor::new(b));
    let order = compare_cursors(&mut a, &mut b);
    (finish(&mut a) && finish(&mut b)).then_some(order)
}

pub(crate) fn is_valid(version: &str) -> bool {
    finish(&mut Cursor::new(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_order_stops_at_the_first_fault() {
        assert_eq!(compare_lenient("1.0p1", "1.0p2"), Ordering::Equal);
        assert_eq!(compare_lenient("1.0!", "1.0"), Ordering::Less);
        assert_eq!(compare_lenient("", "x"), Ordering::Equal);
        assert_eq!(compare("1.0p1", "1.0p2"), None);
    }

    #[test]
    fn fuzzy_match_respects_token_borders() {
        for version in ["1.2", "1.2.3", "1.2a", "1.2_rc1", "1.2-r4", "1.2!"] {
            assert!(fuzzy_match(version, "1.2"), "{version}");
        }
        for (version, prefix) in [
            ("1.20", "1.2"),
            ("1.2", "1.2.3"),
            ("1.2!", "1.2!"),
            ("1", ""),
        ] {
            assert!(!fuzzy_match(version, prefix), "{version} {prefix}");
        }
    }
}
