//! One attribute of the list.

use std::collections::BTreeMap;

use palisade_model::{Hints, Package, VulnerabilityId};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Names;
use super::names::source_name;
use crate::BadRecord;
use crate::container::record_text;
use crate::guix_inventory::OneOrMany;
use crate::json_records::{Text, list};
use crate::sbom::{cpes, said};

/// CPE names of one package that are looked at; nixpkgs has two.
const NAMES: usize = 8;

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    pname: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    system: Text<'a>,
    outputs: Option<Names>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    #[serde(borrow, default)]
    description: Text<'a>,
    homepage: Option<OneOrMany<String>>,
    license: Option<OneOrMany<License>>,
    #[serde(default, deserialize_with = "list")]
    maintainers: Vec<Maintainer>,
    #[serde(borrow, default)]
    position: Text<'a>,
    #[serde(default, deserialize_with = "list")]
    known_vulnerabilities: Vec<String>,
    #[serde(default)]
    broken: bool,
    /// Of any shape: what cannot be read says nothing.
    #[serde(borrow)]
    identifiers: Option<&'a RawValue>,
}

/// What nixpkgs calls the package elsewhere, since 2025.
#[derive(Default, Deserialize)]
struct Identifiers<'a> {
    /// The whole CPE name, if all parts are known.
    #[serde(borrow, default)]
    cpe: Text<'a>,
    /// Names that differ in how they part the version; vendor and product are the packager's.
    #[serde(borrow, default, rename = "possibleCPEs", deserialize_with = "list")]
    possible: Vec<Cpe<'a>>,
}

#[derive(Deserialize)]
struct Cpe<'a> {
    #[serde(borrow, default)]
    cpe: Text<'a>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum License {
    Name(String),
    #[serde(rename_all = "camelCase")]
    Parts {
        spdx_id: Option<String>,
        short_name: Option<String>,
        full_name: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Maintainer {
    Name(String),
    Parts {
        name: Option<String>,
        github: Option<String>,
    },
}

/// The package of an attribute.
pub(super) fn package(attribute: &str, raw: &RawValue) -> Result<Package, BadRecord> {
    let bad = |reason: String| BadRecord::new(reason).of(attribute);
    let text = record_text(raw).map_err(|too_long| bad(too_long.reason))?;
    let record: Record<'_> =
        serde_json::from_str(text).map_err(|error| bad(format!("not a package: {error}")))?;
    let is_word = |text: &str| !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if attribute.is_empty() || !is_word(attribute) {
        return Err(bad("its name is empty or has blanks".to_owned()));
    }
    let (name, version) = name_and_version(&record);
    if name.is_empty() || version.is_empty() {
        return Err(bad("it has no version".to_owned()));
    }
    if !is_word(&name) || !is_word(&version) {
        return Err(bad("its derivation's name has blanks".to_owned()));
    }
    // What is said of a package may have any shape; it does not make the package.
    let meta = record
        .meta
        .and_then(|meta| serde_json::from_str(meta.get()).ok());
    let meta: Meta<'_> = meta.unwrap_or_default();
    let own = |text: &Text<'_>| said(Some(text.to_string()));
    let mut properties = BTreeMap::new();
    let known = meta.known_vulnerabilities;
    if !known.is_empty() {
        let text = Value::from(known.clone()).to_string();
        properties.insert("known_vulnerabilities".to_owned(), text);
    }
    if meta.broken {
        properties.insert("broken".to_owned(), "true".to_owned());
    }
    let homepage = meta.homepage.and_then(|list| list.0.into_iter().next());
    let licenses = meta.license.map(|list| list.0).unwrap_or_default();
    Ok(Package {
        name: attribute.to_owned(),
        source_name: source_name(attribute, &name),
        source_version: version.clone(),
        version,
        architecture: own(&record.system),
        maintainer: said(Some(people(meta.maintainers))),
        homepage,
        synopsis: own(&meta.description),
        licenses: licenses.into_iter().filter_map(license).collect(),
        location: own(&meta.position),
        outputs: record.outputs.unwrap_or_default().0,
        hints: Hints {
            known_vulnerabilities: identifiers(&known),
            ..product(meta.identifiers)
        },
        properties,
        ..Package::default()
    })
}

/// Older lists have the derivation's name alone: a version begins behind the first `-` that no letter
/// follows (Nix: `builtins.parseDrvName`).
fn name_and_version(record: &Record<'_>) -> (String, String) {
    if !record.pname.is_empty() {
        return (record.pname.to_string(), record.version.to_string());
    }
    let name: &str = &record.name;
    let cut = name.match_indices('-').find(|(at, _)| {
        let next = name[at + 1..].chars().next();
        next.is_some_and(|c| !c.is_alphabetic())
    });
    match cut {
        Some((at, _)) => (name[..at].to_owned(), name[at + 1..].to_owned()),
        None => (name.to_owned(), record.version.to_string()),
    }
}

/// The product that the packager says it is. Only its version is not read: it is that of the package,
/// parted as one guess of several has it.
fn product(identifiers: Option<&RawValue>) -> Hints {
    let identifiers = identifiers.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let Identifiers { cpe, possible } = identifiers.unwrap_or_default();
    let names = std::iter::once(&cpe).chain(possible.iter().map(|it| &it.cpe));
    let names: Vec<String> = names.take(NAMES).map(|it| it.to_string()).collect();
    Hints {
        cpe_version: None,
        ..cpes::hints(&names)
    }
}

fn license(license: License) -> Option<String> {
    match license {
        License::Name(name) => said(Some(name)),
        License::Parts {
            spdx_id,
            short_name,
            full_name,
        } => said(spdx_id.or(short_name).or(full_name)),
    }
}

fn people(maintainers: Vec<Maintainer>) -> String {
    let names = maintainers.into_iter().filter_map(|it| match it {
        Maintainer::Name(name) => Some(name),
        Maintainer::Parts { name, github } => name.or(github),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The identifiers in what is known: entries are mostly one alone, some are sentences.
fn identifiers(texts: &[String]) -> Vec<VulnerabilityId> {
    let mut found: Vec<VulnerabilityId> = Vec::new();
    for text in texts {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        for word in words.filter(|word| word.starts_with("CVE-") || word.starts_with("GHSA-")) {
            if let Ok(id) = word.parse()
                && !found.contains(&id)
            {
                found.push(id);
            }
        }
    }
    found
}
