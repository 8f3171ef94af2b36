//! Which distribution and branch a system is: `os-release` (os-release(5)), and the words for both
//! in bills of materials, such as `alpine-3.20.3`.
//!
//! A branch is named as the distribution's own records name it: `v3.20` for Alpine's 3.20.3, `12`
//! for Debian's 12.4, `9` for Rocky Linux's 9.3.

use palisade_model::BranchName;

/// A distribution by our name of it, and one of its branches.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Release {
    /// The distribution.
    pub(crate) distribution: String,
    /// The branch, if it is told.
    pub(crate) branch: Option<String>,
}

impl Release {
    /// The release of a distribution's name and version in `os-release`'s words; `None` when the
    /// name is none.
    pub(crate) fn new(id: &str, version: &str) -> Option<Self> {
        let distribution = distribution(id)?;
        let branch = branch(&distribution, version.trim()).filter(|branch| {
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
        let word = word.trim();
        if let Some((distribution, branch)) = code_name(word) {
            return Self::new(distribution, branch);
        }
        let is_version = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_digit())
                || matches!(text, "edge" | "rolling" | "sid" | "testing" | "unstable")
        };
        let at = word
            .match_indices('-')
            .find(|(at, _)| is_version(&word[at + 1..]));
        match at {
            Some((at, _)) => Self::new(&word[..at], &word[at + 1..]),
            None => match word.rsplit_once('-') {
                Some((id, name)) if code_name(name).is_some_and(|(of, _)| of == id) => {
                    Self::of_word(name)
                }
                _ => Self::new(word, ""),
            },
        }
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
    let name = match id.as_str() {
        "arch" | "archarm" => "archlinux",
        "alma" => "almalinux",
        "amzn" | "amazonlinux" => "amazon",
        "mariner" | "cbl-mariner" => "azurelinux",
        "nix" | "nixos" => "nixpkgs",
        "ol" | "oraclelinux" => "oracle",
        "opensuse-leap" | "opensuse-tumbleweed" => "opensuse",
        "rhel" => "redhat",
        "rockylinux" => "rocky",
        "sles" | "sled" => "suse",
        other => other,
    };
    let distribution: palisade_model::Distribution = name.parse().ok()?;
    Some(distribution.as_str().to_owned())
}

fn branch(distribution: &str, version: &str) -> Option<String> {
    let parts = |count: usize| {
        let parts: Vec<&str> = version.split('.').take(count).collect();
        parts.join(".")
    };
    let branch = match distribution {
        "alpine" if version.contains("_alpha") => "edge".to_owned(),
        "alpine" if is_alpines(&parts(2)) => format!("v{}", parts(2)),
        "alpine" if version.starts_with(|c: char| c.is_ascii_digit()) => String::new(),
        // There is but one, and `os-release` has no word for it.
        "archlinux" => "rolling".to_owned(),
        "debian" | "devuan" | "redhat" | "rocky" | "almalinux" | "centos" | "oracle" => parts(1),
        "ubuntu" => parts(2),
        // Their version is a day that never changes, and no record names it.
        "chainguard" | "wolfi" => String::new(),
        _ => version.to_owned(),
    };
    (!branch.is_empty()).then_some(branch)
}

/// Whether a text is the number of one of Alpine's branches.
fn is_alpines(text: &str) -> bool {
    let is_number =
        |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let parts = text.split_once('.');
    parts.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

/// The distribution and version of a release by its code name.
fn code_name(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "jessie" => ("debian", "8"),
        "stretch" => ("debian", "9"),
        "buster" => ("debian", "10"),
        "bullseye" => ("debian", "11"),
        "bookworm" => ("debian", "12"),
        "trixie" => ("debian", "13"),
        "forky" => ("debian", "14"),
        "trusty" => ("ubuntu", "14.04"),
        "xenial" => ("ubuntu", "16.04"),
        "bionic" => ("ubuntu", "18.04"),
        "focal" => ("ubuntu", "20.04"),
        "jammy" => ("ubuntu", "22.04"),
        "noble" => ("ubuntu", "24.04"),
        _ => return None,
    })
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
            ("arch", "archlinux/rolling"),
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
