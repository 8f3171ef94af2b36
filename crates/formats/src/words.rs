//! Text of a source, short enough to be shown in a line or kept beside a verdict.

/// Characters of a note that are kept: it is read in a line of evidence, and stored with the
/// facts that matching reads again and again.
const NOTE_CHARACTERS: usize = 300;

/// What a source says to people, in one line of bounded length; parts that say nothing are left out.
pub(crate) fn note<'a>(parts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut note = String::new();
    let mut count = 0;
    for part in parts {
        let mut words = part.split_whitespace().peekable();
        if words.peek().is_some() && !note.is_empty() {
            note.push_str("; ");
            count += 2;
        }
        for (place, word) in words.enumerate() {
            if place > 0 {
                note.push(' ');
                count += 1;
            }
            for c in word.chars().filter(|c| !c.is_control()) {
                if count == NOTE_CHARACTERS {
                    note.push('…');
                    return Some(note);
                }
                note.push(c);
                count += 1;
            }
        }
    }
    Some(note).filter(|note| !note.is_empty())
}

/// Text that says something.
pub(crate) fn said(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// Versions are shorter by far; the longest in Alpine has 40 bytes.
const VERSION_BYTES: usize = 128;

/// Whether a text can be kept as a version, valid or not: it is short, and of one word.
pub(crate) fn is_version(text: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace();
    (1..=VERSION_BYTES).contains(&text.len()) && !text.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_short_line() {
        assert_eq!(
            note(["not used", " ", "only\non  Windows"]).as_deref(),
            Some("not used; only on Windows")
        );
        assert_eq!(note(["", "\t"]), None);
        let long = note(["ä".repeat(1000).as_str()]).unwrap();
        assert_eq!(long.chars().count(), NOTE_CHARACTERS + 1);
        assert!(long.ends_with('…'));
    }
}
