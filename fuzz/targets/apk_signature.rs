//! The reader of apk's public keys, the names of signatures, and checking one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::apk_signature::{PublicKey, SignatureAlgorithm, SignatureName};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let _ = SignatureName::parse(&text);
    if let Ok(key) = PublicKey::from_pem("fuzz", &text) {
        let good = key.verify(SignatureAlgorithm::RsaSha256, b"message", bytes);
        assert!(good.is_err(), "nobody signed this");
    }
});
