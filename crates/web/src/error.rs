//! What is answered when a page cannot be: a status and a message for the public. The cause goes to
//! the log, under the request's number.

use axum::extract::rejection::FormRejection;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use palisade_tracker::TrackerError;

/// Why a page cannot be answered.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum WebError {
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The question cannot be understood.
    #[error("{0}")]
    BadRequest(String),
    /// Something broke; what, only the log tells.
    #[error("something went wrong here; it was noted")]
    Internal,
    /// There is no answer of the type that is wanted.
    #[error("there is HTML, application/json and application/ld+json here, and nothing else")]
    NotAcceptable,
    /// It takes too long.
    #[error("this took too long; try again, or ask for less")]
    Timeout,
    /// Nobody who may send.
    #[error("send a token that may send here: Authorization: Bearer TOKEN")]
    Unauthorized,
    /// Nobody who may say something.
    #[error("say who you are: sign in, or send Authorization: Bearer TOKEN")]
    SignIn,
    /// Somebody who is not who they should be.
    #[error("{0}")]
    Unbelieved(String),
    /// Somebody who may not send this.
    #[error("{0}")]
    Forbidden(String),
    /// A document that is too large.
    #[error("the document has more than {0} bytes")]
    TooLarge(u64),
    /// Something that is sent is longer than anything of its kind.
    #[error("what was sent is longer than this takes")]
    TooLong,
    /// Others ask or send much at the same time.
    #[error("too much is being done at once; try it again in a while")]
    Busy,
    /// Somebody who asks more than they may; in so many seconds they may ask again.
    #[error("you ask more than your share; ask again in {0} seconds (/policy tells how much)")]
    TooMany(u128),
    /// A document that cannot be imported.
    #[error("{0}")]
    Unreadable(String),
    /// A document that is not believed.
    #[error("{0}")]
    HeldBack(String),
    /// Not a way in which this page can be asked for.
    #[error("this is not asked in that way; the header Allow tells in which it is")]
    Method,
}

impl WebError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Timeout | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unauthorized | Self::SignIn | Self::Unbelieved(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::TooLarge(_) | Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::HeldBack(_) => StatusCode::CONFLICT,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// What the asker is told beside the status: how to be let in, when to come again.
    pub(crate) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Unauthorized | Self::SignIn => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Self::TooMany(seconds) => {
                let seconds = HeaderValue::from_str(&seconds.to_string()).ok()?;
                Some((RETRY_AFTER, seconds))
            }
            Self::Busy => Some((RETRY_AFTER, HeaderValue::from_static("30"))),
            _ => None,
        }
    }
}

impl From<FormRejection> for WebError {
    fn from(rejection: FormRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLong,
            _ => Self::BadRequest(rejection.body_text()),
        }
    }
}

impl From<TrackerError> for WebError {
    fn from(error: TrackerError) -> Self {
        let mut causes = vec![error.to_string()];
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            causes.push(next.to_string());
            cause = next;
        }
        tracing::error!(error = causes.join(": "), "a page could not be made");
        Self::Internal
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a template could not be filled in");
        Self::Internal
    }
}

/// Only marks the response: [`crate::respond::negotiate`] writes the body in the type that was
/// asked for.
impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
