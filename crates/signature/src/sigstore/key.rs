//! Public keys as PEM holds them, for bundles that were signed by a key in place of a certificate.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{
    GeneralPurpose, GeneralPurposeConfig, STANDARD, STANDARD_NO_PAD,
};
use sha2::{Digest, Sha256};
use sigstore_verify::crypto::KeyAlgorithm;
use sigstore_verify::types::DerPublicKey;

use crate::Signer;

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// Bits after the last byte are not looked at, as by OpenSSL: what is wrong with a key is told by
/// what it fails to verify.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// A public key: of ECDSA, Ed25519 or RSA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) der: DerPublicKey,
}

impl PublicKey {
    /// Reads all keys of a file; none if one of them is no such key.
    pub fn read(text: &str) -> Option<Vec<Self>> {
        let mut keys = Vec::new();
        for block in text.split(BEGIN).skip(1) {
            let (body, _) = block.split_once(END)?;
            let body: String = body.split_ascii_whitespace().collect();
            let der = DerPublicKey::new(BASE64.decode(body).ok()?);
            KeyAlgorithm::from_spki(&der).ok()?;
            keys.push(Self { der });
        }
        (!keys.is_empty()).then_some(keys)
    }

    pub(super) fn algorithm(&self) -> Option<KeyAlgorithm> {
        KeyAlgorithm::from_spki(&self.der).ok()
    }

    /// The digest of the key, by which npm and OpenSSH call keys.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.der.as_bytes());
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest))
    }

    /// Whether a bundle's hint means this key: npm's form, or cosign's, which is the digest alone.
    pub(super) fn is_hinted(&self, hint: &str) -> bool {
        let digest = Sha256::digest(self.der.as_bytes());
        hint == self.fingerprint() || hint == STANDARD.encode(digest)
    }

    pub(super) fn signer(&self) -> Signer {
        Signer::of(self.fingerprint())
    }
}

/// Whether a text holds such keys.
pub(crate) fn holds_keys(text: &str) -> bool {
    text.contains(BEGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
";

    #[test]
    fn a_file_may_hold_several_keys_and_nothing_else() {
        let two = PublicKey::read(&format!("a note\n{KEY}{KEY}")).unwrap();
        assert_eq!(two.len(), 2);
        assert_eq!(two[0].algorithm(), Some(KeyAlgorithm::Ed25519));
        assert!(PublicKey::read(&KEY.replace("MCow", "MDow")).is_none());
        assert!(PublicKey::read(&KEY.replace("END", "EVE")).is_none());
        assert!(PublicKey::read("").is_none());
    }

    #[test]
    fn a_hint_names_a_key_by_its_digest() {
        let key = &PublicKey::read(KEY).unwrap()[0];
        assert!(key.is_hinted(&key.fingerprint()));
        assert!(!key.is_hinted(""));
    }
}
