//! How a version stands to a bound or a span, in the scheme in which that was written.

use std::cmp::Ordering;

use palisade_model::{Lower, Product, RangeScheme, Span, Upper, VersionList, VersionRange};
use palisade_version::Scheme;

use crate::days::{Comparison, comparison};
use crate::names::Language;
use crate::subject::Subject;

/// The version that was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ComparedVersion {
    /// As compared.
    pub(crate) text: String,
    /// Whether it is a snapshot taken after the upstream version named.
    pub(crate) snapshot: bool,
}

impl ComparedVersion {
    /// The version of a subject with which an entry on a product is compared.
    pub(crate) fn new(subject: &Subject, product: &Product) -> Self {
        let (text, own) = version_of(subject, product);
        Self {
            text: text.to_owned(),
            snapshot: !own && subject.upstream.snapshot,
        }
    }
}

/// The version of a subject that an entry on a product is about, and whether it is the distribution's
/// own, not upstream's part of that.
fn version_of<'s>(subject: &'s Subject, product: &Product) -> (&'s str, bool) {
    match product {
        Product::Distribution { .. } => (&subject.version, true),
        _ => (&subject.upstream.text, false),
    }
}

/// How one span stands to the version.
pub(crate) enum Standing {
    Inside,
    Before,
    Behind,
    Apart,
    Incomparable,
}

/// A version with the scheme in which to compare it.
pub(crate) struct Compared<'s> {
    pub(crate) version: &'s str,
    /// Whether it is the distribution's own version.
    pub(crate) own: bool,
    distribution: Scheme,
    /// In which upstream's versions are compared where a record does not say.
    unstated: Scheme,
}

impl<'s> Compared<'s> {
    /// The version of a subject that an entry on a product is about.
    pub(crate) fn new(subject: &'s Subject, product: &Product) -> Self {
        let (version, own) = version_of(subject, product);
        Self {
            version,
            own,
            distribution: subject.scheme,
            // Perl's modules count in decimals: 1.8 comes after 1.050.
            unstated: match subject.language {
                Some(Language::Perl) => Scheme::Cpan,
                _ => Scheme::Generic,
            },
        }
    }

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

    /// How it stands to a range.
    pub(crate) fn standing(&self, range: &VersionRange) -> Standing {
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

/// Whether a range ends later than another; one without an end ends latest.
pub(crate) fn is_later(
    range: &VersionRange,
    known: &VersionRange,
    compared: &Compared<'_>,
) -> bool {
    let (Some(new), Some(old)) = (range.span.end(), known.span.end()) else {
        return range.span.end().is_none();
    };
    let order = compared.by_scheme(range.scheme, new, old);
    order.is_some_and(Ordering::is_gt)
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
}
