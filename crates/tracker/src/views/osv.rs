//! What OSV's interface asks: which records speak of a version of a package, and one record whole.
//!
//! Of a distribution's branch that is kept here, findings answer; of a version that never was on it,
//! matching, as if it were. All else is answered by the records that name the package in its own
//! ecosystem. A record of OSV's is given as it was published, with what was found on the branches
//! in place of what it says of their packages; of a vulnerability without one, a record is made.

mod affected;
mod document;
mod ranges;
mod records;

use palisade_formats::osv::Whose;
use palisade_model::Timestamp;

use super::types::time;
use super::vulnerability::CHOICES;
use super::{Reading, Views};
use crate::TrackerError;

/// Feeds whose records are published under names of their own and speak of packages of registries.
const KINDS: [&str; 2] = ["osv", "rustsec"];

/// A package of which it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OsvQuery {
    /// Whose package it is; anybody's if that is not said.
    pub whose: Option<Whose>,
    /// The package.
    pub name: String,
    /// The version; without one, all that was ever said of the package.
    pub version: Option<String>,
}

/// A record that speaks of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OsvHit {
    /// The record's identifier.
    pub id: String,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// What an identifier leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum OsvAnswer {
    /// The record.
    Found(Box<serde_json::Value>),
    /// No record of that name, but records that give it as another name of theirs.
    Aliases(Vec<String>),
    /// Nothing.
    Unknown,
}

/// Answers questions of OSV's interface about one state of the database.
#[derive(Debug)]
pub struct OsvReader {
    reading: Reading,
}

impl Views {
    /// Begins to answer: all that one reader is asked is answered of the same state.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn osv(&self) -> Result<OsvReader, TrackerError> {
        Ok(OsvReader {
            reading: self.reading().await?,
        })
    }
}

impl OsvReader {
    /// The records that speak of a version of a package, by identifier.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn query(&mut self, query: &OsvQuery) -> Result<Vec<OsvHit>, TrackerError> {
        let mut ids = Vec::new();
        let (name, version) = (query.name.as_str(), query.version.as_deref());
        let everybody = query
            .whose
            .is_none()
            .then(|| records::everybody(&self.reading));
        for whose in query.whose.iter().chain(everybody.iter().flatten()) {
            let found = match whose {
                Whose::Distribution {
                    distribution,
                    branch,
                } => {
                    let place = affected::Place {
                        distribution,
                        branch: branch.as_deref(),
                    };
                    affected::ids(&mut self.reading, place, name, version).await?
                }
                Whose::Registry(_) => None,
            };
            ids.extend(match found {
                Some(found) => found,
                None => records::ids(&mut self.reading, whose, name, version).await?,
            });
        }
        ids.sort_unstable();
        ids.dedup();
        self.hits(ids).await
    }

    async fn hits(&mut self, ids: Vec<String>) -> Result<Vec<OsvHit>, TrackerError> {
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut times = std::collections::HashMap::new();
        for found in self.reading.session.modified_names(&KINDS, &names).await? {
            let latest = times.entry(found.name).or_insert(0);
            *latest = found.modified.unwrap_or(0).max(*latest);
        }
        let hit = |id: String| OsvHit {
            modified: time(times.get(&id).copied().unwrap_or(0)),
            id,
        };
        Ok(ids.into_iter().map(hit).collect())
    }

    /// The record of an identifier in its canonical spelling.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn record(&mut self, id: &str) -> Result<OsvAnswer, TrackerError> {
        let mut hits = self.hits(vec![id.to_owned()]).await?;
        self.record_of(&hits.remove(0)).await
    }

    /// The record of a hit.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn record_of(&mut self, hit: &OsvHit) -> Result<OsvAnswer, TrackerError> {
        if let Some(found) = document::document(&mut self.reading, hit).await? {
            return Ok(OsvAnswer::Found(Box::new(found)));
        }
        let session = &mut self.reading.session;
        let names = session.vulnerabilities_of_alias(&hit.id, CHOICES).await?;
        Ok(if names.is_empty() {
            OsvAnswer::Unknown
        } else {
            OsvAnswer::Aliases(names)
        })
    }
}
