//! The text armour around a public key.

use super::InvalidKey;
use crate::base64;

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
    base64::decode(body).ok_or(InvalidKey::Pem("not base64"))
}
