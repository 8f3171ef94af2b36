//! Distributions and their branches, as names: `guix`, `alpine/v3.22`.

use std::fmt;
use std::str::FromStr;

use palisade_version::Scheme;
use serde::{Deserialize, Serialize};

/// A distribution, by its lower-case name: `guix`, `alpine`, `debian` …
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Distribution(Box<str>);

/// A branch of a distribution, written `DISTRIBUTION/BRANCH`: `guix/master`, `alpine/v3.22`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BranchName {
    distribution: Distribution,
    name: Box<str>,
}

/// The reason why a text names no distribution or branch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Not lower-case letters, digits and `-`, or too long.
    #[error("{0:?} is no name of a distribution: lower-case letters, digits and '-', at most 32")]
    Distribution(String),
    /// Not of the form `DISTRIBUTION/BRANCH`.
    #[error("{0:?} is no branch: write DISTRIBUTION/BRANCH, such as alpine/v3.22")]
    Branch(String),
}

impl Distribution {
    /// GNU Guix.
    pub fn guix() -> Self {
        Self("guix".into())
    }

    /// Alpine Linux.
    pub fn alpine() -> Self {
        Self("alpine".into())
    }

    /// Debian.
    pub fn debian() -> Self {
        Self("debian".into())
    }

    /// The distribution's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scheme in which the distribution writes and orders its package versions.
    pub fn scheme(&self) -> Scheme {
        match &*self.0 {
            "alpine" | "wolfi" | "chainguard" | "postmarketos" => Scheme::Apk,
            "guix" => Scheme::Guix,
            "nix" | "nixos" | "nixpkgs" => Scheme::Nix,
            "debian" | "ubuntu" | "devuan" => Scheme::Deb,
            "almalinux" | "amazon" | "azurelinux" | "centos" | "fedora" | "mageia"
            | "openeuler" | "opensuse" | "oracle" | "photon" | "redhat" | "rocky" | "suse" => {
                Scheme::Rpm
            }
            "arch" | "archlinux" | "artix" | "cachyos" | "endeavouros" | "manjaro" | "msys2"
            | "parabola" => Scheme::Pacman,
            _ => Scheme::Generic,
        }
    }
}

impl BranchName {
    /// A branch of a distribution; the name is checked as [`FromStr`] checks it.
    pub fn new(distribution: Distribution, name: &str) -> Result<Self, InvalidName> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
        let well_formed =
            (1..=64).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with('.');
        if well_formed {
            Ok(Self {
                distribution,
                name: name.into(),
            })
        } else {
            Err(InvalidName::Branch(format!("{distribution}/{name}")))
        }
    }

    /// The branch's distribution.
    pub fn distribution(&self) -> &Distribution {
        &self.distribution
    }

    /// The branch's name within its distribution.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Distribution {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidName::Distribution(text.to_owned()))
        }
    }
}

impl FromStr for BranchName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (distribution, name) = text
            .split_once('/')
            .ok_or_else(|| InvalidName::Branch(text.to_owned()))?;
        Self::new(distribution.parse()?, name)
    }
}

impl TryFrom<String> for Distribution {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for BranchName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Distribution> for String {
    fn from(distribution: Distribution) -> Self {
        distribution.0.into()
    }
}

impl From<BranchName> for String {
    fn from(branch: BranchName) -> Self {
        branch.to_string()
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.distribution, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_read_and_written_the_same() {
        let branch: BranchName = "alpine/v3.22".parse().unwrap();
        assert_eq!(branch.distribution(), &Distribution::alpine());
        assert_eq!(branch.name(), "v3.22");
        assert_eq!(branch.to_string(), "alpine/v3.22");
    }

    #[test]
    fn paths_and_blanks_are_no_branches() {
        for text in [
            "alpine",
            "alpine/",
            "alpine/../x",
            "Alpine/edge",
            "a/b c",
            "guix/.x",
        ] {
            assert!(text.parse::<BranchName>().is_err(), "{text}");
        }
    }
}
