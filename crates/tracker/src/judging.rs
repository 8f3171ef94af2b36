//! Judging without writing, for those who measure what it takes.

use std::time::Duration;

use palisade_store::Store;

use crate::TrackerError;
use crate::derive::Deriver;

/// What judging took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Judged {
    /// Source packages or vulnerabilities judged.
    pub subjects: usize,
    /// Findings that are stored afterwards for them.
    pub findings: usize,
    /// Reading and decoding what is stored.
    pub loading: Duration,
    /// Judging alone.
    pub judging: Duration,
}

/// Judges all source packages that are on a branch now, and writes nothing. What it takes is
/// measured by the given clock.
///
/// # Errors
/// When the database refuses.
pub async fn judge_branch(
    store: &Store,
    distribution: &str,
    name: &str,
    clock: fn() -> Duration,
) -> Result<Judged, TrackerError> {
    let mut session = store.read().await?;
    let branches = session.branches().await?;
    let branch = branches
        .iter()
        .find(|(_, d, n)| d == distribution && n == name);
    let Some(&(branch, _, _)) = branch else {
        return Ok(Judged::default());
    };
    let sources = session.open_sources(branch).await?;
    let mut deriver = Deriver::new(0).with_clock(clock);
    deriver
        .judge_sources(&mut session, branch, &sources)
        .await?;
    Ok(deriver.judged(sources.len()))
}

/// Judges vulnerabilities again wherever they may touch, and writes nothing. What it takes is
/// measured by the given clock.
///
/// # Errors
/// When the database refuses.
pub async fn judge_vulnerabilities(
    store: &Store,
    ids: &[i64],
    clock: fn() -> Duration,
) -> Result<Judged, TrackerError> {
    let mut session = store.read().await?;
    let mut deriver = Deriver::new(0).with_clock(clock);
    deriver.judge_vulnerabilities(&mut session, ids).await?;
    Ok(deriver.judged(ids.len()))
}
