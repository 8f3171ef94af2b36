//! What is answered when a question of the Guix Data Service's interface cannot be: in its keys.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use axum::response::{IntoResponse, Response};
use palisade_tracker::TrackerError;
use serde_json::{Value, json};

use crate::error::WebError;

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum GuixError {
    /// There is no such thing.
    #[error("{0}")]
    NotFound(&'static str),
    /// No branch that is kept here has the revision.
    #[error("no branch that is kept here has the revision {0}")]
    UnknownCommit(String),
    /// One of the revisions that are to be compared is not kept here.
    #[error("one of the revisions is not kept here")]
    NotCompared,
    /// Parameters that are needed are not there.
    #[error("say {0}")]
    Missing(&'static str),
    /// A parameter cannot be understood.
    #[error("{0}")]
    Bad(String),
    /// Something broke; what, only the log tells.
    #[error("something went wrong here; it was noted")]
    Internal,
}

impl GuixError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) | Self::UnknownCommit(_) | Self::NotCompared => StatusCode::NOT_FOUND,
            Self::Missing(_) | Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn document(&self) -> Value {
        match self {
            Self::UnknownCommit(commit) => json!({ "unknown_commit": commit }),
            Self::NotCompared => {
                json!({ "error": self.to_string(), "base_job": null, "target_job": null })
            }
            _ => json!({ "error": self.to_string() }),
        }
    }
}

impl From<TrackerError> for GuixError {
    fn from(error: TrackerError) -> Self {
        WebError::from(error).into()
    }
}

impl From<WebError> for GuixError {
    fn from(error: WebError) -> Self {
        match error {
            WebError::BadRequest(reason) => Self::Bad(reason),
            _ => Self::Internal,
        }
    }
}

impl IntoResponse for GuixError {
    fn into_response(self) -> Response {
        let anyone = [(ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
        (self.status(), anyone, Json(self.document())).into_response()
    }
}
