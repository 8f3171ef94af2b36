//! What a signature is worth.

use std::fmt;

use serde::Serialize;

/// What a signature is worth. Only [`Verdict::accepts`] tells which ones a reader may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Made by a known key that was valid then and is now.
    Good,
    /// Made by a known key that was valid then and has expired, or was retired, since.
    GoodKeyExpiredSince,
    /// Good but for a weakness that does not let anybody forge it (SHA-1 in the key's own binding).
    GoodWeak,
    /// It verifies, by an algorithm that should not be relied on any more (SHA-1 over data,
    /// DSA-1024).
    GoodWeakRefuse,
    /// The key had already expired when the signature was made.
    KeyExpiredAtSigning,
    /// The signature itself says that it holds no longer.
    SignatureExpired,
    /// The key is revoked.
    KeyRevoked,
    /// Made by a key that is not among those given.
    UnknownSigner,
    /// It does not belong to these bytes, or its key may not sign such.
    Bad,
    /// It cannot be read.
    Malformed,
}

impl Verdict {
    /// Whether a reader may rely on it.
    pub fn accepts(self) -> bool {
        matches!(
            self,
            Self::Good | Self::GoodKeyExpiredSince | Self::GoodWeak
        )
    }

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::GoodKeyExpiredSince => "good-key-expired-since",
            Self::GoodWeak => "good-weak",
            Self::GoodWeakRefuse => "good-weak-refuse",
            Self::KeyExpiredAtSigning => "key-expired-at-signing",
            Self::SignatureExpired => "signature-expired",
            Self::KeyRevoked => "key-revoked",
            Self::UnknownSigner => "unknown-signer",
            Self::Bad => "bad",
            Self::Malformed => "malformed",
        }
    }

    /// Which of several signatures decides, the lowest first: the best that may be relied on; then
    /// what speaks against the file; then what is merely not enough.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::GoodKeyExpiredSince => 1,
            Self::GoodWeak => 2,
            Self::Bad => 3,
            Self::KeyRevoked => 4,
            Self::KeyExpiredAtSigning => 5,
            Self::SignatureExpired => 6,
            Self::GoodWeakRefuse => 7,
            Self::UnknownSigner => 8,
            Self::Malformed => 9,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
