//! How sources are: when each was last had, whether that is late, what its parts held.

use palisade_model::Timestamp;
use palisade_store::{PartRecord, SourceRecord};
use serde::Serialize;
use utoipa::ToSchema;

use super::Views;
use super::types::time;
use crate::TrackerError;

/// So many of its runs may fail before a source is late.
const RUNS: i64 = 3;

/// How a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// It was had when it should have been.
    Fine,
    /// Its last run failed, or part of it.
    Failing,
    /// It was not had for three times its interval.
    Late,
    /// It was never asked.
    NeverAsked,
    /// It is being asked now.
    Asking,
    /// It is not in the configuration any longer.
    NotConfigured,
}

/// All sources.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SyncView {
    /// By name; those that are not in the configuration any longer come last.
    pub sources: Vec<SyncSource>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SyncSource {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: SourceState,
    /// Whether it was not had for three times its interval.
    pub late: bool,
    /// Seconds from one run to the next.
    pub every_seconds: Option<i64>,
    /// When it was last asked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub attempted_at: Option<Timestamp>,
    /// When all of it was last had.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub succeeded_at: Option<Timestamp>,
    /// How often it failed since.
    pub failures: i64,
    /// Why it failed the last time.
    pub error: Option<String>,
    /// Since when somebody has been asking it, if somebody is.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub asking_since: Option<Timestamp>,
    /// When it is asked again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// Its documents, or other parts of what it has.
    pub parts: Vec<SyncPart>,
}

/// A part of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SyncPart {
    /// Its name within the source.
    pub name: String,
    /// When it was last had.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub fetched_at: Option<Timestamp>,
    /// When it last changed something that is stored.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changed_at: Option<Timestamp>,
    /// Records that it last held.
    pub records: Option<i64>,
    /// Records that were passed over or mended then.
    pub rejected: Option<i64>,
    /// The number of the import that last changed something.
    pub import: Option<i64>,
    /// Why it failed the last time.
    pub error: Option<String>,
}

impl Views {
    /// How sources are at a time.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sources(&self, now: Timestamp) -> Result<SyncView, TrackerError> {
        let mut session = self.store.read().await?;
        let mut sources = Vec::new();
        for record in session.sources().await? {
            let parts = session.source_parts(&record.name).await?;
            sources.push(SyncSource::of(record, parts, now));
        }
        sources.sort_by_key(|source| source.state == SourceState::NotConfigured);
        Ok(SyncView { sources })
    }
}

impl SyncSource {
    /// A source at a time.
    pub fn of(record: SourceRecord, parts: Vec<PartRecord>, now: Timestamp) -> Self {
        let late = record
            .every
            .is_some_and(|every| is_late(&record, every, now));
        let asked = record.attempted_at.is_some();
        // Whoever has it renews the lease; one that ended is that of somebody who died.
        let lease = record.lease.as_ref();
        let lease = lease.filter(|lease| lease.until > now.as_microsecond());
        let asking_since = lease.map(|lease| time(lease.since));
        Self {
            state: state(&record, late, asking_since.is_some()),
            asking_since,
            late,
            every_seconds: record.every,
            attempted_at: record.attempted_at.map(time),
            succeeded_at: record.succeeded_at.map(time),
            failures: record.failures,
            error: record.error,
            next_at: Some(record.next_at).filter(|_| asked).map(time),
            parts: parts.into_iter().map(SyncPart::of).collect(),
            name: record.name,
        }
    }
}

impl SyncPart {
    fn of(record: PartRecord) -> Self {
        Self {
            fetched_at: record.fetched_at.map(time),
            changed_at: record.changed_at.map(time),
            records: record.records,
            rejected: record.rejected,
            import: record.import,
            error: record.error,
            name: record.name,
        }
    }
}

fn is_late(record: &SourceRecord, every: i64, now: Timestamp) -> bool {
    let limit = every.saturating_mul(RUNS).saturating_mul(1_000_000);
    let age = |had: i64| now.as_microsecond().saturating_sub(had);
    record.succeeded_at.is_none_or(|had| age(had) > limit)
}

fn state(record: &SourceRecord, late: bool, asking: bool) -> SourceState {
    if record.every.is_none() {
        SourceState::NotConfigured
    } else if asking {
        SourceState::Asking
    } else if record.error.is_some() {
        SourceState::Failing
    } else if record.attempted_at.is_none() {
        SourceState::NeverAsked
    } else if late {
        SourceState::Late
    } else {
        SourceState::Fine
    }
}

#[cfg(test)]
mod tests {
    use palisade_store::Lease;

    use super::*;

    #[test]
    fn a_source_is_being_asked_as_long_as_its_lease_lasts() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let record = SourceRecord {
            every: Some(60),
            lease: Some(Lease {
                mark: "a".to_owned(),
                since: at(100).as_microsecond(),
                until: at(220).as_microsecond(),
            }),
            ..SourceRecord::default()
        };
        let of = |now| {
            let source = SyncSource::of(record.clone(), Vec::new(), at(now));
            (source.state, source.asking_since)
        };
        assert_eq!(of(219), (SourceState::Asking, Some(at(100))));
        assert_eq!(of(220), (SourceState::NeverAsked, None));
    }

    #[test]
    fn a_source_is_late_after_three_of_its_runs() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let of = |every, had: Option<i64>, error: Option<&str>| {
            let record = SourceRecord {
                every,
                attempted_at: had,
                succeeded_at: had.map(|ago| now.as_microsecond() - ago * 1_000_000),
                error: error.map(str::to_owned),
                ..SourceRecord::default()
            };
            let source = SyncSource::of(record, Vec::new(), now);
            (source.state, source.late)
        };
        assert_eq!(of(Some(60), Some(180), None), (SourceState::Fine, false));
        assert_eq!(of(Some(60), Some(181), None), (SourceState::Late, true));
        assert_eq!(
            of(Some(60), Some(9), Some("x")),
            (SourceState::Failing, false)
        );
        assert_eq!(
            of(Some(60), Some(181), Some("x")),
            (SourceState::Failing, true)
        );
        assert_eq!(of(Some(60), None, None), (SourceState::NeverAsked, true));
        assert_eq!(
            of(None, Some(999), None),
            (SourceState::NotConfigured, false)
        );
    }
}
