//! Signatures, and the conditions under which one counts that the library leaves to its users: its
//! times, the digests and keys that still prove something, and what has to be understood of it.

use std::fmt;

use pgp::crypto::hash::HashAlgorithm as Digest;
use pgp::packet::{self, Packet, SignatureType, Subpacket, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{Duration, KeyId, Tag, Timestamp};

use super::key::{Fingerprint, Key};
use super::packet::{Malformed, packets, read};
use super::{CLOCK_SKEW_SECONDS, Why};

/// The algorithm of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// SHA-1, which is believed of nothing but the revocation of a key.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA3-256.
    Sha3_256,
    /// SHA3-512.
    Sha3_512,
}

/// A signature.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    /// When, in seconds since 1970.
    pub(super) made: u32,
    packet: packet::Signature,
    kind: SignatureType,
    hash: Digest,
    critical: Option<u8>,
}

/// What was signed.
#[derive(Clone, Copy)]
pub(super) enum Over<'a> {
    /// A document.
    Document(&'a [u8]),
    /// The key itself.
    Itself,
    /// A name of the key.
    Name(Tag, &'a Name),
    /// A subkey of the key.
    Subkey(&'a Key),
    /// The key of which it is a subkey.
    Main(&'a Key),
}

/// Whom a certificate names, or a picture of them, as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(pub(super) Vec<u8>);

/// What a signature calls its key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Issuer {
    Fingerprint(Fingerprint),
    KeyId(KeyId),
}

/// The bodies of the signatures in a file that has nothing else.
pub(super) fn bodies(file: &[u8], most: usize) -> Result<Vec<&[u8]>, Malformed> {
    let packets = packets(file)?;
    if packets.iter().any(|packet| packet.tag != Tag::Signature) {
        return Err(Malformed("something else than signatures"));
    }
    if packets.len() > most {
        return Err(Malformed("too many signatures"));
    }
    Ok(packets.iter().map(|packet| packet.body).collect())
}

impl Signature {
    /// Reads the body of a signature's packet.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Why> {
        // Older ones have no conditions, and those of version 5 are nobody's standard.
        if !matches!(body.first(), Some(4 | 6)) {
            return Err(Why::Unsupported(
                "a signature of another version than 4 or 6",
            ));
        }
        let packet = match read(Tag::Signature, body) {
            Some(Packet::Signature(packet)) => Self::of(packet),
            _ => None,
        };
        packet.ok_or(Why::Unsupported("a damaged signature"))
    }

    fn of(packet: packet::Signature) -> Option<Self> {
        let config = packet.config()?;
        let unknown = |it: &&Subpacket| it.is_critical && !is_understood(&it.data);
        let critical = config.hashed_subpackets().find(unknown);
        let critical = critical.map(|it| it.typ().as_u8(false));
        Some(Self {
            made: config.created().map_or(0, Timestamp::as_secs),
            kind: config.typ(),
            hash: config.hash_alg,
            critical,
            packet,
        })
    }

    /// What was signed.
    pub(super) fn kind(&self) -> SignatureType {
        self.kind
    }

    /// After how many seconds the key lapses that is bound by it.
    pub(super) fn key_lapses(&self) -> Option<u32> {
        let after = self.packet.key_expiration_time()?.as_secs();
        Some(after).filter(|after| *after != 0)
    }

    /// Whether the key that is bound by it may sign, if it says what the key may do.
    pub(super) fn may_sign(&self) -> Option<bool> {
        let mut hashed = self.packet.config()?.hashed_subpackets();
        hashed.find_map(|it| match &it.data {
            SubpacketData::KeyFlags(flags) => Some(flags.sign()),
            _ => None,
        })
    }

    /// A signature within it, by which a subkey agrees.
    pub(super) fn embedded(&self) -> Option<Self> {
        self.packet.embedded_signature().cloned().and_then(Self::of)
    }

    /// What it calls its key. Nobody signs that, and nobody has to: the key is checked.
    pub(super) fn issuer(&self) -> Option<Issuer> {
        let fingerprints = self.packet.issuer_fingerprint();
        let mut fingerprints = fingerprints.into_iter().filter_map(Fingerprint::of);
        let id = || {
            self.packet
                .issuer_key_id()
                .first()
                .map(|id| Issuer::KeyId(**id))
        };
        fingerprints.next().map(Issuer::Fingerprint).or_else(id)
    }

    /// Whether this key may have made it, as far as it says.
    pub(super) fn may_be_of(&self, key: &Key) -> bool {
        self.issuer()
            .is_none_or(|issuer| issuer.is(key.fingerprint()))
    }

    /// Checks it against a key and what was signed, and tells the digest's algorithm, which is one
    /// that proves something.
    pub(super) fn verify(&self, key: &Key, over: Over<'_>) -> Result<HashAlgorithm, Why> {
        match HashAlgorithm::of(self.hash)? {
            HashAlgorithm::Sha1 => Err(Why::WeakHash("SHA-1")),
            hash => {
                if hash.bits() < key.least_digest_bits() {
                    return Err(Why::Unsupported("a digest that is too short for the key"));
                }
                self.fits(key, over).map(|()| hash)
            }
        }
    }

    /// The same for revocations, which count with SHA-1, too: a forged one only does harm.
    pub(super) fn verify_revocation(&self, key: &Key, over: Over<'_>) -> Result<(), Why> {
        HashAlgorithm::of(self.hash)?;
        self.fits(key, over)
    }

    fn fits(&self, key: &Key, over: Over<'_>) -> Result<(), Why> {
        if let Some(code) = self.critical {
            return Err(Why::Critical(code));
        }
        key.check_strength()?;
        let fits = match over {
            Over::Document(document) => self.packet.verify(&key.packet, document),
            Over::Itself => self.packet.verify_key(&key.packet),
            Over::Name(tag, name) => self.packet.verify_certification(&key.packet, tag, name),
            Over::Subkey(subkey) => self
                .packet
                .verify_subkey_binding(&key.packet, &subkey.packet),
            Over::Main(main) => self
                .packet
                .verify_primary_key_binding(&key.packet, &main.packet),
        };
        fits.map_err(|_| Why::Bad)
    }

    /// Whether its own time has come and not passed.
    pub(super) fn check_times(&self, now: i64) -> Result<(), Why> {
        let made = i64::from(self.made);
        if self.made == 0 || made > now + CLOCK_SKEW_SECONDS {
            return Err(Why::Future);
        }
        let after = self.packet.signature_expiration_time();
        match after.map_or(0, Duration::as_secs) {
            0 => Ok(()),
            after if made + i64::from(after) <= now => Err(Why::Lapsed),
            _ => Ok(()),
        }
    }
}

/// What may be said with emphasis, since it is heeded, or has no bearing on whether a signature
/// counts: preferences, trust in others, reasons. Notations are not among them.
fn is_understood(data: &SubpacketData) -> bool {
    !matches!(
        data,
        SubpacketData::Notation(_) | SubpacketData::Experimental(..) | SubpacketData::Other(..)
    )
}

impl Issuer {
    pub(super) fn is(self, fingerprint: Fingerprint) -> bool {
        match self {
            Self::Fingerprint(own) => own == fingerprint,
            Self::KeyId(own) => fingerprint.has_id(own.as_ref()),
        }
    }
}

impl Serialize for Name {
    fn to_writer<W: std::io::Write>(&self, writer: &mut W) -> pgp::errors::Result<()> {
        Ok(writer.write_all(&self.0)?)
    }

    fn write_len(&self) -> usize {
        self.0.len()
    }
}

impl HashAlgorithm {
    fn of(digest: Digest) -> Result<Self, Why> {
        match digest {
            Digest::Md5 => Err(Why::WeakHash("MD5")),
            Digest::Sha1 => Ok(Self::Sha1),
            Digest::Ripemd160 => Err(Why::WeakHash("RIPEMD-160")),
            Digest::Sha256 => Ok(Self::Sha256),
            Digest::Sha384 => Ok(Self::Sha384),
            Digest::Sha512 => Ok(Self::Sha512),
            Digest::Sha3_256 => Ok(Self::Sha3_256),
            Digest::Sha3_512 => Ok(Self::Sha3_512),
            _ => Err(Why::Unsupported("the digest's algorithm")),
        }
    }

    fn bits(self) -> usize {
        match self {
            Self::Sha1 => 160,
            Self::Sha256 | Self::Sha3_256 => 256,
            Self::Sha384 => 384,
            Self::Sha512 | Self::Sha3_512 => 512,
        }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(fingerprint) => write!(f, "{fingerprint}"),
            Self::KeyId(id) => {
                let mut bytes = id.as_ref().iter();
                bytes.try_for_each(|byte| write!(f, "{byte:02X}"))
            }
        }
    }
}
