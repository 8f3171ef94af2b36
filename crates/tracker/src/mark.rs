//! By what whoever has a lease is known in the database.

use std::hash::{BuildHasher, RandomState};

/// A text that nobody else is known by; whoever wants to can guess it.
pub(crate) fn mark() -> String {
    let random = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", random(), random())
}
