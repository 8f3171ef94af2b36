//! Whose package a component is.

use std::collections::BTreeMap;

use palisade_model::{Distribution, Ecosystem};

use super::Component;
use crate::BadRecord;
use crate::purl::{Owner, Purl};
use crate::releases::Release;

/// Whose package a component is, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Distribution(Release),
    /// In OSV's words.
    Registry(&'static str),
    Upstream,
}

/// What a component is.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) origin: Origin,
    pub(super) name: String,
    pub(super) version: String,
    /// The source package's name and version, if they are told.
    pub(super) source: Option<(String, String)>,
}

impl Origin {
    /// The same, seen from an inventory of a distribution.
    pub(super) fn ecosystem(self, home: Option<&Release>) -> Ecosystem {
        let release = match self {
            Self::Registry(registry) => return Ecosystem::Registry(registry.to_owned()),
            Self::Upstream => return Ecosystem::Upstream,
            Self::Distribution(release) => release,
        };
        let is_at_home = home.is_some_and(|home| {
            home.distribution == release.distribution
                && (release.branch.is_none() || release.branch == home.branch)
        });
        if is_at_home {
            return Ecosystem::Inventory;
        }
        match release.distribution.parse::<Distribution>() {
            Ok(distribution) => Ecosystem::Distribution {
                distribution,
                branch: release.branch,
            },
            Err(_) => Ecosystem::Upstream,
        }
    }
}

/// The distribution of which most packages are, on the branch that the document names for it or
/// that most of them name.
pub(super) fn home<'a>(
    origins: impl Iterator<Item = &'a Origin>,
    system: Option<&Release>,
) -> Option<Release> {
    let mut distributions: BTreeMap<&str, usize> = BTreeMap::new();
    let mut branches: BTreeMap<&Release, usize> = BTreeMap::new();
    for origin in origins {
        if let Origin::Distribution(release) = origin {
            *distributions.entry(&release.distribution).or_default() += 1;
            if release.branch.is_some() {
                *branches.entry(release).or_default() += 1;
            }
        }
    }
    let is_systems = |name: &str| system.is_some_and(|system| system.distribution == name);
    let (name, _) = distributions
        .iter()
        .max_by_key(|(name, count)| (**count, is_systems(name)))?;
    if let Some(system) =
        system.filter(|system| system.distribution == *name && system.branch.is_some())
    {
        return Some(system.clone());
    }
    let branches = branches
        .into_iter()
        .filter(|(release, _)| release.distribution == *name);
    let most = branches.max_by_key(|(_, count)| *count);
    Some(most.map_or_else(
        || Release {
            distribution: (*name).to_owned(),
            branch: None,
        },
        |(release, _)| release.clone(),
    ))
}

/// What a component is; none when it is no package.
pub(super) fn of(
    component: &Component,
    purl: Option<&Purl>,
) -> Result<Option<Identity>, BadRecord> {
    let Some(purl) = purl else {
        return upstream(component, component.version.clone()).map(Some);
    };
    let version = purl.version.clone().or_else(|| component.version.clone());
    let identity = match purl.owner() {
        Owner::NoPackage => return Ok(None),
        Owner::Upstream => upstream(component, version)?,
        Owner::SomeDistribution => {
            return Err(BadRecord::new(
                "its purl does not say of which distribution it is",
            ));
        }
        Owner::Distribution(release) => {
            let version = version.ok_or_else(no_version)?;
            packaged(component, purl, release, &version)
        }
        Owner::Registry(registry) => Identity {
            origin: Origin::Registry(registry.name),
            name: purl.name_in(registry),
            version: version.ok_or_else(no_version)?,
            source: None,
        },
    };
    Ok(Some(identity))
}

fn no_version() -> BadRecord {
    BadRecord::new("it has no version")
}

fn upstream(component: &Component, version: Option<String>) -> Result<Identity, BadRecord> {
    let version = version.filter(|version| !version.is_empty());
    let version = version.ok_or_else(no_version)?;
    let name = component.name.trim().to_owned();
    Ok(Identity {
        origin: Origin::Upstream,
        source: None,
        name,
        version,
    })
}

fn packaged(component: &Component, purl: &Purl, release: Release, version: &str) -> Identity {
    let version = purl.with_epoch(version);
    let source = purl.source().or_else(|| component.source.clone());
    let source = source.map(|(name, told)| {
        let told = purl.source_version(told.as_deref(), &version);
        (name, told)
    });
    Identity {
        origin: Origin::Distribution(release),
        name: purl.name.clone(),
        source,
        version,
    }
}
