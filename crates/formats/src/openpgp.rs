//! Signatures of OpenPGP: keyrings, and who signed a document, when and with what.
//!
//! The formats are those of RFC 9580 and, before it, RFC 4880, which the library `pgp` reads and whose
//! mathematics it does. What counts is decided here. Keys and signatures of versions 4 and 6 do: RSA
//! from 2048 bits on, Ed25519, Ed448, and ECDSA on P-256, P-384 and P-521, with SHA-2 or SHA-3 from
//! 256 bits on. MD5 and SHA-1 prove nothing any longer and are refused, except that a revocation made
//! with SHA-1 still revokes. Nothing is decrypted, no key is made, and nobody is trusted because
//! somebody else signed their key: a keyring holds those who are believed.
//!
//! A key signs for a document when its certificate binds it: the owner's newest signature over the
//! key says that it may sign, it has neither lapsed nor been revoked, and a subkey has signed the
//! main key in turn, so that nobody adopts the subkey of another.

use std::fmt;

use palisade_model::Timestamp;
use pgp::packet::SignatureType as Kind;

mod armour;
mod certificate;
mod cleartext;
mod key;
mod packet;
mod signature;

use self::certificate::Certificate;
pub use self::key::{Fingerprint, KeyAlgorithm};
pub use self::packet::Malformed;
pub use self::signature::HashAlgorithm;
use self::signature::{Over, Signature};

use crate::limits;

/// By how much clocks may differ: a signature is made by another one than ours.
pub const CLOCK_SKEW_SECONDS: i64 = 3600;

/// The size of a keyring, in bytes. Debian's has some 60 KiB, the one of all its developers 30 MB.
const KEYRING_BYTES: usize = 64 << 20;

/// Signatures of one document that are looked at.
const SIGNATURES: usize = 32;

/// The keys of those who are believed.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    certificates: Vec<Certificate>,
}

/// Who signed, when and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The main key of the certificate: whose signature it is.
    pub certificate: Fingerprint,
    /// The key that made the signature: the main key, or a subkey of it.
    pub key: Fingerprint,
    /// Whom the certificate names, shortened and without control characters.
    pub user: Option<String>,
    /// When, by the signer's clock.
    pub made: Timestamp,
    /// The key's algorithm.
    pub algorithm: KeyAlgorithm,
    /// The algorithm of the digest that was signed.
    pub hash: HashAlgorithm,
}

/// A clear-signed document whose signature is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleartext {
    /// What was signed and nothing else: lines that end in a line feed, without blanks before it.
    pub text: Vec<u8>,
    /// Those whose signatures are good.
    pub signers: Vec<Signer>,
}

/// The moment for which keys are judged. Both hold the time it is: no signature comes from later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Keys have to be valid now: for what is signed again and again.
    Now(Timestamp),
    /// Keys may have lapsed since they signed: for archives of old mails and releases. A key that
    /// was revoked counts no longer all the same, since whoever stole it chooses the date.
    WhenSigned(Timestamp),
}

/// Why nobody is known to have signed a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    /// The document or its signature is not of the form.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// No signature counts.
    #[error("no signature counts: {}", told(.0))]
    Refused(Vec<Refusal>),
}

/// Why one signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", key.as_deref().unwrap_or("of no named key"))]
pub struct Refusal {
    /// The key that the signature names, in hexadecimal digits.
    pub key: Option<String>,
    /// Why.
    pub why: Why,
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The keyring does not have it.
    #[error("no such key is in the keyring")]
    UnknownKey,
    /// Other bytes were signed, or by another key.
    #[error("the signature does not fit the key and the document")]
    Bad,
    /// The digest can be forged.
    #[error("{0} proves nothing any longer")]
    WeakHash(&'static str),
    /// The key is so short that it can be broken.
    #[error("an RSA key of {0} bits proves nothing any longer")]
    WeakKey(usize),
    /// It needs something that is not here.
    #[error("{0} cannot be checked")]
    Unsupported(&'static str),
    /// It was made over something else than a document.
    #[error("it signs something else (type {0:#04x})")]
    Type(u8),
    /// It has a condition that has to be understood, and is not.
    #[error("it has a condition that is not understood (subpacket {0})")]
    Critical(u8),
    /// It says no time, or one that has not come yet.
    #[error("it says that it was made in the future; one of the clocks is wrong")]
    Future,
    /// It was made for a while that has passed.
    #[error("it has lapsed")]
    Lapsed,
    /// The key had lapsed.
    #[error("the key has lapsed")]
    KeyLapsed,
    /// The key was not there yet.
    #[error("it is older than the key")]
    KeyYounger,
    /// The key's owner took it back.
    #[error("the key was revoked")]
    Revoked,
    /// The certificate does not say that the key may sign.
    #[error("its certificate does not let the key sign")]
    Unbound,
}

fn told(refusals: &[Refusal]) -> String {
    let told: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
    told.join("; ")
}

impl At {
    /// The time it is.
    fn now(self) -> i64 {
        let (Self::Now(now) | Self::WhenSigned(now)) = self;
        now.as_second()
    }
}

impl Keyring {
    /// Adds the certificates of a file, binary or in armour, and tells how many it has. One that is
    /// there already gets what the file knows beyond that, such as a revocation.
    ///
    /// # Errors
    /// When the file is no keyring, or has a secret key in it.
    pub fn add(&mut self, file: &[u8]) -> Result<usize, Malformed> {
        if file.len() > KEYRING_BYTES {
            return Err(Malformed("a keyring is too long"));
        }
        // What newer GnuPG keeps to itself.
        if file.get(8..12) == Some(b"KBXf") {
            return Err(Malformed("a keybox; write it with gpg --export"));
        }
        let packets = armour::keyring(file)?;
        let found = certificate::read(&packets)?;
        let count = found.len();
        for certificate in found {
            let mut known = self.certificates.iter_mut();
            match known.find(|it| it.fingerprint() == certificate.fingerprint()) {
                Some(known) => known.merge(certificate),
                None => self.certificates.push(certificate),
            }
        }
        if count == 0 {
            return Err(Malformed("no key that can be used is in the keyring"));
        }
        Ok(count)
    }

    /// The main keys.
    pub fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.certificates.iter().map(Certificate::fingerprint)
    }

    /// Tells who signed a document, of a signature in a file of its own, binary or in armour. One
    /// that counts is enough.
    ///
    /// # Errors
    /// When no signature counts.
    pub fn verify_detached(
        &self,
        document: &[u8],
        signature: &[u8],
        at: At,
    ) -> Result<Vec<Signer>, NotVerified> {
        let packets = armour::signature(signature)?;
        self.verify(document, &packets, &[Kind::Binary, Kind::Text], at)
    }

    /// Tells who signed a document that has its signature in it, and what was signed. One signature
    /// that counts is enough.
    ///
    /// # Errors
    /// When no signature counts, or when anything stands around what was signed.
    pub fn verify_cleartext(&self, document: &[u8], at: At) -> Result<Cleartext, NotVerified> {
        let mut parts = cleartext::split(document)?;
        let packets = armour::signature(parts.signature)?;
        let signers = self.verify(&parts.text, &packets, &[Kind::Text], at)?;
        parts.text.push(b'\n');
        Ok(Cleartext {
            text: parts.text,
            signers,
        })
    }

    fn verify(
        &self,
        document: &[u8],
        packets: &[u8],
        kinds: &[Kind],
        at: At,
    ) -> Result<Vec<Signer>, NotVerified> {
        if document.len() as u64 > limits::WHOLE_DOCUMENT_BYTES {
            return Err(Malformed("a signed document is too long").into());
        }
        let (mut signers, mut refusals) = (Vec::new(), Vec::new());
        for body in signature::bodies(packets, SIGNATURES)? {
            let judged = Signature::parse(body).map_err(|why| (None, why));
            let judged = judged.and_then(|signature| {
                let judged = self.judge(document, &signature, kinds, at);
                judged.map_err(|why| (signature.issuer(), why))
            });
            match judged {
                Ok(signer) => signers.push(signer),
                Err((issuer, why)) => {
                    let key = issuer.map(|issuer| issuer.to_string());
                    refusals.push(Refusal { key, why });
                }
            }
        }
        match (signers.is_empty(), refusals.is_empty()) {
            (false, _) => Ok(signers),
            (true, false) => Err(NotVerified::Refused(refusals)),
            (true, true) => Err(Malformed("no signature").into()),
        }
    }

    fn judge(
        &self,
        document: &[u8],
        signature: &Signature,
        kinds: &[Kind],
        at: At,
    ) -> Result<Signer, Why> {
        if !kinds.contains(&signature.kind()) {
            return Err(Why::Type(signature.kind().into()));
        }
        let issuer = signature.issuer().ok_or(Why::UnknownKey)?;
        // Whoever is called by eight bytes may be several.
        let mut why = Why::UnknownKey;
        for certificate in &self.certificates {
            for key in certificate
                .keys()
                .filter(|key| issuer.is(key.fingerprint()))
            {
                let judged = signature
                    .verify(key, Over::Document(document))
                    .and_then(|hash| {
                        signature.check_times(at.now())?;
                        certificate.lets_sign(key, signature.made, at)?;
                        Ok(hash)
                    });
                match judged {
                    Err(reason) => why = reason,
                    Ok(hash) => {
                        return Ok(Signer {
                            certificate: certificate.fingerprint(),
                            key: key.fingerprint(),
                            user: certificate.user(at.now()),
                            made: timestamp(signature.made),
                            algorithm: key.algorithm(),
                            hash,
                        });
                    }
                }
            }
        }
        Err(why)
    }
}

fn timestamp(seconds: u32) -> Timestamp {
    // All of 32 bits are before the year 2107.
    Timestamp::from_second(i64::from(seconds)).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user {
            Some(user) => write!(f, "{user} ({})", self.certificate),
            None => write!(f, "{}", self.certificate),
        }
    }
}
