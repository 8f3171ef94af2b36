//! Cuts a stream of JSON into raw records, in memory that does not grow with the stream.
//!
//! Three layouts are told apart by their first bytes:
//!
//! - JSON Lines, and whole values one behind another with or without white space between;
//! - one array, whose elements are the records;
//! - one object with one of given members at its first level, whose value is an array of records;
//!   the members before it are the *head*. Further such objects may follow, as pages do.
//!
//! When the first line is one whole value, each line is taken for a record, whatever it holds: one
//! damaged line is then one damaged record. Elsewhere brackets and strings are counted. Nothing
//! here checks that a record is sound JSON; its parser does.

mod scanner;
mod value;

use std::io::{ErrorKind, Read};
use std::ops::Range;

use memchr::{memchr, memchr_iter};
use serde::de::IgnoredAny;

use crate::feed::{FeedHead, FeedSink, RawRecord};
use crate::handing::Handing;
use crate::{BadRecord, Place, ReadError, limits};
use scanner::Scanner;

pub(crate) use value::{Text, list, timestamp};

/// How much is read at a time; it fits the second-level cache together with what is parsed.
const CHUNK: usize = 256 << 10;

/// How deep a record may be nested; `serde_json` stops there as well.
const DEPTH: usize = 128;

/// One piece of a document.
#[derive(Debug)]
pub(crate) enum Cut<'a> {
    /// A record.
    Record(RawRecord<'a>),
    /// A record that was passed over.
    PassedOver(Place, &'static str),
}

/// Cuts records out of a reader.
pub(crate) struct JsonRecords<'r> {
    document: &'r str,
    reader: &'r mut dyn Read,
    containers: &'r [&'r str],
    buffer: Vec<u8>,
    /// What of the buffer is filled and not yet used.
    unread: Range<usize>,
    ended: bool,
    bytes: u64,
    line: u64,
    records: u64,
    layout: Layout,
    head: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Nothing was read.
    Start,
    /// Each line is a record.
    Lines,
    /// Values stand one behind another.
    Values,
    /// In an array, which is the document or a member of an object.
    Array { member: bool, first: bool },
    /// Behind an object with a container.
    BetweenPages,
    /// Behind the end.
    End,
}

/// What an object at the document's first level is.
enum Object {
    /// A record of that many bytes, of which some may be line feeds.
    Record(usize),
    /// The frame of an array; where its head ends, and where the array's bracket stands.
    Container { head: usize, bracket: usize },
}

enum Piece {
    Record(Place, Range<usize>),
    PassedOver(Place, &'static str),
}

/// Cuts a document for a sink; `describe` tells the document's head from its members' JSON.
pub(crate) fn read_feed(
    document: &str,
    reader: &mut dyn Read,
    containers: &[&str],
    sink: &mut dyn FeedSink,
    describe: impl FnOnce(&[u8]) -> FeedHead,
) -> Result<(), ReadError> {
    let mut records = JsonRecords::new(document, reader, containers);
    let head = describe(records.head()?.unwrap_or(b"{}"));
    let mut handing = Handing::new(document, sink);
    handing.begin(&head);
    while let Some(cut) = records.next_record()? {
        match cut {
            Cut::Record(raw) => handing.record(raw.place, raw.bytes)?,
            Cut::PassedOver(place, reason) => handing.pass_over(place, BadRecord::new(reason)),
        }
    }
    Ok(())
}

impl<'r> JsonRecords<'r> {
    /// Cuts what `reader` gives; `containers` are the members that may hold the records.
    pub(crate) fn new(
        document: &'r str,
        reader: &'r mut dyn Read,
        containers: &'r [&'r str],
    ) -> Self {
        Self {
            document,
            reader,
            containers,
            buffer: vec![0; CHUNK],
            unread: 0..0,
            ended: false,
            bytes: 0,
            line: 1,
            records: 0,
            layout: Layout::Start,
            head: None,
        }
    }

    /// The members before the first container, as a JSON object of their own.
    pub(crate) fn head(&mut self) -> Result<Option<&[u8]>, ReadError> {
        if self.layout == Layout::Start {
            self.detect()?;
        }
        Ok(self.head.as_deref())
    }

    /// The next record; `None` behind the last.
    pub(crate) fn next_record(&mut self) -> Result<Option<Cut<'_>>, ReadError> {
        let piece = loop {
            match self.layout {
                Layout::Start | Layout::BetweenPages => self.detect()?,
                Layout::Lines => break self.line()?,
                Layout::Values => break self.value()?,
                Layout::Array { member, first } => {
                    if let Some(piece) = self.element(member, first)? {
                        break Some(piece);
                    }
                }
                Layout::End => break None,
            }
        };
        let Some(piece) = piece else {
            self.layout = Layout::End;
            return Ok(None);
        };
        self.records += 1;
        if self.records > limits::RECORDS {
            return Err(self.limit("the number of records", limits::RECORDS));
        }
        Ok(Some(match piece {
            Piece::Record(place, range) => Cut::Record(RawRecord {
                place,
                bytes: &self.buffer[range],
            }),
            Piece::PassedOver(place, reason) => Cut::PassedOver(place, reason),
        }))
    }

    /// Finds out the layout of the document, or of what stands behind a page.
    fn detect(&mut self) -> Result<(), ReadError> {
        let start = self.layout == Layout::Start;
        if start && self.holds(3)? && self.waiting().starts_with(b"\xef\xbb\xbf") {
            self.unread.start += 3;
        }
        self.layout = match self.skip_blanks()? {
            None if start => return Err(self.malformed("it is empty")),
            None => Layout::End,
            Some(b'[') => {
                self.unread.start += 1;
                Layout::Array {
                    member: false,
                    first: true,
                }
            }
            Some(b'{') => match self.object()? {
                Object::Record(length) if start && self.fills_its_line(length)? => Layout::Lines,
                Object::Record(_) => Layout::Values,
                Object::Container { head, bracket } => {
                    let members = self.waiting()[..head].trim_ascii_end();
                    let members = members.strip_suffix(b",").unwrap_or(members);
                    let members = [members, b"}"].concat();
                    self.head.get_or_insert(members);
                    self.unread.start += bracket + 1;
                    Layout::Array {
                        member: true,
                        first: true,
                    }
                }
            },
            Some(_) => return Err(self.malformed("it begins with neither an object nor an array")),
        };
        Ok(())
    }

    /// Reads an object up to its end or to a container's bracket, keeping all of it buffered.
    fn object(&mut self) -> Result<Object, ReadError> {
        let (mut at, mut depth) = (1, 1_usize);
        let mut key: Option<Range<usize>> = None;
        let mut is_value = false;
        loop {
            match self.peek(at)? {
                b'"' => {
                    let end = self.string_end(at)?;
                    if depth == 1 && !is_value {
                        key = Some(at + 1..end - 1);
                    }
                    at = end;
                    continue;
                }
                b':' if depth == 1 => is_value = true,
                b',' if depth == 1 => is_value = false,
                b'[' if depth == 1 && is_value => {
                    if let Some(key) = key.take_if(|key| self.is_container(key)) {
                        return Ok(Object::Container {
                            head: key.start - 1,
                            bracket: at,
                        });
                    }
                    depth += 1;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(Object::Record(at + 1));
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn is_container(&self, key: &Range<usize>) -> bool {
        let key = &self.waiting()[key.clone()];
        self.containers.iter().any(|name| name.as_bytes() == key)
    }

    /// The place behind the string that begins at `at`.
    fn string_end(&mut self, at: usize) -> Result<usize, ReadError> {
        let mut at = at + 1;
        loop {
            match self.peek(at)? {
                b'"' => return Ok(at + 1),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
    }

    /// Whether the value of that length holds no line feed and nothing but a line feed or the
    /// end of the document follows.
    fn fills_its_line(&mut self, length: usize) -> Result<bool, ReadError> {
        if memchr(b'\n', &self.waiting()[..length]).is_some() {
            return Ok(false);
        }
        let mut at = length;
        while self.holds(at + 1)? {
            match self.waiting()[at] {
                b'\n' => return Ok(true),
                byte if is_blank(byte) => at += 1,
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    fn line(&mut self) -> Result<Option<Piece>, ReadError> {
        loop {
            let place = Place::Line(self.line);
            let (range, whole) = match self.find_line_feed()? {
                Line::TooLarge => return Ok(Some(Piece::PassedOver(place, TOO_LARGE))),
                Line::Ended(range) => (range, true),
                Line::Last(range) => (range, false),
            };
            self.line += 1;
            let range = trim(&self.buffer, range);
            if range.is_empty() {
                if !whole {
                    return Ok(None);
                }
                continue;
            }
            if !whole && serde_json::from_slice::<IgnoredAny>(&self.buffer[range.clone()]).is_err()
            {
                return Err(self.malformed("its last line is cut off"));
            }
            return Ok(Some(Piece::Record(place, range)));
        }
    }

    fn find_line_feed(&mut self) -> Result<Line, ReadError> {
        let (mut searched, mut too_large) = (0, false);
        loop {
            if let Some(found) = memchr(b'\n', &self.waiting()[searched..]) {
                let start = self.unread.start;
                let end = start + searched + found;
                self.unread.start = end + 1;
                if too_large || end - start > limits::RECORD_BYTES {
                    self.line += 1;
                    return Ok(Line::TooLarge);
                }
                return Ok(Line::Ended(start..end));
            }
            searched = self.unread.len();
            if searched > limits::RECORD_BYTES {
                too_large = true;
                self.unread.start = self.unread.end;
                searched = 0;
            }
            if !self.fill()? {
                if too_large {
                    return Err(self.malformed("its last line is cut off"));
                }
                let last = self.unread.clone();
                self.unread.start = self.unread.end;
                return Ok(Line::Last(last));
            }
        }
    }

    fn value(&mut self) -> Result<Option<Piece>, ReadError> {
        let Some(byte) = self.skip_blanks()? else {
            return Ok(None);
        };
        if byte != b'{' && byte != b'[' {
            return Err(self.malformed("something that is no object stands between its records"));
        }
        self.cut_value(Place::Line(self.line)).map(Some)
    }

    /// The next element of an array; `None` behind its end.
    fn element(&mut self, member: bool, first: bool) -> Result<Option<Piece>, ReadError> {
        let Some(mut byte) = self.skip_blanks()? else {
            return Err(self.cut_in_array());
        };
        if byte == b']' {
            self.unread.start += 1;
            self.finish_array(member)?;
            return Ok(None);
        }
        if !first {
            if byte != b',' {
                return Err(self.malformed("a comma is missing in its array of records"));
            }
            self.unread.start += 1;
            byte = self.skip_blanks()?.ok_or_else(|| self.cut_in_array())?;
        }
        self.layout = Layout::Array {
            member,
            first: false,
        };
        let place = Place::Index(self.records);
        match byte {
            b'{' | b'[' | b'"' => self.cut_value(place).map(Some),
            b',' | b']' | b'}' | b':' => {
                Err(self.malformed("a record is missing in its array of records"))
            }
            _ => self.cut_scalar(place).map(Some),
        }
    }

    /// Goes behind the object whose member the array was, if it was one.
    fn finish_array(&mut self, member: bool) -> Result<(), ReadError> {
        if !member {
            self.layout = Layout::End;
            return match self.skip_blanks()? {
                None => Ok(()),
                Some(_) => Err(self.malformed("something stands behind its array of records")),
            };
        }
        let mut rest = Scanner::inside_object();
        loop {
            if let Some(end) = rest.advance(self.waiting()) {
                self.unread.start += end;
                self.layout = Layout::BetweenPages;
                return Ok(());
            }
            self.unread.start = self.unread.end;
            if !self.fill()? {
                return Err(self.malformed("it ends inside its outermost object"));
            }
        }
    }

    fn cut_value(&mut self, place: Place) -> Result<Piece, ReadError> {
        let mut scanner = Scanner::default();
        let (mut read, mut too_large) = (0, false);
        loop {
            if let Some(end) = scanner.advance(&self.waiting()[read..]) {
                let range = self.take(read + end);
                return Ok(if too_large || range.len() > limits::RECORD_BYTES {
                    Piece::PassedOver(place, TOO_LARGE)
                } else if scanner.deepest() > DEPTH {
                    Piece::PassedOver(place, "it is nested deeper than 128 levels")
                } else {
                    Piece::Record(place, range)
                });
            }
            read = self.unread.len();
            if read > limits::RECORD_BYTES {
                too_large = true;
                self.take(read);
                read = 0;
            }
            if !self.fill()? {
                return Err(self.malformed("it ends inside a record"));
            }
        }
    }

    /// Cuts a number or a word, which is no record but has to be told as one that is bad.
    fn cut_scalar(&mut self, place: Place) -> Result<Piece, ReadError> {
        let mut length = 1;
        while self.holds(length + 1)? {
            let byte = self.waiting()[length];
            if is_blank(byte) || matches!(byte, b',' | b']') {
                break;
            }
            length += 1;
            if length > limits::RECORD_BYTES {
                return Err(self.limit(RECORD_SIZE, limits::RECORD_BYTES as u64));
            }
        }
        Ok(Piece::Record(place, self.take(length)))
    }

    /// Takes bytes away and counts their lines.
    fn take(&mut self, length: usize) -> Range<usize> {
        let range = self.unread.start..self.unread.start + length;
        if !matches!(self.layout, Layout::Array { .. }) {
            self.line += memchr_iter(b'\n', &self.buffer[range.clone()]).count() as u64;
        }
        self.unread.start = range.end;
        range
    }

    /// Skips white space and NUL bytes; returns the byte that follows, without taking it.
    fn skip_blanks(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            while let Some(&byte) = self.waiting().first() {
                if !is_blank(byte) {
                    return Ok(Some(byte));
                }
                self.line += u64::from(byte == b'\n');
                self.unread.start += 1;
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// The byte at a place of what waits, which must be there and within a record's limit.
    fn peek(&mut self, at: usize) -> Result<u8, ReadError> {
        if at > limits::RECORD_BYTES {
            return Err(self.limit(RECORD_SIZE, limits::RECORD_BYTES as u64));
        }
        if !self.holds(at + 1)? {
            return Err(self.malformed("it ends inside its first object"));
        }
        Ok(self.waiting()[at])
    }

    /// Whether at least that many bytes wait, after reading as needed.
    fn holds(&mut self, count: usize) -> Result<bool, ReadError> {
        while self.unread.len() < count {
            if !self.fill()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn waiting(&self) -> &[u8] {
        &self.buffer[self.unread.clone()]
    }

    /// Reads more; `false` at the end. What waits may move within the buffer.
    fn fill(&mut self) -> Result<bool, ReadError> {
        if self.ended {
            return Ok(false);
        }
        if self.unread.is_empty() {
            self.unread = 0..0;
        }
        if self.unread.end == self.buffer.len() {
            if self.unread.start > 0 {
                self.buffer.copy_within(self.unread.clone(), 0);
                self.unread = 0..self.unread.len();
            } else {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
        let count = loop {
            match self.reader.read(&mut self.buffer[self.unread.end..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(ReadError::Io {
                        document: self.document.to_owned(),
                        source,
                    });
                }
                Ok(count) => break count,
            }
        };
        self.ended = count == 0;
        self.unread.end += count;
        self.bytes += count as u64;
        if self.bytes > limits::DOCUMENT_BYTES {
            return Err(self.limit("its size in bytes", limits::DOCUMENT_BYTES));
        }
        Ok(!self.ended)
    }

    fn cut_in_array(&self) -> ReadError {
        self.malformed("it ends inside its array of records")
    }

    fn malformed(&self, what: &str) -> ReadError {
        let behind = match self.records {
            0 => String::new(),
            count => format!(", behind {count} records"),
        };
        ReadError::Malformed {
            document: self.document.to_owned(),
            reason: format!("{what}{behind}"),
        }
    }

    fn limit(&self, what: &'static str, limit: u64) -> ReadError {
        ReadError::Limit {
            document: self.document.to_owned(),
            what,
            limit,
        }
    }
}

const TOO_LARGE: &str = "it is larger than a record may be";
const RECORD_SIZE: &str = "a record's size in bytes";

enum Line {
    /// A line with its line feed.
    Ended(Range<usize>),
    /// What stands behind the last line feed.
    Last(Range<usize>),
    /// A line that was skipped.
    TooLarge,
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0)
}

fn trim(buffer: &[u8], mut range: Range<usize>) -> Range<usize> {
    while !range.is_empty() && is_blank(buffer[range.end - 1]) {
        range.end -= 1;
    }
    while !range.is_empty() && is_blank(buffer[range.start]) {
        range.start += 1;
    }
    range
}

#[cfg(test)]
mod tests;
