//! Maven versions: `org.apache.maven.artifact.versioning.ComparableVersion` of Maven 4, the rules
//! of the POM Reference, "Version Order Specification".
//!
//! Text is cut at dots, hyphens and every change between digits and other characters, in any case.
//! A hyphen, or such a change, opens a nested list, which ranks below a number after a dot. A word
//! directly in front of a number, with or without a hyphen between, makes one item with it. Words
//! rank `alpha` = `a1` < `beta` = `b1` < `milestone` = `m1` < `rc` = `cr` < `snapshot` < none =
//! `ga` = `final` = `release` < `sp` < all others by name. Zeros at the end of a list, and in front
//! of a word, do not count.
//!
//! Maven compares any text at all. Valid here is what its model validator lets an artifact have:
//! not empty, and none of `\ / : " < > | ? * [ ] ( ) { } ,`.
//!
//! Releases of Maven differ in corners: 3.8 takes `1-abc` and `1-abc0` for equal, and words that
//! mean the release were not transitive with a number behind them (`1-ga1` against `1`) until fixes
//! on Maven 4's development branch, which this module follows.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, significant};

enum Item {
    Number(String),
    Word(String),
    /// A word in front of a number.
    Tagged(String, String),
    List(Vec<Item>),
}

const RELEASE_RANK: u8 = 5;

/// Ranks a word; unknown words share the last rank and go by name.
fn rank(word: &str) -> u8 {
    match word {
        "alpha" => 0,
        "beta" => 1,
        "milestone" => 2,
        "rc" => 3,
        "snapshot" => 4,
        "" | "ga" | "final" | "release" => RELEASE_RANK,
        "sp" => 6,
        _ => 7,
    }
}

fn compare_words(a: &str, b: &str) -> Ordering {
    let (rank_a, rank_b) = (rank(a), rank(b));
    rank_a.cmp(&rank_b).then_with(|| {
        if rank_a == 7 {
            a.cmp(b)
        } else {
            Ordering::Equal
        }
    })
}

/// Compares a number with nothing, which is zero.
fn compare_number_to_nothing(digits: &str) -> Ordering {
    if significant(digits.as_bytes()).is_empty() {
        Ordering::Equal
    } else {
        Ordering::Greater
    }
}

impl Item {
    fn is_null(&self) -> bool {
        match self {
            Self::Number(digits) => significant(digits.as_bytes()).is_empty(),
            Self::Word(word) => word.is_empty(),
            Self::Tagged(..) => false,
            Self::List(items) => items.is_empty(),
        }
    }

    fn compare_to_nothing(&self) -> Ordering {
        match self {
            Self::Number(digits) => compare_number_to_nothing(digits),
            Self::Word(word) => rank(word).cmp(&RELEASE_RANK),
            Self::Tagged(word, digits) => rank(word)
                .cmp(&RELEASE_RANK)
                .then_with(|| compare_number_to_nothing(digits)),
            Self::List(items) => first_unequal(items.iter().map(Self::compare_to_nothing)),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => compare_numbers(a.as_bytes(), b.as_bytes()),
            (Self::Number(_), _) => Ordering::Greater,
            (_, Self::Number(_)) => Ordering::Less,
            (Self::List(a), Self::List(b)) => compare_lists(a, b),
            (Self::List(items), scalar) => compare_list_to_scalar(items, scalar),
            (scalar, Self::List(items)) => compare_list_to_scalar(items, scalar).reverse(),
            (Self::Word(a), Self::Word(b)) => compare_words(a, b),
            (Self::Tagged(a, number_a), Self::Tagged(b, number_b)) => compare_words(a, b)
                .then_with(|| compare_numbers(number_a.as_bytes(), number_b.as_bytes())),
            (Self::Tagged(a, number), Self::Word(b)) => compare_tagged_to_word(a, number, b),
            (Self::Word(a), Self::Tagged(b, number)) => {
                compare_tagged_to_word(b, number, a).reverse()
            }
        }
    }
}

/// `rc1 > rc`, but a number behind a word that means the release counts by its value.
fn compare_tagged_to_word(tag: &str, number: &str, word: &str) -> Ordering {
    compare_words(tag, word).then_with(|| {
        if rank(tag) == RELEASE_RANK {
            compare_number_to_nothing(number)
        } else {
            Ordering::Greater
        }
    })
}

fn compare_list_to_scalar(items: &[Item], scalar: &Item) -> Ordering {
    match items {
        [] => scalar.compare_to_nothing().reverse(),
        [first, rest @ ..] => first
            .compare(scalar)
            .then_with(|| first_unequal(rest.iter().map(Item::compare_to_nothing))),
    }
}

fn compare_lists(a: &[Item], b: &[Item]) -> Ordering {
    let pairs = (0..a.len().max(b.len())).map(|at| match (a.get(at), b.get(at)) {
        (Some(a), Some(b)) => a.compare(b),
        (Some(a), None) => a.compare_to_nothing(),
        (None, Some(b)) => b.compare_to_nothing().reverse(),
        (None, None) => Ordering::Equal,
    });
    first_unequal(pairs)
}

fn first_unequal(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Builds the nested lists; `lists` is the path from the outermost to the one being filled.
struct Builder {
    lists: Vec<Vec<Item>>,
    token: String,
    is_digit: bool,
    /// The token is a word that has met its number.
    is_tagged: bool,
}

impl Builder {
    fn push(&mut self, item: Item) {
        self.lists
            .last_mut()
            .expect("the outermost list is never closed early")
            .push(item);
    }

    fn is_list_empty(&self) -> bool {
        self.lists.last().is_none_or(Vec::is_empty)
    }

    fn open_list(&mut self) {
        self.lists.push(Vec::new());
    }

    /// Ends the token, an empty one counting as zero.
    fn end_token(&mut self) {
        let token = std::mem::take(&mut self.token);
        let is_tagged = std::mem::take(&mut self.is_tagged);
        self.push(match () {
            () if token.is_empty() => Item::Number(String::new()),
            () if is_tagged => tagged(&token),
            () if self.is_digit => Item::Number(token),
            () => Item::Word(alias(&token).to_owned()),
        });
    }

    fn read(&mut self, character: char, next: Option<char>) {
        match character {
            '.' => self.end_token(),
            '-' => {
                let next_is_digit = next.is_some_and(|next| next.is_ascii_digit());
                if !self.token.is_empty() && !self.is_digit && next_is_digit {
                    self.is_tagged = true; // `rc-1` is `rc1`
                    return;
                }
                self.end_token();
                if !self.is_list_empty() {
                    self.open_list();
                }
            }
            '0'..='9' => {
                if !self.is_digit && !self.token.is_empty() {
                    self.is_tagged = true;
                    if !self.is_list_empty() {
                        self.open_list();
                    }
                }
                self.is_digit = true;
                self.token.push(character);
            }
            _ => {
                if self.is_digit && !self.token.is_empty() {
                    self.end_token();
                    self.open_list();
                }
                self.is_digit = false;
                self.token.push(character);
            }
        }
    }

    /// Ends the last token and closes the lists, innermost first.
    fn finish(mut self) -> Vec<Item> {
        if !self.token.is_empty() {
            if !self.is_digit && !self.is_list_empty() {
                self.open_list();
            }
            self.end_token();
        }
        let mut inner = None;
        while let Some(mut list) = self.lists.pop() {
            list.extend(inner.map(Item::List));
            normalize(&mut list);
            inner = Some(list);
        }
        inner.unwrap_or_default()
    }
}

fn alias(word: &str) -> &str {
    if word == "cr" { "rc" } else { word }
}

/// Splits a word and its number; one letter may stand for a known word here.
fn tagged(token: &str) -> Item {
    let at = token
        .find(|character: char| character.is_ascii_digit())
        .unwrap_or(token.len());
    let (word, number) = token.split_at(at);
    let word = match word {
        "a" => "alpha",
        "b" => "beta",
        "m" => "milestone",
        _ => alias(word),
    };
    Item::Tagged(word.to_owned(), number.to_owned())
}

/// Drops zeros and empty items at the end and in front of words.
fn normalize(list: &mut Vec<Item>) {
    for at in (0..list.len()).rev() {
        let goes = list[at].is_null()
            && match list.get(at + 1) {
                None | Some(Item::Word(_)) => true,
                Some(Item::List(items)) => {
                    matches!(items.first(), Some(Item::Word(_) | Item::Tagged(..)))
                }
                Some(_) => false,
            };
        if goes {
            list.remove(at);
        }
    }
    if let [Item::List(_)] = list.as_slice()
        && let Some(Item::List(items)) = list.pop()
    {
        *list = items;
    }
}

fn parse(text: &str) -> Option<Vec<Item>> {
    if !is_valid(text) {
        return None;
    }
    let lower = text.to_lowercase();
    let mut builder = Builder {
        lists: vec![Vec::new()],
        token: String::new(),
        is_digit: false,
        is_tagged: false,
    };
    let mut characters = lower.chars().peekable();
    while let Some(character) = characters.next() {
        builder.read(character, characters.peek().copied());
    }
    Some(builder.finish())
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(compare_lists(&parse(a)?, &parse(b)?))
}

pub(crate) fn is_valid(version: &str) -> bool {
    !version.is_empty() && !version.contains(|character| "\\/:\"<>|?*[](){},".contains(character))
}
