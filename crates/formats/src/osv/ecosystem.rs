//! OSV's ecosystems: which are distributions, and the schemes of their versions.

use palisade_model::{Distribution, RangeScheme, registry_scheme};
use palisade_version::Scheme;

/// An ecosystem's name with its suffix apart, as in `Debian:12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ecosystem<'a> {
    /// The name as OSV spells it.
    pub(super) name: &'a str,
    /// The release, without Ubuntu's remark that it is a long-term one.
    pub(super) release: Option<&'a str>,
    /// The distribution, if it is one.
    pub(super) distribution: Option<Distribution>,
    /// The scheme of its versions.
    pub(super) scheme: RangeScheme,
}

impl<'a> Ecosystem<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let (name, release) = match text.split_once(':') {
            Some((name, release)) => (name, Some(release.strip_suffix(":LTS").unwrap_or(release))),
            None => (text, None),
        };
        let known = DISTRIBUTIONS.iter().find(|(ours, ..)| *ours == name);
        let distribution = known.and_then(|(_, distribution, _)| distribution.parse().ok());
        let scheme = known
            .map(|(.., scheme)| *scheme)
            .or_else(|| registry_scheme(name));
        Self {
            name,
            release: release.filter(|release| !release.is_empty()),
            distribution,
            scheme: scheme.map_or(RangeScheme::Unstated, RangeScheme::stated),
        }
    }
}

/// OSV's name, ours, and the scheme.
const DISTRIBUTIONS: [(&str, &str, Scheme); 24] = [
    ("Alpine", "alpine", Scheme::Apk),
    ("Alpaquita", "alpaquita", Scheme::Apk),
    ("BellSoft Hardened Containers", "bellsoft", Scheme::Apk),
    ("Chainguard", "chainguard", Scheme::Apk),
    ("CleanStart", "cleanstart", Scheme::Apk),
    ("MinimOS", "minimos", Scheme::Apk),
    ("Wolfi", "wolfi", Scheme::Apk),
    ("Debian", "debian", Scheme::Deb),
    ("Echo", "echo", Scheme::Deb),
    ("Ubuntu", "ubuntu", Scheme::Deb),
    ("AlmaLinux", "almalinux", Scheme::Rpm),
    ("Azure Linux", "azurelinux", Scheme::Rpm),
    ("Fedora", "fedora", Scheme::Rpm),
    ("Mageia", "mageia", Scheme::Rpm),
    ("Photon OS", "photon", Scheme::Rpm),
    ("Red Hat", "redhat", Scheme::Rpm),
    ("Rocky Linux", "rocky", Scheme::Rpm),
    ("SUSE", "suse", Scheme::Rpm),
    ("openEuler", "openeuler", Scheme::Rpm),
    ("openSUSE", "opensuse", Scheme::Rpm),
    ("Arch Linux", "archlinux", Scheme::Pacman),
    ("FreeBSD", "freebsd", Scheme::Generic),
    ("Guix", "guix", Scheme::Guix),
    ("Nixpkgs", "nixpkgs", Scheme::Nix),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_and_schemes_of_distributions_are_told() {
        for (text, distribution, release, scheme) in [
            ("Alpine:v3.17", "alpine", Some("v3.17"), Scheme::Apk),
            ("Debian:12", "debian", Some("12"), Scheme::Deb),
            ("Ubuntu:22.04:LTS", "ubuntu", Some("22.04"), Scheme::Deb),
            (
                "Ubuntu:Pro:18.04:LTS",
                "ubuntu",
                Some("Pro:18.04"),
                Scheme::Deb,
            ),
            ("Rocky Linux:9", "rocky", Some("9"), Scheme::Rpm),
            ("Wolfi", "wolfi", None, Scheme::Apk),
        ] {
            let ecosystem = Ecosystem::new(text);
            assert_eq!(ecosystem.distribution.unwrap().as_str(), distribution);
            assert_eq!(ecosystem.release, release);
            assert_eq!(ecosystem.scheme, RangeScheme::stated(scheme));
        }
    }

    #[test]
    fn our_names_of_distributions_are_valid() {
        for (theirs, ..) in DISTRIBUTIONS {
            assert!(Ecosystem::new(theirs).distribution.is_some(), "{theirs}");
        }
    }

    #[test]
    fn an_unknown_ecosystem_has_no_scheme() {
        let ecosystem = Ecosystem::new("Orbit:7");
        assert_eq!((ecosystem.name, ecosystem.distribution), ("Orbit", None));
        assert_eq!(ecosystem.scheme, RangeScheme::Unstated);
    }
}
