//! The reader of rule files, and of suppressions and reports that are known.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_review::{Baseline, Pack, Suppressions};

fuzz_target!(|bytes: &[u8]| {
    let _ = Baseline::parse("fuzz", bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Pack::parse("fuzz", text);
        let _ = Suppressions::parse("fuzz", text);
    }
});
