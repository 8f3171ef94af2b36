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
            Self::Registry(name) => {
                Registry::named(name).map_or(Scheme::Generic, |registry| registry.scheme)
            }
            Self::Distribution { distribution, .. } => distribution.scheme(),
            Self::Upstream => Scheme::Generic,
        }
    }
}

/// A registry of packages that people get from there, whatever their distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registry {
    /// Its name in OSV's words.
    pub name: &'static str,
    /// The type of its packages' URLs, if they have one.
    pub purl_type: Option<&'static str>,
    /// The scheme of its versions.
    pub scheme: Scheme,
}

/// All registries that are known: OSV's name, the type of package URLs, the scheme.
// NuGet, Packagist and others allow four numbers and words that SemVer does not know.
const REGISTRIES: [Registry; 22] = [
    registry("Bioconductor", Some("bioconductor"), Scheme::Generic),
    registry("Bitnami", Some("bitnami"), Scheme::Semver),
    registry("CPAN", Some("cpan"), Scheme::Cpan),
    registry("CRAN", Some("cran"), Scheme::Generic),
    registry("GHC", None, Scheme::Generic),
    registry("GitHub Actions", Some("githubactions"), Scheme::Semver),
    registry("Go", Some("golang"), Scheme::Go),
    registry("Hackage", Some("hackage"), Scheme::Generic),
    registry("Hex", Some("hex"), Scheme::Semver),
    registry("Julia", Some("julia"), Scheme::Semver),
    registry("Linux", None, Scheme::Semver),
    registry("Maven", Some("maven"), Scheme::Maven),
    registry("NuGet", Some("nuget"), Scheme::Generic),
    registry("Packagist", Some("composer"), Scheme::Generic),
    registry("Pub", Some("pub"), Scheme::Semver),
    registry("PyPI", Some("pypi"), Scheme::Pep440),
    registry("RubyGems", Some("gem"), Scheme::RubyGems),
    registry("SwiftURL", Some("swift"), Scheme::Semver),
    registry("VSCode", Some("vscode-extension"), Scheme::Semver),
    registry("crates.io", Some("cargo"), Scheme::Semver),
    registry("npm", Some("npm"), Scheme::Semver),
    registry("opam", Some("opam"), Scheme::Generic),
];

const fn registry(name: &'static str, purl_type: Option<&'static str>, scheme: Scheme) -> Registry {
    Registry {
        name,
        purl_type,
        scheme,
    }
}

impl Registry {
    /// All that are known.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        REGISTRIES.iter()
    }

    /// The registry that OSV calls so.
    pub fn named(name: &str) -> Option<&'static Self> {
        REGISTRIES.iter().find(|registry| registry.name == name)
    }

    /// The registry of package URLs of a type.
    pub fn of_purl_type(purl_type: &str) -> Option<&'static Self> {
        REGISTRIES
            .iter()
            .find(|registry| registry.purl_type == Some(purl_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_registry_is_found_by_its_name_and_by_its_type() {
        for registry in &REGISTRIES {
            assert_eq!(Registry::named(registry.name), Some(registry));
            if let Some(purl_type) = registry.purl_type {
                assert_eq!(Registry::of_purl_type(purl_type), Some(registry));
            }
        }
        assert_eq!(Registry::named("pypi"), None);
    }
}
