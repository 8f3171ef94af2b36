//! OSV's ecosystems: which are distributions, and the schemes of their versions.

use palisade_model::{Distribution, RangeScheme, Registry};

use crate::releases;

/// An ecosystem's name with its suffix apart, as in `Debian:12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ecosystem<'a> {
    /// The name as OSV spells it.
    pub(super) name: &'a str,
    /// The distribution, if it is one.
    pub(super) distribution: Option<Distribution>,
    /// Its branch, without Ubuntu's remark that it is a long-term one.
    pub(super) branch: Option<String>,
    /// The scheme of its versions.
    pub(super) scheme: RangeScheme,
}

impl<'a> Ecosystem<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let (name, release) = match text.split_once(':') {
            Some((name, release)) => (name, Some(release.strip_suffix(":LTS").unwrap_or(release))),
            None => (text, None),
        };
        let known = DISTRIBUTIONS.iter().find(|(theirs, _)| *theirs == name);
        let distribution: Option<Distribution> = known.and_then(|(_, ours)| ours.parse().ok());
        let scheme = match &distribution {
            Some(distribution) => Some(distribution.scheme()),
            None => Registry::named(name).map(|registry| registry.scheme),
        };
        let branch = |distribution: &Distribution| {
            let release = release.filter(|release| !release.is_empty())?;
            Some(releases::branch_of_osv(distribution.as_str(), release))
        };
        Self {
            name,
            branch: distribution.as_ref().and_then(branch),
            distribution,
            scheme: scheme.map_or(RangeScheme::Unstated, RangeScheme::stated),
        }
    }
}

/// OSV's name and ours.
const DISTRIBUTIONS: [(&str, &str); 24] = [
    ("Alpine", "alpine"),
    ("Alpaquita", "alpaquita"),
    ("BellSoft Hardened Containers", "bellsoft"),
    ("Chainguard", "chainguard"),
    ("CleanStart", "cleanstart"),
    ("MinimOS", "minimos"),
    ("Wolfi", "wolfi"),
    ("Debian", "debian"),
    ("Echo", "echo"),
    ("Ubuntu", "ubuntu"),
    ("AlmaLinux", "almalinux"),
    ("Azure Linux", "azurelinux"),
    ("Fedora", "fedora"),
    ("Mageia", "mageia"),
    ("Photon OS", "photon"),
    ("Red Hat", "redhat"),
    ("Rocky Linux", "rocky"),
    ("SUSE", "suse"),
    ("openEuler", "openeuler"),
    ("openSUSE", "opensuse"),
    ("Arch Linux", "archlinux"),
    ("FreeBSD", "freebsd"),
    ("Guix", "guix"),
    ("Nixpkgs", "nixpkgs"),
];

#[cfg(test)]
mod tests {
    use palisade_version::Scheme;

    use super::*;

    #[test]
    fn releases_and_schemes_of_distributions_are_told() {
        for (text, distribution, branch, scheme) in [
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
            (
                "Red Hat:enterprise_linux:9::appstream",
                "redhat",
                Some("9"),
                Scheme::Rpm,
            ),
            (
                "Red Hat:rhel_eus:9.2::baseos",
                "redhat",
                Some("rhel_eus-9.2"),
                Scheme::Rpm,
            ),
            ("openSUSE:Leap 15.5", "opensuse", Some("15.5"), Scheme::Rpm),
            (
                "openSUSE:Tumbleweed",
                "opensuse",
                Some("tumbleweed"),
                Scheme::Rpm,
            ),
            ("Wolfi", "wolfi", None, Scheme::Apk),
        ] {
            let ecosystem = Ecosystem::new(text);
            assert_eq!(ecosystem.distribution.unwrap().as_str(), distribution);
            assert_eq!(ecosystem.branch.as_deref(), branch);
            assert_eq!(ecosystem.scheme, RangeScheme::stated(scheme));
        }
    }

    #[test]
    fn our_names_of_distributions_are_valid_and_have_a_scheme() {
        for (theirs, ours) in DISTRIBUTIONS {
            let distribution = Ecosystem::new(theirs).distribution.unwrap();
            let is_known = distribution.scheme() != Scheme::Generic || ours == "freebsd";
            assert!(is_known, "{theirs}");
        }
    }

    #[test]
    fn an_unknown_ecosystem_has_no_scheme() {
        let ecosystem = Ecosystem::new("Orbit:7");
        assert_eq!((ecosystem.name, ecosystem.distribution), ("Orbit", None));
        assert_eq!(ecosystem.scheme, RangeScheme::Unstated);
    }
}
