//! One record of OSV's: as it was published, or made of what is known of a vulnerability; with what
//! was found on the branches that are kept here.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use palisade_formats::feed::FeedKind;
use palisade_formats::osv::write::{Document, Entry, Package, Rated, with_entries};
use palisade_model::{
    Advisory, BranchName, Evidence, RangeScheme, Rating, Span, VerdictStatus, VersionStatus,
};
use palisade_store::{BranchId, FindingRow, SourcePackageId, SourceSpan, VulnerabilityRow};
use serde_json::{Value, json};

use super::super::types::time;
use super::super::{Places, Reading, evidence, grouped, told};
use super::ranges::{Observed, State, in_order, ranges};
use super::{KINDS, OsvHit};
use crate::TrackerError;
use crate::derive::{confidence, status};

/// Versions of a package that are on a branch now of which it is told why they are as they are.
const PRESENT: usize = 20;

/// Versions of a package that are listed beside its ranges.
const VERSIONS: usize = 200;

/// The record of an identifier; `None` when there is none.
pub(super) async fn document(
    reading: &mut Reading,
    hit: &OsvHit,
) -> Result<Option<Value>, TrackerError> {
    let records = reading.session.records_named(&KINDS, &hit.id).await?;
    let vulnerability = reading.session.vulnerability_named(&hit.id).await?;
    let (mut advisories, mut known) = (Vec::new(), Known::default());
    if let Some(row) = &vulnerability {
        advisories = told::advisories(&mut reading.session, row.id).await?;
        known = entries(reading, row, &advisories).await?;
    }
    if let Some(record) = records.first() {
        let mut raw = Vec::new();
        let keep = |_: usize, bytes: &[u8]| raw = bytes.to_vec();
        reading.session.read_spans(&[record.raw], keep).await?;
        if let Some(published) = published(&record.feed_kind, &raw, &known, hit) {
            return Ok(Some(published));
        }
    }
    let Some(row) = vulnerability else {
        return Ok(None);
    };
    let aliases = reading.session.aliases(row.id).await?;
    let made = made(&row, hit, aliases, &advisories, known.entries);
    Ok(serde_json::to_value(made).ok())
}

/// What is known of who is affected by a vulnerability.
#[derive(Debug, Default)]
struct Known {
    /// Those who are, or were.
    entries: Vec<Entry>,
    /// The packages that were looked at: what a record says of those has become findings, and
    /// whichever has no entry was never found affected.
    looked_at: HashSet<Package>,
}

/// A published record with the entries of ours; `None` when it can no longer be read.
fn published(kind: &str, raw: &[u8], known: &Known, hit: &OsvHit) -> Option<Value> {
    if kind == FeedKind::Osv.name() {
        return with_entries(raw, &known.looked_at, &known.entries, hit.modified).ok();
    }
    let kind: FeedKind = kind.parse().ok()?;
    let mut document = Document::of(&kind.parse(raw).ok()?.advisory);
    document.modified = hit.modified;
    document.affected.extend(known.entries.iter().cloned());
    serde_json::to_value(document).ok()
}

/// The record of a vulnerability of which nobody published one.
fn made(
    row: &VulnerabilityRow,
    hit: &OsvHit,
    aliases: Vec<String>,
    advisories: &[(String, Advisory)],
    entries: Vec<Entry>,
) -> Document {
    let mut document = Document::new(row.name.as_str(), hit.modified);
    document.published = row.published.map(time);
    document.withdrawn = row.withdrawn.then_some(hit.modified);
    document.aliases = aliases
        .into_iter()
        .filter(|name| *name != row.name)
        .collect();
    document.summary.clone_from(&row.title);
    for (_, advisory) in advisories {
        document.tell(advisory);
    }
    document.affected = entries;
    let scorers = scorers(advisories);
    document.database_specific = Some(json!({ "severity": scorers }));
    document
}

/// Who gave which rating: OSV's own list does not tell.
fn scorers(advisories: &[(String, Advisory)]) -> Vec<Value> {
    let mut told: Vec<Value> = Vec::new();
    let severities = advisories.iter().flat_map(|(_, it)| &it.severities);
    for severity in severities {
        let rated = match &severity.rating {
            Rating::Cvss { score, .. } => Rated::of(severity).map(|rated| {
                json!({ "scorer": severity.scorer, "type": rated.kind, "vector": rated.score, "score": score })
            }),
            Rating::Word(word) => Some(json!({ "scorer": severity.scorer, "word": word })),
        };
        told.extend(rated.filter(|rated| !told.contains(rated)));
    }
    told
}

/// What is affected: the packages of the branches that are kept here, and of all others those that
/// records of distributions name.
async fn entries(
    reading: &mut Reading,
    row: &VulnerabilityRow,
    advisories: &[(String, Advisory)],
) -> Result<Known, TrackerError> {
    let mut known = found(reading, row.id).await?;
    let Known { entries, looked_at } = &mut known;
    let own = advisories
        .iter()
        .filter(|(kind, _)| kind != FeedKind::Osv.name());
    let told = own.flat_map(|(_, advisory)| &advisory.affected);
    for entry in told.filter(|it| is_distributions(it)).filter_map(Entry::of) {
        let same = |it: &Entry| it.package == entry.package;
        if !looked_at.contains(&entry.package) && !entries.iter().any(same) {
            entries.push(entry);
        }
    }
    entries.sort_by(|a, b| {
        let order = |it: &Entry| (it.package.ecosystem.clone(), it.package.name.clone());
        order(a).cmp(&order(b))
    });
    Ok(known)
}

fn is_distributions(entry: &palisade_model::Affected) -> bool {
    matches!(entry.product, palisade_model::Product::Distribution { .. })
}

/// A package on a branch with the findings of one vulnerability in all its versions.
struct Found {
    branch: BranchId,
    branch_name: BranchName,
    package: Package,
    vulnerability: i64,
    rows: Vec<(FindingRow, SourceSpan)>,
    /// The versions in the distribution's order.
    observed: Vec<Observed>,
}

/// The entries of what was found, and the packages of which anything was.
async fn found(reading: &mut Reading, vulnerability: i64) -> Result<Known, TrackerError> {
    let session = &mut reading.session;
    let rows = session
        .findings_of_vulnerabilities(&[vulnerability])
        .await?;
    let sources: Vec<SourcePackageId> = rows.iter().map(|row| row.key.source).collect();
    let history = session.source_history(&sources).await?;
    let mut spans: HashMap<(BranchId, SourcePackageId), SourceSpan> = HashMap::new();
    for (branch, span) in history {
        // The latest comes first.
        spans.entry((branch, span.source)).or_insert(span);
    }
    let on_branches = rows.into_iter().filter_map(|row| {
        let span = spans.get(&(row.key.branch, row.key.source))?.clone();
        Some(((row.key.branch, span.name.clone()), (row, span)))
    });
    let places = &reading.places;
    let packages: Vec<Found> = grouped(on_branches)
        .into_iter()
        .filter_map(|(package, rows)| Found::new(places, vulnerability, package, rows))
        .collect();
    let reasons = reasons(reading, &packages).await?;
    let entries = packages.iter().filter_map(|it| it.entry(&reasons));
    Ok(Known {
        entries: entries.collect(),
        looked_at: packages.iter().map(|it| it.package.clone()).collect(),
    })
}

/// Why findings are so, and the ranges of the entry that decided.
type Reasons = HashMap<evidence::Asked, (Evidence, Vec<Span>)>;

async fn reasons(reading: &mut Reading, packages: &[Found]) -> Result<Reasons, TrackerError> {
    let asked: Vec<evidence::Asked> = packages
        .iter()
        .flat_map(|found| {
            let present = found.present().map(|(row, _)| row.key.source);
            let sources = found.first_source().into_iter().chain(present);
            sources.map(|source| found.asked(source))
        })
        .collect();
    let mut reasons = HashMap::new();
    let places = std::sync::Arc::clone(&reading.places);
    evidence::judge_again(&mut reading.session, &places, &asked, |asked, judged| {
        let entry = judged
            .judgement
            .decisive()
            .map(palisade_matching::Claim::entry);
        let affected = entry.iter().flat_map(|entry| &entry.versions);
        let affected = affected.filter(|range| {
            range.status == VersionStatus::Affected && range.scheme != RangeScheme::Git
        });
        let spans = affected.map(|range| range.span.clone()).collect();
        reasons.insert(asked, (judged.judgement.evidence(), spans));
    })
    .await?;
    Ok(reasons)
}

impl Found {
    /// `None` of a branch for which OSV has no word.
    fn new(
        places: &Places,
        vulnerability: i64,
        (branch, name): (BranchId, String),
        mut rows: Vec<(FindingRow, SourceSpan)>,
    ) -> Option<Self> {
        let branch_name = places.name(branch)?.clone();
        let distribution = branch_name.distribution();
        let package =
            Package::of_distribution(distribution.as_str(), Some(branch_name.name()), &name)?;
        // Of one version in several states the one counts that was there last, and of those that
        // were there together the worst.
        rows.sort_by_key(|(row, span)| {
            let until = span.until.unwrap_or(i64::MAX);
            (
                Reverse(until),
                status(row.state.status),
                Reverse(span.since),
            )
        });
        let observed = in_order(distribution.scheme(), rows.iter().map(observed).collect());
        Some(Self {
            branch,
            branch_name,
            package,
            vulnerability,
            rows,
            observed,
        })
    }

    fn asked(&self, source: SourcePackageId) -> evidence::Asked {
        evidence::Asked::of(self.branch, source, self.vulnerability)
    }

    /// The source package of the first version.
    fn first_source(&self) -> Option<SourcePackageId> {
        let first = self.observed.first()?;
        let mut rows = self.rows.iter();
        let row = rows.find(|(_, span)| span.version == first.version);
        row.map(|(row, _)| row.key.source)
    }

    /// What is on the branch now; Guix has several versions of some packages.
    fn present(&self) -> impl Iterator<Item = &(FindingRow, SourceSpan)> {
        let now = self.rows.iter().filter(|(_, span)| span.until.is_none());
        now.take(PRESENT)
    }

    /// The entry, if any version was ever affected, or has the fix of what was.
    fn entry(&self, reasons: &Reasons) -> Option<Entry> {
        let reason = |source: SourcePackageId| reasons.get(&self.asked(source));
        let told = self.first_source().and_then(reason);
        let told: Vec<&Span> = told.iter().flat_map(|(_, spans)| spans).collect();
        let scheme = self.branch_name.distribution().scheme();
        let ranges = ranges(scheme, &self.observed, &told);
        if ranges.is_empty() {
            return None;
        }
        let observed = self.observed.iter();
        let affected = observed.filter(|it| it.state == State::Affected);
        let versions = affected.map(|it| it.version.clone()).take(VERSIONS);
        let present = self.present().map(|(row, span)| {
            let why = reason(row.key.source).map(|(evidence, _)| words(evidence));
            json!({
                "version": span.version,
                "status": status(row.state.status), "confidence": confidence(row.state.confidence),
                "fixed_in": row.state.fixed_in, "why": why,
            })
        });
        let present: Vec<Value> = present.collect();
        Some(Entry {
            package: self.package.clone(),
            ranges,
            versions: versions.collect(),
            database_specific: Some(json!({ "branch": self.branch_name, "now": present })),
        })
    }
}

fn observed((row, span): &(FindingRow, SourceSpan)) -> Observed {
    Observed {
        version: span.version.clone(),
        state: match status(row.state.status) {
            VerdictStatus::Affected => State::Affected,
            VerdictStatus::Fixed => State::Fixed,
            VerdictStatus::NotAffected => State::Clear,
            VerdictStatus::UnderInvestigation => State::Open,
        },
        fixed_in: row.state.fixed_in.clone(),
    }
}

fn words(evidence: &Evidence) -> Vec<&str> {
    evidence.0.iter().map(|step| step.says.as_str()).collect()
}
