//! How an answer becomes a response: in the type that was asked for, with a tag by its content.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::atom::Feed;
use crate::error::WebError;
use crate::format::{Format, LINES, address_in, format_of};
use crate::kept::OfNow;
use crate::live::Current;
use crate::pages::error::ErrorPage;
use crate::table::Table;

/// How long others may keep an answer before they ask again whether it still holds.
const KEPT: &str = "public, max-age=30, must-revalidate";

/// How long a page may take to be made.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What an answer depends on beside the question.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) format: Format,
    /// The tags of what the asker has already.
    known: Option<HeaderValue>,
    keeping: Keeping,
    /// How addresses begin that others are to keep; empty where they are paths.
    site: String,
    /// The address of this page as JSON.
    pub(crate) json_address: String,
    /// The address of this list as a feed.
    pub(crate) atom_address: String,
    /// The address of this list as a table.
    pub(crate) csv_address: String,
    /// The address of this page as Markdown.
    pub(crate) markdown_address: String,
    /// The address of this list as JSON Lines.
    pub(crate) lines_address: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let current = parts.extensions.get::<Arc<Current>>();
        let site = current.and_then(|it| it.settings.conduct.address.clone());
        Ok(Self {
            site: site.unwrap_or_default(),
            format: format_of(parts.extensions.get::<Format>(), &parts.headers),
            keeping: Keeping::Steady,
            known: parts.headers.get(IF_NONE_MATCH).cloned(),
            json_address: address_in(Format::Json, &parts.uri),
            atom_address: address_in(Format::Atom, &parts.uri),
            csv_address: address_in(Format::Csv, &parts.uri),
            markdown_address: address_in(Format::Markdown, &parts.uri),
            lines_address: address_in(Format::Lines, &parts.uri),
        })
    }
}

/// What an answer depends on beside what is asked, and so how long it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// The database alone.
    Steady,
    /// What time it is, too.
    OfNow,
    /// More than that: it is made anew each time.
    Live,
}

impl Wanted {
    /// Of somebody who has nothing yet, such as whoever sends a question.
    pub(crate) fn of_nothing() -> Self {
        Self {
            format: Format::Json,
            keeping: Keeping::Live,
            known: None,
            site: String::new(),
            json_address: String::new(),
            atom_address: String::new(),
            csv_address: String::new(),
            markdown_address: String::new(),
            lines_address: String::new(),
        }
    }

    /// The same for a program, whatever it says that it accepts.
    pub(crate) fn as_json(&self) -> Self {
        Self {
            format: Format::Json,
            ..self.clone()
        }
    }

    pub(crate) fn keeping(self, keeping: Keeping) -> Self {
        Self { keeping, ..self }
    }

    /// The answer: `page` makes the page of `view` when that is what is wanted.
    pub(crate) fn answer<V: Serialize, P: Template>(
        &self,
        view: &V,
        page: impl FnOnce(&V) -> P,
    ) -> Result<Response, WebError> {
        match self.format {
            Format::Html => self.with_body("text/html; charset=utf-8", html(&page(view))?),
            Format::Json => self.with_body("application/json", json(view)?),
            Format::Atom | Format::Csv | Format::Lines | Format::Markdown => Err(
                WebError::NotFound("this page does not come in this form".to_owned()),
            ),
        }
    }

    /// The answer of a list, which also is a feed for readers, a table for spreadsheets and, for
    /// those who take it all, an object a line.
    pub(crate) fn answer_list<V: Serialize, P: Template, I: Serialize>(
        &self,
        view: &V,
        page: impl FnOnce(&V) -> P,
        feed: impl FnOnce(&V) -> Feed,
        table: impl FnOnce(&V) -> Table,
        items: impl FnOnce(&V) -> &[I],
    ) -> Result<Response, WebError> {
        match self.format {
            Format::Lines => self.with_body(LINES, lines(items(view))?),
            Format::Atom => self.answer_feed(&feed(view)),
            Format::Html | Format::Json | Format::Csv | Format::Markdown => {
                self.answer_table(view, page, table)
            }
        }
    }

    /// The answer of a list, which also is a table for spreadsheets.
    pub(crate) fn answer_table<V: Serialize, P: Template>(
        &self,
        view: &V,
        page: impl FnOnce(&V) -> P,
        table: impl FnOnce(&V) -> Table,
    ) -> Result<Response, WebError> {
        match self.format {
            Format::Csv => self.with_body("text/csv; charset=utf-8", table(view).text()?),
            Format::Html | Format::Json | Format::Atom | Format::Lines | Format::Markdown => {
                self.answer(view, page)
            }
        }
    }

    /// The answer of a page that also comes as Markdown.
    pub(crate) fn answer_text<V: Serialize, P: Template>(
        &self,
        view: &V,
        page: impl FnOnce(&V) -> P,
        markdown: impl FnOnce(&V) -> String,
    ) -> Result<Response, WebError> {
        match self.format {
            Format::Markdown => self.with_body("text/markdown; charset=utf-8", markdown(view)),
            Format::Html | Format::Json | Format::Atom | Format::Csv | Format::Lines => {
                self.answer(view, page)
            }
        }
    }

    /// The answer of a page that has a form for people alone.
    pub(crate) fn answer_page(&self, page: &impl Template) -> Result<Response, WebError> {
        self.with_body("text/html; charset=utf-8", html(page)?)
    }

    /// An answer that is JSON already.
    pub(crate) fn answer_json(&self, text: String) -> Result<Response, WebError> {
        self.with_body("application/json", text)
    }

    /// The answer of a feed.
    pub(crate) fn answer_feed(&self, feed: &Feed) -> Result<Response, WebError> {
        self.with_body(
            "application/atom+xml; charset=utf-8",
            feed.text(&self.site)?,
        )
    }

    /// A text of a type, unless the asker has it already.
    pub(crate) fn with_body(&self, kind: &'static str, body: String) -> Result<Response, WebError> {
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
        let tag = HeaderValue::from_str(&tag).map_err(|_| WebError::Internal)?;
        headers.insert(ETAG, tag);
        let kept = match self.keeping {
            Keeping::Steady | Keeping::OfNow => KEPT,
            Keeping::Live => "no-cache",
        };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
        if self.format != Format::Html {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        if self.keeping == Keeping::OfNow {
            response.extensions_mut().insert(OfNow);
        }
        Ok(response)
    }
}

/// Whether what somebody has already, by its tags, is this.
pub(crate) fn holds(known: &HeaderValue, tag: &str) -> bool {
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

fn lines<I: Serialize>(items: &[I]) -> Result<String, WebError> {
    items.iter().map(json).collect()
}

fn html(page: &impl Template) -> Result<String, WebError> {
    Ok(without_reordering(page.render()?))
}

/// Replaces characters that change the order in which text is shown, and control characters: with
/// them a record could make a page seem to say what it does not.
pub(crate) fn without_reordering(page: String) -> String {
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
    // What refuses these stands between the routes and here, and knows no forms.
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => response = WebError::Method.into_response(),
        StatusCode::PAYLOAD_TOO_LARGE if response.extensions().get::<WebError>().is_none() => {
            response = WebError::TooLong.into_response();
        }
        _ => {}
    }
    let mut response = match response.extensions_mut().remove::<WebError>() {
        Some(error) if !head => error_response(&error, format),
        _ => response,
    };
    let vary = HeaderValue::from_static("accept");
    response.headers_mut().append(VARY, vary);
    response
}

/// An error, in the form that was asked for.
pub(crate) fn error_response(error: &WebError, format: Format) -> Response {
    let status = error.status();
    let (kind, body) = match format {
        Format::Json | Format::Lines => {
            let told = serde_json::json!({
                "error": { "status": status.as_u16(), "message": error.to_string() }
            });
            ("application/json", format!("{told}\n"))
        }
        Format::Html | Format::Atom | Format::Csv | Format::Markdown => {
            let page = ErrorPage::of(error);
            (
                "text/html; charset=utf-8",
                html(&page).unwrap_or_else(|_| error.to_string()),
            )
        }
    };
    let mut response = (status, [(CONTENT_TYPE, kind)], body).into_response();
    response.headers_mut().extend(error.header());
    if matches!(format, Format::Json | Format::Lines) {
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
