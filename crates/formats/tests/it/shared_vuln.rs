//! Real feeds, where they are at hand, and a sink that parses what it gets.

use std::io::Read;
use std::path::PathBuf;

use palisade_formats::feed::{FeedContext, FeedHead, FeedKind, FeedSink, RawRecord, Stop};
use palisade_formats::{Reject, limits};
use palisade_model::{Advisory, Affected, Span, VersionRange};

/// What a document held.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) head: FeedHead,
    pub(crate) records: usize,
    pub(crate) ranges: usize,
    pub(crate) companions: usize,
    pub(crate) withdrawn: usize,
    pub(crate) rejects: Vec<String>,
    /// Looks at each advisory.
    pub(crate) kept: Vec<Advisory>,
}

struct Sink<'a> {
    kind: FeedKind,
    found: Found,
    keep: &'a dyn Fn(&Advisory) -> bool,
}

impl FeedSink for Sink<'_> {
    fn begin(&mut self, head: &FeedHead) {
        self.found.head = head.clone();
    }

    fn record(&mut self, raw: RawRecord<'_>) -> Result<(), Stop> {
        let advisory = match self.kind.parse(raw.bytes) {
            Ok(record) => record.advisory,
            Err(error) => {
                self.found.rejects.push(format!("{}: {error}", raw.place));
                return Ok(());
            }
        };
        self.found.records += 1;
        for affected in &advisory.affected {
            self.found.ranges += affected.versions.len();
            self.found.companions += affected.requires.iter().map(Vec::len).sum::<usize>();
        }
        self.found.withdrawn += usize::from(advisory.withdrawn.is_some());
        if (self.keep)(&advisory) {
            self.found.kept.push(advisory);
        }
        Ok(())
    }

    fn reject(&mut self, reject: Reject) {
        self.found.rejects.push(reject.to_string());
    }
}

/// Reads a document and parses its records, keeping those that are asked for.
pub(crate) fn read(
    kind: FeedKind,
    reader: &mut dyn Read,
    keep: &dyn Fn(&Advisory) -> bool,
) -> Found {
    let mut sink = Sink {
        kind,
        found: Found::default(),
        keep,
    };
    kind.read("test", reader, &FeedContext::default(), &mut sink)
        .expect("the document is whole");
    sink.found
}

/// A shared file; tells why a test is skipped where it is not at hand.
pub(crate) fn open(name: &str) -> Option<Box<dyn Read>> {
    let path = root().join(name);
    let Ok(file) = std::fs::OpenOptions::new().read(true).open(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    };
    Some(
        if path.extension().is_some_and(|extension| extension == "xz") {
            Box::new(liblzma::read::XzDecoder::new(file))
        } else {
            let mut decoder = zstd::Decoder::new(file).expect("a decoder");
            decoder
                .window_log_max(limits::ZSTD_WINDOW_LOG)
                .expect("a window");
            Box::new(decoder)
        },
    )
}

fn root() -> PathBuf {
    std::env::var_os("PALISADE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    )
}

/// Parses one record that is known to be good.
pub(crate) fn parse(kind: FeedKind, text: &str) -> Advisory {
    kind.parse(text.as_bytes()).expect("a good record").advisory
}

/// The spans of an entry.
pub(crate) fn spans(affected: &Affected) -> Vec<&Span> {
    affected
        .versions
        .iter()
        .map(|range: &VersionRange| &range.span)
        .collect()
}
