//! Where times stand in a chart, and which of them are written below it; numbers as charts take them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Marks below a chart at the most.
const TICKS: i64 = 8;

/// Days of a month and of a year, roughly.
const MONTH: i64 = 30;
const YEAR: i64 = 365;

const DAY: i64 = 24 * 3600 * 1_000_000;

/// What goes on after the last revision has a part of the width of its own.
const PRESENT: f64 = 0.06;

/// A stretch of time as wide as a chart.
pub(crate) struct Timescale {
    first: i64,
    last: i64,
}

impl Timescale {
    /// Points of a chart's width.
    pub(crate) const WIDTH: f64 = 960.0;

    /// From one time to a later one, in microseconds.
    pub(crate) fn of(first: i64, last: i64) -> Self {
        Self {
            first,
            last: last.max(first),
        }
    }

    /// The place of a time.
    pub(crate) fn place(&self, time: i64) -> f64 {
        let whole = self.last - self.first;
        if whole == 0 {
            return if time > self.last { Self::WIDTH } else { 0.0 };
        }
        let share = seconds(time.clamp(self.first, self.last) - self.first) / seconds(whole);
        share * Self::WIDTH * (1.0 - PRESENT)
    }

    /// Times that are written below the chart, with their places: years, or months, or the day of a
    /// short stretch.
    pub(crate) fn ticks(&self) -> Vec<(String, String)> {
        let days = (self.last - self.first) / DAY;
        let mut ticks: Vec<(f64, String)> = Vec::new();
        if days > 2 * MONTH {
            // So many months from one mark to the next.
            let months = (days / MONTH / TICKS + 1).clamp(1, 12 * 50);
            let months = if days > 2 * YEAR {
                (months + 11) / 12 * 12
            } else {
                months
            };
            let mut date = Some(Self::date(self.first).first_of_month());
            while let Some(known) = date {
                let at = known.to_zoned(TimeZone::UTC).map(|it| it.timestamp());
                let at = at.unwrap_or(Timestamp::MAX).as_microsecond();
                if at > self.last {
                    break;
                }
                let on_year = months < 12 || known.month() == 1;
                if at >= self.first && on_year {
                    ticks.push((self.place(at), label(known, months)));
                }
                let step = if on_year { months } else { 1 };
                date = known.checked_add(Span::new().months(step)).ok();
            }
        }
        if ticks.is_empty() {
            ticks.push((0.0, Self::date(self.first).to_string()));
        }
        ticks
            .into_iter()
            .map(|(place, label)| (format!("{place:.1}"), label))
            .collect()
    }

    fn date(time: i64) -> Date {
        let time = Timestamp::from_microsecond(time).unwrap_or(Timestamp::UNIX_EPOCH);
        time.to_zoned(TimeZone::UTC).date()
    }
}

fn label(date: Date, months: i64) -> String {
    if months >= 12 {
        date.year().to_string()
    } else {
        format!("{:04}-{:02}", date.year(), date.month())
    }
}

/// A length of time in seconds, which a chart is exact enough with.
fn seconds(microseconds: i64) -> f64 {
    float(usize::try_from(microseconds / 1_000_000).unwrap_or(usize::MAX))
}

/// A number as charts reckon with it.
pub(crate) fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(first: &str, last: &str) -> Timescale {
        let at = |day: &str| {
            let time: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
            time.as_microsecond()
        };
        Timescale::of(at(first), at(last))
    }

    fn labels(scale: &Timescale) -> Vec<String> {
        scale.ticks().into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn marks_are_months_or_years_or_one_day() {
        assert_eq!(labels(&scale("2026-02-20", "2026-02-20")), ["2026-02-20"]);
        assert_eq!(
            labels(&scale("2025-11-15", "2026-03-01")),
            ["2025-12", "2026-01", "2026-02", "2026-03"]
        );
        assert_eq!(
            labels(&scale("2021-06-01", "2024-06-01")),
            ["2022", "2023", "2024"]
        );
        assert!(labels(&scale("1970-01-01", "2026-01-01")).len() <= 9);
    }

    #[test]
    fn times_stand_in_proportion_and_the_present_has_room() {
        let scale = scale("2025-01-01", "2025-01-11");
        let day = |number: i64| scale.place(scale.first + number * DAY);
        assert!((day(5) - day(10) / 2.0).abs() < 0.001);
        assert!(day(10) < Timescale::WIDTH && day(11) <= day(10));
    }
}
