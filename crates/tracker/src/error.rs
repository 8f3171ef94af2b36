//! Why something could not be done.

use std::io;
use std::path::{Path, PathBuf};

use palisade_fetch::FetchError;
use palisade_formats::{ReadError, Reject};
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
    /// Not one record of a document could be read, so it is of another kind, or damaged; nothing
    /// of it was stored, and nothing that was stored counts as withdrawn.
    #[error("read {document}: nothing in it can be read as {kind} (first {first})")]
    NothingRead {
        /// The document.
        document: String,
        /// As what it was read.
        kind: &'static str,
        /// What is wrong with the first record, and where that is.
        first: String,
    },
    /// A document that is not believed; nothing of it was stored.
    #[error("{document} is held back: {reason}")]
    HeldBack {
        /// The document.
        document: String,
        /// Why.
        reason: String,
        /// Whether what is stored is of a later time.
        is_older: bool,
    },
    /// A revision that was imported before with other packages; nothing of it was stored.
    #[error(
        "import {document}: revision {revision} was imported before with other packages; a revision \
         never changes"
    )]
    RevisionChanged {
        /// The inventory.
        document: String,
        /// The revision's name.
        revision: String,
    },
    /// A tree of packages cannot be read.
    #[error("read the tree {tree}: {reason}")]
    Tree {
        /// Where it is.
        tree: String,
        /// Why not.
        reason: String,
    },
    /// Something could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A source does not answer as it is documented to.
    #[error("{source_name}: {reason}")]
    Source {
        /// The source's name.
        source_name: String,
        /// What is odd.
        reason: String,
    },
    /// A key cannot be used, with which something would have been checked.
    #[error("the key {}: {reason}", file.display())]
    Key {
        /// The file that should have it.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
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
    /// What is stored of a review cannot be read.
    #[error("read what is stored of review {review}")]
    Review {
        /// Its number.
        review: i64,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The branch, which the inventory does not say and nobody else did.
    #[error("import {document}: it does not say {missing}; tell with --branch {example}")]
    Unstated {
        /// The inventory.
        document: String,
        /// What is missing.
        missing: &'static str,
        /// How a branch is written.
        example: String,
    },
    /// The repository, which the inventory does not say and nobody else did, on a branch that has some:
    /// one without a name would stand beside them.
    #[error(
        "import {document}: it does not say of which repository it is, and {branch} has {known}; tell \
         with --repository NAME"
    )]
    UnstatedRepository {
        /// The inventory.
        document: String,
        /// The branch.
        branch: String,
        /// The repositories that the branch has.
        known: String,
    },
    /// A statement that cannot be withdrawn.
    #[error("withdraw statement {number}: {reason}")]
    Withdraw {
        /// Its number.
        number: i64,
        /// Why not.
        reason: String,
    },
    /// A task of the import ended before its work did.
    #[error("the reader of {document} stopped unexpectedly")]
    Reader {
        /// The document.
        document: String,
    },
}

impl TrackerError {
    /// A file of keys cannot be read.
    pub(crate) fn unread_key(file: &Path, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
            other => other.to_string(),
        };
        Self::key(file, &reason)
    }

    /// A key cannot be used.
    pub(crate) fn key(file: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self::Key {
            file: file.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// The error in one line for everybody to read: folders are this machine's own.
    pub(crate) fn public(&self) -> String {
        match self {
            Self::Key { file, reason } => {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                format!("the key {name}: {reason}")
            }
            Self::Tree { reason, .. } => format!("read the tree: {reason}"),
            _ => error_line(self),
        }
    }

    /// Fails when records were passed over and none is left.
    pub(crate) fn unless_read(
        records: usize,
        document: &str,
        kind: &'static str,
        rejects: &[Reject],
    ) -> Result<(), Self> {
        let passed_over = rejects.iter().find(|reject| !reject.mended);
        match passed_over.filter(|_| records == 0) {
            None => Ok(()),
            Some(Reject { place, reason, .. }) => Err(Self::NothingRead {
                document: document.to_owned(),
                kind,
                first: format!("{place}: {reason}"),
            }),
        }
    }
}

/// An error with its causes, in one line.
pub fn error_line(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        cause = error.source();
    }
    line
}
