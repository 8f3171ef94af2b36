//! Of which day EPSS scores are, and whether that is too long ago to go by them.

use palisade_model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Reading;
use super::cache::Cache;
use super::types::{self, DAY, time};
use crate::TrackerError;

/// Microseconds for which a score speaks: it tells how probable exploitation is within 30 days.
const SPOKEN_FOR: i64 = 30 * DAY;

/// Of which day the newest EPSS scores are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EpssDay {
    /// The day of the model's run.
    pub day: String,
    /// Whether that is more than 30 days ago: the time of which the scores speak is over.
    pub is_old: bool,
}

impl EpssDay {
    pub(super) fn of(day: String, now: Timestamp) -> Self {
        let is_old = is_old(&day, now);
        Self { day, is_old }
    }

    /// That of the newest scores which are stored.
    pub(super) async fn newest(
        cache: &Cache,
        reading: &mut Reading,
        now: Timestamp,
    ) -> Result<Option<Self>, TrackerError> {
        let day = cache.epss_day(reading).await?;
        Ok(day.map(|day| Self::of(day, now)))
    }
}

/// Whether scores of a day (`YYYY-MM-DD`) speak of a time that is over.
pub(super) fn is_old(day: &str, now: Timestamp) -> bool {
    let first = time(now.as_microsecond().saturating_sub(SPOKEN_FOR));
    // Days that are written so are in the order of time.
    day < types::day(first).as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_old_once_their_thirty_days_are_over() {
        let now: Timestamp = "2026-03-03T23:59:59Z".parse().unwrap();
        assert!(!is_old("2026-03-03", now));
        assert!(!is_old("2026-02-01", now), "thirty days ago");
        assert!(is_old("2026-01-31", now), "thirty-one days ago");
        assert!(is_old("2024-12-31", now));
        assert!(!is_old("2026-03-04", now), "a clock may be behind");
    }
}
