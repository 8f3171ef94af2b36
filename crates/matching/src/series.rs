//! Packages that bear the version of their series in their name (`php8.2`, `tomcat10`), and entries
//! that end before one begins.
//!
//! A distribution that packages each series apart gives a new name to each. What is said of versions
//! that end before the series began was never said of such a package.

use palisade_model::{Affected, RangeScheme, Span, VersionRange, VersionStatus};
use palisade_version::Scheme;

/// The first version of the series that a package's name gives, if its version is of that series:
/// `8.1` for `php81` 8.1.2, `3` for `gtk+3.0` 3.24, `15` for `postgresql-15` 15.3.
pub(crate) fn series(name: &str, upstream: &str) -> Option<String> {
    let base = ["-compat", "-lts"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(name);
    let stem = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let suffix = base[stem.len()..].trim_matches('.');
    if stem.is_empty() || suffix.is_empty() {
        return None;
    }
    let suffix = suffix.trim_end_matches(".0");
    let mut taken = String::new();
    let mut numbers = String::new();
    for component in upstream.split('.') {
        if !component.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if !taken.is_empty() {
            taken.push('.');
        }
        taken.push_str(component);
        numbers.push_str(component);
        if taken == suffix || numbers == suffix {
            return Some(taken);
        }
        if taken.len() > suffix.len() {
            return None;
        }
    }
    None
}

/// How many numbers two versions have in common at their beginnings: 2 for `6.9.11` and `6.9.12`.
pub(crate) fn kin(version: &str, other: &str) -> usize {
    let numbers = |text| {
        <str>::split(text, |c: char| !c.is_ascii_digit())
            .filter(|number| !number.is_empty())
            .map(|number| number.trim_start_matches('0'))
    };
    numbers(version)
        .zip(numbers(other))
        .take_while(|(one, other)| one == other)
        .count()
}

/// Whether the first number of a version names a series: it is not the only one, as in `less` 608,
/// nor does it go up with every release, as in browsers.
pub(crate) fn has_series(version: &str) -> bool {
    const RUNNING: u64 = 40;
    let numbers = version.split(|c: char| !c.is_ascii_digit());
    let count = numbers.filter(|number| !number.is_empty()).count();
    count > 1 && first_number(version).is_some_and(|first| first < RUNNING)
}

/// The first number of a version.
pub(crate) fn first_number(version: &str) -> Option<u64> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    numbers.find(|number| !number.is_empty())?.parse().ok()
}

/// Whether all versions that an entry has as affected come before a version.
pub(crate) fn ends_before(affected: &Affected, version: &str) -> bool {
    let ranges = affected.versions.iter();
    let mut bad = ranges
        .filter(|range| range.status == VersionStatus::Affected)
        .peekable();
    affected.otherwise != Some(VersionStatus::Affected)
        && bad.peek().is_some()
        && bad.all(|range| range_ends_before(range, version))
}

fn range_ends_before(range: &VersionRange, version: &str) -> bool {
    let order = |bound: &str| {
        let stated = match range.scheme {
            RangeScheme::Stated(stated) => stated.0.compare(bound, version),
            RangeScheme::Unstated => None,
            RangeScheme::Git => return None,
        };
        stated.or_else(|| Scheme::Generic.compare(bound, version))
    };
    let below = |bound: &str| order(bound).is_some_and(std::cmp::Ordering::is_lt);
    match &range.span {
        Span::Exact(exact) => below(exact),
        Span::Listed(list) => list.iter().all(below),
        span => span
            .end()
            .is_some_and(|end| below(end.trim_end_matches(".*"))),
    }
}

#[cfg(test)]
mod tests {
    use palisade_model::{Lower, Product, Upper};

    use super::*;

    #[test]
    fn a_name_gives_the_series_when_the_version_is_of_it() {
        for (name, version, expected) in [
            ("php8.2", "8.2.32", Some("8.2")),
            ("php81", "8.1.2", Some("8.1")),
            ("postgresql-15", "15.18", Some("15")),
            ("gtk+3.0", "3.24.38", Some("3")),
            ("openssl1.1-compat", "1.1.1", Some("1.1")),
            ("libssh2", "1.10.0", None),
            ("libgcrypt20", "1.10.1", None),
            ("nodejs", "18.20.4", None),
            ("x264", "0.164.3095", None),
        ] {
            assert_eq!(series(name, version).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn an_entry_ends_before_a_version_when_each_of_its_ranges_does() {
        let entry = |spans: &[Span]| {
            let product = Product::Ecosystem {
                ecosystem: "test".to_owned(),
                name: "php".to_owned(),
                repository: None,
            };
            let affected =
                |span: &Span| VersionRange::affected(span.clone(), RangeScheme::Unstated);
            Affected::of(product, spans.iter().map(affected).collect())
        };
        let to = |bound: &str| Span::Between(Lower::Open, Upper::Including(bound.to_owned()));
        assert!(ends_before(
            &entry(&[Span::before("8.1"), to("7.4.3")]),
            "8.2"
        ));
        assert!(ends_before(
            &entry(&[Span::Exact("5.6.11".to_owned())]),
            "8.2"
        ));
        assert!(!ends_before(
            &entry(&[to("7.4.3"), Span::before("8.2.1")]),
            "8.2"
        ));
        assert!(!ends_before(&entry(&[to("8.2")]), "8.2"));
        // What was mended for the first release was in what came before that.
        assert!(!ends_before(&entry(&[Span::before("8.2")]), "8.2"));
        assert!(!ends_before(&entry(&[Span::All]), "8.2"));
        assert!(!ends_before(&entry(&[]), "8.2"));
    }
}
