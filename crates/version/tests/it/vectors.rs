//! apk's own test vectors and those of osv-scalibr, which were made with apk 2.

use std::cmp::Ordering;

use palisade_version::{Scheme, apk};

use crate::feeds;

/// One line: `a op b`, or `v` / `!v` for a version that is valid or not. `#` starts a comment.
enum Line<'a> {
    Comparison(&'a str, &'a str, &'a str),
    Validity(&'a str, bool),
}

fn parse(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().filter_map(|line| {
        let words: Vec<&str> = line
            .split('#')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        match words.as_slice() {
            [] => None,
            [version] => {
                let plain = version.trim_start_matches('!');
                Some(Line::Validity(plain, plain.len() == version.len()))
            }
            [a, op, b] => Some(Line::Comparison(a, op, b)),
            _ => panic!("not a vector: {line}"),
        }
    })
}

fn holds(a: &str, operator: &str, b: &str) -> bool {
    let plain = operator.trim_start_matches('!');
    let order = apk::compare_lenient(a, b);
    let holds = plain.chars().any(|sign| match sign {
        '<' => order.is_lt(),
        '>' => order.is_gt(),
        '=' => order.is_eq(),
        '~' => apk::fuzzy_match(a, b),
        _ => panic!("not an operator: {operator}"),
    });
    holds == (plain.len() == operator.len())
}

#[test]
fn apk_tools_3_unit_tests_all_pass() {
    let Some(text) = feeds::read("apk vectors", "alpine/vectors/apk-tools-3.0.6-version.data")
    else {
        return;
    };
    let (mut comparisons, mut validities) = (0, 0);
    for line in parse(&text) {
        match line {
            Line::Comparison(a, operator, b) => {
                comparisons += 1;
                assert!(holds(a, operator, b), "{a} {operator} {b}");
            }
            Line::Validity(version, valid) => {
                validities += 1;
                assert_eq!(Scheme::Apk.is_valid(version), valid, "{version}");
            }
        }
    }
    assert_eq!((comparisons, validities), (754, 31));
}

/// Counts the lines that disagree, and those of them where both versions are valid.
fn disagreements(text: &str) -> (usize, Vec<String>) {
    let mut lines = 0;
    let mut found = Vec::new();
    for line in parse(text) {
        if let Line::Comparison(a, operator, b) = line {
            lines += 1;
            if !holds(a, operator, b) {
                let valid = Scheme::Apk.compare(a, b).map_or("invalid", |_| "valid");
                found.push(format!("{a} {operator} {b} ({valid})"));
            }
        }
    }
    (lines, found)
}

#[test]
fn apk_2_vectors_differ_only_where_apk_3_changed() {
    let file = "alpine/vectors/osv-scalibr-alpine-versions-generated.txt";
    let Some(text) = feeds::read("osv-scalibr generated vectors", file) else {
        return;
    };
    let (lines, found) = disagreements(&text);
    eprintln!("{} of {lines} generated lines agree", lines - found.len());
    assert_eq!((lines, found.len()), (13_979, 32), "{found:#?}");
    // All are text like `6.6.2p1-r0`, which 2.x read past the fault.
    assert!(
        found.iter().all(|line| line.ends_with("(invalid)")),
        "{found:#?}"
    );
}

#[test]
fn osv_scalibr_handwritten_vectors_differ_only_on_malformed_text() {
    let file = "alpine/vectors/osv-scalibr-alpine-versions.txt";
    let Some(text) = feeds::read("osv-scalibr vectors", file) else {
        return;
    };
    let (lines, found) = disagreements(&text);
    eprintln!("{} of {lines} handwritten lines agree", lines - found.len());
    assert_eq!(found.len(), 12, "{found:#?}");
    assert!(
        found.iter().all(|line| line.ends_with("(invalid)")),
        "{found:#?}"
    );
}

#[test]
fn lenient_order_and_strict_order_agree_on_valid_versions() {
    let Some(text) = feeds::read("apk vectors", "alpine/vectors/apk-tools-3.0.6-version.data")
    else {
        return;
    };
    for line in parse(&text) {
        if let Line::Comparison(a, _, b) = line {
            let strict = Scheme::Apk.compare(a, b);
            assert!(strict.is_none_or(|order: Ordering| order == apk::compare_lenient(a, b)));
        }
    }
}
