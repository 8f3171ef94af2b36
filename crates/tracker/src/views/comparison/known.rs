//! What is kept in memory of one state of the database to compare states of branches: when packages
//! were there, and the vulnerabilities. What is kept is bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use palisade_store::{BranchId, Session, VulnerabilityHead};

use super::super::Score;
use super::entries::{keep, known};
use super::intervals::Intervals;
use crate::TrackerError;

/// Branches whose intervals are kept at the most.
const BRANCHES: usize = 16;

/// A vulnerability as lists show it, with its score.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) head: VulnerabilityHead,
    pub(super) score: Option<Score>,
}

/// What is kept.
#[derive(Debug, Default)]
pub(in crate::views) struct Known {
    intervals: Mutex<HashMap<BranchId, Arc<Intervals>>>,
    heads: Mutex<HashMap<i64, Arc<Head>>>,
}

impl Known {
    /// When packages were on a branch.
    pub(super) async fn intervals(
        &self,
        session: &mut Session,
        branch: BranchId,
    ) -> Result<Arc<Intervals>, TrackerError> {
        let all = || {
            self.intervals
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(intervals) = all().get(&branch) {
            return Ok(Arc::clone(intervals));
        }
        let read = Arc::new(Intervals::load(session, branch).await?);
        let mut all = all();
        if all.len() >= BRANCHES {
            all.clear();
        }
        Ok(Arc::clone(all.entry(branch).or_insert(read)))
    }

    /// Vulnerabilities as lists show them.
    pub(super) async fn heads(
        &self,
        session: &mut Session,
        ids: impl Iterator<Item = i64>,
    ) -> Result<HashMap<i64, Arc<Head>>, TrackerError> {
        let (mut found, missing) = known(&self.heads, ids);
        if !missing.is_empty() {
            let read = session.vulnerability_heads(&missing).await?.into_iter();
            let read = read.map(|head| {
                let score = Score::of(head.score.as_ref());
                (head.id, Arc::new(Head { head, score }))
            });
            keep(&self.heads, read.collect(), &mut found);
        }
        Ok(found)
    }
}
