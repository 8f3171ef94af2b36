//! Records that differ from what is stored under their name although the source's clock does not
//! call them newer.
//!
//! A document may hold a record twice, once as it is stored and once in other words. The one that
//! stands last counts; without waiting for it, each import of the same document would write both.

use std::collections::HashMap;

use palisade_store::NewAdvisory;

/// Bytes of raw records that may wait. Beyond it they are written, and a document of that size that
/// holds a record twice in different words is written at each import; its outcome is the same.
const BYTES: usize = 32 << 20;

/// A record with its raw text.
pub(super) type WaitingRecord = (NewAdvisory, Vec<u8>);

/// Records that wait for the end of their document.
#[derive(Default)]
pub(super) struct Waiting {
    by_name: HashMap<Box<str>, WaitingRecord>,
    /// Names by the digest of what is stored.
    stored: HashMap<[u8; 16], Box<str>>,
    bytes: usize,
}

impl Waiting {
    /// A record that differs from the stored one of this digest.
    pub(super) fn put(&mut self, stored: [u8; 16], advisory: NewAdvisory, raw: &[u8]) {
        let name: Box<str> = advisory.name.as_str().into();
        self.forget(&name);
        self.bytes += raw.len();
        self.stored.insert(stored, name.clone());
        self.by_name.insert(name, (advisory, raw.to_vec()));
    }

    /// What is stored came, after what waits to replace it.
    pub(super) fn stored_came(&mut self, digest: &[u8; 16]) {
        if let Some(name) = self.stored.remove(digest) {
            self.forget(&name);
        }
    }

    /// Nothing of this name waits any longer.
    pub(super) fn forget(&mut self, name: &str) {
        if let Some((_, raw)) = self.by_name.remove(name) {
            self.bytes -= raw.len();
        }
    }

    /// Whether it is time to write them.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > BYTES
    }

    /// All that wait, by name; none waits any longer.
    pub(super) fn take(&mut self) -> Vec<WaitingRecord> {
        let waiting = std::mem::take(self).by_name;
        let mut records: Vec<WaitingRecord> = waiting.into_values().collect();
        records.sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        records
    }
}
