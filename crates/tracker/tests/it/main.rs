//! What the tracker does, seen from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod support;
mod views;
