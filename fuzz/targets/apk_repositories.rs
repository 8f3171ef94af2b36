//! The reader of a system's list of repositories.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::apk_repositories::Repositories;

fuzz_target!(|text: &str| {
    let _ = Repositories::parse(text).branch();
});
