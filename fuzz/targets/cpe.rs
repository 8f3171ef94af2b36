//! CPE names in both bindings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::cpe::Attributes;

fuzz_target!(|text: &str| {
    if let Ok(name) = Attributes::parse(text) {
        let _ = name.version();
        let cpe = name.name();
        assert!(!cpe.product.is_empty(), "{text:?}");
        palisade_fuzz::comes_back(&cpe);
    }
});
