//! The closed list of schemes, their names, and the one door to comparison.
//!
//! Callers hold a [`Scheme`] and never see the modules behind it. The length limit is enforced
//! here, once for all.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::{
    MAX_LENGTH, apk, cpan, deb, generic, go, guix, maven, nix, pacman, pep440, rpm, rubygems,
    semver,
};

/// A set of rules that says which text is a version and which of two versions is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Alpine packages: apk-tools 3.
    Apk,
    /// Guix packages: `version-compare`, which is the C library's `strverscmp`.
    Guix,
    /// Nix packages: `builtins.compareVersions`.
    Nix,
    /// Debian packages: Debian Policy 5.6.12.
    Deb,
    /// RPM packages: epoch, version and release by `rpmvercmp`.
    Rpm,
    /// Arch Linux packages: `vercmp`.
    Pacman,
    /// Semantic Versioning 2.0.0, as npm and Cargo use it.
    Semver,
    /// Python packages: PEP 440.
    Pep440,
    /// Ruby gems: `Gem::Version`.
    RubyGems,
    /// Maven artifacts: `ComparableVersion`.
    Maven,
    /// Go modules: `golang.org/x/mod/semver`.
    Go,
    /// Perl distributions: `version.pm`.
    Cpan,
    /// Upstream software of unknown rules: this project's own scheme.
    Generic,
}

impl Scheme {
    /// Every scheme, in the order of declaration.
    pub const ALL: [Self; 13] = [
        Self::Apk,
        Self::Guix,
        Self::Nix,
        Self::Deb,
        Self::Rpm,
        Self::Pacman,
        Self::Semver,
        Self::Pep440,
        Self::RubyGems,
        Self::Maven,
        Self::Go,
        Self::Cpan,
        Self::Generic,
    ];

    /// Returns the lower-case name, which [`FromStr`] reads back.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apk => "apk",
            Self::Guix => "guix",
            Self::Nix => "nix",
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Pacman => "pacman",
            Self::Semver => "semver",
            Self::Pep440 => "pep440",
            Self::RubyGems => "rubygems",
            Self::Maven => "maven",
            Self::Go => "go",
            Self::Cpan => "cpan",
            Self::Generic => "generic",
        }
    }

    /// Compares two versions; `None` when either is not a version of this scheme.
    pub fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        if a.len() > MAX_LENGTH || b.len() > MAX_LENGTH {
            return None;
        }
        match self {
            Self::Apk => apk::compare(a, b),
            Self::Guix => guix::compare(a, b),
            Self::Nix => Some(nix::compare(a, b)),
            Self::Deb => deb::compare(a, b),
            Self::Rpm => rpm::compare(a, b),
            Self::Pacman => pacman::compare(a, b),
            Self::Semver => semver::compare(a, b),
            Self::Pep440 => pep440::compare(a, b),
            Self::RubyGems => rubygems::compare(a, b),
            Self::Maven => maven::compare(a, b),
            Self::Go => go::compare(a, b),
            Self::Cpan => cpan::compare(a, b),
            Self::Generic => generic::compare(a, b),
        }
    }

    /// Reports whether `text` is a version of this scheme.
    pub fn is_valid(self, text: &str) -> bool {
        if text.len() > MAX_LENGTH {
            return false;
        }
        match self {
            Self::Apk => apk::is_valid(text),
            Self::Guix => guix::is_valid(text),
            Self::Nix => true,
            Self::Deb => deb::is_valid(text),
            Self::Rpm => rpm::is_valid(text),
            Self::Pacman => pacman::is_valid(text),
            Self::Semver => semver::is_valid(text),
            Self::Pep440 => pep440::is_valid(text),
            Self::RubyGems => rubygems::is_valid(text),
            Self::Maven => maven::is_valid(text),
            Self::Go => go::is_valid(text),
            Self::Cpan => cpan::is_valid(text),
            Self::Generic => generic::is_valid(text),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Reads a name or a usual alias, in any case: package URL types, registries, distributions, tools.
impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Self, UnknownScheme> {
        let scheme = match text.to_ascii_lowercase().as_str() {
            "apk" | "alpine" | "wolfi" | "chainguard" => Self::Apk,
            "guix" => Self::Guix,
            "nix" | "nixpkgs" | "nixos" => Self::Nix,
            "deb" | "dpkg" | "debian" | "ubuntu" => Self::Deb,
            "rpm" => Self::Rpm,
            "pacman" | "alpm" | "arch" | "archlinux" => Self::Pacman,
            "semver" | "npm" | "cargo" | "crates.io" => Self::Semver,
            "pep440" | "pypi" | "python" => Self::Pep440,
            "rubygems" | "gem" | "ruby" => Self::RubyGems,
            "maven" => Self::Maven,
            "go" | "golang" => Self::Go,
            "cpan" | "perl" => Self::Cpan,
            "generic" => Self::Generic,
            _ => {
                return Err(UnknownScheme {
                    name: text.to_owned(),
                });
            }
        };
        Ok(scheme)
    }
}

/// A name that stands for no [`Scheme`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownScheme {
    /// The text that was to be read.
    pub name: String,
}

impl fmt::Display for UnknownScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown version scheme {:?}", self.name)
    }
}

impl std::error::Error for UnknownScheme {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.name().parse(), Ok(scheme));
            assert_eq!(scheme.to_string().to_uppercase().parse(), Ok(scheme));
        }
    }

    #[test]
    fn aliases_name_the_scheme_their_ecosystem_uses() {
        for (alias, scheme) in [
            ("npm", Scheme::Semver),
            ("cargo", Scheme::Semver),
            ("PyPI", Scheme::Pep440),
            ("gem", Scheme::RubyGems),
            ("alpm", Scheme::Pacman),
            ("dpkg", Scheme::Deb),
            ("golang", Scheme::Go),
        ] {
            assert_eq!(alias.parse(), Ok(scheme));
        }
        let error = "brew".parse::<Scheme>().unwrap_err();
        assert_eq!(error.to_string(), "unknown version scheme \"brew\"");
    }

    #[test]
    fn text_over_the_limit_is_no_version_of_any_scheme() {
        let longest = "1".repeat(MAX_LENGTH);
        let too_long = "1".repeat(MAX_LENGTH + 1);
        for scheme in Scheme::ALL {
            assert!(!scheme.is_valid(&too_long), "{scheme}");
            assert_eq!(scheme.compare(&too_long, &too_long), None, "{scheme}");
            let expected = scheme.is_valid(&longest).then_some(Ordering::Equal);
            assert_eq!(scheme.compare(&longest, &longest), expected, "{scheme}");
        }
    }
}
