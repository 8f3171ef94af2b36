//! The reader of `# secfixes:` comments.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::apkbuild::{Apkbuild, secfixes};
use palisade_formats::feed::FeedKind;

fuzz_target!(|bytes: &[u8]| {
    palisade_fuzz::feed(FeedKind::Apkbuild, bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = Apkbuild::parse(&text).full_version();
    let _ = secfixes(&text).published("fuzz");
});
