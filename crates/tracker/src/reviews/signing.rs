//! Reviewers: who a token belongs to, and who is signed in.
//!
//! Neither tokens nor what browsers keep is stored: digests are.

use palisade_store::ReviewerSession;
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};

use super::Desk;
use crate::TrackerError;
use crate::encoding::hexadecimal;

/// For how long somebody is signed in.
const LENGTH: i64 = 7 * 24 * 3600 * 1_000_000;

/// Bytes that nobody guesses.
const SECRET: usize = 32;

/// Somebody who may say something of hunks.
#[derive(Clone, PartialEq, Eq)]
pub struct Reviewer {
    /// By which everybody knows them.
    pub name: String,
    /// SHA-256 of their token, in hexadecimal digits.
    pub token_sha256: String,
}

impl Desk {
    /// Whose token this is.
    pub fn reviewer(&self, token: &str) -> Option<&Reviewer> {
        let given = sha256(token);
        self.reviewers
            .iter()
            .find(|known| is_same(&known.token_sha256, &given))
    }

    /// Signs in whoever has a token, and gives what their browser is to keep.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sign_in(&self, token: &str) -> Result<Option<String>, TrackerError> {
        let Some(reviewer) = self.reviewer(token) else {
            return Ok(None);
        };
        let Some(secret) = secret() else {
            tracing::error!("the system gives no random bytes, so nobody can sign in");
            return Ok(None);
        };
        let now = self.now();
        let session = ReviewerSession {
            reviewer: reviewer.name.clone(),
            token: reviewer.token_sha256.clone(),
            until: now.saturating_add(LENGTH),
        };
        let mut writing = self.store.write().await?;
        writing.sign_in(&sha256(&secret), &session, now).await?;
        writing.commit().await?;
        Ok(Some(secret))
    }

    /// Who has signed in and was given this. Another token in the configuration, or none, ends it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn signed_in(&self, secret: &str) -> Result<Option<&Reviewer>, TrackerError> {
        let mut session = self.store.read().await?;
        let found = session.signed_in(&sha256(secret), self.now()).await?;
        Ok(found.and_then(|found| {
            let mut known = self.reviewers.iter();
            known.find(|it| it.name == found.reviewer && it.token_sha256 == found.token)
        }))
    }

    /// Signs out whoever was given this.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sign_out(&self, secret: &str) -> Result<(), TrackerError> {
        let mut writing = self.store.write().await?;
        writing.sign_out(&sha256(secret)).await?;
        Ok(writing.commit().await?)
    }
}

/// Whether two are the same, in a time that does not tell how much of them is.
fn is_same(one: &str, other: &str) -> bool {
    let digest = |text: &str| blake3::hash(text.to_ascii_lowercase().as_bytes());
    digest(one) == digest(other)
}

fn sha256(text: &str) -> String {
    hexadecimal(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn secret() -> Option<String> {
    let mut bytes = [0; SECRET];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(hexadecimal(&bytes))
}

/// Without the digest of the token.
impl std::fmt::Debug for Reviewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reviewer").field(&self.name).finish()
    }
}
