//! Why something could not be done.

use palisade_formats::ReadError;
use palisade_store::StoreError;

use crate::sources::InputError;

/// Why an import, a derivation or a question failed.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A document could not be read to its end; nothing of it was stored.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file could not be opened.
    #[error(transparent)]
    Input(#[from] InputError),
    /// What is stored cannot be decoded.
    #[error("decode what is stored of {what}")]
    Decode {
        /// Of what.
        what: String,
        /// Why.
        #[source]
        source: postcard::Error,
    },
    /// Something that the inventory does not say and nobody else did.
    #[error("import {document}: {missing}")]
    Unstated {
        /// The inventory.
        document: String,
        /// What is missing, and how to say it.
        missing: &'static str,
    },
    /// A task of the import ended before its work did.
    #[error("the reader of {document} stopped unexpectedly")]
    Reader {
        /// The document.
        document: String,
    },
}
