//! Releases of distributions that sources name in several ways, as their branches are called here.

/// Debian's releases by code name.
const DEBIAN: [(&str, &str); 13] = [
    ("sarge", "3.1"),
    ("etch", "4"),
    ("lenny", "5"),
    ("squeeze", "6"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

/// Ubuntu's long-term releases, and those since the last of them, by code name.
const UBUNTU: [(&str, &str); 10] = [
    ("precise", "12.04"),
    ("trusty", "14.04"),
    ("xenial", "16.04"),
    ("bionic", "18.04"),
    ("focal", "20.04"),
    ("jammy", "22.04"),
    ("noble", "24.04"),
    ("oracular", "24.10"),
    ("plucky", "25.04"),
    ("questing", "25.10"),
];

/// The branch of a release of Debian: `12` for `bookworm`. `sid` and what is not known stay as they
/// are.
pub(crate) fn debian(release: &str) -> &str {
    number(&DEBIAN, release).unwrap_or(release)
}

/// Whether a word is the name of a suite of Debian's.
pub(crate) fn is_debian(release: &str) -> bool {
    release == "sid" || number(&DEBIAN, release).is_some()
}

/// The branch of a release of Ubuntu: `22.04` for `jammy`.
pub(crate) fn ubuntu(release: &str) -> &str {
    number(&UBUNTU, release).unwrap_or(release)
}

fn number(releases: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    let known = releases.iter().find(|(code, _)| *code == name);
    known.map(|(_, number)| *number)
}
