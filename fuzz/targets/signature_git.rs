//! Tags and commits of git.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_signature::Keys;
use palisade_signature::git::{Object, Standing};

fuzz_target!(|bytes: &[u8]| {
    let now = "2026-06-01T00:00:00Z".parse().expect("a time");
    let keys = Keys::default();
    for object in [Object::tag(bytes), Object::commit(bytes)] {
        if let Standing::Signed(report) = object.judge(Some("v1"), &keys, now) {
            assert!(!report.verdict.accepts(), "nobody is known");
        }
    }
});
