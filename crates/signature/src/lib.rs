//! Who vouches for a file: what a signature is worth, by whom, when, and why.
//!
//! A yes or no hides what a reader needs: keys expire, are revoked, or stood behind weak digests.
//! Hence a [`Verdict`] of ten values, each with its reasons.

mod verdict;

pub use verdict::Verdict;
