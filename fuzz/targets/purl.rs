//! Package URLs: what is written is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::purl::Purl;

fuzz_target!(|text: &str| {
    if let Ok(purl) = text.parse::<Purl>() {
        assert_eq!(purl.to_string().parse(), Ok(purl));
    }
});
