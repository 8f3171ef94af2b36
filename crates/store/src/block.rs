//! Small records packed together and compressed: raw advisories, their facts, packages.
//!
//! A record of a few kilobytes compresses badly alone and well beside its like. A block holds a few
//! dozen to a few hundred of them; whoever wants one decompresses its block, which takes a fraction of a
//! millisecond. Blocks are never changed; one that nothing points into any more is left behind
//! until maintenance drops it.

use std::collections::HashMap;

use crate::StoreError;
use crate::bulk::{Rows, Table};
use crate::lists::with_numbers;
use crate::session::{Dialect, Session, json_ints, params};

/// How much of records goes into a block, before compression: raw records are read one at a time
/// by people, so they are packed well.
pub(crate) const RAW_BYTES: usize = 192 << 10;

/// The same for facts, of which matching reads many scattered ones.
pub(crate) const FACTS_BYTES: usize = 24 << 10;

/// zstd's level: 3 costs a third more time than 1 and saves a tenth of space.
const LEVEL: i32 = 1;

/// A block never grows beyond this when decompressed: a single record's limit and then some.
const MAX_BLOCK_BYTES: usize = 64 << 20;

static BLOCK: Table = Table {
    name: "block",
    columns: &["id", "bytes"],
};

/// Where a record's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockSpan {
    /// The block.
    pub block: i64,
    /// The first byte within the decompressed block.
    pub offset: i64,
    /// The number of bytes.
    pub length: i64,
}

/// Packs records into new blocks.
pub(crate) struct BlockWriter {
    next_id: i64,
    step: i64,
    size: usize,
    open: Vec<u8>,
    full: Rows,
    compressor: zstd::bulk::Compressor<'static>,
}

impl BlockWriter {
    /// A writer whose blocks get the numbers `first`, `first + step`, …, so that several writers
    /// share one session without asking each other; each holds about `size` bytes.
    pub(crate) fn new(first: i64, step: i64, size: usize) -> Result<Self, StoreError> {
        let compressor = zstd::bulk::Compressor::new(LEVEL);
        Ok(Self {
            next_id: first,
            step,
            size,
            open: Vec::with_capacity(size + (size >> 2)),
            full: Rows::of(&BLOCK),
            compressor: compressor.map_err(|error| StoreError::damaged(first, &error))?,
        })
    }

    /// Takes a record in and says where it will be.
    pub(crate) async fn add(
        &mut self,
        session: &mut Session,
        record: &[u8],
    ) -> Result<BlockSpan, StoreError> {
        if !self.open.is_empty() && self.open.len() + record.len() > self.size {
            self.close(session).await?;
        }
        let offset = self.open.len();
        self.open.extend_from_slice(record);
        let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Ok(BlockSpan {
            block: self.next_id,
            offset: length(offset),
            length: length(record.len()),
        })
    }

    async fn close(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let bytes = self
            .compressor
            .compress(&self.open)
            .map_err(|error| StoreError::damaged(self.next_id, &error))?;
        self.full.push(params![self.next_id, bytes]);
        self.next_id += self.step;
        self.open.clear();
        // A few dozen blocks at a time keep memory low and statements few.
        if self.full.len() >= 32 {
            self.full.insert(session).await?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub(crate) async fn finish(&mut self, session: &mut Session) -> Result<(), StoreError> {
        if !self.open.is_empty() {
            self.close(session).await?;
        }
        self.full.insert(session).await
    }
}

const READ: Dialect = with_numbers!("SELECT id, bytes FROM block WHERE id", "$1", "");

/// How many blocks are in memory at once while many spans are read.
const BLOCKS_AT_ONCE: usize = 256;

impl Session {
    /// Reads the records at the given places and hands each to `visit` with its index in `spans`,
    /// in no order that means anything.
    ///
    /// # Errors
    /// When a block is missing or damaged.
    pub async fn read_spans(
        &mut self,
        spans: &[BlockSpan],
        mut visit: impl FnMut(usize, &[u8]),
    ) -> Result<(), StoreError> {
        let mut by_block: HashMap<i64, Vec<usize>> = HashMap::new();
        for (index, span) in spans.iter().enumerate() {
            by_block.entry(span.block).or_default().push(index);
        }
        let mut blocks: Vec<i64> = by_block.keys().copied().collect();
        blocks.sort_unstable();
        let mut decompressor = zstd::bulk::Decompressor::new()
            .map_err(|error| StoreError::value(error.to_string()))?;
        for chunk in blocks.chunks(BLOCKS_AT_ONCE) {
            let rows = self
                .query(READ, params![json_ints(chunk.iter().copied())])
                .await?;
            for row in rows {
                let id = row.int(0)?;
                let bytes = decompress(&mut decompressor, id, &row.bytes(1)?)?;
                for &index in by_block.get(&id).into_iter().flatten() {
                    visit(index, slice(&bytes, spans[index])?);
                }
                by_block.remove(&id);
            }
        }
        match by_block.keys().next() {
            Some(&missing) => Err(StoreError::damaged(missing, "the block is missing")),
            None => Ok(()),
        }
    }
}

fn decompress(
    decompressor: &mut zstd::bulk::Decompressor<'_>,
    id: i64,
    bytes: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let size = zstd::bulk::Decompressor::upper_bound(bytes)
        .filter(|size| *size <= MAX_BLOCK_BYTES)
        .ok_or_else(|| StoreError::damaged(id, "it is not of the form that was written"))?;
    decompressor
        .decompress(bytes, size)
        .map_err(|error| StoreError::damaged(id, &error))
}

/// Bytes that a block has when it is unpacked, which it is for that.
pub(crate) fn unpacked_size(id: i64, bytes: &[u8]) -> Result<i64, StoreError> {
    let mut decompressor =
        zstd::bulk::Decompressor::new().map_err(|error| StoreError::damaged(id, &error))?;
    let unpacked = decompress(&mut decompressor, id, bytes)?;
    Ok(i64::try_from(unpacked.len()).unwrap_or(i64::MAX))
}

fn slice(bytes: &[u8], span: BlockSpan) -> Result<&[u8], StoreError> {
    let (Ok(offset), Ok(length)) = (usize::try_from(span.offset), usize::try_from(span.length))
    else {
        return Err(StoreError::damaged(
            span.block,
            "a place before its beginning",
        ));
    };
    offset
        .checked_add(length)
        .and_then(|end| bytes.get(offset..end))
        .ok_or_else(|| StoreError::damaged(span.block, "a place behind its end"))
}
