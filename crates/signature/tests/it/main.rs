//! What signatures of real releases, and of such as were made to be wrong, are judged to be.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod every_kind;
mod git;
mod made_here;
mod openpgp;
mod shared_data;
mod sigstore;
mod sigstore_made_here;
