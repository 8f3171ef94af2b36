//! Exposures in numbers.

use std::collections::HashSet;

use palisade_model::Level;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::listing::LevelCounts;
use super::chronicle::{Chronicle, Exposure};

/// Vulnerabilities in packages: one counts once in a package, however many versions of it are affected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct OpenNumbers {
    /// All of them.
    pub all: usize,
    /// Known to be exploited.
    pub exploited: usize,
    /// By level.
    pub levels: LevelCounts,
    /// The packages in which they are.
    pub packages: usize,
}

impl OpenNumbers {
    pub(super) fn of<'a>(
        chronicle: &Chronicle,
        exposures: impl IntoIterator<Item = &'a Exposure>,
    ) -> Self {
        let (mut numbers, mut packages) = (Self::default(), HashSet::new());
        for exposure in exposures {
            packages.insert(exposure.package);
            numbers.all += 1;
            numbers.exploited += usize::from(chronicle.is_exploited(exposure));
            numbers.levels.add(chronicle.level(exposure));
        }
        numbers.packages = packages.len();
        numbers
    }

    /// In words: `12 vulnerabilities in 3 packages`.
    pub fn words(&self) -> String {
        let vulnerabilities = counted(self.all, "vulnerability", "vulnerabilities");
        format!(
            "{vulnerabilities} in {}",
            counted(self.packages, "package", "packages")
        )
    }

    /// The levels of which there are any, with what is exploited, in words; empty when there are none.
    pub fn level_words(&self) -> String {
        let named = self.levels.named().into_iter();
        let mut words: Vec<String> = named
            .filter(|(_, count)| *count > 0)
            .map(|(level, count)| format!("{} {level}", thousands(count)))
            .collect();
        if self.exploited > 0 {
            words.push(format!(
                "{} known to be exploited",
                thousands(self.exploited)
            ));
        }
        words.join(", ")
    }
}

/// A number with its noun.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", thousands(number)),
    }
}

/// A number with its thousands apart.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The middle of some numbers, which are sorted by it.
pub(super) fn median(numbers: &mut [i64]) -> Option<f64> {
    numbers.sort_unstable();
    let middle = numbers.len() / 2;
    let at = |place: usize| {
        let days = i32::try_from(*numbers.get(place)?).unwrap_or(i32::MAX);
        Some(f64::from(days))
    };
    if numbers.len().is_multiple_of(2) {
        Some(f64::midpoint(at(middle.checked_sub(1)?)?, at(middle)?))
    } else {
        at(middle)
    }
}

/// What comes first: what is exploited, then the gravest.
pub(super) fn rank(exploited: bool, level: Option<Level>, score: Option<f64>) -> impl Ord {
    // Scores have one digit behind the point.
    let points = score.map(|it| format!("{it:04.1}"));
    std::cmp::Reverse((exploited, level, points))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_in_words() {
        let mut numbers = OpenNumbers {
            all: 1,
            packages: 1,
            ..OpenNumbers::default()
        };
        assert_eq!(numbers.words(), "1 vulnerability in 1 package");
        assert_eq!(numbers.level_words(), "");
        (numbers.all, numbers.packages, numbers.exploited) = (1234, 20, 2);
        (numbers.levels.critical, numbers.levels.unrated) = (34, 1200);
        assert_eq!(numbers.words(), "1,234 vulnerabilities in 20 packages");
        assert_eq!(
            numbers.level_words(),
            "34 critical, 1,200 unrated, 2 known to be exploited"
        );
    }

    #[test]
    fn the_middle_of_an_even_number_lies_between_two() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [7]), Some(7.0));
        assert_eq!(median(&mut [9, 1, 4]), Some(4.0));
        assert_eq!(median(&mut [1, 4]), Some(2.5));
    }
}
