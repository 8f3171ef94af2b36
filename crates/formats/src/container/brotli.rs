//! Brotli, which has no mark to be known by: a document is taken for it only where it has to be JSON
//! and does not begin as JSON does.

use std::io::{self, BufRead, Read};

use brotli_decompressor::Decompressor;

use super::layers::Limited;
use super::{Expanded, Expansion, decompress_within, read_error};
use crate::ReadError;

const BUFFER_BYTES: usize = 64 << 10;

/// A JSON object without its compression, brotli included.
pub(crate) enum Object<R: Read> {
    /// What the marks of compression tell.
    Plain(Box<Expanded<R>>),
    /// What they do not.
    Brotli(Box<Limited<Decompressor<Expanded<R>>>>),
}

/// Sees through compression around a document that is a JSON object.
pub(crate) fn decompress_object<R: Read>(
    expansion: Expansion,
    document: &str,
    reader: R,
) -> Result<Object<R>, ReadError> {
    let mut expanded = decompress_within(expansion, document, reader)?;
    let head = expanded
        .fill_buf()
        .map_err(|error| read_error(document, error))?;
    let begins = head.trim_ascii_start().first();
    // A stream of brotli that begins with this byte is an empty one (RFC 7932, 9.1 and 9.2).
    if matches!(begins, None | Some(b'{')) {
        return Ok(Object::Plain(Box::new(expanded)));
    }
    let plain = Decompressor::new(expanded, BUFFER_BYTES);
    Ok(Object::Brotli(Box::new(Limited::new(
        plain,
        expansion.bytes,
    ))))
}

impl<R: Read> Read for Object<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(buffer),
            Self::Brotli(reader) => reader.read(buffer),
        }
    }
}
