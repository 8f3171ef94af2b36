//! The keys of those who are believed, as certificates of OpenPGP.

use std::collections::HashMap;

use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::parse::Parse;
use sequoia_openpgp::{Cert, Fingerprint, KeyHandle};

/// The size of a keyring. That of all developers of Debian has 30 MB.
const BYTES: usize = 96 << 20;

const BEGIN: &[u8] = b"-----BEGIN PGP PUBLIC KEY BLOCK-----";

/// Certificates, several copies of one merged into it.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    certificates: Vec<Cert>,
    places: HashMap<Fingerprint, usize>,
    /// By key id, with which old signatures name their issuer: whose key it is.
    keys: HashMap<[u8; 8], Vec<usize>>,
    unread: usize,
}

/// A keyring that is none.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// It is larger than any.
    #[error("the keyring has more than {BYTES} bytes")]
    TooLarge,
    /// There is no certificate in it.
    #[error("there is no public key of OpenPGP in it: {0}")]
    Empty(String),
}

impl Keyring {
    /// No keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a file holds: binary, or any number of armored blocks.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), KeyringError> {
        if bytes.len() > BYTES {
            return Err(KeyringError::TooLarge);
        }
        let mut reason = "it has none of the usual beginnings".to_owned();
        let mut added = 0;
        for block in blocks(bytes) {
            let certificates = match CertParser::from_bytes(block) {
                Ok(certificates) => certificates,
                Err(error) => {
                    reason = error.to_string();
                    self.unread += 1;
                    continue;
                }
            };
            for certificate in certificates {
                match certificate {
                    Ok(certificate) => {
                        added += 1;
                        self.insert(certificate);
                    }
                    Err(error) => {
                        reason = error.to_string();
                        self.unread += 1;
                    }
                }
            }
        }
        if added == 0 {
            return Err(KeyringError::Empty(reason));
        }
        Ok(())
    }

    /// How many certificates of the files could not be read.
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// The fingerprints of all certificates, in upper case.
    pub fn fingerprints(&self) -> impl Iterator<Item = String> + '_ {
        let each = self.certificates.iter();
        each.map(|certificate| certificate.fingerprint().to_hex())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// Certificates with a key of that name.
    pub(super) fn with_key<'a>(&'a self, handle: &KeyHandle) -> impl Iterator<Item = &'a Cert> {
        let id: Option<[u8; 8]> = sequoia_openpgp::KeyID::from(handle)
            .as_bytes()
            .try_into()
            .ok();
        let places = id.and_then(|id| self.keys.get(&id));
        places
            .into_iter()
            .flatten()
            .map(|&place| &self.certificates[place])
    }

    fn insert(&mut self, certificate: Cert) {
        let certificate = certificate.strip_secret_key_material();
        let fingerprint = certificate.fingerprint();
        let place = if let Some(&place) = self.places.get(&fingerprint) {
            let known = self.certificates[place].clone();
            // Both are of one key, so they merge; were it otherwise, the first stays.
            if let Ok(merged) = known.merge_public(certificate) {
                self.certificates[place] = merged;
            }
            place
        } else {
            self.certificates.push(certificate);
            let place = self.certificates.len() - 1;
            self.places.insert(fingerprint, place);
            place
        };
        for key in self.certificates[place].keys() {
            let Ok(id) = key.key().keyid().as_bytes().try_into() else {
                continue;
            };
            let places = self.keys.entry(id).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
}

/// The armored blocks of a file, or the whole of it.
fn blocks(bytes: &[u8]) -> Vec<&[u8]> {
    let mut starts = bstr::ByteSlice::find_iter(bytes, BEGIN).peekable();
    if starts.peek().is_none() {
        return vec![bytes];
    }
    let starts: Vec<usize> = starts.collect();
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| &bytes[start..end])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused() {
        let mut keyring = Keyring::new();
        assert!(keyring.add(b"").is_err());
        assert!(keyring.add(b"ssh-ed25519 AAAA").is_err());
        assert!(keyring.add(BEGIN).is_err());
        assert!(keyring.is_empty());
    }
}
