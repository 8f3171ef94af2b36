//! Is this version among those? Ranges evaluated in the scheme in which they were written.

use palisade_model::{Affected, Product, Span, VersionRange, VersionStatus};

use crate::compared::{Compared, Standing, is_later};
use crate::series::kin;
use crate::span::{closeness, fixed_in, only_version};
use crate::subject::Subject;

/// What the ranges of one entry say of a subject's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeOutcome<'a> {
    /// The version is affected.
    Inside {
        /// The range in which it lies; `None` when the entry affects all versions not named.
        span: Option<&'a Span>,
        /// The first fixed version, if the range names one.
        fixed_in: Option<&'a str>,
    },
    /// The version is at or behind the end of every affected range before it.
    Fixed {
        /// The range behind which it lies.
        span: &'a Span,
        /// The first fixed version, if the range names one.
        fixed_in: Option<&'a str>,
    },
    /// The version lies before the first affected one.
    NotYet {
        /// The range before which it lies.
        span: &'a Span,
    },
    /// The entry says that the version is not affected, or does not name it among those that are.
    NotListed {
        /// The statement, when there is one.
        span: Option<&'a Span>,
    },
    /// The entry does not tell: it gives no version, only commits, or one that cannot be compared.
    Unknown {
        /// What it gives.
        span: Option<&'a Span>,
    },
    /// The entry speaks of other versions and says nothing of this one.
    Silent,
}

/// What an entry's ranges say of a subject's version.
pub(crate) fn evaluate<'a>(subject: &Subject, affected: &'a Affected) -> RangeOutcome<'a> {
    let compared = Compared::new(subject, &affected.product);
    let mut found = Found::default();
    for range in &affected.versions {
        found.note(range, compared.standing(range), &compared);
    }
    found.conclude(affected, &compared, subject.upstream.snapshot)
}

/// What has been found among an entry's ranges so far.
#[derive(Default)]
struct Found<'a> {
    affected_exact: Option<&'a VersionRange>,
    affected_range: Option<&'a VersionRange>,
    unaffected_exact: Option<&'a Span>,
    unaffected_range: Option<&'a Span>,
    unknown: Option<&'a Span>,
    /// The affected range with the highest end before the version.
    behind: Option<&'a VersionRange>,
    /// The affected range that ended before the version, in a series as near to the version's own as
    /// any; and how near.
    ended_in_series: Option<(usize, &'a VersionRange)>,
    before: Option<&'a Span>,
    apart: bool,
    incomparable: Option<&'a Span>,
}

impl<'a> Found<'a> {
    fn note(&mut self, range: &'a VersionRange, standing: Standing, compared: &Compared<'_>) {
        let exact = matches!(range.span, Span::Exact(_) | Span::Listed(_));
        match (range.status, standing) {
            (VersionStatus::Affected, Standing::Inside) if exact => {
                self.affected_exact.get_or_insert(range);
            }
            (VersionStatus::Affected, Standing::Inside) => {
                if self
                    .affected_range
                    .is_none_or(|known| tells_more(range, known, compared))
                {
                    self.affected_range = Some(range);
                }
            }
            (VersionStatus::Affected, Standing::Behind) => {
                self.note_end(range, compared);
                if self
                    .behind
                    .is_none_or(|known| is_later(range, known, compared))
                {
                    self.behind = Some(range);
                }
            }
            (VersionStatus::Affected, Standing::Before) => {
                self.before.get_or_insert(&range.span);
            }
            (VersionStatus::Affected, Standing::Apart) => self.apart = true,
            (VersionStatus::Affected, Standing::Incomparable) => {
                self.incomparable.get_or_insert(&range.span);
            }
            (VersionStatus::Unaffected, Standing::Inside) if exact => {
                self.unaffected_exact.get_or_insert(&range.span);
            }
            (VersionStatus::Unaffected, Standing::Inside) => {
                self.unaffected_range.get_or_insert(&range.span);
            }
            (VersionStatus::Unknown, Standing::Inside) => {
                self.unknown.get_or_insert(&range.span);
            }
            (VersionStatus::Unaffected | VersionStatus::Unknown, _) => {}
        }
    }

    fn note_end(&mut self, range: &'a VersionRange, compared: &Compared<'_>) {
        let Some(end) = range.span.end() else {
            return;
        };
        let near = kin(compared.version, end);
        if self.ended_in_series.is_none_or(|(known, _)| near > known) {
            self.ended_in_series = Some((near, range));
        }
    }

    /// The range that ended in the version's own series, where one that holds the version begins and
    /// ends in others: an entry that gives several ends means one for each series.
    fn mended_in_series(&self, inside: &VersionRange, version: &str) -> Option<&'a VersionRange> {
        let holding = closeness(version, &inside.span)?;
        let (near, range) = self.ended_in_series?;
        (near > holding).then_some(range)
    }

    /// One version named beats a range; of a range that affects and one that does not, in a
    /// distribution's own record the first (a later fix was not enough), elsewhere the second.
    fn conclude(
        self,
        affected: &'a Affected,
        compared: &Compared<'_>,
        snapshot: bool,
    ) -> RangeOutcome<'a> {
        let own = matches!(affected.product, Product::Distribution { .. });
        if let Some(range) = self.affected_exact {
            return RangeOutcome::Inside {
                span: Some(&range.span),
                fixed_in: None,
            };
        }
        if let Some(span) = self.unaffected_exact {
            return RangeOutcome::NotListed { span: Some(span) };
        }
        if let Some(range) = self
            .affected_range
            .filter(|_| own || self.unaffected_range.is_none())
        {
            let mended = self.mended_in_series(range, compared.version);
            if let Some(range) = mended.filter(|_| !own) {
                return RangeOutcome::Fixed {
                    span: &range.span,
                    fixed_in: fixed_in(range),
                };
            }
            return RangeOutcome::Inside {
                span: Some(&range.span),
                fixed_in: fixed_in(range),
            };
        }
        if own && let Some(range) = self.behind {
            return RangeOutcome::Fixed {
                span: &range.span,
                fixed_in: fixed_in(range),
            };
        }
        if let Some(span) = self.unaffected_range {
            return RangeOutcome::NotListed { span: Some(span) };
        }
        if let Some(span) = self.unknown {
            return RangeOutcome::Unknown { span: Some(span) };
        }
        match affected.otherwise {
            // Who calls all others affected and names only what is, means that its fixes hold.
            Some(VersionStatus::Affected) if !self.ends_all(affected) => {
                return RangeOutcome::Inside {
                    span: None,
                    fixed_in: None,
                };
            }
            Some(VersionStatus::Unknown) if affected.versions.is_empty() => {
                return RangeOutcome::Unknown { span: None };
            }
            Some(_) | None => {}
        }
        if let Some(range) = self.behind {
            return RangeOutcome::Fixed {
                span: &range.span,
                fixed_in: fixed_in(range),
            };
        }
        if let Some(span) = self.before {
            return RangeOutcome::NotYet { span };
        }
        if affected.otherwise.is_none() {
            return match self.incomparable {
                None => RangeOutcome::Silent,
                span => RangeOutcome::Unknown { span },
            };
        }
        if self.apart || self.is_unnamed(affected, snapshot) {
            return RangeOutcome::NotListed { span: None };
        }
        RangeOutcome::Unknown {
            span: self.incomparable,
        }
    }

    /// Whether the version lies behind the end of an affected range, and the entry names no version
    /// that is not affected but those with which such ranges end.
    fn ends_all(&self, affected: &Affected) -> bool {
        let is_affected = |range: &VersionRange| range.status == VersionStatus::Affected;
        let is_end = |bound: &str| {
            let mut bad = affected.versions.iter().filter(|range| is_affected(range));
            bad.any(|range| range.span.end() == Some(bound))
        };
        let mut named = affected.versions.iter();
        self.behind.is_some()
            && named
                .all(|range| is_affected(range) || only_version(&range.span).is_some_and(is_end))
    }

    /// Whether the version is none of those that the entry names, and the entry says that others
    /// are not affected. One of a repository that names none at all says so of what was released.
    fn is_unnamed(&self, affected: &Affected, snapshot: bool) -> bool {
        let names_some = !affected.versions.is_empty();
        let of_repository = matches!(affected.product, Product::Ecosystem { .. });
        affected.otherwise == Some(VersionStatus::Unaffected)
            && self.incomparable.is_none()
            && (names_some || (of_repository && !snapshot))
    }
}

/// Whether of two ranges that hold the version the first tells more of it: in a distribution's own
/// record that which ends later, since a first fix was not enough; elsewhere that of the version's own
/// series.
fn tells_more(range: &VersionRange, known: &VersionRange, compared: &Compared<'_>) -> bool {
    let near = |range: &VersionRange| closeness(compared.version, &range.span);
    if compared.own || near(range) == near(known) {
        return is_later(range, known, compared);
    }
    near(range) > near(known)
}
