//! The cutter of paragraphs and fields; how the bytes come in pieces makes no difference.
#![no_main]

use std::io::BufReader;

use libfuzzer_sys::fuzz_target;
use palisade_formats::deb822::{Paragraph, Paragraphs};
use palisade_fuzz::Slow;

type Read = (Vec<Vec<(String, String)>>, bool);

fn paragraphs(bytes: &[u8], step: usize) -> Read {
    let mut reader = Paragraphs::new("fuzz", BufReader::with_capacity(16, Slow::new(bytes, step)));
    let (mut all, mut paragraph) = (Vec::new(), Paragraph::default());
    loop {
        match reader.read(&mut paragraph) {
            Ok(true) => {
                let fields = paragraph.fields();
                all.push(
                    fields
                        .map(|f| (f.name.to_string(), f.value.to_string()))
                        .collect(),
                );
            }
            Ok(false) => return (all, true),
            Err(_) => return (all, false),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(paragraphs(bytes, 1), paragraphs(bytes, usize::MAX));
});
