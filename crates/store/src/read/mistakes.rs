//! What is needed to tell mistakes in what packagers write: records of a distribution's own feeds, and
//! what the last import of such a feed passed over.

use std::collections::HashSet;

use crate::block::BlockSpan;
use crate::facts::span;
use crate::session::{Dialect, Session, json_ints, json_texts, params};
use crate::{BranchId, StoreError};

const RECORDS: &str = "SELECT a.raw_block, a.raw_offset, a.raw_length FROM feed f \
    JOIN advisory a ON a.feed_id = f.id WHERE f.kind = $1 AND f.scope = $2";
const SOURCES_AT: &str = "SELECT DISTINCT s.name, s.version FROM source_interval i \
    JOIN source_package s ON s.id = i.source_package_id \
    WHERE i.branch_id = $1 AND i.since <= $2 AND (i.until IS NULL OR i.until > $2)";
const LAST_IMPORT: &str = "SELECT max(id) FROM import WHERE kind = $1 AND about = $2";
const SPOKEN_KEYS: Dialect = Dialect {
    sqlite: "SELECT DISTINCT wanted.value FROM json_each($1) AS wanted \
             CROSS JOIN advisory_key k ON k.key = wanted.value \
             CROSS JOIN advisory a ON a.id = k.advisory_id \
             CROSS JOIN feed f ON f.id = a.feed_id \
             AND f.kind IN (SELECT value FROM json_each($2))",
    postgres: "SELECT DISTINCT k.key FROM advisory_key k JOIN advisory a ON a.id = k.advisory_id \
               JOIN feed f ON f.id = a.feed_id WHERE k.key = ANY (ARRAY(SELECT value::bigint \
               FROM jsonb_array_elements_text($1::jsonb))) AND f.kind = ANY (ARRAY(SELECT value \
               FROM jsonb_array_elements_text($2::jsonb)))",
};

impl Session {
    /// Where the raw records of a feed are.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn records_of_feed(
        &mut self,
        kind: &str,
        scope: &str,
    ) -> Result<Vec<BlockSpan>, StoreError> {
        let rows = self.query(RECORDS, params![kind, scope]).await?;
        rows.iter().map(|row| span(row, 0)).collect()
    }

    /// The names and versions of the source packages of a branch at a position.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_versions_at(
        &mut self,
        branch: BranchId,
        position: i64,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.query(SOURCES_AT, params![branch.0, position]).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.text(1)?)))
            .collect()
    }

    /// The last import of a kind that spoke of something, if there was one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn last_import_about(
        &mut self,
        kind: &str,
        about: &str,
    ) -> Result<Option<i64>, StoreError> {
        let row = self.query_one(LAST_IMPORT, params![kind, about]).await?;
        Ok(row.map(|row| row.opt_int(0)).transpose()?.flatten())
    }

    /// The keys under which feeds of one of the kinds have an advisory.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn spoken_keys(
        &mut self,
        kinds: &[&str],
        keys: &[i64],
    ) -> Result<HashSet<i64>, StoreError> {
        let kinds = json_texts(kinds.iter().copied());
        let mut spoken = HashSet::new();
        for chunk in keys.chunks(10_000) {
            let row = params![json_ints(chunk.iter().copied()), kinds.as_str()];
            for row in self.query(SPOKEN_KEYS, row).await? {
                spoken.insert(row.int(0)?);
            }
        }
        Ok(spoken)
    }
}
