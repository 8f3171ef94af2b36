//! Sees through compression and archives, so that no reader of a format has to.
//!
//! Compression is told by its first bytes, never by a file's name. Everything is streamed: the
//! memory in use does not grow with the document. What ends too early is an error and never a
//! shorter document; what expands beyond a limit is an error too. Nothing is ever written to disk,
//! and links in archives are named, not followed.

mod archive;
mod brotli;
mod layers;
mod whole;
mod zipped;

use std::error::Error;
use std::io;

use crate::{ReadError, limits};

pub(crate) use archive::is_tar;
pub use archive::{for_each_document, for_each_document_within};
pub(crate) use brotli::decompress_object;
pub use layers::{Expanded, decompress, decompress_within};
pub(crate) use whole::{Elements, read_whole, record_text};
pub use zipped::{Seekable, for_each_zipped_document, is_zip};

/// How far a container may expand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expansion {
    /// Decompressed bytes.
    pub bytes: u64,
    /// Members of an archive.
    pub members: u64,
}

impl Default for Expansion {
    fn default() -> Self {
        Self {
            bytes: limits::DOCUMENT_BYTES,
            members: limits::MEMBERS,
        }
    }
}

/// The cause of an I/O error when a stream expands beyond its limit.
#[derive(Debug, thiserror::Error)]
#[error("its decompressed size is more than {0} bytes")]
struct TooLarge(u64);

/// Says which document an I/O error befell; an exceeded limit becomes [`ReadError::Limit`].
pub fn read_error(document: &str, error: io::Error) -> ReadError {
    let document = document.to_owned();
    match exceeded(&error) {
        Some(limit) => ReadError::Limit {
            document,
            what: "its decompressed size in bytes",
            limit,
        },
        None => ReadError::Io {
            document,
            source: error,
        },
    }
}

fn exceeded(error: &io::Error) -> Option<u64> {
    let mut cause: Option<&(dyn Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(error) = cause {
        if let Some(TooLarge(limit)) = error.downcast_ref() {
            return Some(*limit);
        }
        // An io::Error hides what it wraps from `source`.
        cause = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as _),
            None => error.source(),
        };
    }
    None
}
