//! Signatures of SSH, and lists of allowed signers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_signature::Data;
use palisade_signature::ssh::{AllowedSigners, verify};

fuzz_target!(|bytes: &[u8]| {
    let now = "2026-06-01T00:00:00Z".parse().expect("a time");
    let mut signers = AllowedSigners::default();
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = signers.add(text);
    }
    let data = Some(Data::Bytes(b"document"));
    let _ = verify(data, bytes, &signers, "file", now);
});
