//! Languages in which most space means nothing: C, Java, Rust, Go, JavaScript, Scheme.

use super::{Language, Token};

/// Operators of several characters, the longer first: two of them apart are not one.
const OPERATORS: [&[u8]; 34] = [
    b">>>=", b"===", b"!==", b">>>", b"**=", b"<<=", b">>=", b"...", b"..=", b"&&=", b"||=",
    b"??=", b"->*", b"<=>", b"++", b"--", b"->", b"=>", b"<<", b"<=", b">=", b"==", b"!=", b"&&",
    b"||", b"+=", b"-=", b"*=", b"/=", b"%=", b"##", b"::", b":=", b"..",
];

/// After these a line's end ends a statement of JavaScript.
const ENDED: [&[u8]; 6] = [
    b"return",
    b"throw",
    b"break",
    b"continue",
    b"yield",
    b"async",
];

/// Cuts a text; none where it does not end as it should.
pub(super) fn tokens(language: Language, text: &[u8]) -> Option<Vec<Token<'_>>> {
    let lexer = Lexer {
        language,
        text,
        at: 0,
        tokens: Vec::with_capacity(text.len() / 5),
        line_is_blank: true,
        in_directive: false,
        newline_before: false,
    };
    lexer.run()
}

/// Something that begins and never ends.
struct Endless;

struct Lexer<'t> {
    language: Language,
    text: &'t [u8],
    at: usize,
    tokens: Vec<Token<'t>>,
    /// Nothing but space and comments since the line began.
    line_is_blank: bool,
    in_directive: bool,
    /// A line ended since the last token of code.
    newline_before: bool,
}

impl<'t> Lexer<'t> {
    fn run(mut self) -> Option<Vec<Token<'t>>> {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'\n' => self.newline(),
                b' ' | b'\t' | b'\r' | b'\x0c' | b'\x0b' => self.at += 1,
                b'\\' if self.language == Language::C => self.continuation(),
                _ => match self.comment() {
                    Some(end) => self.push_comment(end.ok()?),
                    None => self.code(byte)?,
                },
            }
        }
        self.end_directive();
        Some(self.tokens)
    }

    fn rest(&self) -> &'t [u8] {
        &self.text[self.at..]
    }

    fn newline(&mut self) {
        self.end_directive();
        self.at += 1;
        self.line_is_blank = true;
        self.newline_before = true;
    }

    fn end_directive(&mut self) {
        if self.in_directive {
            self.tokens.push(Token::Code(b"\n"));
            self.in_directive = false;
        }
    }

    /// A backslash before a line's end joins lines; where it would join two words it is kept as a
    /// token, for then it is no mere space.
    fn continuation(&mut self) {
        let rest = self.rest();
        let length = match rest {
            [b'\\', b'\n', ..] => 2,
            [b'\\', b'\r', b'\n', ..] => 3,
            _ => 0,
        };
        let blank = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
        let before = self.at.checked_sub(1).and_then(|at| self.text.get(at));
        if length > 0 && (blank(before) || blank(rest.get(length))) {
            self.at += length;
        } else {
            self.push(1);
        }
    }

    /// Where a comment that begins here ends.
    fn comment(&self) -> Option<Result<usize, Endless>> {
        let rest = self.rest();
        if self.language == Language::Scheme {
            return match rest {
                [b';', ..] => Some(Ok(self.at + line_length(rest))),
                [b'#', b'|', ..] => Some(self.nested(b"#|", b"|#")),
                // Of a datum that is commented out nobody knows the end without reading it.
                [b'#', b';', ..] => Some(Err(Endless)),
                _ => None,
            };
        }
        match rest {
            [b'/', b'/', ..] => Some(Ok(self.line_comment())),
            [b'/', b'*', ..] if self.language == Language::Rust => Some(self.nested(b"/*", b"*/")),
            [b'/', b'*', ..] => Some(
                find(&rest[2..], b"*/")
                    .map(|length| self.at + length + 4)
                    .ok_or(Endless),
            ),
            _ => None,
        }
    }

    /// In C a backslash takes the next line into the comment.
    fn line_comment(&self) -> usize {
        let mut end = self.at;
        loop {
            end += line_length(&self.text[end..]);
            let line = self.text[..end]
                .strip_suffix(b"\r")
                .unwrap_or(&self.text[..end]);
            if self.language != Language::C || !line.ends_with(b"\\") || end >= self.text.len() {
                return end;
            }
            end += 1;
        }
    }

    fn nested(&self, open: &[u8], close: &[u8]) -> Result<usize, Endless> {
        let mut depth = 0_usize;
        let mut at = self.at;
        while at < self.text.len() {
            let rest = &self.text[at..];
            if rest.starts_with(open) {
                depth += 1;
                at += 2;
            } else if rest.starts_with(close) {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Ok(at);
                }
            } else {
                at += 1;
            }
        }
        Err(Endless)
    }

    fn push_comment(&mut self, end: usize) {
        let comment = &self.text[self.at..end];
        if comment.contains(&b'\n') && !self.in_directive {
            self.newline_before = true;
        }
        self.tokens.push(Token::Comment(comment));
        self.at = end;
    }

    fn code(&mut self, byte: u8) -> Option<()> {
        if self.language == Language::C && byte == b'#' && self.line_is_blank {
            self.in_directive = true;
            self.tokens.push(Token::Code(b"\n#"));
            self.at += 1;
            self.line_is_blank = false;
            return Some(());
        }
        self.line_end_that_matters(byte);
        self.line_is_blank = false;
        let length = self.length(byte)?;
        let defined = self.is_macro_with_arguments(length);
        self.push(length);
        if defined {
            self.tokens.push(Token::Code(b"#("));
        }
        Some(())
    }

    fn push(&mut self, length: usize) {
        let end = (self.at + length).min(self.text.len());
        self.tokens.push(Token::Code(&self.text[self.at..end]));
        self.at = end;
        self.newline_before = false;
    }

    /// `#define F(x)` and `#define F (x)` are two things.
    fn is_macro_with_arguments(&self, length: usize) -> bool {
        let follows = self.text.get(self.at + length) == Some(&b'(');
        let code = |token: &&Token<'_>| matches!(token, Token::Code(_));
        let last = self.tokens.iter().rev().find(code);
        self.in_directive && follows && last == Some(&Token::Code(b"define"))
    }

    /// Puts in a token for a line's end that may end a statement.
    fn line_end_that_matters(&mut self, next: u8) {
        if !self.newline_before {
            return;
        }
        let code = self.tokens.iter().rev().find_map(Token::code);
        let matters = match self.language {
            Language::JavaScript => {
                matches!(next, b'(' | b'[' | b'`' | b'/' | b'+' | b'-')
                    || code.is_some_and(|last| ENDED.contains(&last))
            }
            // After an operand; after anything else nothing ends.
            Language::Go => code.is_some_and(|last| {
                let end = last.last().copied().unwrap_or(0);
                is_word(end) || matches!(end, b')' | b']' | b'}' | b'"' | b'`' | b'\'')
            }),
            _ => false,
        };
        if matters {
            self.tokens.push(Token::Code(b"\n"));
        }
    }

    /// How long the token is that begins with `byte`; none where a string never ends.
    fn length(&self, byte: u8) -> Option<usize> {
        let rest = self.rest();
        if let Some(length) = self.raw_string(rest) {
            return length.ok();
        }
        if self.in_directive && matches!(byte, b'"' | b'\'') {
            // An `#error` may have a lone apostrophe: to the end of the line at most.
            return Some(quoted(rest, byte, false).unwrap_or(1));
        }
        match (byte, self.language) {
            (b'"', language) => {
                let lines = matches!(language, Language::Scheme | Language::Rust);
                quoted(rest, byte, lines)
            }
            (b'\'' | b'`', Language::Scheme) => Some(1),
            (b'`', Language::JavaScript) => template(rest),
            (b'`', Language::Go) => rest[1..].iter().position(|b| *b == b'`').map(|at| at + 2),
            (b'\'', Language::Rust) => Some(lifetime_or_character(rest)),
            (b'\'', _) => quoted(rest, byte, false),
            (b'/', Language::JavaScript) if self.regex_may_begin() => regex(rest),
            (b'#', Language::Scheme) if rest.get(1) == Some(&b'\\') => {
                Some(3 + word(rest.get(3..)?))
            }
            _ if self.language == Language::Scheme => Some(scheme_atom(rest)),
            _ if is_word(byte) => Some(number_or_word(rest)),
            _ => Some(operator(rest)),
        }
    }

    /// Raw strings of C++ and Rust.
    fn raw_string(&self, rest: &[u8]) -> Option<Result<usize, Endless>> {
        match self.language {
            Language::C => {
                let prefix = [&b"R\""[..], b"LR\"", b"uR\"", b"UR\"", b"u8R\""];
                let prefix = prefix.iter().find(|prefix| rest.starts_with(prefix))?;
                let body = &rest[prefix.len()..];
                let open = body.iter().take(17).position(|byte| *byte == b'(')?;
                let close = [b")", &body[..open], b"\""].concat();
                let end = find(&body[open..], &close);
                Some(
                    end.map(|end| prefix.len() + open + end + close.len())
                        .ok_or(Endless),
                )
            }
            Language::Rust => {
                let start = match rest {
                    [b'r', b'"' | b'#', ..] => 1,
                    [b'b' | b'c', b'r', b'"' | b'#', ..] => 2,
                    _ => return None,
                };
                let hashes = rest[start..]
                    .iter()
                    .take_while(|byte| **byte == b'#')
                    .count();
                let body = rest.get(start + hashes..)?.strip_prefix(b"\"")?;
                let close = [&b"\""[..], &vec![b'#'; hashes]].concat();
                let end = find(body, &close);
                Some(
                    end.map(|end| start + hashes + 1 + end + close.len())
                        .ok_or(Endless),
                )
            }
            _ => None,
        }
    }

    /// A slash divides after an operand and begins a pattern anywhere else.
    fn regex_may_begin(&self) -> bool {
        match self.tokens.iter().rev().find_map(Token::code) {
            None | Some(b"return" | b"typeof" | b"case" | b"in" | b"of" | b"void" | b"delete") => {
                true
            }
            Some(last) => {
                let end = last.last().copied().unwrap_or(0);
                !(is_word(end) || matches!(end, b')' | b']' | b'}' | b'"' | b'\'' | b'`'))
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn word(rest: &[u8]) -> usize {
    rest.iter().take_while(|byte| is_word(**byte)).count()
}

/// A number goes on over its point: `1.5` is one token.
fn number_or_word(rest: &[u8]) -> usize {
    let length = word(rest);
    let is_number = rest.first().is_some_and(u8::is_ascii_digit);
    match rest.get(length..) {
        Some([b'.', next, ..]) if is_number && next.is_ascii_digit() => {
            length + 1 + word(&rest[length + 1..])
        }
        _ => length,
    }
}

fn operator(rest: &[u8]) -> usize {
    let known = OPERATORS.iter().find(|operator| rest.starts_with(operator));
    known.map_or(1, |operator| operator.len())
}

fn scheme_atom(rest: &[u8]) -> usize {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"()[]\";".contains(byte);
    rest.iter().position(ends).unwrap_or(rest.len()).max(1)
}

fn line_length(rest: &[u8]) -> usize {
    rest.iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(rest.len())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    bstr::ByteSlice::find(haystack, needle)
}

/// A string up to its closing quote; only where `lines` says so it goes over lines.
fn quoted(rest: &[u8], quote: u8, lines: bool) -> Option<usize> {
    let mut at = 1;
    loop {
        match rest.get(at)? {
            b'\\' => at += 2,
            b'\n' if !lines => return None,
            byte if *byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// A template; one with code inside is not followed.
fn template(rest: &[u8]) -> Option<usize> {
    let length = quoted(rest, b'`', true)?;
    // Code inside is one token with the text; a template inside of that would end it too early.
    let inside = &rest[1..length];
    let holds_code = find(inside, b"${").is_some();
    let closed = bstr::ByteSlice::find_iter(inside, b"${").count()
        <= bstr::ByteSlice::find_iter(inside, b"}").count();
    (!holds_code || closed).then_some(length)
}

fn regex(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    let mut in_class = false;
    loop {
        match rest.get(at)? {
            b'\\' => at += 2,
            b'\n' => return None,
            b'[' => {
                in_class = true;
                at += 1;
            }
            b']' => {
                in_class = false;
                at += 1;
            }
            b'/' if !in_class => return Some(at + 1 + word(&rest[at + 1..])),
            _ => at += 1,
        }
    }
}

/// `'a'` and `'\n'` are characters, `'a` is a lifetime.
fn lifetime_or_character(rest: &[u8]) -> usize {
    if rest.get(1) == Some(&b'\\') {
        return quoted(rest, b'\'', false).unwrap_or(1);
    }
    let length = word(&rest[1..]);
    match rest.get(1 + length) {
        Some(b'\'') => length + 2,
        _ if length > 0 => length + 1,
        _ => quoted(rest, b'\'', false)
            .filter(|length| *length <= 3)
            .unwrap_or(1),
    }
}
