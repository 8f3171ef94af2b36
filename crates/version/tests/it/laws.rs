//! What holds for every scheme and any input: no panic, and the laws of an order.

use std::cmp::Ordering;

use palisade_version::{Scheme, upstream};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::samples::{self, Random};

/// Tests write no files, so failures are not kept.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Any text: version-like alphabets first, all of Unicode too.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9a-c.]{0,12}",
        "[0-9a-zA-Z.+~^_:!-]{0,24}",
        "(v|V)?[0-9]{1,3}([.][0-9]{1,3}){0,3}([-._+~]?[a-z]{1,6}[0-9]{0,2}){0,3}",
        "\\PC{0,16}",
        any::<String>(),
    ]
}

fn version_of(scheme: Scheme) -> impl Strategy<Value = String> {
    any::<u64>().prop_map(move |seed| samples::version(&mut Random::new(seed), scheme))
}

fn check_pair(scheme: Scheme, a: &str, b: &str) -> Result<(), TestCaseError> {
    let order = scheme.compare(a, b);
    let both_valid = scheme.is_valid(a) && scheme.is_valid(b);
    prop_assert_eq!(order.is_some(), both_valid, "{} {:?} {:?}", scheme, a, b);
    prop_assert_eq!(
        order.map(Ordering::reverse),
        scheme.compare(b, a),
        "{} {:?} {:?}",
        scheme,
        a,
        b
    );
    let same = scheme.is_valid(a).then_some(Ordering::Equal);
    prop_assert_eq!(scheme.compare(a, a), same, "{} {:?}", scheme, a);
    Ok(())
}

/// pacman's order is total only within versions of one shape; see its module.
fn is_total_for(scheme: Scheme, version: &str) -> bool {
    let is_separator = |byte: u8| !byte.is_ascii_alphanumeric();
    scheme != Scheme::Pacman
        || (!version.contains('-')
            && !version.ends_with(|character: char| !character.is_ascii_alphanumeric())
            && !version
                .as_bytes()
                .windows(2)
                .any(|pair| pair.iter().all(|&byte| is_separator(byte))))
}

fn check_triple(scheme: Scheme, triple: &[String; 3]) -> Result<(), TestCaseError> {
    if !triple
        .iter()
        .all(|version| scheme.is_valid(version) && is_total_for(scheme, version))
    {
        return Ok(());
    }
    let mut sorted = triple.each_ref().map(String::as_str);
    sorted.sort_by(|a, b| scheme.compare(a, b).expect("both are valid"));
    let [low, middle, high] = sorted;
    let order = |a, b| scheme.compare(a, b).expect("both are valid");
    // Equal versions must be interchangeable, and less must carry over.
    let expected = order(low, middle).min(order(middle, high));
    prop_assert_eq!(order(low, high), expected, "{} {:?}", scheme, sorted);
    Ok(())
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn any_two_texts_compare_alike_both_ways(a in any_text(), b in any_text()) {
        for scheme in Scheme::ALL {
            check_pair(scheme, &a, &b)?;
        }
    }

    #[test]
    fn any_three_texts_have_one_order(a in any_text(), b in any_text(), c in any_text()) {
        let triple = [a, b, c];
        for scheme in Scheme::ALL {
            check_triple(scheme, &triple)?;
        }
    }

    #[test]
    fn upstream_of_any_text_is_no_longer_than_it(version in any_text()) {
        for scheme in Scheme::ALL {
            let found = upstream(scheme, &version);
            prop_assert!(found.text.len() <= version.len().max(1));
            prop_assert_eq!(found.compare(&version).is_some(),
                Scheme::Generic.is_valid(&found.text) && Scheme::Generic.is_valid(&version));
        }
    }
}

/// Real-looking relatives find what random text does not.
fn check_relatives(scheme: Scheme) {
    let mut runner = TestRunner::new(config(20_000));
    let triples = [(); 3].map(|()| version_of(scheme));
    runner
        .run(&triples, |triple| {
            check_pair(scheme, &triple[0], &triple[1])?;
            check_triple(scheme, &triple)
        })
        .unwrap_or_else(|error| panic!("{scheme}: {error}"));
}

#[test]
fn relatives_are_totally_ordered() {
    for scheme in Scheme::ALL {
        check_relatives(scheme);
    }
}

#[test]
fn hostile_input_is_cheap() {
    for scheme in Scheme::ALL {
        for piece in [
            "1", "0", ".", "-", "~", "1.", "a1", "1-", "a-", "0-", "_p", "^", "((", "é",
        ] {
            let text = piece.repeat(1024 / piece.len());
            check_pair(
                scheme,
                &text,
                &format!("{}x", &text[..text.len() - piece.len()]),
            )
            .unwrap();
        }
    }
}
