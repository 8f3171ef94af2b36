//! Text of others, with every character made visible that a reader would not see, or that would
//! move what is read: controls, directions of writing, joiners, fillers, tags, bytes that are no
//! text. What leaves a review has gone through here, names of files too.

/// A line of text: tabs stay.
pub fn line(bytes: &[u8]) -> String {
    shown(bytes, |c| c == '\t')
}

/// A name: nothing stays.
pub fn name(bytes: &[u8]) -> String {
    shown(bytes, |_| false)
}

fn shown(bytes: &[u8], stays: impl Fn(char) -> bool) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_unseen(c) && !stays(c) {
                // Writing into a string cannot fail.
                let _ = write!(text, "<U+{:04X}>", u32::from(c));
            } else {
                text.push(c);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "<{byte:02X}>");
        }
    }
    text
}

/// Whether a character shows nothing of its own, or changes how others are shown.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0xad                     // soft hyphen
            | 0x34f                  // combining grapheme joiner
            | 0x61c                  // Arabic letter mark
            | 0x115f | 0x1160        // Hangul fillers
            | 0x17b4 | 0x17b5
            | 0x180b..=0x180f        // Mongolian variation selectors
            | 0x2000..=0x200f        // spaces of other widths, joiners, marks of direction
            | 0x2028..=0x202f        // separators, embeddings, overrides
            | 0x205f..=0x206f        // invisible operators, isolates
            | 0x2800                 // blank pattern of Braille
            | 0x3000 | 0x3164
            | 0xfe00..=0xfe0f        // variation selectors
            | 0xfeff | 0xffa0
            | 0xfff0..=0xfffb
            | 0x1_d173..=0x1_d17a
            | 0xe_0000..=0xe_0fff    // tags, more variation selectors
            | 0xa0 | 0x1680
            | 0xe000..=0xf8ff        // private use: anything, in the reader's font
            | 0xf_0000..=0x10_ffff
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_spelled_out() {
        assert_eq!(
            line("a\u{202e}b\u{1b}[0m\tc".as_bytes()),
            "a<U+202E>b<U+001B>[0m\tc"
        );
        assert_eq!(name(b"a\nb\xff\t"), "a<U+000A>b<FF><U+0009>");
        assert_eq!(line("Grüße, 日本語".as_bytes()), "Grüße, 日本語");
    }
}
