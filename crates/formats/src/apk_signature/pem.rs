//! The text armour around a public key.

use super::InvalidKey;

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// No RSA key of 8192 bits takes more.
const MOST_BYTES: usize = 16 << 10;

/// The bytes of the first public key in a text.
pub(super) fn decode(pem: &str) -> Result<Vec<u8>, InvalidKey> {
    let (_, rest) = pem
        .split_once(BEGIN)
        .ok_or(InvalidKey::Pem("no BEGIN PUBLIC KEY line"))?;
    let (body, _) = rest
        .split_once(END)
        .ok_or(InvalidKey::Pem("no END PUBLIC KEY line"))?;
    if body.len() > MOST_BYTES {
        return Err(InvalidKey::Pem("too long"));
    }
    base64(body).ok_or(InvalidKey::Pem("not base64"))
}

/// Decodes base64 with padding; blanks and line ends are passed over.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
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
            assert_eq!(base64(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for text in ["", "Z", "Zg=", "====", "Zg=a", "Z*==", "Zm9vYg"] {
            assert_eq!(base64(text), None, "{text}");
        }
    }
}
