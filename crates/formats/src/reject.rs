//! What is said of input that cannot be used: which record, where, and why.

use std::fmt;
use std::io;

use crate::limits;

/// Where in a document a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// In this line, counted from 1.
    Line(u64),
    /// It is this element of the document's list, counted from 0.
    Index(u64),
    /// It is the document.
    Whole,
}

/// A record that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The document: a file's name, and the member's behind `!` when the file is an archive.
    pub document: String,
    /// Where in the document.
    pub place: Place,
    /// The record's identifier, as far as it could be read.
    pub id: Option<String>,
    /// Why it was passed over, or what was mended.
    pub reason: String,
    /// Whether the record was used in spite of it.
    pub mended: bool,
}

/// Why one record could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BadRecord {
    /// The record's identifier, as far as it could be read.
    pub id: Option<String>,
    /// The reason, as a fragment that can stand behind "because".
    pub reason: String,
}

/// Why a document could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be had, or not be decompressed.
    #[error("read {document}")]
    Io {
        /// The document.
        document: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The document is not of the expected form.
    #[error("read {document}: {reason}")]
    Malformed {
        /// The document.
        document: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// The document goes beyond a limit.
    #[error("read {document}: {what} is more than {limit}")]
    Limit {
        /// The document.
        document: String,
        /// What is too large.
        what: &'static str,
        /// The limit, in the unit that `what` names.
        limit: u64,
    },
    /// The receiver of the records asked to stop.
    #[error("read {document}: stopped")]
    Stopped {
        /// The document.
        document: String,
    },
}

impl ReadError {
    /// A document that is not of the expected form.
    pub(crate) fn malformed(document: &str, reason: impl Into<String>) -> Self {
        Self::Malformed {
            document: document.to_owned(),
            reason: reason.into(),
        }
    }

    /// A text whose last line has no end: what stands there may be a part of what was written.
    pub(crate) fn cut_off(document: &str, line: u64) -> Self {
        Self::malformed(
            document,
            format!("it is cut off in line {line}, which has no end"),
        )
    }

    /// An inventory without a package that could be read; `first` is what is wrong with the first.
    pub(crate) fn no_package(document: &str, first: Option<&str>) -> Self {
        let reason = match first {
            Some(first) => format!("it lists no package that can be read (first {first})"),
            None => "it lists no package".to_owned(),
        };
        Self::malformed(document, reason)
    }

    /// An inventory with more packages than are read.
    pub(crate) fn too_many_packages(document: &str) -> Self {
        Self::Limit {
            document: document.to_owned(),
            what: "the number of packages",
            limit: limits::PACKAGES as u64,
        }
    }
}

impl Reject {
    /// What is said of a part of a document.
    pub(crate) fn of(document: &str, place: Place, bad: BadRecord, mended: bool) -> Self {
        let BadRecord { id, reason } = bad;
        Self {
            document: document.to_owned(),
            place,
            id,
            reason,
            mended,
        }
    }
}

impl BadRecord {
    /// A reason without an identifier.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            id: None,
            reason: reason.into(),
        }
    }

    /// The same reason with the record's identifier.
    #[must_use]
    pub fn of(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl From<serde_json::Error> for BadRecord {
    fn from(error: serde_json::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Index(index) => write!(f, "record {index}"),
            Self::Whole => f.write_str("the whole document"),
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.document, self.place)?;
        if let Some(id) = &self.id {
            write!(f, ", {id}")?;
        }
        write!(f, ": {}", self.reason)
    }
}
