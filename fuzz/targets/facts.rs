//! What is stored of advisories and packages: damaged bytes are an error, and what can be decoded
//! can be matched.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_model::{Affected, Package};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(affected) = postcard::from_bytes::<Vec<Affected>>(bytes) {
        palisade_fuzz::comes_back(&affected);
        palisade_fuzz::affected(&affected);
    }
    if let Ok(package) = postcard::from_bytes::<Package>(bytes) {
        palisade_fuzz::package(&package);
    }
});
