//! As much of DER as a `SubjectPublicKeyInfo` with a key of RSA or on P-256 takes.

use super::InvalidKey;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// 1.2.840.113549.1.1.1, rsaEncryption.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// 1.2.840.10045.2.1, ecPublicKey.
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// 1.2.840.10045.3.1.7, prime256v1.
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// What is inside a `SubjectPublicKeyInfo`, still encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// An `RSAPublicKey`.
    Rsa(&'a [u8]),
    /// A point of P-256.
    P256(&'a [u8]),
}

/// The key inside a `SubjectPublicKeyInfo`.
pub(super) fn public_key(document: &[u8]) -> Result<Key<'_>, InvalidKey> {
    let (info, rest) = element(document, SEQUENCE)?;
    if !rest.is_empty() {
        return Err(InvalidKey::Der("bytes behind the key"));
    }
    let (algorithm, rest) = element(info, SEQUENCE)?;
    let (identifier, parameters) = element(algorithm, OBJECT_IDENTIFIER)?;
    let (bits, rest) = element(rest, BIT_STRING)?;
    let [0, key @ ..] = bits else {
        return Err(InvalidKey::Der("a malformed bit string"));
    };
    if !rest.is_empty() {
        return Err(InvalidKey::Der("bytes behind the key"));
    }
    match identifier {
        RSA_ENCRYPTION => Ok(Key::Rsa(key)),
        EC_PUBLIC_KEY => match element(parameters, OBJECT_IDENTIFIER)? {
            (PRIME256V1, []) => Ok(Key::P256(key)),
            _ => Err(InvalidKey::Der("a key on another curve")),
        },
        _ => Err(InvalidKey::Der("a key of another algorithm")),
    }
}

/// The size of the modulus of an `RSAPublicKey`.
pub(super) fn modulus_bits(key: &[u8]) -> Result<usize, InvalidKey> {
    let (numbers, _) = element(key, SEQUENCE)?;
    let (modulus, rest) = element(numbers, INTEGER)?;
    let (_exponent, _) = element(rest, INTEGER)?;
    let start = modulus
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(modulus.len());
    let digits = &modulus[start..];
    let unused = digits
        .first()
        .map_or(0, |byte| byte.leading_zeros() as usize);
    Ok(digits.len() * 8 - unused)
}

/// The content of the element of the given tag at the start, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Result<(&[u8], &[u8]), InvalidKey> {
    let [found, length, rest @ ..] = bytes else {
        return Err(InvalidKey::Der("it ends early"));
    };
    if *found != tag {
        return Err(InvalidKey::Der("an element of an unexpected kind"));
    }
    let (length, rest) = match (*length, rest) {
        (short @ 0..=0x7f, _) => (usize::from(short), rest),
        (0x81, [a, rest @ ..]) => (usize::from(*a), rest),
        (0x82, [a, b, rest @ ..]) => (usize::from(*a) << 8 | usize::from(*b), rest),
        _ => return Err(InvalidKey::Der("a length beyond what a key needs")),
    };
    rest.split_at_checked(length)
        .ok_or(InvalidKey::Der("it ends early"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_that_reach_beyond_the_end_are_refused() {
        assert_eq!(
            element(&[SEQUENCE, 2, 1, 2, 3], SEQUENCE),
            Ok((&[1, 2][..], &[3][..]))
        );
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 1],
            &[0x30, 0x81],
            &[0x30, 0x84, 0, 0, 0, 1, 1],
        ] {
            assert!(element(bytes, SEQUENCE).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn leading_zeros_do_not_count() {
        assert_eq!(modulus_bits(&[0x30, 7, 2, 2, 0, 0x1f, 2, 1, 3]), Ok(5));
        assert_eq!(modulus_bits(&[0x30, 6, 2, 1, 0, 2, 1, 3]), Ok(0));
    }
}
