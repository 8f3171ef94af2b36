//! The open findings of one branch in memory: filtered, counted and sorted without asking the
//! database.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use palisade_model::{Confidence, Level};
use palisade_store::{BranchId, Session, SourceLabelRow, SourcePackageId, VulnerabilityHead};
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::{FindingFilter, FindingQuery, LevelFilter, MaintainerFilter};
use super::order::{self, Cursor, Order};
use super::ratings::{Ratings, Scored, Scores};
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
    maintainers: Vec<Option<Arc<str>>>,
    foremost: Scores,
    ratings: Ratings,
    /// Whether another source package has the same name and version.
    twins: Vec<bool>,
    pub(crate) counts: Counts,
    /// How many affect each source package, and how many wait in the queue.
    by_source: HashMap<SourcePackageId, (usize, usize)>,
}

/// What a filter leaves.
pub(crate) struct Selection<'a> {
    listing: &'a Listing,
    scores: Cow<'a, Scores>,
    /// Places in [`Listing::entries`], sorted, of the wanted part only.
    pub(crate) part: Vec<u32>,
    /// How many there are in all.
    pub(crate) total: usize,
    /// By level, were the filter without one.
    pub(crate) levels: LevelCounts,
    /// Affected and under investigation, were the filter without a status.
    pub(crate) statuses: (usize, usize),
    /// Where the list goes on, if it does.
    pub(crate) next: Option<Cursor>,
}

impl<'a> Selection<'a> {
    pub(crate) fn entries(&self) -> Vec<&'a Entry> {
        let entries = &self.listing.entries;
        self.part.iter().map(|at| &entries[*at as usize]).collect()
    }

    /// The score that counts.
    pub(crate) fn score(&self, entry: &Entry) -> Option<&Scored> {
        self.scores.each[entry.vulnerability as usize].as_ref()
    }
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

    fn of(
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

    /// What a query leaves.
    pub(crate) fn select(&self, query: &FindingQuery) -> Selection<'_> {
        let filter = &query.filter;
        let scores = match &filter.scorer {
            Some(scorer) => Cow::Owned(self.ratings.by(scorer, &self.vulnerabilities)),
            None => Cow::Borrowed(&self.foremost),
        };
        let texts = Texts::of(self, filter);
        let (mut found, mut levels, mut statuses) = (Vec::new(), LevelCounts::default(), (0, 0));
        for (place, entry) in (0_u32..).zip(&self.entries) {
            if !self.passes(entry, filter) || !texts.pass(entry) {
                continue;
            }
            let level = scores.level(entry.vulnerability);
            let of_level = filter.takes_level(level);
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
        let order = Order::new(self, &scores, query.sort);
        let key = |place: &u32| order.key(&self.entries[*place as usize]);
        if let Some(cursor) = &query.after {
            let begin = order.place(cursor);
            found.retain(|place| key(place) > begin);
        }
        let left = found.len();
        let part = order::part(found, query.offset, query.limit, key);
        let goes_on = query.offset.saturating_add(part.len()) < left;
        let last = part.last().filter(|_| goes_on);
        Selection {
            listing: self,
            next: last.map(|place| order.cursor(&self.entries[*place as usize])),
            part,
            total,
            levels,
            statuses,
            scores,
        }
    }

    /// What concerns neither level, status nor texts.
    fn passes(&self, entry: &Entry, filter: &FindingFilter) -> bool {
        let head = self.head(entry);
        let least = filter.minimum_confidence;
        let exploitation = || self.ratings.exploitation(entry.vulnerability);
        least.is_none_or(|least| entry.confidence >= least)
            && (!filter.exploited || head.exploited_since.is_some())
            && (!filter.fixable || entry.fixed_in.is_some())
            && filter
                .minimum_epss
                .is_none_or(|least| head.epss.is_some_and(|epss| epss >= least))
            && filter
                .ssvc
                .as_deref()
                .is_none_or(|wanted| exploitation() == Some(wanted))
            && match &filter.maintainer {
                None => true,
                Some(MaintainerFilter::Nobody) => self.maintainer(entry).is_none(),
                Some(MaintainerFilter::Named(name)) => self.maintainer(entry) == Some(name),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::Sort;

    fn head(id: i64, name: &str, score: Option<f64>, epss: f64) -> VulnerabilityHead {
        VulnerabilityHead {
            id,
            name: name.into(),
            title: Some("an overflow".into()),
            score: score.map(|score| (score, "3.1".into(), "nvd".into())),
            exploited_since: None,
            epss: Some(epss),
            published: Some(1000 - id),
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
    fn a_list_goes_on_behind_a_place_even_when_what_stood_there_is_gone() {
        let all = listing();
        for sort in [
            Sort::Score,
            Sort::Epss,
            Sort::Package,
            Sort::Newest,
            Sort::Oldest,
        ] {
            let mut query = FindingQuery {
                filter: FindingFilter {
                    status: crate::views::StatusFilter::Open,
                    ..FindingFilter::default()
                },
                sort,
                limit: 9,
                ..FindingQuery::default()
            };
            let whole = names(&all, &query);
            assert_eq!(whole.len(), 4);
            query.limit = 2;
            let next = all.select(&query).next.unwrap();
            query.after = Some(next.to_string().parse().unwrap());
            assert_eq!(names(&all, &query), whole[2..], "{sort:?}");
            assert_eq!(all.select(&query).next, None);
            let mut fewer = listing();
            let gone = fewer.entries.iter().position(|entry| {
                whole[1] == format!("{} {}", all.head(entry).id, all.source(entry).name)
            });
            fewer.entries.remove(gone.unwrap());
            assert_eq!(names(&fewer, &query), whole[2..], "{sort:?}");
        }
        for bad in ["", "x", "e30", &"A".repeat(2000)] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_place_that_no_list_gave_is_a_place_all_the_same() {
        use base64::Engine;
        let all = listing();
        let text = format!(
            r#"{{"o":"newest","s":null,"x":false,"e":null,"d":{least},"v":"","p":"","n":"","i":{least},"f":{least}}}"#,
            least = i64::MIN
        );
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let query = FindingQuery {
            sort: Sort::Newest,
            limit: 9,
            after: Some(text.parse().unwrap()),
            ..FindingQuery::default()
        };
        assert_eq!(names(&all, &query), [""; 0]);
    }

    #[test]
    fn one_partys_scores_count_when_asked_for() {
        let mut listing = listing();
        let rating = |vulnerability, score: f64, scorer: &str, ssvc: Option<&str>| {
            palisade_store::RatingRow {
                vulnerability,
                score: Some((score, "3.1".into(), scorer.into())),
                ssvc: ssvc.map(str::to_owned),
            }
        };
        let rows = vec![
            rating(1, 9.9, "acme", Some("active/yes/total")),
            rating(1, 5.0, "nvd", None),
            rating(2, 1.0, "acme", None),
        ];
        let places = HashMap::from([(1, 0), (2, 1), (3, 2)]);
        listing.ratings = Ratings::of(rows, &places);
        assert_eq!(listing.scorers()[0], ("acme".to_owned(), 2));
        let mut query = FindingQuery {
            filter: FindingFilter {
                scorer: Some("acme".into()),
                minimum_level: Some(Level::High),
                ..FindingFilter::default()
            },
            limit: 9,
            ..FindingQuery::default()
        };
        assert_eq!(names(&listing, &query), ["1 zlib"]);
        query.filter.ssvc = Some("active".into());
        assert_eq!(names(&listing, &query), ["1 zlib"]);
        query.filter.ssvc = Some("poc".into());
        assert!(names(&listing, &query).is_empty());
    }

    #[test]
    fn maintainers_and_probabilities_are_filters() {
        let mut listing = listing();
        listing.maintainers[1] = Some("Ada <ada@example.org>".into());
        let mut query = FindingQuery {
            filter: FindingFilter {
                maintainer: Some(MaintainerFilter::Named("Ada <ada@example.org>".into())),
                ..FindingFilter::default()
            },
            limit: 9,
            ..FindingQuery::default()
        };
        assert_eq!(names(&listing, &query), ["2 Attr", "3 Attr"]);
        query.filter.minimum_epss = Some(0.5);
        assert_eq!(names(&listing, &query), ["3 Attr"]);
        query.filter.maintainer = Some(MaintainerFilter::Nobody);
        assert_eq!(names(&listing, &query), ["1 zlib"]);
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
