//! What feeds speak of.

use crate::session::{Dialect, Session, json_ints, json_texts, params};
use crate::{BranchId, StoreError};

const SCOPES: &str = "SELECT kind, scope FROM feed ORDER BY kind, scope";
const NAMES_NOW: &str = "SELECT DISTINCT s.name FROM source_interval i \
    JOIN source_package s ON s.id = i.source_package_id \
    WHERE i.branch_id = $1 AND i.until IS NULL";
const UNDER_KEYS: Dialect = Dialect {
    sqlite: "SELECT 1 FROM json_each($1) AS wanted \
             CROSS JOIN advisory_key k ON k.key = wanted.value \
             JOIN advisory a ON a.id = k.advisory_id JOIN feed f ON f.id = a.feed_id \
             WHERE f.kind IN (SELECT value FROM json_each($2)) LIMIT 1",
    postgres: "SELECT 1::bigint FROM advisory_key k JOIN advisory a ON a.id = k.advisory_id \
               JOIN feed f ON f.id = a.feed_id WHERE k.key = ANY (ARRAY(SELECT value::bigint \
               FROM jsonb_array_elements_text($1::jsonb))) AND f.kind = ANY (ARRAY(SELECT value \
               FROM jsonb_array_elements_text($2::jsonb))) LIMIT 1",
};

impl Session {
    /// The feeds that were ever imported: kind and scope.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn feed_scopes(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.query(SCOPES, Vec::new()).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.text(1)?)))
            .collect()
    }

    /// The names of the source packages that are on a branch now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn names_on_branch(&mut self, branch: BranchId) -> Result<Vec<String>, StoreError> {
        let rows = self.query(NAMES_NOW, params![branch.0]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// Whether a feed of one of the kinds has an advisory under one of the keys.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn speaks_under(&mut self, kinds: &[&str], keys: &[i64]) -> Result<bool, StoreError> {
        let kinds = json_texts(kinds.iter().copied());
        for chunk in keys.chunks(10_000) {
            let row = params![json_ints(chunk.iter().copied()), kinds.as_str()];
            if self.query_one(UNDER_KEYS, row).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
