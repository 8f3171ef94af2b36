//! What is answered when a question of OSV's interface cannot be: a code of gRPC's and a message,
//! in the words of api.osv.dev where it has some.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use axum::response::{IntoResponse, Response};
use palisade_tracker::TrackerError;
use serde_json::json;

use crate::error::WebError;

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum OsvError {
    /// The question cannot be understood.
    #[error("{0}")]
    Invalid(&'static str),
    /// The same, with what is wrong in detail.
    #[error("{0}")]
    Told(String),
    /// There is no record of that name, but perhaps some that give it as another name of theirs.
    #[error("{}", unknown(.0))]
    Unknown(Vec<String>),
    /// Not a way in which this is asked.
    #[error("Method Not Allowed")]
    Method,
    /// The body is too long.
    #[error("the request has more bytes than are read")]
    TooLarge,
    /// It takes too long.
    #[error("the answer took too long; ask for less")]
    Deadline,
    /// Something broke; what, only the log tells.
    #[error("something went wrong here; it was noted")]
    Internal,
}

fn unknown(aliases: &[String]) -> String {
    if aliases.is_empty() {
        return "Bug not found.".to_owned();
    }
    format!(
        "Bug not found, but the following aliases were: {}",
        aliases.join(" ")
    )
}

impl OsvError {
    /// The status of HTTP and the code of gRPC.
    fn codes(&self) -> (StatusCode, u8) {
        match self {
            Self::Invalid(_) | Self::Told(_) => (StatusCode::BAD_REQUEST, 3),
            Self::Unknown(_) => (StatusCode::NOT_FOUND, 5),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, 12),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, 3),
            Self::Deadline => (StatusCode::GATEWAY_TIMEOUT, 4),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, 13),
        }
    }
}

impl From<TrackerError> for OsvError {
    fn from(error: TrackerError) -> Self {
        WebError::from(error).into()
    }
}

impl From<WebError> for OsvError {
    fn from(_: WebError) -> Self {
        Self::Internal
    }
}

impl IntoResponse for OsvError {
    fn into_response(self) -> Response {
        let (status, code) = self.codes();
        let body = Json(json!({ "code": code, "message": self.to_string() }));
        let anyone = [(ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
        (status, anyone, body).into_response()
    }
}
