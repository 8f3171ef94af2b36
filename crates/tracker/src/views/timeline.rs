//! The timeline of a vulnerability.

use palisade_model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AdvisoryView, EventView};

/// Entries that are told: the earliest and, of what happened on branches, the latest.
const ENTRIES: usize = 120;

/// Something that happened to a vulnerability.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TimelineItem {
    /// When; of a day without a time, its beginning.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// What, in words.
    pub says: String,
    /// The record that says so: feed and name.
    pub record: Option<(String, String)>,
}

/// What happened to a vulnerability, in order.
pub(super) fn timeline(advisories: &[AdvisoryView], events: Vec<EventView>) -> Vec<TimelineItem> {
    let mut items: Vec<TimelineItem> = advisories.iter().flat_map(of_advisory).collect();
    items.sort_by_key(|item| item.time);
    items.dedup_by(|later, earlier| later.time == earlier.time && later.says == earlier.says);
    items.truncate(ENTRIES);
    let left = ENTRIES - items.len();
    items.extend(events.into_iter().take(left).map(of_event));
    items.sort_by_key(|item| item.time);
    items
}

fn of_advisory(advisory: &AdvisoryView) -> Vec<TimelineItem> {
    let record = Some((advisory.feed.clone(), advisory.record.clone()));
    let item = |time: Option<Timestamp>, says: String| {
        Some(TimelineItem {
            time: time?,
            says,
            record: record.clone(),
        })
    };
    let feed = &advisory.feed;
    let exploited = advisory.exploitation.as_ref().and_then(|known| {
        let day: jiff::civil::Date = known.added.parse().ok()?;
        let time = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        item(Some(time), format!("known to be exploited, says {feed}"))
    });
    let published = item(advisory.published, format!("published by {feed}"));
    let modified = advisory
        .modified
        .filter(|time| Some(*time) != advisory.published);
    let modified = item(modified, format!("last changed by {feed}"));
    [published, exploited, modified]
        .into_iter()
        .flatten()
        .collect()
}

fn of_event(event: EventView) -> TimelineItem {
    let says = match &event.branch {
        Some(branch) => format!("{} ({branch})", event.says),
        None => event.says,
    };
    TimelineItem {
        time: event.time,
        says,
        record: None,
    }
}
