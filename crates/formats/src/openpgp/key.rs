//! Public keys (RFC 9580, sections 5.5.2 and 5.5.4) and checking what they signed.

use std::fmt;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

use super::Why;
use super::packet::{Bytes, Malformed};
use super::signature::HashAlgorithm;

/// By what a key is known: the SHA-1 of its packet. Nobody can make a second key to a fingerprint,
/// which is another matter than making two with the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub(super) [u8; 20]);

/// The algorithm of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA, with the length of its modulus.
    Rsa {
        /// In bits.
        bits: usize,
    },
    /// EdDSA on Curve25519.
    Ed25519,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// One that cannot be checked.
    Other(u8),
}

/// A public key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// When it was made, in seconds since 1970.
    pub(super) created: u32,
    fingerprint: Fingerprint,
    material: Material,
    body: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ed25519(Vec<u8>),
    P256(Vec<u8>),
    P384(Vec<u8>),
    Other(u8),
}

const RSA: u8 = 1;
const RSA_SIGN: u8 = 3;
const ECDSA: u8 = 19;
const EDDSA: u8 = 22;

/// Names of curves, as in ASN.1.
const ED25519: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// RSA keys that can be checked; shorter ones can be broken.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

impl Key {
    /// Reads the body of a key's packet; `None` of a version that is not known.
    pub(super) fn parse(body: &[u8]) -> Result<Option<Self>, Malformed> {
        let mut bytes = Bytes(body);
        if bytes.byte()? != 4 {
            return Ok(None);
        }
        let created = bytes.u32()?;
        let material = Material::parse(bytes.byte()?, &mut bytes)?;
        let mut key = Self {
            created,
            fingerprint: Fingerprint([0; 20]),
            material,
            body: body.to_vec(),
        };
        let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, &key.signed_form()?);
        key.fingerprint.0.copy_from_slice(sum.as_ref());
        Ok(Some(key))
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(super) fn algorithm(&self) -> KeyAlgorithm {
        match &self.material {
            Material::Rsa { modulus, .. } => KeyAlgorithm::Rsa {
                bits: bits(modulus),
            },
            Material::Ed25519(_) => KeyAlgorithm::Ed25519,
            Material::P256(_) => KeyAlgorithm::P256,
            Material::P384(_) => KeyAlgorithm::P384,
            Material::Other(code) => KeyAlgorithm::Other(*code),
        }
    }

    /// What a signature over the key covers of it, and its fingerprint, too.
    pub(super) fn signed_form(&self) -> Result<Vec<u8>, Malformed> {
        let length = u16::try_from(self.body.len()).map_err(|_| Malformed("a key is too long"))?;
        Ok([&[0x99][..], &length.to_be_bytes(), &self.body].concat())
    }

    /// Checks the numbers of a signature, made by an algorithm over a message.
    pub(super) fn verify(
        &self,
        algorithm: u8,
        hash: HashAlgorithm,
        message: &[u8],
        numbers: &[Vec<u8>],
    ) -> Result<(), Why> {
        match (&self.material, algorithm, numbers) {
            (Material::Rsa { modulus, exponent }, RSA | RSA_SIGN, [number]) => {
                rsa(modulus, exponent, hash, message, number)
            }
            (Material::Ed25519(point), EDDSA, [r, s]) => {
                let key = UnparsedPublicKey::new(&signature::ED25519, point);
                let sum = digest(hash.algorithm(), message);
                let signature = pair(r, s, 32)?;
                key.verify(sum.as_ref(), &signature).map_err(|_| Why::Bad)
            }
            (Material::P256(point), ECDSA, [r, s]) => p256(point, hash, message, &pair(r, s, 32)?),
            (Material::P384(point), ECDSA, [r, s]) => {
                if hash != HashAlgorithm::Sha384 {
                    return Err(Why::Unsupported("P-384 with another digest than SHA-384"));
                }
                let key = UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point);
                key.verify(message, &pair(r, s, 48)?).map_err(|_| Why::Bad)
            }
            (Material::Other(_), ..) => Err(Why::Unsupported("the key's algorithm")),
            _ => Err(Why::Bad),
        }
    }
}

impl Material {
    fn parse(algorithm: u8, bytes: &mut Bytes<'_>) -> Result<Self, Malformed> {
        match algorithm {
            RSA | RSA_SIGN => Ok(Self::Rsa {
                modulus: bytes.number()?.to_vec(),
                exponent: bytes.number()?.to_vec(),
            }),
            ECDSA | EDDSA => {
                let length = usize::from(bytes.byte()?);
                let curve = bytes.take(length)?;
                let point = bytes.number()?;
                Ok(match (algorithm, curve, point) {
                    // A mark says that the point is as the curve's own standard writes it.
                    (EDDSA, ED25519, [0x40, point @ ..]) => Self::Ed25519(point.to_vec()),
                    (ECDSA, P256, _) => Self::P256(point.to_vec()),
                    (ECDSA, P384, _) => Self::P384(point.to_vec()),
                    _ => Self::Other(algorithm),
                })
            }
            other => Ok(Self::Other(other)),
        }
    }
}

fn rsa(
    modulus: &[u8],
    exponent: &[u8],
    hash: HashAlgorithm,
    message: &[u8],
    number: &[u8],
) -> Result<(), Why> {
    let bits = bits(modulus);
    if bits < *RSA_BITS.start() {
        return Err(Why::WeakKey(bits));
    }
    if bits > *RSA_BITS.end() {
        return Err(Why::Unsupported("an RSA key of more than 8192 bits"));
    }
    let parameters = match hash {
        HashAlgorithm::Sha1 => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        HashAlgorithm::Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        HashAlgorithm::Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        HashAlgorithm::Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
    };
    let key = RsaPublicKeyComponents {
        n: modulus,
        e: exponent,
    };
    let signature = padded(number, modulus.len())?;
    key.verify(parameters, message, &signature)
        .map_err(|_| Why::Bad)
}

/// With p256 instead of ring: people combine the curve with any digest.
fn p256(point: &[u8], hash: HashAlgorithm, message: &[u8], pair: &[u8]) -> Result<(), Why> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| Why::Bad)?;
    let signature = p256::ecdsa::Signature::from_slice(pair).map_err(|_| Why::Bad)?;
    key.verify_prehash(digest(hash.algorithm(), message).as_ref(), &signature)
        .map_err(|_| Why::Bad)
}

/// Two numbers, each in so many bytes.
fn pair(first: &[u8], second: &[u8], length: usize) -> Result<Vec<u8>, Why> {
    Ok([padded(first, length)?, padded(second, length)?].concat())
}

fn padded(number: &[u8], length: usize) -> Result<Vec<u8>, Why> {
    let zeros = length.checked_sub(number.len()).ok_or(Why::Bad)?;
    Ok([&vec![0; zeros], number].concat())
}

/// The length of a number that has no leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let zeros = number
        .first()
        .map_or(0, |first| first.leading_zeros() as usize);
    number.len() * 8 - zeros
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
