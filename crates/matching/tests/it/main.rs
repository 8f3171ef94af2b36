//! What is judged of packages, given entries of records; each module is about one question.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod kernels;
mod kin_names;
mod series;
mod support;
mod vouching;
