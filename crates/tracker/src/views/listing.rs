//! The open findings of one branch in memory, with what is needed to show and count them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use palisade_model::{Confidence, Level};
use palisade_store::{BranchId, Session, SourceLabelRow, SourcePackageId, VulnerabilityHead};
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::LevelFilter;
use super::order;
use super::ratings::{Ratings, Scores};
use crate::TrackerError;
use crate::derive::confidence;

/// Numbers of findings by level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
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
    /// The place of each source package by name; of those with the same name, the same.
    pub(super) by_name: Vec<u32>,
    /// The place of each source package by name and version.
    pub(super) by_version: Vec<u32>,
    /// Who maintains each source package.
    pub(super) maintainers: Vec<Option<Arc<str>>>,
    pub(super) foremost: Scores,
    pub(super) ratings: Ratings,
    /// Whether another source package has the same name and version.
    twins: Vec<bool>,
    pub(crate) counts: Counts,
    /// How many affect each source package, and how many wait in the queue.
    by_source: HashMap<SourcePackageId, (usize, usize)>,
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
        let maintainers = session.maintainers(&sources).await?;
        let ratings = session.ratings(&vulnerabilities).await?;
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
        let mut listing = Self::of(entries.collect(), sources, vulnerabilities);
        listing.ratings = Ratings::of(ratings, &vulnerability_places);
        let mut names: HashSet<Arc<str>> = HashSet::new();
        for (source, maintainer) in maintainers {
            let name = names.get(maintainer.as_str()).cloned().unwrap_or_else(|| {
                let name: Arc<str> = maintainer.into();
                names.insert(Arc::clone(&name));
                name
            });
            if let Some(place) = source_places.get(&source) {
                listing.maintainers[*place as usize] = Some(name);
            }
        }
        Ok(listing)
    }

    pub(super) fn of(
        entries: Vec<Entry>,
        sources: Vec<SourceLabelRow>,
        vulnerabilities: Vec<VulnerabilityHead>,
    ) -> Self {
        let (by_name, by_version) = order::by_name_and_version(&sources);
        let mut labels: HashMap<(&str, &str), u32> = HashMap::new();
        for source in &sources {
            *labels.entry(label(source)).or_default() += 1;
        }
        let twins = sources.iter().map(|source| labels[&label(source)] > 1);
        let twins = twins.collect();
        let mut listing = Self {
            maintainers: vec![None; sources.len()],
            foremost: Scores::foremost(&vulnerabilities),
            ratings: Ratings::default(),
            entries,
            sources,
            vulnerabilities,
            by_name,
            by_version,
            twins,
            counts: Counts::default(),
            by_source: HashMap::new(),
        };
        listing.counts = listing.count();
        listing.by_source = listing.count_by_source();
        listing
    }

    fn count(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in &self.entries {
            if entry.status == 0 {
                counts.affected += 1;
                counts.levels.add(self.foremost.level(entry.vulnerability));
                counts.exploited += usize::from(self.head(entry).exploited_since.is_some());
            } else {
                counts.under_investigation += 1;
            }
        }
        counts
    }

    fn count_by_source(&self) -> HashMap<SourcePackageId, (usize, usize)> {
        let mut counts: HashMap<SourcePackageId, (usize, usize)> = HashMap::new();
        for entry in &self.entries {
            let (affected, queue) = counts.entry(self.source(entry).id).or_default();
            let counted = if entry.status == 0 { affected } else { queue };
            *counted += 1;
        }
        counts
    }

    /// How many findings affect a source package, and how many wait in the queue.
    pub(crate) fn of_source(&self, source: SourcePackageId) -> (usize, usize) {
        self.by_source.get(&source).copied().unwrap_or_default()
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

    /// Who maintains the package of a finding.
    pub(crate) fn maintainer(&self, entry: &Entry) -> Option<&str> {
        self.maintainers[entry.source as usize].as_deref()
    }

    /// Whether any package has a maintainer.
    pub(crate) fn is_maintained(&self) -> bool {
        self.maintainers.iter().any(Option::is_some)
    }

    /// SSVC's decision points for the vulnerability of a finding.
    pub(crate) fn ssvc(&self, entry: &Entry) -> Option<&str> {
        self.ratings.ssvc(entry.vulnerability)
    }

    /// Who scores the vulnerabilities of this branch, the busiest first.
    pub(crate) fn scorers(&self) -> &[(String, usize)] {
        &self.ratings.scorers
    }

    /// The foremost level of a finding's vulnerability.
    pub(crate) fn level(&self, entry: &Entry) -> Option<Level> {
        self.foremost.level(entry.vulnerability)
    }
}

impl LevelCounts {
    /// Each level by its name, the gravest first.
    pub fn named(&self) -> [(&'static str, usize); 5] {
        [
            ("critical", self.critical),
            ("high", self.high),
            ("medium", self.medium),
            ("low", self.low),
            ("unrated", self.unrated),
        ]
    }

    pub(super) fn add(&mut self, level: Option<Level>) {
        match LevelFilter::of(level) {
            LevelFilter::Critical => self.critical += 1,
            LevelFilter::High => self.high += 1,
            LevelFilter::Medium => self.medium += 1,
            LevelFilter::Low => self.low += 1,
            LevelFilter::Unrated => self.unrated += 1,
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
