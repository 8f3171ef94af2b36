//! Signatures of SSH keys (OpenSSH's PROTOCOL.sshsig), and who may make them for what.
//!
//! A signature names its purpose, the namespace: one made for mail does not hold for a file. It
//! does not say when it was made, so a key whose time has passed proves nothing unless the time is
//! known otherwise, as git's tags tell it.

mod allowed;

use jiff::Timestamp;
use sha2::{Digest, Sha256, Sha512};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, SshSig};

use crate::{Data, Error, Judgement, Method, Report, Signer, Verdict};

pub use allowed::{AllowedSigners, AllowedSignersError};

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";

/// What a signature's file may have.
const SIGNATURE_BYTES: usize = 64 << 10;

/// Whether a file is a signature of SSH.
pub(crate) fn is_signature(file: &[u8]) -> bool {
    bstr::ByteSlice::find(file, BEGIN).is_some()
}

/// Judges a signature that should be for the namespace, and made at that time at the latest.
pub fn verify(
    data: Option<Data<'_>>,
    signature: &[u8],
    signers: &AllowedSigners,
    namespace: &str,
    at: Timestamp,
) -> Result<Report, Error> {
    let say = |verdict, why: String| Judgement::new(verdict, Method::Ssh, why);
    let one = |judged| Report::of(vec![judged], Method::Ssh);
    let trimmed = signature.trim_ascii();
    let read = match trimmed.len() {
        0..=SIGNATURE_BYTES => SshSig::from_pem(trimmed).map_err(|error| error.to_string()),
        _ => Err("it is too long".to_owned()),
    };
    let signature = match read {
        Ok(signature) => signature,
        Err(error) => {
            let why = format!("it cannot be read: {error}");
            return Ok(one(say(Verdict::Malformed, why)));
        }
    };
    let key = signature.public_key();
    let mut signer = Signer::of(fingerprint(key));
    let Some(allowed) = signers.of(key, namespace, at) else {
        let why = format!("{} is not among the keys given", signer.fingerprint);
        return Ok(one(say(Verdict::UnknownSigner, why).by(signer)));
    };
    signer.name = Some(allowed.principals.join(","));
    let say = |verdict, why: String| say(verdict, why).by(signer.clone());
    let data = data.ok_or(Error::Missing)?;
    let message = message(&signature, &data)?;
    if ssh_key_verifies(key, &message, &signature).is_err() {
        let why = "it does not belong to these bytes".to_owned();
        return Ok(one(say(Verdict::Bad, why)));
    }
    if matches!(
        signature.algorithm(),
        Algorithm::Rsa { hash: None } | Algorithm::Dsa
    ) {
        let why = format!("{} is not to be relied on", signature.algorithm());
        return Ok(one(say(Verdict::GoodWeakRefuse, why)));
    }
    if signature.namespace() != namespace {
        let made = signature.namespace().escape_debug();
        let why = format!("it was made for {made}, not for {namespace}");
        return Ok(one(say(Verdict::Bad, why)));
    }
    let (verdict, why) = allowed.judge(namespace, at);
    let algorithm = format!("{} with {}", signature.algorithm(), signature.hash_alg());
    Ok(one(say(verdict, why.unwrap_or(algorithm))))
}

fn ssh_key_verifies(key: &KeyData, message: &[u8], signature: &SshSig) -> Result<(), ()> {
    use ed25519_dalek::Verifier;
    key.verify(message, signature.signature()).map_err(|_| ())
}

/// The digest of a key, as OpenSSH prints it.
pub(crate) fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// What the key has signed: the purpose, and the digest of the data.
fn message(signature: &SshSig, data: &Data<'_>) -> Result<Vec<u8>, Error> {
    let digest = match signature.hash_alg() {
        HashAlg::Sha512 => digest::<Sha512>(data)?,
        _ => digest::<Sha256>(data)?,
    };
    let mut message = b"SSHSIG".to_vec();
    let hash = signature.hash_alg().to_string();
    let strings = [
        signature.namespace().as_bytes(),
        signature.reserved(),
        hash.as_bytes(),
        &digest,
    ];
    for string in strings {
        let length = u32::try_from(string.len()).unwrap_or(u32::MAX);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(string);
    }
    Ok(message)
}

fn digest<D: Digest>(data: &Data<'_>) -> Result<Vec<u8>, Error> {
    let mut digest = D::new();
    data.each(|piece| digest.update(piece))?;
    Ok(digest.finalize().to_vec())
}
