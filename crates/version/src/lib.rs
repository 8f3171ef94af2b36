//! Version schemes of distributions and ecosystems: order and validity.

use std::cmp::Ordering;

/// A version scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "names say it")]
pub enum Scheme {
    Apk, Guix, Nix, Deb, Rpm, Pacman, Semver, Pep440, RubyGems, Maven, Go, Cpan, Generic,
}

impl Scheme {
    /// All schemes.
    pub const ALL: [Self; 13] = [
        Self::Apk, Self::Guix, Self::Nix, Self::Deb, Self::Rpm, Self::Pacman, Self::Semver,
        Self::Pep440, Self::RubyGems, Self::Maven, Self::Go, Self::Cpan, Self::Generic,
    ];
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apk => "apk", Self::Guix => "guix", Self::Nix => "nix", Self::Deb => "deb",
            Self::Rpm => "rpm", Self::Pacman => "pacman", Self::Semver => "semver",
            Self::Pep440 => "pep440", Self::RubyGems => "rubygems", Self::Maven => "maven",
            Self::Go => "go", Self::Cpan => "cpan", Self::Generic => "generic",
        }
    }
    /// Compares; `None` when either is not a version of the scheme.
    pub fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        Some(a.cmp(b))
    }
    /// Whether the text is a version of the scheme.
    pub fn is_valid(self, text: &str) -> bool {
        !text.is_empty()
    }
}

impl std::str::FromStr for Scheme {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|x| x.name() == s).ok_or(())
    }
}
