//! OSV's events as ranges.
//!
//! Events say where an issue came in and went, in no prescribed order. Where they alternate, as
//! nearly all do, each `introduced` and the event behind it are a range. Otherwise those of
//! versions are put in order and read as the schema's evaluation algorithm does: what is not
//! introduced cannot be fixed, and what is fixed stays so until it is introduced again.
//!
//! Commits have no order. There each end belongs to the `introduced` before it, several ends to
//! the last one, and an `introduced` without an end of its own to the next end: no commit that the
//! record names is lost, and there are never more ranges than events. `limit` closes a range that
//! nothing else does.

use std::cmp::Ordering;

use palisade_model::{Lower, Span, Upper};
use palisade_version::Scheme;

use super::record::Event;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    // In the order in which events of one version are evaluated.
    Fixed,
    Introduced,
    LastAffected,
    Limit,
}

type Step<'a> = (Kind, &'a str);

/// The ranges of events; without a scheme they are in no order but their own.
pub(super) fn spans(events: &[Event<'_>], scheme: Option<Scheme>) -> Vec<Span> {
    let mut steps: Vec<Step<'_>> = events.iter().flat_map(steps).collect();
    if !alternates(&steps)
        && let Some(scheme) = scheme
        && steps
            .iter()
            .all(|(_, at)| is_start(at) || *at == "*" || scheme.is_valid(at))
    {
        steps.sort_by(|a, b| order(scheme, *a, *b));
        return evaluate(&steps);
    }
    pair(&steps)
}

fn steps<'a>(event: &'a Event<'_>) -> impl Iterator<Item = Step<'a>> {
    [
        (Kind::Introduced, &event.introduced),
        (Kind::Fixed, &event.fixed),
        (Kind::LastAffected, &event.last_affected),
        (Kind::Limit, &event.limit),
    ]
    .into_iter()
    .filter_map(|(kind, at)| Some((kind, at.as_deref()?)))
}

/// Whether each `introduced` is followed by one end, but perhaps the last.
fn alternates(steps: &[Step<'_>]) -> bool {
    steps
        .iter()
        .enumerate()
        .all(|(place, (kind, _))| match kind {
            Kind::Introduced => place.is_multiple_of(2),
            Kind::Fixed | Kind::LastAffected => !place.is_multiple_of(2),
            Kind::Limit => false,
        })
}

fn is_start(version: &str) -> bool {
    version == "0"
}

fn order(scheme: Scheme, a: Step<'_>, b: Step<'_>) -> Ordering {
    let versions = match (is_start(a.1), is_start(b.1)) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => scheme.compare(a.1, b.1).unwrap_or_else(|| a.1.cmp(b.1)),
    };
    versions.then(a.0.cmp(&b.0))
}

fn lower(version: &str) -> Lower {
    if is_start(version) {
        Lower::Open
    } else {
        Lower::Including(version.to_owned())
    }
}

/// The upper bound that an event is; a limit of `*` is none.
fn upper((kind, at): Step<'_>) -> Upper {
    match kind {
        Kind::LastAffected => Upper::Including(at.to_owned()),
        Kind::Limit if at == "*" => Upper::Open,
        _ => Upper::Excluding(at.to_owned()),
    }
}

fn span(from: &str, upper: Upper) -> Span {
    match (lower(from), upper) {
        (Lower::Open, Upper::Open) => Span::All,
        (lower, upper) => Span::Between(lower, upper),
    }
}

fn evaluate(steps: &[Step<'_>]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut since = None;
    for &(kind, at) in steps {
        match kind {
            Kind::Introduced => since = since.or(Some(at)),
            _ => spans.extend(since.take().map(|from| span(from, upper((kind, at))))),
        }
    }
    spans.extend(since.map(|from| span(from, Upper::Open)));
    spans
}

fn pair(steps: &[Step<'_>]) -> Vec<Span> {
    let limit = steps.iter().find(|(kind, _)| *kind == Kind::Limit);
    let mut spans = Vec::new();
    let mut waiting: Vec<&str> = Vec::new();
    let mut last = None;
    for &(kind, at) in steps {
        match kind {
            Kind::Introduced => waiting.push(at),
            Kind::Limit => {}
            Kind::Fixed | Kind::LastAffected => {
                last = waiting.last().copied().or(last);
                if waiting.is_empty() {
                    // An end without a beginning still names a fix.
                    spans.push(span(last.unwrap_or("0"), upper((kind, at))));
                }
                spans.extend(waiting.drain(..).map(|from| span(from, upper((kind, at)))));
            }
        }
    }
    let rest = waiting
        .into_iter()
        .map(|from| span(from, limit.map_or(Upper::Open, |l| upper(*l))));
    spans.extend(rest);
    spans
}
