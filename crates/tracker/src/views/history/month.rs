//! A month, from its first moment to the first of the next, in UTC.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use palisade_model::Timestamp;

/// A month of a year, written `2026-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(Date);

/// A text that names no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no month: write YYYY-MM, such as 2026-10")]
pub struct InvalidMonth(String);

/// Years of which there may be months: those before have no vulnerabilities, and dates end somewhere.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2999;

impl FromStr for Month {
    type Err = InvalidMonth;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidMonth(text.chars().take(40).collect());
        let well_formed = text.len() == 7
            && text.bytes().enumerate().all(|(at, byte)| {
                if at == 4 {
                    byte == b'-'
                } else {
                    byte.is_ascii_digit()
                }
            });
        let date = format!("{text}-01").parse::<Date>();
        date.ok()
            .filter(|date| well_formed && YEARS.contains(&date.year()))
            .map(Self)
            .ok_or_else(invalid)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl Month {
    /// The month of a time.
    pub fn of(time: Timestamp) -> Self {
        Self(time.to_zoned(TimeZone::UTC).date().first_of_month())
    }

    /// The month before, or the first one that there may be.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.checked_sub(1.month()).unwrap_or(self.0))
    }

    /// The month after, or the last one that there may be.
    #[must_use]
    pub fn after(self) -> Self {
        Self(self.0.checked_add(1.month()).unwrap_or(self.0))
    }

    /// Its first moment.
    pub fn begin(self) -> Timestamp {
        let zoned = self.0.to_zoned(TimeZone::UTC);
        zoned.map_or(Timestamp::UNIX_EPOCH, |it| it.timestamp())
    }

    /// The first moment of the next one.
    pub fn end(self) -> Timestamp {
        self.after().begin()
    }

    /// In words: `October 2026`.
    pub fn words(self) -> String {
        self.0.strftime("%B %Y").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_a_year_and_a_number() {
        let month: Month = "2026-12".parse().unwrap();
        assert_eq!(month.words(), "December 2026");
        assert_eq!(month.after().to_string(), "2027-01");
        assert_eq!(month.begin().to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(month.end().to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(month.after().before(), month);
        assert_eq!(Month::of(month.begin()), month);
        for bad in [
            "2026-13",
            "2026-1",
            "2026",
            "0001-01",
            "2026-10-01",
            "2026/10",
            "",
            "9999-12",
        ] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }
}
