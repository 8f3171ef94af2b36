//! What the client does when servers misbehave, on real connections.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod call;
mod faults;
mod server;
