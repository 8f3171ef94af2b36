//! Signatures of apk indexes and packages: public keys and what they have signed.
//!
//! Keys stand in PEM: RSA keys of 1024 to 8192 bits, whose signatures are PKCS #1 version 1.5,
//! and keys on the curve P-256, whose signatures are ECDSA. Version 2 of the format knows RSA
//! only, and names the key; version 3 knows both, and gives the key's identifier. DSA, which
//! version 2 names too, is not supported.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use ring::digest::{SHA512, digest};
use ring::signature::{self, UnparsedPublicKey};

mod der;
mod pem;

/// A public key with the name under which signatures refer to it.
#[derive(Debug, Clone)]
pub struct PublicKey {
    /// The file name, such as `alpine-devel@lists.alpinelinux.org-616ae350.rsa.pub`.
    pub name: String,
    material: Material,
    id: KeyId,
}

/// What signatures of version 3 call a key: the beginning of the SHA-512 of its encoding.
pub type KeyId = [u8; 16];

#[derive(Debug, Clone)]
enum Material {
    /// Modulus and exponent as PKCS #1 encodes them.
    Rsa {
        pkcs1: Vec<u8>,
        bits: usize,
    },
    P256(Box<VerifyingKey>),
}

/// Why a text is no public key that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not a PEM block of a public key.
    #[error("not a public key in PEM: {0}")]
    Pem(&'static str),
    /// The block holds no well-formed key of a kind that is supported.
    #[error("not a public key of RSA or on P-256: {0}")]
    Der(&'static str),
    /// The key is too short to mean anything, or longer than can be checked.
    #[error("an RSA key has 1024 to 8192 bits here, not {0}")]
    Size(usize),
}

/// How a signature was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSA over SHA-1: `.SIGN.RSA.`.
    RsaSha1,
    /// RSA over SHA-256: `.SIGN.RSA256.`.
    RsaSha256,
    /// RSA over SHA-512: `.SIGN.RSA512.`.
    RsaSha512,
}

/// The signature was not made with this key over these bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit the key and the bytes")]
pub struct BadSignature;

/// What the name of an archive's member says of the signature inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureName<'a> {
    /// The algorithm; `None` when it is none that can be checked.
    pub algorithm: Option<SignatureAlgorithm>,
    /// The algorithm as written: `RSA256`.
    pub written: &'a str,
    /// The key's name.
    pub key: &'a str,
}

impl PublicKey {
    /// Reads a key of the form `-----BEGIN PUBLIC KEY-----`, as Alpine publishes them.
    pub fn from_pem(name: impl Into<String>, pem: &str) -> Result<Self, InvalidKey> {
        let document = pem::decode(pem)?;
        let (encoded, material) = match der::public_key(&document)? {
            der::Key::Rsa(pkcs1) => (pkcs1, Material::rsa(pkcs1)?),
            der::Key::P256(point) => (point, Material::p256(point)?),
        };
        let mut id = KeyId::default();
        id.copy_from_slice(&digest(&SHA512, encoded).as_ref()[..16]);
        Ok(Self {
            name: name.into(),
            material,
            id,
        })
    }

    /// The size of the key: of an RSA key, of its modulus.
    pub fn bits(&self) -> usize {
        match self.material {
            Material::Rsa { bits, .. } => bits,
            Material::P256(_) => 256,
        }
    }

    /// What signatures of version 3 call the key.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// Checks a signature of version 2 over a message.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        // Alpine still signs with SHA-1, and its oldest keys are short.
        let parameters = match algorithm {
            SignatureAlgorithm::RsaSha1 => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            SignatureAlgorithm::RsaSha256 => {
                &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
            }
            SignatureAlgorithm::RsaSha512 => {
                &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
            }
        };
        let Material::Rsa { pkcs1, .. } = &self.material else {
            return Err(BadSignature);
        };
        UnparsedPublicKey::new(parameters, pkcs1)
            .verify(message, signature)
            .map_err(|_| BadSignature)
    }

    /// Checks a signature of version 3 over a message: with SHA-512, and as the key says.
    pub fn verify_sha512(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let Material::P256(key) = &self.material else {
            return self.verify(SignatureAlgorithm::RsaSha512, message, signature);
        };
        // ring has no P-256 with SHA-512.
        let signature = Signature::from_der(signature).map_err(|_| BadSignature)?;
        key.verify_prehash(digest(&SHA512, message).as_ref(), &signature)
            .map_err(|_| BadSignature)
    }
}

impl Material {
    fn rsa(pkcs1: &[u8]) -> Result<Self, InvalidKey> {
        let bits = der::modulus_bits(pkcs1)?;
        if !(1024..=8192).contains(&bits) {
            return Err(InvalidKey::Size(bits));
        }
        Ok(Self::Rsa {
            pkcs1: pkcs1.to_vec(),
            bits,
        })
    }

    fn p256(point: &[u8]) -> Result<Self, InvalidKey> {
        VerifyingKey::from_sec1_bytes(point)
            .map(|key| Self::P256(Box::new(key)))
            .map_err(|_| InvalidKey::Der("no point of the curve"))
    }
}

impl<'a> SignatureName<'a> {
    /// Takes the name of a member such as `.SIGN.RSA256.KEY` apart.
    pub fn parse(member: &'a str) -> Option<Self> {
        let (written, key) = member.strip_prefix(".SIGN.")?.split_once('.')?;
        let algorithm = match written {
            "RSA" => Some(SignatureAlgorithm::RsaSha1),
            "RSA256" => Some(SignatureAlgorithm::RsaSha256),
            "RSA512" => Some(SignatureAlgorithm::RsaSha512),
            _ => None,
        };
        Some(Self {
            algorithm,
            written,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_members_name_tells_algorithm_and_key() {
        let name = SignatureName::parse(".SIGN.RSA256.me@here-1.rsa.pub").unwrap();
        assert_eq!(name.algorithm, Some(SignatureAlgorithm::RsaSha256));
        assert_eq!(name.key, "me@here-1.rsa.pub");
        let dsa = SignatureName::parse(".SIGN.DSA.k").unwrap();
        assert_eq!((dsa.algorithm, dsa.written), (None, "DSA"));
        assert_eq!(SignatureName::parse("APKINDEX"), None);
        assert_eq!(SignatureName::parse(".SIGN.RSA"), None);
    }
}
