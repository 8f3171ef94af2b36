//! Cargo's version requirements, and the versions that none of several allows.
//!
//! A requirement is one or several comparisons with commas between, all of which must hold:
//! `>= 1.2, < 2`, `^0.3`, `=0.2.1`, `1.4` (which is `^1.4`), `~1.2`, `1.*`. A version may lack its
//! last numbers. Cargo's rule that a pre-release is allowed only where its own release is named is
//! not followed: versions are taken in their order, as OSV's form of the same records does.

use std::cmp::Ordering;

use palisade_model::{Lower, Span, Upper};
use palisade_version::Scheme;

/// A version at the end of an interval, and whether it belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    version: String,
    included: bool,
}

/// Versions between two ends; without an end they go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Interval {
    from: Option<End>,
    to: Option<End>,
}

/// The versions that none of the requirements allows.
///
/// # Errors
/// When one cannot be read.
pub(super) fn others<'a>(
    requirements: impl Iterator<Item = &'a String>,
) -> Result<Vec<Span>, String> {
    let mut allowed = Vec::new();
    for text in requirements {
        let interval = interval(text);
        let interval =
            interval.ok_or_else(|| format!("{:?} is no requirement", super::shown(text)))?;
        if !interval.is_empty() {
            allowed.push(interval);
        }
    }
    allowed.sort_by(|a, b| order_from(a.from.as_ref(), b.from.as_ref()));
    let mut spans = Vec::new();
    let mut reach = Reach::Start;
    for interval in allowed {
        if let Some(from) = &interval.from
            && let Some(gap) = reach.gap(from)
        {
            spans.push(gap);
        }
        reach = reach.later(interval.to);
    }
    spans.extend(reach.rest());
    Ok(spans)
}

/// How far versions are allowed, among intervals in the order of their beginnings.
enum Reach {
    /// None is.
    Start,
    /// Up to here.
    To(End),
    /// All that follow are.
    Open,
}

impl Reach {
    /// What lies between what is allowed and the beginning of the next interval.
    fn gap(&self, from: &End) -> Option<Span> {
        match self {
            Self::Open => return None,
            Self::Start => {}
            Self::To(last) => match compare(&last.version, &from.version) {
                Ordering::Less => {}
                // Only the version itself may be left out, by both.
                Ordering::Equal if !last.included && !from.included => {
                    return Some(Span::Exact(last.version.clone()));
                }
                Ordering::Equal | Ordering::Greater => return None,
            },
        }
        let version = from.version.clone();
        let upper = if from.included {
            Upper::Excluding(version)
        } else {
            Upper::Including(version)
        };
        Some(Span::Between(self.lower()?, upper))
    }

    /// The later of this and another end.
    fn later(self, to: Option<End>) -> Self {
        let Some(to) = to else { return Self::Open };
        match self {
            Self::Open => Self::Open,
            Self::Start => Self::To(to),
            Self::To(last) => {
                let is_later = match compare(&to.version, &last.version) {
                    Ordering::Equal => to.included,
                    order => order.is_gt(),
                };
                Self::To(if is_later { to } else { last })
            }
        }
    }

    /// What follows behind all that is allowed.
    fn rest(&self) -> Option<Span> {
        match self.lower()? {
            Lower::Open => Some(Span::All),
            lower => Some(Span::Between(lower, Upper::Open)),
        }
    }

    fn lower(&self) -> Option<Lower> {
        Some(match self {
            Self::Start => Lower::Open,
            Self::To(End { version, included }) if *included => Lower::Excluding(version.clone()),
            Self::To(End { version, .. }) => Lower::Including(version.clone()),
            Self::Open => return None,
        })
    }
}

fn order_from(a: Option<&End>, b: Option<&End>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => compare(&a.version, &b.version).then(b.included.cmp(&a.included)),
    }
}

fn compare(a: &str, b: &str) -> Ordering {
    Scheme::Semver.compare(a, b).unwrap_or_else(|| a.cmp(b))
}

/// The versions that a requirement allows.
fn interval(text: &str) -> Option<Interval> {
    let mut whole = Interval::default();
    for comparison in text.split(',') {
        let Interval { mut from, to } = compared(comparison.trim())?;
        // Nobody means the pre-releases of the very first version.
        from.take_if(|from| from.included && from.version == "0.0.0");
        if order_from(from.as_ref(), whole.from.as_ref()).is_gt() {
            whole.from = from;
        }
        whole.to = earlier(whole.to, to);
    }
    Some(whole)
}

fn earlier(a: Option<End>, b: Option<End>) -> Option<End> {
    match (a, b) {
        (None, end) | (end, None) => end,
        (Some(a), Some(b)) => {
            let first = match compare(&a.version, &b.version) {
                Ordering::Equal => !a.included,
                order => order.is_lt(),
            };
            Some(if first { a } else { b })
        }
    }
}

impl Interval {
    fn is_empty(&self) -> bool {
        let (Some(from), Some(to)) = (&self.from, &self.to) else {
            return false;
        };
        match compare(&from.version, &to.version) {
            Ordering::Less => false,
            Ordering::Equal => !(from.included && to.included),
            Ordering::Greater => true,
        }
    }
}

/// The versions that one comparison allows.
fn compared(text: &str) -> Option<Interval> {
    let signs = [">=", "<=", ">", "<", "=", "^", "~"];
    let sign = signs.into_iter().find(|sign| text.starts_with(sign));
    let version = Partial::parse(text[sign.map_or(0, str::len)..].trim())?;
    let first = || including(version.whole());
    let behind = || version.next().map(excluding);
    Some(match sign {
        // `1.*` is every version that begins so, and `*` every version.
        _ if version.wild => Interval {
            from: Some(first()),
            to: behind(),
        },
        Some(">=") => Interval {
            from: Some(first()),
            to: None,
        },
        Some(">") if version.is_whole() => Interval {
            from: Some(excluding(version.whole())),
            to: None,
        },
        Some(">") => Interval {
            from: behind().map(|end| including(end.version)),
            to: None,
        },
        Some("<") => Interval {
            from: None,
            to: Some(excluding(version.whole())),
        },
        Some("<=") if version.is_whole() => Interval {
            from: None,
            to: Some(first()),
        },
        Some("<=") => Interval {
            from: None,
            to: behind(),
        },
        Some("=") if version.is_whole() => Interval {
            from: Some(first()),
            to: Some(first()),
        },
        Some("=") => Interval {
            from: Some(first()),
            to: behind(),
        },
        Some("~") => Interval {
            from: Some(first()),
            to: version.next_minor().map(excluding),
        },
        _ => Interval {
            from: Some(first()),
            to: version.next_breaking().map(excluding),
        },
    })
}

fn including(version: String) -> End {
    End {
        version,
        included: true,
    }
}

fn excluding(version: String) -> End {
    End {
        version,
        included: false,
    }
}

/// A version that may lack its last numbers.
#[derive(Debug)]
struct Partial<'a> {
    numbers: Vec<u64>,
    /// What stands behind the numbers, with its sign: `-rc.1`.
    rest: &'a str,
    wild: bool,
}

impl<'a> Partial<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if !crate::words::is_version(text) {
            return None;
        }
        let end = text.find(['-', '+']).unwrap_or(text.len());
        let (core, rest) = text.split_at(end);
        let mut numbers = Vec::new();
        let mut wild = false;
        for part in core.split('.') {
            if matches!(part, "*" | "x" | "X") {
                wild = true;
            } else if wild {
                return None;
            } else {
                numbers.push(part.parse().ok()?);
            }
        }
        let sound = numbers.len() <= 3 && (rest.is_empty() || (numbers.len() == 3 && !wild));
        let rest = rest.split('+').next().unwrap_or_default();
        sound.then_some(Self {
            numbers,
            rest,
            wild,
        })
    }

    fn is_whole(&self) -> bool {
        self.numbers.len() == 3
    }

    fn number(&self, place: usize) -> u64 {
        self.numbers.get(place).copied().unwrap_or(0)
    }

    /// The first version that it stands for.
    fn whole(&self) -> String {
        let [major, minor, patch] = [0, 1, 2].map(|place| self.number(place));
        format!("{major}.{minor}.{patch}{}", self.rest)
    }

    /// The first version behind all that begin as it does; nothing is behind no number at all.
    fn next(&self) -> Option<String> {
        self.raised(self.numbers.len().checked_sub(1)?)
    }

    /// For `~`: behind the same minor version, or the same major one where no other is given.
    fn next_minor(&self) -> Option<String> {
        self.raised(self.numbers.len().checked_sub(1)?.min(1))
    }

    /// For `^`: behind the first number that is not zero, or the last that is given.
    fn next_breaking(&self) -> Option<String> {
        let first = self.numbers.iter().position(|number| *number > 0);
        self.raised(first.or(self.numbers.len().checked_sub(1))?)
    }

    /// The number at a place one higher, and zeros behind it.
    fn raised(&self, place: usize) -> Option<String> {
        let number = |at: usize| match at.cmp(&place) {
            Ordering::Less => Some(self.number(at)),
            Ordering::Equal => self.number(at).checked_add(1),
            Ordering::Greater => Some(0),
        };
        Some(format!("{}.{}.{}", number(0)?, number(1)?, number(2)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What none of the requirements allows, in a short form.
    fn left(requirements: &[&str]) -> String {
        let texts: Vec<String> = requirements.iter().map(|&text| text.to_owned()).collect();
        let Ok(spans) = others(texts.iter()) else {
            return "bad".to_owned();
        };
        let words = spans.iter().map(|span| match span {
            Span::All => "all".to_owned(),
            Span::Exact(version) => format!("={version}"),
            Span::Between(lower, upper) => {
                let lower = match lower {
                    Lower::Open => String::new(),
                    Lower::Including(version) => format!(">={version}"),
                    Lower::Excluding(version) => format!(">{version}"),
                };
                match upper {
                    Upper::Open => lower,
                    Upper::Excluding(version) => format!("{lower}<{version}"),
                    Upper::Including(version) => format!("{lower}<={version}"),
                }
            }
            other => format!("{other:?}"),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_neither_patched_nor_unaffected_is_affected() {
        for (requirements, expected) in [
            (&[][..], "all"),
            (&[">= 1.2.3"], "<1.2.3"),
            (&[">= 1.2.3", "< 1.0.0"], ">=1.0.0<1.2.3"),
            (&[">= 0.1.5, < 0.2", ">= 0.2.3"], "<0.1.5 >=0.2.0<0.2.3"),
            (&["^0.3.4", ">= 0.4.1"], "<0.3.4 >=0.4.0<0.4.1"),
            (&["> 1.0.0"], "<=1.0.0"),
            (&["<= 1.0.0"], ">1.0.0"),
            (&["=0.2.0", "=0.2.1"], "<0.2.0 >0.2.0<0.2.1 >0.2.1"),
            (&["> 1.0.0", "< 1.0.0"], "=1.0.0"),
            (&[">= 1.0.0", "< 2.0.0"], ""),
            (&["*"], ""),
            (&[">= 0"], ""),
            (&["1.4"], "<1.4.0 >=2.0.0"),
            (&["~1.2", "~2"], "<1.2.0 >=1.3.0<2.0.0 >=3.0.0"),
            (&["> 1.2"], "<1.3.0"),
            (&["<= 1.2"], ">=1.3.0"),
            (&["=0.9"], "<0.9.0 >=0.10.0"),
            (&["^0.0.3"], "<0.0.3 >=0.0.4"),
            (&["^0"], ">=1.0.0"),
            (&["1.*"], "<1.0.0 >=2.0.0"),
            (&[">= 1.0.0-rc.2"], "<1.0.0-rc.2"),
            (&["< 1, > 2"], "all"),
            (
                &["^1.18446744073709551615"],
                "<1.18446744073709551615.0 >=2.0.0",
            ),
            (&["^18446744073709551615"], "<18446744073709551615.0.0"),
        ] {
            assert_eq!(left(requirements), expected, "{requirements:?}");
        }
    }

    #[test]
    fn what_is_no_requirement_is_refused() {
        for text in [
            "",
            ">=",
            "1.2.3.4",
            "a",
            ">= 1.2-rc",
            "1.*.2",
            ">> 1",
            "1 2",
        ] {
            assert_eq!(left(&[text]), "bad", "{text}");
        }
    }
}
