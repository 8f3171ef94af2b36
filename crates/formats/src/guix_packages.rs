//! Guix's published list, `packages.json`: one array with an object for each package.
//!
//! `build-aux` of Guix's site writes it. It names the sources with their addresses, and of a file
//! its hash in the form of Subresource Integrity (`sha256-…` in base64); it has the properties
//! `cpe-name` and `cpe-version` and no other. It tells of no patches and no grafts, nor of which
//! commit it is.

use std::io::Read;

use palisade_model::{Hash, Hints, Inventory, InventoryHead, Package, SourceKind, SourceOrigin};
use serde::Deserialize;

use crate::container::{Elements, decompress, read_whole, record_text};
use crate::guix_inventory::OneOrMany;
use crate::json_records::Text;
use crate::sbom::said;
use crate::{BadRecord, Place, ReadError, Reject, base64, hexadecimal, limits};

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    cpe_name: Text<'a>,
    #[serde(borrow, default)]
    cpe_version: Text<'a>,
    #[serde(borrow, default)]
    synopsis: Text<'a>,
    #[serde(borrow, default)]
    homepage: Text<'a>,
    #[serde(borrow, default)]
    location: Text<'a>,
    source: Option<OneOrMany<Origin>>,
}

#[derive(Deserialize)]
struct Origin {
    /// A text, or what Scheme has for none: `null`, `false`.
    #[serde(rename = "type", default)]
    kind: serde_json::Value,
    #[serde(alias = "url")]
    urls: Option<OneOrMany<String>>,
    #[serde(alias = "hash")]
    integrity: Option<String>,
    git_url: Option<String>,
    git_ref: Option<String>,
    svn_url: Option<String>,
    svn_revision: Option<serde_json::Value>,
    hg_url: Option<String>,
    hg_changeset: Option<String>,
}

/// Reads an inventory.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let mut expanded = decompress(document, reader)?;
    let bytes = read_whole(document, &mut expanded, limits::WHOLE_DOCUMENT_BYTES)?;
    let list: Elements<'_> = serde_json::from_slice(&bytes).map_err(|error| {
        ReadError::malformed(document, format!("not a list of packages: {error}"))
    })?;
    let mut packages = Vec::new();
    let mut first = None;
    for (index, raw) in (0..).zip(&list.0) {
        let mut reject = |bad: BadRecord, mended| {
            rejects(Reject::of(document, Place::Index(index), bad, mended));
        };
        let record = record_text(raw).and_then(|text| {
            let record = serde_json::from_str::<Record<'_>>(text);
            record.map_err(|error| BadRecord::new(format!("not a package: {error}")))
        });
        match record.and_then(|record| package(record, &mut |bad| reject(bad, true))) {
            Ok(package) => packages.push(package),
            Err(bad) => {
                first.get_or_insert_with(|| format!("{}: {}", Place::Index(index), bad.reason));
                reject(bad, false);
            }
        }
    }
    if packages.is_empty() {
        return Err(ReadError::no_package(document, first.as_deref()));
    }
    let head = InventoryHead {
        distribution: Some("guix".to_owned()),
        ..InventoryHead::default()
    };
    Ok(Inventory { head, packages })
}

fn package(record: Record<'_>, complain: &mut dyn FnMut(BadRecord)) -> Result<Package, BadRecord> {
    let own = |text: &Text<'_>| said(Some(text.to_string()));
    let word = |text: &Text<'_>| {
        own(text).filter(|text| !text.contains(|c: char| c.is_whitespace() || c.is_control()))
    };
    let name = word(&record.name).ok_or_else(|| BadRecord::new("it has no name"))?;
    let version = word(&record.version);
    let version = version.ok_or_else(|| BadRecord::new("it has no version").of(name.as_str()))?;
    let id = format!("{name}@{version}");
    let mut sources = Vec::new();
    for origin in record.source.map(|list| list.0).unwrap_or_default() {
        let source = source(origin, &mut |reason| {
            complain(BadRecord::new(reason).of(id.as_str()));
        });
        sources.extend(source);
    }
    Ok(Package {
        source_name: name.clone(),
        source_version: version.clone(),
        name,
        version,
        homepage: own(&record.homepage),
        synopsis: own(&record.synopsis),
        location: own(&record.location),
        sources,
        hints: Hints {
            cpe_name: own(&record.cpe_name),
            cpe_version: own(&record.cpe_version),
            ..Hints::default()
        },
        ..Package::default()
    })
}

fn source(origin: Origin, complain: &mut dyn FnMut(String)) -> Option<SourceOrigin> {
    let one = |url: Option<String>| url.into_iter().collect::<Vec<_>>();
    let revision = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    let (kind, urls, reference) = match origin.kind.as_str()? {
        "url" => {
            let urls = origin.urls.map(|list| list.0);
            (SourceKind::Url, urls.unwrap_or_default(), None)
        }
        "git" => (SourceKind::Git, one(origin.git_url), origin.git_ref),
        "svn" => {
            let revision = origin.svn_revision.map(revision);
            (SourceKind::Svn, one(origin.svn_url), revision)
        }
        "hg" => (SourceKind::Hg, one(origin.hg_url), origin.hg_changeset),
        "no-origin" | "none" => return None,
        _ => {
            complain("a source of an unknown type was left out".to_owned());
            return None;
        }
    };
    let hash = origin.integrity.and_then(|text| {
        let hash = integrity(&text);
        if hash.is_none() {
            complain("a source's hash cannot be read and was left out".to_owned());
        }
        hash
    });
    Some(SourceOrigin {
        kind,
        urls,
        reference,
        hash,
        ..SourceOrigin::default()
    })
}

/// A hash as W3C's Subresource Integrity writes it.
fn integrity(text: &str) -> Option<Hash> {
    const MOST: usize = 128;
    let (algorithm, digest) = text.split_once('-')?;
    let known = matches!(algorithm, "sha256" | "sha384" | "sha512");
    let bytes = base64::decode(digest).filter(|_| known && digest.len() <= MOST)?;
    let hex = hexadecimal::encode(&bytes);
    Some(Hash {
        algorithm: algorithm.to_owned(),
        hex,
    })
}
