//! Answers that send elsewhere.

use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::error::WebError;
use crate::format::Format;

/// Over there, this time: what is asked for may be somewhere else tomorrow.
pub(crate) fn see_other(address: &str) -> Response {
    redirect(StatusCode::SEE_OTHER, address)
}

/// Over there, this time, in the form that was asked for. `address` is a path without a suffix.
pub(crate) fn see_other_in(format: Format, address: &str) -> Response {
    see_other(&format!("{address}{}", format.suffix()))
}

/// Over there for good, in the form that was asked for. `address` is a path without a suffix.
pub(crate) fn moved(format: Format, address: &str) -> Response {
    let address = format!("{address}{}", format.suffix());
    redirect(StatusCode::PERMANENT_REDIRECT, &address)
}

fn redirect(status: StatusCode, address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(address) => (status, [(LOCATION, address)]).into_response(),
        Err(_) => WebError::Internal.into_response(),
    }
}
