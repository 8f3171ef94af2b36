//! Writing anew by which keys source packages and advisories meet.

use crate::bulk::{Rows, Table};
use crate::lists::{CHUNK, with_numbers};
use crate::session::{Dialect, Session, json_ints, params};
use crate::{SourcePackageId, StoreError};

pub(crate) static SOURCE_KEY: Table = Table {
    name: "source_package_key",
    columns: &["key", "source_package_id"],
};
pub(crate) static ADVISORY_KEY: Table = Table {
    name: "advisory_key",
    columns: &["key", "advisory_id"],
};

const ALL_SOURCES: &str = "SELECT id FROM source_package ORDER BY id";
const ALL_ADVISORIES: &str = "SELECT id FROM advisory ORDER BY id";
const REMOVE: [&str; 2] = [
    "DELETE FROM source_package_key",
    // Withdrawn advisories are judged by nobody, so their keys never change.
    "DELETE FROM advisory_key WHERE advisory_id IN (SELECT id FROM advisory WHERE NOT withdrawn)",
];

const REMOVE_OF_SOURCES: Dialect = with_numbers!(
    "DELETE FROM source_package_key WHERE source_package_id",
    "$1",
    ""
);

impl Session {
    /// All source packages.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn all_sources(&mut self) -> Result<Vec<SourcePackageId>, StoreError> {
        let rows = self.query(ALL_SOURCES, Vec::new()).await?;
        rows.iter()
            .map(|row| Ok(SourcePackageId(row.int(0)?)))
            .collect()
    }

    /// All advisories.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn all_advisories(&mut self) -> Result<Vec<i64>, StoreError> {
        let rows = self.query(ALL_ADVISORIES, Vec::new()).await?;
        rows.iter().map(|row| row.int(0)).collect()
    }

    /// Removes all keys of source packages and of advisories that are not withdrawn.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_keys(&mut self) -> Result<(), StoreError> {
        for statement in REMOVE {
            self.execute(statement, Vec::new()).await?;
        }
        Ok(())
    }

    /// Removes the keys of these source packages.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_source_keys(
        &mut self,
        sources: &[SourcePackageId],
    ) -> Result<(), StoreError> {
        for chunk in sources.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|source| source.0));
            self.execute(REMOVE_OF_SOURCES, params![list]).await?;
        }
        Ok(())
    }

    /// Writes keys of source packages that have none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_source_keys(
        &mut self,
        keys: impl Iterator<Item = (SourcePackageId, Vec<i64>)>,
    ) -> Result<(), StoreError> {
        self.write_keys(&SOURCE_KEY, keys.map(|(source, keys)| (source.0, keys)))
            .await
    }

    /// Writes keys of advisories that have none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_advisory_keys(
        &mut self,
        keys: impl Iterator<Item = (i64, Vec<i64>)>,
    ) -> Result<(), StoreError> {
        self.write_keys(&ADVISORY_KEY, keys).await
    }

    async fn write_keys(
        &mut self,
        table: &'static Table,
        keys: impl Iterator<Item = (i64, Vec<i64>)>,
    ) -> Result<(), StoreError> {
        let mut rows = Rows::of(table);
        for (id, keys) in keys {
            for key in keys {
                rows.push(params![key, id]);
            }
            if rows.is_full() {
                rows.insert(self).await?;
            }
        }
        rows.insert(self).await
    }
}
