//! Go module versions: `golang.org/x/mod/semver` and the Go Modules Reference, "Versions".
//!
//! These are semantic versions with a leading `v`, which OSV's records leave out, so it is optional
//! here. `v1` and `v1.2` stand for `v1.0.0` and `v1.2.0`, but only without pre-release and build.
//! `+incompatible` and all other build metadata do not count. Pseudo-versions
//! (`v0.0.0-20240101120000-abcdef123456`) need no rule of their own: the reference chose their form
//! so that they sort between the tag before and the release after.
//!
//! The toolchain's own versions (`go1.21rc2`) are not module versions and not understood here; OSV
//! writes the standard library's as `1.21.0-rc.2`.

use std::cmp::Ordering;

use crate::semver::{Version, is_plain_number, split_tails};

fn parse(text: &str) -> Option<Version<'_>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (main, pre_release) = split_tails(text)?;
    let mut parts = main.split('.');
    let major = parts.next()?;
    let (minor, patch) = (parts.next(), parts.next());
    let is_short = patch.is_none();
    let numbers = [major, minor.unwrap_or("0"), patch.unwrap_or("0")];
    let is_valid = parts.next().is_none()
        && numbers.iter().all(|text| is_plain_number(text))
        && (!is_short || main.len() == text.len());
    is_valid.then_some(Version {
        numbers,
        pre_release,
    })
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(parse(a)?.compare(&parse(b)?))
}

pub(crate) fn is_valid(version: &str) -> bool {
    parse(version).is_some()
}
