//! Compression and archives: what is inside is bounded, and the same however the bytes come.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use palisade_formats::container::{Expansion, for_each_document_within};
use palisade_fuzz::Slow;

const WITHIN: Expansion = Expansion {
    bytes: 1 << 20,
    members: 64,
};

/// The documents inside, and whether the end was reached.
type Seen = (Vec<(String, Vec<u8>)>, bool);

fn documents(bytes: &[u8], step: usize) -> Seen {
    let mut seen = Vec::new();
    let mut visit = |name: &str, reader: &mut dyn Read| {
        let mut content = Vec::new();
        reader
            .read_to_end(&mut content)
            .map_err(|error| palisade_formats::container::read_error(name, error))?;
        assert!(content.len() as u64 <= WITHIN.bytes, "more than the limit");
        seen.push((name.to_owned(), content));
        Ok(())
    };
    let mut passed_over = |_| {};
    let reader = Slow::new(bytes, step);
    let read = for_each_document_within(
        WITHIN,
        "fuzz",
        reader,
        &|_| true,
        &mut visit,
        &mut passed_over,
    );
    let complete = read.is_ok();
    palisade_fuzz::told(read.err());
    (seen, complete)
}

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(documents(bytes, 7), documents(bytes, usize::MAX));
});
