//! Lists of sums, and pins.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_signature::checksums::{listed, sums};
use palisade_signature::pins::Pins;
use palisade_signature::{Data, debian};

fuzz_target!(|bytes: &[u8]| {
    let _ = listed(bytes, "a", &Data::Bytes(b"document"));
    let _ = debian::origins(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Pins::read(text);
        for sum in sums(text) {
            assert!(
                [32, 48, 64].contains(&sum.digest.len()),
                "a digest is whole"
            );
        }
    }
});
