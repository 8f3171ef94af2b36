//! The reader of lists from a Guix Data Service.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::inventory::InventoryKind;

fuzz_target!(|bytes: &[u8]| {
    palisade_fuzz::inventory(InventoryKind::GuixDataService, bytes);
});
