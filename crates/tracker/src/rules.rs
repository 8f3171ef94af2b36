//! Judging again when the rules changed, and timing it.

use std::collections::HashMap;
use std::time::Duration;

use palisade_matching::RULES_VERSION;
use palisade_store::{BranchId, Session, SourcePackageId, Store};

use crate::derive::Deriver;
use crate::news::tell_changes;
use crate::{Progress, TrackerError};

const SETTING: &str = "rules";

/// Derives all findings anew if the database was written under other rules.
///
/// # Errors
/// When the database refuses; then nothing is changed.
pub async fn follow_rules(
    store: &Store,
    now: i64,
    progress: &dyn Progress,
) -> Result<bool, TrackerError> {
    let current = RULES_VERSION.to_string();
    let mut session = store.write().await?;
    let known = session.setting(SETTING).await?;
    if known.as_deref() == Some(current.as_str()) {
        return Ok(false);
    }
    let changed = known.is_some();
    if changed {
        for (branch, distribution, name) in session.branches().await? {
            progress.step(&format!("judging {distribution}/{name} by the new rules"));
            let sources = sources_of(&mut session, branch).await?;
            let differences = Deriver::new(now)
                .sources(&mut session, branch, &sources)
                .await?;
            tell_changes(&mut session, now, differences, &HashMap::new()).await?;
        }
    }
    session.set_setting(SETTING, &current).await?;
    session.commit().await?;
    Ok(changed)
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
