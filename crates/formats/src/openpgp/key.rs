//! Public keys, and which of them are strong enough to prove something.

use std::fmt;

use pgp::packet::{Packet, PublicKey};
use pgp::ser::Serialize;
use pgp::types::{
    EcdsaPublicParams, EddsaLegacyPublicParams, Fingerprint as Digest, KeyDetails, PublicParams,
    RsaPublicParams, Tag,
};

use super::Why;
use super::packet::read;

/// By what a key is known: the digest of its packet, which is SHA-1's for keys of version 4. Nobody
/// can make a second key to a fingerprint, which is another matter than making two with the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(Version);

/// Its versions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Version {
    Four([u8; 20]),
    Six([u8; 32]),
}

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
    /// EdDSA on Curve448.
    Ed448,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// ECDSA on P-521.
    P521,
    /// One that is not believed.
    Other(u8),
}

/// A public key, of a certificate or of a subkey: both have the same content.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) packet: PublicKey,
    /// When it was made, in seconds since 1970.
    pub(super) created: u32,
    fingerprint: Fingerprint,
}

/// RSA keys shorter than this can be broken; the library reads none of more than 8192 bits.
const RSA_BITS: usize = 2048;

impl Key {
    /// Reads the content of a key's packet; `None` where version or algorithm are not known, or the
    /// numbers are none of the algorithm.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        // A fingerprint covers a length of two bytes.
        let known = matches!(body.first(), Some(4 | 6)) && u16::try_from(body.len()).is_ok();
        let Packet::PublicKey(packet) = known.then(|| read(Tag::PublicKey, body))?? else {
            return None;
        };
        Some(Self {
            created: packet.created_at().as_secs(),
            fingerprint: Fingerprint::of(&packet.fingerprint())?,
            packet,
        })
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(super) fn algorithm(&self) -> KeyAlgorithm {
        match self.packet.public_params() {
            PublicParams::RSA(numbers) => KeyAlgorithm::Rsa {
                bits: modulus_bits(numbers),
            },
            PublicParams::Ed25519(_)
            | PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Ed25519 { .. }) => {
                KeyAlgorithm::Ed25519
            }
            PublicParams::Ed448(_) => KeyAlgorithm::Ed448,
            PublicParams::ECDSA(EcdsaPublicParams::P256 { .. }) => KeyAlgorithm::P256,
            PublicParams::ECDSA(EcdsaPublicParams::P384 { .. }) => KeyAlgorithm::P384,
            PublicParams::ECDSA(EcdsaPublicParams::P521 { .. }) => KeyAlgorithm::P521,
            _ => KeyAlgorithm::Other(self.packet.algorithm().into()),
        }
    }

    /// Whether what it signed proves something.
    pub(super) fn check_strength(&self) -> Result<(), Why> {
        match self.algorithm() {
            KeyAlgorithm::Rsa { bits } if bits < RSA_BITS => Err(Why::WeakKey(bits)),
            KeyAlgorithm::Other(_) => Err(Why::Unsupported("the key's algorithm")),
            _ => Ok(()),
        }
    }

    /// How long a digest has to be for the key, in bits.
    pub(super) fn least_digest_bits(&self) -> usize {
        match self.algorithm() {
            KeyAlgorithm::P384 => 384,
            KeyAlgorithm::P521 | KeyAlgorithm::Ed448 => 512,
            _ => 256,
        }
    }
}

/// The library writes a number behind its length in bits, and the modulus first.
fn modulus_bits(numbers: &RsaPublicParams) -> usize {
    let written = numbers.to_bytes().unwrap_or_default();
    let bits = written.first_chunk().copied().map(u16::from_be_bytes);
    bits.map_or(0, usize::from)
}

impl Fingerprint {
    pub(super) fn of(digest: &Digest) -> Option<Self> {
        match digest {
            Digest::V4(bytes) => Some(Self(Version::Four(*bytes))),
            Digest::V6(bytes) => Some(Self(Version::Six(*bytes))),
            _ => None,
        }
    }

    /// Whether these eight bytes are its abbreviation.
    pub(super) fn has_id(&self, id: &[u8]) -> bool {
        match &self.0 {
            Version::Four(bytes) => bytes[12..] == *id,
            Version::Six(bytes) => bytes[..8] == *id,
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Version::Four(bytes) => bytes,
            Version::Six(bytes) => bytes,
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
