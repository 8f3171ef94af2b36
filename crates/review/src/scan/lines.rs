//! A text as a rule reads it: lines that a backslash continues are one, comments are known as such,
//! and each line knows whether the old side had it.

use std::collections::HashSet;

use bstr::ByteSlice;

use super::place::Language;

/// Lines joined into one never grow past this.
const LONGEST: usize = 64 << 10;

/// How many lines a call that was left open is followed for.
const FOLLOWED: usize = 6;

/// A line as the machine reads it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// From 1, where it begins.
    pub(crate) number: u32,
    /// Its bytes in the text; with continuation lines joined it is longer than one.
    pub(crate) start: usize,
    /// Where it ends, without the line feed.
    pub(crate) end: usize,
    /// Only a comment, or a text that is only printed.
    pub(crate) comment: bool,
    /// Not in the old side's file.
    pub(crate) new: bool,
}

/// A text in lines.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) lines: Vec<Line>,
}

/// The lines of a file of the old side, to ask whether a line is new.
#[derive(Debug, Default)]
pub(crate) struct Known {
    lines: HashSet<u64>,
}

impl Known {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self {
            lines: bytes.lines().map(hash).collect(),
        }
    }

    /// The lines of several files.
    pub(crate) fn of_all<'a>(all: impl Iterator<Item = &'a [u8]>) -> Self {
        Self {
            lines: all.flat_map(|bytes| bytes.lines().map(hash)).collect(),
        }
    }

    pub(crate) fn has(&self, line: &[u8]) -> bool {
        self.lines.contains(&hash(line))
    }
}

/// Of a line, whatever its indentation and line ending.
fn hash(line: &[u8]) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for word in line.fields_with(|c| c.is_ascii_whitespace()) {
        word.hash(&mut hasher);
    }
    hasher.finish()
}

impl<'a> Text<'a> {
    /// `known` are the old side's lines; none when all is new.
    pub(crate) fn of(bytes: &'a [u8], language: Language, known: Option<&Known>) -> Self {
        let mut lines: Vec<Line> = Vec::new();
        let mut start = 0;
        let mut in_block = false;
        let mut open = false;
        let mut printed = Printed::default();
        for (number, raw) in (1..).zip(bytes.lines_with_terminator()) {
            let end = start + raw.trim_end_with(|c| c == '\n' || c == '\r').len();
            let line = &bytes[start..end];
            let new = known.is_none_or(|known| !line.trim_ascii().is_empty() && !known.has(line));
            let comment =
                printed.holds(line, language) || is_comment(line, language, &mut in_block);
            match lines.last_mut() {
                Some(last) if open && end - last.start < LONGEST => {
                    last.end = end;
                    last.new |= new;
                }
                _ => lines.push(Line {
                    number,
                    start,
                    end,
                    comment,
                    new,
                }),
            }
            open = !comment && continues(line, language);
            start += raw.len();
        }
        Self { bytes, lines }
    }

    pub(crate) fn slice(&self, line: &Line) -> &'a [u8] {
        &self.bytes[line.start..line.end]
    }

    /// The line at `index`, and what follows it while a call or a pipe is left open.
    pub(crate) fn statement(&self, index: usize) -> &'a [u8] {
        let start = self.lines[index].start;
        let mut last = index;
        while last + 1 < self.lines.len()
            && last - index < FOLLOWED
            && is_open(self.slice(&self.lines[last]))
            && self.lines[last + 1].end - start < LONGEST
        {
            last += 1;
        }
        &self.bytes[start..self.lines[last].end]
    }

    /// Which line the byte at `offset` is on.
    pub(crate) fn index_at(&self, offset: usize) -> usize {
        self.lines
            .partition_point(|line| line.start <= offset)
            .saturating_sub(1)
    }

    /// The physical line's number of the byte at `offset`.
    pub(crate) fn number_at(&self, offset: usize) -> u32 {
        let line = &self.lines[self.index_at(offset)];
        let within = &self.bytes[line.start..offset.min(line.end).max(line.start)];
        line.number + u32::try_from(within.find_iter("\n").count()).unwrap_or(0)
    }
}

/// A here document that goes to whoever started the script, and to nothing that runs it.
#[derive(Default)]
struct Printed {
    until: Option<Vec<u8>>,
}

impl Printed {
    /// True for a line within such a document that runs nothing itself.
    fn holds(&mut self, line: &[u8], language: Language) -> bool {
        if let Some(word) = &self.until {
            if line.trim_ascii() == word.as_slice() {
                self.until = None;
                return false;
            }
            let plain = line.replace("\\`", "").replace("\\$", "");
            return !plain.contains(&b'`')
                && !plain.contains_str("$(")
                && !plain.contains_str("@{[");
        }
        if matches!(language, Language::Shell | Language::M4 | Language::Perl) {
            self.until = printed_until(line, language);
        }
        false
    }
}

/// The word that ends the document which `line` begins to print.
fn printed_until(line: &[u8], language: Language) -> Option<Vec<u8>> {
    let line = line.trim_ascii();
    let (before, after) = line.split_once_str("<<")?;
    let before = before.trim_ascii();
    let prints = match language {
        Language::Perl => {
            before.starts_with(b"print")
                && !before.contains_str("{")
                && before.fields().count() <= 2
                && (before.fields().count() == 1
                    || before.ends_with(b"STDOUT")
                    || before.ends_with(b"STDERR"))
        }
        // Programs of Perl that begin as a shell's print, too.
        _ => matches!(before, b"cat" | b"cat >&2" | b"cat 1>&2" | b"print"),
    };
    let word = after.trim_start_with(|c| matches!(c, '-' | '~' | ' ' | '\\' | '\'' | '"'));
    let end = word
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .unwrap_or(word.len());
    let rest = word[end..].trim_start_with(|c| matches!(c, '\'' | '"' | ' '));
    let only = matches!(rest, b"" | b";" | b">&2" | b"1>&2");
    (prints && only && end > 0).then(|| word[..end].to_vec())
}

fn continues(line: &[u8], language: Language) -> bool {
    matches!(
        language,
        Language::Shell
            | Language::Make
            | Language::M4
            | Language::C
            | Language::Python
            | Language::CMake
            | Language::Yaml
            | Language::Ruby
    ) && line.ends_with(b"\\")
}

/// True where the sense of a line goes on in the next.
fn is_open(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let Some(last) = line.last() else {
        return false;
    };
    matches!(last, b'(' | b'[' | b'{' | b',' | b'|' | b'=' | b'+') || line.ends_with(b"&&")
}

fn is_comment(line: &[u8], language: Language, in_block: &mut bool) -> bool {
    let line = line.trim_ascii_start();
    match language {
        Language::C
        | Language::JavaScript
        | Language::Java
        | Language::Rust
        | Language::Go
        | Language::Php => {
            if *in_block {
                let Some(end) = line.find("*/") else {
                    return true;
                };
                *in_block = false;
                return line[end + 2..].trim_ascii().is_empty();
            }
            if line.starts_with(b"//") {
                return true;
            }
            if line.starts_with(b"/*") {
                let end = line.find("*/");
                *in_block = end.is_none();
                return end.is_none_or(|end| line[end + 2..].trim_ascii().is_empty());
            }
            *in_block = line
                .rfind("/*")
                .is_some_and(|at| line[at..].find("*/").is_none() && !line[..at].contains(&b'"'));
            false
        }
        Language::M4 => {
            line.starts_with(b"#") && !line.starts_with(b"#!") || line.starts_with(b"dnl")
        }
        Language::Shell
        | Language::Make
        | Language::CMake
        | Language::Meson
        | Language::Python
        | Language::Ruby
        | Language::Perl
        | Language::Yaml
        | Language::Toml => {
            line.starts_with(b"#")
                && !line.starts_with(b"#!")
                && !line.starts_with(b"#cloud-config")
        }
        Language::Scheme => line.starts_with(b";"),
        Language::Lua => line.starts_with(b"--"),
        Language::PowerShell => {
            line.starts_with(b"#") || line.to_ascii_lowercase().starts_with(b"rem ")
        }
        Language::Xml | Language::Json | Language::Other => false,
    }
}

/// `line` without white space and with every number as one digit: what stays the same when a text
/// is laid out anew or a version goes up.
pub(crate) fn normalised(line: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(line.len());
    for &byte in line {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b'\\' => {}
            b'0'..=b'9' => {
                if plain.last() != Some(&b'0') {
                    plain.push(b'0');
                }
            }
            other => plain.push(other.to_ascii_lowercase()),
        }
    }
    plain
}

/// A line that only prints: its quoted strings, which nothing runs, are blanked. None where the line
/// does more than that.
pub(crate) fn without_printed(line: &[u8]) -> Option<Vec<u8>> {
    let trimmed = line.trim_start_with(|c| c.is_whitespace() || c == '@' || c == '-');
    let lower = trimmed[..trimmed.len().min(24)].to_ascii_lowercase();
    let prints = [
        "echo ",
        "echo\t",
        "printf ",
        "print(",
        "print ",
        "ac_msg_",
        "as_echo",
        "message(",
        "console.log",
        "console.error",
        "puts ",
        "warn ",
        "warn(",
        "die ",
        "die(",
        "fprintf(",
        "printf(",
        "error(",
        "$(info",
        "$(warning",
        "$(error",
        "println!",
        "eprintln!",
        "panic!",
        "log.",
        "logger.",
        "msg_",
        "usage",
        "help=",
        "raise ",
        "throw ",
        "write-host",
        "fmt.print",
    ]
    .iter()
    .any(|start| lower.starts_with(start.as_bytes()));
    // What a pipe or a substitution takes is not only printed.
    if !prints || line.contains_str("$(") && !trimmed.starts_with(b"$(") || line.contains(&b'`') {
        return None;
    }
    let bracketed = lower.starts_with(b"ac_msg_") || lower.starts_with(b"message(");
    let mut blank = line.to_vec();
    let mut quote = None;
    let mut escaped = false;
    for byte in &mut blank {
        let this = *byte;
        if escaped {
            escaped = false;
            if quote.is_some() {
                *byte = b' ';
            }
            continue;
        }
        escaped = this == b'\\';
        match quote {
            Some(open) if this == open => quote = None,
            Some(_) => *byte = b' ',
            None if this == b'"' || this == b'\'' => quote = Some(this),
            None if bracketed => *byte = b' ',
            None if this == b'|' => return None,
            None => {}
        }
    }
    Some(blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_a_backslash_continues_is_one_with_the_next() {
        let text = Text::of(b"all:\n\tcurl x \\\n\t| sh\nend\n", Language::Make, None);
        assert_eq!(text.lines.len(), 3);
        assert_eq!(text.slice(&text.lines[1]), b"\tcurl x \\\n\t| sh");
        assert_eq!(text.number_at(text.lines[2].start), 4);
    }

    #[test]
    fn a_line_of_the_old_side_is_not_new_whatever_its_indentation() {
        let known = Known::of(b"  a = 1\r\n");
        let text = Text::of(b"a  =  1\nb = 2\n", Language::Python, Some(&known));
        assert_eq!(
            text.lines.iter().map(|line| line.new).collect::<Vec<_>>(),
            [false, true]
        );
    }

    #[test]
    fn comments_are_known_over_several_lines() {
        let text = Text::of(
            b"/* a\n b\n c */\nint d; /* e */\n// f\n",
            Language::C,
            None,
        );
        assert_eq!(
            text.lines
                .iter()
                .map(|line| line.comment)
                .collect::<Vec<_>>(),
            [true, true, true, false, true]
        );
    }

    #[test]
    fn a_document_that_is_only_printed_is_as_good_as_a_comment() {
        let comments = |text: &[u8]| {
            let text = Text::of(text, Language::Shell, None);
            text.lines
                .iter()
                .map(|line| line.comment)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            comments(b"cat <<EOF\nrun wget\nEOF\nwget x\n"),
            [false, true, false, false]
        );
        assert_eq!(
            comments(b"cat <<EOF\n$(wget x)\nEOF\n"),
            [false, false, false]
        );
        assert_eq!(
            comments(b"cat <<EOF | sh\nwget x\nEOF\n"),
            [false, false, false]
        );
        assert_eq!(
            comments(b"cat <<EOF >run.sh\nwget x\nEOF\n"),
            [false, false, false]
        );
    }

    #[test]
    fn what_is_printed_is_blank_but_what_is_piped_is_not() {
        assert_eq!(
            without_printed(b"echo \"run: curl x | sh\"").unwrap(),
            b"echo \"                \""
        );
        assert!(without_printed(b"echo \"$(curl x | sh)\"").is_none());
        assert!(without_printed(b"echo 'aGk=' | base64 -d | sh").is_none());
    }
}
