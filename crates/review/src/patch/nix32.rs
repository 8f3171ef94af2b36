//! Guix's base32 of digests: Nix's alphabet, the last bits first.

use crate::digest::hexadecimal;

const ALPHABET: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// The digest in hexadecimal.
pub(super) fn to_hexadecimal(text: &str) -> Option<String> {
    let length = text.len() * 5 / 8;
    if !(16..=64).contains(&length) || (length * 8).div_ceil(5) != text.len() {
        return None;
    }
    let mut bytes = vec![0_u8; length];
    for (index, digit) in text.bytes().rev().enumerate() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        let value = u16::try_from(value).ok()? << (index * 5 % 8);
        let [low, high] = value.to_le_bytes();
        let at = index * 5 / 8;
        *bytes.get_mut(at)? |= low;
        match bytes.get_mut(at + 1) {
            Some(next) => *next |= high,
            None if high == 0 => {}
            None => return None,
        }
    }
    Some(hexadecimal(&bytes))
}

/// A digest in hexadecimal as Guix writes it.
pub(super) fn of_hexadecimal(hex: &str) -> Option<String> {
    let pairs = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok());
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| u8::from_str_radix(pair?, 16).ok())
        .collect();
    let bytes = bytes?;
    let digits = (bytes.len() * 8).div_ceil(5);
    let digit = |index: usize| {
        let (at, shift) = (index * 5 / 8, index * 5 % 8);
        let low = u16::from(bytes[at]) >> shift;
        let high = bytes
            .get(at + 1)
            .map_or(0, |next| u16::from(*next) << (8 - shift));
        char::from(ALPHABET[usize::from((low | high) & 31)])
    };
    Some((0..digits).rev().map(digit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_same_in_both_spellings() {
        // Of nothing, as `guix hash` and `sha256sum` print it.
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let base32 = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
        assert_eq!(to_hexadecimal(base32).unwrap(), hex);
        assert_eq!(of_hexadecimal(hex).unwrap(), base32);
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for text in [
            "",
            "e",
            "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
            "ä",
        ] {
            assert_eq!(to_hexadecimal(text), None, "{text}");
        }
    }
}
