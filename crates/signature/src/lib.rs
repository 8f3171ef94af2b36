//! Who vouches for a file: what a signature is worth, by whom, when, and why.
//!
//! A yes or no hides what a reader needs: keys expire, are revoked, or stood behind weak digests.
//! Hence a [`Verdict`] of ten values, each with its reasons. Nobody is trusted here because
//! somebody else vouches for them: whoever asks hands over the keys, and names the signers of
//! Sigstore. Nothing is fetched, and no clock is read but by `sigstore-verify`, which refuses what
//! a log dates in the future.

pub mod checksums;
pub mod corroboration;
mod data;
pub mod debian;
pub mod ed25519;
pub mod git;
mod judgement;
mod keys;
mod lights;
pub mod openpgp;
pub mod pins;
mod service;
pub mod sigstore;
pub mod ssh;
mod verdict;
mod verify;

pub use data::{Data, Error};
pub use judgement::{Judgement, Method, Report, Signed, Signer, SignerKind};
pub use keys::{Keys, KeysError};
pub use lights::{Light, Lights};
pub use verdict::Verdict;
pub use verify::{Answer, Question, verify};
