//! What was imported when, and what was passed over.

use crate::StoreError;
use crate::bulk::{Rows, Table};
use crate::session::{Session, params};

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// The format.
    pub kind: String,
    /// What was read.
    pub document: String,
    /// Of what it spoke: a branch with its repository, or a part of a feed.
    pub about: String,
    /// Records read.
    pub records: u64,
    /// Records that were not stored before.
    pub added: u64,
    /// Records that replaced an earlier version of themselves.
    pub changed: u64,
    /// Records that are no longer there.
    pub withdrawn: u64,
    /// Records passed over or mended, of which as many are kept as the limit allows.
    pub rejected: u64,
    /// What has to be told of it beside numbers.
    pub remark: Option<String>,
    /// Its number, unless it changed nothing.
    pub number: Option<i64>,
}

/// A record that was passed over or mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReject {
    /// The document.
    pub document: String,
    /// Where in the document.
    pub place: String,
    /// The record's identifier.
    pub record: Option<String>,
    /// Why.
    pub reason: String,
    /// Whether it was used in spite of it.
    pub mended: bool,
}

/// Rejects kept for one import; the rest is only counted.
const REJECTS_KEPT: usize = 10_000;

const INSERT: &str = "INSERT INTO import \
    (id, time, kind, document, records, added, changed, withdrawn, rejected, about, remark) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

static REJECT: Table = Table {
    name: "import_reject",
    columns: &[
        "import_id",
        "ordinal",
        "document",
        "place",
        "record",
        "reason",
        "mended",
    ],
};

impl Session {
    /// Notes an import, and gives its number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_import(
        &mut self,
        now: i64,
        summary: &ImportSummary,
        rejects: &[StoredReject],
    ) -> Result<i64, StoreError> {
        let id = self.next_id("SELECT max(id) FROM import").await?;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.execute(
            INSERT,
            params![
                id,
                now,
                summary.kind.as_str(),
                summary.document.as_str(),
                count(summary.records),
                count(summary.added),
                count(summary.changed),
                count(summary.withdrawn),
                count(summary.rejected),
                summary.about.as_str(),
                summary.remark.as_deref(),
            ],
        )
        .await?;
        let mut rows = Rows::of(&REJECT);
        for (ordinal, reject) in (0_i64..).zip(rejects.iter().take(REJECTS_KEPT)) {
            rows.push(params![
                id,
                ordinal,
                reject.document.as_str(),
                reject.place.as_str(),
                reject.record.as_deref(),
                reject.reason.as_str(),
                reject.mended,
            ]);
        }
        rows.insert(self).await?;
        Ok(id)
    }
}
