//! A place in a script's text.

/// A place in a text that only moves forward, and the line in which it is.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    /// The line, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// How much was read.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// The text from a place to here.
    pub(super) fn since(&self, place: usize) -> &'a str {
        &self.text[place..self.at]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        self.line += u64::from(next == '\n');
        Some(next)
    }

    /// Takes a text without line ends, if it stands here.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let there = self.rest().starts_with(text);
        if there {
            self.at += text.len();
        }
        there
    }

    /// Takes characters as long as they are of a kind.
    pub(super) fn take_while(&mut self, is_taken: impl Fn(char) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&is_taken) {
            self.next();
        }
        self.since(start)
    }

    /// Takes the name of a variable.
    pub(super) fn take_name(&mut self) -> Option<&'a str> {
        let start = self
            .peek()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        start.then(|| self.take_while(|c| c.is_ascii_alphanumeric() || c == '_'))
    }

    /// Takes blanks, and line ends that are escaped.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            if self.rest().starts_with("\\\n") {
                self.next();
                self.next();
            } else if self
                .take_while(|c| matches!(c, ' ' | '\t' | '\r'))
                .is_empty()
            {
                return;
            }
        }
    }

    /// Moves to where the rest is this one.
    pub(super) fn skip_to(&mut self, rest: &str) {
        while self.rest().len() > rest.len() {
            self.next();
        }
    }

    /// The blanks before this place, when nothing else stands before it on the line.
    pub(super) fn indent(&self) -> &'a str {
        let before = &self.text[..self.at];
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        let indent = &before[line..];
        if indent.trim_start().is_empty() {
            indent
        } else {
            ""
        }
    }

    /// Takes the rest of the line, without its end.
    pub(super) fn take_line(&mut self) -> &'a str {
        let line = self.rest().lines().next().unwrap_or_default();
        self.at += line.len();
        line
    }
}
