//! The orders in which findings are listed, and places in them.
//!
//! A place is told by what stood there, not by a number: a list goes on behind it even when findings
//! came or went before it, or the one that stood there is gone.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_model::Level;
use palisade_store::{SourceLabelRow, VulnerabilityHead};
use serde::{Deserialize, Serialize};

use super::filter::Sort;
use super::listing::{Entry, Listing};
use super::ratings::Scores;

/// Bytes of a written cursor at the most.
const CURSOR_BYTES: usize = 1000;

/// A place in an order of findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(rename = "o")]
    sort: Sort,
    #[serde(rename = "s")]
    score: Option<(Level, f64)>,
    #[serde(rename = "x")]
    exploited: bool,
    #[serde(rename = "e")]
    epss: Option<f64>,
    #[serde(rename = "d")]
    published: Option<i64>,
    #[serde(rename = "v")]
    vulnerability: String,
    #[serde(rename = "p")]
    package: String,
    #[serde(rename = "n")]
    version: String,
    #[serde(rename = "i")]
    source: i64,
    #[serde(rename = "f")]
    first_seen: i64,
}

/// A text that is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no place that a list gave")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(text))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if text.len() > CURSOR_BYTES {
            return Err(InvalidCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        serde_json::from_slice(&bytes).map_err(|_| InvalidCursor)
    }
}

impl Cursor {
    /// In which order it is a place.
    pub fn sort(&self) -> Sort {
        self.sort
    }
}

/// By what the worst come first.
struct Worst<'a> {
    score: Option<(Level, f64)>,
    exploited: bool,
    epss: Option<f64>,
    name: &'a str,
}

impl<'a> Worst<'a> {
    fn of(head: &'a VulnerabilityHead, score: Option<(Level, f64)>) -> Self {
        Self {
            score,
            exploited: head.exploited_since.is_some(),
            epss: head.epss,
            name: &head.name,
        }
    }

    fn of_cursor(cursor: &'a Cursor) -> Self {
        Self {
            score: cursor.score,
            exploited: cursor.exploited,
            epss: cursor.epss,
            name: &cursor.vulnerability,
        }
    }
}

/// Less is shown first.
fn worst_first(left: &Worst<'_>, right: &Worst<'_>) -> Ordering {
    let level = |score: Option<(Level, f64)>| score.map(|(level, _)| level);
    let points = |score: Option<(Level, f64)>| score.map_or(-1.0, |(_, points)| points);
    (level(right.score).cmp(&level(left.score)))
        .then(points(right.score).total_cmp(&points(left.score)))
        .then(right.exploited.cmp(&left.exploited))
        .then(chance(right.epss).total_cmp(&chance(left.epss)))
        .then(right.name.cmp(left.name))
}

/// Less is shown first.
fn probable_first(left: &Worst<'_>, right: &Worst<'_>) -> Ordering {
    chance(right.epss)
        .total_cmp(&chance(left.epss))
        .then_with(|| worst_first(left, right))
}

fn chance(epss: Option<f64>) -> f64 {
    epss.unwrap_or(-1.0)
}

/// The place of each vulnerability when the worst come first.
pub(super) fn by_score(heads: &[VulnerabilityHead], scores: &[Option<(Level, f64)>]) -> Vec<u32> {
    ranks(heads.len(), |a, b| {
        worst_first(
            &Worst::of(&heads[a], scores[a]),
            &Worst::of(&heads[b], scores[b]),
        )
    })
}

/// The place of each vulnerability when the most probably exploited come first.
pub(super) fn by_epss(heads: &[VulnerabilityHead], scores: &[Option<(Level, f64)>]) -> Vec<u32> {
    ranks(heads.len(), |a, b| {
        probable_first(
            &Worst::of(&heads[a], scores[a]),
            &Worst::of(&heads[b], scores[b]),
        )
    })
}

/// The places of source packages by name, the same for the same name, and by name and version.
pub(super) fn by_name_and_version(sources: &[SourceLabelRow]) -> (Vec<u32>, Vec<u32>) {
    let by_version = ranks(sources.len(), |a, b| {
        version(&sources[a]).cmp(&version(&sources[b]))
    });
    let mut first = std::collections::HashMap::new();
    for (source, rank) in sources.iter().zip(&by_version) {
        let known = first.entry(source.name.as_str()).or_insert(*rank);
        *known = (*known).min(*rank);
    }
    let by_name = sources.iter().map(|source| first[source.name.as_str()]);
    (by_name.collect(), by_version)
}

fn version(source: &SourceLabelRow) -> (&str, &str, i64) {
    (&source.name, &source.version, source.id.0)
}

/// The place of each of `count` things in an order.
fn ranks(count: usize, order: impl Fn(usize, usize) -> Ordering) -> Vec<u32> {
    let mut sorted: Vec<usize> = (0..count).collect();
    sorted.sort_unstable_by(|a, b| order(*a, *b));
    let mut ranks = vec![0; count];
    for (rank, place) in (0_u32..).zip(sorted) {
        ranks[place] = rank;
    }
    ranks
}

/// What orders entries: less is shown first. Places of things that are there are odd, and what a
/// cursor names that is gone stands at an even place between them.
pub(super) type Key = (i64, u64, u64);

/// An order of the entries of a listing.
pub(super) struct Order<'a> {
    listing: &'a Listing,
    scores: &'a Scores,
    sort: Sort,
}

impl<'a> Order<'a> {
    pub(super) fn new(listing: &'a Listing, scores: &'a Scores, sort: Sort) -> Self {
        Self {
            listing,
            scores,
            sort,
        }
    }

    pub(super) fn key(&self, entry: &Entry) -> Key {
        let (of_vulnerability, of_source) = (entry.vulnerability as usize, entry.source as usize);
        let score = there(self.scores.by_score[of_vulnerability]);
        let version = there(self.listing.by_version[of_source]);
        match self.sort {
            Sort::Score => (0, score, version),
            Sort::Epss => (0, there(self.scores.by_epss[of_vulnerability]), version),
            Sort::Package => {
                let name = there(self.listing.by_name[of_source]);
                (first(name), score, version)
            }
            Sort::Newest => (latest_first(entry.first_seen), score, version),
            Sort::Oldest => {
                let head = &self.listing.vulnerabilities[of_vulnerability];
                (published(head.published), score, version)
            }
        }
    }

    /// The place of a cursor of this order.
    pub(super) fn place(&self, cursor: &Cursor) -> Key {
        let worst = Worst::of_cursor(cursor);
        let score = self.vulnerability(&worst, worst_first);
        let named = (&*cursor.package, &*cursor.version, cursor.source);
        let sources = &self.listing.sources;
        let version = place(sources.iter().map(|it| version(it).cmp(&named)));
        match self.sort {
            Sort::Score => (0, score, version),
            Sort::Epss => (0, self.vulnerability(&worst, probable_first), version),
            Sort::Package => {
                let name = place(sources.iter().map(|it| it.name.cmp(&cursor.package)));
                (first(name), score, version)
            }
            Sort::Newest => (latest_first(cursor.first_seen), score, version),
            Sort::Oldest => (published(cursor.published), score, version),
        }
    }

    fn vulnerability(
        &self,
        worst: &Worst<'_>,
        order: fn(&Worst<'_>, &Worst<'_>) -> Ordering,
    ) -> u64 {
        let heads = self.listing.vulnerabilities.iter().zip(&self.scores.each);
        place(
            heads
                .map(|(head, score)| order(&Worst::of(head, score.as_ref().map(|it| it.0)), worst)),
        )
    }

    /// The place of an entry, to go on behind it.
    pub(super) fn cursor(&self, entry: &Entry) -> Cursor {
        let (head, source) = (self.listing.head(entry), self.listing.source(entry));
        let score = &self.scores.each[entry.vulnerability as usize];
        Cursor {
            sort: self.sort,
            score: score.as_ref().map(|it| it.0),
            exploited: head.exploited_since.is_some(),
            epss: head.epss,
            published: head.published,
            vulnerability: head.name.clone(),
            package: source.name.clone(),
            version: source.version.clone(),
            source: source.id.0,
            first_seen: entry.first_seen,
        }
    }
}

fn first(place: u64) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

/// A cursor may have any number.
fn latest_first(time: i64) -> i64 {
    time.saturating_neg()
}

/// What has no date comes last.
fn published(time: Option<i64>) -> i64 {
    time.unwrap_or(i64::MAX)
}

fn there(rank: u32) -> u64 {
    u64::from(rank) * 2 + 1
}

/// The place of something among things that are before, at or behind it.
fn place(things: impl Iterator<Item = Ordering>) -> u64 {
    let (mut before, mut is_there) = (0_u64, false);
    for thing in things {
        match thing {
            Ordering::Less => before += 1,
            Ordering::Equal => is_there = true,
            Ordering::Greater => {}
        }
    }
    before * 2 + u64::from(is_there)
}

/// Sorts by what counts up to the end of a part, and gives that part.
pub(super) fn part(
    mut found: Vec<u32>,
    offset: usize,
    limit: usize,
    key: impl Fn(&u32) -> Key,
) -> Vec<u32> {
    let start = offset.min(found.len());
    let end = offset.saturating_add(limit).min(found.len());
    if end < found.len() && end > 0 {
        found.select_nth_unstable_by_key(end - 1, &key);
    }
    found.truncate(end);
    found.sort_by_cached_key(key);
    found.drain(..start);
    found
}
