//! Signatures of OpenPGP in every form, and keyrings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_signature::Data;
use palisade_signature::openpgp::{Keyring, verify, verify_clear};

/// A key that signed two documents, which are seeds of another target.
const KEY: &[u8] = include_bytes!("../seeds/openpgp/keyring.asc");

fuzz_target!(|bytes: &[u8]| {
    let now = "2026-06-01T00:00:00Z".parse().expect("a time");
    let mut keys = Keyring::new();
    keys.add(KEY).expect("the seed is a key");
    let told = verify(Some(Data::Bytes(b"document")), bytes, &keys, now);
    if let Ok((_, report)) = told {
        assert!(!report.why().is_empty(), "a verdict has its reason");
    }
    let (text, report) = verify_clear(bytes, &keys, now);
    assert!(
        text.is_some() || !report.verdict.accepts(),
        "nothing is signed by nobody"
    );
    let _ = keys.add(bytes);
});
