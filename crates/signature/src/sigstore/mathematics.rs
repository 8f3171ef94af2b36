//! The mathematics that `sigstore-verify` leaves to whoever uses it: digests and signatures, by
//! libraries in Rust that the tree has anyway.
//!
//! Nothing is signed here, and keys of ML-DSA are not known.

use ed25519_dalek::VerifyingKey;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::pkcs1::der::Decode;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};
use sigstore_verify::crypto::provider::{CryptoProvider, HashContext};
use sigstore_verify::crypto::{Error, Result, SigningScheme, install_default_provider};
use sigstore_verify::types::HashAlgorithm;

/// The longest key of RSA.
const RSA_BITS: usize = 8192;

/// Hands our mathematics to the library, once for the whole process.
pub(super) fn provide() {
    // It refuses a second time, when the first one is there already.
    let _ = install_default_provider(&Mathematics);
}

#[derive(Debug)]
struct Mathematics;

struct Hash<D>(D);

impl<D: Digest + Send> HashContext for Hash<D> {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

impl CryptoProvider for Mathematics {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>> {
        Ok(match algorithm {
            HashAlgorithm::Sha2256 => Box::new(Hash(Sha256::new())),
            HashAlgorithm::Sha2384 => Box::new(Hash(Sha384::new())),
            HashAlgorithm::Sha2512 => Box::new(Hash(Sha512::new())),
            other => return Err(Error::UnsupportedAlgorithm(other.to_string())),
        })
    }

    fn verify_raw(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        data: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        match scheme.hash_algorithm() {
            Some(algorithm) => {
                let mut hash = self.hash(algorithm)?;
                hash.update(data);
                self.verify_prehashed(scheme, key, &hash.finalize(), signature)
            }
            None if scheme == SigningScheme::Ed25519 => {
                belongs(scheme, ed25519(key, data, signature))
            }
            None => Err(unknown(scheme)),
        }
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        use SigningScheme as Scheme;
        let verified = match scheme {
            Scheme::EcdsaP256Sha256 | Scheme::EcdsaP256Sha384 => p256(key, digest, signature),
            Scheme::EcdsaP384Sha256 | Scheme::EcdsaP384Sha384 => p384(key, digest, signature),
            Scheme::RsaPkcs1Sha256
            | Scheme::RsaPkcs1Sha384
            | Scheme::RsaPkcs1Sha512
            | Scheme::RsaPssSha256
            | Scheme::RsaPssSha384
            | Scheme::RsaPssSha512 => rsa(scheme, key, digest, signature),
            _ => return Err(unknown(scheme)),
        };
        belongs(scheme, verified)
    }
}

fn unknown(scheme: SigningScheme) -> Error {
    Error::UnsupportedAlgorithm(format!("{} is not known here", scheme.name()))
}

fn belongs(scheme: SigningScheme, verified: Option<()>) -> Result<()> {
    let other = || Error::Verification(format!("{} does not verify", scheme.name()));
    verified.ok_or_else(other)
}

fn ed25519(key: &[u8], data: &[u8], signature: &[u8]) -> Option<()> {
    let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
    let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
    key.verify_strict(data, &signature).ok()
}

fn p256(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
    key.verify_prehash(digest, &signature).ok()
}

fn p384(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
    key.verify_prehash(digest, &signature).ok()
}

fn rsa(scheme: SigningScheme, key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    // The library's own digests are a generation behind ours; only their sizes and names count
    // here.
    use rsa::sha2::{Sha256, Sha384, Sha512};
    let key = rsa::pkcs1::RsaPublicKey::from_der(key).ok()?;
    let number = |it: rsa::pkcs1::UintRef<'_>| BigUint::from_bytes_be(it.as_bytes());
    let (modulus, exponent) = (number(key.modulus), number(key.public_exponent));
    let key = RsaPublicKey::new_with_max_size(modulus, exponent, RSA_BITS).ok()?;
    let verified = match scheme {
        SigningScheme::RsaPkcs1Sha256 => {
            key.verify(Pkcs1v15Sign::new::<Sha256>(), digest, signature)
        }
        SigningScheme::RsaPkcs1Sha384 => {
            key.verify(Pkcs1v15Sign::new::<Sha384>(), digest, signature)
        }
        SigningScheme::RsaPkcs1Sha512 => {
            key.verify(Pkcs1v15Sign::new::<Sha512>(), digest, signature)
        }
        SigningScheme::RsaPssSha256 => key.verify(Pss::new::<Sha256>(), digest, signature),
        SigningScheme::RsaPssSha384 => key.verify(Pss::new::<Sha384>(), digest, signature),
        SigningScheme::RsaPssSha512 => key.verify(Pss::new::<Sha512>(), digest, signature),
        _ => return None,
    };
    verified.ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use ed25519_dalek::Signer;
    use p256::ecdsa::signature::hazmat::PrehashSigner;

    use super::*;

    const DATA: &[u8] = b"a release\n";

    /// What openssl made: a key, and its signatures with either padding.
    const RSA: &str = "MIIBCgKCAQEAleh7QwRpnkB/E2FmQ7kWJPE39DOuLwzsU1R+OoHFbKqVumQFoQnymvMcKGQedJ09MxKtSWvtxcxe3BBth+oexWQsirxSuFPNzpavPLci/vnytVyMCpwEWqvSQjpEyZe1MfeG8974xN56vyqi9a/szFCxeSNGyKgSaBwBKKUplPhlUDiAlf+//blQStYzTESITPG2TbovcR7Snm7M7T9KLXM+lMl0f3NBCvY4rsyXGlorkoCua+mUkmGRH40LmCZxVY5HTQHgabyem3bYx25jFCaU9yw7CFTvlKEUwNpd9Vdr/dJL8A3bRpdQsuOi8lT3d0P4r23PgluU9h6SabK9ZwIDAQAB";
    const PKCS1: &str = "g/tneJJ5xA2DuIYvY19g+GnYOyDO2D4Zy9ndtWyNkyKYIKolBmSb5hcXseVsNMR6SxHx6H7SVdeBdTIEwRey4TKmXwmSesF3OJAHATJy2DZql8ByodY9n1gJmKHR8HvseBBSDjmJ9o7kjDIoG6CesGasNwr3vjTas1WNVzf5nAgpFe86GbVF7vd1WpId3hzDgxAxi/dNJJIAZ3/0OrxOt/rlZeASl+DopMCf/aHffhTG0gytOo+QTwdV6aYobDGPliAuUiDHN8JHDST6Ikj9bqtWd4CQ8DhO3/LBnxwVWZSrsdDSr8cvopy+zxgKhh9ET6A5CmY+hl0cuIqsarIk6g==";
    const PSS: &str = "ZUTih1jx/SNGzvN+DGJewDm/R28iKCWUOo43CKrSykuSC+qMhGiRPKki661pOALkkuNc+fVC6WwZkqhW8HEhw0t6LzKuPHwf8khtIh35+wrMS38evy8nWoJeexPD7sXXJE6+nbSmZfhvGJFmHtbW54yNMayChzWcYxwNGEDjuh1OhNnDAKJ74xo/Xxj2KqkvQYHGwjL0Em/QLMHQZqha/d3mEKsqbjMXmifNVGv9zXjC8fXLUoKqWJIj4Y7r/DgAulvtTJhbkSQxQtt+p75KSKJYxtwXgEjAFJLA5DZi8vCzpVx1FLxOAPDppfzGmEjK0AFHYG3pfEztLRtH1HeUXg==";

    /// Verifies the data, and not another's, by the scheme, and not by the others.
    fn assert_only(scheme: SigningScheme, others: &[SigningScheme], key: &[u8], signature: &[u8]) {
        let verified = |scheme, data| Mathematics.verify_raw(scheme, key, data, signature).is_ok();
        assert!(verified(scheme, DATA), "{}", scheme.name());
        assert!(!verified(scheme, b"another\n"), "{}", scheme.name());
        for other in others {
            assert!(!verified(*other, DATA), "{}", other.name());
        }
        assert!(
            Mathematics
                .verify_raw(scheme, &key[1..], DATA, signature)
                .is_err()
        );
        assert!(
            Mathematics
                .verify_raw(scheme, key, DATA, &signature[1..])
                .is_err()
        );
        assert!(Mathematics.verify_raw(scheme, b"", DATA, b"").is_err());
    }

    #[test]
    fn ecdsa_verifies_with_either_digest() {
        use SigningScheme as Scheme;
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let public = key.verifying_key().to_encoded_point(false);
        let signed: p256::ecdsa::Signature = key.sign_prehash(&Sha256::digest(DATA)).unwrap();
        let others = [
            Scheme::EcdsaP256Sha384,
            Scheme::EcdsaP384Sha256,
            Scheme::Ed25519,
        ];
        let der = signed.to_der();
        assert_only(
            Scheme::EcdsaP256Sha256,
            &others,
            public.as_bytes(),
            der.as_bytes(),
        );

        let key = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
        let public = key.verifying_key().to_encoded_point(false);
        let signed: p384::ecdsa::Signature = key.sign_prehash(&Sha384::digest(DATA)).unwrap();
        let others = [Scheme::EcdsaP384Sha256, Scheme::EcdsaP256Sha384];
        let der = signed.to_der();
        assert_only(
            Scheme::EcdsaP384Sha384,
            &others,
            public.as_bytes(),
            der.as_bytes(),
        );
    }

    #[test]
    fn rsa_verifies_with_either_padding() {
        use SigningScheme as Scheme;
        let decode = |text| STANDARD.decode(text).unwrap();
        let (key, pkcs1, pss) = (decode(RSA), decode(PKCS1), decode(PSS));
        let others = [
            Scheme::RsaPssSha256,
            Scheme::RsaPkcs1Sha384,
            Scheme::RsaPkcs1Sha512,
        ];
        assert_only(Scheme::RsaPkcs1Sha256, &others, &key, &pkcs1);
        let others = [
            Scheme::RsaPkcs1Sha256,
            Scheme::RsaPssSha384,
            Scheme::RsaPssSha512,
        ];
        assert_only(Scheme::RsaPssSha256, &others, &key, &pss);
    }

    #[test]
    fn ed25519_verifies_whole_messages_only() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let signature = key.sign(DATA).to_bytes();
        let (scheme, public) = (SigningScheme::Ed25519, key.verifying_key());
        assert_only(
            scheme,
            &[SigningScheme::MlDsa44],
            public.as_bytes(),
            &signature,
        );
        let digest = Sha512::digest(DATA);
        let prehashed =
            Mathematics.verify_prehashed(scheme, public.as_bytes(), &digest, &signature);
        assert!(prehashed.is_err());
    }
}
