//! RustSec's advisory database: Markdown files with a front matter of TOML (format 3).
//!
//! One advisory a file, which is the raw record as it stands. `patched` and `unaffected` are version
//! requirements as Cargo writes them; what neither allows is affected, and becomes ranges.
//!
//! - `informational = "unmaintained"` and `"notice"` speak of no vulnerability of a version: such a
//!   record says nothing of what is affected. `"unsound"` does, and is noted.
//! - Advisories of the `rust` collection (the standard library, cargo, rustdoc) have a CVE's number
//!   instead of RustSec's; their versions are those of Rust, so the product is Rust.
//! - `functions`, `os`, `arch` and keywords are left out: whether a program calls a function, no
//!   inventory tells.

mod requirement;

use std::io::Read;

use palisade_model::{
    Advisory, Affected, Cpe, CpePart, CvssVersion, Product, RangeScheme, Rating, Reference,
    Severity, VersionRange, VulnerabilityId,
};
use palisade_version::Scheme;
use serde::Deserialize;

use crate::container::read_whole;
use crate::feed::{FeedHead, FeedSink, Record};
use crate::handing::Handing;
use crate::json_records::timestamp;
use crate::nvd::bad_identifier;
use crate::secdb::{is_package_name, shown};
use crate::words::{note, said};
use crate::{BadRecord, Place, ReadError, limits};

/// Requirements of one advisory; the longest list has a dozen.
const REQUIREMENTS: usize = 500;

/// Front matter as it is written.
#[derive(Debug, Deserialize)]
struct Front {
    advisory: Head,
    #[serde(default)]
    versions: Versions,
}

#[derive(Debug, Deserialize)]
struct Head {
    id: String,
    package: String,
    date: String,
    url: Option<String>,
    cvss: Option<String>,
    informational: Option<String>,
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    related: Vec<String>,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

/// Hands over a document, which is one raw record.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    let bytes = read_whole(document, reader, limits::RECORD_BYTES as u64)?;
    let mut handing = Handing::new(document, sink);
    handing.begin(&FeedHead::default());
    handing.record(Place::Whole, &bytes)
}

/// Whether a member of an archive is an advisory, by its name: `RUSTSEC-2024-0001.md`,
/// `CVE-2019-16760.md`; drafts and texts about the database have other names.
pub(crate) fn is_advisory(file: &str) -> bool {
    let name = file.strip_suffix(".md").unwrap_or_default();
    let number = name.strip_prefix("RUSTSEC-").or(name.strip_prefix("CVE-"));
    number.is_some_and(|number| !number.starts_with("0000-"))
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let text = std::str::from_utf8(raw).map_err(|_| BadRecord::new("it is not UTF-8"))?;
    let (front, body) = parts(text).ok_or_else(|| BadRecord::new("it has no front matter"))?;
    let front: Front =
        toml::from_str(front).map_err(|error| BadRecord::new(error.message().to_owned()))?;
    let head = &front.advisory;
    let id: VulnerabilityId = head
        .id
        .parse()
        .map_err(|error| bad_identifier(&head.id, &error))?;
    let bad = |reason: String| BadRecord::new(reason).of(&head.id);
    if !is_package_name(&head.package) {
        return Err(bad(format!("{:?} is no crate", shown(&head.package))));
    }
    let mut advisory = Advisory::new(id);
    describe(&mut advisory, head, body);
    let affected = affected(&advisory.id, &front).map_err(bad)?;
    advisory.affected = affected.into_iter().collect();
    Ok(Record {
        name: advisory.id.to_string(),
        advisory,
    })
}

/// The TOML between the fences that the file begins with, and the text behind.
fn parts(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let rest = text.strip_prefix("```toml")?;
    let (front, body) = rest.split_once("\n```")?;
    Some((front, body.trim_start_matches('`')))
}

fn describe(advisory: &mut Advisory, head: &Head, body: &str) {
    advisory.published = timestamp(&head.date);
    advisory.withdrawn = head
        .withdrawn
        .as_deref()
        .map(|date| format!("withdrawn on {}", shown(date)));
    let body = body.trim();
    let (first, rest) = body.split_once('\n').unwrap_or((body, ""));
    let title = first
        .strip_prefix('#')
        .map(|title| title.trim_start_matches('#'));
    advisory.title = title.and_then(said).map(str::to_owned);
    let details = if title.is_some() { rest } else { body };
    advisory.details = said(details).map(str::to_owned);
    let named = |ids: &[String]| ids.iter().filter_map(|id| id.parse().ok()).collect();
    advisory.aliases = named(&head.aliases);
    advisory.related = named(&head.related);
    advisory.severities = head
        .cvss
        .as_deref()
        .and_then(severity)
        .into_iter()
        .collect();
    let page = format!("https://rustsec.org/advisories/{}.html", advisory.id);
    let links = std::iter::once(&page)
        .chain(&head.url)
        .chain(&head.references);
    advisory.references = links
        .map(|url| Reference {
            url: url.clone(),
            tags: Vec::new(),
        })
        .collect();
}

fn severity(vector: &str) -> Option<Severity> {
    let version = match vector {
        _ if vector.starts_with("CVSS:4") => CvssVersion::V4,
        _ if vector.starts_with("CVSS:3.0") => CvssVersion::V30,
        _ if vector.starts_with("CVSS:3") => CvssVersion::V31,
        _ => CvssVersion::V2,
    };
    let score = crate::osv::score(vector)?;
    Some(Severity {
        scorer: "RustSec".to_owned(),
        rating: Rating::Cvss {
            version,
            vector: vector.to_owned(),
            score: Some(score),
        },
    })
}

/// What is affected; nothing where the advisory is no vulnerability of versions.
fn affected(id: &VulnerabilityId, front: &Front) -> Result<Option<Affected>, String> {
    let head = &front.advisory;
    let informational = head.informational.as_deref();
    if matches!(informational, Some("unmaintained" | "notice")) {
        return Ok(None);
    }
    let Versions {
        patched,
        unaffected,
    } = &front.versions;
    if patched.len() + unaffected.len() > REQUIREMENTS {
        return Err(format!("it has more than {REQUIREMENTS} requirements"));
    }
    let spans = requirement::others(patched.iter().chain(unaffected))?;
    let scheme = RangeScheme::stated(Scheme::Semver);
    let ranges = spans.into_iter();
    let ranges = ranges
        .map(|span| VersionRange::affected(span, scheme))
        .collect();
    let categories = head.categories.iter().map(String::as_str);
    let note = note(informational.into_iter().chain(categories));
    Ok(Some(
        Affected::of(product(id, &head.package), ranges).with_note(note),
    ))
}

fn product(id: &VulnerabilityId, package: &str) -> Product {
    let of_rust = matches!(
        package,
        "std" | "core" | "alloc" | "cargo" | "rustdoc" | "rustc"
    );
    if of_rust && !id.as_str().starts_with("RUSTSEC-") {
        return Product::Cpe(Cpe {
            part: CpePart::Application,
            vendor: "rust-lang".to_owned(),
            product: "rust".to_owned(),
            edition: None,
            target_sw: None,
        });
    }
    Product::Ecosystem {
        ecosystem: "crates.io".to_owned(),
        name: package.to_owned(),
        repository: None,
    }
}
