//! Keys of every kind, as files hold them: told apart by what they look like.

use crate::ed25519::Key as Ed25519Key;
use crate::openpgp::{Keyring, KeyringError};
use crate::sigstore::{PublicKey, holds_keys};
use crate::ssh::{AllowedSigners, AllowedSignersError};

/// The keys of those who are believed.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Certificates of OpenPGP.
    pub openpgp: Keyring,
    /// Keys of minisign and signify.
    pub ed25519: Vec<Ed25519Key>,
    /// Keys of SSH, and what they may sign.
    pub ssh: AllowedSigners,
    /// Bare keys, for bundles of Sigstore that have no certificate.
    pub bare: Vec<PublicKey>,
}

/// A file that holds no key.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It looks like a keyring of OpenPGP and is none.
    #[error(transparent)]
    Openpgp(#[from] KeyringError),
    /// It looks like a list of allowed signers and is none.
    #[error(transparent)]
    Ssh(#[from] AllowedSignersError),
    /// It looks like a key of minisign or signify and is none.
    #[error("it is no public key of minisign or signify")]
    Ed25519,
    /// It looks like a public key in PEM and is none, or of a kind that is not known.
    #[error("it is no public key of ECDSA, Ed25519 or RSA")]
    Bare,
}

impl Keys {
    /// Adds what a file holds.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), KeysError> {
        let text = std::str::from_utf8(bytes).ok();
        if let Some(text) = text
            && !text.contains("-----BEGIN PGP ")
        {
            if text.starts_with("untrusted comment:") || text.trim_end().len() == 56 {
                let key = Ed25519Key::read(text).ok_or(KeysError::Ed25519)?;
                self.ed25519.push(key);
                return Ok(());
            }
            if holds_keys(text) {
                let keys = PublicKey::read(text).ok_or(KeysError::Bare)?;
                self.bare.extend(keys);
                return Ok(());
            }
            if ["ssh-", "ecdsa-sha2-", "sk-"]
                .iter()
                .any(|it| text.contains(it))
            {
                return Ok(self.ssh.add(text)?);
            }
        }
        Ok(self.openpgp.add(bytes)?)
    }
}
