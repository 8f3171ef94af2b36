//! The last report of a review: compressed, and in pages, so that showing one page of a long report
//! reads no other.

use super::ReviewRow;
use crate::StoreError;
use crate::bulk::{Rows, Table};
use crate::session::{Session, params};

/// How hard reports are compressed: they are text, and read far more often than written.
const LEVEL: i32 = 9;

/// Bytes that a compressed text may have once it is unpacked.
const UNPACKED: usize = 1 << 30;

/// A report as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewReport {
    /// The commit.
    pub head: String,
    /// All of it, as JSON.
    pub report: String,
    /// What stands above its hunks, as JSON.
    pub outline: String,
    /// A summary for the forge.
    pub markdown: String,
    /// Its hunks as JSON, a page each.
    pub pages: Vec<String>,
    /// By what its hunks are known, in their order; each is there once.
    pub hunks: Vec<String>,
    /// How many critical signals.
    pub critical: i64,
    /// How many warnings.
    pub warnings: i64,
    /// How many notes.
    pub notes: i64,
    /// What is to be told of the attempt.
    pub log: String,
}

/// What is stored of a report beside its pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReport {
    /// What stands above its hunks, as JSON.
    pub outline: String,
    /// A summary for the forge.
    pub markdown: String,
}

const DONE: &str = "UPDATE review SET state = 'done', ended_at = $3, problem = NULL, log = $4, \
    leased_by = NULL, leased_until = NULL, report_head = $5, reported_at = $3, hunks = $6, \
    critical = $7, warnings = $8, notes = $9, comment_due = $10, comment_attempts = 0, \
    comment_problem = NULL WHERE id = $1 AND leased_by = $2";
const FORGET_REPORT: &str = "DELETE FROM review_report WHERE review_id = $1";
const FORGET_PAGES: &str = "DELETE FROM review_page WHERE review_id = $1";
const FORGET_HUNKS: &str = "DELETE FROM review_hunk WHERE review_id = $1";
const ADD_REPORT: &str = "INSERT INTO review_report (review_id, report, outline, markdown) \
    VALUES ($1, $2, $3, $4)";
const ADD_PAGE: &str = "INSERT INTO review_page (review_id, page, hunks) VALUES ($1, $2, $3)";
static HUNKS: Table = Table {
    name: "review_hunk",
    columns: &["review_id", "hunk", "place"],
};
const OUTLINE: &str = "SELECT outline, markdown FROM review_report WHERE review_id = $1";
const REPORT: &str = "SELECT report FROM review_report WHERE review_id = $1";
const PAGE: &str = "SELECT hunks FROM review_page WHERE review_id = $1 AND page = $2";
const PLACE: &str = "SELECT place FROM review_hunk WHERE review_id = $1 AND hunk = $2";
const KEYS: &str = "SELECT hunk FROM review_hunk WHERE review_id = $1 ORDER BY place";

impl Session {
    /// Stores a report in place of the one before, and says that its review is done; `false`, and
    /// nothing is stored, when the review is no longer ours. `comment` is when to write the comment.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn finish_review(
        &mut self,
        (review, mark): (&ReviewRow, &str),
        report: &NewReport,
        now: i64,
        comment: Option<i64>,
    ) -> Result<bool, StoreError> {
        let id = review.id;
        let hunks = i64::try_from(report.hunks.len()).unwrap_or(i64::MAX);
        let row = params![
            id,
            mark,
            now,
            report.log.as_str(),
            report.head.as_str(),
            hunks,
            report.critical,
            report.warnings,
            report.notes,
            comment,
        ];
        if self.execute(DONE, row).await? == 0 {
            return Ok(false);
        }
        for forget in [FORGET_REPORT, FORGET_PAGES, FORGET_HUNKS] {
            self.execute(forget, params![id]).await?;
        }
        let row = params![
            id,
            packed(&report.report)?,
            packed(&report.outline)?,
            report.markdown.as_str(),
        ];
        self.execute(ADD_REPORT, row).await?;
        for (page, hunks) in (0_i64..).zip(&report.pages) {
            self.execute(ADD_PAGE, params![id, page, packed(hunks)?])
                .await?;
        }
        let mut rows = Rows::of(&HUNKS);
        for (place, hunk) in (0_i64..).zip(&report.hunks) {
            rows.push(params![id, hunk.as_str(), place]);
            if rows.is_full() {
                rows.insert(self).await?;
            }
        }
        rows.insert(self).await?;
        Ok(true)
    }

    /// What stands above the hunks of a review's report, if there is one.
    ///
    /// # Errors
    /// When the database refuses, or what is stored is damaged.
    pub async fn review_outline(&mut self, id: i64) -> Result<Option<StoredReport>, StoreError> {
        let row = self.query_one(OUTLINE, params![id]).await?;
        row.map(|row| {
            Ok(StoredReport {
                outline: unpacked(&row.bytes(0)?)?,
                markdown: row.text(1)?,
            })
        })
        .transpose()
    }

    /// A review's whole report, as JSON.
    ///
    /// # Errors
    /// When the database refuses, or what is stored is damaged.
    pub async fn review_report(&mut self, id: i64) -> Result<Option<String>, StoreError> {
        let row = self.query_one(REPORT, params![id]).await?;
        row.map(|row| unpacked(&row.bytes(0)?)).transpose()
    }

    /// A page of the hunks of a review's report, as JSON.
    ///
    /// # Errors
    /// When the database refuses, or what is stored is damaged.
    pub async fn review_page(&mut self, id: i64, page: i64) -> Result<Option<String>, StoreError> {
        let row = self.query_one(PAGE, params![id, page]).await?;
        row.map(|row| unpacked(&row.bytes(0)?)).transpose()
    }

    /// Which of the hunks of a review's report one is, from 0; none that it has not.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hunk_place(&mut self, id: i64, hunk: &str) -> Result<Option<i64>, StoreError> {
        let row = self.query_one(PLACE, params![id, hunk]).await?;
        row.map(|row| row.int(0)).transpose()
    }

    /// By what the hunks of a review's report are known, in their order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn review_hunks(&mut self, id: i64) -> Result<Vec<String>, StoreError> {
        let rows = self.query(KEYS, params![id]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }
}

fn packed(text: &str) -> Result<Vec<u8>, StoreError> {
    let packed = zstd::bulk::compress(text.as_bytes(), LEVEL);
    packed.map_err(|error| odd(&error))
}

fn unpacked(bytes: &[u8]) -> Result<String, StoreError> {
    let size = zstd::bulk::Decompressor::upper_bound(bytes).unwrap_or(UNPACKED);
    let text = zstd::bulk::decompress(bytes, size.min(UNPACKED)).map_err(|it| odd(&it))?;
    String::from_utf8(text).map_err(|it| odd(&it))
}

fn odd(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::value(format!("the report of a review: {error}"))
}
