//! What is shown when a page cannot be.

use askama::Template;

use super::Frame;
use crate::error::WebError;
use crate::words::capital;

#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    frame: Frame,
    status: u16,
    reason: &'static str,
    message: String,
}

impl ErrorPage {
    pub(crate) fn of(error: &WebError) -> Self {
        let status = error.status();
        let reason = status.canonical_reason().unwrap_or("Error");
        let message = format!("{}.", capital(&error.to_string()));
        Self {
            frame: Frame::of(reason, "", None),
            status: status.as_u16(),
            reason,
            message,
        }
    }
}
