//! What can go wrong with the store.

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::sqlite::SqliteError;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("use the database")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("bring the database's schema up to date")]
    Migrate(#[source] MigrateError),
    /// The address is of no database that Palisade knows.
    #[error("open {address:?}: neither a file nor a postgres:// address")]
    Address {
        /// The address.
        address: String,
    },
    /// A PostgreSQL server's database is copied with its own programs.
    #[error("copy the database: it is on a PostgreSQL server; use pg_dump")]
    ServerCopies,
    /// A stored block is damaged.
    #[error("read block {block}: {reason}")]
    Damaged {
        /// The block.
        block: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// A stored value is none that is written there.
    #[error("read what is stored: {reason}")]
    Value {
        /// Which, and what is wrong with it.
        reason: String,
    },
    /// The store was written by a newer Palisade.
    #[error("the database was written by a newer version of Palisade")]
    Newer,
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            // A step was taken that this program does not know.
            MigrateError::VersionMissing(_) => Self::Newer,
            error => Self::Migrate(error),
        }
    }
}

impl StoreError {
    /// Whether SQLite says that its file is damaged, or none of its own (`SQLITE_CORRUPT`,
    /// `SQLITE_NOTADB`).
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else {
            return false;
        };
        let error = error.try_downcast_ref::<SqliteError>();
        // Extended codes have the plain one in their lowest byte.
        let code = error.and_then(|error| error.code()?.parse::<u32>().ok());
        code.is_some_and(|code| matches!(code & 0xff, 11 | 26))
    }

    pub(crate) fn damaged(block: i64, reason: &(impl std::fmt::Display + ?Sized)) -> Self {
        Self::Damaged {
            block,
            reason: reason.to_string(),
        }
    }

    pub(crate) fn value(reason: impl Into<String>) -> Self {
        Self::Value {
            reason: reason.into(),
        }
    }
}
