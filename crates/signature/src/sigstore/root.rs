//! What an instance of Sigstore is made of: the authorities and logs whose word counts.
//!
//! The root of the public instance comes with the program; another one is handed over as a file.

use std::fmt;
use std::sync::Arc;

use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::{VerificationPolicy, Verifier};

use super::mathematics;

/// What a root may have; the public one has 7 KB.
const BYTES: usize = 4 << 20;

/// The authorities and logs of one instance.
#[derive(Clone)]
pub struct Root {
    trusted: TrustedRoot,
    verifier: Arc<Verifier>,
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trusted.fmt(f)
    }
}

/// A root that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the trusted root cannot be used: {0}")]
pub struct RootError(String);

impl Root {
    /// Reads a `trusted_root.json`.
    pub fn read(json: &str) -> Result<Self, RootError> {
        if json.len() > BYTES {
            return Err(RootError(format!("it has more than {BYTES} bytes")));
        }
        mathematics::provide();
        let trusted = TrustedRoot::from_json(json).map_err(of)?;
        let verifier = Arc::new(Verifier::new(&trusted).map_err(of)?);
        Ok(Self { trusted, verifier })
    }

    /// The root of the public instance, as it was when Palisade was built.
    pub fn public() -> Result<Self, RootError> {
        Self::read(SIGSTORE_PRODUCTION_TRUSTED_ROOT)
    }

    /// Whether it has logs: GitHub's instance for private repositories has none, and authorities of
    /// time in their place.
    pub(super) fn has_logs(&self) -> bool {
        !self.trusted.tlogs.is_empty()
    }

    /// All that this instance can prove of a bundle with a certificate, whoever signed.
    pub(super) fn policy(&self) -> VerificationPolicy {
        let mut policy = VerificationPolicy::any_identity();
        if !self.has_logs() {
            policy = policy.skip_tlog_unsafe();
        }
        if self.trusted.ctlogs.is_empty() {
            policy = policy.skip_sct();
        }
        policy
    }

    pub(super) fn verifier(&self) -> &Verifier {
        &self.verifier
    }
}

fn of(error: impl std::fmt::Display) -> RootError {
    RootError(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_root_can_be_used_and_a_broken_one_is_refused() {
        assert!(Root::public().is_ok());
        assert!(Root::read("{}").is_err());
        let broken = SIGSTORE_PRODUCTION_TRUSTED_ROOT.replace("MFkw", "MFkx");
        assert!(Root::read(&broken).is_err());
    }
}
