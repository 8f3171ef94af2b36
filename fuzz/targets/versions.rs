//! All version schemes: the order is total, and nothing panics.
#![no_main]

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use palisade_version::{Scheme, apk, upstream};

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let [a, b, c] = std::array::from_fn(|_| lines.next().unwrap_or_default());
    for scheme in Scheme::ALL {
        for (x, y) in [(a, b), (a, c), (b, c), (a, a)] {
            mirrored(scheme, x, y);
        }
        transitive(scheme, a, b, c);
        let upstream = upstream(scheme, a);
        let _ = upstream.compare(b);
    }
    assert_eq!(
        apk::compare_lenient(a, b),
        apk::compare_lenient(b, a).reverse()
    );
    let _ = apk::fuzzy_match(a, b);
});

fn mirrored(scheme: Scheme, a: &str, b: &str) {
    let order = scheme.compare(a, b);
    assert_eq!(
        order,
        scheme.compare(b, a).map(Ordering::reverse),
        "{scheme:?}"
    );
    assert_eq!(
        order.is_some(),
        scheme.is_valid(a) && scheme.is_valid(b),
        "{scheme:?}"
    );
    if a == b {
        assert!(order.is_none_or(Ordering::is_eq), "{scheme:?}");
    }
}

fn transitive(scheme: Scheme, a: &str, b: &str, c: &str) {
    let mut sorted = [a, b, c];
    if !sorted
        .iter()
        .all(|text| scheme.is_valid(text) && is_total_for(scheme, text))
    {
        return;
    }
    let compare = |x: &str, y: &str| scheme.compare(x, y).expect("both are valid");
    sorted.sort_by(|x, y| compare(x, y));
    let [x, y, z] = sorted;
    assert!(compare(x, y).is_le() && compare(y, z).is_le(), "{scheme:?}");
    let expected = compare(x, y).then(compare(y, z));
    assert_eq!(compare(x, z), expected, "{scheme:?}: {x:?} {y:?} {z:?}");
}

/// pacman's own order has cycles; docs/versions.md says among which versions it has none.
fn is_total_for(scheme: Scheme, version: &str) -> bool {
    let is_separator = |byte: &u8| !byte.is_ascii_alphanumeric();
    let bytes = version.as_bytes();
    scheme != Scheme::Pacman
        || (!bytes.contains(&b'-')
            && !bytes.last().is_some_and(is_separator)
            && !bytes.windows(2).any(|pair| pair.iter().all(is_separator)))
}
