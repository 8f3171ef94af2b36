//! The reader of Guix inventories; what is written from what it read is read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::guix_inventory::write;
use palisade_formats::inventory::InventoryKind;

fuzz_target!(|bytes: &[u8]| {
    if let Some(inventory) = palisade_fuzz::inventory(InventoryKind::GuixInventory, bytes) {
        let written: String = write(&inventory).collect();
        let again = palisade_fuzz::inventory(InventoryKind::GuixInventory, written.as_bytes());
        assert_eq!(again.expect("what was written can be read"), inventory);
    }
});
