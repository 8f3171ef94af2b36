//! Releases of distributions: the words for a distribution and one of its branches in `os-release`
//! (os-release(5)), package URLs, bills of materials, CPE names and OSV's records.
//!
//! A branch is named as the distribution's own records name it: `v3.20` for Alpine's 3.20.3, `12`
//! for Debian's 12.4 and for `bookworm`, `9` for Rocky Linux's 9.3.

use palisade_model::{BranchName, Cpe, CpePart};

use crate::cpe::{Attributes, VersionAttribute};

/// A distribution by our name of it, and one of its branches.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Release {
    /// The distribution.
    pub(crate) distribution: String,
    /// The branch, if it is told.
    pub(crate) branch: Option<String>,
}

/// Our names of distributions that have others: `ID` of `os-release`, namespaces of package URLs.
const NAMES: [(&str, &str); 24] = [
    ("alma", "almalinux"),
    ("amazonlinux", "amazon"),
    ("amzn", "amazon"),
    ("arch", "archlinux"),
    ("archarm", "archlinux"),
    ("cbl-mariner", "azurelinux"),
    ("mariner", "azurelinux"),
    ("msys", "msys2"),
    ("nix", "nixpkgs"),
    ("nixos", "nixpkgs"),
    ("ol", "oracle"),
    ("opensuse-leap", "opensuse"),
    ("opensuse-tumbleweed", "opensuse"),
    ("oracle-linux", "oracle"),
    ("oraclelinux", "oracle"),
    ("red-hat", "redhat"),
    ("rhel", "redhat"),
    ("rocky-linux", "rocky"),
    ("rockylinux", "rocky"),
    ("sle", "suse"),
    ("sled", "suse"),
    ("sles", "suse"),
    ("suse-linux-enterprise-server", "suse"),
    ("wolfi-os", "wolfi"),
];

/// Distribution, code name and branch. Of Ubuntu's the long-term releases, and those since the last.
const CODE_NAMES: [(&str, &str, &str); 24] = [
    ("debian", "sarge", "3.1"),
    ("debian", "etch", "4"),
    ("debian", "lenny", "5"),
    ("debian", "squeeze", "6"),
    ("debian", "wheezy", "7"),
    ("debian", "jessie", "8"),
    ("debian", "stretch", "9"),
    ("debian", "buster", "10"),
    ("debian", "bullseye", "11"),
    ("debian", "bookworm", "12"),
    ("debian", "trixie", "13"),
    ("debian", "forky", "14"),
    ("debian", "duke", "15"),
    ("debian", "sid", "sid"),
    ("ubuntu", "precise", "12.04"),
    ("ubuntu", "trusty", "14.04"),
    ("ubuntu", "xenial", "16.04"),
    ("ubuntu", "bionic", "18.04"),
    ("ubuntu", "focal", "20.04"),
    ("ubuntu", "jammy", "22.04"),
    ("ubuntu", "noble", "24.04"),
    ("ubuntu", "oracular", "24.10"),
    ("ubuntu", "plucky", "25.04"),
    ("ubuntu", "questing", "25.10"),
];

/// Operating systems in CPE names.
const CPE_PRODUCTS: [(&str, &str); 8] = [
    ("alpine_linux", "alpine"),
    ("almalinux", "almalinux"),
    ("debian_linux", "debian"),
    ("enterprise_linux", "redhat"),
    ("fedora", "fedora"),
    ("leap", "opensuse"),
    ("rocky_linux", "rocky"),
    ("ubuntu_linux", "ubuntu"),
];

impl Release {
    /// The release of a distribution's name and version in `os-release`'s words; `None` when the
    /// name is none.
    pub(crate) fn new(id: &str, version: &str) -> Option<Self> {
        let distribution = distribution(id)?;
        let version = match id.trim() {
            // `os-release` tells the day on which it was rolled.
            "opensuse-tumbleweed" => "tumbleweed",
            _ => version.trim(),
        };
        let branch = branch(&distribution, version).filter(|branch| {
            let name = distribution.parse().map(|it| BranchName::new(it, branch));
            matches!(name, Ok(Ok(_)))
        });
        Some(Self {
            distribution,
            branch,
        })
    }

    /// The release that a word such as `debian-12`, `alpine-edge` or `bookworm` names.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase();
        if let Some((distribution, _, branch)) = code_name(&word) {
            return Self::new(distribution, branch);
        }
        let at = word
            .match_indices('-')
            .find(|(at, _)| is_version(&word[at + 1..]));
        match at {
            Some((at, _)) => Self::new(&word[..at], &word[at + 1..]),
            None => Self::new(&word, ""),
        }
    }

    /// The release that a word names where the distribution is known: `3.18.4`, `el9` and all that
    /// names both. The branch is open where the word is of another distribution, or of nothing.
    pub(crate) fn within(distribution: &str, word: &str) -> Self {
        let word = word.trim().to_ascii_lowercase();
        let both = Self::of_word(&word).filter(|release| release.distribution == distribution);
        let number = word.find(|c: char| c.is_ascii_digit());
        let release = match (both, number) {
            (Some(both), _) => Some(both),
            (None, _) if is_version(&word) && code_name(&word).is_none() => {
                Self::new(distribution, &word)
            }
            (None, Some(at)) if !word.contains('-') => Self::new(distribution, &word[at..]),
            (None, _) => None,
        };
        release.unwrap_or_else(|| Self {
            distribution: distribution.to_owned(),
            branch: None,
        })
    }

    /// What an `os-release` file says.
    pub(crate) fn of_file(text: &str) -> Option<Self> {
        let (mut id, mut version) = (None, None);
        for line in text.lines() {
            match line.split_once('=') {
                Some(("ID", value)) => id = Some(unquoted(value)),
                Some(("VERSION_ID", value)) => version = Some(unquoted(value)),
                _ => {}
            }
        }
        Self::new(id?, version.unwrap_or_default())
    }
}

/// A value of a shell-like assignment; escapes do not occur in names and numbers.
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    let quoted = |mark| value.strip_prefix(mark)?.strip_suffix(mark);
    quoted('"').or_else(|| quoted('\'')).unwrap_or(value)
}

/// Our name of a distribution, by its `ID` or its name in package URLs.
pub(crate) fn distribution(id: &str) -> Option<String> {
    let id = id.trim().to_ascii_lowercase();
    let known = NAMES.iter().find(|(theirs, _)| *theirs == id);
    let name = known.map_or(id.as_str(), |(_, ours)| ours);
    let distribution: palisade_model::Distribution = name.parse().ok()?;
    Some(distribution.as_str().to_owned())
}

/// Whether all of a distribution's records are of one branch, and name none.
pub(crate) fn has_one_branch(distribution: &str) -> bool {
    matches!(distribution, "archlinux" | "chainguard" | "guix" | "wolfi")
}

/// The branch of a release of Debian: `12` for `bookworm`. `sid` and what is not known stay as they
/// are.
pub(crate) fn debian(release: &str) -> &str {
    by_code_name("debian", release).unwrap_or(release)
}

/// Whether a word is the name of a suite of Debian's.
pub(crate) fn is_debian(release: &str) -> bool {
    by_code_name("debian", release).is_some()
}

/// The branch that a distribution's CPE name stands for: `9` for
/// `cpe:/a:redhat:enterprise_linux:9::appstream`; a product of its own (`rhel_eus`) keeps its name.
pub(crate) fn branch_of_cpe(name: &str) -> Option<String> {
    let name = Attributes::parse(name).ok()?;
    let VersionAttribute::Version(version) = name.version() else {
        return None;
    };
    let Cpe { part, product, .. } = name.name();
    let known = CPE_PRODUCTS.iter().find(|(theirs, _)| *theirs == product);
    match known {
        Some((_, distribution)) => branch(distribution, &version),
        None if part == CpePart::OperatingSystem && !product.starts_with("rhel_") => Some(version),
        None => Some(format!("{product}-{version}")),
    }
}

/// The branch that the suffix of OSV's name of a distribution stands for: Red Hat's is a piece of a
/// CPE name, openSUSE's begins with the product.
pub(crate) fn branch_of_osv(distribution: &str, release: &str) -> String {
    let branch = match distribution {
        "redhat" => branch_of_cpe(&format!("cpe:/a:redhat:{release}")),
        "opensuse" => {
            let release = release.strip_prefix("Leap ").unwrap_or(release);
            Some(release.to_ascii_lowercase())
        }
        _ => None,
    };
    branch.unwrap_or_else(|| release.to_owned())
}

fn branch(distribution: &str, version: &str) -> Option<String> {
    if let Some(branch) = by_code_name(distribution, version) {
        return Some(branch.to_owned());
    }
    let is_number = version.starts_with(|c: char| c.is_ascii_digit());
    let parts = |count: usize| {
        let parts: Vec<&str> = version.split('.').take(count).collect();
        parts.join(".")
    };
    let branch = match distribution {
        "alpine" if version.contains("_alpha") => "edge".to_owned(),
        "alpine" if is_alpines(&parts(2)) => format!("v{}", parts(2)),
        "alpine" if is_number => String::new(),
        // There is but one, and `os-release` has no word for it.
        "archlinux" => "rolling".to_owned(),
        "debian" if version == "unstable" => "sid".to_owned(),
        // Up to 3.1 the second number told releases apart.
        "debian" if version.starts_with("3.") => parts(2),
        "almalinux" | "azurelinux" | "centos" | "debian" | "devuan" | "fedora" | "oracle"
        | "redhat" | "rocky" => parts(1),
        // Channels are named after the system's releases.
        "nixpkgs" if is_number => format!("nixos-{}", parts(2)),
        "ubuntu" => parts(2),
        // Their version is a day that never changes, or a release that no record names.
        "chainguard" | "guix" | "wolfi" => String::new(),
        _ => version.to_owned(),
    };
    (!branch.is_empty()).then_some(branch)
}

/// Whether a word is the version of a distribution, and not a part of its name.
fn is_version(word: &str) -> bool {
    let rolls = [
        "edge",
        "rolling",
        "sid",
        "testing",
        "tumbleweed",
        "unstable",
    ];
    word.starts_with(|c: char| c.is_ascii_digit())
        || rolls.contains(&word)
        || code_name(word).is_some()
}

/// Whether a text is the number of one of Alpine's branches.
fn is_alpines(text: &str) -> bool {
    let is_number =
        |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let parts = text.split_once('.');
    parts.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

fn code_name(word: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    CODE_NAMES.iter().find(|(_, name, _)| *name == word)
}

fn by_code_name(distribution: &str, word: &str) -> Option<&'static str> {
    let known = code_name(word).filter(|(of, ..)| *of == distribution);
    known.map(|(.., branch)| *branch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(release: Option<Release>) -> String {
        release.map_or("-".to_owned(), |release| match release.branch {
            Some(branch) => format!("{}/{branch}", release.distribution),
            None => release.distribution,
        })
    }

    #[test]
    fn a_word_names_distribution_and_branch() {
        for (word, expected) in [
            ("alpine-3.20.3", "alpine/v3.20"),
            ("alpine-3.20", "alpine/v3.20"),
            ("alpine-edge", "alpine/edge"),
            ("alpine-3.21.0_alpha20240807", "alpine/edge"),
            ("debian-12.4", "debian/12"),
            ("debian-12", "debian/12"),
            ("debian-bookworm", "debian/12"),
            ("bookworm", "debian/12"),
            ("debian", "debian"),
            ("ubuntu-22.04", "ubuntu/22.04"),
            ("rhel-8.7", "redhat/8"),
            ("opensuse-leap-15.5", "opensuse/15.5"),
            ("opensuse-tumbleweed-20240101", "opensuse/tumbleweed"),
            ("opensuse-tumbleweed", "opensuse/tumbleweed"),
            ("arch", "archlinux/rolling"),
            ("debian-sid", "debian/sid"),
            ("debian-unstable", "debian/sid"),
            ("debian-3.1", "debian/3.1"),
            ("sarge", "debian/3.1"),
            ("ubuntu-noble", "ubuntu/24.04"),
            ("nixos-24.05", "nixpkgs/nixos-24.05"),
            ("guix-1.4.0", "guix"),
            ("wolfi-20230201", "wolfi"),
            ("fedora-38", "fedora/38"),
            ("", "-"),
            ("Größe", "-"),
            // A branch has no slash.
            ("debiant-1/2", "debiant"),
        ] {
            assert_eq!(words(Release::of_word(word)), expected, "{word}");
        }
    }

    #[test]
    fn a_word_counts_beside_the_distribution_that_it_is_of() {
        for (distribution, word, expected) in [
            ("alpine", "3.18.4", "alpine/v3.18"),
            ("alpine", "Alpine-3.18.4", "alpine/v3.18"),
            ("alpine", "edge", "alpine/edge"),
            ("debian", "bookworm", "debian/12"),
            ("debian", "debian-bookworm", "debian/12"),
            ("debian", "unstable", "debian/sid"),
            ("debian", "debian", "debian"),
            ("redhat", "rhel-9.3", "redhat/9"),
            ("redhat", "redhat-8.4", "redhat/8"),
            ("rocky", "el9", "rocky/9"),
            ("fedora", "fc38", "fedora/38"),
            ("debian", "ubuntu-22.04", "debian"),
            ("ubuntu", "bookworm", "ubuntu"),
            ("debian", "else", "debian"),
            ("wolfi", "wolfi-20230201", "wolfi"),
        ] {
            let release = Release::within(distribution, word);
            assert_eq!(words(Some(release)), expected, "{distribution} {word}");
        }
    }

    #[test]
    fn a_cpe_name_of_a_system_names_its_branch() {
        for (name, expected) in [
            ("cpe:/a:redhat:enterprise_linux:9::appstream", Some("9")),
            ("cpe:/o:redhat:enterprise_linux:8.10", Some("8")),
            (
                "cpe:/a:redhat:rhel_eus:9.2::appstream",
                Some("rhel_eus-9.2"),
            ),
            ("cpe:/o:redhat:rhel_els:7", Some("rhel_els-7")),
            (
                "cpe:2.3:o:debian:debian_linux:12.0:*:*:*:*:*:*:*",
                Some("12"),
            ),
            (
                "cpe:2.3:o:alpinelinux:alpine_linux:3.18.4:*:*:*:*:*:*:*",
                Some("v3.18"),
            ),
            ("cpe:/o:opensuse:leap:15.5", Some("15.5")),
            ("cpe:/o:suse:sles:15", Some("15")),
            ("cpe:/a:redhat:openshift:4.14::el9", Some("openshift-4.14")),
            ("cpe:/o:redhat:enterprise_linux", None),
            ("nonsense", None),
        ] {
            assert_eq!(branch_of_cpe(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn a_file_is_read_whatever_its_quotes() {
        for (text, expected) in [
            (
                "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.3\n",
                "alpine/v3.20",
            ),
            ("ID=\"rocky\"\r\nVERSION_ID='9.3'\r\n", "rocky/9"),
            (
                "ID=alpine\nVERSION_ID=3.24.0_alpha20260127\n",
                "alpine/edge",
            ),
            ("ID=alpine\nVERSION_ID=3\n", "alpine"),
            ("ID=wolfi\nVERSION_ID=\"20230201\"\n", "wolfi"),
            ("ID=A/B\nVERSION_ID=3\n", "-"),
            ("ID=debian\n", "debian"),
            ("VERSION_ID=3\n", "-"),
        ] {
            assert_eq!(words(Release::of_file(text)), expected, "{text}");
        }
    }
}
