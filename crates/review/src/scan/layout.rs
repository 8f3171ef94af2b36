//! What a reader does not see for its place: code far to the right of a line, and whole programs
//! on one line with nothing that they were made from.

use bstr::ByteSlice;

use super::place::{Language, Role};
use super::view::{Found, Sheet, View};
use super::world::World;
use crate::signal::Severity;

/// No screen is this wide, and no table is indented so far.
const OFF_SCREEN: usize = 110;

/// A line of people's code is never longer.
const MINIFIED: usize = 2_000;

pub(crate) fn detect(view: &View<'_>, world: &World<'_>, sheet: &mut Sheet<'_>) {
    off_screen(view, sheet);
    minified(view, world, sheet);
}

fn off_screen(view: &View<'_>, sheet: &mut Sheet<'_>) {
    if !view.place.is_code() || view.text.is_none() {
        return;
    }
    for (number, line) in view.new_lines() {
        let mut indent = 0;
        for physical in line.lines() {
            let before = std::mem::replace(&mut indent, indentation(physical, 8));
            let Some(code) = behind_gap(physical) else {
                continue;
            };
            // Macros that generate code go deeper with each level, and the rest of a call stands
            // below its parenthesis: nothing is hidden there.
            let generated = indent >= OFF_SCREEN
                && (before * 2 >= indent
                    || view.name().starts_with(b"configure")
                    || is_aligned(view, number, physical));
            let severity = match view.place.role {
                _ if generated => Severity::Note,
                Role::Test if view.place.language == Language::Other => Severity::Note,
                Role::Test => Severity::Warning,
                _ => Severity::Critical,
            };
            let found = Found::at(number, code).severity(severity);
            sheet.raise("code-after-long-whitespace", view.path, found);
        }
    }
}

/// How many columns of white space a line begins with.
fn indentation(line: &[u8], tab: usize) -> usize {
    line.iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .map(|byte| if *byte == b'\t' { tab } else { 1 })
        .sum()
}

/// True for a line that begins no further right than the one above it ends, however wide a tab is.
fn is_aligned(view: &View<'_>, number: u32, line: &[u8]) -> bool {
    let above = usize::try_from(number)
        .ok()
        .and_then(|number| number.checked_sub(2))
        .and_then(|index| view.bytes().lines().nth(index));
    above.is_some_and(|above| {
        [2, 4, 8].iter().any(|&tab| {
            let text = above.trim_ascii_start();
            indentation(line, tab) <= indentation(above, tab) + text.len()
        })
    })
}

/// What stands behind white space wide enough to push it off the screen.
fn behind_gap(line: &[u8]) -> Option<&[u8]> {
    let mut width = 0;
    for (at, &byte) in line.iter().enumerate() {
        match byte {
            b' ' => width += 1,
            b'\t' => width += 8,
            _ if width >= OFF_SCREEN => {
                let code = line[at..].trim_ascii();
                let harmless = code == b"\\"
                    || code == b"*/"
                    || code.starts_with(b"//")
                    || code.starts_with(b"/*") && code.ends_with(b"*/")
                    // The end of a long text.
                    || code.iter().all(|byte| b"\"');,".contains(byte));
                return (!harmless && !code.is_empty()).then_some(code);
            }
            _ => width = 0,
        }
    }
    None
}

fn minified(view: &View<'_>, world: &World<'_>, sheet: &mut Sheet<'_>) {
    let Some(text) = &view.text else { return };
    if view.place.language != Language::JavaScript && !view.path.ends_with(b".css") {
        return;
    }
    let named = view.path.contains_str(".min.")
        || view.path.contains_str("-min.")
        || view.path.contains_str(".bundle.");
    let longest = text
        .lines
        .iter()
        .filter(|line| line.new)
        .map(|line| line.end - line.start)
        .max()
        .unwrap_or(0);
    let code = view.bytes().len() / text.lines.len().max(1);
    if longest == 0 || !(named || longest > MINIFIED || code > 300 && view.bytes().len() > 600) {
        return;
    }
    let (severity, detail) = match world.source_of(view.path) {
        Source::Changed => return,
        Source::Unchanged => (Severity::Warning, "its source did not change"),
        Source::Absent if view.path.ends_with(b".css") => {
            (Severity::Note, "no source of it is here")
        }
        Source::Absent => (Severity::Warning, "no source of it is here"),
    };
    let read = view.place.role == Role::Documentation
        || view.place.in_tests
        || view
            .path
            .split_str("/")
            .any(|part| matches!(part, b"doc" | b"docs" | b"html" | b"_static"));
    let (severity, detail) = match same_version(view) {
        true => (Severity::Warning, "it says to be of the same version"),
        false if read => (Severity::Note, detail),
        false => (severity, detail),
    };
    let found = Found::whole(text.bytes).severity(severity).detail(detail);
    sheet.raise("minified-without-source", view.path, found);
}

/// True where both sides begin with the same words about a version: upstream's copy was changed.
fn same_version(view: &View<'_>) -> bool {
    let banner = |bytes: &[u8]| -> Option<Vec<u8>> {
        let start = &bytes[..bytes.len().min(200)];
        let end = start.find("*/")?;
        let banner = &start[..end];
        let dotted = banner.windows(3).any(|three| {
            three[0].is_ascii_digit() && three[1] == b'.' && three[2].is_ascii_digit()
        });
        dotted.then(|| banner.to_vec())
    };
    let old = banner(view.old_bytes());
    old.is_some() && old == banner(view.bytes())
}

/// What the tree has of the text that a minified file was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// It changed along.
    Changed,
    /// It is there and as it was.
    Unchanged,
    /// It is not there.
    Absent,
}
