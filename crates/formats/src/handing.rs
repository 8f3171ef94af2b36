//! Handing over what a document holds: the same few steps for every reader that cuts records out
//! of a document.

use crate::feed::{FeedHead, FeedSink, RawRecord};
use crate::{BadRecord, Place, ReadError, Reject, limits};

/// A document's name, and who receives what it holds.
pub(crate) struct Handing<'a> {
    document: &'a str,
    sink: &'a mut dyn FeedSink,
    /// Bytes of records that are written down here.
    written: u64,
    limit: u64,
}

/// How much larger than their document records may be together that repeat parts of it, but for
/// small documents.
const GROWTH: u64 = 16;
const SMALL: u64 = 16 << 20;

impl<'a> Handing<'a> {
    pub(crate) fn new(document: &'a str, sink: &'a mut dyn FeedSink) -> Self {
        Self {
            document,
            sink,
            written: 0,
            limit: u64::MAX,
        }
    }

    /// The same for a document of which every record may repeat parts, so that a small one could
    /// become a huge one.
    pub(crate) fn of_size(self, bytes: usize) -> Self {
        let limit = (bytes as u64).saturating_mul(GROWTH).max(SMALL);
        Self { limit, ..self }
    }

    /// Begins the document, or the next part of it that is a scope of its own.
    pub(crate) fn begin(&mut self, head: &FeedHead) {
        self.sink.begin(head);
    }

    /// Hands a record over, unless it is too large.
    pub(crate) fn record(&mut self, place: Place, bytes: &[u8]) -> Result<(), ReadError> {
        if bytes.len() > limits::RECORD_BYTES {
            self.pass_over(place, BadRecord::new("it is larger than a record may be"));
            return Ok(());
        }
        self.sink
            .record(RawRecord { place, bytes })
            .map_err(|_| ReadError::Stopped {
                document: self.document.to_owned(),
            })
    }

    /// Hands over a record that is written down here, as JSON.
    pub(crate) fn json(
        &mut self,
        place: Place,
        record: &impl serde::Serialize,
    ) -> Result<(), ReadError> {
        let bytes = serde_json::to_vec(record).expect("text, lists and JSON itself are JSON");
        self.written += bytes.len() as u64;
        if self.written > self.limit {
            return Err(ReadError::Limit {
                document: self.document.to_owned(),
                what: "the size of its records in bytes",
                limit: self.limit,
            });
        }
        self.record(place, &bytes)
    }

    /// Tells of a record that is left out.
    pub(crate) fn pass_over(&mut self, place: Place, bad: BadRecord) {
        self.reject(place, bad, false);
    }

    /// Tells of a record that is used in spite of what is wrong with it.
    pub(crate) fn mend(&mut self, place: Place, bad: BadRecord) {
        self.reject(place, bad, true);
    }

    /// Tells of what stands at a place: its identifier, the reason, and whether it is used all the
    /// same.
    pub(crate) fn report(
        &mut self,
        place: Place,
    ) -> impl FnMut(String, String, bool) + use<'_, 'a> {
        move |id, reason, mended| self.reject(place, BadRecord::new(reason).of(id), mended)
    }

    fn reject(&mut self, place: Place, bad: BadRecord, mended: bool) {
        self.sink
            .reject(Reject::of(self.document, place, bad, mended));
    }

    /// The error that the document is not of its kind.
    pub(crate) fn malformed(&self, reason: impl Into<String>) -> ReadError {
        ReadError::malformed(self.document, reason)
    }
}
