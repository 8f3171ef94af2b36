//! Languages in which lines mean something: Python, shells, make, m4.

use super::{Language, Token};

pub(super) fn tokens(language: Language, text: &[u8]) -> Option<Vec<Token<'_>>> {
    match language {
        Language::Python => python(text),
        Language::Shell => shell(text),
        Language::Make => make(text),
        _ => Some(m4(text)),
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Whether a comment at the beginning names the interpreter.
fn names_interpreter(text: &[u8], at: usize) -> bool {
    at == 0 && text.starts_with(b"#!")
}

/// Every line as it stands, without blanks at its end; one that begins with `dnl` is a comment.
fn m4(text: &[u8]) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for line in lines(text) {
        let line = line.trim_ascii_end();
        let inner = line.trim_ascii_start();
        let comment = inner
            .strip_prefix(b"dnl")
            .is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace));
        if comment {
            tokens.push(Token::Comment(inner));
        } else if !inner.is_empty() {
            tokens.push(Token::Code(line));
        }
    }
    tokens
}

/// Words of lines, with what a line begins with. In a recipe `#` belongs to the shell, and in what
/// is defined over several lines to whatever that is used for.
fn make(text: &[u8]) -> Option<Vec<Token<'_>>> {
    if bstr::ByteSlice::find(text, b".RECIPEPREFIX").is_some() {
        return None;
    }
    let mut tokens = Vec::new();
    let mut continued = false;
    let mut definitions = 0_usize;
    for (number, line) in lines(text).enumerate() {
        let inner = line.trim_ascii();
        let mut words = inner.split(u8::is_ascii_whitespace).take(2);
        let outside = definitions == 0;
        if words.any(|word| word == b"define") {
            definitions += 1;
        } else if inner.starts_with(b"endef") {
            definitions = definitions.saturating_sub(1);
        }
        if !outside || number == 0 && inner.starts_with(b"#!") {
            tokens.push(Token::Code(line.trim_ascii_end()));
            tokens.push(Token::Code(b"\n"));
            continue;
        }
        if inner.starts_with(b"#") && !line.starts_with(b"\t") && !continued {
            // A comment that goes on with a backslash takes the next line with it.
            if inner.ends_with(b"\\") {
                tokens.push(Token::Code(inner));
            } else {
                tokens.push(Token::Comment(inner));
            }
            continue;
        }
        continued = inner.ends_with(b"\\");
        if line.starts_with(b"\t") {
            tokens.push(Token::Code(line.trim_ascii_end()));
        } else if !inner.is_empty() {
            let blanks = line.len() - line.trim_ascii_start().len();
            tokens.push(Token::Code(&line[..blanks]));
            let words = inner.split(u8::is_ascii_whitespace);
            tokens.extend(words.filter(|word| !word.is_empty()).map(Token::Code));
        }
        tokens.push(Token::Code(b"\n"));
    }
    // Blank lines at the end, and how many between, mean nothing.
    tokens.dedup_by(|next, kept| *next == Token::Code(b"\n") && *kept == Token::Code(b"\n"));
    while tokens.last() == Some(&Token::Code(b"\n")) {
        tokens.pop();
    }
    Some(tokens)
}

/// Words with the quotes in them. Not followed where a document stands in the script, for there
/// every blank counts.
fn shell(text: &[u8]) -> Option<Vec<Token<'_>>> {
    if text.windows(2).any(|pair| pair == b"<<") {
        return None;
    }
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\n' => {
                if tokens
                    .last()
                    .is_some_and(|last| *last != Token::Code(b"\n"))
                {
                    tokens.push(Token::Code(b"\n"));
                }
                at += 1;
            }
            b' ' | b'\t' | b'\r' => at += 1,
            b'#' => {
                let end = line_end(text, at);
                let comment = &text[at..end];
                tokens.push(if names_interpreter(text, at) {
                    Token::Code(comment)
                } else {
                    Token::Comment(comment)
                });
                at = end;
            }
            _ => {
                let end = shell_word(text, at)?;
                tokens.push(Token::Code(&text[at..end]));
                at = end;
            }
        }
    }
    // A comment of a line of its own leaves no line's end behind.
    let mut cleaned: Vec<Token<'_>> = Vec::with_capacity(tokens.len());
    let mut ended = true;
    for token in tokens {
        let is_end = token == Token::Code(b"\n");
        if is_end && ended {
            continue;
        }
        if matches!(token, Token::Code(_)) {
            ended = is_end;
        }
        cleaned.push(token);
    }
    if ended
        && let Some(last) = cleaned
            .iter()
            .rposition(|token| *token == Token::Code(b"\n"))
    {
        cleaned.remove(last);
    }
    Some(cleaned)
}

/// Where a word ends; none where a quote in it never closes, or where a comment may begin within.
fn shell_word(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => return Some(at),
            // Behind these, and behind a line that is joined with the next one, a new word begins.
            b'#' if at > start && b";&|()<>`\n".contains(&text[at - 1]) => return None,
            b'\\' => at += 2,
            b'\'' => at += 2 + text[at + 1..].iter().position(|byte| *byte == b'\'')?,
            b'"' => at += double_quoted(&text[at..])?,
            b'`' => at += escaped_until(&text[at..], b'`')?,
            b'$' => match text.get(at + 1) {
                Some(b'{') => at += parameter(&text[at..])?,
                // In `$'…'` a backslash escapes the quote.
                Some(b'\'') => at += 1 + escaped_until(&text[at + 1..], b'\'')?,
                Some(b'$') => at += 2,
                _ => at += 1,
            },
            _ => at += 1,
        }
    }
    Some(at.min(text.len()))
}

/// Goes behind the next sign of that kind which no backslash stands before.
fn escaped_until(rest: &[u8], end: u8) -> Option<usize> {
    let mut at = 1;
    loop {
        match rest.get(at)? {
            b'\\' => at += 2,
            byte if *byte == end => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// A quoted text; none where a quote stands in a command or a parameter within, for it may be
/// another.
fn double_quoted(rest: &[u8]) -> Option<usize> {
    let length = escaped_until(rest, b'"')?;
    let inner = &rest[1..length - 1];
    let (mut open, mut at) = (0_usize, 0);
    while let Some(&byte) = inner.get(at) {
        match byte {
            b'\\' => at += 1,
            b'`' => at += escaped_until(&inner[at..], b'`')? - 1,
            b'$' if matches!(inner.get(at + 1), Some(b'(' | b'{')) => {
                open += 1;
                at += 1;
            }
            b'(' | b'{' if open > 0 => open += 1,
            b')' | b'}' if open > 0 => open -= 1,
            b'\'' if open > 0 => return None,
            _ => {}
        }
        at += 1;
    }
    (open == 0).then_some(length)
}

/// `${…}` where nothing is in it that would end a word or begin a quote elsewhere.
fn parameter(rest: &[u8]) -> Option<usize> {
    let length = rest.iter().position(|byte| *byte == b'}')? + 1;
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`\\".contains(byte);
    (!rest[..length].iter().any(ends)).then_some(length)
}

fn line_end(text: &[u8], at: usize) -> usize {
    let length = text[at..].iter().position(|byte| *byte == b'\n');
    length.map_or(text.len(), |length| at + length)
}

/// Words and signs, with indentation and line ends where no bracket is open.
fn python(text: &[u8]) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    let mut line_begins = true;
    while at < text.len() {
        if line_begins && depth == 0 {
            let blanks = text[at..]
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c'))
                .count();
            let first = text.get(at + blanks);
            if !matches!(first, None | Some(b'\n' | b'\r' | b'#')) {
                tokens.push(Token::Code(b"\n"));
                tokens.push(Token::Code(&text[at..at + blanks]));
            }
            at += blanks;
        }
        line_begins = false;
        let Some(&byte) = text.get(at) else { break };
        let length = match byte {
            b'\n' => {
                line_begins = true;
                at += 1;
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\x0c' => {
                at += 1;
                continue;
            }
            b'#' => {
                let end = line_end(text, at);
                let comment = &text[at..end];
                let tells = names_interpreter(text, at) || names_encoding(text, at, comment);
                tokens.push(if tells {
                    Token::Code(comment)
                } else {
                    Token::Comment(comment)
                });
                at = end;
                continue;
            }
            b'"' | b'\'' if is_formatted(&tokens, text, at) => python_formatted(&text[at..])?,
            b'"' | b'\'' => python_string(&text[at..])?,
            b'\\' if text.get(at + 1) == Some(&b'\n') => 2,
            _ if is_word(byte) => text[at..].iter().take_while(|byte| is_word(**byte)).count(),
            _ => operator(&text[at..]),
        };
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        tokens.push(Token::Code(&text[at..at + length]));
        at += length;
    }
    Some(tokens)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || byte >= 0x80
}

fn operator(rest: &[u8]) -> usize {
    const PAIRS: [&[u8]; 16] = [
        b"**", b"//", b"==", b"!=", b"<=", b">=", b"->", b":=", b"+=", b"-=", b"*=", b"/=", b"<<",
        b">>", b"|=", b"&=",
    ];
    if PAIRS.iter().any(|pair| rest.starts_with(pair)) {
        2
    } else {
        1
    }
}

/// In one of the first two lines a comment may say how all others are to be read.
fn names_encoding(text: &[u8], at: usize, comment: &[u8]) -> bool {
    let lines = text[..at]
        .iter()
        .filter(|byte| **byte == b'\n')
        .take(2)
        .count();
    lines < 2 && bstr::ByteSlice::find(comment, b"coding").is_some()
}

/// Whether the prefix of a string, right before it, says that there is code in it.
fn is_formatted(tokens: &[Token<'_>], text: &[u8], at: usize) -> bool {
    let Some(Token::Code(prefix)) = tokens.last() else {
        return false;
    };
    prefix.len() <= 2
        && text[..at].ends_with(prefix)
        && prefix.iter().any(|byte| b"fFtT".contains(byte))
}

/// A string with code in it; none where its own quote stands in the code, for since Python 3.12
/// that begins another string, and before it ended this one.
fn python_formatted(rest: &[u8]) -> Option<usize> {
    let length = python_string(rest)?;
    let quote = if rest.starts_with(&[rest[0]; 3]) {
        3
    } else {
        1
    };
    let inner = rest.get(quote..length.checked_sub(quote)?)?;
    let (mut open, mut at) = (0_usize, 0);
    while let Some(&byte) = inner.get(at) {
        at += match byte {
            b'{' if open == 0 && inner.get(at + 1) == Some(&b'{') => 2,
            b'"' | b'\'' if open > 0 && byte != rest[0] => python_string(&inner[at..])?,
            b'"' | b'\'' | b'#' if open > 0 => return None,
            b'{' => {
                open += 1;
                1
            }
            b'}' => {
                open = open.saturating_sub(1);
                1
            }
            _ => 1,
        };
    }
    (open == 0).then_some(length)
}

fn python_string(rest: &[u8]) -> Option<usize> {
    let quote = *rest.first()?;
    let triple = rest.starts_with(&[quote; 3]);
    let mut at = if triple { 3 } else { 1 };
    loop {
        match rest.get(at)? {
            b'\\' => at += 2,
            b'\n' if !triple => return None,
            byte if *byte == quote && !triple => return Some(at + 1),
            byte if *byte == quote && rest[at..].starts_with(&[quote; 3]) => return Some(at + 3),
            _ => at += 1,
        }
    }
}
