//! What is kept in memory of one state of the database to compare states of branches: when packages
//! were there, and the vulnerabilities. What is kept is bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use palisade_store::{BranchId, BranchState, Intervals as Which, Session, VulnerabilityHead};

use super::super::Score;
use super::entries::{keep, known};
use super::intervals::Intervals;
use crate::TrackerError;

/// Revisions of a branch up to which all its intervals are kept: some 20 MB for 60 packages that each
/// of them changes.
const WHOLE: i64 = 5_000;

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
    /// When packages were on the branches of two states.
    pub(super) async fn intervals(
        &self,
        session: &mut Session,
        from: BranchState,
        to: BranchState,
    ) -> Result<[Arc<Intervals>; 2], TrackerError> {
        if from.branch == to.branch {
            let way = Which::Between(from.position, to.position);
            let both = self.of_branch(session, from.branch, way).await?;
            return Ok([Arc::clone(&both), both]);
        }
        let (here, there) = (Which::At(from.position), Which::At(to.position));
        let before = self.of_branch(session, from.branch, here).await?;
        Ok([before, self.of_branch(session, to.branch, there).await?])
    }

    /// All intervals of a branch that a proposal changes: it may bring back what was there long ago.
    pub(super) async fn all_intervals(
        &self,
        session: &mut Session,
        branch: BranchId,
    ) -> Result<Arc<Intervals>, TrackerError> {
        self.of_branch(session, branch, Which::All).await
    }

    /// All intervals of a branch; of one that has very many, those that are needed.
    async fn of_branch(
        &self,
        session: &mut Session,
        branch: BranchId,
        needed: Which,
    ) -> Result<Arc<Intervals>, TrackerError> {
        let kept = || {
            self.intervals
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(intervals) = kept().get(&branch) {
            return Ok(Arc::clone(intervals));
        }
        if session.count_revisions(branch).await? > WHOLE {
            return Ok(Arc::new(Intervals::load(session, branch, needed).await?));
        }
        let read = Arc::new(Intervals::load(session, branch, Which::All).await?);
        let mut kept = kept();
        if kept.len() >= BRANCHES {
            kept.clear();
        }
        Ok(Arc::clone(kept.entry(branch).or_insert(read)))
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
