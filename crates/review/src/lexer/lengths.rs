//! How long the token is with which a text begins, kind by kind; none where it never ends.

use super::Language;

/// Operators of several characters, the longer first: two of them apart are not one.
const OPERATORS: [&[u8]; 34] = [
    b">>>=", b"===", b"!==", b">>>", b"**=", b"<<=", b">>=", b"...", b"..=", b"&&=", b"||=",
    b"??=", b"->*", b"<=>", b"++", b"--", b"->", b"=>", b"<<", b"<=", b">=", b"==", b"!=", b"&&",
    b"||", b"+=", b"-=", b"*=", b"/=", b"%=", b"##", b"::", b":=", b"..",
];

/// Something that begins and never ends.
pub(super) struct Endless;

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

pub(super) fn word(rest: &[u8]) -> usize {
    rest.iter().take_while(|byte| is_word(**byte)).count()
}

/// A number goes on over its point: `1.5` is one token.
pub(super) fn number_or_word(rest: &[u8]) -> usize {
    let length = word(rest);
    let is_number = rest.first().is_some_and(u8::is_ascii_digit);
    match rest.get(length..) {
        Some([b'.', next, ..]) if is_number && next.is_ascii_digit() => {
            length + 1 + word(&rest[length + 1..])
        }
        _ => length,
    }
}

pub(super) fn operator(rest: &[u8]) -> usize {
    let known = OPERATORS.iter().find(|operator| rest.starts_with(operator));
    known.map_or(1, |operator| operator.len())
}

/// A number of C: `1'000` is one token in C++.
pub(super) fn c_number(rest: &[u8]) -> usize {
    let mut length = number_or_word(rest);
    while let Some([b'\'', next, ..]) = rest.get(length..)
        && next.is_ascii_alphanumeric()
    {
        length += 1 + number_or_word(&rest[length + 1..]);
    }
    length
}

/// A word of Scheme or Lisp; none of one that has a spelling of its own for what else would end it.
pub(super) fn scheme_atom(rest: &[u8]) -> Option<usize> {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"()[]\";".contains(byte);
    let length = rest.iter().position(ends).unwrap_or(rest.len()).max(1);
    let atom = &rest[..length];
    let escapes = atom.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let spelled = atom.contains(&b'|') || atom.starts_with(b"#{") || atom.starts_with(b"#!");
    // `?;` is a character in Emacs.
    (!escapes && !spelled && atom != b"?").then_some(length)
}

pub(super) fn line_length(rest: &[u8]) -> usize {
    rest.iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(rest.len())
}

pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    bstr::ByteSlice::find(haystack, needle)
}

/// A string up to its closing quote; only where `lines` says so it goes over lines.
pub(super) fn quoted(rest: &[u8], quote: u8, lines: bool) -> Option<usize> {
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

/// A template; the code inside is one token with the text. One with a template, a pattern or a
/// comment in its code is not followed.
pub(super) fn template(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    let mut depth = 0_usize;
    loop {
        let byte = *rest.get(at)?;
        at += match byte {
            b'\\' => 2,
            b'$' if depth == 0 && rest.get(at + 1) == Some(&b'{') => {
                depth = 1;
                2
            }
            b'`' if depth == 0 => return Some(at + 1),
            b'`' | b'/' if depth > 0 => return None,
            b'"' | b'\'' if depth > 0 => quoted(&rest[at..], byte, false)?,
            _ => {
                match byte {
                    b'{' if depth > 0 => depth += 1,
                    b'}' if depth > 0 => depth -= 1,
                    _ => {}
                }
                1
            }
        };
    }
}

pub(super) fn regex(rest: &[u8]) -> Option<usize> {
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
pub(super) fn lifetime_or_character(rest: &[u8]) -> usize {
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

/// Raw strings of C++ and Rust.
pub(super) fn raw_string(language: Language, rest: &[u8]) -> Option<Result<usize, Endless>> {
    match language {
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
