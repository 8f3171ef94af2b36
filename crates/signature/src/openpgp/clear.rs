//! Clear-signed documents: the text as it was signed, and the armor of its signatures.
//!
//! By the cleartext framework of RFC 9580, section 7: lines that begin with a dash are escaped,
//! blanks at the end of a line and the last line's end are not signed. Only one document stands in
//! a file; whatever stands around it is not signed, and told.

use bstr::ByteSlice;

const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN_SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END_SIGNATURE: &[u8] = b"-----END PGP SIGNATURE-----";

/// The text of a clear-signed document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleartext {
    /// As a reader sees it, each line ended by a line feed.
    pub bytes: Vec<u8>,
    /// As it is hashed.
    pub(super) canonical: Vec<u8>,
    /// Whether there is anything but blanks around the document.
    pub(super) outside: bool,
}

/// Whether a file is meant to be a clear-signed document.
pub(super) fn is_clear_signed(file: &[u8]) -> bool {
    file.starts_with(BEGIN) || file.find([b"\n", BEGIN].concat()).is_some()
}

/// Reads a document: its text and the armor that follows it.
pub(super) fn read(file: &[u8]) -> Result<(Cleartext, &[u8]), &'static str> {
    let mut outside = false;
    let mut lines = Lines { file, at: 0 };
    loop {
        let line = lines.next().ok_or("the signed text does not begin")?;
        if line.text == BEGIN {
            break;
        }
        outside |= !line.text.is_empty();
    }
    loop {
        let line = lines.next().ok_or("the signed text has no beginning")?;
        if line.text.is_empty() {
            break;
        }
        // Other headers would be read by some programs as text and by others not.
        if !line.text.starts_with(b"Hash:") {
            return Err("the signed text begins with a header that has no place there");
        }
    }
    let mut bytes = Vec::new();
    let mut canonical = Vec::new();
    let signature = loop {
        let line = lines.next().ok_or("the signed text has no signature")?;
        if line.text == BEGIN_SIGNATURE {
            break line.start;
        }
        let (text, whole) = match line.text.strip_prefix(b"- ") {
            Some(text) => (text, &line.whole[2..]),
            None if line.text.starts_with(b"-----") => {
                return Err("a line of the signed text begins with dashes that are not escaped");
            }
            None => (line.text, line.whole),
        };
        if !canonical.is_empty() || !bytes.is_empty() {
            canonical.extend_from_slice(b"\r\n");
        }
        canonical.extend_from_slice(text);
        bytes.extend_from_slice(whole);
        bytes.push(b'\n');
    };
    let armor = &file[signature..];
    let end = armor
        .find(END_SIGNATURE)
        .ok_or("the signature does not end")?;
    let end = end + END_SIGNATURE.len();
    outside |= !armor[end..].trim_ascii().is_empty();
    let text = Cleartext {
        bytes,
        canonical,
        outside,
    };
    Ok((text, &armor[..end]))
}

struct Lines<'a> {
    file: &'a [u8],
    at: usize,
}

struct Line<'a> {
    start: usize,
    /// Without blanks at its end.
    text: &'a [u8],
    /// With them.
    whole: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.file.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let length = rest.find_byte(b'\n').unwrap_or(rest.len());
        self.at = start + length + 1;
        let whole = rest[..length]
            .strip_suffix(b"\r")
            .unwrap_or(&rest[..length]);
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
        let kept = whole.iter().rposition(|byte| !blank(byte));
        let text = kept.map_or(&whole[..0], |last| &whole[..=last]);
        Some(Line { start, text, whole })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> String {
        format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}\
             -----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"
        )
    }

    #[test]
    fn dashes_are_unescaped_and_blanks_at_the_end_are_not_signed() {
        let document = document("a \t\n- -----b\n\nc\n");
        let (text, armor) = read(document.as_bytes()).unwrap();
        assert_eq!(text.canonical, b"a\r\n-----b\r\n\r\nc");
        assert_eq!(text.bytes, b"a \t\n-----b\n\nc\n");
        assert!(!text.outside);
        assert!(armor.starts_with(BEGIN_SIGNATURE) && armor.ends_with(END_SIGNATURE));
    }

    #[test]
    fn an_empty_first_line_is_signed() {
        let document = document("\na\n");
        let (text, _) = read(document.as_bytes()).unwrap();
        assert_eq!(text.canonical, b"\r\na");
    }

    #[test]
    fn text_around_the_document_is_told() {
        let before = format!("Source: evil\n{}", document("a\n"));
        assert!(read(before.as_bytes()).unwrap().0.outside);
        let after = format!("{}Source: evil\n", document("a\n"));
        assert!(read(after.as_bytes()).unwrap().0.outside);
    }

    #[test]
    fn what_programs_read_differently_is_refused() {
        let header = document("a\n").replace("Hash: SHA512", "Source: evil");
        assert!(read(header.as_bytes()).is_err());
        let nested = document("-----BEGIN PGP SIGNED MESSAGE-----\na\n");
        assert!(read(nested.as_bytes()).is_err());
        assert!(read(&document("a\n").as_bytes()[..70]).is_err());
    }
}
