//! Versions that are days, or begin with a year: `20210528`, `release_2006-03-09`, `0.0.20220731.a`,
//! `2014.2.3`. They are in no order with versions that count otherwise, since a project that has both
//! changed its numbering.

use std::cmp::Ordering;

use palisade_version::Scheme;

/// A version that is a day.
#[derive(Debug, PartialEq, Eq)]
struct Day<'a> {
    /// Year, month and day as one number.
    number: u32,
    /// What stands behind: a letter, a patch level.
    rest: &'a str,
}

/// How two versions are to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// As the scheme has it.
    ByScheme,
    /// Both are days.
    Days(Ordering),
    /// They are in no order.
    None,
}

/// How a version is to be compared with a bound of a range.
pub(crate) fn comparison(version: &str, bound: &str) -> Comparison {
    let nothing = |byte: u8| matches!(byte, b'0' | b'.');
    if bound.trim_start_matches('v').bytes().all(nothing) {
        // Before all that there is.
        return Comparison::ByScheme;
    }
    match (day(version), day(bound)) {
        (Some(version), Some(bound)) => Comparison::Days(version.order(&bound)),
        (None, None) if begins_with_year(version) == begins_with_year(bound) => {
            Comparison::ByScheme
        }
        _ => Comparison::None,
    }
}

impl Day<'_> {
    fn order(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number).then_with(|| {
            let order = Scheme::Generic.compare(self.rest, other.rest);
            order.unwrap_or_else(|| self.rest.cmp(other.rest))
        })
    }
}

/// The day that a version is; what stands before it may be a word or zeros.
fn day(version: &str) -> Option<Day<'_>> {
    let start = version.find(|c: char| c.is_ascii_digit() && c != '0')?;
    let before = &version[..start];
    let is_prefix =
        before.ends_with(['.', '-', '_']) || before.bytes().all(|b| b.is_ascii_alphabetic());
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (year, rest) = version[start..].split_at_checked(4)?;
    let century = year.starts_with("19") || year.starts_with("20");
    if !is_prefix || !century || !digits(year) {
        return None;
    }
    let mark = rest.chars().next().filter(|c| matches!(c, '-' | '.'));
    let rest = rest.strip_prefix(['-', '.']).unwrap_or(rest);
    let (month, rest) = rest.split_at_checked(2)?;
    let rest = match mark {
        Some(mark) => rest.strip_prefix(mark)?,
        None => rest,
    };
    let (day, rest) = rest.split_at_checked(2)?;
    let short = rest.len() <= 3 && !rest.starts_with(|c: char| c.is_ascii_digit());
    let in_calendar = |text: &str, last: u32| {
        let number: u32 = text.parse().ok()?;
        (digits(text) && (1..=last).contains(&number)).then_some(number)
    };
    let number =
        year.parse::<u32>().ok()? * 10_000 + in_calendar(month, 12)? * 100 + in_calendar(day, 31)?;
    let rest = rest.trim_start_matches(['.', '-', '_']);
    let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
    (short && !is_number).then_some(Day { number, rest })
}

/// Whether a version counts years: `2014.2.3`, `2024a`.
fn begins_with_year(version: &str) -> bool {
    let version = version.strip_prefix('v').unwrap_or(version);
    let end = version
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(version.len());
    version[..end]
        .parse::<u32>()
        .is_ok_and(|number| end == 4 && (1990..2100).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_compared_however_they_are_written() {
        let later = Comparison::Days(Ordering::Greater);
        for (version, bound) in [
            ("0.0.20220731.a", "release_2006-03-09"),
            ("2014-05-05c", "2014-05-05a"),
            ("20210528", "2016.05.07"),
        ] {
            assert_eq!(comparison(version, bound), later, "{version} {bound}");
        }
    }

    #[test]
    fn days_and_years_are_in_no_order_with_other_versions() {
        for (version, bound) in [
            ("25.1.0", "2014.2.3"),
            ("0.97.3", "2019-11-27"),
            ("20210528", "1.2"),
            ("2024.1", "9.4"),
            ("0.24.0", "v2024.09.09.00"),
        ] {
            assert_eq!(
                comparison(version, bound),
                Comparison::None,
                "{version} {bound}"
            );
        }
    }

    #[test]
    fn other_versions_are_compared_by_their_scheme() {
        for (version, bound) in [
            ("1.2.3", "1.10"),
            ("2024.1", "2023.2"),
            ("2024a", "2023c"),
            ("20210528", "0"),
            ("2.20190427", "14.4"),
            ("5.15.113", "6.1"),
            ("20191127.1", "20191128.2"),
        ] {
            assert_eq!(
                comparison(version, bound),
                Comparison::ByScheme,
                "{version} {bound}"
            );
        }
    }
}
