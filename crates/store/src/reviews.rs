//! Reviews of merge requests: what is asked for, who is at it, what came of it, and what people said
//! of its hunks. What people said is added, and nothing here changes or removes it.

mod marks;
mod report;
mod work;

pub use marks::{HunkMark, MarkRow};
pub use report::{NewReport, StoredReport};
pub use work::ReviewWork;

use crate::StoreError;
use crate::session::{Row, Session, params};

/// How far a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// It waits.
    Queued,
    /// Somebody is at it, or was when they died.
    Running,
    /// There is a report of what was pushed last.
    Done,
    /// There will be none.
    Failed,
}

/// A merge request at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReview {
    /// The address of the repository.
    pub repository: String,
    /// The request's number there.
    pub number: i64,
    /// The address of its page.
    pub address: String,
    /// Its title.
    pub title: String,
    /// The commit.
    pub head: String,
    /// Who asked for it.
    pub asked_by: String,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRow {
    /// Its number here.
    pub id: i64,
    /// What is reviewed.
    pub request: NewReview,
    /// When that was asked for, in microseconds since 1970.
    pub asked_at: i64,
    /// How far it is.
    pub state: ReviewState,
    /// How often it was begun.
    pub attempts: i64,
    /// When it may be begun again.
    pub due: i64,
    /// When it was last begun.
    pub started_at: Option<i64>,
    /// When that ended.
    pub ended_at: Option<i64>,
    /// Why it failed the last time.
    pub problem: Option<String>,
    /// What is to be told of the last attempt.
    pub log: String,
    /// The comment's name at the forge.
    pub comment: Option<String>,
    /// When it is to be written.
    pub comment_due: Option<i64>,
    /// How often that was tried.
    pub comment_attempts: i64,
    /// Why it could not be written the last time.
    pub comment_problem: Option<String>,
    /// The commit of the report, if there is one.
    pub report_head: Option<String>,
    /// When the report was made.
    pub reported_at: Option<i64>,
    /// How many hunks it has.
    pub hunks: i64,
    /// How many critical signals.
    pub critical: i64,
    /// How many warnings.
    pub warnings: i64,
    /// How many notes.
    pub notes: i64,
}

const FIND: &str = "SELECT id, head FROM review WHERE repository = $1 AND number = $2";
const ADD: &str = "INSERT INTO review (id, repository, number, address, title, head, asked_by, \
    asked_at, state, attempts, due, log, comment_attempts, hunks, critical, warnings, notes) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', 0, $8, '', 0, 0, 0, 0, 0)";
const AGAIN: &str = "UPDATE review SET address = $2, title = $3, head = $4, asked_by = $5, \
    asked_at = $6, state = 'queued', attempts = 0, due = $6, leased_by = NULL, \
    leased_until = NULL, problem = NULL, comment_due = NULL, comment_attempts = 0, \
    comment_problem = NULL WHERE id = $1";
const ALL: &str = "SELECT id, repository, number, address, title, head, asked_by, asked_at, \
    state, attempts, due, started_at, ended_at, problem, log, comment, comment_due, \
    comment_attempts, comment_problem, report_head, reported_at, hunks, critical, warnings, notes \
    FROM review ORDER BY asked_at DESC, id DESC LIMIT $1 OFFSET $2";
const ONE: &str = "SELECT id, repository, number, address, title, head, asked_by, \
    asked_at, state, attempts, due, started_at, ended_at, problem, log, comment, comment_due, \
    comment_attempts, comment_problem, report_head, reported_at, hunks, critical, warnings, notes \
    FROM review WHERE id = $1";

impl Session {
    /// Asks for a review and gives its number; `true` with it when there is something to do, which
    /// there is not for a commit that was asked for before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn ask_for_review(
        &mut self,
        request: &NewReview,
        now: i64,
    ) -> Result<(i64, bool), StoreError> {
        let known = params![request.repository.as_str(), request.number];
        if let Some(known) = self.query_one(FIND, known).await? {
            let id = known.int(0)?;
            if known.text(1)? == request.head {
                return Ok((id, false));
            }
            let row = params![
                id,
                request.address.as_str(),
                request.title.as_str(),
                request.head.as_str(),
                request.asked_by.as_str(),
                now,
            ];
            self.execute(AGAIN, row).await?;
            return Ok((id, true));
        }
        let id = self.next_id("SELECT max(id) FROM review").await?;
        let row = params![
            id,
            request.repository.as_str(),
            request.number,
            request.address.as_str(),
            request.title.as_str(),
            request.head.as_str(),
            request.asked_by.as_str(),
            now,
        ];
        self.execute(ADD, row).await?;
        Ok((id, true))
    }

    /// Reviews, what was asked for last first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn reviews(&mut self, limit: i64, offset: i64) -> Result<Vec<ReviewRow>, StoreError> {
        let rows = self.query(ALL, params![limit, offset]).await?;
        rows.iter().map(review).collect()
    }

    /// A review by its number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn review(&mut self, id: i64) -> Result<Option<ReviewRow>, StoreError> {
        let row = self.query_one(ONE, params![id]).await?;
        row.as_ref().map(review).transpose()
    }
}

impl ReviewState {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn of(word: &str) -> Result<Self, StoreError> {
        let all = [Self::Queued, Self::Running, Self::Done, Self::Failed];
        let found = all.into_iter().find(|state| state.word() == word);
        found.ok_or_else(|| StoreError::value(format!("{word:?} is no state of a review")))
    }
}

fn review(row: &Row) -> Result<ReviewRow, StoreError> {
    Ok(ReviewRow {
        id: row.int(0)?,
        request: NewReview {
            repository: row.text(1)?,
            number: row.int(2)?,
            address: row.text(3)?,
            title: row.text(4)?,
            head: row.text(5)?,
            asked_by: row.text(6)?,
        },
        asked_at: row.int(7)?,
        state: ReviewState::of(&row.text(8)?)?,
        attempts: row.int(9)?,
        due: row.int(10)?,
        started_at: row.opt_int(11)?,
        ended_at: row.opt_int(12)?,
        problem: row.opt_text(13)?,
        log: row.text(14)?,
        comment: row.opt_text(15)?,
        comment_due: row.opt_int(16)?,
        comment_attempts: row.int(17)?,
        comment_problem: row.opt_text(18)?,
        report_head: row.opt_text(19)?,
        reported_at: row.opt_int(20)?,
        hunks: row.int(21)?,
        critical: row.int(22)?,
        warnings: row.int(23)?,
        notes: row.int(24)?,
    })
}
