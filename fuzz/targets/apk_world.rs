//! The reader of what somebody asked apk to install.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::apk_world::World;

fuzz_target!(|text: &str| {
    let _ = World::parse(text);
});
