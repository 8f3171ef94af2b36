//! YAML as people write it by hand: maps, lists and text, nothing that has to be resolved.
//!
//! Scalars stay text: to a common loader the version `1.10` is the number 1.1. Aliases, several
//! documents in one, and nesting deeper than any format of ours has are errors.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use crate::ReadError;

/// The size of a document, in bytes. The largest of Alpine's has 50 kB, of Wolfi's below 1 MB.
pub(crate) const BYTES: u64 = 16 << 20;

/// Maps and lists in each other; a security database has seven.
const DEPTH: usize = 16;

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Text, or nothing at all where it is `None`.
    Scalar(Option<Cow<'a, str>>),
    /// A list begins.
    List,
    /// A map begins; keys and values follow by turns.
    Map,
    /// The innermost list or map ends.
    End,
}

/// Why a text is not read, and in which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: u64,
    pub(crate) reason: String,
}

/// Visits the parts of a document in order, each with its line, counted from 1.
///
/// # Errors
/// When the text is no YAML, has what is not resolved, or `visit` refuses a part.
pub(crate) fn walk<'a>(
    document: &str,
    text: &'a str,
    visit: &mut dyn FnMut(u64, Part<'a>) -> Result<(), String>,
) -> Result<(), ReadError> {
    parts(text, visit).map_err(|Fault { line, reason }| ReadError::Malformed {
        document: document.to_owned(),
        reason: format!("line {line}: {reason}"),
    })
}

/// Visits the parts of a text, as [`walk`] does.
pub(crate) fn parts<'a>(
    text: &'a str,
    visit: &mut dyn FnMut(u64, Part<'a>) -> Result<(), String>,
) -> Result<(), Fault> {
    let fault = |line: u64, reason: &str| Fault {
        line,
        reason: reason.to_owned(),
    };
    let (mut depth, mut documents) = (0_usize, 0);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| fault(line_of(&error), error.info()))?;
        let line = span.start.line() as u64;
        let part = match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(fault(line, "a second document begins"));
                }
                continue;
            }
            Event::Alias(_) => return Err(fault(line, "aliases are not followed")),
            Event::Scalar(text, style, ..) => Part::Scalar(scalar(text, style)),
            Event::SequenceStart(..) => Part::List,
            Event::MappingStart(..) => Part::Map,
            Event::SequenceEnd | Event::MappingEnd => Part::End,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => continue,
        };
        match part {
            Part::List | Part::Map if depth == DEPTH => {
                return Err(fault(line, "it is nested too deep"));
            }
            Part::List | Part::Map => depth += 1,
            Part::End => depth -= 1,
            Part::Scalar(_) => {}
        }
        visit(line, part).map_err(|reason| fault(line, &reason))?;
    }
    Ok(())
}

/// The same document as JSON, with every scalar as text; keys that stand twice stay so.
pub(crate) fn to_json(document: &str, text: &str) -> Result<Vec<u8>, ReadError> {
    let mut json = Json::default();
    walk(document, text, &mut |_, part| json.add(part))?;
    Ok(json.out)
}

fn line_of(error: &ScanError) -> u64 {
    error.marker().line() as u64
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Option<Cow<'_, str>> {
    let nothing = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
    (!nothing).then_some(text)
}

/// JSON as far as it was written.
#[derive(Default)]
struct Json {
    out: Vec<u8>,
    open: Vec<Open>,
}

/// A list or map that has not ended, and how many parts it has.
struct Open {
    map: bool,
    parts: u64,
}

impl Json {
    fn add(&mut self, part: Part<'_>) -> Result<(), String> {
        if part == Part::End {
            let ended = self.open.pop().map(|open| open.map);
            self.out.push(if ended == Some(true) { b'}' } else { b']' });
            return Ok(());
        }
        let is_key = self.separate();
        match part {
            Part::Scalar(Some(text)) => self.text(&text),
            Part::Scalar(None) if is_key => self.text(""),
            Part::Scalar(None) => self.out.extend_from_slice(b"null"),
            _ if is_key => return Err("a key is a list or a map".to_owned()),
            container => {
                let map = container == Part::Map;
                self.out.push(if map { b'{' } else { b'[' });
                self.open.push(Open { map, parts: 0 });
            }
        }
        Ok(())
    }

    /// Writes what stands before the next part; says whether that is a key.
    fn separate(&mut self) -> bool {
        let Some(open) = self.open.last_mut() else {
            return false;
        };
        let is_key = open.map && open.parts % 2 == 0;
        if open.parts > 0 {
            self.out.push(if open.map && !is_key { b':' } else { b',' });
        }
        open.parts += 1;
        is_key
    }

    fn text(&mut self, text: &str) {
        let quoted = serde_json::to_string(text).expect("text is JSON");
        self.out.extend_from_slice(quoted.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        match to_json("d", text) {
            Ok(json) => String::from_utf8(json).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn scalars_stay_text() {
        let text = "---\na: 1.10\nb: [yes, '', ~, 0]\nc:\n- x # why\n-\nd: {}\n";
        assert_eq!(
            json(text),
            r#"{"a":"1.10","b":["yes","",null,"0"],"c":["x",null],"d":{}}"#
        );
    }

    #[test]
    fn what_would_have_to_be_resolved_is_an_error() {
        for (text, reason) in [
            ("a: &x 1\nb: *x\n", "line 2: aliases are not followed"),
            ("a: 1\n---\nb: 1\n", "line 2: a second document begins"),
            ("? [a]\n: 1\n", "line 1: a key is a list or a map"),
            (
                "- - - - - - - - - - - - - - - - - x",
                "line 1: it is nested too deep",
            ),
        ] {
            assert_eq!(json(text), format!("read d: {reason}"), "{text}");
        }
        assert!(json("a:\n\t- x\n").starts_with("read d: line"));
        assert!(json(&"[".repeat(100_000)).starts_with("read d: line"));
    }
}
