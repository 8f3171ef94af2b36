//! The reader of `debian_tracker`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::feed::FeedKind;

fuzz_target!(|bytes: &[u8]| palisade_fuzz::feed(FeedKind::DebianTracker, bytes));
