//! Statistics: what is open on which branch, how old it is, and how it changes.

use std::collections::BTreeMap;

use palisade_model::{BranchName, Level, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::branch::OfBranch;
use super::listing::{LevelCounts, Listing};
use super::types::{DAY, MONDAY, WEEK};
use super::{BranchSummary, EpssDay, Reading, Views};
use crate::TrackerError;

/// Packages that are told.
const PACKAGES: usize = 20;

/// Weeks that are told.
const WEEKS: i64 = 26;

/// Ages that are told apart, each with the days under which it ends.
const AGES: [(&str, i64); 6] = [
    ("under a month", 30),
    ("under three months", 91),
    ("under a year", 365),
    ("under two years", 730),
    ("under five years", 1826),
    ("five years or more", i64::MAX / DAY),
];

/// Probabilities of exploitation that are told apart, each with that under which it ends.
const CHANCES: [(&str, f64); 5] = [
    ("under 0.1 %", 0.001),
    ("under 1 %", 0.01),
    ("under 10 %", 0.1),
    ("under 50 %", 0.5),
    ("50 % or more", f64::INFINITY),
];

/// The state of all branches in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StatisticsView {
    /// Each branch.
    pub branches: Vec<BranchSummary>,
    /// Affected pairs of vulnerability and package of each branch, by the time since the
    /// vulnerability was published.
    pub ages: Vec<BranchBuckets>,
    /// Of which day the EPSS scores are, if there are any.
    pub epss: Option<EpssDay>,
    /// The same by the probability of exploitation.
    pub chances: Vec<BranchBuckets>,
    /// The packages that most vulnerabilities affect, each on its worst branch.
    pub packages: Vec<BusyPackage>,
    /// Findings that were opened and closed in each of the last weeks, the earliest first.
    pub weeks: Vec<Week>,
}

/// Numbers of a branch by something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BranchBuckets {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// What is counted, with how many there are.
    pub buckets: Vec<(String, usize)>,
}

/// A package with many open findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BusyPackage {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The source package's name.
    pub name: String,
    /// Vulnerabilities that affect it.
    pub affected: usize,
    /// By level.
    pub levels: LevelCounts,
}

/// What happened in a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Week {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub begin: Timestamp,
    /// Findings that were opened.
    pub opened: i64,
    /// Findings that were closed.
    pub closed: i64,
}

impl Views {
    /// The state of all branches in numbers.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn statistics(&self, now: Timestamp) -> Result<StatisticsView, TrackerError> {
        let mut reading = self.reading().await?;
        let branches = self.summaries(&mut reading).await?;
        let listings = self.listings(&mut reading).await?;
        let age = |listing: &Listing| ages(listing, now);
        Ok(StatisticsView {
            branches,
            epss: EpssDay::newest(&self.cache, &mut reading, now).await?,
            ages: buckets(&listings, age),
            chances: buckets(&listings, chances),
            packages: packages(&listings),
            weeks: weeks(&mut reading, now).await?,
        })
    }
}

fn buckets(
    listings: &[OfBranch],
    count: impl Fn(&Listing) -> Vec<(String, usize)>,
) -> Vec<BranchBuckets> {
    let of_branch = |(branch, listing): &OfBranch| BranchBuckets {
        branch: branch.clone(),
        buckets: count(listing),
    };
    listings.iter().map(of_branch).collect()
}

fn ages(listing: &Listing, now: Timestamp) -> Vec<(String, usize)> {
    let mut counts = [0; AGES.len()];
    let mut unknown = 0;
    for entry in listing.entries.iter().filter(|entry| entry.status == 0) {
        match listing.head(entry).published {
            Some(published) => {
                let days = (now.as_microsecond() - published) / DAY;
                let at = AGES.iter().position(|(_, end)| days < *end);
                counts[at.unwrap_or(AGES.len() - 1)] += 1;
            }
            None => unknown += 1,
        }
    }
    let labels = AGES.iter().map(|(label, _)| (*label).to_owned());
    let mut told: Vec<(String, usize)> = labels.zip(counts).collect();
    told.push(("not known".to_owned(), unknown));
    told
}

fn chances(listing: &Listing) -> Vec<(String, usize)> {
    let mut counts = [0; CHANCES.len()];
    let mut unknown = 0;
    for entry in listing.entries.iter().filter(|entry| entry.status == 0) {
        match listing.head(entry).epss {
            Some(epss) => {
                let at = CHANCES.iter().position(|(_, end)| epss < *end);
                counts[at.unwrap_or(CHANCES.len() - 1)] += 1;
            }
            None => unknown += 1,
        }
    }
    let labels = CHANCES.iter().map(|(label, _)| (*label).to_owned());
    let mut told: Vec<(String, usize)> = labels.zip(counts).collect();
    told.push(("not known".to_owned(), unknown));
    told
}

fn packages(listings: &[OfBranch]) -> Vec<BusyPackage> {
    let mut worst: BTreeMap<(&str, &str), BusyPackage> = BTreeMap::new();
    for (branch, listing) in listings {
        // A vulnerability counts once, however many versions of the package it affects.
        let mut on_branch: BTreeMap<&str, BTreeMap<u32, Option<Level>>> = BTreeMap::new();
        for entry in listing.entries.iter().filter(|entry| entry.status == 0) {
            let open = on_branch.entry(&listing.source(entry).name).or_default();
            open.insert(entry.vulnerability, listing.level(entry));
        }
        for (name, open) in on_branch {
            let affected = open.len();
            let mut levels = LevelCounts::default();
            for level in open.into_values() {
                levels.add(level);
            }
            let package = BusyPackage {
                branch: branch.clone(),
                name: name.to_owned(),
                affected,
                levels,
            };
            let key = (branch.distribution().as_str(), name);
            let known = worst.entry(key).or_insert_with(|| package.clone());
            if known.affected < affected {
                *known = package;
            }
        }
    }
    let mut all: Vec<BusyPackage> = worst.into_values().collect();
    all.sort_by(|a, b| {
        b.affected
            .cmp(&a.affected)
            .then_with(|| a.name.cmp(&b.name))
    });
    all.truncate(PACKAGES);
    all
}

async fn weeks(reading: &mut Reading, now: Timestamp) -> Result<Vec<Week>, TrackerError> {
    let this = (now.as_microsecond() - MONDAY).div_euclid(WEEK);
    let first = this - WEEKS + 1;
    let mut weeks = Vec::new();
    for number in first..=this {
        let begin = Timestamp::from_microsecond(number * WEEK + MONDAY);
        weeks.push(Week {
            begin: begin.unwrap_or(Timestamp::UNIX_EPOCH),
            opened: 0,
            closed: 0,
        });
    }
    let counts = reading
        .session
        .event_counts(["finding.opened", "finding.closed"], MONDAY, WEEK, first)
        .await?;
    for (kind, number, count) in counts {
        let at = usize::try_from(number - first).ok();
        if let Some(week) = at.and_then(|at| weeks.get_mut(at)) {
            if kind == "finding.opened" {
                week.opened = count;
            } else {
                week.closed = count;
            }
        }
    }
    Ok(weeks)
}
