//! Behaviour of imports, matching and derived findings.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

mod alpine_cases;
mod guix_cases;
