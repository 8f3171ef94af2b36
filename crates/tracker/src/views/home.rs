//! What matters now.

use std::collections::BTreeMap;

use palisade_model::{BranchName, Confidence, Level, Timestamp};
use palisade_store::EventQuery;
use serde::Serialize;
use utoipa::ToSchema;

use super::branch::{OfBranch, items};
use super::events::event_views;
use super::feeds::{ImportSummaryView, import_summary};
use super::filter::{FindingFilter, FindingQuery, Sort};
use super::listing::{Entry, Listing};
use super::types::{WEEK, time};
use super::{BranchSummary, EpssDay, EventView, FindingItem, Reading, Score, Views};
use crate::TrackerError;

/// Vulnerabilities of each kind.
const SHOWN: usize = 12;

/// The front page.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HomeView {
    /// The branches in numbers.
    pub branches: Vec<BranchSummary>,
    /// Of which day the EPSS scores are, if there are any.
    pub epss: Option<EpssDay>,
    /// Known to be exploited and open, the latest first.
    pub exploited: Vec<HotVulnerability>,
    /// The highest scored that are open.
    pub worst: Vec<HotVulnerability>,
    /// Those of a high or critical score that are open and longest published.
    pub oldest: Vec<HotVulnerability>,
    /// The findings that were derived last, the worst first.
    pub newest: Vec<FindingItem>,
    /// What was closed within a week: fixed, gone, or found not to concern the package.
    pub closed: Vec<EventView>,
    /// How many were closed within a week; counted to a limit.
    pub closed_count: usize,
    /// What was imported last.
    pub imports: Vec<ImportSummaryView>,
    /// What happened last.
    pub events: Vec<EventView>,
}

/// A vulnerability and where it is open.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HotVulnerability {
    /// Its name.
    pub name: String,
    /// Its heading.
    pub title: Option<String>,
    /// Its foremost base score.
    pub score: Option<Score>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
    /// The probability of exploitation within 30 days.
    pub epss: Option<f64>,
    /// When it was first published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published: Option<Timestamp>,
    /// The packages that it affects: branch, package.
    #[schema(value_type = Vec<Vec<String>>)]
    pub places: Vec<(BranchName, String)>,
}

impl HomeView {
    /// Closed findings that are counted at the most.
    pub const CLOSED_COUNTED: usize = 1000;
}

impl Views {
    /// What matters now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn home(&self, now: Timestamp) -> Result<HomeView, TrackerError> {
        let mut reading = self.reading().await?;
        let branches = self.summaries(&mut reading).await?;
        let listings = self.listings(&mut reading).await?;
        let newest = newest(&mut reading, &listings).await?;
        let imports = reading.session.imports(8).await?;
        let mut closed = closed_within_a_week(&mut reading, now).await?;
        let closed_count = closed.len();
        closed.truncate(SHOWN);
        let events = EventQuery {
            limit: 8,
            ..EventQuery::default()
        };
        let events = reading.session.events_before(None, &events).await?;
        Ok(HomeView {
            branches,
            epss: EpssDay::newest(&self.cache, &mut reading, now).await?,
            exploited: exploited(&listings),
            worst: worst(&listings),
            oldest: oldest(&listings),
            newest,
            closed,
            closed_count,
            imports: imports.into_iter().map(import_summary).collect(),
            events: event_views(&reading.places, events),
        })
    }
}

/// Affected entries of all branches, by vulnerability.
fn hot<'a>(
    entries: impl Iterator<Item = (&'a BranchName, &'a Listing, &'a Entry)>,
) -> BTreeMap<&'a str, HotVulnerability> {
    let mut found: BTreeMap<&str, HotVulnerability> = BTreeMap::new();
    for (branch, listing, entry) in entries {
        let head = listing.head(entry);
        let hot = found.entry(&head.name).or_insert_with(|| HotVulnerability {
            name: head.name.clone(),
            title: head.title.clone(),
            score: Score::of(head.score.as_ref()),
            exploited_since: head.exploited_since.clone(),
            epss: head.epss,
            published: head.published.map(time),
            places: Vec::new(),
        });
        let place = (branch.clone(), listing.source(entry).name.clone());
        if !hot.places.contains(&place) {
            hot.places.push(place);
        }
    }
    found
}

fn exploited(listings: &[OfBranch]) -> Vec<HotVulnerability> {
    let entries = listings.iter().flat_map(|(branch, listing)| {
        let open = listing
            .entries
            .iter()
            .filter(|entry| entry.status == 0 && listing.head(entry).exploited_since.is_some());
        open.map(move |entry| (branch, &**listing, entry))
    });
    let mut found: Vec<HotVulnerability> = hot(entries).into_values().collect();
    found.sort_by(|a, b| {
        b.exploited_since
            .cmp(&a.exploited_since)
            .then(b.name.cmp(&a.name))
    });
    found.truncate(SHOWN);
    found
}

/// The first of each branch in an order: those of all branches are among them, and a branch may
/// hold one several times.
fn first(listings: &[OfBranch], query: &FindingQuery) -> Vec<HotVulnerability> {
    let entries = listings.iter().flat_map(|(branch, listing)| {
        let part = listing.select(query).entries();
        part.into_iter()
            .map(move |entry| (branch, &**listing, entry))
    });
    hot(entries).into_values().collect()
}

fn oldest(listings: &[OfBranch]) -> Vec<HotVulnerability> {
    let query = FindingQuery {
        filter: FindingFilter {
            minimum_level: Some(Level::High),
            minimum_confidence: Some(Confidence::Likely),
            ..FindingFilter::default()
        },
        sort: Sort::Oldest,
        limit: SHOWN * 8,
        ..FindingQuery::default()
    };
    let mut found = first(listings, &query);
    found.retain(|hot| hot.published.is_some());
    found.sort_by(|a, b| a.published.cmp(&b.published).then(a.name.cmp(&b.name)));
    found.truncate(SHOWN);
    found
}

fn worst(listings: &[OfBranch]) -> Vec<HotVulnerability> {
    let query = FindingQuery {
        limit: SHOWN * 8,
        ..FindingQuery::default()
    };
    let mut found = first(listings, &query);
    let key = |hot: &HotVulnerability| {
        let score = hot
            .score
            .as_ref()
            .map_or((None, 0.0), |score| (Some(score.level), score.score));
        (score.0, score.1, hot.epss.unwrap_or(-1.0))
    };
    found.sort_by(|a, b| {
        let (left, right) = (key(a), key(b));
        (right.0.cmp(&left.0))
            .then(right.1.total_cmp(&left.1))
            .then(right.2.total_cmp(&left.2))
            .then(b.name.cmp(&a.name))
    });
    found.truncate(SHOWN);
    found
}

async fn newest(
    reading: &mut Reading,
    listings: &[OfBranch],
) -> Result<Vec<FindingItem>, TrackerError> {
    let query = FindingQuery {
        sort: Sort::Newest,
        limit: SHOWN,
        ..FindingQuery::default()
    };
    let mut found = Vec::new();
    for (branch, listing) in listings {
        let selection = listing.select(&query);
        found.extend(items(reading, listing, branch, None, &selection).await?);
    }
    // Each branch's part is sorted; of equally new ones the first branch's come first.
    found.sort_by_key(|item| std::cmp::Reverse(item.first_seen));
    found.truncate(SHOWN);
    Ok(found)
}

async fn closed_within_a_week(
    reading: &mut Reading,
    now: Timestamp,
) -> Result<Vec<EventView>, TrackerError> {
    let closed = EventQuery {
        kind: Some("finding.closed".to_owned()),
        limit: i64::try_from(HomeView::CLOSED_COUNTED).unwrap_or(i64::MAX),
        ..EventQuery::default()
    };
    let begin = now.as_microsecond() - WEEK;
    let mut rows = reading.session.events_before(None, &closed).await?;
    rows.retain(|row| row.time >= begin);
    Ok(event_views(&reading.places, rows))
}
