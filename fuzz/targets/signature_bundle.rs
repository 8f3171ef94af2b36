//! Bundles of Sigstore in every form in which they come, their authorities, and bare keys.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade_signature::Data;
use palisade_signature::sigstore::{Believed, Identity, PublicKey, Root, verify};

static PUBLIC: LazyLock<Option<Root>> = LazyLock::new(|| Root::public().ok());

fuzz_target!(|bytes: &[u8]| {
    let now = "2026-06-01T00:00:00Z".parse().expect("a time");
    let text = String::from_utf8_lossy(bytes);
    let named = Identity {
        name: "somebody@example.invalid".to_owned(),
        issuer: "https://example.invalid".to_owned(),
    };
    let mut believed = Believed {
        identity: Some(named),
        root: PUBLIC.clone(),
    };
    let keys = PublicKey::read(&text).unwrap_or_default();
    let data = Some(Data::Bytes(b"document"));
    if let Ok((_, report)) = verify(data, bytes, &believed, &keys, now) {
        assert!(!report.verdict.accepts(), "nobody signed it");
        assert!(!report.why().is_empty(), "a verdict has its reason");
    }
    // Authorities that the input brings itself may vouch for what it likes.
    believed.root = Root::read(&text).ok();
    if believed.root.is_some() {
        let _ = verify(data, bytes, &believed, &keys, now);
    }
});
