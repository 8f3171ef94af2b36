//! Bytes as hexadecimal digits, in small letters, as digests and commits are written.

/// Writes two digits for each byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// The bytes of pairs of digits, small or capital; at least one.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16)?.try_into().ok())
        .collect();
    let digits = digits.filter(|it| !it.is_empty() && it.len().is_multiple_of(2))?;
    Some(
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_back_as_bytes() {
        assert_eq!(encode(&[0x00, 0x9f, 0xf0]), "009ff0");
        assert_eq!(decode("009fF0"), Some(vec![0x00, 0x9f, 0xf0]));
        for text in ["", "0", "0x", "000"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
