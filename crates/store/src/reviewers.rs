//! Reviewers who are signed in.

use crate::StoreError;
use crate::session::{Session, params};

/// A reviewer who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewerSession {
    /// Who it is.
    pub reviewer: String,
    /// The digest of the token by which they signed in.
    pub token: String,
    /// When it ends, in microseconds since 1970.
    pub until: i64,
}

const FORGET: &str = "DELETE FROM reviewer_session WHERE until <= $1";
const ADD: &str = "INSERT INTO reviewer_session (id, reviewer, token, until) \
                   VALUES ($1, $2, $3, $4)";
const FIND: &str = "SELECT reviewer, token, until FROM reviewer_session \
                    WHERE id = $1 AND until > $2";
const END: &str = "DELETE FROM reviewer_session WHERE id = $1";

impl Session {
    /// Signs a reviewer in, under the digest of what their browser keeps; forgets those whose time has
    /// passed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sign_in(
        &mut self,
        id: &str,
        session: &ReviewerSession,
        now: i64,
    ) -> Result<(), StoreError> {
        self.execute(FORGET, params![now]).await?;
        let row = params![
            id,
            session.reviewer.as_str(),
            session.token.as_str(),
            session.until,
        ];
        self.execute(ADD, row).await?;
        Ok(())
    }

    /// Who is signed in under a digest.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn signed_in(
        &mut self,
        id: &str,
        now: i64,
    ) -> Result<Option<ReviewerSession>, StoreError> {
        let row = self.query_one(FIND, params![id, now]).await?;
        row.map(|row| {
            Ok(ReviewerSession {
                reviewer: row.text(0)?,
                token: row.text(1)?,
                until: row.int(2)?,
            })
        })
        .transpose()
    }

    /// Signs a reviewer out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sign_out(&mut self, id: &str) -> Result<(), StoreError> {
        self.execute(END, params![id]).await?;
        Ok(())
    }
}
