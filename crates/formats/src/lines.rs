//! Lines of a reader, of bounded length, with their numbers.

use std::io::{self, BufRead};

/// Gives the lines of a reader one after the other, in one buffer.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
    limit: usize,
}

/// A line, without its line feed.
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: u64,
    /// Its bytes, or their beginning when the line is too long.
    pub(crate) bytes: &'a [u8],
    /// Whether a line feed ends it; only a document's last line may lack one.
    pub(crate) terminated: bool,
    /// Whether it was cut at the limit.
    pub(crate) cut: bool,
}

impl<R: BufRead> Lines<R> {
    /// Reads lines of at most `limit` bytes; what a longer one has beyond is passed over.
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            number: 0,
            limit,
        }
    }

    /// The next line, if there is one.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let (mut terminated, mut cut, mut any) = (false, false, false);
        while !terminated {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', available);
            terminated = end.is_some();
            let piece = &available[..end.unwrap_or(available.len())];
            let room = self.limit.saturating_sub(self.buffer.len());
            cut |= piece.len() > room;
            self.buffer
                .extend_from_slice(&piece[..piece.len().min(room)]);
            let consumed = piece.len() + usize::from(terminated);
            self.reader.consume(consumed);
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(Line {
            number: self.number,
            bytes: &self.buffer,
            terminated,
            cut,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_cut_at_the_limit() {
        let mut lines = Lines::new(
            io::BufReader::with_capacity(3, &b"one\n\nlonger than\nend"[..]),
            6,
        );
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            let text = String::from_utf8_lossy(line.bytes).into_owned();
            seen.push((line.number, text, line.terminated, line.cut));
        }
        assert_eq!(
            seen,
            [
                (1, "one".into(), true, false),
                (2, String::new(), true, false),
                (3, "longer".into(), true, true),
                (4, "end".into(), false, false),
            ]
        );
    }
}
