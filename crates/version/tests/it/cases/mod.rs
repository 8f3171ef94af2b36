//! Tables of versions in their order, taken from reading each specification.

mod distributions;
mod ecosystems;
mod generic;
mod upstream;

use std::cmp::Ordering;

use palisade_version::Scheme;

/// Checks a table: every line is later than all lines before it; ` = ` joins equal versions.
fn ascending(scheme: Scheme, lines: &[&str]) {
    let groups: Vec<Vec<&str>> = lines
        .iter()
        .map(|line| line.split(" = ").collect())
        .collect();
    for (at_a, group_a) in groups.iter().enumerate() {
        for (at_b, group_b) in groups.iter().enumerate() {
            for (a, b) in group_a
                .iter()
                .flat_map(|a| group_b.iter().map(move |b| (a, b)))
            {
                assert_eq!(
                    scheme.compare(a, b),
                    Some(at_a.cmp(&at_b)),
                    "{scheme} {a:?} {b:?}"
                );
            }
        }
    }
}

/// Checks that none of the texts is a version.
fn invalid(scheme: Scheme, texts: &[&str]) {
    for text in texts {
        assert!(!scheme.is_valid(text), "{scheme} {text:?}");
        assert_eq!(scheme.compare(text, text), None, "{scheme} {text:?}");
    }
}

/// Checks single comparisons where no chain can be made.
fn pairs(scheme: Scheme, pairs: &[(&str, Ordering, &str)]) {
    for (a, order, b) in pairs {
        assert_eq!(scheme.compare(a, b), Some(*order), "{scheme} {a:?} {b:?}");
    }
}
