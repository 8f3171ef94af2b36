//! Keys and signatures of minisign and signify.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_signature::Data;
use palisade_signature::ed25519::{Key, Legacy, verify};

fuzz_target!(|bytes: &[u8]| {
    let keys: Vec<Key> = std::str::from_utf8(bytes)
        .ok()
        .and_then(Key::read)
        .into_iter()
        .collect();
    for data in [None, Some(Data::Bytes(b"document"))] {
        if let Ok((_, report)) = verify(data, bytes, &keys, Legacy::Accept) {
            assert!(!report.verdict.accepts(), "no key here made a signature");
        }
    }
});
