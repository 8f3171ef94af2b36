//! Which lines of a text went and which came.

use std::ops::Range;

use bstr::ByteSlice;
use imara_diff::{Algorithm, Diff, InternedInput, Token};
use serde::{Deserialize, Serialize};

use crate::tree::{File, Kind};

/// How much of a file is looked at to tell whether it is text.
const PROBE: usize = 8 << 10;

/// Larger files are compared as a whole: nobody reads them line by line.
const TEXT_AT_MOST: usize = 32 << 20;

/// A stretch of lines that gave way to another, each counted from 0 and without its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The lines of the old file that went.
    pub before: Range<u32>,
    /// The lines of the new file that came.
    pub after: Range<u32>,
}

/// Whether bytes are to be read as lines: as git does, a NUL near the start says that they are not.
pub fn is_text(bytes: &[u8]) -> bool {
    bytes.len() <= TEXT_AT_MOST && !bytes[..bytes.len().min(PROBE)].contains(&0)
}

/// The lines of a text with their endings.
pub fn split_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.lines_with_terminator()
}

/// The difference of two sides; none unless each that there is is text.
pub(super) fn hunks(old: Option<&File>, new: Option<&File>) -> Option<Vec<Hunk>> {
    let sides = || old.into_iter().chain(new);
    let text = sides().all(|file| file.kind == Kind::Regular && is_text(&file.content.bytes));
    if !text {
        return None;
    }
    let bytes = |side: Option<&'_ File>| side.map(|file| file.content.bytes.clone());
    let (old, new) = (bytes(old), bytes(new));
    let hunks = match (&old, &new) {
        (Some(old), Some(new)) => line_hunks(old, new),
        (None, Some(new)) => whole(0, count(new)),
        (Some(old), None) => whole(count(old), 0),
        (None, None) => Vec::new(),
    };
    Some(hunks)
}

/// The hunks between two texts.
fn line_hunks(old: &[u8], new: &[u8]) -> Vec<Hunk> {
    if old == new {
        return Vec::new();
    }
    let input = InternedInput::new(old, new);
    if let Some(middle) = too_repetitive(&input) {
        return vec![middle];
    }
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let hunk = |hunk: imara_diff::Hunk| Hunk {
        before: hunk.before,
        after: hunk.after,
    };
    diff.hunks().map(hunk).collect()
}

/// Steps that the comparison may take to decide which lines are too common to tell anything; two
/// seconds.
const STEPS: usize = 4_000_000_000;

/// What differs between the first and the last lines that both have, if comparing it by lines would
/// take for ever: for each line that is frequent on the other side, imara-diff looks back to the
/// last one that is not, whatever its window says.
fn too_repetitive(input: &InternedInput<&[u8]>) -> Option<Hunk> {
    let (before, after) = (&input.before[..], &input.after[..]);
    let start = before
        .iter()
        .zip(after)
        .take_while(|(one, other)| one == other)
        .count();
    let (old, new) = (&before[start..], &after[start..]);
    let pairs = old.iter().rev().zip(new.iter().rev());
    let end = pairs.take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let tokens = input.interner.num_tokens() as usize;
    let steps = looks_back(old, new, tokens).saturating_add(looks_back(new, old, tokens));
    let range = |length: usize| {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        number(start)..number(start + length)
    };
    (steps > STEPS).then(|| Hunk {
        before: range(old.len()),
        after: range(new.len()),
    })
}

/// How far is looked back in all for the lines of `side` that are frequent in `other`.
fn looks_back(side: &[Token], other: &[Token], tokens: usize) -> usize {
    // Fewer cannot take long, and most files have fewer.
    if side.len().saturating_mul(side.len()) < STEPS {
        return 0;
    }
    let frequent = side.len().isqrt().min(1024);
    let mut counts = vec![0_usize; tokens];
    for token in other {
        counts[token.0 as usize] += 1;
    }
    let (mut steps, mut back) = (0_usize, 0_usize);
    for token in side {
        match counts[token.0 as usize] {
            0 => back += 1,
            count if count < frequent => back = 0,
            _ => {
                back += 1;
                steps = steps.saturating_add(back);
            }
        }
    }
    steps
}

fn whole(before: u32, after: u32) -> Vec<Hunk> {
    if before == 0 && after == 0 {
        return Vec::new();
    }
    vec![Hunk {
        before: 0..before,
        after: 0..after,
    }]
}

/// How many lines a text has.
fn count(bytes: &[u8]) -> u32 {
    u32::try_from(split_lines(bytes).count()).unwrap_or(u32::MAX)
}

/// The lines of `ranges`, which ascend, numbered from 1.
pub(super) fn pick(bytes: &[u8], ranges: impl Iterator<Item = Range<u32>>) -> Vec<(u32, &[u8])> {
    let mut picked = Vec::new();
    let mut lines = (0_u32..).zip(split_lines(bytes));
    for range in ranges {
        if range.is_empty() {
            continue;
        }
        for (number, line) in lines.by_ref() {
            if range.contains(&number) {
                picked.push((number + 1, without_ending(line)));
            }
            if number + 1 >= range.end {
                break;
            }
        }
    }
    picked
}

/// A line without its line feed, and without the carriage return before it.
pub(crate) fn without_ending(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_picked_by_number() {
        let text = b"a\nb\r\nc\nd";
        let picked = pick(text, [1..2, 2..2, 3..4].into_iter());
        assert_eq!(picked, [(2, &b"b"[..]), (4, &b"d"[..])]);
    }

    #[test]
    fn a_few_lines_said_over_and_over_do_not_take_for_ever() {
        let lines = |seed: u32| -> Vec<u8> {
            let numbers = (0..200_000_u32).map(|n| n.wrapping_mul(seed).rotate_left(11) % 50);
            let text = numbers.map(|number| format!("{number}\n"));
            format!("first\n{}last\n", text.collect::<String>()).into_bytes()
        };
        let hunks = line_hunks(&lines(2_654_435_761), &lines(40_503));
        assert_eq!((hunks[0].before.clone(), hunks.len()), (2..200_001, 1));
    }

    #[test]
    fn an_empty_text_has_no_lines() {
        assert_eq!(count(b""), 0);
        assert_eq!(whole(0, 0), []);
    }

    #[test]
    fn a_last_line_without_end_is_another_line() {
        assert_eq!(line_hunks(b"a\nb\n", b"a\nb").len(), 1);
    }
}
