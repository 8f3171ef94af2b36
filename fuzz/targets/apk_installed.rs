//! The reader of what apk installed, and of the lists beside it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::apk_repositories::Repositories;
use palisade_formats::apk_world::World;
use palisade_formats::inventory::InventoryKind;

fuzz_target!(|bytes: &[u8]| {
    palisade_fuzz::inventory(InventoryKind::ApkInstalled, bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = Repositories::parse(&text).branch();
    let _ = World::parse(&text);
});
