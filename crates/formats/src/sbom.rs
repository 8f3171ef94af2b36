//! What CycloneDX and SPDX have in common: components become packages.
//!
//! Whose package a component is, its package URL tells: the type names a registry or, with the
//! namespace, a distribution. Most bills of materials are of a system or an image, so the
//! distribution that most of their packages are of is the inventory's, and its branch the one that
//! the bill names for it. One without any is of the distribution [`APPLICATION`].
//!
//! A CPE name counts only where no package URL says what a component is: tools guess a dozen of them
//! for each package, most of which name nothing. A component without either is taken for upstream's
//! software of its name.

use std::collections::{BTreeMap, HashSet};

use palisade_model::{Hash, Hints, Inventory, Package, Patch, SourceKind, SourceOrigin};
use palisade_model::{InventoryHead, Timestamp};
use serde_json::Value;

use crate::purl::Purl;
use crate::releases::Release;
use crate::{BadRecord, Place, ReadError, Reject, limits};

mod address;
pub(crate) mod cpes;
mod origin;
mod relations;

use origin::{Identity, Origin};
use relations::Relations;
pub(crate) use relations::Told;

/// The distribution of inventories that hold no distribution's packages.
const APPLICATION: &str = "application";

/// A component as a bill of materials describes it, in its own words.
#[derive(Debug, Default)]
pub(crate) struct Component {
    /// By what the document refers to it.
    pub(crate) id: String,
    pub(crate) group: Option<String>,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    /// The first of them that can be read counts.
    pub(crate) purls: Vec<String>,
    pub(crate) cpes: Vec<String>,
    pub(crate) supplier: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) licenses: Vec<String>,
    pub(crate) homepage: Option<String>,
    /// Where its sources are kept, in the document's words.
    pub(crate) repository: Option<String>,
    /// Where it can be fetched.
    pub(crate) download: Option<String>,
    /// Algorithm and digest.
    pub(crate) hashes: Vec<(String, String)>,
    pub(crate) patches: Vec<Patch>,
    /// The source package and its version, where the document names them beside the purl.
    pub(crate) source: Option<(String, Option<String>)>,
}

impl Component {
    /// Takes where it can be downloaded: a repository, or else a file.
    pub(crate) fn locate(&mut self, location: Option<String>) {
        let Some(location) = location else { return };
        let tool = location.split_once('+').map_or("", |(tool, _)| tool);
        if matches!(tool, "git" | "hg" | "svn" | "bzr") {
            self.repository = Some(location);
        } else {
            self.download = Some(location);
        }
    }
}

/// What is there to say of a bill of materials as a whole.
#[derive(Debug, Default)]
pub(crate) struct About {
    /// What it describes.
    pub(crate) subject: Option<String>,
    /// The operating system that it names.
    pub(crate) system: Option<Release>,
    pub(crate) time: Option<Timestamp>,
}

/// Puts an inventory together.
pub(crate) struct Assembly<'d, 'r> {
    document: &'d str,
    rejects: &'r mut dyn FnMut(Reject),
    found: Vec<Found>,
    relations: Relations,
    /// By what the document refers to what it calls sources.
    sources: HashSet<String>,
}

/// A component that is a package.
struct Found {
    id: String,
    package: Package,
    origin: Origin,
    /// Whether its source is told.
    has_source: bool,
    is_source: bool,
}

impl<'d, 'r> Assembly<'d, 'r> {
    pub(crate) fn new(document: &'d str, rejects: &'r mut dyn FnMut(Reject)) -> Self {
        Self {
            document,
            rejects,
            found: Vec::new(),
            relations: Relations::default(),
            sources: HashSet::new(),
        }
    }

    /// Takes the component at a place.
    pub(crate) fn take(&mut self, place: Place, component: Component) -> Result<(), ReadError> {
        if self.found.len() == limits::PACKAGES {
            return Err(ReadError::too_many_packages(self.document));
        }
        let id = shown(&component);
        let mut mended = Vec::new();
        let package = package(component, &mut |reason| mended.push(reason));
        for reason in mended {
            self.reject(place, Some(id.clone()), reason, true);
        }
        match package {
            Ok(Some(found)) => {
                if found.is_source {
                    self.sources.insert(found.id.clone());
                }
                self.found.push(found);
            }
            Ok(None) => {}
            Err(bad) => self.reject(place, Some(id), bad.reason, false),
        }
        Ok(())
    }

    /// Notes from what a package is built.
    pub(crate) fn relate(&mut self, package: &str, told: Told, source: &str) {
        if told != Told::DependsOn || self.sources.contains(source) {
            self.relations.add(package, told, source);
        }
    }

    /// Passes a record over.
    pub(crate) fn pass_over(&mut self, place: Place, bad: BadRecord) {
        self.reject(place, bad.id, bad.reason, false);
    }

    fn reject(&mut self, place: Place, id: Option<String>, reason: String, mended: bool) {
        (self.rejects)(Reject {
            document: self.document.to_owned(),
            place,
            id,
            reason,
            mended,
        });
    }

    /// The inventory.
    pub(crate) fn finish(mut self, about: &About) -> Inventory {
        if self.found.is_empty() {
            let reason = "it lists no package".to_owned();
            self.reject(Place::Whole, None, reason, true);
        }
        self.relations.apply(&mut self.found);
        let origins = self.found.iter().map(|it| &it.origin);
        let home = origin::home(origins, about.system.as_ref());
        let packages = self.found.into_iter().map(|mut it| {
            it.package.ecosystem = it.origin.ecosystem(home.as_ref());
            it.package
        });
        let packages: Vec<Package> = packages.collect();
        let subject = about.subject.as_deref().and_then(label);
        let (distribution, branch, repository) = match home {
            Some(home) => (home.distribution, home.branch, subject),
            None => (APPLICATION.to_owned(), subject, None),
        };
        Inventory {
            head: InventoryHead {
                distribution: Some(distribution),
                branch,
                repository,
                architecture: architecture(&packages),
                time: about.time,
                ..InventoryHead::default()
            },
            packages,
        }
    }
}

/// How a component is named in a message.
fn shown(component: &Component) -> String {
    let id = match (component.name.as_str(), &component.version) {
        ("", _) => component.id.clone(),
        (name, Some(version)) => format!("{name}@{version}"),
        (name, None) => name.to_owned(),
    };
    id.chars().take(200).collect()
}

/// A name that can be a branch's or repository's: of an image its name without registry and tag.
pub(crate) fn label(subject: &str) -> Option<String> {
    let subject = subject.trim();
    let name = subject.split('@').find(|part| !part.is_empty())?;
    let name = name.rsplit('/').find(|part| !part.is_empty())?;
    let name = name.split(':').next()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let name: String = name
        .chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .take(64)
        .collect();
    let name = name.trim_matches(['.', '-']);
    (!name.is_empty()).then(|| name.to_owned())
}

/// The architecture that all packages share that are for one.
fn architecture(packages: &[Package]) -> Option<String> {
    let any = ["all", "any", "noarch", "source", "src"];
    let mut named = packages
        .iter()
        .filter_map(|package| package.architecture.as_deref())
        .filter(|architecture| !any.contains(architecture));
    let first = named.next()?;
    named.all(|other| other == first).then(|| first.to_owned())
}

/// The package that a component is, and whose; none when it is something else.
fn package(
    component: Component,
    complain: &mut dyn FnMut(String),
) -> Result<Option<Found>, BadRecord> {
    let purl = first_purl(&component.purls, complain);
    let Some(Identity {
        origin,
        name,
        version,
        source,
    }) = origin::of(&component, purl.as_ref())?
    else {
        return Ok(None);
    };
    let is_word = |text: &str| !text.chars().any(char::is_control);
    if name.is_empty() || !is_word(&name) || !is_word(&version) {
        return Err(BadRecord::new(
            "its name or version is empty or has control characters",
        ));
    }
    let mut properties = BTreeMap::new();
    if let Some(purl) = &purl {
        let text = Value::from(purl.to_string()).to_string();
        properties.insert("purl".to_owned(), text);
    }
    let hints = match origin {
        Origin::Upstream => cpes::hints(&component.cpes),
        _ => Hints::default(),
    };
    let has_source = source.is_some();
    let source = source.unwrap_or_else(|| (name.clone(), version.clone()));
    let (source_name, source_version) = source;
    let architecture = purl.as_ref().and_then(|purl| purl.qualifier("arch"));
    let package = Package {
        name,
        version,
        source_name,
        source_version,
        architecture: architecture.map(str::to_owned),
        maintainer: component.supplier,
        homepage: component.homepage,
        synopsis: component.description.as_deref().and_then(first_line),
        licenses: component.licenses,
        sources: sources(component.repository, component.download, purl.as_ref()),
        patches: component.patches,
        hints,
        checksum: checksum(component.hashes),
        properties,
        ..Package::default()
    };
    Ok(Some(Found {
        id: component.id,
        is_source: matches!(architecture, Some("source" | "src")),
        package,
        origin,
        has_source,
    }))
}

fn first_purl(purls: &[String], complain: &mut dyn FnMut(String)) -> Option<Purl> {
    let mut bad = None;
    for text in purls {
        match text.parse() {
            Ok(purl) => return Some(purl),
            Err(error) => bad = Some(error),
        }
    }
    if let Some(error) = bad {
        complain(format!("its purl was left out: {error}"));
    }
    None
}

fn sources(
    repository: Option<String>,
    download: Option<String>,
    purl: Option<&Purl>,
) -> Vec<SourceOrigin> {
    let qualifier = |key| purl.and_then(|purl| purl.qualifier(key)).map(str::to_owned);
    let repository = repository.or_else(|| qualifier("vcs_url"));
    let repository = repository.or_else(|| purl.and_then(Purl::repository));
    let git = repository.map(|repository| {
        let (url, reference) = address::repository(&repository);
        SourceOrigin {
            kind: SourceKind::Git,
            urls: vec![url],
            reference,
            ..SourceOrigin::default()
        }
    });
    let file = download.or_else(|| qualifier("download_url"));
    let file = file.map(|url| SourceOrigin {
        kind: SourceKind::Url,
        urls: vec![url],
        ..SourceOrigin::default()
    });
    git.into_iter().chain(file).collect()
}

fn first_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().take(500).collect())
}

/// The strongest of the digests; SHA-256 stands for itself, as in Debian's lists.
fn checksum(hashes: Vec<(String, String)>) -> Option<String> {
    let rank = |algorithm: &str| match algorithm {
        "sha256" => 4,
        "sha512" => 3,
        "sha384" => 2,
        "sha1" => 1,
        _ => 0,
    };
    let known = hashes.into_iter().filter_map(|(algorithm, hex)| {
        let algorithm = algorithm.to_ascii_lowercase().replace(['-', '_'], "");
        let hexadecimal =
            (8..=256).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_hexdigit());
        let hex = hex.to_ascii_lowercase();
        (hexadecimal && rank(&algorithm) > 0).then_some(Hash { algorithm, hex })
    });
    let best = known.max_by_key(|hash| rank(&hash.algorithm))?;
    Some(match best.algorithm.as_str() {
        "sha256" => best.hex,
        algorithm => format!("{algorithm}:{}", best.hex),
    })
}

/// A text that says something: not empty, and not one of SPDX's words for nothing.
pub(crate) fn said(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !matches!(text.as_str(), "" | "NOASSERTION" | "NONE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_becomes_a_name_that_addresses_can_hold() {
        for (subject, expected) in [
            ("registry.example:5000/team/app:1.2@sha256:00", Some("app")),
            ("alpine:3.20", Some("alpine")),
            ("/srv/image/", Some("image")),
            ("@scope/my app", Some("my-app")),
            ("...", None),
            ("", None),
        ] {
            assert_eq!(label(subject).as_deref(), expected, "{subject}");
        }
    }

    #[test]
    fn the_strongest_digest_counts() {
        let of = |hashes: &[(&str, &str)]| {
            let owned = hashes
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
            checksum(owned.collect())
        };
        let sums = [
            ("SHA-1", "00112233"),
            ("SHA-256", "AABBCCDD"),
            ("MD5", "00000000"),
        ];
        assert_eq!(of(&sums).as_deref(), Some("aabbccdd"));
        assert_eq!(of(&sums[..1]).as_deref(), Some("sha1:00112233"));
        assert_eq!(of(&[("SHA-256", "no digest")]), None);
    }
}
