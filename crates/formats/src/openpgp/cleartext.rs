//! The framework of clear-signed documents (RFC 9580, section 7).
//!
//! What is outside of it was signed by nobody, so nothing may stand there: a reader that took it for
//! a part of the document could be told anything.

use super::packet::Malformed;

const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END: &[u8] = b"-----END PGP SIGNATURE-----";

/// A document taken apart.
pub(super) struct Parts<'a> {
    /// What was signed: lines with line feeds between them.
    pub(super) text: Vec<u8>,
    /// The armour of the signature.
    pub(super) signature: &'a [u8],
}

pub(super) fn split(document: &[u8]) -> Result<Parts<'_>, Malformed> {
    let mut rest = document;
    if line(&mut rest).map(bare) != Some(BEGIN) {
        return Err(Malformed("it does not begin as a clear-signed document"));
    }
    headers(&mut rest)?;
    let mut text = Vec::with_capacity(rest.len());
    let mut first = true;
    let signature = loop {
        let armour = rest;
        let line = line(&mut rest).ok_or(Malformed("a clear-signed document without signature"))?;
        if bare(line) == SIGNATURE {
            break armour;
        }
        if !first {
            text.push(b'\n');
        }
        first = false;
        text.extend_from_slice(bare(unescaped(line)?));
    };
    ends_with_signature(signature)?;
    Ok(Parts { text, signature })
}

/// Passes over the headers, which may name algorithms and nothing else; the signature names its own.
fn headers(rest: &mut &[u8]) -> Result<(), Malformed> {
    loop {
        let line = line(rest).ok_or(Malformed("a clear-signed document without text"))?;
        match bare(line) {
            b"" => return Ok(()),
            line if line.starts_with(b"Hash: ") => {}
            _ => {
                return Err(Malformed(
                    "a clear-signed document with another header than Hash",
                ));
            }
        }
    }
}

/// A line with what hid its dash taken off.
fn unescaped(line: &[u8]) -> Result<&[u8], Malformed> {
    match line.strip_prefix(b"- ") {
        Some(line) => Ok(line),
        None if line.starts_with(b"-") => Err(Malformed("a bare dash within what was signed")),
        None => Ok(line),
    }
}

/// Whether nothing but blank lines stands behind the signature.
fn ends_with_signature(mut rest: &[u8]) -> Result<(), Malformed> {
    while let Some(line) = line(&mut rest) {
        if bare(line) == END {
            let empty = rest.trim_ascii().is_empty();
            return empty
                .then_some(())
                .ok_or(Malformed("something stands behind the signature"));
        }
    }
    Err(Malformed("a signature without its end"))
}

/// Takes off the first line, without its line feed.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let end = memchr::memchr(b'\n', rest);
    let line = &rest[..end.unwrap_or(rest.len())];
    *rest = end.map_or(&[], |end| &rest[end + 1..]);
    Some(line)
}

/// A line without what does not count at its end.
fn bare(line: &[u8]) -> &[u8] {
    let blanks = line
        .iter()
        .rev()
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'))
        .count();
    &line[..line.len() - blanks]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "-----BEGIN PGP SIGNATURE-----\n\nAQID\n-----END PGP SIGNATURE-----\n";

    fn text(head: &str) -> Result<String, Malformed> {
        let document = format!("{head}{TAIL}");
        let parts = split(document.as_bytes())?;
        assert_eq!(parts.signature, TAIL.as_bytes());
        Ok(String::from_utf8_lossy(&parts.text).into_owned())
    }

    #[test]
    fn what_was_signed_is_had_without_what_does_not_count() {
        let head = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\nHash: SHA512\n\n";
        assert_eq!(
            text(&format!("{head}a \t\n\n- -b\n- c\n")).unwrap(),
            "a\n\n-b\nc"
        );
        assert_eq!(text(&format!("{head}a\r\nb\r\n")).unwrap(), "a\nb");
        assert_eq!(text(head).unwrap(), "");
    }

    #[test]
    fn nothing_stands_around_what_was_signed() {
        let head = "-----BEGIN PGP SIGNED MESSAGE-----\n\n";
        for wrong in [
            format!("x\n{head}a\n"),
            format!("\n{head}a\n"),
            "-----BEGIN PGP SIGNED MESSAGE-----\nOrigin: x\n\na\n".to_owned(),
            format!("{head}-a\n"),
            format!("{head}a\n{head}b\n"),
        ] {
            assert!(text(&wrong).is_err(), "{wrong}");
        }
        for tail in ["x\n", "-----BEGIN PGP SIGNED MESSAGE-----\n"] {
            let document = format!("{head}a\n{TAIL}{tail}");
            assert!(split(document.as_bytes()).is_err(), "{tail}");
        }
        assert!(split(format!("{head}a\n").as_bytes()).is_err());
        assert!(split(format!("{head}a\n{}", &TAIL[..40]).as_bytes()).is_err());
    }
}
