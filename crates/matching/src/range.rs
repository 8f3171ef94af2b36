//! Is this version among those? Ranges evaluated in the scheme in which they were written.

use std::cmp::Ordering;

use palisade_model::{
    Affected, Lower, Product, RangeScheme, Span, Upper, VersionList, VersionRange, VersionStatus,
};
use palisade_version::Scheme;

use crate::days::{Comparison, comparison};
use crate::names::Language;
use crate::series::kin;
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

/// The version that was compared, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subjected {
    /// The version as compared.
    pub version: String,
    /// Whether the distribution's own version was compared, not the upstream part of it.
    pub own_scheme: bool,
    /// Whether the version is a snapshot taken after the upstream version named.
    pub snapshot: bool,
}

/// How one span stands to the version.
enum Standing {
    Inside,
    Before,
    Behind,
    Apart,
    Incomparable,
}

/// A version with the scheme in which to compare it.
struct Compared<'s> {
    version: &'s str,
    own: bool,
    distribution: Scheme,
    /// In which upstream's versions are compared where a record does not say.
    unstated: Scheme,
}

impl Compared<'_> {
    fn order(&self, scheme: RangeScheme, bound: &str) -> Option<Ordering> {
        if self.own {
            return self.by_scheme(scheme, self.version, bound);
        }
        if is_commit(bound) || is_distributions(bound) {
            // CISA's containers call a commit a version of the type `custom`; and a distribution's
            // version tells of its own changes.
            return None;
        }
        // Zabbix's records of 2024 call releases a range of Git's; a commit has no dots.
        let scheme = match scheme {
            RangeScheme::Git if bound.contains('.') => RangeScheme::Unstated,
            _ => scheme,
        };
        match comparison(self.version, bound) {
            Comparison::ByScheme => {}
            Comparison::Days(order) if scheme != RangeScheme::Git => return Some(order),
            Comparison::Days(_) | Comparison::None => return None,
        }
        if scheme == RangeScheme::Git {
            return None;
        }
        self.by_scheme(scheme, self.version, bound)
    }

    /// The order of two versions by the scheme of the range that has one of them.
    fn by_scheme(&self, scheme: RangeScheme, version: &str, other: &str) -> Option<Ordering> {
        if self.own {
            // Alpine really ships versions that apk calls invalid (`6.6.2p1-r0`): then what counts
            // is upstream's part, and the revision is not looked at.
            return self.distribution.compare(version, other).or_else(|| {
                let upstream = |version| palisade_version::upstream(self.distribution, version);
                upstream(version).compare(&upstream(other).text)
            });
        }
        let scheme = match scheme {
            RangeScheme::Stated(stated) => stated.0,
            RangeScheme::Unstated | RangeScheme::Git => self.unstated,
        };
        let order = scheme.compare(version, other);
        order.or_else(|| Scheme::Generic.compare(version, other))
    }

    /// The order against an upper bound such as `5.10.*`, which stands for all that begin so.
    fn order_upper(&self, scheme: RangeScheme, bound: &str) -> Option<Ordering> {
        let Some(prefix) = bound.strip_suffix(".*") else {
            return self.order(scheme, bound);
        };
        let begins = self.version == prefix
            || self
                .version
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with('.'));
        if begins {
            Some(Ordering::Equal)
        } else {
            self.order(scheme, prefix)
        }
    }

    fn standing(&self, range: &VersionRange) -> Standing {
        let standing = match &range.span {
            Span::All => Some(Standing::Inside),
            Span::NotStated => None,
            Span::Exact(version) => self.order(range.scheme, version).map(|order| {
                if order.is_eq() {
                    Standing::Inside
                } else {
                    Standing::Apart
                }
            }),
            Span::Listed(list) => self.among(range.scheme, list),
            Span::Between(lower, upper) => self.between(range.scheme, lower, upper),
        };
        standing.unwrap_or(Standing::Incomparable)
    }

    fn among(&self, scheme: RangeScheme, list: &VersionList) -> Option<Standing> {
        let first = first_number(self.version);
        let mut found = None;
        for version in list.iter() {
            // Lists are long and nearly all of them something else.
            if scheme == RangeScheme::Unstated && first_number(version) != first {
                found = Some(Standing::Apart);
                continue;
            }
            match self.order(scheme, version) {
                Some(Ordering::Equal) => return Some(Standing::Inside),
                Some(_) => found = Some(Standing::Apart),
                None => {}
            }
        }
        found
    }

    fn between(&self, scheme: RangeScheme, lower: &Lower, upper: &Upper) -> Option<Standing> {
        let before = match lower {
            Lower::Open => false,
            Lower::Including(bound) => self.order(scheme, bound)?.is_lt(),
            Lower::Excluding(bound) => self.order(scheme, bound)?.is_le(),
        };
        let behind = match upper {
            Upper::Open => false,
            Upper::Excluding(bound) => self.order_upper(scheme, bound)?.is_ge(),
            Upper::Including(bound) => self.order_upper(scheme, bound)?.is_gt(),
        };
        Some(match (before, behind) {
            (false, false) => Standing::Inside,
            (true, _) => Standing::Before,
            (false, true) => Standing::Behind,
        })
    }
}

/// The version of a subject that an entry's ranges are compared with.
pub(crate) fn subjected(subject: &Subject, product: &Product) -> Subjected {
    if matches!(product, Product::Distribution { .. }) {
        return Subjected {
            version: subject.version.clone(),
            own_scheme: true,
            snapshot: false,
        };
    }
    Subjected {
        version: subject.upstream.text.clone(),
        own_scheme: false,
        snapshot: subject.upstream.snapshot,
    }
}

/// What an entry's ranges say of a subject's version.
pub(crate) fn evaluate<'a>(subject: &Subject, affected: &'a Affected) -> RangeOutcome<'a> {
    let own = matches!(affected.product, Product::Distribution { .. });
    let version = if own {
        &subject.version
    } else {
        &subject.upstream.text
    };
    let compared = Compared {
        version,
        own,
        distribution: subject.scheme,
        // Perl's modules count in decimals: 1.8 comes after 1.050.
        unstated: match subject.language {
            Some(Language::Perl) => Scheme::Cpan,
            _ => Scheme::Generic,
        },
    };
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

/// The version of a span that holds no other: of a range of which a change in it left nothing more, the
/// first (`from 5.0.35rc1 up to 5.0.34`).
fn only_version(span: &Span) -> Option<&str> {
    match span {
        Span::Exact(version) => Some(version),
        Span::Between(Lower::Including(from), Upper::Including(to)) => {
            let order = Scheme::Generic.compare(to, from)?;
            order.is_le().then_some(from)
        }
        _ => None,
    }
}

/// Whether a bound is a distribution's version (`2.12-1ubuntu5`, `2.4-9.el8`), which no upstream
/// writes.
fn is_distributions(bound: &str) -> bool {
    const MARKS: &[&str] = &[
        "ubuntu", "+deb", "~deb", ".el6", ".el7", ".el8", ".el9", ".fc3", ".fc4",
    ];
    MARKS.iter().any(|mark| bound.contains(mark))
}

/// Whether a bound is a commit: letters and digits of a hash, long enough for Git to show it so.
pub fn is_commit(bound: &str) -> bool {
    (10..=40).contains(&bound.len())
        && bound.bytes().all(|byte| byte.is_ascii_hexdigit())
        && bound.bytes().any(|byte| byte.is_ascii_alphabetic())
        && bound.bytes().any(|byte| byte.is_ascii_digit())
}

/// The first number in a version, without leading zeros: equal versions of the generic scheme have
/// the same. Of a date in one number it is the year, as in the generic scheme.
fn first_number(version: &str) -> &str {
    let start = version.find(|c: char| c.is_ascii_digit());
    let digits = &version[start.unwrap_or(version.len())..];
    let end = digits.find(|c: char| !c.is_ascii_digit());
    let number = &digits[..end.unwrap_or(digits.len())];
    if number.len() == 8 && (number.starts_with("19") || number.starts_with("20")) {
        return &number[..4];
    }
    number.trim_start_matches('0')
}

fn fixed_in(range: &VersionRange) -> Option<&str> {
    match &range.span {
        Span::Between(_, Upper::Excluding(bound)) => Some(bound),
        _ => None,
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

/// Whether a range ends later than another; one without an end ends latest.
fn is_later(range: &VersionRange, known: &VersionRange, compared: &Compared<'_>) -> bool {
    let (Some(new), Some(old)) = (range.span.end(), known.span.end()) else {
        return range.span.end().is_none();
    };
    let order = compared.by_scheme(range.scheme, new, old);
    order.is_some_and(Ordering::is_gt)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_versions_have_the_same_first_number() {
        let equal = [
            ("v1.2", "1.2.0"),
            ("release-01.2", "1.2"),
            ("20240102", "2024.01.02"),
            ("foo-2024-01-02", "20240102"),
            ("0", "0.0"),
        ];
        for (a, b) in equal {
            let order = Scheme::Generic.compare(a, b);
            assert_eq!(order, Some(Ordering::Equal), "{a} {b}");
            assert_eq!(first_number(a), first_number(b), "{a} {b}");
        }
    }

    #[test]
    fn commits_are_told_from_versions() {
        for commit in ["1da177e4c3f4", "8915dcd29a82096acacf54364a8425363782aea0"] {
            assert!(is_commit(commit), "{commit}");
        }
        for version in [
            "20191127",
            "202001011200",
            "1.2.3",
            "deadbeefcafe",
            "9.0b1",
            "5.15.113",
        ] {
            assert!(!is_commit(version), "{version}");
        }
    }

    #[test]
    fn distributions_versions_are_told_from_upstreams() {
        for own in [
            "2.12-1ubuntu5",
            "1.2-3+deb12u1",
            "2.4-9.el8_10",
            "1.0-2.fc39",
        ] {
            assert!(is_distributions(own), "{own}");
        }
        for upstream in ["2.12", "1.2-3", "7.0.8-68", "1.0.fcgi"] {
            assert!(!is_distributions(upstream), "{upstream}");
        }
    }

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
