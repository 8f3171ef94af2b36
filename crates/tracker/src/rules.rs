//! Judging again when the rules changed.

use std::collections::HashMap;

use palisade_matching::RULES_VERSION;
use palisade_store::{BranchId, Session, SourcePackageId, Store};

use crate::derive::{Deriver, load_advisories, load_subjects};
use crate::encoding::key_hash;
use crate::news::tell_changes;
use crate::substance::make_substances;
use crate::{Progress, TrackerError};

/// The setting that has the number of the rules by which all findings were derived.
const SETTING: &str = "rules";

/// Source packages or advisories whose keys are renewed at once.
const CHUNK: usize = 10_000;

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
    make_substances(store, progress).await?;
    // Mostly there is nothing to do, and then nobody who writes has to be waited for.
    if are_followed(&mut store.read().await?).await? {
        return Ok(false);
    }
    let mut session = store.write().await?;
    // Whoever wrote in the meantime may have done it.
    if are_followed(&mut session).await? {
        return Ok(false);
    }
    renew_keys(&mut session, progress).await?;
    let branches = session.branches().await?;
    for (branch, distribution, name) in &branches {
        progress.step(&format!("judging {distribution}/{name} by the new rules"));
        let sources = sources_of(&mut session, *branch).await?;
        let differences = Deriver::new(now)
            .sources(&mut session, *branch, &sources)
            .await?;
        tell_changes(&mut session, now, differences, &HashMap::new()).await?;
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

/// Writes anew by which keys packages and advisories meet: other rules see other names in them.
async fn renew_keys(session: &mut Session, progress: &dyn Progress) -> Result<(), TrackerError> {
    let sources = session.all_sources().await?;
    let advisories = session.all_advisories().await?;
    if sources.is_empty() && advisories.is_empty() {
        return Ok(());
    }
    progress.step("finding names by the new rules");
    session.remove_keys().await?;
    for chunk in sources.chunks(CHUNK) {
        write_source_keys(session, chunk).await?;
    }
    for chunk in advisories.chunks(CHUNK) {
        let advisories = load_advisories(session, chunk).await?;
        let keys = advisories.iter().map(|(id, advisory)| {
            let keys = palisade_matching::key::of_affected(&advisory.affected);
            (*id, keys.iter().map(|key| key_hash(key)).collect())
        });
        session.write_advisory_keys(keys).await?;
    }
    Ok(())
}

/// Writes by which keys these source packages are found, which have none.
async fn write_source_keys(
    session: &mut Session,
    sources: &[SourcePackageId],
) -> Result<(), TrackerError> {
    let subjects = load_subjects(session, sources).await?;
    let keys = subjects.iter().map(|(id, subject)| {
        let keys = subject.keys();
        (*id, keys.iter().map(|key| key_hash(key)).collect())
    });
    session.write_source_keys(keys).await?;
    Ok(())
}

/// Writes anew by which keys these source packages are found.
pub(crate) async fn renew_source_keys(
    session: &mut Session,
    sources: &[SourcePackageId],
) -> Result<(), TrackerError> {
    for chunk in sources.chunks(CHUNK) {
        session.remove_source_keys(chunk).await?;
        write_source_keys(session, chunk).await?;
    }
    Ok(())
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
