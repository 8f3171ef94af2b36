//! What a signature is worth.

use serde::Serialize;

/// What a signature is worth. Only [`Verdict::accepts`] tells which ones a reader may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Made by a known key that was valid then and is now.
    Good,
    /// Made by a known key that was valid then and has expired since.
    GoodKeyExpiredSince,
    /// Good but for a weakness that does not let anybody forge it (SHA-1 in the key's own binding).
    GoodWeak,
    /// It verifies, by an algorithm that should not be relied on any more (SHA-1 over data, DSA-1024).
    GoodWeakRefuse,
    /// The key had already expired when the signature was made.
    KeyExpiredAtSigning,
    /// The signature itself says that it holds no longer.
    SignatureExpired,
    /// The key is revoked.
    KeyRevoked,
    /// Made by a key that is not among those given.
    UnknownSigner,
    /// It does not belong to these bytes.
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
}
