//! Whose package a package is, where an inventory holds more than its distribution's own.

use palisade_version::Scheme;
use serde::{Deserialize, Serialize};

use crate::Distribution;

/// Whose package a package is.
///
/// An index or a system's own list holds its distribution's packages and nothing else. A bill of
/// materials mixes them with those of registries, and with software that nobody packaged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Ecosystem {
    /// The inventory's distribution.
    #[default]
    Inventory,
    /// A registry of a language, in OSV's words: `PyPI`, `npm`, `crates.io`. The package's name is
    /// the one by which OSV knows it there: `@scope/name`, `group:artifact`.
    Registry(String),
    /// Another distribution than the inventory's.
    Distribution {
        /// Which.
        distribution: Distribution,
        /// Which of its branches, if that is known.
        branch: Option<String>,
    },
    /// Nobody: it is there as upstream gives it out.
    Upstream,
}

impl Ecosystem {
    /// Whether it is a distribution, the inventory's or another.
    pub fn is_distribution(&self) -> bool {
        matches!(self, Self::Inventory | Self::Distribution { .. })
    }

    /// The scheme of its packages' versions, in an inventory of the given distribution.
    pub fn scheme(&self, inventory: &Distribution) -> Scheme {
        match self {
            Self::Inventory => inventory.scheme(),
            Self::Registry(name) => registry_scheme(name).unwrap_or(Scheme::Generic),
            Self::Distribution { distribution, .. } => distribution.scheme(),
            Self::Upstream => Scheme::Generic,
        }
    }
}

/// The scheme of the versions in a registry, by OSV's name of it; `None` when it is not known.
pub fn registry_scheme(name: &str) -> Option<Scheme> {
    Some(match name {
        "PyPI" => Scheme::Pep440,
        "Go" => Scheme::Go,
        "RubyGems" => Scheme::RubyGems,
        "Maven" => Scheme::Maven,
        "CPAN" => Scheme::Cpan,
        "crates.io" | "npm" | "Hex" | "Pub" | "SwiftURL" | "GitHub Actions" | "Bitnami"
        | "Julia" | "VSCode" | "Linux" => Scheme::Semver,
        // NuGet and Packagist allow four numbers and words that SemVer does not know.
        "NuGet" | "Packagist" | "CRAN" | "Bioconductor" | "Hackage" | "GHC" | "opam" => {
            Scheme::Generic
        }
        _ => return None,
    })
}
