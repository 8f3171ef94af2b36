//! Words of a script: quotes and everything that begins with `$`.

use super::cursor::Cursor;

/// Expansions within expansions.
const DEPTH: usize = 8;

/// A word, not yet expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Word(pub(super) Vec<Part>);

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) kind: Kind,
    /// Whether it stands in quotes, so that blanks do not part it and `*` is a star.
    pub(super) quoted: bool,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Text(String),
    /// `$name` and `${name…}`.
    Variable {
        name: String,
        operation: Operation,
        /// As written.
        written: String,
    },
    /// `$((…))`.
    Arithmetic {
        expression: Word,
        /// As written.
        written: String,
    },
    /// What only running something would tell, as written.
    Computed(String),
}

/// What is done to a variable's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    Plain,
    /// `${#name}`.
    Length,
    /// `${name:-word}`, `${name:=word}`, `${name:+word}`; without the colon an empty value counts.
    Instead {
        how: Instead,
        empty_counts: bool,
        word: Word,
    },
    /// `${name%pattern}`, `${name##pattern}` …
    Strip {
        end: bool,
        longest: bool,
        pattern: Word,
    },
    /// `${name/pattern/word}`, `${name//pattern/word}`.
    Replace {
        all: bool,
        pattern: Word,
        word: Word,
    },
    /// `${name:offset:length}`.
    Slice {
        offset: Word,
        length: Option<Word>,
    },
}

/// When and how a word takes a value's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instead {
    Default,
    Assign,
    Alternative,
}

impl Word {
    /// The text of a word that is nothing but text without quotes.
    pub(super) fn literal(&self) -> Option<&str> {
        match &self.0[..] {
            [
                Part {
                    kind: Kind::Text(text),
                    quoted: false,
                },
            ] => Some(text),
            _ => None,
        }
    }

    /// Reads a word that ends where `ends` says so, outside of quotes.
    pub(super) fn read(cursor: &mut Cursor<'_>, ends: &dyn Fn(char) -> bool) -> Self {
        Self::read_within(cursor, ends, DEPTH)
    }

    fn read_within(cursor: &mut Cursor<'_>, ends: &dyn Fn(char) -> bool, depth: usize) -> Self {
        let mut word = Self::default();
        while let Some(c) = cursor.peek().filter(|c| !ends(*c)) {
            match c {
                '\\' => {
                    cursor.next();
                    match cursor.next() {
                        Some('\n') | None => {}
                        Some(escaped) => word.push_char(escaped, true),
                    }
                }
                '\'' => {
                    cursor.next();
                    let text = cursor.take_while(|c| c != '\'');
                    word.push_text(text, true);
                    cursor.next();
                }
                '"' => {
                    cursor.next();
                    word.read_quoted(cursor, depth);
                }
                '$' if cursor.take("$'") => word.read_c_string(cursor),
                '$' | '`' => word.read_expansion(cursor, false, depth),
                c => {
                    cursor.next();
                    word.push_char(c, false);
                }
            }
        }
        word
    }

    /// Reads to the closing quote.
    fn read_quoted(&mut self, cursor: &mut Cursor<'_>, depth: usize) {
        self.push_text("", true);
        while let Some(c) = cursor.peek() {
            match c {
                '"' => {
                    cursor.next();
                    return;
                }
                '\\' => {
                    cursor.next();
                    match cursor.next() {
                        Some('\n') | None => {}
                        Some(c @ ('$' | '`' | '"' | '\\')) => self.push_char(c, true),
                        Some(other) => {
                            self.push_char('\\', true);
                            self.push_char(other, true);
                        }
                    }
                }
                '$' | '`' => self.read_expansion(cursor, true, depth),
                c => {
                    cursor.next();
                    self.push_char(c, true);
                }
            }
        }
    }

    /// Reads `$'…'` behind its beginning.
    fn read_c_string(&mut self, cursor: &mut Cursor<'_>) {
        self.push_text("", true);
        while let Some(c) = cursor.next().filter(|c| *c != '\'') {
            let c = match c {
                '\\' => match cursor.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some(other) => other,
                    None => return,
                },
                c => c,
            };
            self.push_char(c, true);
        }
    }

    fn read_expansion(&mut self, cursor: &mut Cursor<'_>, quoted: bool, depth: usize) {
        let start = cursor.place();
        if cursor.take("`") {
            cursor.take_while(|c| c != '`');
            cursor.next();
            let written = cursor.since(start).to_owned();
            return self.push(Kind::Computed(written), quoted);
        }
        cursor.next();
        if cursor.take("((") {
            let inner = take_to_close(cursor, 2).strip_suffix("))");
            let written = cursor.since(start).to_owned();
            let kind = match (inner, depth.checked_sub(1)) {
                (Some(inner), Some(depth)) => Kind::Arithmetic {
                    expression: Self::read_within(&mut Cursor::new(inner), &|_| false, depth),
                    written,
                },
                _ => Kind::Computed(written),
            };
            return self.push(kind, quoted);
        }
        if cursor.take("(") {
            take_to_close(cursor, 1);
            let written = cursor.since(start).to_owned();
            return self.push(Kind::Computed(written), quoted);
        }
        if cursor.take("{") {
            let kind = braced(cursor, depth);
            let written = cursor.since(start).to_owned();
            let kind = match kind {
                Some((name, operation)) => Kind::Variable {
                    name,
                    operation,
                    written,
                },
                None => Kind::Computed(written),
            };
            return self.push(kind, quoted);
        }
        if let Some(name) = cursor.take_name() {
            let kind = Kind::Variable {
                name: name.to_owned(),
                operation: Operation::Plain,
                written: cursor.since(start).to_owned(),
            };
            return self.push(kind, quoted);
        }
        match cursor.peek() {
            Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => {
                cursor.next();
                let written = cursor.since(start).to_owned();
                self.push(Kind::Computed(written), quoted);
            }
            _ => self.push_char('$', quoted),
        }
    }

    fn push(&mut self, kind: Kind, quoted: bool) {
        self.0.push(Part { kind, quoted });
    }

    fn push_char(&mut self, c: char, quoted: bool) {
        self.push_text(c.encode_utf8(&mut [0; 4]), quoted);
    }

    fn push_text(&mut self, text: &str, quoted: bool) {
        if let Some(Part {
            kind: Kind::Text(last),
            quoted: same,
        }) = self.0.last_mut()
            && *same == quoted
        {
            last.push_str(text);
        } else {
            self.push(Kind::Text(text.to_owned()), quoted);
        }
    }
}

/// Takes text up to the parenthesis that closes as many as are open, and that itself.
fn take_to_close<'a>(cursor: &mut Cursor<'a>, mut open: u32) -> &'a str {
    let start = cursor.place();
    let mut quote = None;
    while open > 0 {
        let Some(c) = cursor.next() else { break };
        match (c, quote) {
            ('\\', _) => {
                cursor.next();
            }
            (c, Some(quoted_by)) if c == quoted_by => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            ('(', None) => open += 1,
            (')', None) => open -= 1,
            _ => {}
        }
    }
    cursor.since(start)
}

/// Reads what stands between `${` and `}`, and the brace; nothing where it cannot be told.
fn braced(cursor: &mut Cursor<'_>, depth: usize) -> Option<(String, Operation)> {
    let to_brace = |c: char| c == '}';
    let Some(deeper) = depth.checked_sub(1) else {
        cursor.take_while(|c| !to_brace(c));
        cursor.next();
        return None;
    };
    let is_length = cursor.rest().starts_with('#') && cursor.take("#");
    let name = cursor.take_name().map(str::to_owned);
    let operation = if is_length {
        Some(Operation::Length)
    } else {
        operation(cursor, deeper)
    };
    // Whatever was not understood.
    let left = Word::read_within(cursor, &to_brace, deeper);
    let closed = cursor.take("}");
    Some((name?, operation.filter(|_| closed && left.0.is_empty())?))
}

fn operation(cursor: &mut Cursor<'_>, depth: usize) -> Option<Operation> {
    let word = |cursor: &mut Cursor<'_>| Word::read_within(cursor, &|c| c == '}', depth);
    let instead = |c: char| match c {
        '-' => Some(Instead::Default),
        '=' => Some(Instead::Assign),
        '+' => Some(Instead::Alternative),
        _ => None,
    };
    let first = cursor.peek()?;
    if first == '}' {
        return Some(Operation::Plain);
    }
    cursor.next();
    if let Some(how) = instead(first) {
        let word = word(cursor);
        return Some(Operation::Instead {
            how,
            empty_counts: true,
            word,
        });
    }
    match first {
        ':' => {
            if let Some(how) = cursor.peek().and_then(instead) {
                cursor.next();
                let word = word(cursor);
                return Some(Operation::Instead {
                    how,
                    empty_counts: false,
                    word,
                });
            }
            let offset = Word::read_within(cursor, &|c| matches!(c, ':' | '}'), depth);
            let length = cursor.take(":").then(|| word(cursor));
            Some(Operation::Slice { offset, length })
        }
        '%' | '#' => {
            let longest = cursor.take(first.encode_utf8(&mut [0; 4]));
            Some(Operation::Strip {
                end: first == '%',
                longest,
                pattern: word(cursor),
            })
        }
        '/' => {
            let all = cursor.take("/");
            let pattern = Word::read_within(cursor, &|c| matches!(c, '/' | '}'), depth);
            let word = if cursor.take("/") {
                word(cursor)
            } else {
                Word::default()
            };
            Some(Operation::Replace { all, pattern, word })
        }
        _ => None,
    }
}
