//! Keeping up: sources are asked whenever their time has come, by the plan of the moment. Another plan
//! takes the place of one without breaking off what is being fetched.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use palisade_model::Timestamp;
use tokio::sync::watch;

use super::{Outcome, Ran, Source, Syncer};
use crate::error::error_line;
use crate::{NoProgress, TrackerError};

/// How often it is looked whether a source's time has come.
const LOOK: Duration = Duration::from_secs(20);

/// Which sources there are, and who asks them.
pub struct Plan {
    syncer: Syncer,
    sources: Vec<Source>,
    /// Whether they are asked here; if not, it is only written down which there are.
    asks: bool,
    written: AtomicBool,
}

impl Plan {
    /// A plan by which these sources are asked.
    pub fn asking(syncer: Syncer, sources: Vec<Source>) -> Self {
        Self {
            syncer,
            sources,
            asks: true,
            written: AtomicBool::new(false),
        }
    }

    /// A plan by which it is known which sources there are, and somebody else asks them.
    pub fn knowing(syncer: Syncer, sources: Vec<Source>) -> Self {
        Self {
            asks: false,
            ..Self::asking(syncer, sources)
        }
    }

    /// Writes which sources there are, unless that was done.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write(&self) -> Result<(), TrackerError> {
        if !self.written.load(Ordering::Relaxed) {
            self.syncer.plan(&self.sources).await?;
            self.written.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Follows the plan of the moment until `end`. What goes wrong with a source is remembered with it;
/// what keeps it from being remembered is logged, and tried again.
pub async fn keep_up(mut plans: watch::Receiver<Arc<Plan>>, end: impl Future<Output = ()>) {
    let mut end = pin!(end);
    let mut slow = SlowRuns::default();
    loop {
        let plan = Arc::clone(&plans.borrow_and_update());
        match follow(&plan, &plans, &mut slow, end.as_mut()).await {
            Ok(Schedule::Ended) => return,
            Ok(Schedule::Done) => {}
            Err(error) => tracing::error!(error = error_line(&error), "sync"),
        }
        let another = async {
            // Nobody has another plan any longer.
            if plans.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = another => {}
            () = end.as_mut() => return,
        }
    }
}

/// Asks all whose time has come, or those until there is another plan.
async fn follow<E: Future<Output = ()>>(
    plan: &Plan,
    plans: &watch::Receiver<Arc<Plan>>,
    slow: &mut SlowRuns,
    mut end: Pin<&mut E>,
) -> Result<Schedule, TrackerError> {
    let Plan { syncer, .. } = plan;
    tokio::select! {
        written = plan.write() => written?,
        () = end.as_mut() => return Ok(Schedule::Ended),
    }
    if !plan.asks {
        return Ok(Schedule::Done);
    }
    for source in syncer.due(&plan.sources).await? {
        let tell = |part: &str, outcome: &Outcome| log(&source.name, part, outcome);
        let progress = Arc::new(NoProgress);
        match syncer.sync(source, progress, &tell, end.as_mut()).await {
            Ok(Ran::Stopped) => return Ok(Schedule::Ended),
            Ok(Ran::Busy { since, .. }) => slow.watch(source, since, (syncer.clock)()),
            Ok(Ran::Done { .. } | Ran::Sends) => {}
            // Its time stays, so that it is the first again: the others are not to wait behind it.
            Err(error) => {
                tracing::error!(source = source.name, error = error_line(&error), "sync");
            }
        }
        if plans.has_changed().unwrap_or(false) {
            break;
        }
    }
    Ok(Schedule::Done)
}

/// Whether a schedule goes on.
enum Schedule {
    /// All whose time had come were asked.
    Done,
    /// It was told to end.
    Ended,
}

/// Runs of others that take longer than the time from one run to the next, each told once.
#[derive(Default)]
struct SlowRuns(HashMap<String, Timestamp>);

impl SlowRuns {
    fn watch(&mut self, source: &Source, since: Option<Timestamp>, now: Timestamp) {
        let Some(since) = since else { return };
        let age = now.duration_since(since).unsigned_abs();
        if age > source.every && self.0.insert(source.name.clone(), since) != Some(since) {
            tracing::warn!(
                source = source.name,
                %since,
                "somebody else has been asking it for longer than its interval"
            );
        }
    }
}

fn log(source: &str, part: &str, outcome: &Outcome) {
    match outcome {
        Outcome::Unchanged => tracing::debug!(source, part, "unchanged"),
        Outcome::StillHeldBack { reason } => {
            tracing::debug!(source, part, reason, "still held back");
        }
        Outcome::Imported(summary, _) => tracing::info!(source, part, ?summary, "imported"),
        Outcome::Failed(error) => {
            tracing::warn!(source, part, error = error_line(error), "failed");
        }
    }
}
