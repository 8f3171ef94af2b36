//! What the review of sources promises, over made-up archives and real ones.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod changes;
mod confined;
mod evaluation;
mod examples;
mod hostile;
mod made;
mod materials;
mod real;
mod reports;
mod rules;
mod sarif;
mod support;
mod variants;
