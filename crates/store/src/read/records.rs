//! Records by the names that their sources gave them, and when what is known of names was changed.

use crate::StoreError;
use crate::block::BlockSpan;
use crate::facts::span;
use crate::lists::with_texts;
use crate::session::{Dialect, Row, Session, json_texts, params};

/// A record of a feed.
#[derive(Debug, Clone)]
pub struct NamedRecord {
    /// The feed's kind.
    pub feed_kind: String,
    /// Where its raw record is.
    pub raw: BlockSpan,
}

/// When something of a name was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModifiedName {
    /// The name of a record or a vulnerability.
    pub name: String,
    /// Microseconds since 1970.
    pub modified: Option<i64>,
}

const RECORDS_NAMED: Dialect = with_texts!(
    "SELECT f.kind, a.raw_block, a.raw_offset, a.raw_length FROM feed f \
     JOIN advisory a ON a.feed_id = f.id AND a.name = $1 WHERE f.kind",
    "$2",
    " ORDER BY f.kind, f.scope"
);
const RECORDS_MODIFIED: Dialect = Dialect {
    sqlite: "SELECT a.name, max(coalesce(a.modified, a.published)) FROM json_each($1) AS wanted \
             CROSS JOIN feed f ON f.kind IN (SELECT value FROM json_each($2)) \
             CROSS JOIN advisory a ON a.feed_id = f.id AND a.name = wanted.value GROUP BY a.name",
    postgres: "SELECT a.name, max(coalesce(a.modified, a.published)) FROM advisory a \
               JOIN feed f ON f.id = a.feed_id WHERE f.kind = ANY (ARRAY(SELECT value FROM \
               jsonb_array_elements_text($2::jsonb))) AND a.name = ANY (ARRAY(SELECT value FROM \
               jsonb_array_elements_text($1::jsonb))) GROUP BY a.name",
};
const VULNERABILITIES_MODIFIED: Dialect = with_texts!(
    "SELECT v.name, coalesce(v.modified, v.published) FROM vulnerability v WHERE v.name",
    "$1",
    ""
);
const FINDINGS_MODIFIED: Dialect = with_texts!(
    "SELECT v.name, max(f.changed_at) FROM vulnerability v \
     JOIN finding f ON f.vulnerability_id = v.id WHERE v.name",
    "$1",
    " GROUP BY v.name"
);

impl Session {
    /// The records of a name in feeds of the given kinds.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn records_named(
        &mut self,
        kinds: &[&str],
        name: &str,
    ) -> Result<Vec<NamedRecord>, StoreError> {
        let kinds = json_texts(kinds.iter().copied());
        let rows = self.query(RECORDS_NAMED, params![name, kinds]).await?;
        rows.iter()
            .map(|row| {
                Ok(NamedRecord {
                    feed_kind: row.text(0)?,
                    raw: span(row, 1)?,
                })
            })
            .collect()
    }

    /// When records of these names in feeds of the given kinds, the vulnerabilities of these names,
    /// and their findings were last changed; a name may be told several times.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn modified_names(
        &mut self,
        kinds: &[&str],
        names: &[&str],
    ) -> Result<Vec<ModifiedName>, StoreError> {
        let kinds = json_texts(kinds.iter().copied());
        let names = json_texts(names.iter().copied());
        let mut rows = self
            .query(RECORDS_MODIFIED, params![names.as_str(), kinds])
            .await?;
        let of_vulnerabilities = [VULNERABILITIES_MODIFIED, FINDINGS_MODIFIED];
        for statement in of_vulnerabilities {
            rows.extend(self.query(statement, params![names.as_str()]).await?);
        }
        rows.iter().map(modified).collect()
    }
}

fn modified(row: &Row) -> Result<ModifiedName, StoreError> {
    Ok(ModifiedName {
        name: row.text(0)?,
        modified: row.opt_int(1)?,
    })
}
