//! How an answer becomes a response: in the type that was asked for, with a tag by its content.

use std::time::Duration;

use askama::Template;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::WebError;
use crate::pages::error::ErrorPage;

/// How long a page may take to be made.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// In which type an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Html,
    /// For programs.
    Json,
}

/// What an answer depends on beside the question.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) format: Format,
    /// The tags of what the asker has already.
    known: Option<HeaderValue>,
    /// The address of this page as JSON.
    pub(crate) json_address: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self {
            format: format_of(parts.extensions.get::<Format>(), &parts.headers),
            known: parts.headers.get(IF_NONE_MATCH).cloned(),
            json_address: json_address(&parts.uri),
        })
    }
}

/// Takes the suffix `.json` off an address before it is routed, and remembers it.
pub(crate) fn strip_suffix<B>(mut request: axum::http::Request<B>) -> axum::http::Request<B> {
    let Some(path) = request.uri().path().strip_suffix(".json") else {
        return request;
    };
    let path = if path.is_empty() || path == "/index" {
        "/"
    } else {
        path
    };
    let query = request
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    if let Ok(uri) = format!("{path}{query}").parse::<Uri>() {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(Format::Json);
    }
    request
}

fn format_of(suffix: Option<&Format>, headers: &HeaderMap) -> Format {
    suffix.copied().unwrap_or_else(|| {
        let accept = headers
            .get(ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        accepted(accept)
    })
}

/// The better liked of the two types; people's browsers and those who do not care get HTML.
fn accepted(accept: &str) -> Format {
    let weight = |wanted: &[&str]| {
        let mut best = 0.0_f32;
        for part in accept.split(',') {
            let mut pieces = part.split(';').map(str::trim);
            let kind = pieces.next().unwrap_or_default();
            let quality = pieces.find_map(|piece| piece.strip_prefix("q="));
            let quality = quality.and_then(|q| q.parse().ok()).unwrap_or(1.0);
            if wanted.contains(&kind) && quality > best {
                best = quality;
            }
        }
        best
    };
    let json = weight(&["application/json", "application/ld+json"]);
    if json > weight(&["text/html", "application/xhtml+xml"]) {
        Format::Json
    } else {
        Format::Html
    }
}

fn json_address(uri: &Uri) -> String {
    let path = match uri.path() {
        "/" => "/index",
        path => path,
    };
    let query = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    format!("{path}.json{query}")
}

impl Wanted {
    /// Of somebody who has nothing yet, such as whoever sends a question.
    pub(crate) fn of_nothing() -> Self {
        Self {
            format: Format::Json,
            known: None,
            json_address: String::new(),
        }
    }

    /// The answer: `page` makes the page of `view` when that is what is wanted.
    pub(crate) fn answer<V: Serialize, P: Template>(
        &self,
        view: &V,
        page: impl FnOnce(&V) -> P,
    ) -> Result<Response, WebError> {
        let (kind, body) = match self.format {
            Format::Json => ("application/json", json(view)?),
            Format::Html => ("text/html; charset=utf-8", html(&page(view))?),
        };
        Ok(self.tagged(kind, body))
    }

    /// A text of a type, unless the asker has it already.
    pub(crate) fn tagged(&self, kind: &'static str, body: String) -> Response {
        let hash = blake3::hash(body.as_bytes()).to_hex();
        // Weak: the same tag stands for the compressed forms.
        let tag = format!("W/\"{}\"", &hash[..24]);
        let fresh = self.known.as_ref().is_some_and(|known| holds(known, &tag));
        let mut response = if fresh {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            body.into_response()
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(ETAG, tag);
        }
        let kept = HeaderValue::from_static("public, max-age=30, must-revalidate");
        headers.insert(CACHE_CONTROL, kept);
        if !kind.starts_with("text/html") {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        response
    }
}

fn holds(known: &HeaderValue, tag: &str) -> bool {
    let bare = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    let Ok(known) = known.to_str() else {
        return false;
    };
    known.trim() == "*" || known.split(',').any(|one| bare(one) == bare(tag))
}

pub(crate) fn json<V: Serialize>(view: &V) -> Result<String, WebError> {
    let mut text = serde_json::to_string(view).map_err(|error| {
        tracing::error!(%error, "an answer is no JSON");
        WebError::Internal
    })?;
    text.push('\n');
    Ok(text)
}

fn html(page: &impl Template) -> Result<String, WebError> {
    Ok(without_reordering(page.render()?))
}

/// Replaces characters that change the order in which text is shown, and control characters: with
/// them a record could make a page seem to say what it does not.
fn without_reordering(page: String) -> String {
    let bad = |c: char| {
        matches!(c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}'
            | '\u{61c}' | '\u{7f}'..='\u{9f}')
            || (c < ' ' && !matches!(c, '\n' | '\t' | '\r'))
    };
    if page.chars().any(bad) {
        page.replace(bad, "\u{fffd}")
    } else {
        page
    }
}

/// Answers errors in the type that was asked for, and what takes too long with one.
pub(crate) async fn negotiate(
    State(patience): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    let format = format_of(request.extensions().get::<Format>(), request.headers());
    let head = request.method() == Method::HEAD;
    let response = tokio::time::timeout(patience, next.run(request)).await;
    let mut response = response.unwrap_or_else(|_| WebError::Timeout.into_response());
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response = WebError::Method.into_response();
    }
    let mut response = match response.extensions_mut().remove::<WebError>() {
        Some(error) if !head => error_response(&error, format),
        _ => response,
    };
    let vary = HeaderValue::from_static("accept");
    response.headers_mut().append(VARY, vary);
    response
}

fn error_response(error: &WebError, format: Format) -> Response {
    let status = error.status();
    let (kind, body) = match format {
        Format::Json => {
            let told = serde_json::json!({
                "error": { "status": status.as_u16(), "message": error.to_string() }
            });
            ("application/json", format!("{told}\n"))
        }
        Format::Html => {
            let page = ErrorPage::of(error);
            (
                "text/html; charset=utf-8",
                html(&page).unwrap_or_else(|_| error.to_string()),
            )
        }
    };
    let mut response = (status, [(CONTENT_TYPE, kind)], body).into_response();
    response.headers_mut().extend(error.header());
    if format == Format::Json {
        let anyone = HeaderValue::from_static("*");
        response
            .headers_mut()
            .insert(ACCESS_CONTROL_ALLOW_ORIGIN, anyone);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_pages_and_programs_what_they_ask_for() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(accepted(browser), Format::Html);
        assert_eq!(accepted("application/json"), Format::Json);
        assert_eq!(accepted("application/ld+json"), Format::Json);
        assert_eq!(
            accepted("text/html;q=0.5, application/json;q=0.9"),
            Format::Json
        );
        assert_eq!(accepted("*/*"), Format::Html);
        assert_eq!(accepted(""), Format::Html);
    }

    #[test]
    fn text_cannot_be_reordered() {
        let page = "a\u{202e}b\u{200f}c\u{1b}d\n".to_owned();
        assert_eq!(without_reordering(page), "a\u{fffd}b\u{fffd}c\u{fffd}d\n");
        assert_eq!(without_reordering("ä–\n".into()), "ä–\n");
    }

    #[test]
    fn tags_are_compared_weakly() {
        let known = |text: &'static str| HeaderValue::from_static(text);
        assert!(holds(&known("\"x\", W/\"ab\""), "W/\"ab\""));
        assert!(holds(&known("\"ab\""), "W/\"ab\""));
        assert!(!holds(&known("\"a\""), "W/\"ab\""));
    }
}
