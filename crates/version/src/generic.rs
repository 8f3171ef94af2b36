//! Versions of upstream software whose rules nobody wrote down: this project's own scheme.
//!
//! It serves to compare what a distribution ships with the bounds that vulnerability feeds give,
//! chiefly the version and update fields of NVD's CPE names. Both sides are written by people, so
//! every text with a digit in it has a place; text without a digit (`-`, `*`, `n/a`, `unknown`) is
//! no version.
//!
//! # Reading
//!
//! A version is read as runs of digits and runs of ASCII letters. All else separates, and all
//! separators are alike. Letters count in either case. Then:
//!
//! 1. Words before the first number are dropped (`v`, `version`, a product's name), except those
//!    that name a stage (`beta 6`).
//! 2. A first number of eight digits from 1900 to 2099 is a date: `20210327` reads as `2021-03-27`.
//! 3. A commit is dropped: seven to forty hexadecimal digits that stand alone behind the first
//!    number and mix letters and digits, `g` in front allowed. A number with one letter behind it
//!    (`20160809a`) is not a commit.
//! 4. Words that only say "release" (`final`, `ga`, `stable`, `lts`, ...) are dropped.
//! 5. Zeros in front of a word or of the end are dropped: `153.0 = 153`, `1.0rc1 = 1rc1`.
//!
//! # Order
//!
//! What remains compares item by item. Kinds of items, ascending:
//!
//! 1. stages before a release: `dev` < `alpha` < `beta` < `milestone` < `pre` < `rc`;
//! 2. the end of the version;
//! 3. additions to a release: `git`/`svn` snapshot < `build` < `post` < `rev` < `patch` < `hotfix`
//!    < `update` < `sp`;
//! 4. other words by name, longer after shorter: `1.1.1a < 1.1.1q`, `9.8z < 9.8zg`;
//! 5. numbers by value.
//!
//! The single letters `a`, `b`, `c`, `m` (stages) and `p`, `r`, `u` (additions) have these meanings
//! only with a digit right behind them; otherwise they are patch letters: `1.0b2 < 1.0 < 1.0b`.
//!
//! Since every version becomes a list over one ordered alphabet, the order is total.
//!
//! This scheme does not know epochs, distribution revisions or vendors' private numbering; cut the
//! former off with [`crate::upstream()`] first. It cannot tell whether two versions belong to the
//! same product.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, significant, split_digits, split_while};
use crate::words::{Addition, Meaning, Stage, meaning, meaning_before_digit};

/// What counts in a comparison; the variants are in ascending order.
#[derive(Clone, Copy, Debug)]
enum Item<'a> {
    Before(Stage),
    End,
    After(Addition),
    Word(&'a [u8]),
    Number(&'a [u8]),
}

impl Item<'_> {
    fn rank(self) -> u8 {
        match self {
            Self::Before(_) => 0,
            Self::End => 1,
            Self::After(_) => 2,
            Self::Word(_) => 3,
            Self::Number(_) => 4,
        }
    }

    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => compare_numbers(a, b),
            (Self::Before(a), Self::Before(b)) => a.cmp(&b),
            (Self::After(a), Self::After(b)) => a.cmp(&b),
            (Self::Word(a), Self::Word(b)) => {
                let lower = |byte: &u8| byte.to_ascii_lowercase();
                a.iter().map(lower).cmp(b.iter().map(lower))
            }
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

/// Applies rules 1 to 4.
struct Scanner<'a> {
    rest: &'a [u8],
    /// Month and day of a date whose year was handed out.
    date_tail: &'a [u8],
    has_number: bool,
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Item<'a> {
        if !self.date_tail.is_empty() {
            let (part, tail) = self.date_tail.split_at(2);
            self.date_tail = tail;
            return Item::Number(part);
        }
        let mut starts_run = false;
        loop {
            let (gap, rest) = split_while(self.rest, |byte| !byte.is_ascii_alphanumeric());
            starts_run |= !gap.is_empty();
            self.rest = rest;
            let Some(first) = rest.first() else {
                return Item::End;
            };
            if self.has_number && starts_run && self.skip_commit() {
                continue;
            }
            if first.is_ascii_digit() {
                return self.read_number();
            }
            if let Some(item) = self.read_word() {
                return item;
            }
            starts_run = false;
        }
    }

    fn read_number(&mut self) -> Item<'a> {
        let is_first = !self.has_number;
        let number;
        (number, self.rest) = split_digits(self.rest);
        self.has_number = true;
        if is_first && number.len() == 8 && matches!(number, [b'1', b'9', ..] | [b'2', b'0', ..]) {
            let year;
            (year, self.date_tail) = number.split_at(4);
            return Item::Number(year);
        }
        Item::Number(number)
    }

    /// Reads a word; `None` when it is one of those that are dropped.
    fn read_word(&mut self) -> Option<Item<'a>> {
        let word;
        (word, self.rest) = split_while(self.rest, |byte| byte.is_ascii_alphabetic());
        let has_digit_behind = self.rest.first().is_some_and(u8::is_ascii_digit);
        let meaning = if self.has_number && has_digit_behind {
            meaning_before_digit(word)
        } else {
            meaning(word)
        };
        match meaning {
            Meaning::Before(stage) => Some(Item::Before(stage)),
            _ if !self.has_number => None,
            Meaning::Release => None,
            Meaning::After(addition) => Some(Item::After(addition)),
            Meaning::Unknown => Some(Item::Word(word)),
        }
    }

    /// Drops the run of letters and digits that comes next if it is a commit.
    fn skip_commit(&mut self) -> bool {
        let (run, rest) = split_while(self.rest, |byte| byte.is_ascii_alphanumeric());
        let is_commit = is_commit(run);
        if is_commit {
            self.rest = rest;
        }
        is_commit
    }
}

/// Recognises an abbreviated or full commit id, with the `g` of `git describe` or without.
fn is_commit(run: &[u8]) -> bool {
    let digits = run.strip_prefix(b"g").unwrap_or(run);
    let letters = digits
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let ends_in_its_letter = digits.last().is_some_and(u8::is_ascii_alphabetic);
    (7..=40).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_hexdigit)
        && (1..digits.len()).contains(&letters)
        && !(letters == 1 && ends_in_its_letter)
}

/// Applies rule 5 to what the scanner gives.
struct Items<'a> {
    scanner: Scanner<'a>,
    /// Zeros to hand out before `held`, because a number follows them.
    zeros: usize,
    held: Option<Item<'a>>,
}

impl<'a> Items<'a> {
    fn new(version: &'a str) -> Self {
        let scanner = Scanner {
            rest: version.as_bytes(),
            date_tail: b"",
            has_number: false,
        };
        Self {
            scanner,
            zeros: 0,
            held: None,
        }
    }

    fn next(&mut self) -> Item<'a> {
        if self.zeros > 0 {
            self.zeros -= 1;
            return Item::Number(b"");
        }
        if let Some(item) = self.held.take() {
            return item;
        }
        let mut zeros = 0;
        loop {
            match self.scanner.next() {
                Item::Number(number) if significant(number).is_empty() => zeros += 1,
                item @ Item::Number(_) if zeros > 0 => {
                    self.zeros = zeros - 1;
                    self.held = Some(item);
                    return Item::Number(b"");
                }
                item => return item,
            }
        }
    }
}

fn order(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (Items::new(a), Items::new(b));
    loop {
        let (item_a, item_b) = (a.next(), b.next());
        let order = item_a.compare(item_b);
        if order.is_ne() || matches!(item_a, Item::End) {
            return order;
        }
    }
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    (is_valid(a) && is_valid(b)).then(|| order(a, b))
}

pub(crate) fn is_valid(version: &str) -> bool {
    version.bytes().any(|byte| byte.is_ascii_digit())
}
