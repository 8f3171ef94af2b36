//! Whose package a component is.

use std::collections::BTreeMap;

use palisade_model::{Distribution, Ecosystem};

use super::Component;
use crate::BadRecord;
use crate::os_release::{Release, distribution};
use crate::purl::Purl;

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
    match purl.kind.as_str() {
        // An image or a file is made of packages, and is none.
        "docker" | "oci" | "huggingface" | "mlflow" | "swid" => Ok(None),
        "apk" | "deb" | "rpm" | "alpm" | "guix" | "nix" | "ebuild" | "opkg" => {
            packaged(component, purl, version).map(Some)
        }
        kind => match registry(kind) {
            Some(registry) => {
                let version = version.ok_or_else(no_version)?;
                let name = name_in(registry, purl);
                Ok(Some(Identity {
                    origin: Origin::Registry(registry),
                    name,
                    version,
                    source: None,
                }))
            }
            None => upstream(component, version).map(Some),
        },
    }
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

fn packaged(
    component: &Component,
    purl: &Purl,
    version: Option<String>,
) -> Result<Identity, BadRecord> {
    let word = purl.qualifier("distro").and_then(Release::of_word);
    let namespace = match (purl.kind.as_str(), purl.namespace.as_str()) {
        (kind @ ("guix" | "nix"), "") => distribution(kind),
        (_, "") => None,
        // What the namespace holds beyond that is a part of the distribution.
        (_, namespace) => namespace.split('/').next().and_then(distribution),
    };
    let release = match (namespace, word) {
        // `arch-` of `distro=arch-rolling` and the namespace may name one thing in two ways.
        (Some(namespace), Some(word)) if word.distribution == namespace => word,
        (Some(distribution), _) => Release {
            distribution,
            branch: None,
        },
        (None, Some(word)) => word,
        (None, None) => {
            return Err(BadRecord::new(
                "its purl does not say of which distribution it is",
            ));
        }
    };
    let version = version.ok_or_else(no_version)?;
    let version = with_epoch(&purl.kind, version, purl.qualifier("epoch"));
    let source = match (purl.qualifier("upstream"), &component.source) {
        (Some(upstream), _) => Some(named_upstream(&purl.kind, upstream)),
        (None, Some((name, version))) => Some((name.clone(), version.clone())),
        (None, None) => None,
    };
    // The name of a source's file has no epoch; it is that of the packages built from it.
    let epoch = version.split_once(':').map(|(epoch, _)| epoch);
    let epoch = epoch.filter(|_| purl.kind == "rpm");
    let of_source = |(name, told): (String, Option<String>)| {
        let told = told.map(|told| with_epoch(&purl.kind, told, epoch));
        (name, told.unwrap_or_else(|| version.clone()))
    };
    Ok(Identity {
        origin: Origin::Distribution(release),
        name: purl.name.clone(),
        source: source.map(of_source),
        version,
    })
}

/// Some tools write an epoch apart, where the type has one.
fn with_epoch(kind: &str, version: String, epoch: Option<&str>) -> String {
    match epoch {
        Some(epoch) if matches!(kind, "deb" | "rpm" | "alpm") && epoch != "0" => {
            let written = version.contains(':');
            if written {
                version
            } else {
                format!("{epoch}:{version}")
            }
        }
        _ => version,
    }
}

/// The source package in an `upstream` qualifier: `openssl`, `gcc-12@12.2.0-14`, and of RPM the
/// name of the source's file, `glibc-2.37-4.fc38.src.rpm`.
fn named_upstream(kind: &str, upstream: &str) -> (String, Option<String>) {
    if let Some(file) = upstream.strip_suffix(".src.rpm").filter(|_| kind == "rpm") {
        let mut parts = file.rsplitn(3, '-');
        if let (Some(release), Some(version), Some(name)) =
            (parts.next(), parts.next(), parts.next())
        {
            return (name.to_owned(), Some(format!("{version}-{release}")));
        }
    }
    match upstream.split_once('@') {
        Some((name, version)) if !name.is_empty() => (name.to_owned(), Some(version.to_owned())),
        _ => (upstream.to_owned(), None),
    }
}

/// The registry of a package URL's type, in OSV's words.
fn registry(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "bioconductor" => "Bioconductor",
        "bitnami" => "Bitnami",
        "cargo" => "crates.io",
        "composer" => "Packagist",
        "cpan" => "CPAN",
        "cran" => "CRAN",
        "gem" => "RubyGems",
        "githubactions" => "GitHub Actions",
        "golang" => "Go",
        "hackage" => "Hackage",
        "hex" => "Hex",
        "julia" => "Julia",
        "maven" => "Maven",
        "npm" => "npm",
        "nuget" => "NuGet",
        "opam" => "opam",
        "pub" => "Pub",
        "pypi" => "PyPI",
        "swift" => "SwiftURL",
        "vscode-extension" => "VSCode",
        _ => return None,
    })
}

/// The package's name in the spelling of OSV's records.
fn name_in(registry: &str, purl: &Purl) -> String {
    match registry {
        "Maven" => purl.full_name(':'),
        // CPAN's namespace is the author, who is no part of the distribution's name.
        "CPAN" | "CRAN" | "PyPI" | "RubyGems" | "NuGet" => purl.name.clone(),
        // OSV tells the toolchain's library from modules by this name.
        "Go" if purl.namespace.is_empty() && purl.name == "std" => "stdlib".to_owned(),
        _ => purl.full_name('/'),
    }
}
