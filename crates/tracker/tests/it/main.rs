//! What imports come to: findings, and what changes them.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod import;
mod order;
mod tracker;
