//! Copies of a database that is in use.

use std::path::Path;

use crate::store::Pools;
use crate::{Store, StoreError};

/// Copies what one read transaction sees, compacted, and leaves writers alone.
const COPY: &str = "VACUUM INTO $1";

impl Store {
    /// Copies the whole database, as it is at this moment, into a file that does not exist yet, or is empty.
    ///
    /// # Errors
    /// When the file cannot be written, or the database is on a PostgreSQL server, which has programs
    /// of its own for that.
    pub async fn copy_into(&self, file: &Path) -> Result<(), StoreError> {
        let Pools::Sqlite { readers, .. } = &self.pools else {
            return Err(StoreError::ServerCopies);
        };
        let file = file.to_str().ok_or_else(|| StoreError::Address {
            address: file.display().to_string(),
        })?;
        sqlx::query(COPY).bind(file).execute(readers).await?;
        Ok(())
    }
}
