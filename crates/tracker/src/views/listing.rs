//! The open findings of one branch in memory: filtered, counted and sorted without asking the
//! database.

use std::collections::HashMap;

use palisade_model::{Confidence, Level};
use palisade_store::{BranchId, Session, SourceLabelRow, SourcePackageId, VulnerabilityHead};
use serde::Serialize;

use super::types::level;
use crate::TrackerError;
use crate::derive::confidence;

/// Which open findings are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FindingFilter {
    /// Which status.
    pub status: StatusFilter,
    /// The least level of the foremost score; unrated ones have none.
    pub minimum_level: Option<Level>,
    /// Only those of this level.
    pub level: Option<LevelFilter>,
    /// The least confidence.
    pub minimum_confidence: Option<Confidence>,
    /// Only those that are known to be exploited.
    pub exploited: bool,
    /// Only those for which a fixed version is known.
    pub fixable: bool,
    /// Only packages whose name contains this.
    pub package: Option<String>,
    /// Only those whose vulnerability's name or heading, or whose package's name contains this.
    pub text: Option<String>,
}

/// Which status of open findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StatusFilter {
    /// Affected: what to act on.
    #[default]
    Affected,
    /// Under investigation: the triage queue.
    UnderInvestigation,
    /// Both.
    Open,
}

/// One level of those by which findings are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelFilter {
    /// Critical.
    Critical,
    /// High.
    High,
    /// Medium.
    Medium,
    /// Low or none.
    Low,
    /// Without a score.
    Unrated,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// The highest level and score first.
    #[default]
    Score,
    /// The most probably exploited first.
    Epss,
    /// By package.
    Package,
    /// The latest derived first.
    Newest,
}

/// A part of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FindingQuery {
    /// Which.
    pub filter: FindingFilter,
    /// In which order.
    pub sort: Sort,
    /// How many at the most.
    pub limit: usize,
    /// How many to leave out before.
    pub offset: usize,
}

/// Numbers of findings by level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LevelCounts {
    /// Critical.
    pub critical: usize,
    /// High.
    pub high: usize,
    /// Medium.
    pub medium: usize,
    /// Low or none.
    pub low: usize,
    /// Without a score.
    pub unrated: usize,
}

/// Numbers of open findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Affected.
    pub affected: usize,
    /// Under investigation: the triage queue.
    pub under_investigation: usize,
    /// Affected and known to be exploited.
    pub exploited: usize,
    /// Affected by level.
    pub levels: LevelCounts,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) source: u32,
    pub(crate) vulnerability: u32,
    pub(crate) status: u8,
    pub(crate) confidence: Confidence,
    pub(crate) fixed_in: Option<Box<str>>,
    pub(crate) first_seen: i64,
}

/// The open findings of a branch, with what is needed to show them.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) entries: Vec<Entry>,
    pub(crate) sources: Vec<SourceLabelRow>,
    pub(crate) vulnerabilities: Vec<VulnerabilityHead>,
    levels: Vec<Option<Level>>,
    /// The place of each vulnerability when the worst come first.
    by_score: Vec<u32>,
    by_epss: Vec<u32>,
    /// The place of each source package by name; of those with the same name, the same.
    by_name: Vec<u32>,
    /// The place of each source package by name and version.
    by_version: Vec<u32>,
    /// Whether another source package has the same name and version.
    twins: Vec<bool>,
    pub(crate) counts: Counts,
}

/// What a filter leaves.
pub(crate) struct Selection {
    /// Places in [`Listing::entries`], sorted, of the wanted part only.
    pub(crate) part: Vec<u32>,
    /// How many there are in all.
    pub(crate) total: usize,
    /// By level, were the filter without one.
    pub(crate) levels: LevelCounts,
    /// Affected and under investigation, were the filter without a status.
    pub(crate) statuses: (usize, usize),
}

impl Listing {
    pub(crate) async fn load(
        session: &mut Session,
        branch: BranchId,
        position: Option<i64>,
    ) -> Result<Self, TrackerError> {
        let rows = session.open_findings(branch, position).await?;
        let mut sources: Vec<SourcePackageId> = rows.iter().map(|row| row.source).collect();
        sources.sort_unstable();
        sources.dedup();
        let mut vulnerabilities: Vec<i64> = rows.iter().map(|row| row.vulnerability).collect();
        vulnerabilities.sort_unstable();
        vulnerabilities.dedup();
        let sources = session.label_rows(&sources).await?;
        let vulnerabilities = session.vulnerability_heads(&vulnerabilities).await?;
        let source_places = places(sources.iter().map(|row| row.id));
        let vulnerability_places = places(vulnerabilities.iter().map(|head| head.id));
        let entries = rows.into_iter().filter_map(|row| {
            Some(Entry {
                source: *source_places.get(&row.source)?,
                vulnerability: *vulnerability_places.get(&row.vulnerability)?,
                status: u8::from(row.status != 0),
                confidence: confidence(row.confidence),
                fixed_in: row.fixed_in.map(Into::into),
                first_seen: row.first_seen,
            })
        });
        Ok(Self::of(entries.collect(), sources, vulnerabilities))
    }

    fn of(
        entries: Vec<Entry>,
        sources: Vec<SourceLabelRow>,
        vulnerabilities: Vec<VulnerabilityHead>,
    ) -> Self {
        let levels: Vec<Option<Level>> = vulnerabilities.iter().map(level).collect();
        let points = |head: &VulnerabilityHead| head.score.as_ref().map_or(-1.0, |score| score.0);
        let chance = |head: &VulnerabilityHead| head.epss.unwrap_or(-1.0);
        let by_score = ranks(vulnerabilities.len(), |a, b| {
            let (left, right) = (&vulnerabilities[a], &vulnerabilities[b]);
            (levels[b].cmp(&levels[a]))
                .then(points(right).total_cmp(&points(left)))
                .then(
                    right
                        .exploited_since
                        .is_some()
                        .cmp(&left.exploited_since.is_some()),
                )
                .then(chance(right).total_cmp(&chance(left)))
                .then(right.name.cmp(&left.name))
        });
        let by_epss = ranks(vulnerabilities.len(), |a, b| {
            let (left, right) = (&vulnerabilities[a], &vulnerabilities[b]);
            chance(right)
                .total_cmp(&chance(left))
                .then(by_score[a].cmp(&by_score[b]))
        });
        let by_version = ranks(sources.len(), |a, b| {
            (&sources[a].name, &sources[a].version).cmp(&(&sources[b].name, &sources[b].version))
        });
        let mut first_of_name: HashMap<&str, u32> = HashMap::new();
        for (source, rank) in sources.iter().zip(&by_version) {
            let first = first_of_name.entry(&source.name).or_insert(*rank);
            *first = (*first).min(*rank);
        }
        let mut labels: HashMap<(&str, &str), u32> = HashMap::new();
        for source in &sources {
            *labels.entry(label(source)).or_default() += 1;
        }
        let twins = sources.iter().map(|source| labels[&label(source)] > 1);
        let twins = twins.collect();
        let by_name = sources
            .iter()
            .map(|source| first_of_name[source.name.as_str()])
            .collect();
        let mut listing = Self {
            entries,
            sources,
            vulnerabilities,
            levels,
            by_score,
            by_epss,
            by_name,
            by_version,
            twins,
            counts: Counts::default(),
        };
        listing.counts = listing.count();
        listing
    }

    fn count(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in &self.entries {
            if entry.status == 0 {
                counts.affected += 1;
                counts.levels.add(self.level(entry));
                counts.exploited += usize::from(self.head(entry).exploited_since.is_some());
            } else {
                counts.under_investigation += 1;
            }
        }
        counts
    }

    pub(crate) fn head(&self, entry: &Entry) -> &VulnerabilityHead {
        &self.vulnerabilities[entry.vulnerability as usize]
    }

    pub(crate) fn source(&self, entry: &Entry) -> &SourceLabelRow {
        &self.sources[entry.source as usize]
    }

    /// Whether another source package with open findings looks the same in a list.
    pub(crate) fn has_twin(&self, entry: &Entry) -> bool {
        self.twins[entry.source as usize]
    }

    fn level(&self, entry: &Entry) -> Option<Level> {
        self.levels[entry.vulnerability as usize]
    }

    /// What a query leaves.
    pub(crate) fn select(&self, query: &FindingQuery) -> Selection {
        let filter = &query.filter;
        let texts = Texts::of(self, filter);
        let (mut found, mut levels, mut statuses) = (Vec::new(), LevelCounts::default(), (0, 0));
        for (place, entry) in (0_u32..).zip(&self.entries) {
            let head = self.head(entry);
            let passes = filter
                .minimum_confidence
                .is_none_or(|least| entry.confidence >= least)
                && (!filter.exploited || head.exploited_since.is_some())
                && (!filter.fixable || entry.fixed_in.is_some())
                && texts.pass(entry);
            if !passes {
                continue;
            }
            let level = self.level(entry);
            let of_level = filter
                .minimum_level
                .is_none_or(|least| level >= Some(least))
                && filter
                    .level
                    .is_none_or(|wanted| wanted == LevelFilter::of(level));
            let of_status = filter.status.takes(entry.status);
            if of_level {
                if entry.status == 0 {
                    statuses.0 += 1;
                } else {
                    statuses.1 += 1;
                }
            }
            if of_status {
                levels.add(level);
            }
            if of_level && of_status {
                found.push(place);
            }
        }
        let total = found.len();
        Selection {
            part: self.part(found, query),
            total,
            levels,
            statuses,
        }
    }

    /// The wanted part of what was found, in order; no more is sorted than is shown.
    fn part(&self, mut found: Vec<u32>, query: &FindingQuery) -> Vec<u32> {
        let start = query.offset.min(found.len());
        let end = query.offset.saturating_add(query.limit).min(found.len());
        let key = |place: &u32| self.key(query.sort, &self.entries[*place as usize]);
        if end < found.len() && end > 0 {
            found.select_nth_unstable_by_key(end - 1, key);
            found.truncate(end);
        }
        found.sort_unstable_by_key(key);
        found.drain(..start);
        found.truncate(end - start);
        found
    }

    fn key(&self, sort: Sort, entry: &Entry) -> (i64, u32, u32) {
        let score = self.by_score[entry.vulnerability as usize];
        let epss = self.by_epss[entry.vulnerability as usize];
        let name = self.by_name[entry.source as usize];
        let version = self.by_version[entry.source as usize];
        match sort {
            Sort::Score => (i64::from(score), version, 0),
            Sort::Epss => (i64::from(epss), version, 0),
            Sort::Package => (i64::from(name), score, version),
            Sort::Newest => (-entry.first_seen, score, version),
        }
    }
}

/// What a filter's texts find, looked for once in each name instead of once in each finding.
struct Texts {
    sources: Option<Vec<bool>>,
    packages: Option<Vec<bool>>,
    vulnerabilities: Option<Vec<bool>>,
}

impl Texts {
    fn of(listing: &Listing, filter: &FindingFilter) -> Self {
        let lower = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase());
        let package = lower(&filter.package);
        let text = lower(&filter.text);
        let in_source = |needle: &String| -> Vec<bool> {
            let names = listing.sources.iter();
            names
                .map(|source| source.name.to_lowercase().contains(needle.as_str()))
                .collect()
        };
        let in_head = |needle: &String| -> Vec<bool> {
            let heads = listing.vulnerabilities.iter();
            heads.map(|head| contains(head, needle)).collect()
        };
        Self {
            packages: package.as_ref().map(in_source),
            sources: text.as_ref().map(in_source),
            vulnerabilities: text.as_ref().map(in_head),
        }
    }

    fn pass(&self, entry: &Entry) -> bool {
        let (source, head) = (entry.source as usize, entry.vulnerability as usize);
        self.packages.as_ref().is_none_or(|found| found[source])
            && match (&self.sources, &self.vulnerabilities) {
                (Some(sources), Some(heads)) => sources[source] || heads[head],
                _ => true,
            }
    }
}

fn contains(head: &VulnerabilityHead, needle: &str) -> bool {
    head.name.to_lowercase().contains(needle)
        || head
            .title
            .as_ref()
            .is_some_and(|title| title.to_lowercase().contains(needle))
}

impl LevelFilter {
    fn of(level: Option<Level>) -> Self {
        match level {
            Some(Level::Critical) => Self::Critical,
            Some(Level::High) => Self::High,
            Some(Level::Medium) => Self::Medium,
            Some(Level::Low | Level::None) => Self::Low,
            None => Self::Unrated,
        }
    }
}

impl LevelCounts {
    fn add(&mut self, level: Option<Level>) {
        match LevelFilter::of(level) {
            LevelFilter::Critical => self.critical += 1,
            LevelFilter::High => self.high += 1,
            LevelFilter::Medium => self.medium += 1,
            LevelFilter::Low => self.low += 1,
            LevelFilter::Unrated => self.unrated += 1,
        }
    }
}

impl StatusFilter {
    fn takes(self, status: u8) -> bool {
        match self {
            Self::Affected => status == 0,
            Self::UnderInvestigation => status == 1,
            Self::Open => true,
        }
    }
}

/// What tells a source package from others in a list.
fn label(source: &SourceLabelRow) -> (&str, &str) {
    (&source.name, &source.version)
}

fn places<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> HashMap<K, u32> {
    keys.zip(0_u32..).collect()
}

/// The place of each of `count` things in an order.
fn ranks(count: usize, order: impl Fn(usize, usize) -> std::cmp::Ordering) -> Vec<u32> {
    let mut sorted: Vec<usize> = (0..count).collect();
    sorted.sort_unstable_by(|a, b| order(*a, *b));
    let mut ranks = vec![0; count];
    for (rank, place) in (0_u32..).zip(sorted) {
        ranks[place] = rank;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(id: i64, name: &str, score: Option<f64>, epss: f64) -> VulnerabilityHead {
        VulnerabilityHead {
            id,
            name: name.into(),
            title: Some("an overflow".into()),
            score: score.map(|score| (score, "3.1".into(), "nvd".into())),
            exploited_since: None,
            epss: Some(epss),
        }
    }

    fn listing() -> Listing {
        let source = |id, name: &str| SourceLabelRow {
            id: SourcePackageId(id),
            name: name.into(),
            version: "1".into(),
            grafted: false,
        };
        let entry = |source, vulnerability, status| Entry {
            source,
            vulnerability,
            status,
            confidence: Confidence::Likely,
            fixed_in: None,
            first_seen: i64::from(vulnerability),
        };
        Listing::of(
            vec![
                entry(0, 0, 0),
                entry(1, 1, 0),
                entry(0, 2, 1),
                entry(1, 2, 0),
            ],
            vec![source(1, "zlib"), source(2, "Attr")],
            vec![
                head(1, "CVE-2024-0001", Some(5.0), 0.9),
                head(2, "CVE-2024-0002", Some(9.8), 0.1),
                head(3, "CVE-2024-0003", None, 0.5),
            ],
        )
    }

    fn names(listing: &Listing, query: &FindingQuery) -> Vec<String> {
        let part = listing.select(query).part;
        let entries = part.iter().map(|place| &listing.entries[*place as usize]);
        entries
            .map(|e| format!("{} {}", listing.head(e).id, listing.source(e).name))
            .collect()
    }

    #[test]
    fn the_worst_come_first_and_the_unrated_last() {
        let listing = listing();
        let query = FindingQuery {
            limit: 10,
            ..FindingQuery::default()
        };
        assert_eq!(names(&listing, &query), ["2 Attr", "1 zlib", "3 Attr"]);
        let query = FindingQuery {
            limit: 1,
            offset: 1,
            ..query
        };
        assert_eq!(names(&listing, &query), ["1 zlib"]);
        let query = FindingQuery {
            limit: 10,
            offset: 99,
            ..query
        };
        assert!(names(&listing, &query).is_empty());
    }

    #[test]
    fn each_order_has_its_key() {
        let listing = listing();
        let sorted = |sort| {
            names(
                &listing,
                &FindingQuery {
                    sort,
                    limit: 9,
                    ..FindingQuery::default()
                },
            )
        };
        assert_eq!(sorted(Sort::Epss), ["1 zlib", "3 Attr", "2 Attr"]);
        assert_eq!(sorted(Sort::Package), ["2 Attr", "3 Attr", "1 zlib"]);
        assert_eq!(sorted(Sort::Newest), ["3 Attr", "2 Attr", "1 zlib"]);
    }

    #[test]
    fn counts_tell_what_other_choices_would_show() {
        let listing = listing();
        let filter = FindingFilter {
            minimum_level: Some(Level::High),
            text: Some("OVERFLOW".into()),
            package: Some("att".into()),
            ..FindingFilter::default()
        };
        let found = listing.select(&FindingQuery {
            filter,
            limit: 9,
            ..FindingQuery::default()
        });
        assert_eq!(
            (found.total, found.levels.critical, found.levels.unrated),
            (1, 1, 1)
        );
        assert_eq!(found.statuses, (1, 0));
        assert_eq!(listing.counts.affected, 3);
        assert_eq!(listing.counts.under_investigation, 1);
    }
}
