//! Cutting JSON documents into records; how the bytes come in pieces makes no difference.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::Reject;
use palisade_formats::feed::{FeedContext, FeedHead, FeedKind, FeedSink, RawRecord, Stop};
use palisade_fuzz::Slow;

#[derive(Debug, Default, PartialEq)]
struct Cut {
    records: Vec<Vec<u8>>,
    rejects: Vec<String>,
    complete: bool,
}

impl FeedSink for Cut {
    fn begin(&mut self, _: &FeedHead) {}

    fn record(&mut self, raw: RawRecord<'_>) -> Result<(), Stop> {
        self.records.push(raw.bytes.to_vec());
        Ok(())
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects
            .push(format!("{} {}", reject.place, reject.reason));
    }
}

fn cut(kind: FeedKind, bytes: &[u8], step: usize) -> Cut {
    let mut cut = Cut::default();
    let mut reader = Slow::new(bytes, step);
    let read = kind.read("fuzz", &mut reader, &FeedContext::default(), &mut cut);
    cut.complete = read.is_ok();
    cut
}

fuzz_target!(|bytes: &[u8]| {
    for kind in [FeedKind::Nvd, FeedKind::Osv, FeedKind::Cve5] {
        assert_eq!(cut(kind, bytes, 3), cut(kind, bytes, usize::MAX));
    }
});
