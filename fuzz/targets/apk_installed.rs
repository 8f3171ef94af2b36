//! The reader of what apk installed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::inventory::InventoryKind;

fuzz_target!(|bytes: &[u8]| {
    palisade_fuzz::inventory(InventoryKind::ApkInstalled, bytes);
});
