//! The reader of Alpine's packages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::apk_package;
use palisade_formats::inventory::InventoryContext;

fuzz_target!(|bytes: &[u8]| {
    let read = apk_package::read("fuzz", &mut &*bytes, &InventoryContext::default(), &mut |_| {});
    match read {
        Ok(read) => palisade_fuzz::package(&read.package),
        Err(error) => palisade_fuzz::told(Some(error)),
    }
});
