//! Behaviour of the readers, seen from outside.
#![expect(
    clippy::unwrap_used,
    reason = "what goes wrong in a test should stop it"
)]

mod support;

mod apkbuild;
mod container;
mod epss;
mod kev;
mod secdb;
