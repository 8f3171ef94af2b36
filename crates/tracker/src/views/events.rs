//! What has happened: events for pages, feeds and programs that follow them.

use palisade_model::{BranchName, Distribution, Timestamp};
use palisade_store::{EventRow, Session};
use serde::Serialize;
use utoipa::ToSchema;

use super::types::time;
use super::{Places, Views};
use crate::TrackerError;

/// An event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EventView {
    /// Its number.
    pub number: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// What kind of change: `finding.opened`, `finding.changed`, `finding.closed`,
    /// `revision.imported`, `feed.imported`, `identity.stated`, `identity.withdrawn`.
    pub kind: String,
    /// The branch.
    #[schema(value_type = Option<String>)]
    pub branch: Option<BranchName>,
    /// The source package.
    pub package: Option<String>,
    /// The vulnerability.
    pub vulnerability: Option<String>,
    /// The change in words.
    pub says: String,
}

/// Which events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventsQuery {
    /// Those of one kind.
    pub kind: Option<String>,
    /// Those of one branch.
    pub branch: Option<BranchName>,
    /// Those of the branches of one distribution.
    pub distribution: Option<Distribution>,
    /// Those of source packages of one name.
    pub package: Option<String>,
    /// Those of one vulnerability.
    pub vulnerability: Option<String>,
    /// Those behind an event, in their order; without it, the latest first.
    pub since: Option<i64>,
    /// Those before an event.
    pub before: Option<i64>,
    /// Those before a moment.
    pub before_time: Option<Timestamp>,
    /// How many at the most.
    pub limit: usize,
}

/// A part of what has happened.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EventsView {
    /// The events; the latest first, or in their order when asked since a number.
    pub events: Vec<EventView>,
    /// Whether there are more in that direction.
    pub more: bool,
}

impl Views {
    /// What has happened. `None` when there is no such branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn events(&self, query: &EventsQuery) -> Result<Option<EventsView>, TrackerError> {
        let mut reading = self.reading().await?;
        let branch = match &query.branch {
            None => None,
            Some(name) => match reading.places.id(name) {
                Some(id) => Some(id),
                None => return Ok(None),
            },
        };
        let wanted = palisade_store::EventQuery {
            kind: query.kind.clone(),
            branch,
            distribution: query.distribution.as_ref().map(ToString::to_string),
            package: query.package.clone(),
            vulnerability: query.vulnerability.clone(),
            limit: i64::try_from(query.limit)
                .unwrap_or(i64::MAX)
                .saturating_add(1),
        };
        let session = &mut reading.session;
        let end = end(session, query).await?;
        let mut rows = match query.since {
            None => session.events_before(end, &wanted).await?,
            Some(number) => session.events_after(number, &wanted).await?,
        };
        rows.retain(|row| end.is_none_or(|end| row.id < end));
        let more = rows.len() > query.limit;
        rows.truncate(query.limit);
        Ok(Some(EventsView {
            events: event_views(&reading.places, rows),
            more,
        }))
    }
}

/// The number before which the wanted events are; none where all are wanted.
async fn end(session: &mut Session, query: &EventsQuery) -> Result<Option<i64>, TrackerError> {
    let Some(moment) = query.before_time else {
        return Ok(query.before);
    };
    let last = session.last_event_before(moment.as_microsecond()).await?;
    let end = last.map_or(0, |number| number.saturating_add(1));
    Ok(Some(query.before.map_or(end, |before| before.min(end))))
}

/// Stored events as they are shown.
pub(super) fn event_views(places: &Places, rows: Vec<EventRow>) -> Vec<EventView> {
    let view = |row: EventRow| EventView {
        number: row.id,
        time: time(row.time),
        kind: row.kind,
        branch: row.branch.and_then(|branch| places.name(branch).cloned()),
        package: row.package,
        vulnerability: row.vulnerability,
        says: row.says,
    };
    rows.into_iter().map(view).collect()
}
