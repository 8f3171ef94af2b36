//! Keyrings, and signatures of both kinds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::openpgp::{At, Keyring};

/// A key that signed two documents, which are seeds.
const KEY: &[u8] = include_bytes!("../seeds/openpgp/keyring.asc");

fuzz_target!(|bytes: &[u8]| {
    let at = At::WhenSigned("2026-06-01T00:00:00Z".parse().expect("a time"));
    let mut keyring = Keyring::default();
    let _ = keyring.add(bytes);
    let _ = keyring.add(KEY);
    let _ = keyring.verify_detached(b"document", bytes, at);
    if let Ok(signed) = keyring.verify_cleartext(bytes, at) {
        assert!(!signed.signers.is_empty(), "somebody signed it");
    }
});
