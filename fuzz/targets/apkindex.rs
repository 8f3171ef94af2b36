//! The reader of Alpine's package index, and of what is written from what it read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::apkindex::write_text;
use palisade_formats::inventory::InventoryKind;

fuzz_target!(|bytes: &[u8]| {
    if let Some(inventory) = palisade_fuzz::inventory(InventoryKind::Apkindex, bytes) {
        let written = write_text(&inventory.packages);
        palisade_fuzz::inventory(InventoryKind::Apkindex, written.as_bytes());
    }
});
