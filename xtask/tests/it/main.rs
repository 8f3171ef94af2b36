//! What holds for the project as a whole.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod architecture;
mod workspace;
