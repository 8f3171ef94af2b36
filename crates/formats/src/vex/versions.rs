//! Versions of a product as statements name them: none, one, or a range (`vers:deb/>=1.2|<1.4`).
//!
//! The range notation is that of the package-url project's VERSION-RANGE-SPEC: comparisons divided
//! by `|`, in the order of versions, each version quoted by percent signs.

use palisade_model::{Lower, Span, Upper};

use super::purl::decoded;
use crate::words::is_version;

/// Comparisons of one range.
const COMPARISONS: usize = 1000;

/// The versions of which a statement speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Versions {
    /// None is named.
    All,
    /// This one.
    One(String),
    /// Several; those with `false` are left out of the others.
    Spans(Vec<(bool, Span)>),
}

impl Versions {
    /// One version, or all where the text is none.
    pub(crate) fn one(version: &str) -> Self {
        if is_version(version) {
            Self::One(version.to_owned())
        } else {
            Self::All
        }
    }

    /// A range; `None` when it cannot be read.
    pub(crate) fn range(text: &str) -> Option<Self> {
        let (_, constraints) = text.trim().strip_prefix("vers:")?.split_once('/')?;
        if constraints == "*" {
            return Some(Self::All);
        }
        let mut spans = Vec::new();
        let mut from = None;
        for (count, constraint) in constraints.split('|').enumerate() {
            if count == COMPARISONS {
                return None;
            }
            let (sign, version) = comparison(constraint.trim())?;
            let upper = match sign {
                Sign::Less => Upper::Excluding(version),
                Sign::LessOrEqual => Upper::Including(version),
                Sign::Greater | Sign::GreaterOrEqual => {
                    // Of two lower ends behind each other the first says more.
                    from.get_or_insert(match sign {
                        Sign::Greater => Lower::Excluding(version),
                        _ => Lower::Including(version),
                    });
                    continue;
                }
                Sign::Equal | Sign::NotEqual => {
                    spans.push((sign == Sign::Equal, Span::Exact(version)));
                    continue;
                }
            };
            let lower = from.take().unwrap_or(Lower::Open);
            spans.push((true, Span::Between(lower, upper)));
        }
        spans.extend(from.map(|from| (true, Span::Between(from, Upper::Open))));
        if !spans.iter().any(|(is_meant, _)| *is_meant) {
            spans.push((true, Span::All));
        }
        Some(Self::Spans(spans))
    }

    /// What it is as spans, each with whether it is meant or left out.
    pub(super) fn spans(self) -> Vec<(bool, Span)> {
        match self {
            Self::All => vec![(true, Span::All)],
            Self::One(version) => vec![(true, Span::Exact(version))],
            Self::Spans(spans) => spans,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

fn comparison(text: &str) -> Option<(Sign, String)> {
    let signs = [
        (">=", Sign::GreaterOrEqual),
        ("<=", Sign::LessOrEqual),
        ("!=", Sign::NotEqual),
        ("<", Sign::Less),
        (">", Sign::Greater),
        ("=", Sign::Equal),
    ];
    let found = signs
        .into_iter()
        .find_map(|(sign, kind)| Some((kind, text.strip_prefix(sign)?)));
    let (sign, version) = found.unwrap_or((Sign::Equal, text));
    let version = decoded(version.trim());
    is_version(&version).then_some((sign, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(lower: Lower, upper: Upper) -> (bool, Span) {
        (true, Span::Between(lower, upper))
    }

    #[test]
    fn ranges_are_pairs_of_comparisons() {
        let range = |text| Versions::range(text).map(Versions::spans);
        assert_eq!(
            range("vers:deb/<1.2|>=2.0|<2.3%2Bdeb1|=3"),
            Some(vec![
                between(Lower::Open, Upper::Excluding("1.2".into())),
                between(
                    Lower::Including("2.0".into()),
                    Upper::Excluding("2.3+deb1".into())
                ),
                (true, Span::Exact("3".into())),
            ])
        );
        assert_eq!(
            range("vers:npm/>1|!=1.5"),
            Some(vec![
                (false, Span::Exact("1.5".into())),
                between(Lower::Excluding("1".into()), Upper::Open),
            ])
        );
        assert_eq!(
            range("vers:npm/!=1.5"),
            Some(vec![(false, Span::Exact("1.5".into())), (true, Span::All)])
        );
        assert_eq!(range("vers:rpm/*"), Some(vec![(true, Span::All)]));
        for bad in [
            "",
            "vers:deb",
            "vers:deb/",
            "vers:deb/>=",
            "<1.2",
            "vers:deb/<a b",
        ] {
            assert_eq!(range(bad), None, "{bad}");
        }
    }
}
