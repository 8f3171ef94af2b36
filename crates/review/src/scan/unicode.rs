//! Characters that make a text look like something that it is not: direction controls, invisible
//! ones, letters of other scripts within a name, and sequences that a terminal obeys.

use bstr::ByteSlice;
use unicode_script::{Script, UnicodeScript};

use super::lines::Line;
use super::place::{Language, Role};
use super::view::{Found, Sheet, View};
use crate::signal::Severity;

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let Some(text) = &view.text else { return };
    overwritten(view, sheet);
    if text.bytes.is_ascii() && !text.bytes.contains(&0x1b) {
        return;
    }
    for line in text.lines.iter().filter(|line| line.new) {
        let bytes = text.slice(line);
        if bytes.contains(&0x1b) || bytes.contains_str("\u{9b}") {
            terminal(view, line, bytes, sheet);
        }
        if !bytes.is_ascii() {
            direction(view, line, bytes, sheet);
            invisible(view, line, bytes, sheet);
            confusable(view, line, bytes, sheet);
        }
    }
}

/// A carriage return within a line: a terminal writes what follows over what was there.
fn overwritten(view: &View<'_>, sheet: &mut Sheet<'_>) {
    if !view.place.is_code() || view.place.in_tests {
        return;
    }
    let within = |line: &[u8]| {
        let line = line.trim_end_with(|c| c == '\r');
        line.find_byte(b'\r').is_some_and(|at| {
            let (before, after) = (line[..at].trim_ascii(), line[at + 1..].trim_ascii());
            !before.is_empty() && !after.is_empty()
        })
    };
    let mut lines = view
        .new_lines()
        .filter(|(_, line)| line.lines().any(within));
    // A text with many is one of an old system.
    if let (Some((number, line)), None) = (lines.next(), lines.nth(2)) {
        let found = Found::at(number, line)
            .severity(Severity::Warning)
            .detail("a carriage return hides what stands before it");
        sheet.raise("terminal-escape", view.path, found);
    }
}

/// Signs that look like an operator or a mark of ASCII and belong to a name, or to nothing.
fn is_sign(c: char) -> bool {
    matches!(
        c,
        '\u{1c3}' | '\u{1c0}' | '\u{37e}' | '\u{2215}' | '\u{2223}' | '\u{a4fb}'
    )
}

/// Overrides, embeddings and isolates: what reorders the text around it.
fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Marks: they reorder only neighbours without a direction of their own.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}')
}

fn direction(view: &View<'_>, line: &Line, bytes: &[u8], sheet: &mut Sheet<'_>) {
    let control = bytes.chars().any(is_direction_control);
    if !control && !bytes.chars().any(is_direction_mark) {
        return;
    }
    let severity = match view.place.role {
        Role::Translation | Role::Documentation | Role::Data => Severity::Note,
        Role::Test if view.place.language == Language::Other || only_isolates(bytes) => {
            Severity::Note
        }
        Role::Test if control => Severity::Warning,
        _ if control => Severity::Critical,
        _ => Severity::Note,
    };
    sheet.raise(
        "bidi-control",
        view.path,
        Found::at(line.number, bytes).severity(severity),
    );
}

/// True where the only controls are isolates of unknown direction, each closed on its line: tools put
/// them around names of files, and they change the order of nothing outside.
fn only_isolates(bytes: &[u8]) -> bool {
    let mut open = 0_i32;
    bytes.chars().filter(|c| is_direction_control(*c)).all(|c| {
        open += match c {
            '\u{2068}' => 1,
            '\u{2069}' => -1,
            _ => return false,
        };
        (0..=1).contains(&open)
    }) && open == 0
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn invisible(view: &View<'_>, line: &Line, bytes: &[u8], sheet: &mut Sheet<'_>) {
    let mut before = ' ';
    let mut count = 0;
    for (at, _, c) in bytes.char_indices() {
        let start_of_file = c == '\u{feff}' && line.number == 1 && at == 0;
        if is_invisible(c) && !start_of_file && !joins(before, c) {
            count += 1;
        }
        before = c;
    }
    if count == 0 {
        return;
    }
    let severity = match view.place.role {
        Role::Translation | Role::Documentation => {
            // Nobody writes eight invisible characters into one line of prose.
            if count >= 8 && view.place.role == Role::Documentation {
                Severity::Warning
            } else {
                Severity::Note
            }
        }
        Role::Data | Role::Test if view.place.in_tests => Severity::Note,
        _ if line.comment && count < 4 => Severity::Note,
        // A list of names without a language: nobody runs it.
        Role::Source if view.place.language == Language::Other && count < 8 => Severity::Note,
        _ if count >= 8 => Severity::Critical,
        _ => Severity::Warning,
    };
    let found = Found::at(line.number, bytes)
        .severity(severity)
        .detail(format!("{count} of them"));
    sheet.raise("invisible-characters", view.path, found);
}

/// True where a writing system needs the invisible character: a picture's variant, or joining in
/// the scripts that have it.
fn joins(before: char, c: char) -> bool {
    let picture = before as u32 >= 0x1f000
        || matches!(before, '\u{a9}' | '\u{ae}' | '\u{203c}'..='\u{3299}' | '0'..='9' | '#' | '*')
        || before == '\u{fe0f}'
        || before == '\u{200d}';
    match c {
        '\u{fe0f}' | '\u{fe0e}' => picture && before != '\u{200d}',
        '\u{200d}' => picture || is_joining(before),
        '\u{200c}' => is_joining(before),
        '\u{fe00}'..='\u{fe0d}' => before.script() == Script::Han,
        _ => false,
    }
}

fn is_joining(c: char) -> bool {
    !c.is_ascii()
        && !matches!(
            c.script(),
            Script::Latin | Script::Cyrillic | Script::Greek | Script::Common | Script::Han
        )
}

/// Names in which letters of two alphabets stand side by side, or that read as a known ASCII name.
fn confusable(view: &View<'_>, line: &Line, bytes: &[u8], sheet: &mut Sheet<'_>) {
    if !view.place.is_code() {
        return;
    }
    let Some(text) = bytes.to_str().ok() else {
        return;
    };
    if !line.comment
        && view.place.language != Language::Other
        && let Some(sign) = text.chars().find(|c| is_sign(*c))
        && !is_quoted(text, sign.encode_utf8(&mut [0; 4]))
    {
        let found = Found::at(line.number, bytes).detail(format!("{sign} is no operator"));
        sheet.raise("confusable-identifier", view.path, found);
        return;
    }
    for word in text.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
        if word.is_ascii() || !looks_ascii(word) {
            continue;
        }
        let ascii: String = unicode_security::skeleton(word).collect();
        let mixed = word.chars().count() > 2 && word.chars().any(|c| c.is_ascii_alphabetic());
        // A word all of one other alphabet is a name only where the program has its ASCII twin.
        let twin = ascii.len() > 2 && view.bytes().contains_str(&ascii);
        if !mixed && (line.comment || !twin) {
            continue;
        }
        let severity = match view.place.role {
            _ if view.place.language == Language::Other => Severity::Note,
            // Tests of texts are full of texts.
            Role::Test if is_quoted(text, word) => Severity::Note,
            Role::Test => Severity::Warning,
            _ if line.comment => Severity::Note,
            _ => Severity::Critical,
        };
        let found = Found::at(line.number, bytes)
            .severity(severity)
            .detail(format!("{word} reads as {ascii}"));
        sheet.raise("confusable-identifier", view.path, found);
    }
}

/// True where `word` stands within quotes on its line.
fn is_quoted(line: &str, word: &str) -> bool {
    line.find(word).is_some_and(|at| {
        let before = &line[..at];
        ['"', '\'']
            .iter()
            .any(|quote| before.matches(*quote).count() % 2 == 1)
    })
}

/// True where every letter that is not ASCII is one that reads as an ASCII letter.
fn looks_ascii(word: &str) -> bool {
    let mut foreign = false;
    for c in word.chars().filter(|c| !c.is_ascii()) {
        let skeleton: String = unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).collect();
        // Letters with an accent are Latin themselves, and decompose; they are everyday names.
        let accented = c.script() == Script::Latin && !('\u{ff00}'..='\u{ffef}').contains(&c);
        // A modifier that reads as an apostrophe makes no name.
        let letter = skeleton.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !letter || accented {
            return false;
        }
        foreign = true;
    }
    foreign
}

fn terminal(view: &View<'_>, line: &Line, bytes: &[u8], sheet: &mut Sheet<'_>) {
    let mut obeyed = bytes.contains_str("\u{9b}");
    let mut worse = obeyed;
    for at in bytes.find_iter(b"\x1b") {
        match sequence(&bytes[at + 1..]) {
            Sequence::None => {}
            Sequence::Colour => obeyed = true,
            Sequence::Other => (obeyed, worse) = (true, true),
        }
    }
    if !obeyed {
        return;
    }
    let severity = match view.place.role {
        // It puts something into the reader's clipboard.
        _ if bytes.contains_str("\x1b]52;") => Severity::Warning,
        Role::Test | Role::Data if view.place.in_tests => Severity::Note,
        Role::Translation => Severity::Note,
        _ if view.place.in_tests || !worse => Severity::Note,
        _ => Severity::Warning,
    };
    sheet.raise(
        "terminal-escape",
        view.path,
        Found::at(line.number, bytes).severity(severity),
    );
}

/// No sequence with an end is longer.
const SEQUENCE: usize = 256;

enum Sequence {
    None,
    /// Bold, underlined, a colour: manual pages are written so.
    Colour,
    Other,
}

/// What a terminal makes of what follows an escape.
fn sequence(after: &[u8]) -> Sequence {
    let after = &after[..after.len().min(SEQUENCE)];
    match after.first() {
        Some(b'[') => {
            let end = after[1..]
                .iter()
                .position(u8::is_ascii_alphabetic)
                .unwrap_or(after.len() - 1);
            let numbers = &after[1..=end.min(after.len() - 1)];
            // 8 conceals what follows.
            let conceals = numbers
                .split(|byte| matches!(byte, b';' | b':'))
                .any(|number| number == b"8");
            if after.get(end + 1) == Some(&b'm') && !conceals {
                Sequence::Colour
            } else {
                Sequence::Other
            }
        }
        Some(b']' | b'P' | b'_' | b'^' | b'X' | b'c' | b'7' | b'8' | b'(' | b'#') => {
            Sequence::Other
        }
        _ => Sequence::None,
    }
}
