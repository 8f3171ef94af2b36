//! The reader of dpkg's status file and of Debian's lists.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::inventory::InventoryKind;

fuzz_target!(|bytes: &[u8]| {
    palisade_fuzz::inventory(InventoryKind::Dpkg, bytes);
});
