//! Paragraphs of fields, as Debian's control files have them (deb822).
//!
//! Fields may be folded, names are compared without regard to case, lines that begin with `#` are
//! comments, and the armour of a clear-signed file is passed over. The signature is not checked:
//! what such a file says is not proven by reading it here.

use std::io::BufRead;
use std::ops::Range;

use crate::lines::Lines;
use crate::{ReadError, limits};

/// Fields in one paragraph; the largest of Debian's have some forty.
const FIELDS: usize = 4096;

/// Problems of one paragraph that are kept.
const PROBLEMS: usize = 16;

/// Reads paragraphs one after the other.
pub struct Paragraphs<R> {
    document: String,
    lines: Lines<R>,
    armour: Armour,
}

/// A paragraph: fields in their order.
#[derive(Debug, Default)]
pub struct Paragraph {
    line: u64,
    text: String,
    fields: Vec<Span>,
    problems: Vec<Problem>,
    /// Whether an indented line belongs to the last field.
    open: bool,
}

/// A field of a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as written.
    pub name: &'a str,
    /// The value: its lines without indentation, with line feeds between them.
    pub value: &'a str,
    /// The line in which it begins, counted from 1.
    pub line: u64,
}

/// Something in a paragraph that was mended or passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: u64,
    /// What it is.
    pub reason: String,
}

#[derive(Debug)]
struct Span {
    name: Range<usize>,
    value: Range<usize>,
    line: u64,
}

/// Where in a clear-signed file the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Armour {
    Outside,
    Headers,
    Signed,
    Signature,
}

impl<R: BufRead> Paragraphs<R> {
    /// Reads paragraphs of a document that is not compressed.
    pub fn new(document: &str, reader: R) -> Self {
        let lines = Lines::new(reader, limits::RECORD_BYTES);
        Self {
            document: document.to_owned(),
            lines,
            armour: Armour::Outside,
        }
    }

    /// Reads the next paragraph into `paragraph`; `false` when there is none.
    pub fn read(&mut self, paragraph: &mut Paragraph) -> Result<bool, ReadError> {
        paragraph.clear();
        loop {
            let line = self.lines.next().map_err(|source| ReadError::Io {
                document: self.document.clone(),
                source,
            })?;
            let Some(line) = line else {
                return Ok(paragraph.line != 0);
            };
            if !line.terminated && !line.bytes.trim_ascii().is_empty() {
                return Err(ReadError::cut_off(&self.document, line.number));
            }
            let bytes = line.bytes.strip_suffix(b"\r").unwrap_or(line.bytes);
            let Some(bytes) = self.armour.inside(bytes) else {
                continue;
            };
            if bytes.trim_ascii().is_empty() {
                if paragraph.line != 0 {
                    return Ok(true);
                }
                continue;
            }
            if bytes[0] == b'#' {
                continue;
            }
            if paragraph.line == 0 {
                paragraph.line = line.number;
            }
            if line.cut {
                paragraph.problem(line.number, || "the line is too long and was cut".into());
            }
            paragraph.add(line.number, bytes);
        }
    }
}

impl Armour {
    /// Takes the armour off a line; `None` when nothing is left.
    fn inside<'a>(&mut self, line: &'a [u8]) -> Option<&'a [u8]> {
        let rest = match (*self, line) {
            (Self::Outside, b"-----BEGIN PGP SIGNED MESSAGE-----") => (Self::Headers, None),
            (Self::Headers, _) if line.trim_ascii().is_empty() => (Self::Signed, None),
            (Self::Signed, b"-----BEGIN PGP SIGNATURE-----") => (Self::Signature, None),
            (Self::Signature, b"-----END PGP SIGNATURE-----") => (Self::Outside, None),
            (Self::Headers | Self::Signature, _) => (*self, None),
            (Self::Signed, _) => (*self, Some(line.strip_prefix(b"- ").unwrap_or(line))),
            (Self::Outside, _) => (*self, Some(line)),
        };
        *self = rest.0;
        rest.1
    }
}

impl Paragraph {
    /// The value of a field, whose name is compared without regard to case; the first one when
    /// the field is repeated.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
    }

    /// The fields in their order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.fields.iter().map(|span| Field {
            name: &self.text[span.name.clone()],
            value: &self.text[span.value.clone()],
            line: span.line,
        })
    }

    /// The line in which the paragraph begins, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// What was mended or passed over; not more than the first few.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn clear(&mut self) {
        self.line = 0;
        self.text.clear();
        self.fields.clear();
        self.problems.clear();
        self.open = false;
    }

    fn problem(&mut self, line: u64, reason: impl FnOnce() -> String) {
        if self.problems.len() < PROBLEMS {
            self.problems.push(Problem {
                line,
                reason: reason(),
            });
        }
    }

    fn add(&mut self, line: u64, bytes: &[u8]) {
        if self.text.len().saturating_add(bytes.len()) > limits::RECORD_BYTES {
            self.open = false;
            self.problem(line, || {
                "the paragraph is too long; the rest was passed over".into()
            });
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            self.problem(line, || "the line is not UTF-8".into());
        }
        if let Some(rest) = text.strip_prefix([' ', '\t']) {
            return self.go_on(line, rest.trim_end());
        }
        self.open = false;
        let Some((name, value)) = text.split_once(':').filter(|(name, _)| is_name(name)) else {
            return self.problem(line, || "the line is no field and was passed over".into());
        };
        if self.fields.len() == FIELDS {
            return self.problem(line, || "the paragraph has too many fields".into());
        }
        if self.get(name).is_some() {
            self.problem(line, || {
                format!("the field {name} is repeated; the first one counts")
            });
        }
        let name = self.push(name);
        let value = self.push(value.trim());
        self.fields.push(Span { name, value, line });
        self.open = true;
    }

    fn go_on(&mut self, line: u64, text: &str) {
        match self.fields.last_mut().filter(|_| self.open) {
            Some(field) => {
                self.text.push('\n');
                self.text.push_str(text);
                field.value.end = self.text.len();
            }
            None => self.problem(line, || "an indented line belongs to no field".into()),
        }
    }

    fn push(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('-') && name.bytes().all(|b| b.is_ascii_graphic())
}
