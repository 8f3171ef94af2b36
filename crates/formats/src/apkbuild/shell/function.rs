//! Bodies of functions and texts in a script, which are passed over and not understood.

use super::cursor::Cursor;

/// Lines that are looked at for the end of a text in a function.
const TEXT_LINES: usize = 10_000;

/// Passes over a function that begins here; gives its name.
///
/// The body ends at a line that begins with the closing brace, indented as the function is:
/// everything in aports is written so. A body on the function's own line ends with that line.
pub(super) fn skip(cursor: &mut Cursor<'_>) -> Option<String> {
    let rest = cursor.rest();
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.+".contains(c)))?;
    let (name, behind) = rest.split_at(end);
    let behind = behind.trim_start_matches([' ', '\t']).strip_prefix('(')?;
    let behind = behind.trim_start_matches([' ', '\t']).strip_prefix(')')?;
    if name.is_empty() {
        return None;
    }
    let indent = cursor.indent();
    cursor.skip_to(behind);
    cursor.take_while(|c| c.is_ascii_whitespace());
    let close = match cursor.peek() {
        Some('{') => '}',
        Some('(') => ')',
        _ => return Some(name.to_owned()),
    };
    let line = cursor.take_line();
    if line
        .split(" #")
        .next()
        .is_some_and(|code| code.trim_end().ends_with(close))
    {
        return Some(name.to_owned());
    }
    skip_lines_to(cursor, indent, close);
    Some(name.to_owned())
}

/// Passes over lines up to one that begins with a character, and that line's beginning.
fn skip_lines_to(cursor: &mut Cursor<'_>, indent: &str, close: char) {
    let mut failures = 0;
    while cursor.next().is_some() {
        let start = cursor.rest().strip_prefix(indent);
        if let Some(behind) = start.and_then(|line| line.strip_prefix(close)) {
            return cursor.skip_to(behind);
        }
        let line = cursor.take_line();
        if failures < 16
            && let Some(end) = text_end(line)
            && !skip_to_end(cursor, &end)
        {
            failures += 1;
        }
    }
}

/// Passes over `<<END` and, on the lines below, the text up to `END`.
pub(super) fn skip_text(cursor: &mut Cursor<'_>) {
    if let Some(end) = text_end(cursor.take_line()) {
        skip_to_end(cursor, &end);
    }
}

/// Which line ends the text that begins below a line.
struct End<'a> {
    word: &'a str,
    /// Whether tabs may stand before it.
    tabs: bool,
}

fn text_end(line: &str) -> Option<End<'_>> {
    let (_, behind) = line.split_once("<<")?;
    let tabs = behind.starts_with('-');
    let word = behind
        .trim_start_matches('-')
        .trim_start()
        .trim_start_matches(['"', '\'', '\\']);
    let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let word = &word[..end.unwrap_or(word.len())];
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    is_word.then_some(End { word, tabs })
}

/// Passes over lines to the end of a text; takes none where there is no such line.
fn skip_to_end(cursor: &mut Cursor<'_>, end: &End<'_>) -> bool {
    let is_end = |line: &str| {
        let line = if end.tabs {
            line.trim_start_matches('\t')
        } else {
            line
        };
        line == end.word
    };
    let lines = cursor.rest().lines().skip(1).take(TEXT_LINES);
    let Some(count) = lines.map(is_end).position(|is_end| is_end) else {
        return false;
    };
    for _ in 0..=count {
        cursor.next();
        cursor.take_line();
    }
    true
}
