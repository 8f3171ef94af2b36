//! The reader of EPSS scores.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::epss;

fuzz_target!(|bytes: &[u8]| {
    let mut heads = 0;
    let read = epss::read(
        "fuzz",
        &mut &*bytes,
        &mut |_| heads += 1,
        &mut |score| assert!((0.0..=1.0).contains(&score.score), "{score:?}"),
        &mut |reject| assert!(!reject.reason.is_empty()),
    );
    palisade_fuzz::told(read.err());
    assert!(heads <= 1);
});
