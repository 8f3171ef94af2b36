//! What a filter leaves of the open findings of a branch: looked for, counted and sorted in memory,
//! without asking the database.

use std::borrow::Cow;

use palisade_store::VulnerabilityHead;

use super::filter::{FindingFilter, FindingQuery, MaintainerFilter};
use super::listing::{Entry, LevelCounts, Listing};
use super::order::{self, Cursor, Order};
use super::ratings::{Scored, Scores};

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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use palisade_model::{Confidence, Level};
    use palisade_store::{SourceLabelRow, SourcePackageId};

    use super::super::ratings::Ratings;
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
