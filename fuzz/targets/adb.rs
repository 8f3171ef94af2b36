//! The reader of Alpine's formats of version 3, and of what is written from what it read.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use palisade_formats::adb::{
    Compression, Content, Index, Info, PackageReader, read_database, write_index,
};
use palisade_formats::inventory::{InventoryContext, InventoryKind};

fuzz_target!(|bytes: &[u8]| {
    if let Some(inventory) = palisade_fuzz::inventory(InventoryKind::Adb, bytes) {
        let index = Index {
            packages: inventory.packages.iter().map(Info::of).collect(),
            ..Index::default()
        };
        comes_back(&index);
    }
    package(bytes);
});

/// An index that can be written is read again as it was, but for its order.
fn comes_back(index: &Index) {
    // Dependencies of what was read may be none in the syntax of words.
    let Ok(bytes) = write_index(index, &[], Compression::None) else {
        return;
    };
    let context = InventoryContext::default();
    let read = read_database("fuzz", &mut &*bytes, &context, &mut |_| {});
    match read.map(|read| read.content) {
        Ok(Content::Index(read)) => assert_eq!(read.packages.len(), index.packages.len()),
        other => panic!("{other:?}"),
    }
}

/// Contents are as large as the list of files says.
fn package(bytes: &[u8]) {
    let mut reader = bytes;
    let context = InventoryContext::default();
    let mut rejects = |_| {};
    let Ok(package) = PackageReader::open("fuzz", &mut reader, &context, &mut rejects) else {
        return;
    };
    let read = package.contents(&mut |directory, file, content| {
        assert!(!directory.path_of(file).split(|byte| *byte == b'/').any(|step| step == b".."));
        let mut bytes = Vec::new();
        content
            .read_to_end(&mut bytes)
            .map_err(|error| palisade_formats::container::read_error("fuzz", error))?;
        assert_eq!(bytes.len() as u64, file.content_size());
        Ok(())
    });
    palisade_fuzz::told(read.err());
}
