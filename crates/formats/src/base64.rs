//! Base64 with padding (RFC 4648, section 4), as keys and hashes are written.

/// Decodes base64 with padding; blanks and line ends are passed over.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    if digits.is_empty() || !digits.len().is_multiple_of(4) {
        return None;
    }
    let padding = digits
        .iter()
        .rev()
        .take(2)
        .take_while(|b| **b == b'=')
        .count();
    digits.truncate(digits.len() - padding);
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 3);
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for (place, digit) in group.iter().enumerate() {
            bits |= value(*digit)? << (18 - 6 * place);
        }
        // A group of n digits stands for n - 1 bytes.
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_with_its_padding() {
        for (text, bytes) in [
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9v\nYmE=", "fooba"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for text in ["", "Z", "Zg=", "====", "Zg=a", "Z*==", "Zm9vYg"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
