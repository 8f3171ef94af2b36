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

/// Ecosystems of OSV's that are neither a distribution nor a registry that is known.
const OTHERS: [&str; 9] = [
    "Android",
    "ConanCenter",
    "DWF",
    "GIT",
    "GSD",
    "JavaScript",
    "Kubernetes",
    "OSS-Fuzz",
    "UVI",
];

/// Whose packages an ecosystem's are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// A distribution's.
    Distribution {
        /// Which.
        distribution: Distribution,
        /// On which branch, if that is said.
        branch: Option<String>,
    },
    /// A registry's or a collection's, in OSV's words.
    Registry(String),
}

impl Whose {
    /// Whose packages those of an ecosystem are; `None` when OSV knows none of that name.
    pub fn of(text: &str) -> Option<Self> {
        let ecosystem = Ecosystem::new(text);
        if let Some(distribution) = ecosystem.distribution {
            return Some(Self::Distribution {
                distribution,
                branch: ecosystem.branch,
            });
        }
        let name = ecosystem.name;
        let is_known = Registry::named(name).is_some() || OTHERS.contains(&name);
        is_known.then(|| Self::Registry(name.to_owned()))
    }
}

/// A branch as OSV writes it, so that it is read back as the same: `Alpine:v3.17`. `None` where
/// OSV has no name for the distribution or the branch.
pub(super) fn written(distribution: &str, branch: Option<&str>) -> Option<String> {
    let known = DISTRIBUTIONS.iter().find(|(_, ours)| *ours == distribution);
    let (theirs, _) = known?;
    let release = match (distribution, branch) {
        // There is but one line of them, and records name none.
        ("guix", Some("master")) | (_, None) => return Some((*theirs).to_owned()),
        ("ubuntu", Some(branch)) if is_long_term(branch) => format!("{branch}:LTS"),
        ("opensuse", Some(branch)) if branch.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("Leap {branch}")
        }
        // A piece of a CPE name, of which the branch does not tell the rest.
        ("redhat", Some(_)) => return None,
        (_, Some(branch)) => branch.to_owned(),
    };
    Some(format!("{theirs}:{release}"))
}

/// Whether a release of Ubuntu is one that is kept for years: that of April in an even year.
fn is_long_term(branch: &str) -> bool {
    let number = branch.rsplit(':').next().unwrap_or(branch);
    number
        .strip_suffix(".04")
        .is_some_and(|year| year.parse::<u8>().is_ok_and(|year| year.is_multiple_of(2)))
}

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
    fn what_is_written_is_read_back_as_the_same_branch() {
        for (distribution, branch, text) in [
            ("alpine", Some("v3.17"), Some("Alpine:v3.17")),
            ("alpine", Some("edge"), Some("Alpine:edge")),
            ("alpine", None, Some("Alpine")),
            ("debian", Some("12"), Some("Debian:12")),
            ("ubuntu", Some("22.04"), Some("Ubuntu:22.04:LTS")),
            ("ubuntu", Some("23.10"), Some("Ubuntu:23.10")),
            ("ubuntu", Some("23.04"), Some("Ubuntu:23.04")),
            ("opensuse", Some("15.5"), Some("openSUSE:Leap 15.5")),
            ("opensuse", Some("tumbleweed"), Some("openSUSE:tumbleweed")),
            ("guix", Some("core-updates"), Some("Guix:core-updates")),
            ("redhat", Some("9"), None),
            ("parabola", Some("x"), None),
        ] {
            let found = written(distribution, branch);
            assert_eq!(found.as_deref(), text, "{distribution}");
            let Some(text) = text else { continue };
            let read = Ecosystem::new(text);
            assert_eq!(read.distribution.unwrap().as_str(), distribution);
            assert_eq!(read.branch.as_deref(), branch, "{text}");
        }
        assert_eq!(written("guix", Some("master")).as_deref(), Some("Guix"));
    }

    #[test]
    fn an_ecosystem_tells_whose_a_package_is() {
        let registry = |name: &str| Some(Whose::Registry(name.to_owned()));
        assert_eq!(Whose::of("PyPI"), registry("PyPI"));
        assert_eq!(Whose::of("OSS-Fuzz"), registry("OSS-Fuzz"));
        assert_eq!(Whose::of("Maven:https://example.org"), registry("Maven"));
        assert_eq!(
            Whose::of("Alpine:v3.17"),
            Some(Whose::Distribution {
                distribution: Distribution::alpine(),
                branch: Some("v3.17".to_owned()),
            })
        );
        for unknown in ["", "pypi", "Orbit", "Orbit:7"] {
            assert_eq!(Whose::of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn an_unknown_ecosystem_has_no_scheme() {
        let ecosystem = Ecosystem::new("Orbit:7");
        assert_eq!((ecosystem.name, ecosystem.distribution), ("Orbit", None));
        assert_eq!(ecosystem.scheme, RangeScheme::Unstated);
    }
}
