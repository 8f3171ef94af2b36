//! Under which address we are known, or else asked: identifiers begin with it, so that they lead
//! back here.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::HOST;
use axum::http::request::Parts;

use crate::client::Client;
use crate::live::Current;

/// Bytes of a host's name with its port at the most.
const HOST_BYTES: usize = 261;

/// The beginning of all addresses: `https://security.example`; nothing where that is not told, for
/// then addresses are relative.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Base(String);

impl Base {
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Base {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let current = parts.extensions.get::<Arc<Current>>();
        if let Some(address) = current.and_then(|it| it.settings.conduct.address.clone()) {
            return Ok(Self(address));
        }
        let text = |name| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let host = text(HOST.as_str()).or(parts
            .uri
            .authority()
            .map(axum::http::uri::Authority::as_str));
        let Some(host) = host.filter(|host| is_host(host)) else {
            return Ok(Self::default());
        };
        // A proxy which speaks TLS in our place says so; anybody else may lie.
        let client = parts.extensions.get::<Client>();
        let said = text("x-forwarded-proto");
        let scheme = match said.filter(|_| client.is_some_and(|client| client.through_proxy)) {
            Some("https") => "https",
            _ => "http",
        };
        Ok(Self(format!("{scheme}://{host}")))
    }
}

/// Whether a text is a host's name, or an address, perhaps with a port.
fn is_host(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b);
    (1..=HOST_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_become_parts_of_addresses() {
        for host in ["localhost:8080", "[::1]:80", "security.example", "10.0.0.1"] {
            assert!(is_host(host), "{host}");
        }
        for text in ["", "a/b", "a@b", "a b", "a\"b", "a?b", "a#b"] {
            assert!(!is_host(text), "{text}");
        }
    }
}
