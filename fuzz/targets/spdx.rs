//! The reader of SPDX: JSON, tags and values, JSON-LD.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::inventory::InventoryKind;

fuzz_target!(|bytes: &[u8]| {
    palisade_fuzz::inventory(InventoryKind::Spdx, bytes);
});
