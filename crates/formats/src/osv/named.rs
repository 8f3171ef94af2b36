//! What a package URL names, in OSV's words.

use super::Whose;
use crate::purl::{Owner, Purl};

/// A package as OSV names it: of a distribution the source package, as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Whose it is.
    pub whose: Whose,
    /// What it is called there.
    pub name: String,
    /// The version.
    pub version: Option<String>,
}

impl Purl {
    /// The package in OSV's words; `None` for what nobody packaged.
    pub fn named(&self) -> Option<Named> {
        match self.owner() {
            Owner::Distribution(release) => {
                let (name, version) = self.as_source();
                Some(Named {
                    whose: Whose::Distribution {
                        distribution: release.distribution.parse().ok()?,
                        branch: release.branch,
                    },
                    name,
                    version,
                })
            }
            Owner::Registry(registry) => Some(Named {
                whose: Whose::Registry(registry.name.to_owned()),
                name: self.name_in(registry),
                version: self.version.clone(),
            }),
            Owner::SomeDistribution | Owner::Upstream | Owner::NoPackage => None,
        }
    }
}
