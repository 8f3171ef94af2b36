//! Version schemes of distributions and ecosystems: order and validity.
//!
//! A security tracker asks one question thousands of times a second: is this version older than
//! that one? The answer depends on whose version it is. Every [`Scheme`] here follows the rules of
//! the program that owns it, down to its quirks, because a tracker that disagrees with the package
//! manager tells people lies. [`Scheme::Generic`] is ours: it compares versions of upstream
//! software whose rules nobody wrote down, and [`upstream()`] cuts a distribution's version back to
//! what such a comparison needs.
//!
//! The crate only orders and validates text. It does not fetch, store, rewrite or "repair"
//! versions, it knows no package names, and it evaluates no ranges. Text that is not a version of a
//! scheme compares as `None`; no input panics, overflows or takes more than linear time.
//!
//! ```
//! use palisade_version::Scheme;
//! use std::cmp::Ordering;
//!
//! assert_eq!(Scheme::Apk.compare("1.1.1q-r0", "1.1.1q-r1"), Some(Ordering::Less));
//! assert_eq!(Scheme::Deb.compare("1:1.0", "2.0"), Some(Ordering::Greater));
//! assert_eq!(Scheme::Generic.compare("1.0-rc1", "1.0"), Some(Ordering::Less));
//! assert_eq!(Scheme::Semver.compare("1.0", "1.0.0"), None);
//! ```
//!
//! The rules, their sources and how they are checked are told in `docs/versions.md`.

pub mod apk;
mod cpan;
mod deb;
mod digits;
mod generic;
mod go;
mod guix;
mod maven;
mod nix;
mod pacman;
mod pep440;
mod rpm;
mod rubygems;
mod scheme;
mod semver;
mod upstream;
mod words;

pub use scheme::{Scheme, UnknownScheme};
pub use upstream::{Side, Snapshot, Upstream, upstream};

/// Longest text, in bytes, that any scheme takes for a version.
///
/// Real versions stay below a hundred bytes. The limit keeps hostile feeds from making a
/// comparison expensive.
pub const MAX_LENGTH: usize = 1024;
