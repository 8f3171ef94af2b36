//! OSV

use std::io::Read;

use crate::feed::{FeedContext, FeedSink, Record};
use crate::{BadRecord, ReadError};

/// Cuts a document into raw records.
pub fn read(document: &str, reader: &mut dyn Read,  sink: &mut dyn FeedSink) -> Result<(), ReadError> {
    let _ = (document, reader, sink);
    unimplemented!()
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let _ = raw;
    unimplemented!()
}
