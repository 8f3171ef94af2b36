//! Languages in which most space means nothing: C, Java, Rust, Go, JavaScript, Scheme.

use super::lengths::{
    Endless, c_number, find, is_word, lifetime_or_character, line_length, number_or_word, operator,
    quoted, raw_string, regex, scheme_atom, template, word,
};
use super::{Language, Token};

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
    if is_strange(language, text) {
        return None;
    }
    let lexer = Lexer {
        language,
        text,
        at: 0,
        tokens: Vec::with_capacity(text.len() / 5),
        line_is_blank: true,
        in_directive: false,
        newline_before: false,
        parentheses: Parentheses::default(),
        telling_comments: telling_comments(language, text),
    };
    lexer.run()
}

/// Go's directives stand in comments, and what stands above the import of `C` is compiled as such.
fn telling_comments(language: Language, text: &[u8]) -> &'static [&'static [u8]] {
    match language {
        Language::Go if find(text, b"\"C\"").is_some() => &[b"/"],
        Language::Go => &[
            b"//go:",
            b"// +build",
            b"//+build",
            b"//export ",
            b"//line ",
            b"/*line ",
        ],
        _ => &[],
    }
}

/// Whether a text has what turns into something else before a compiler cuts it into tokens.
fn is_strange(language: Language, text: &[u8]) -> bool {
    match language {
        // Trigraphs: a backslash at a line's end, and the sign of a directive.
        Language::C => [&b"??/"[..], b"??="]
            .iter()
            .any(|it| find(text, it).is_some()),
        Language::Java => has_escaped_ascii(text),
        // Between tags of JSX is text, in which nothing begins a comment.
        Language::JavaScript => find(text, b"</").is_some(),
        _ => false,
    }
}

/// Java reads `\u002a` as the character before anything else, in comments as well.
fn has_escaped_ascii(text: &[u8]) -> bool {
    bstr::ByteSlice::find_iter(text, b"\\u").any(|at| {
        let digits = text[at + 1..].iter().skip_while(|byte| **byte == b'u');
        let digits: Vec<u8> = digits.take(4).copied().collect();
        let number = std::str::from_utf8(&digits).ok();
        let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        number.is_some_and(|number| number < 0x80)
    })
}

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
    parentheses: Parentheses,
    /// How comments begin that tell the compiler something.
    telling_comments: &'static [&'static [u8]],
}

/// Parentheses of JavaScript: a statement follows those of a condition, an operator others.
#[derive(Default)]
struct Parentheses {
    /// For each that is open, whether a condition is in it.
    open: Vec<bool>,
    /// Whether a condition was in the one that closed last.
    closed: bool,
}

impl<'t> Lexer<'t> {
    fn run(mut self) -> Option<Vec<Token<'t>>> {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'\n' => self.newline(),
                b' ' | b'\t' | b'\r' | b'\x0c' | b'\x0b' => self.at += 1,
                b'\\' if self.language == Language::C => self.continuation()?,
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
    /// token, for then it is no mere space. Nobody can be sure where it would join two halves of
    /// what begins a comment or a string, nor where blanks stand behind it: most compilers drop
    /// them.
    fn continuation(&mut self) -> Option<()> {
        let rest = self.rest();
        if ends_in_blanks(&rest[1..line_length(rest)]) {
            return None;
        }
        let length = match rest {
            [b'\\', b'\n', ..] => 2,
            [b'\\', b'\r', b'\n', ..] => 3,
            _ => 0,
        };
        let blank = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
        let before = self.at.checked_sub(1).and_then(|at| self.text.get(at));
        if length > 0 && (blank(before) || blank(rest.get(length))) {
            self.at += length;
            return Some(());
        }
        let halves = match (before, rest.get(length)) {
            _ if length == 0 => false,
            (_, Some(b'\\')) | (Some(b'/'), Some(b'/' | b'*')) => true,
            (Some(before), Some(b'"' | b'\'')) => is_word(*before),
            _ => false,
        };
        (!halves).then(|| self.push(1))
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
            [b'/', b'/', ..] => Some(self.line_comment()),
            [b'/', b'*', ..] if self.language == Language::Rust => Some(self.nested(b"/*", b"*/")),
            [b'/', b'*', ..] => Some(self.block_comment()),
            _ => None,
        }
    }

    fn block_comment(&self) -> Result<usize, Endless> {
        let rest = &self.rest()[2..];
        let length = find(rest, b"*/").ok_or(Endless)?;
        let inner = &rest[..length];
        let unsure = match self.language {
            // A line that is joined with the next one may end it before.
            Language::C => bstr::ByteSlice::find_iter(inner, b"*\\").any(|at| {
                let line = &inner[at + 2..];
                line[..line_length(line)].trim_ascii().is_empty()
            }),
            // Kotlin's and Scala's are nested.
            Language::Java => find(inner, b"/*").is_some(),
            _ => false,
        };
        if unsure {
            return Err(Endless);
        }
        Ok(self.at + length + 4)
    }

    /// In C a backslash takes the next line into the comment; with blanks behind it, for most.
    fn line_comment(&self) -> Result<usize, Endless> {
        let mut end = self.at;
        loop {
            end += line_length(&self.text[end..]);
            let line = self.text[..end]
                .strip_suffix(b"\r")
                .unwrap_or(&self.text[..end]);
            if self.language != Language::C || end >= self.text.len() {
                return Ok(end);
            }
            if !line.ends_with(b"\\") {
                let joins = line.trim_ascii_end().ends_with(b"\\");
                return if joins { Err(Endless) } else { Ok(end) };
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
        self.tokens.push(if self.tells_the_compiler(comment) {
            Token::Code(comment)
        } else {
            Token::Comment(comment)
        });
        self.at = end;
    }

    fn tells_the_compiler(&self, comment: &[u8]) -> bool {
        let mut beginnings = self.telling_comments.iter();
        beginnings.any(|word| comment.starts_with(word))
    }

    fn code(&mut self, byte: u8) -> Option<()> {
        if self.is_spelled_otherwise() {
            return None;
        }
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

    /// Another spelling of a directive's sign in C, and comments of HTML in JavaScript.
    fn is_spelled_otherwise(&self) -> bool {
        let rest = self.rest();
        match self.language {
            Language::C => self.line_is_blank && rest.starts_with(b"%:"),
            Language::JavaScript => {
                let begins = self.newline_before || self.last_code().is_none();
                rest.starts_with(b"<!--") || begins && rest.starts_with(b"-->")
            }
            _ => false,
        }
    }

    fn last_code(&self) -> Option<&'t [u8]> {
        self.tokens.iter().rev().find_map(Token::code)
    }

    fn push(&mut self, length: usize) {
        let end = (self.at + length).min(self.text.len());
        if self.language == Language::JavaScript {
            match self.text[self.at..end] {
                [b'('] => {
                    let before = self.last_code();
                    let condition = [&b"if"[..], b"while", b"for", b"with"];
                    self.parentheses
                        .open
                        .push(before.is_some_and(|word| condition.contains(&word)));
                }
                [b')'] => self.parentheses.closed = self.parentheses.open.pop().unwrap_or(false),
                _ => {}
            }
        }
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
        if let Some(length) = raw_string(self.language, rest) {
            return length.ok();
        }
        if self.in_directive && matches!(byte, b'"' | b'\'') {
            // An `#error` may have a lone apostrophe: all to the end of the line is one thing then.
            let line = &rest[..line_length(rest)];
            let joined = line.trim_ascii_end().ends_with(b"\\");
            return quoted(rest, byte, false).or((!joined).then_some(line.trim_ascii_end().len()));
        }
        if byte == b'<' && self.in_directive && self.may_name_a_header() {
            let line = &rest[..line_length(rest)];
            return Some(
                line.iter()
                    .position(|byte| *byte == b'>')
                    .map_or(1, |at| at + 1),
            );
        }
        match (byte, self.language) {
            (b'"', Language::Java) => self.plain_string(rest),
            (b'"', language) => {
                let lines = matches!(language, Language::Scheme | Language::Rust);
                quoted(rest, byte, lines)
            }
            (b'\'' | b'`', Language::Scheme) => Some(1),
            (b'`', Language::JavaScript) => template(rest),
            (b'`', Language::Go) => rest[1..].iter().position(|b| *b == b'`').map(|at| at + 2),
            (b'\'', Language::Rust) => Some(lifetime_or_character(rest)),
            (b'\'', _) => quoted(rest, byte, false),
            (b'/', Language::JavaScript) => self.slash(rest),
            (b'#', Language::Scheme) if rest.get(1) == Some(&b'\\') => {
                Some(3 + word(rest.get(3..)?))
            }
            _ if self.language == Language::Scheme => scheme_atom(rest),
            _ if byte.is_ascii_digit() && self.language == Language::C => Some(c_number(rest)),
            _ if is_word(byte) => Some(number_or_word(rest)),
            _ => Some(operator(rest)),
        }
    }

    /// `#include <a//b.h>` has no comment in it.
    fn may_name_a_header(&self) -> bool {
        let before: [&[u8]; 5] = [b"include", b"include_next", b"import", b"embed", b"("];
        self.last_code().is_some_and(|last| before.contains(&last))
    }

    /// A string of Java, C#, Kotlin or Scala that is one in all of them.
    fn plain_string(&self, rest: &[u8]) -> Option<usize> {
        let prefixed = matches!(self.last_code(), Some(b"@" | b"$" | b"$@" | b"@$"));
        if prefixed || rest.starts_with(b"\"\"\"") {
            return None;
        }
        let length = quoted(rest, b'"', false)?;
        find(&rest[..length], b"${").is_none().then_some(length)
    }

    /// How long the token is that a slash begins: it divides after an operand and begins a pattern
    /// anywhere else. Where that is not certain, it divides if no pattern could end in its line.
    fn slash(&self, rest: &[u8]) -> Option<usize> {
        match self.divides() {
            Some(true) => Some(operator(rest)),
            Some(false) => regex(rest),
            None => regex(rest).is_none().then(|| operator(rest)),
        }
    }

    fn divides(&self) -> Option<bool> {
        let mut code = self.tokens.iter().rev().filter_map(Token::code);
        let Some(last) = code.next() else {
            return Some(false);
        };
        let before = code.next();
        match last {
            b")" => Some(!self.parentheses.closed),
            b"++" | b"--" => Some(true),
            // A block's end or an object's, names or words of the language.
            b"}" | b"of" | b"yield" | b"await" | b"async" => None,
            // TypeScript has it behind an operand too.
            b"!" if before.is_some_and(ends_operand) => None,
            b"return" | b"typeof" | b"case" | b"in" | b"void" | b"delete" | b"do" | b"else"
            | b"new" | b"instanceof" | b"throw" | b"default" | b"extends" => {
                Some(before == Some(b"."))
            }
            [b'/', _, ..] if last != b"/=" => Some(true),
            _ => Some(ends_operand(last)),
        }
    }
}

/// Whether a token of JavaScript ends an operand.
fn ends_operand(token: &[u8]) -> bool {
    let end = token.last().copied().unwrap_or(0);
    is_word(end) || matches!(end, b')' | b']' | b'}' | b'"' | b'\'' | b'`')
}

/// Whether only blanks are left of a line, and some are.
fn ends_in_blanks(rest: &[u8]) -> bool {
    let blanks = rest.strip_suffix(b"\r").unwrap_or(rest);
    !blanks.is_empty() && blanks.trim_ascii().is_empty()
}
