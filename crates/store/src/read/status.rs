//! What was imported when.

use crate::session::{Row, Session, params};
use crate::{StoreError, StoredReject};

/// Which state of the database something was made from: it changes with every import and event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Generation {
    import: i64,
    event: i64,
    /// When it came about, in microseconds since 1970; 0 when nothing was imported yet.
    pub time: i64,
}

/// A feed.
#[derive(Debug, Clone)]
pub struct FeedRow {
    /// Its kind.
    pub kind: String,
    /// Its scope, empty if it has none.
    pub scope: String,
    /// As of when it speaks, in microseconds since 1970.
    pub as_of: Option<i64>,
    /// When it was last imported.
    pub imported_at: Option<i64>,
    /// How many records are stored.
    pub records: i64,
}

/// An import.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// Its number.
    pub id: i64,
    /// When, in microseconds since 1970.
    pub time: i64,
    /// The format.
    pub kind: String,
    /// What was read.
    pub document: String,
    /// Records read.
    pub records: i64,
    /// Records that were not stored before.
    pub added: i64,
    /// Records that replaced an earlier version of themselves.
    pub changed: i64,
    /// Records that are no longer there.
    pub withdrawn: i64,
    /// Records passed over or mended.
    pub rejected: i64,
    /// Of what it spoke, empty where that is not known.
    pub about: String,
    /// What has to be told of it beside numbers.
    pub remark: Option<String>,
}

const GENERATION: &str = "SELECT (SELECT max(id) FROM import), (SELECT max(id) FROM event), \
    (SELECT time FROM import ORDER BY id DESC LIMIT 1), \
    (SELECT time FROM event ORDER BY id DESC LIMIT 1)";
const FEEDS: &str = "SELECT f.kind, f.scope, f.as_of, f.imported_at, \
    (SELECT count(*) FROM advisory a WHERE a.feed_id = f.id) FROM feed f ORDER BY f.kind, f.scope";
const IMPORTS: &str = "SELECT id, time, kind, document, records, added, changed, withdrawn, \
    rejected, about, remark FROM import ORDER BY id DESC LIMIT $1";
const IMPORT: &str = "SELECT id, time, kind, document, records, added, changed, withdrawn, \
    rejected, about, remark FROM import WHERE id = $1";
const REJECTS: &str = "SELECT document, place, record, reason, mended FROM import_reject \
    WHERE import_id = $1 AND ordinal >= $2 ORDER BY ordinal LIMIT $3";

impl Session {
    /// Which state of the database this session sees.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn generation(&mut self) -> Result<Generation, StoreError> {
        let Some(row) = self.query_one(GENERATION, Vec::new()).await? else {
            return Ok(Generation::default());
        };
        let number = |value: Option<i64>| value.unwrap_or(0);
        Ok(Generation {
            import: number(row.opt_int(0)?),
            event: number(row.opt_int(1)?),
            time: number(row.opt_int(2)?).max(number(row.opt_int(3)?)),
        })
    }

    /// All feeds with how many records are stored of each: counts them, so keep the answer.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn feeds(&mut self) -> Result<Vec<FeedRow>, StoreError> {
        let rows = self.query(FEEDS, Vec::new()).await?;
        rows.iter()
            .map(|row| {
                Ok(FeedRow {
                    kind: row.text(0)?,
                    scope: row.text(1)?,
                    as_of: row.opt_int(2)?,
                    imported_at: row.opt_int(3)?,
                    records: row.int(4)?,
                })
            })
            .collect()
    }

    /// The latest imports, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn imports(&mut self, limit: i64) -> Result<Vec<ImportRow>, StoreError> {
        self.query(IMPORTS, params![limit])
            .await?
            .iter()
            .map(import)
            .collect()
    }

    /// An import by its number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn import(&mut self, id: i64) -> Result<Option<ImportRow>, StoreError> {
        self.query_one(IMPORT, params![id])
            .await?
            .as_ref()
            .map(import)
            .transpose()
    }

    /// What an import passed over or mended, from an ordinal on.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn rejects(
        &mut self,
        import: i64,
        from: i64,
        limit: i64,
    ) -> Result<Vec<StoredReject>, StoreError> {
        let rows = self.query(REJECTS, params![import, from, limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(StoredReject {
                    document: row.text(0)?,
                    place: row.text(1)?,
                    record: row.opt_text(2)?,
                    reason: row.text(3)?,
                    mended: row.bool(4)?,
                })
            })
            .collect()
    }
}

fn import(row: &Row) -> Result<ImportRow, StoreError> {
    Ok(ImportRow {
        id: row.int(0)?,
        time: row.int(1)?,
        kind: row.text(2)?,
        document: row.text(3)?,
        records: row.int(4)?,
        added: row.int(5)?,
        changed: row.int(6)?,
        withdrawn: row.int(7)?,
        rejected: row.int(8)?,
        about: row.text(9)?,
        remark: row.opt_text(10)?,
    })
}
