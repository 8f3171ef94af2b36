//! Python versions: PEP 440, now the "Version specifiers" page of the Python packaging guide.
//!
//! `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`, in any of the spellings of the "Normalization"
//! section: upper case, a leading `v`, `alpha`/`beta`/`c`/`pre`/`preview`, `rev`/`r` and `-N` for
//! `post`, separators `. - _` or none, missing numbers for zero, blanks around the whole.
//!
//! The order is that of "Summary of permitted suffixes and relative ordering": epoch, release with
//! trailing zeros dropped, then `.devN` < `aN` < `bN` < `rcN` < nothing < `.postN`; a `.devN`
//! behind any of them sorts just before it; local versions last, segment by segment, numbers above
//! text.
//!
//! This module reads ASCII only and does not understand the "legacy" versions of old setuptools.

use std::cmp::Ordering;

use crate::digits::{compare_numbers, is_number, significant, split_digits};

/// Where a version stands among those of the same release; the variants ascend.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// `.devN` of the release itself.
    Development,
    Alpha,
    Beta,
    Candidate,
    Release,
}

struct Version<'a> {
    epoch: &'a [u8],
    release: Vec<&'a [u8]>,
    phase: Phase,
    pre: &'a [u8],
    post: Option<&'a [u8]>,
    dev: Option<&'a [u8]>,
    local: Option<&'a [u8]>,
}

const PRE_WORDS: [(&[u8], Phase); 8] = [
    (b"alpha", Phase::Alpha),
    (b"a", Phase::Alpha),
    (b"beta", Phase::Beta),
    (b"b", Phase::Beta),
    (b"preview", Phase::Candidate),
    (b"pre", Phase::Candidate),
    (b"c", Phase::Candidate),
    (b"rc", Phase::Candidate),
];

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'.' | b'-' | b'_')
}

/// Drops one separator, if there is one.
fn skip_separator(text: &[u8]) -> &[u8] {
    match text {
        [first, rest @ ..] if is_separator(*first) => rest,
        _ => text,
    }
}

/// Reads `[sep] word [sep] [number]` off `text`; the number is empty when missing.
fn read_tag<'a>(text: &'a [u8], word: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (head, rest) = skip_separator(text).split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word)
        .then(|| split_digits(skip_separator(rest)))
}

/// Reads the release numbers off `text`; a dot counts only with a digit behind it.
fn read_release(text: &[u8]) -> Option<(Vec<&[u8]>, &[u8])> {
    let (first, mut rest) = split_digits(text);
    let mut release = vec![first];
    while let [b'.', tail @ ..] = rest
        && let (number @ [_, ..], behind) = split_digits(tail)
    {
        release.push(number);
        rest = behind;
    }
    while release
        .last()
        .is_some_and(|number| significant(number).is_empty())
    {
        release.pop();
    }
    (!first.is_empty()).then_some((release, rest))
}

/// Reads the post-release part off `text`, where `-N` alone is one too.
fn read_post(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if let [b'-', tail @ ..] = text
        && let parts @ ([_, ..], _) = split_digits(tail)
    {
        return Some(parts);
    }
    [b"post".as_slice(), b"rev", b"r"]
        .into_iter()
        .find_map(|word| read_tag(text, word))
}

fn is_local(text: &[u8]) -> bool {
    text.split(|&byte| is_separator(byte))
        .all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_alphanumeric))
}

fn parse(text: &str) -> Option<Version<'_>> {
    let text = text.trim_ascii().as_bytes();
    let text = text
        .strip_prefix(b"v")
        .or_else(|| text.strip_prefix(b"V"))
        .unwrap_or(text);
    let (epoch, text) = match split_digits(text) {
        (epoch @ [_, ..], [b'!', rest @ ..]) => (epoch, rest),
        _ => (b"".as_slice(), text),
    };
    let (release, mut rest) = read_release(text)?;
    let (mut phase, mut pre) = (Phase::Release, b"".as_slice());
    for (word, meaning) in PRE_WORDS {
        if let Some((number, behind)) = read_tag(rest, word) {
            (phase, pre, rest) = (meaning, number, behind);
            break;
        }
    }
    let mut post = None;
    if let Some((number, behind)) = read_post(rest) {
        (post, rest) = (Some(number), behind);
    }
    let mut dev = None;
    if let Some((number, behind)) = read_tag(rest, b"dev") {
        (dev, rest) = (Some(number), behind);
    }
    let local = match rest {
        [] => None,
        [b'+', local @ ..] if is_local(local) => Some(local),
        _ => return None,
    };
    if phase == Phase::Release && post.is_none() && dev.is_some() {
        phase = Phase::Development;
    }
    Some(Version {
        epoch,
        release,
        phase,
        pre,
        post,
        dev,
        local,
    })
}

impl Version<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        compare_numbers(self.epoch, other.epoch)
            .then_with(|| compare_releases(&self.release, &other.release))
            .then_with(|| self.phase.cmp(&other.phase))
            .then_with(|| compare_numbers(self.pre, other.pre))
            .then_with(|| compare_post(self.post, other.post))
            .then_with(|| compare_dev(self.dev, other.dev))
            .then_with(|| compare_local(self.local, other.local))
    }
}

fn compare_releases(a: &[&[u8]], b: &[&[u8]]) -> Ordering {
    let mut pairs = a.iter().zip(b).map(|(a, b)| compare_numbers(a, b));
    pairs
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// Compares post-release numbers; none is below any.
fn compare_post(a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare_numbers(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// Compares development numbers; none is above any.
fn compare_dev(a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare_numbers(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn compare_local(a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else {
        return a.is_some().cmp(&b.is_some());
    };
    let segments = |text| <[u8]>::split(text, |&byte| is_separator(byte));
    let (mut a, mut b) = (segments(a), segments(b));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => compare_segment(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn compare_segment(a: &[u8], b: &[u8]) -> Ordering {
    match (is_number(a), is_number(b)) {
        (true, true) => compare_numbers(a, b),
        (false, false) => {
            let lower = |text: &'_ [u8]| text.to_ascii_lowercase();
            lower(a).cmp(&lower(b))
        }
        (is_number_a, is_number_b) => is_number_a.cmp(&is_number_b),
    }
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(parse(a)?.compare(&parse(b)?))
}

pub(crate) fn is_valid(version: &str) -> bool {
    parse(version).is_some()
}
