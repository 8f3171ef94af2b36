//! What matters now.

use std::collections::BTreeMap;
use std::sync::Arc;

use palisade_model::{BranchName, Timestamp};
use serde::Serialize;

use super::branch::items;
use super::feeds::{ImportSummaryView, import_summary};
use super::listing::{Entry, FindingQuery, Listing, Sort};
use super::types::time;
use super::{BranchSummary, FindingItem, Reading, Score, Views};
use crate::TrackerError;

/// Vulnerabilities of each kind.
const SHOWN: usize = 12;

/// The front page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HomeView {
    /// The branches in numbers.
    pub branches: Vec<BranchSummary>,
    /// Known to be exploited and open, the latest first.
    pub exploited: Vec<HotVulnerability>,
    /// The highest scored that are open.
    pub worst: Vec<HotVulnerability>,
    /// The findings that were derived last, the worst first.
    pub newest: Vec<FindingItem>,
    /// What was imported last.
    pub imports: Vec<ImportSummaryView>,
    /// What happened last.
    pub events: Vec<EventView>,
}

/// A vulnerability and where it is open.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// The packages that it affects: branch, package.
    pub places: Vec<(BranchName, String)>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventView {
    /// Its number.
    pub number: i64,
    /// When.
    pub time: Timestamp,
    /// What kind of change.
    pub kind: String,
    /// The branch.
    pub branch: Option<BranchName>,
    /// The source package.
    pub package: Option<String>,
    /// The vulnerability.
    pub vulnerability: Option<String>,
    /// The change in words.
    pub says: String,
}

impl Views {
    /// What matters now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn home(&self) -> Result<HomeView, TrackerError> {
        let mut reading = self.reading().await?;
        let branches = self.summaries(&mut reading).await?;
        let mut listings = Vec::new();
        for (id, name) in reading.places.branches.clone() {
            listings.push((name, self.cache.listing(&mut reading, (id, None)).await?));
        }
        let newest = newest(&mut reading, &listings).await?;
        let imports = reading.session.imports(8).await?;
        Ok(HomeView {
            branches,
            exploited: exploited(&listings),
            worst: worst(&listings),
            newest,
            imports: imports.into_iter().map(import_summary).collect(),
            events: events(&mut reading, 8).await?,
        })
    }
}

type Listings = [(BranchName, Arc<Listing>)];

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
            places: Vec::new(),
        });
        let place = (branch.clone(), listing.source(entry).name.clone());
        if !hot.places.contains(&place) {
            hot.places.push(place);
        }
    }
    found
}

fn exploited(listings: &Listings) -> Vec<HotVulnerability> {
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

fn worst(listings: &Listings) -> Vec<HotVulnerability> {
    // The worst of all branches are among the worst of each; a branch may hold one several times.
    let query = FindingQuery {
        limit: SHOWN * 8,
        ..FindingQuery::default()
    };
    let entries = listings.iter().flat_map(|(branch, listing)| {
        let part = listing.select(&query).part;
        part.into_iter()
            .map(move |at| (branch, &**listing, &listing.entries[at as usize]))
    });
    let mut found: Vec<HotVulnerability> = hot(entries).into_values().collect();
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
    listings: &Listings,
) -> Result<Vec<FindingItem>, TrackerError> {
    let query = FindingQuery {
        sort: Sort::Newest,
        limit: SHOWN,
        ..FindingQuery::default()
    };
    let mut found = Vec::new();
    for (branch, listing) in listings {
        let part = listing.select(&query).part;
        let entries: Vec<&Entry> = part
            .iter()
            .map(|at| &listing.entries[*at as usize])
            .collect();
        found.extend(items(reading, listing, branch, None, &entries).await?);
    }
    // Each branch's part is sorted; of equally new ones the first branch's come first.
    found.sort_by_key(|item| std::cmp::Reverse(item.first_seen));
    found.truncate(SHOWN);
    Ok(found)
}

async fn events(reading: &mut Reading, limit: i64) -> Result<Vec<EventView>, TrackerError> {
    let rows = reading.session.latest_events(limit).await?;
    let view = |row: palisade_store::EventRow| EventView {
        number: row.id,
        time: time(row.time),
        kind: row.kind,
        branch: row
            .branch
            .and_then(|branch| reading.places.name(branch).cloned()),
        package: row.package,
        vulnerability: row.vulnerability,
        says: row.says,
    };
    Ok(rows.into_iter().map(view).collect())
}
