//! Signatures of version 4 (RFC 9580, section 5.2).

use std::borrow::Cow;
use std::fmt;

use ring::digest;

use super::key::{Fingerprint, Key};
use super::packet::{Bytes, Malformed, packets, tag};
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
}

/// What is signed of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its bytes.
    Binary,
    /// Its lines, whatever ends them.
    Text,
}

/// A signature.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    /// What was signed.
    pub(super) kind: u8,
    /// When, in seconds since 1970.
    pub(super) made: u32,
    /// After how many seconds the key lapses that is bound by it.
    pub(super) key_lapses: Option<u32>,
    /// What the key that is bound by it may do.
    pub(super) flags: Option<u8>,
    /// A signature within it, by which a subkey agrees.
    pub(super) embedded: Option<Vec<u8>>,
    algorithm: u8,
    hash: u8,
    lapses: Option<u32>,
    fingerprint: Option<Fingerprint>,
    key_id: Option<[u8; 8]>,
    critical: Option<u8>,
    /// All of it that is signed, too.
    signed: Vec<u8>,
    numbers: Vec<Vec<u8>>,
}

/// What a signature calls its key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Issuer {
    Fingerprint(Fingerprint),
    KeyId([u8; 8]),
}

/// Types of signatures.
pub(super) mod kind {
    pub(in super::super) const CERTIFICATIONS: std::ops::RangeInclusive<u8> = 0x10..=0x13;
    pub(in super::super) const SUBKEY: u8 = 0x18;
    pub(in super::super) const MAIN_KEY: u8 = 0x19;
    pub(in super::super) const DIRECT: u8 = 0x1f;
    pub(in super::super) const KEY_REVOCATION: u8 = 0x20;
    pub(in super::super) const SUBKEY_REVOCATION: u8 = 0x28;
    pub(in super::super) const USER_REVOCATION: u8 = 0x30;
}

/// The bodies of the signatures in a file that has nothing else.
pub(super) fn bodies(file: &[u8], most: usize) -> Result<Vec<&[u8]>, Malformed> {
    let packets = packets(file)?;
    if packets.iter().any(|packet| packet.tag != tag::SIGNATURE) {
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
        match Bytes(body).byte() {
            Ok(4) => Self::version_4(body).map_err(|_| Why::Unsupported("a damaged signature")),
            _ => Err(Why::Unsupported("a signature of another version than 4")),
        }
    }

    fn version_4(body: &[u8]) -> Result<Self, Malformed> {
        let mut bytes = Bytes(body);
        bytes.byte()?;
        let (kind, algorithm, hash) = (bytes.byte()?, bytes.byte()?, bytes.byte()?);
        let length = usize::from(bytes.u16()?);
        let hashed = bytes.take(length)?;
        let mut signature = Self {
            kind,
            algorithm,
            hash,
            made: 0,
            key_lapses: None,
            flags: None,
            embedded: None,
            lapses: None,
            fingerprint: None,
            key_id: None,
            critical: None,
            signed: body[..6 + length].to_vec(),
            numbers: Vec::new(),
        };
        signature.subpackets(hashed, true)?;
        let length = usize::from(bytes.u16()?);
        signature.subpackets(bytes.take(length)?, false)?;
        // The first two bytes of the digest only spare the reader the effort.
        bytes.u16()?;
        while !bytes.0.is_empty() && signature.numbers.len() < 2 {
            signature.numbers.push(bytes.number()?.to_vec());
        }
        Ok(signature)
    }

    fn subpackets(&mut self, area: &[u8], hashed: bool) -> Result<(), Malformed> {
        let mut area = Bytes(area);
        while !area.0.is_empty() {
            let first = area.byte()?;
            let length = area.length(first)?;
            let mut content = Bytes(area.take(length)?);
            let code = content.byte()?;
            self.subpacket(code, content, hashed)?;
        }
        Ok(())
    }

    /// Of what nobody signed only the names of the key and the signature within are taken: both are
    /// checked by themselves.
    fn subpacket(
        &mut self,
        code: u8,
        mut content: Bytes<'_>,
        hashed: bool,
    ) -> Result<(), Malformed> {
        match (code & 0x7f, hashed) {
            (2, true) => self.made = content.u32()?,
            (3, true) => self.lapses = Some(content.u32()?).filter(|after| *after != 0),
            (9, true) => self.key_lapses = Some(content.u32()?).filter(|after| *after != 0),
            (27, true) => self.flags = Some(content.byte()?),
            (16, _) => self.key_id = content.0.try_into().ok(),
            (32, _) => self.embedded = Some(content.0.to_vec()),
            // Behind the version of the key.
            (33, _) if content.byte()? == 4 => {
                self.fingerprint = content.0.try_into().ok().map(Fingerprint);
            }
            // What may be there without bearing on whether a signature counts: preferences, trust
            // in others, reasons. Notations are not among them.
            (4..=7 | 11 | 12 | 21..=26 | 28..=31 | 33..=35 | 39, _) => {}
            (other, true) if code & 0x80 != 0 => self.critical = Some(other),
            _ => {}
        }
        Ok(())
    }

    /// What it calls its key.
    pub(super) fn issuer(&self) -> Option<Issuer> {
        let fingerprint = self.fingerprint.map(Issuer::Fingerprint);
        fingerprint.or(self.key_id.map(Issuer::KeyId))
    }

    /// Whether this key may have made it, as far as it says.
    pub(super) fn may_be_of(&self, key: &Key) -> bool {
        self.issuer()
            .is_none_or(|issuer| issuer.is(key.fingerprint()))
    }

    /// Checks it against a key and what was signed, and tells the digest's algorithm, which is one
    /// that proves something.
    pub(super) fn verify(&self, key: &Key, signed: &[&[u8]]) -> Result<HashAlgorithm, Why> {
        match HashAlgorithm::of(self.hash)? {
            HashAlgorithm::Sha1 => Err(Why::WeakHash("SHA-1")),
            hash => self.verify_with(hash, key, signed),
        }
    }

    /// The same for revocations, which count with SHA-1, too: a forged one only does harm.
    pub(super) fn verify_revocation(&self, key: &Key, signed: &[&[u8]]) -> Result<(), Why> {
        let hash = HashAlgorithm::of(self.hash)?;
        self.verify_with(hash, key, signed).map(|_| ())
    }

    fn verify_with(
        &self,
        hash: HashAlgorithm,
        key: &Key,
        signed: &[&[u8]],
    ) -> Result<HashAlgorithm, Why> {
        if let Some(code) = self.critical {
            return Err(Why::Critical(code));
        }
        let mut message = signed.concat();
        message.extend_from_slice(&self.signed);
        message.extend_from_slice(&[4, 0xff]);
        let length = u32::try_from(self.signed.len()).unwrap_or(u32::MAX);
        message.extend_from_slice(&length.to_be_bytes());
        key.verify(self.algorithm, hash, &message, &self.numbers)?;
        Ok(hash)
    }

    /// Whether its own time has come and not passed.
    pub(super) fn check_times(&self, now: i64) -> Result<(), Why> {
        let made = i64::from(self.made);
        if self.made == 0 || made > now + CLOCK_SKEW_SECONDS {
            return Err(Why::Future);
        }
        match self.lapses {
            Some(after) if made + i64::from(after) <= now => Err(Why::Lapsed),
            _ => Ok(()),
        }
    }
}

impl Issuer {
    pub(super) fn is(self, fingerprint: Fingerprint) -> bool {
        match self {
            Self::Fingerprint(own) => own == fingerprint,
            Self::KeyId(own) => fingerprint.0.ends_with(&own),
        }
    }
}

impl Kind {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Binary => 0x00,
            Self::Text => 0x01,
        }
    }

    /// A document as it is signed: the lines of a text end in CR LF.
    pub(super) fn canonical(self, document: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::Binary {
            return document.into();
        }
        let mut text = Vec::with_capacity(document.len() + document.len() / 32);
        let mut last = 0;
        for byte in document {
            if *byte == b'\n' && last != b'\r' {
                text.push(b'\r');
            }
            text.push(*byte);
            last = *byte;
        }
        text.into()
    }
}

impl HashAlgorithm {
    fn of(code: u8) -> Result<Self, Why> {
        match code {
            1 => Err(Why::WeakHash("MD5")),
            2 => Ok(Self::Sha1),
            3 => Err(Why::WeakHash("RIPEMD-160")),
            8 => Ok(Self::Sha256),
            9 => Ok(Self::Sha384),
            10 => Ok(Self::Sha512),
            _ => Err(Why::Unsupported("the digest's algorithm")),
        }
    }

    pub(super) fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(fingerprint) => write!(f, "{fingerprint}"),
            Self::KeyId(id) => id.iter().try_for_each(|byte| write!(f, "{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_text_are_signed_with_the_same_ends() {
        let canonical = |text: &str| Kind::Text.canonical(text.as_bytes()).into_owned();
        assert_eq!(canonical("a\nb\r\n\nc"), b"a\r\nb\r\n\r\nc");
        assert_eq!(Kind::Binary.canonical(b"a\n"), &b"a\n"[..]);
    }
}
