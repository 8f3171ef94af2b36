//! Of which revision it is asked: of one by its commit, or of the latest of a branch.

use axum::extract::{FromRef, FromRequestParts, Path};
use axum::http::request::Parts;
use palisade_tracker::Views;
use serde::Deserialize;

use super::error::GuixError;
use super::known;

/// The commit of the revision of a path.
pub(super) struct Commit(pub(super) String);

/// What a path says of a revision: a commit, or else a repository and a branch.
#[derive(Deserialize)]
struct Said {
    commit: Option<String>,
    #[serde(default)]
    id: String,
    #[serde(default)]
    branch: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Commit
where
    Views: FromRef<S>,
{
    type Rejection = GuixError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, GuixError> {
        let said = Path::<Said>::from_request_parts(parts, state).await;
        let Path(said) = said.map_err(|error| GuixError::Bad(error.body_text()))?;
        if let Some(commit) = said.commit {
            return Ok(Self(commit));
        }
        known(&said.id)?;
        let views = Views::from_ref(state);
        let found = views.guix_latest(&said.branch, None).await?;
        Ok(Self(
            found.ok_or(GuixError::NotFound("no latest revision"))?,
        ))
    }
}
