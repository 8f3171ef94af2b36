//! Writes records of OSV, schema 1.7.
//!
//! A record is made of an [`Advisory`] or of what else is known, or it is one that somebody
//! published, into which entries of ours are put. Every range is written with events of its own, so
//! that `fixed` and `last_affected` never meet in one, as the schema demands. What OSV has no words
//! for is left out: versions that are said not to be affected, and conditions.

use std::collections::HashSet;

use jiff::Timestamp;
use palisade_model::{
    Advisory, Affected, CvssVersion, Lower, Product, RangeScheme, Rating, Reference, Severity,
    Span, Upper, VersionRange, VersionStatus,
};
use palisade_version::Scheme;
use serde::Serialize;
use serde_json::{Map, Value};

use super::ecosystem;
use crate::BadRecord;
use crate::purl::Purl;

/// The schema that is written.
pub const SCHEMA_VERSION: &str = "1.7.0";

/// Bytes of an address that is still told.
const LINK_BYTES: usize = 2000;

/// A record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// The schema's version.
    pub schema_version: &'static str,
    /// The record's identifier.
    pub id: String,
    /// When it was last changed.
    pub modified: Timestamp,
    /// When it was first published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// When it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Timestamp>,
    /// Other identifiers of the same issue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Identifiers of issues that have to do with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<String>,
    /// A heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// Ratings by CVSS vectors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub severity: Vec<Rated>,
    /// What is affected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<Entry>,
    /// Links.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Link>,
    /// What else is told of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_specific: Option<Value>,
}

/// A rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rated {
    /// `CVSS_V2`, `CVSS_V3` or `CVSS_V4`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The vector.
    pub score: String,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What is there: `FIX`, `ADVISORY` …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The address.
    pub url: String,
}

/// A package with its affected versions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The package.
    pub package: Package,
    /// Ranges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Range>,
    /// Single versions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// What else is told of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_specific: Option<Value>,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Package {
    /// The ecosystem, with the distribution's release: `Alpine:v3.17`.
    pub ecosystem: String,
    /// The name.
    pub name: String,
    /// The package URL, without a version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
}

/// A range with its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Range {
    /// `ECOSYSTEM`, `SEMVER` or `GIT`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The repository of a range of commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// Where it begins and ends.
    pub events: Vec<Event>,
}

/// Where something begins or ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The first affected version; `0` is the first of all.
    Introduced(String),
    /// The first version that is not affected any more.
    Fixed(String),
    /// The last affected version.
    LastAffected(String),
}

impl Document {
    /// A record that says nothing yet but its identifier and when it was changed.
    pub fn new(id: impl Into<String>, modified: Timestamp) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            id: id.into(),
            modified,
            published: None,
            withdrawn: None,
            aliases: Vec::new(),
            related: Vec::new(),
            summary: None,
            details: None,
            severity: Vec::new(),
            affected: Vec::new(),
            references: Vec::new(),
            database_specific: None,
        }
    }

    /// An advisory in OSV's form; where it does not say when it was changed, it is taken to be as
    /// old as it can be.
    pub fn of(advisory: &Advisory) -> Self {
        let times = [advisory.modified, advisory.published];
        let modified = times.into_iter().flatten().next();
        let mut document = Self::new(
            advisory.id.as_str(),
            modified.unwrap_or(Timestamp::UNIX_EPOCH),
        );
        document.published = advisory.published;
        document.withdrawn = advisory.withdrawn.as_ref().map(|_| document.modified);
        document.aliases = advisory.aliases.iter().map(ToString::to_string).collect();
        document.related = advisory.related.iter().map(ToString::to_string).collect();
        document.tell(advisory);
        document.affected = advisory.affected.iter().filter_map(Entry::of).collect();
        document
    }

    /// Adds what an advisory tells of the issue itself: words where there are none yet, ratings and
    /// links that are not there.
    pub fn tell(&mut self, advisory: &Advisory) {
        let missing = |known: &Option<String>, told: &Option<String>| {
            let said = told.as_ref().filter(|text| !text.trim().is_empty());
            known.clone().or_else(|| said.cloned())
        };
        self.summary = missing(&self.summary, &advisory.title);
        self.details = missing(&self.details, &advisory.details);
        for rated in advisory.severities.iter().filter_map(Rated::of) {
            if !self.severity.contains(&rated) {
                self.severity.push(rated);
            }
        }
        for link in advisory.references.iter().filter_map(Link::of) {
            if !self.references.iter().any(|known| known.url == link.url) {
                self.references.push(link);
            }
        }
    }
}

impl Rated {
    /// A rating by a vector; words have no place here.
    pub fn of(severity: &Severity) -> Option<Self> {
        let Rating::Cvss {
            version, vector, ..
        } = &severity.rating
        else {
            return None;
        };
        let kind = match version {
            CvssVersion::V2 => "CVSS_V2",
            CvssVersion::V30 | CvssVersion::V31 => "CVSS_V3",
            CvssVersion::V4 => "CVSS_V4",
        };
        Some(Self {
            kind,
            score: vector.clone(),
        })
    }
}

impl Link {
    /// A link to the web; any other address is of no use to whoever reads records.
    pub fn of(reference: &Reference) -> Option<Self> {
        let url = reference.url.trim();
        let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        let is_web = lower.starts_with("https://") || lower.starts_with("http://");
        let plain = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b);
        (is_web && url.len() <= LINK_BYTES && url.bytes().all(plain)).then(|| Self {
            kind: link_kind(&reference.tags),
            url: url.to_owned(),
        })
    }
}

/// What is behind a link, in OSV's words, by the tags of NVD, of CVE records and of OSV itself.
fn link_kind(tags: &[String]) -> &'static str {
    const KINDS: [(&str, &str); 14] = [
        ("FIX", "FIX"),
        ("PATCH", "FIX"),
        ("EVIDENCE", "EVIDENCE"),
        ("EXPLOIT", "EVIDENCE"),
        ("ADVISORY", "ADVISORY"),
        ("VENDOR ADVISORY", "ADVISORY"),
        ("VENDOR-ADVISORY", "ADVISORY"),
        ("THIRD PARTY ADVISORY", "ADVISORY"),
        ("REPORT", "REPORT"),
        ("ISSUE TRACKING", "REPORT"),
        ("ISSUE-TRACKING", "REPORT"),
        ("PACKAGE", "PACKAGE"),
        ("ARTICLE", "ARTICLE"),
        ("GIT", "GIT"),
    ];
    let is_tagged = |word: &str| tags.iter().any(|tag| tag.eq_ignore_ascii_case(word));
    let found = KINDS.iter().find(|(word, _)| is_tagged(word));
    found.map_or("WEB", |(_, kind)| kind)
}

impl Package {
    /// A source package of a distribution; `None` where OSV has no name for the distribution.
    pub fn of_distribution(distribution: &str, branch: Option<&str>, name: &str) -> Option<Self> {
        let kind = match distribution {
            "alpine" | "wolfi" | "chainguard" => Some(("apk", distribution)),
            "debian" | "ubuntu" => Some(("deb", distribution)),
            "guix" => Some(("guix", "")),
            _ => None,
        };
        let purl = kind.map(|(kind, namespace)| Purl {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            version: None,
            qualifiers: match kind {
                "guix" => Vec::new(),
                _ => vec![("arch".to_owned(), "source".to_owned())],
            },
            subpath: None,
        });
        Some(Self {
            ecosystem: ecosystem::written(distribution, branch)?,
            name: name.to_owned(),
            purl: purl.map(|purl| purl.to_string()),
        })
    }
}

impl Entry {
    /// An entry of an advisory; `None` where it names no package, or no version in OSV's way.
    pub fn of(affected: &Affected) -> Option<Self> {
        let (package, repository) = match &affected.product {
            Product::Ecosystem {
                ecosystem,
                name,
                repository,
            } if ecosystem != "GIT" => {
                let package = Package {
                    ecosystem: ecosystem.clone(),
                    name: name.clone(),
                    purl: None,
                };
                (package, repository.as_deref())
            }
            Product::Distribution {
                distribution,
                branch,
                name,
                ..
            } => {
                let branch = branch.as_deref();
                let of = Package::of_distribution(distribution.as_str(), branch, name);
                (of?, None)
            }
            _ => return None,
        };
        let mut entry = Self {
            package,
            ranges: Vec::new(),
            versions: Vec::new(),
            database_specific: None,
        };
        for range in &affected.versions {
            entry.add(range, repository);
        }
        (!entry.ranges.is_empty() || !entry.versions.is_empty()).then_some(entry)
    }

    fn add(&mut self, range: &VersionRange, repository: Option<&str>) {
        if range.status != VersionStatus::Affected {
            return;
        }
        let (kind, repo) = match (range.scheme, repository) {
            (RangeScheme::Git, None) => return,
            (RangeScheme::Git, Some(repository)) => ("GIT", Some(repository.to_owned())),
            (RangeScheme::Stated(stated), _) if matches!(stated.0, Scheme::Semver | Scheme::Go) => {
                ("SEMVER", None)
            }
            _ => ("ECOSYSTEM", None),
        };
        match &range.span {
            Span::Exact(version) => self.versions.push(version.clone()),
            Span::Listed(list) => self.versions.extend(list.iter().map(str::to_owned)),
            span => self
                .ranges
                .extend(events(span).map(|events| Range { kind, repo, events })),
        }
    }
}

/// The events of a span; one that begins behind a version is said to begin with it, for which OSV
/// has no other word.
fn events(span: &Span) -> Option<Vec<Event>> {
    let (lower, upper) = match span {
        Span::All => (&Lower::Open, &Upper::Open),
        Span::Between(lower, upper) => (lower, upper),
        Span::Exact(_) | Span::Listed(_) | Span::NotStated => return None,
    };
    let from = match lower {
        Lower::Open => "0",
        Lower::Including(bound) | Lower::Excluding(bound) => bound,
    };
    let mut events = vec![Event::Introduced(from.to_owned())];
    events.extend(match upper {
        Upper::Open => None,
        Upper::Excluding(bound) => Some(Event::Fixed(bound.clone())),
        Upper::Including(bound) => Some(Event::LastAffected(bound.clone())),
    });
    Some(events)
}

/// Puts entries into a published record, in place of those on the same packages and on packages of
/// which more is known than the record says, and says when it was changed; everything else stays as
/// it is, but for an empty package, which is none.
///
/// # Errors
/// When it is no record.
pub fn with_entries<'a>(
    raw: &[u8],
    known: impl IntoIterator<Item = &'a Package>,
    entries: &'a [Entry],
    modified: Timestamp,
) -> Result<Value, BadRecord> {
    let mut record: Map<String, Value> = serde_json::from_slice(raw)?;
    let version = record.entry("schema_version");
    version.or_insert_with(|| SCHEMA_VERSION.into());
    record.insert("modified".to_owned(), modified.to_string().into());
    let mut affected = match record.remove("affected") {
        Some(Value::Array(published)) => published,
        _ => Vec::new(),
    };
    let told = entries.iter().map(|entry| &entry.package);
    let ours: HashSet<(&str, &str)> = known
        .into_iter()
        .chain(told)
        .map(|package| (&*package.ecosystem, &*package.name))
        .collect();
    affected.retain(|theirs| !named(theirs).is_some_and(|package| ours.contains(&package)));
    affected.iter_mut().for_each(drop_empty_package);
    for entry in entries {
        affected.push(serde_json::to_value(entry)?);
    }
    if !affected.is_empty() {
        record.insert("affected".to_owned(), affected.into());
    }
    Ok(Value::Object(record))
}

/// The ecosystem and the name of an entry's package.
fn named(entry: &Value) -> Option<(&str, &str)> {
    let package = entry.get("package")?;
    let text = |key: &str| package.get(key)?.as_str();
    Some((text("ecosystem")?, text("name")?))
}

/// Takes away a package that is there and empty, as OSV's exporter of CVE records wrote it beside
/// ranges of commits (2025-02): the schema demands its name.
fn drop_empty_package(entry: &mut Value) {
    let package = entry.get("package").and_then(Value::as_object);
    if package.is_some_and(Map::is_empty)
        && let Value::Object(entry) = entry
    {
        entry.remove("package");
    }
}
