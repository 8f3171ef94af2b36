//! `/.well-known/security.txt` (RFC 9116): whom to tell of weaknesses of this server. There is none
//! unless it is configured, and none after it has expired, as nobody may believe it then.

use std::fmt::Write;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::conduct::Security;
use crate::error::WebError;
use crate::serve::Site;

pub(crate) async fn answer(State(site): State<Site>) -> Result<Response, WebError> {
    let current = site.live.current();
    let valid = current.settings.conduct.security_at((site.clock)());
    let none = || WebError::NotFound("nobody is named here to whom weaknesses are told".to_owned());
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    Ok((headers, text(valid.ok_or_else(none)?)).into_response())
}

fn text(security: &Security) -> String {
    let mut text = String::new();
    let mut field = |name: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "{name}: {value}");
    };
    for contact in &security.contact {
        field("Contact", contact);
    }
    field("Expires", &security.expires.strftime("%Y-%m-%dT%H:%M:%SZ"));
    if let Some(encryption) = &security.encryption {
        field("Encryption", encryption);
    }
    if let Some(policy) = &security.policy {
        field("Policy", policy);
    }
    if !security.languages.is_empty() {
        field("Preferred-Languages", &security.languages.join(", "));
    }
    for canonical in &security.canonical {
        field("Canonical", canonical);
    }
    text
}
