//! Which versions of a distribution's package are affected, as ranges: from what was found of the
//! versions that were on a branch, and from the range of the record that decided.
//!
//! A range never says more than is known. It ends with the first version that was found without the
//! issue, or earlier where a record names the version with the fix; where nobody can tell of a
//! version, it ends with the last affected one before it. Before the first version that was on the
//! branch the record alone speaks.

use std::cmp::Ordering;

use palisade_formats::osv::write::{Event, Range};
use palisade_matching::is_commit;
use palisade_model::{Lower, Span, Upper};
use palisade_version::Scheme;

/// What was found of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is affected.
    Affected,
    /// It has the fix.
    Fixed,
    /// It never had the issue.
    Clear,
    /// Nobody can tell.
    Open,
}

/// A version that was on a branch, and what was found of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Observed {
    pub(super) version: String,
    pub(super) state: State,
    /// The first version with the fix, as its source writes it.
    pub(super) fixed_in: Option<String>,
}

/// Puts versions in order; of equal ones the first that is given counts.
pub(super) fn in_order(scheme: Scheme, mut observed: Vec<Observed>) -> Vec<Observed> {
    let order = |a: &Observed, b: &Observed| {
        scheme
            .compare(&a.version, &b.version)
            .unwrap_or_else(|| a.version.cmp(&b.version))
    };
    observed.sort_by(order);
    observed.dedup_by(|later, first| order(later, first).is_eq());
    observed
}

/// The affected ranges of versions that are in order. `told` are the ranges of the record that
/// decided on the first of them.
pub(super) fn ranges(scheme: Scheme, observed: &[Observed], told: &[&Span]) -> Vec<Range> {
    let Some(first) = observed.first() else {
        return Vec::new();
    };
    let mut found = Ranges {
        bounds: Bounds {
            scheme,
            like: &first.version,
        },
        list: Vec::new(),
        open: None,
    };
    found.before(first, told);
    for version in observed {
        found.note(version);
    }
    found.end(told);
    found.list
}

/// Compares versions of a distribution with bounds that upstream wrote.
struct Bounds<'a> {
    scheme: Scheme,
    /// A version of the package.
    like: &'a str,
}

impl Bounds<'_> {
    /// A bound as a version of the distribution's: with the epoch of its packages. A commit is none.
    fn own(&self, bound: &str) -> Option<String> {
        if is_commit(bound) {
            return None;
        }
        let epoch = match self.scheme {
            Scheme::Deb | Scheme::Rpm | Scheme::Pacman if !bound.contains(':') => {
                self.like.split_once(':').map(|(epoch, _)| epoch)
            }
            _ => None,
        };
        let own = match epoch {
            Some(epoch) => format!("{epoch}:{bound}"),
            None => bound.to_owned(),
        };
        self.scheme.is_valid(&own).then_some(own)
    }

    fn order(&self, a: &str, b: &str) -> Option<Ordering> {
        self.scheme.compare(a, b)
    }

    /// Where a span begins; `0` stands for the first of all versions.
    fn beginning(&self, span: &Span) -> Option<String> {
        match span {
            Span::All | Span::Between(Lower::Open, _) => Some("0".to_owned()),
            Span::Between(Lower::Including(bound) | Lower::Excluding(bound), _) => self.own(bound),
            Span::Exact(_) | Span::Listed(_) | Span::NotStated => None,
        }
    }

    /// How a span ends, if it does.
    fn ending(&self, span: &Span) -> Option<Event> {
        match span {
            Span::Between(_, Upper::Excluding(bound)) => self.own(bound).map(Event::Fixed),
            Span::Between(_, Upper::Including(bound)) => self.own(bound).map(Event::LastAffected),
            _ => None,
        }
    }

    /// Whether a span that can be compared holds a version.
    fn holds(&self, span: &Span, version: &str) -> bool {
        let Some(from) = self.beginning(span) else {
            return false;
        };
        let is_behind = from == "0" || self.order(&from, version).is_some_and(Ordering::is_le);
        is_behind && !self.ends_before(span, version)
    }

    /// Whether a span ends before a version.
    fn ends_before(&self, span: &Span, version: &str) -> bool {
        match self.ending(span) {
            Some(Event::Fixed(end)) => self.order(&end, version).is_some_and(Ordering::is_le),
            Some(Event::LastAffected(end)) => {
                self.order(&end, version).is_some_and(Ordering::is_lt)
            }
            _ => false,
        }
    }
}

/// The ranges that were found so far.
struct Ranges<'a> {
    bounds: Bounds<'a>,
    list: Vec<Range>,
    /// The range that has not ended.
    open: Option<Beginning<'a>>,
}

/// A range that has not ended.
struct Beginning<'a> {
    from: String,
    /// The last affected version.
    last: &'a Observed,
}

impl<'a> Ranges<'a> {
    fn push(&mut self, from: String, end: Option<Event>) {
        let mut events = vec![Event::Introduced(from)];
        events.extend(end);
        self.list.push(Range {
            kind: "ECOSYSTEM",
            repo: None,
            events,
        });
    }

    /// What the record says of versions before the first that was there, and where the range begins
    /// in which that one is.
    fn before(&mut self, first: &'a Observed, told: &[&Span]) {
        for span in told {
            let Some(from) = self.bounds.beginning(span) else {
                continue;
            };
            if self.bounds.ends_before(span, &first.version) {
                let end = self.bounds.ending(span);
                self.push(from, end);
            } else if first.state == State::Fixed
                && from != first.version
                && self.bounds.holds(span, &first.version)
            {
                self.push(from, Some(Event::Fixed(first.version.clone())));
            }
        }
        if first.state == State::Affected {
            let mut holding = told
                .iter()
                .filter(|it| self.bounds.holds(it, &first.version));
            let from = holding.next().and_then(|span| self.bounds.beginning(span));
            self.open = from.map(|from| Beginning { from, last: first });
        }
    }

    fn note(&mut self, version: &'a Observed) {
        match version.state {
            State::Affected => {
                let from = self.open.take().map(|open| open.from);
                self.open = Some(Beginning {
                    from: from.unwrap_or_else(|| version.version.clone()),
                    last: version,
                });
            }
            State::Fixed | State::Clear => {
                if let Some(Beginning { from, last }) = self.open.take() {
                    let named = self.fix(last, last);
                    let named = named.or_else(|| self.fix(version, last));
                    let is_earlier = |fix: &String| {
                        let order = self.bounds.order(fix, &version.version);
                        order.is_some_and(Ordering::is_le)
                    };
                    let fix = named.filter(is_earlier);
                    let fix = fix.unwrap_or_else(|| version.version.clone());
                    self.push(from, Some(Event::Fixed(fix)));
                }
            }
            State::Open => {
                if let Some(Beginning { from, last }) = self.open.take() {
                    self.push(from, Some(Event::LastAffected(last.version.clone())));
                }
            }
        }
    }

    /// The version with the fix that is named of a version, if it comes behind the last affected.
    fn fix(&self, of: &Observed, last: &Observed) -> Option<String> {
        let fix = self.bounds.own(of.fixed_in.as_deref()?)?;
        let order = self.bounds.order(&fix, &last.version)?;
        order.is_gt().then_some(fix)
    }

    /// Ends the last range where the record that decided does.
    fn end(&mut self, told: &[&Span]) {
        let Some(Beginning { from, last }) = self.open.take() else {
            return;
        };
        let mut holding = told
            .iter()
            .filter(|it| self.bounds.holds(it, &last.version));
        let end = self.fix(last, last).map(Event::Fixed);
        let end = end.or_else(|| self.bounds.ending(holding.next()?));
        self.push(from, end);
    }
}

#[cfg(test)]
mod tests {
    use super::State::{Affected, Clear, Fixed, Open};
    use super::*;

    fn seen(version: &str, state: State, fixed_in: Option<&str>) -> Observed {
        Observed {
            version: version.to_owned(),
            state,
            fixed_in: fixed_in.map(str::to_owned),
        }
    }

    /// Ranges in short: `0..2.0` ends before, `0..=2.0` with a version.
    fn short(scheme: Scheme, observed: Vec<Observed>, told: &[Span]) -> Vec<String> {
        let told: Vec<&Span> = told.iter().collect();
        let ranges = ranges(scheme, &in_order(scheme, observed), &told);
        let words = |range: &Range| {
            let event = |event: &Event| match event {
                Event::Introduced(from) => format!("{from}.."),
                Event::Fixed(end) => end.clone(),
                Event::LastAffected(end) => format!("={end}"),
            };
            range.events.iter().map(event).collect::<String>()
        };
        ranges.iter().map(words).collect()
    }

    fn between(from: &str, to: &str) -> Span {
        Span::Between(Lower::Including(from.into()), Upper::Excluding(to.into()))
    }

    #[test]
    fn a_range_begins_and_ends_where_the_record_says() {
        let bad = || vec![seen("1.1-r0", Affected, Some("2.0"))];
        assert_eq!(
            short(Scheme::Apk, bad(), &[Span::before("2.0")]),
            ["0..2.0"]
        );
        assert_eq!(
            short(Scheme::Apk, bad(), &[between("1.0", "2.0")]),
            ["1.0..2.0"]
        );
        // An entry on another product's versions says nothing of where it began.
        assert_eq!(
            short(Scheme::Apk, bad(), &[between("3.0", "4.0")]),
            ["1.1-r0..2.0"]
        );
        assert_eq!(
            short(Scheme::Apk, vec![seen("1.1-r0", Affected, None)], &[]),
            ["1.1-r0.."]
        );
        let upto = Span::Between(Lower::Open, Upper::Including("1.5".into()));
        let bad = vec![seen("1.1-r0", Affected, None)];
        assert_eq!(short(Scheme::Apk, bad, &[upto]), ["0..=1.5"]);
    }

    #[test]
    fn the_first_version_without_the_issue_ends_a_range() {
        let told = [Span::before("2.0")];
        let patched = vec![
            seen("1.1-r0", Affected, Some("2.0")),
            seen("1.1-r1", Fixed, Some("1.1-r1")),
        ];
        assert_eq!(short(Scheme::Apk, patched, &told), ["0..1.1-r1"]);
        let upgraded = vec![
            seen("2.1-r0", Fixed, Some("2.0")),
            seen("1.1-r0", Affected, Some("2.0")),
        ];
        assert_eq!(short(Scheme::Apk, upgraded, &told), ["0..2.0"]);
        let returned = vec![
            seen("1.0-r0", Affected, None),
            seen("1.0-r1", Clear, None),
            seen("1.0-r2", Affected, None),
        ];
        assert_eq!(
            short(Scheme::Apk, returned, &[]),
            ["1.0-r0..1.0-r1", "1.0-r2.."]
        );
    }

    #[test]
    fn what_nobody_can_tell_is_never_called_fixed() {
        let observed = vec![
            seen("1.0", Affected, None),
            seen("1.1", Open, None),
            seen("1.2", Affected, Some("2.0")),
        ];
        assert_eq!(
            short(Scheme::Guix, observed, &[]),
            ["1.0..=1.0", "1.2..2.0"]
        );
        assert_eq!(
            short(Scheme::Guix, vec![seen("1.0", Open, None)], &[]),
            [""; 0]
        );
    }

    #[test]
    fn what_was_before_is_told_by_the_record_alone() {
        let told = [Span::before("1.5"), between("2.0", "2.3")];
        let fixed = || vec![seen("2.4-r0", Fixed, Some("2.3"))];
        assert_eq!(short(Scheme::Apk, fixed(), &told), ["0..1.5", "2.0..2.3"]);
        let here = vec![seen("2.1-r0", Affected, Some("2.3"))];
        assert_eq!(short(Scheme::Apk, here, &told), ["0..1.5", "2.0..2.3"]);
        let patched = vec![seen("1.4-r3", Fixed, Some("1.4-r3"))];
        assert_eq!(short(Scheme::Apk, patched, &told[..1]), ["0..1.4-r3"]);
        let never = vec![seen("1.4-r3", Clear, None)];
        assert_eq!(short(Scheme::Apk, never, &told[..1]), [""; 0]);
    }

    #[test]
    fn upstreams_bounds_get_the_epoch_of_the_package() {
        let bad = vec![seen("1:1.1-2", Affected, Some("2.0"))];
        assert_eq!(
            short(Scheme::Deb, bad, &[between("1.0", "2.0")]),
            ["1:1.0..1:2.0"]
        );
        let own = vec![seen("1:1.1-2", Affected, Some("1:1.1-3"))];
        assert_eq!(short(Scheme::Deb, own, &[]), ["1:1.1-2..1:1.1-3"]);
    }

    #[test]
    fn commits_are_no_versions() {
        let commit = "d2af3bc375e2a77139c3a28d6128c60cd8d08655";
        let bad = || vec![seen("1.2", Affected, Some(commit))];
        assert_eq!(short(Scheme::Guix, bad(), &[Span::before(commit)]), ["0.."]);
        assert_eq!(
            short(Scheme::Guix, bad(), &[between(commit, "2.0")]),
            ["1.2.."]
        );
    }

    #[test]
    fn of_one_version_in_two_states_the_first_given_counts() {
        let grafted = vec![
            seen("3.0", Fixed, Some("3.0.1")),
            seen("3.0", Affected, None),
        ];
        assert_eq!(
            short(Scheme::Guix, grafted, &[Span::before("3.0.1")]),
            ["0..3.0"]
        );
    }
}
