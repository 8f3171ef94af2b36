//! Measures parsing: `parse KIND FILE` cuts a document into records and parses each into the
//! model, stores nothing, and prints how many there were. The floor of any import.

use std::io::Read;

use palisade_formats::feed::{FeedContext, FeedHead, FeedKind, FeedSink, RawRecord, Stop};
use palisade_formats::{Reject, container};

/// The same allocator as the `palisade` command's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Count {
    kind: FeedKind,
    records: u64,
    ranges: usize,
    rejects: u64,
}

impl FeedSink for Count {
    fn begin(&mut self, _head: &FeedHead) {}

    fn record(&mut self, raw: RawRecord<'_>) -> Result<(), Stop> {
        match self.kind.parse(raw.bytes) {
            Ok(record) => {
                self.records += 1;
                let affected = record.advisory.affected.iter();
                self.ranges += affected.map(|entry| entry.versions.len()).sum::<usize>();
            }
            Err(_) => self.rejects += 1,
        }
        Ok(())
    }

    fn reject(&mut self, _reject: Reject) {
        self.rejects += 1;
    }
}

#[expect(clippy::print_stdout, reason = "its output is what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let kind: FeedKind = arguments
        .next()
        .and_then(|kind| kind.parse().ok())
        .ok_or("name a format")?;
    let path = arguments.next().ok_or("name a file")?;
    let mut sink = Count {
        kind,
        records: 0,
        ranges: 0,
        rejects: 0,
    };
    container::for_each_document(
        &path,
        fs_err::File::open(&path)?,
        &|member| kind.reads_member(member),
        &mut |name: &str, reader: &mut dyn Read| {
            kind.read(name, reader, &FeedContext::default(), &mut sink)
        },
        &mut |_| {},
    )?;
    println!(
        "{} records, {} ranges, {} rejects",
        sink.records, sink.ranges, sink.rejects
    );
    Ok(())
}
