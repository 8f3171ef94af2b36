//! The reader of Nixpkgs' list, brotli included.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::inventory::InventoryKind;

fuzz_target!(|bytes: &[u8]| {
    palisade_fuzz::inventory(InventoryKind::NixPackages, bytes);
});
