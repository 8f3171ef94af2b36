//! What a span says by itself, whatever version it is about.

use palisade_model::{Lower, Span, Upper, VersionRange};
use palisade_version::Scheme;

use crate::series::kin;

/// A span in words: `before 1.2`, `from 1.0 up to 1.4`.
pub fn span_words(span: &Span) -> String {
    let lower = |lower: &Lower| match lower {
        Lower::Open => String::new(),
        Lower::Including(bound) => format!("from {bound}"),
        Lower::Excluding(bound) => format!("after {bound}"),
    };
    match span {
        Span::All => "all versions".to_owned(),
        Span::NotStated => "no version stated".to_owned(),
        Span::Exact(version) => format!("version {version}"),
        Span::Listed(list) => {
            let some: Vec<&str> = list.iter().take(4).collect();
            let count = list.iter().count();
            format!("a list of {count} versions ({} …)", some.join(", "))
        }
        Span::Between(from, to) => {
            let to = match to {
                Upper::Open if *from == Lower::Open => return "all versions".to_owned(),
                Upper::Open => "on".to_owned(),
                Upper::Excluding(bound) => format!("before {bound}"),
                Upper::Including(bound) => format!("up to {bound}"),
            };
            format!("{} {to}", lower(from)).trim().to_owned()
        }
    }
}

/// Whether a span says with which version it begins.
pub(crate) fn has_beginning(span: &Span) -> bool {
    match span {
        Span::Between(Lower::Open, _) => false,
        Span::Between(Lower::Including(bound), _) => bound != "0",
        _ => true,
    }
}

/// How near a version's series is to those in which a range with an end begins and ends: how many of
/// the numbers at their beginnings are the same.
pub(crate) fn closeness(version: &str, span: &Span) -> Option<usize> {
    let end = kin(version, span.end()?);
    let beginning = match span {
        Span::Between(Lower::Including(bound) | Lower::Excluding(bound), _) => kin(version, bound),
        _ => 0,
    };
    Some(end.max(beginning))
}

/// The first fixed version, if a range names one.
pub(crate) fn fixed_in(range: &VersionRange) -> Option<&str> {
    match &range.span {
        Span::Between(_, Upper::Excluding(bound)) => Some(bound),
        _ => None,
    }
}

/// The version of a span that holds no other: of a range of which a change in it left nothing more, the
/// first (`from 5.0.35rc1 up to 5.0.34`).
pub(crate) fn only_version(span: &Span) -> Option<&str> {
    match span {
        Span::Exact(version) => Some(version),
        Span::Between(Lower::Including(from), Upper::Including(to)) => {
            let order = Scheme::Generic.compare(to, from)?;
            order.is_le().then_some(from)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_words() {
        assert_eq!(span_words(&Span::before("1.2")), "before 1.2");
        assert_eq!(
            span_words(&Span::Between(
                Lower::Including("1".into()),
                Upper::Including("2".into())
            )),
            "from 1 up to 2"
        );
        assert_eq!(
            span_words(&Span::Between(Lower::Excluding("1".into()), Upper::Open)),
            "after 1 on"
        );
    }
}
