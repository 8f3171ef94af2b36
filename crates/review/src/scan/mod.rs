//! The scan: what is new in a change and looks like something that somebody should explain.
//!
//! Only what is new alarms. A line that the old side had, laid out differently or with another
//! version in it, does not; documentation is not build code; one weak sign is a note, and becomes
//! more where something else in the same change supports it.

mod against_git;
mod binary;
mod correlate;
mod encoded;
mod hardening;
mod keys;
mod layout;
pub(crate) mod lines;
mod lock;
mod m4;
mod magic;
mod packages;
mod pinned;
mod place;
mod prerequisite;
mod probe;
mod repository;
mod scanner;
mod suppression;
mod tests_off;
mod unicode;
mod vendored;
mod view;
mod weakened;
mod workflow;
mod world;
mod yara;

pub use m4::KnownBlobs;
pub use place::{Language, Place, Role};
pub use scanner::{Materials, PackId, Scan, Scanner};
pub use suppression::{
    Advice, Baseline, Judgement, Reason, Suppression, SuppressionError, Suppressions, fingerprint,
};
pub use yara::{Yara, YaraError};
