//! The reader of a Debian suite's `Release`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::debian_release::Release;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(release) = Release::read("fuzz", bytes) {
        let _ = (release.branch(), release.pocket());
    }
});
