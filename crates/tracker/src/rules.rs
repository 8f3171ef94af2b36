//! Judging again when the rules changed, and timing it.

use std::time::Duration;

use palisade_matching::RULES_VERSION;
use palisade_store::{BranchId, Session, SourcePackageId, Store};

use crate::derive::Deriver;
use crate::{Progress, TrackerError};

/// The setting that has the number of the rules by which all findings were derived.
const SETTING: &str = "rules";

/// Derives all findings anew if those that are stored come from other rules, or nothing says from
/// which; tells whether it did. A new database only gets the rules' number.
///
/// # Errors
/// When the database refuses; then nothing is changed.
pub async fn follow_rules(
    store: &Store,
    now: i64,
    progress: &dyn Progress,
) -> Result<bool, TrackerError> {
    // Mostly there is nothing to do, and then nobody who writes has to be waited for.
    if are_followed(&mut store.read().await?).await? {
        return Ok(false);
    }
    let mut session = store.write().await?;
    // Whoever wrote in the meantime may have done it.
    if are_followed(&mut session).await? {
        return Ok(false);
    }
    let branches = session.branches().await?;
    for (branch, distribution, name) in &branches {
        progress.step(&format!("judging {distribution}/{name} by the new rules"));
        let sources = sources_of(&mut session, *branch).await?;
        let mut deriver = Deriver::new(now);
        deriver.sources(&mut session, *branch, &sources).await?;
    }
    let current = RULES_VERSION.to_string();
    session.set_setting(SETTING, &current).await?;
    session.commit().await?;
    Ok(!branches.is_empty())
}

/// Whether what is stored was judged by the rules of this program.
async fn are_followed(session: &mut Session) -> Result<bool, TrackerError> {
    let known = session.setting(SETTING).await?;
    Ok(known == Some(RULES_VERSION.to_string()))
}

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

/// Judges all source packages that are on a branch now, and writes nothing.
///
/// # Errors
/// When the database refuses.
pub async fn judge_branch(
    store: &Store,
    distribution: &str,
    name: &str,
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
    let mut deriver = Deriver::new(0);
    deriver
        .judge_sources(&mut session, branch, &sources)
        .await?;
    Ok(deriver.judged(sources.len()))
}

/// Judges vulnerabilities again wherever they may touch, and writes nothing.
///
/// # Errors
/// When the database refuses.
pub async fn judge_vulnerabilities(store: &Store, ids: &[i64]) -> Result<Judged, TrackerError> {
    let mut session = store.read().await?;
    let mut deriver = Deriver::new(0);
    deriver.judge_vulnerabilities(&mut session, ids).await?;
    Ok(deriver.judged(ids.len()))
}

async fn sources_of(
    session: &mut Session,
    branch: BranchId,
) -> Result<Vec<SourcePackageId>, TrackerError> {
    let mut sources: Vec<SourcePackageId> = session
        .sources_of_branch(branch)
        .await?
        .into_iter()
        .collect();
    sources.sort_unstable();
    Ok(sources)
}
