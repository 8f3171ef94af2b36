//! Sources: fetches what is new, imports it, and remembers how it went.
//!
//! A source has parts: documents, or pages of an interface. Each is fetched, imported, and only then
//! remembered, so whoever is killed in between fetches or imports it again, which changes nothing.
//! A part that fails does not keep the others from being had.

mod aports;
mod cve_list;
mod debian;
mod following;
mod guix;
mod history;
mod lease;
mod nvd;
mod osv;
mod part;
mod receive;
mod schedule;
mod source;
mod trust;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use palisade_fetch::Client;
use palisade_formats::Reject;
use palisade_model::Timestamp;
use palisade_store::{ImportSummary, SourceRecord, Store};

pub use self::aports::AportsBranch;
pub use self::cve_list::CveReleases;
pub use self::debian::DebianArchive;
pub use self::following::{Beginning, GitBranch, GitRepository, Pace};
pub use self::guix::{GUIX_LOADER, GuixChannel};
use self::lease::Held;
pub use self::nvd::NvdApi;
pub use self::osv::OsvBucket;
use self::part::Parts;
pub use self::receive::{Delivery, Receiver, Sender};
pub use self::schedule::{Plan, keep_up};
pub use self::source::{DocumentPart, Source, SourceKind, Unready};
pub use self::trust::{Trust, read_key};
use crate::{Progress, TrackerError};

/// The longest time until a source that fails is asked again.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// Fetches sources into a database.
#[derive(Clone)]
pub struct Syncer {
    /// The database.
    pub store: Store,
    /// What fetches.
    pub client: Arc<Client>,
    /// Where documents are kept until they are imported.
    pub cache: PathBuf,
    /// What time it is.
    pub clock: fn() -> Timestamp,
    /// What becomes of documents that are doubtful.
    pub doubtful: Doubtful,
}

/// What becomes of documents that are older than what is stored, or lack half of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Doubtful {
    /// They are held back until their source has something else.
    #[default]
    HeldBack,
    /// They are imported all the same, also those that were held back before.
    Believed,
}

/// What came of a part.
#[derive(Debug)]
pub enum Outcome {
    /// It is as it was.
    Unchanged,
    /// It is as it was when it was held back.
    StillHeldBack {
        /// Why it was.
        reason: String,
    },
    /// It was imported.
    Imported(ImportSummary, Vec<Reject>),
    /// It could not be had, or was held back.
    Failed(TrackerError),
}

/// Hears what becomes of each part, by its name; what goes wrong with all of a source has none.
pub type Tell<'a> = dyn Fn(&str, &Outcome) + Send + Sync + 'a;

/// How a run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// To its end; so many parts failed.
    Done {
        /// Parts that failed.
        failed: usize,
    },
    /// Somebody else is at it.
    Busy {
        /// Since when.
        since: Option<Timestamp>,
        /// When it is free at the latest if they died; as long as they live, that is put off.
        until: Option<Timestamp>,
    },
    /// It was told to stop. What was imported until then is; the next run goes on from there.
    Stopped,
    /// Nothing is asked of it: it sends by itself.
    Sends,
}

impl Syncer {
    /// Fetches what a source has that is new, unless `end` comes first.
    ///
    /// # Errors
    /// When the database refuses. What goes wrong with a part is told.
    pub async fn sync(
        &self,
        source: &Source,
        progress: Arc<dyn Progress>,
        tell: &Tell<'_>,
        end: impl Future<Output = ()>,
    ) -> Result<Ran, TrackerError> {
        if source.sender().is_some() {
            return Ok(Ran::Sends);
        }
        let held = match Held::take(self, &source.name).await? {
            Ok(held) => held,
            Err(busy) => return Ok(busy),
        };
        let ran = tokio::select! {
            ran = self.run(source, progress, tell) => ran,
            busy = held.keep() => busy.map_err(TrackerError::from),
            () = end => Ok(Ran::Stopped),
        };
        // Whatever went wrong with the run, the next one need not wait.
        let released = held.release().await;
        let ran = ran?;
        released?;
        Ok(ran)
    }

    /// Asks a source that we have for ourselves.
    async fn run(
        &self,
        source: &Source,
        progress: Arc<dyn Progress>,
        tell: &Tell<'_>,
    ) -> Result<Ran, TrackerError> {
        let started = (self.clock)();
        let mut parts = Parts::of(self, source, progress, tell).await?;
        let result = match &source.kind {
            SourceKind::Documents(documents) => parts.documents(documents).await,
            SourceKind::Nvd(api) => nvd::sync(&mut parts, api).await,
            SourceKind::CveList(releases) => cve_list::sync(&mut parts, releases).await,
            SourceKind::Osv(bucket) => osv::sync(&mut parts, bucket).await,
            SourceKind::Debian(archive) => debian::sync(&mut parts, archive).await,
            SourceKind::Guix(channel) => guix::sync(&mut parts, channel).await,
            SourceKind::Aports(branch) => aports::sync(&mut parts, branch).await,
            SourceKind::Sender(_) => Ok(()),
            SourceKind::Unready(why) => Err(why.error(&source.name)),
        };
        let failures = parts.failures();
        let error = match result {
            Err(TrackerError::Store(error)) => return Err(error.into()),
            Err(error) => {
                let failure = (failures.len() + 1, error.public());
                tell("", &Outcome::Failed(error));
                Some(failure)
            }
            Ok(()) => failures
                .first()
                .map(|first| (failures.len(), first.clone())),
        };
        let failed = error.as_ref().map_or(0, |(count, _)| *count);
        self.note(source, started, error).await?;
        Ok(Ran::Done { failed })
    }

    /// Writes which sources there are, for those who ask how they are.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn plan(&self, sources: &[Source]) -> Result<(), TrackerError> {
        let every = |source: &Source| i64::try_from(source.every.as_secs()).unwrap_or(i64::MAX);
        let plan: Vec<(&str, i64)> = sources
            .iter()
            .map(|source| (source.name.as_str(), every(source)))
            .collect();
        let mut session = self.store.write().await?;
        session.plan_sources(&plan).await?;
        session.commit().await?;
        Ok(())
    }

    /// Those of the sources whose time has come, the longest waiting first; who sends is not waited
    /// for.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn due<'a>(&self, sources: &'a [Source]) -> Result<Vec<&'a Source>, TrackerError> {
        let mut session = self.store.read().await?;
        let known = session.sources().await?;
        let next_at = |source: &Source| {
            let record = known.iter().find(|record| record.name == source.name);
            record.map_or(i64::MIN, |record| record.next_at)
        };
        let now = (self.clock)().as_microsecond();
        let is_due = |source: &&Source| source.sender().is_none() && next_at(source) <= now;
        let mut due: Vec<&Source> = sources.iter().filter(is_due).collect();
        due.sort_by_key(|source| next_at(source));
        Ok(due)
    }

    /// Writes how a run went, and when the next one is to be.
    async fn note(
        &self,
        source: &Source,
        started: Timestamp,
        error: Option<(usize, String)>,
    ) -> Result<(), TrackerError> {
        let mut session = self.store.write().await?;
        let known = session.sources().await?;
        let known = known.into_iter().find(|known| known.name == source.name);
        let known = known.unwrap_or_default();
        let failures = if error.is_some() {
            known.failures + 1
        } else {
            0
        };
        // Who sends does so when there is something.
        let pause = match source.sender() {
            Some(_) => source.every,
            None => pause(source.every, failures),
        };
        let micros = |pause: Duration| i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
        let now = (self.clock)().as_microsecond();
        let record = SourceRecord {
            name: source.name.clone(),
            attempted_at: Some(started.as_microsecond()),
            succeeded_at: if error.is_none() {
                Some(now)
            } else {
                known.succeeded_at
            },
            failures,
            error: error.map(|(count, first)| match count {
                1 => first,
                count => format!("{count} parts failed, the first because {first}"),
            }),
            next_at: now.saturating_add(micros(pause)),
            every: known.every,
            lease: known.lease,
        };
        session.write_source(&record).await?;
        session.commit().await?;
        Ok(())
    }
}

/// The time until the next run: the source's own, or, while it fails, a quarter of an hour that
/// doubles with each failure.
fn pause(every: Duration, failures: i64) -> Duration {
    let Some(doublings) = u32::try_from(failures)
        .ok()
        .and_then(|it| it.checked_sub(1))
    else {
        return every;
    };
    let pause = Duration::from_mins(15).saturating_mul(1 << doublings.min(16));
    pause
        .min(LONGEST_PAUSE)
        .min(every.max(Duration::from_mins(15)))
}
