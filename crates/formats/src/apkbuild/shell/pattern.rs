//! Patterns of a shell: `*`, `?`, `[a-z]`.

use super::budget::Budget;

/// A pattern, in parts that match a character each, but for stars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Char(char),
    Any,
    Star,
    OneOf {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// Adds text that means itself.
    pub(super) fn push_text(&mut self, text: &str) {
        self.0.extend(text.chars().map(Part::Char));
    }

    /// Adds text in which stars and brackets have their meaning.
    pub(super) fn push_pattern(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            let part = match c {
                '*' if self.0.last() == Some(&Part::Star) => continue,
                '*' => Part::Star,
                '?' => Part::Any,
                '[' => match one_of(rest) {
                    Some((part, behind)) => {
                        rest = behind;
                        part
                    }
                    None => Part::Char('['),
                },
                c => Part::Char(c),
            };
            self.0.push(part);
        }
    }

    /// The text that alone matches, if there is one.
    pub(super) fn literal(&self) -> Option<String> {
        let char_of = |part: &Part| match part {
            Part::Char(c) => Some(*c),
            _ => None,
        };
        self.0.iter().map(char_of).collect()
    }

    /// Whether a whole text matches; nothing when that costs too much.
    pub(super) fn matches(&self, text: &str, budget: &Budget) -> Option<bool> {
        let ends = self.ends(text, budget)?;
        Some(ends.last() == Some(&text.len()))
    }

    /// Where texts that match and begin at the beginning may end, the shortest first.
    fn ends(&self, text: &str, budget: &Budget) -> Option<Vec<usize>> {
        // All parts advance over the text together, so that no text takes long.
        let mut open = vec![false; self.0.len() + 1];
        open[0] = true;
        self.pass_stars(&mut open);
        let mut ends = Vec::new();
        if open[self.0.len()] {
            ends.push(0);
        }
        for (at, c) in text.char_indices() {
            budget.spend(self.0.len() + 1)?;
            let mut next = vec![false; open.len()];
            for (place, part) in self.0.iter().enumerate().filter(|(place, _)| open[*place]) {
                match part {
                    Part::Star => next[place] = true,
                    part if part.takes(c) => next[place + 1] = true,
                    _ => {}
                }
            }
            self.pass_stars(&mut next);
            if !next.contains(&true) {
                break;
            }
            if next[self.0.len()] {
                ends.push(at + c.len_utf8());
            }
            open = next;
        }
        Some(ends)
    }

    fn pass_stars(&self, open: &mut [bool]) {
        for (place, part) in self.0.iter().enumerate() {
            if *part == Part::Star && open[place] {
                open[place + 1] = true;
            }
        }
    }

    /// The text without the beginning that matches.
    pub(super) fn strip_start<'t>(
        &self,
        text: &'t str,
        longest: bool,
        budget: &Budget,
    ) -> Option<&'t str> {
        let ends = self.ends(text, budget)?;
        let end = if longest { ends.last() } else { ends.first() };
        Some(&text[end.copied().unwrap_or(0)..])
    }

    /// The text without the end that matches.
    pub(super) fn strip_end<'t>(
        &self,
        text: &'t str,
        longest: bool,
        budget: &Budget,
    ) -> Option<&'t str> {
        let places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        let matches = |at: &usize| self.matches(&text[*at..], budget);
        let mut found = None;
        if longest {
            for at in places {
                if matches(&at)? {
                    found = Some(at);
                    break;
                }
            }
        } else {
            for at in places.collect::<Vec<_>>().into_iter().rev() {
                if matches(&at)? {
                    found = Some(at);
                    break;
                }
            }
        }
        Some(&text[..found.unwrap_or(text.len())])
    }

    /// The text with what matches replaced, the longest match at each place.
    pub(super) fn replace(
        &self,
        text: &str,
        with: &str,
        all: bool,
        budget: &Budget,
    ) -> Option<String> {
        if self.0.is_empty() {
            return Some(text.to_owned());
        }
        if let Some(literal) = self.literal() {
            let times = if all { usize::MAX } else { 1 };
            let found = text.matches(&*literal).take(times).count();
            budget.spend(text.len().saturating_add(found.saturating_mul(with.len())))?;
            return Some(text.replacen(&literal, with, times));
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let end = self.ends(rest, budget)?.last().copied().unwrap_or(0);
            if end == 0 {
                out.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
            budget.spend(with.len())?;
            out.push_str(with);
            rest = &rest[end..];
            if !all {
                break;
            }
        }
        out.push_str(rest);
        Some(out)
    }
}

impl Part {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::Any | Self::Star => true,
            Self::OneOf { negated, ranges } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated
            }
        }
    }
}

/// Reads the characters of a bracket behind its beginning, and gives what stands behind it.
fn one_of(text: &str) -> Option<(Part, &str)> {
    let (negated, text) = match text.strip_prefix(['!', '^']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    // A closing bracket that comes first means itself.
    let first = text.chars().next()?.len_utf8();
    let end = first + text[first..].find(']')?;
    let inside: Vec<char> = text[..end].chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < inside.len() {
        if at + 2 < inside.len() && inside[at + 1] == '-' {
            ranges.push((inside[at], inside[at + 2]));
            at += 3;
        } else {
            ranges.push((inside[at], inside[at]));
            at += 1;
        }
    }
    Some((Part::OneOf { negated, ranges }, &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Pattern {
        let mut pattern = Pattern::default();
        pattern.push_pattern(text);
        pattern
    }

    #[test]
    fn whole_texts_match() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("a?c", "aéc", true),
            ("[0-9]*", "12", true),
            ("[!0-9]", "1", false),
            ("[]x]", "]", true),
            ("[", "[", true),
            ("", "", true),
            ("", "a", false),
        ] {
            let found = of(pattern).matches(text, &Budget::default());
            assert_eq!(found, Some(expected), "{pattern} {text}");
        }
    }

    #[test]
    fn ends_are_cut_off() {
        let budget = Budget::default();
        let end = |pattern, longest| of(pattern).strip_end("1.2.3_p4", longest, &budget);
        assert_eq!(end(".*", false), Some("1.2"));
        assert_eq!(end(".*", true), Some("1"));
        assert_eq!(end("_p*", false), Some("1.2.3"));
        assert_eq!(end("x", false), Some("1.2.3_p4"));
        let start = |pattern, longest| of(pattern).strip_start("1.2.3_p4", longest, &budget);
        assert_eq!(start("*.", false), Some("2.3_p4"));
        assert_eq!(start("*.", true), Some("3_p4"));
    }

    #[test]
    fn what_matches_is_replaced() {
        let replaced = |pattern, text, with, all| {
            of(pattern)
                .replace(text, with, all, &Budget::default())
                .unwrap()
        };
        assert_eq!(replaced(".", "1.2.3", "_", false), "1_2.3");
        assert_eq!(replaced(".", "1.2.3", "_", true), "1_2_3");
        assert_eq!(replaced("[.0]", "1.0.2", "", true), "12");
        assert_eq!(replaced(":*", "a:b:c", "", false), "a");
        assert_eq!(replaced("", "abc", "x", true), "abc");
    }

    #[test]
    fn what_costs_too_much_is_given_up() {
        let text = "a".repeat(100_000);
        let pattern = of(&"*a".repeat(1000));
        assert_eq!(pattern.strip_end(&text, true, &Budget::default()), None);
    }
}
