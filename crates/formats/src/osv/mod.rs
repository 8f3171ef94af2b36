//! OSV, the Open Source Vulnerability format, schema 1.7.5.
//!
//! One advisory a record. `upstream` counts as aliases: a distribution's record speaks of the same
//! issue. `database_specific` has no common shape; GitHub's and RustSec's are read (`specific`).
//! Of `ecosystem_specific` only Debian's urgency is.
//!
//! # Ranges and lists of versions
//!
//! OSV gives an entry ranges, a list of versions, or both, and means all that either covers. Lists
//! are long and nearly always the ranges written out: the 44,181 records of Debian's have 7.6
//! million. So a list is kept as exact versions where no range of versions stands beside it (one
//! of commits cannot be evaluated here); beside ranges of a language ecosystem, only those of its
//! versions that the ranges miss; beside a distribution's ranges, which its exporter wrote the list
//! from, none; of a repository's tags, those that name versions of the repository's own project.
//!
//! A list that is there and empty, beside commits between which the issue came and went, says that
//! no release had it: whoever wrote it looked through the tags. So write OSS-Fuzz's records of six
//! in ten of its issues. Such an entry names no versions.

mod ecosystem;
mod events;
mod named;
mod record;
mod severity;
mod specific;
mod tags;
pub mod write;

use std::hint::black_box;
use std::io::Read;

use palisade_model::{
    Advisory, Affected, Lower, Product, RangeScheme, Rating, Reference, Severity, Span, Upper,
    VersionRange, VersionStatus, VulnerabilityId,
};
use palisade_version::Scheme;

use crate::feed::{FeedHead, FeedSink, Record};
use crate::json_records::{self, Text, list, timestamp};
use crate::nvd::bad_identifier;
use crate::{BadRecord, ReadError};
use ecosystem::Ecosystem;
use record::{Document, EcosystemSpecific, Entry, Range};
use tags::is_own_version;

pub use ecosystem::Whose;
pub use named::Named;
pub(crate) use severity::score;

/// Cuts a document into raw records.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    json_records::read_feed(document, reader, &["vulns"], sink, |_| FeedHead::default())
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let document = deserialize(raw)?;
    let id: VulnerabilityId = document
        .id
        .parse()
        .map_err(|error| bad_identifier(&document.id, &error))?;
    let mut advisory = Advisory::new(id);
    describe(&mut advisory, &document);
    // GHSA-…, PYSEC-…: the part before the first hyphen names the database.
    let scorer = document.id.split('-').next().unwrap_or_default();
    for rated in document
        .severity
        .iter()
        .chain(document.affected.iter().flat_map(|e| &e.severity))
    {
        add_severity(&mut advisory.severities, severity::severity(rated, scorer));
    }
    if let Some(specific) = document.database_specific {
        specific::describe(&mut advisory, specific, scorer);
    }
    for entry in &document.affected {
        add_severity(&mut advisory.severities, urgency(entry));
        if !specific::is_informational(entry) {
            add_entry(&mut advisory.affected, entry);
        }
    }
    Ok(Record {
        name: advisory.id.to_string(),
        advisory,
    })
}

/// Parses one raw record into its typed form and no further: what parsing costs at the least.
pub fn parse_only(raw: &[u8]) -> Result<(), BadRecord> {
    deserialize(raw).map(|record| {
        black_box(&record);
    })
}

fn deserialize(raw: &[u8]) -> Result<Document<'_>, BadRecord> {
    // Checking UTF-8 once is cheaper than for each string.
    let text = std::str::from_utf8(raw).map_err(|_| BadRecord::new("it is not UTF-8"))?;
    Ok(serde_json::from_str(text)?)
}

fn describe(advisory: &mut Advisory, document: &Document<'_>) {
    let text = |text: &Text<'_>| {
        Some(text.trim())
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
    };
    advisory.published = timestamp(&document.published);
    advisory.modified = timestamp(&document.modified);
    advisory.withdrawn = text(&document.withdrawn).map(|time| format!("withdrawn on {time}"));
    advisory.title = text(&document.summary);
    advisory.details = text(&document.details);
    let same = document.aliases.iter().chain(&document.upstream);
    advisory.aliases = identifiers(same, &advisory.id);
    advisory.related = identifiers(document.related.iter(), &advisory.id);
    let link = |link: &record::Link<'_>| Reference {
        url: link.url.to_string(),
        tags: text(&link.kind).into_iter().collect(),
    };
    advisory.references = document.references.iter().map(link).collect();
}

/// The identifiers among texts, each once and without the record's own.
fn identifiers<'a>(
    texts: impl Iterator<Item = &'a Text<'a>>,
    own: &VulnerabilityId,
) -> Vec<VulnerabilityId> {
    let mut seen = std::collections::HashSet::new();
    texts
        .filter_map(|text| text.parse::<VulnerabilityId>().ok())
        .filter(|id| id != own && seen.insert(id.clone()))
        .collect()
}

fn add_severity(severities: &mut Vec<Severity>, severity: Option<Severity>) {
    // Entries repeat the record's; the bound keeps a hostile record from making this long.
    if let Some(severity) = severity
        && severities.len() < 100
        && !severities.contains(&severity)
    {
        severities.push(severity);
    }
}

/// Debian's urgency, where somebody has given one.
fn urgency(entry: &Entry<'_>) -> Option<Severity> {
    let package = entry.package.as_ref()?;
    if !package.ecosystem.starts_with("Debian") {
        return None;
    }
    let specific: EcosystemSpecific<'_> =
        serde_json::from_str(entry.ecosystem_specific?.get()).ok()?;
    let urgency = &*specific.urgency;
    let is_given = !urgency.is_empty() && urgency != "not yet assigned" && urgency.len() <= 32;
    is_given.then(|| Severity {
        scorer: "Debian".to_owned(),
        rating: Rating::Word(urgency.to_owned()),
    })
}

fn add_entry(affected: &mut Vec<Affected>, entry: &Entry<'_>) {
    match &entry.package {
        Some(package) if !package.name.is_empty() && !package.ecosystem.is_empty() => {
            let ecosystem = Ecosystem::new(&package.ecosystem);
            let repository = entry.ranges.iter().find_map(repository);
            let product = product(&ecosystem, &package.name, repository);
            affected.push(Affected::of(product, versions(entry, &ecosystem)));
        }
        _ => add_repositories(affected, entry),
    }
}

fn versions(entry: &Entry<'_>, ecosystem: &Ecosystem<'_>) -> Vec<VersionRange> {
    let listed = listed(entry);
    if listed.is_empty() && is_between_releases(entry) {
        return Vec::new();
    }
    let mut versions = ranges(entry.ranges.iter(), ecosystem);
    add_listed(&mut versions, &listed, ecosystem);
    // Behind the list: an exporter wrote that from the range without its end.
    specific::bound(&mut versions, entry);
    if versions.is_empty() {
        versions.push(VersionRange::affected(Span::NotStated, ecosystem.scheme));
    }
    versions
}

/// Whether the issue came and went between two commits, and a list of the versions that had it is
/// given.
fn is_between_releases(entry: &Entry<'_>) -> bool {
    let is_closed = |range: &Range<'_>| {
        let starts = range.events.iter().filter(|e| e.introduced.is_some());
        let ends = range
            .events
            .iter()
            .filter(|e| e.fixed.is_some() || e.last_affected.is_some());
        &*range.kind == "GIT" && (1..=ends.count()).contains(&starts.count())
    };
    entry.versions.is_some() && !entry.ranges.is_empty() && entry.ranges.iter().all(is_closed)
}

fn repository<'a>(range: &'a Range<'_>) -> Option<&'a str> {
    Some(&*range.repo).filter(|repo| !repo.is_empty())
}

fn product(ecosystem: &Ecosystem<'_>, name: &str, repository: Option<&str>) -> Product {
    match &ecosystem.distribution {
        Some(distribution) => Product::Distribution {
            distribution: distribution.clone(),
            branch: ecosystem.branch.clone(),
            repository: None,
            name: name.to_owned(),
        },
        None => Product::Ecosystem {
            ecosystem: ecosystem.name.to_owned(),
            name: name.to_owned(),
            repository: repository.map(str::to_owned),
        },
    }
}

/// An entry without a package speaks of repositories; each becomes a product of its own.
fn add_repositories(affected: &mut Vec<Affected>, entry: &Entry<'_>) {
    let ecosystem = Ecosystem::new("GIT");
    let mut rest: Vec<&Range<'_>> = entry.ranges.iter().collect();
    rest.sort_by(|a, b| a.repo.cmp(&b.repo));
    let first = affected.len();
    for group in rest.chunk_by(|a, b| a.repo == b.repo) {
        let Some(repo) = repository(group[0]) else {
            continue;
        };
        let product = product(&ecosystem, repo, Some(repo));
        affected.push(Affected::of(
            product,
            ranges(group.iter().copied(), &ecosystem),
        ));
    }
    // Whose tags the listed versions are is not told; mostly there is one repository.
    if let Some(of_first) = affected.get_mut(first) {
        let mut tags = listed(entry);
        if let Product::Ecosystem { name, .. } = &of_first.product {
            tags.retain(|tag| is_own_version(name, tag));
        }
        add_listed(&mut of_first.versions, &tags, &ecosystem);
    }
}

fn ranges<'a>(
    ranges: impl Iterator<Item = &'a Range<'a>>,
    ecosystem: &Ecosystem<'_>,
) -> Vec<VersionRange> {
    let mut found = Vec::new();
    for range in ranges {
        let scheme = match (&*range.kind, ecosystem.scheme) {
            ("GIT", _) => RangeScheme::Git,
            // Go's versions are semantic ones, with peculiarities of their own.
            ("SEMVER", scheme) if scheme == RangeScheme::stated(Scheme::Go) => scheme,
            ("SEMVER", _) => RangeScheme::stated(Scheme::Semver),
            (_, scheme) => scheme,
        };
        let order = match scheme {
            RangeScheme::Stated(scheme) => Some(scheme.0),
            RangeScheme::Unstated | RangeScheme::Git => None,
        };
        let spans = events::spans(&range.events, order).into_iter();
        found.extend(spans.map(|span| VersionRange::affected(span, scheme)));
    }
    found
}

/// Comparisons of listed versions with ranges in one entry; beyond, all that is listed is kept.
const COMPARISONS: usize = 2_000_000;

/// Adds those of an entry's list of versions that its ranges do not cover.
fn add_listed(ranges: &mut Vec<VersionRange>, listed: &[Text<'_>], ecosystem: &Ecosystem<'_>) {
    let of_versions = ranges.iter().any(|range| range.scheme != RangeScheme::Git);
    if of_versions && ecosystem.distribution.is_some() {
        return;
    }
    let count = ranges.len();
    let comparable = if count.saturating_mul(listed.len()) <= COMPARISONS {
        count
    } else {
        0
    };
    for version in listed {
        let is_covered = ranges[..comparable]
            .iter()
            .any(|range| covers(range, version));
        if !version.is_empty() && !is_covered {
            let span = Span::Exact(version.to_string());
            ranges.push(VersionRange::affected(span, ecosystem.scheme));
        }
    }
}

fn listed<'a>(entry: &Entry<'a>) -> Vec<Text<'a>> {
    let parse = |raw: &'a str| list(&mut serde_json::Deserializer::from_str(raw)).ok();
    entry
        .versions
        .and_then(|raw| parse(raw.get()))
        .unwrap_or_default()
}

/// Whether an entry has a version as affected, by the order of the ranges' own scheme: so a registry's
/// record speaks of the registry's own versions. Commits are in no order.
pub fn affects(entry: &Affected, version: &str) -> bool {
    let speaks = |range: &VersionRange| covers(range, version) || names(range, version);
    let said = |status| {
        let mut ranges = entry.versions.iter().filter(|it| it.status == status);
        ranges.any(speaks)
    };
    let is_affected = said(VersionStatus::Affected);
    let is_default = entry.otherwise == Some(VersionStatus::Affected);
    (is_affected || is_default) && !said(VersionStatus::Unaffected)
}

/// Whether a range is a list of versions, and one of them is the same in another spelling.
fn names(range: &VersionRange, version: &str) -> bool {
    let RangeScheme::Stated(scheme) = range.scheme else {
        return false;
    };
    let is_same = |listed: &str| {
        let order = scheme.0.compare(listed, version);
        order.is_some_and(std::cmp::Ordering::is_eq)
    };
    match &range.span {
        Span::Exact(exact) => is_same(exact),
        Span::Listed(list) => list.iter().any(is_same),
        Span::All | Span::Between(..) | Span::NotStated => false,
    }
}

fn covers(range: &VersionRange, version: &str) -> bool {
    let RangeScheme::Stated(scheme) = range.scheme else {
        return false;
    };
    let order = |bound: &str| scheme.0.compare(version, bound);
    match &range.span {
        Span::All => true,
        Span::Between(lower, upper) => {
            let above = match lower {
                Lower::Open => true,
                Lower::Including(bound) => order(bound).is_some_and(std::cmp::Ordering::is_ge),
                Lower::Excluding(bound) => order(bound).is_some_and(std::cmp::Ordering::is_gt),
            };
            above
                && match upper {
                    Upper::Open => true,
                    Upper::Excluding(bound) => order(bound).is_some_and(std::cmp::Ordering::is_lt),
                    Upper::Including(bound) => order(bound).is_some_and(std::cmp::Ordering::is_le),
                }
        }
        Span::Exact(exact) => exact == version,
        Span::Listed(list) => list.iter().any(|listed| listed == version),
        Span::NotStated => false,
    }
}
