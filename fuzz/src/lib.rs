//! What the fuzz targets share: each hands bytes to a reader, and everything that comes out of it on
//! to those who would get it next.

use std::io::Read;

use palisade_formats::feed::{FeedContext, FeedHead, FeedKind, FeedSink, RawRecord, Stop};
use palisade_formats::inventory::{InventoryContext, InventoryKind};
use palisade_formats::{BadRecord, ReadError, Reject};
use palisade_matching::{Claim, Place, Provenance, Subject, judge, key};
use palisade_model::{Advisory, Affected, Distribution, Inventory, Package};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Feeds bytes to a format of advisories: as a document, and as a single record.
pub fn feed(kind: FeedKind, bytes: &[u8]) {
    let mut records = Records { kind, head: false };
    let context = FeedContext {
        branch: "alpine/edge".parse().ok(),
        repository: None,
        whole_at: None,
    };
    let read = kind.read("fuzz", &mut &*bytes, &context, &mut records);
    told(read.err());
    record(kind.parse(bytes));
}

struct Records {
    kind: FeedKind,
    head: bool,
}

impl FeedSink for Records {
    fn begin(&mut self, _: &FeedHead) {
        self.head = true;
    }

    fn record(&mut self, raw: RawRecord<'_>) -> Result<(), Stop> {
        assert!(self.head, "a record came before its document's head");
        record(self.kind.parse(raw.bytes));
        Ok(())
    }

    fn reject(&mut self, reject: Reject) {
        assert!(!reject.reason.is_empty());
    }
}

fn record(parsed: Result<palisade_formats::feed::Record, BadRecord>) {
    match parsed {
        Ok(record) => {
            assert!(!record.name.is_empty(), "a record without a name");
            advisory(&record.advisory);
        }
        Err(bad) => assert!(!bad.reason.is_empty()),
    }
}

fn advisory(advisory: &Advisory) {
    let _ = advisory.headline(80);
    comes_back(&advisory.affected);
    affected(&advisory.affected);
}

/// Matches entries with packages of three distributions.
pub fn affected(entries: &[Affected]) {
    for distribution in [
        Distribution::guix(),
        Distribution::alpine(),
        Distribution::debian(),
    ] {
        let package = Package {
            name: "python-requests".into(),
            version: "2.31.0-1".into(),
            source_name: "python-requests".into(),
            source_version: "2.31.0-1".into(),
            homepage: Some("https://github.com/psf/requests".into()),
            ..Package::default()
        };
        matched(&Subject::of(&package, &distribution), entries);
    }
    let keys = key::of_affected(entries);
    assert!(keys.is_sorted());
}

fn matched(subject: &Subject, entries: &[Affected]) {
    let provenance = Provenance {
        feed: "fuzz",
        record: "fuzz",
    };
    let claims = entries
        .iter()
        .filter_map(|it| Claim::of(subject, it, provenance, Place::default()));
    let ids = ["CVE-2024-0001".parse().expect("an identifier")];
    if let Some(judgement) = judge(subject, &ids, claims.collect(), Vec::new()) {
        let _ = judgement.verdict();
    }
}

/// Feeds bytes to a format of inventories.
pub fn inventory(kind: InventoryKind, bytes: &[u8]) -> Option<Inventory> {
    let context = InventoryContext::default();
    let read = kind.read("fuzz", &mut &*bytes, &context, &mut |reject| {
        assert!(!reject.reason.is_empty());
    });
    match read {
        Ok(inventory) => {
            inventory.packages.iter().for_each(package);
            Some(inventory)
        }
        Err(error) => {
            told(Some(error));
            None
        }
    }
}

/// Makes a package what matching sees of it.
pub fn package(package: &Package) {
    comes_back(package);
    for distribution in [
        Distribution::guix(),
        Distribution::alpine(),
        Distribution::debian(),
    ] {
        let subject = Subject::of(package, &distribution);
        assert!(subject.keys().is_sorted());
    }
}

/// What is stored is what is read again.
pub fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let bytes = postcard::to_stdvec(value).expect("the model's types are encodable");
    let again: T = postcard::from_bytes(&bytes).expect("what was encoded can be decoded");
    assert_eq!(*value, again);
}

/// An error says something.
pub fn told(error: Option<ReadError>) {
    if let Some(error) = error {
        assert!(!error.to_string().is_empty());
    }
}

/// Hands out few bytes at a time, as a slow pipe does.
pub struct Slow<'a> {
    rest: &'a [u8],
    step: usize,
}

impl<'a> Slow<'a> {
    /// At most `step` bytes a read.
    pub fn new(rest: &'a [u8], step: usize) -> Self {
        Self {
            rest,
            step: step.max(1),
        }
    }
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(self.step).min(self.rest.len());
        let (now, rest) = self.rest.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.rest = rest;
        Ok(count)
    }
}
