//! Who is at which review: a lease that is short and renewed, so that what somebody who died was at is
//! soon taken up again. Only one is worked at.

use super::ReviewRow;
use crate::StoreError;
use crate::session::{Session, params};

/// What is to be done of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReviewWork {
    /// The review itself.
    Review(ReviewRow),
    /// Its comment at the forge.
    Comment(ReviewRow),
}

const BUSY: &str = "SELECT id FROM review WHERE leased_until > $1 LIMIT 1";
const WAITING: &str = "SELECT id FROM review WHERE (state = 'queued' AND due <= $1) \
    OR state = 'running' ORDER BY due, id LIMIT 1";
const UNTOLD: &str = "SELECT id FROM review WHERE state = 'done' AND comment_due <= $1 \
    ORDER BY comment_due, id LIMIT 1";
const TAKE: &str = "UPDATE review SET state = 'running', attempts = attempts + 1, \
    started_at = $2, ended_at = NULL, leased_by = $3, leased_until = $4 WHERE id = $1";
const TAKE_COMMENT: &str = "UPDATE review SET comment_attempts = comment_attempts + 1, \
    leased_by = $2, leased_until = $3 WHERE id = $1";
const RENEW: &str = "UPDATE review SET leased_until = $3 WHERE id = $1 AND leased_by = $2";
const GIVE_BACK: &str = "UPDATE review SET state = 'queued', attempts = attempts - 1, \
    leased_by = NULL, leased_until = NULL WHERE id = $1 AND leased_by = $2 AND state = 'running'";
const GIVE_BACK_COMMENT: &str = "UPDATE review SET comment_attempts = comment_attempts - 1, \
    leased_by = NULL, leased_until = NULL WHERE id = $1 AND leased_by = $2 AND state = 'done'";
const PUT_OFF: &str = "UPDATE review SET state = 'queued', due = $3, ended_at = $4, \
    problem = $5, log = $6, leased_by = NULL, leased_until = NULL \
    WHERE id = $1 AND leased_by = $2";
const FAIL: &str = "UPDATE review SET state = 'failed', ended_at = $3, problem = $4, log = $5, \
    leased_by = NULL, leased_until = NULL WHERE id = $1 AND leased_by = $2";
const NAME_COMMENT: &str = "UPDATE review SET comment = $2 WHERE id = $1";
const COMMENTED: &str = "UPDATE review SET comment_due = NULL, comment_attempts = 0, \
    comment_problem = NULL, leased_by = NULL, leased_until = NULL \
    WHERE id = $1 AND leased_by = $2";
const NOT_COMMENTED: &str = "UPDATE review SET comment_due = $3, comment_problem = $4, \
    leased_by = NULL, leased_until = NULL WHERE id = $1 AND leased_by = $2";

impl Session {
    /// Takes what is to be done next for oneself, until a time; nothing while somebody is at one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_review(
        &mut self,
        now: i64,
        mark: &str,
        until: i64,
    ) -> Result<Option<ReviewWork>, StoreError> {
        if self.query_one(BUSY, params![now]).await?.is_some() {
            return Ok(None);
        }
        if let Some(found) = self.query_one(WAITING, params![now]).await? {
            let id = found.int(0)?;
            self.execute(TAKE, params![id, now, mark, until]).await?;
            return Ok(self.review(id).await?.map(ReviewWork::Review));
        }
        let Some(found) = self.query_one(UNTOLD, params![now]).await? else {
            return Ok(None);
        };
        let id = found.int(0)?;
        self.execute(TAKE_COMMENT, params![id, mark, until]).await?;
        Ok(self.review(id).await?.map(ReviewWork::Comment))
    }

    /// Keeps a review for oneself until a later time; `false` when it is no longer ours, as when
    /// something else was pushed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_review(
        &mut self,
        id: i64,
        mark: &str,
        until: i64,
    ) -> Result<bool, StoreError> {
        Ok(self.execute(RENEW, params![id, mark, until]).await? == 1)
    }

    /// Gives back what was taken, as if it had not been.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn give_review_back(&mut self, id: i64, mark: &str) -> Result<(), StoreError> {
        self.execute(GIVE_BACK, params![id, mark]).await?;
        self.execute(GIVE_BACK_COMMENT, params![id, mark]).await?;
        Ok(())
    }

    /// Says that a review failed and is to be begun again at a time, or never.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn fail_review(
        &mut self,
        (id, mark): (i64, &str),
        (problem, log): (&str, &str),
        now: i64,
        again: Option<i64>,
    ) -> Result<(), StoreError> {
        if let Some(due) = again {
            let row = params![id, mark, due, now, problem, log];
            self.execute(PUT_OFF, row).await?;
        } else {
            let row = params![id, mark, now, problem, log];
            self.execute(FAIL, row).await?;
        }
        Ok(())
    }

    /// Says under which name the comment stands: also when something else was pushed while it was
    /// written, or there would be another one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn review_commented(
        &mut self,
        id: i64,
        mark: &str,
        comment: &str,
    ) -> Result<(), StoreError> {
        self.execute(NAME_COMMENT, params![id, comment]).await?;
        self.execute(COMMENTED, params![id, mark]).await?;
        Ok(())
    }

    /// Says that the comment could not be written, and when to try it again.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn review_not_commented(
        &mut self,
        (id, mark): (i64, &str),
        problem: &str,
        again: Option<i64>,
    ) -> Result<(), StoreError> {
        let row = params![id, mark, again, problem];
        self.execute(NOT_COMMENTED, row).await?;
        Ok(())
    }
}
