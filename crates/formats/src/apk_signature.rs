//! Signatures of apk indexes and packages, version 2.

/// A public key with the name under which signatures refer to it.
#[derive(Debug, Clone)]
pub struct PublicKey {
    /// The file name, such as `alpine-devel@lists.alpinelinux.org-616ae350.rsa.pub`.
    pub name: String,
}
