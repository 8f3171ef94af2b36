//! Webhooks: forges tell of requests that were opened or pushed to. What is told is only queued, so that
//! the forge has its answer at once.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use palisade_tracker::reviews::{ForgeKind, Heard, Hook, HookError};
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::WebError;
use crate::receive::in_json;
use crate::respond;
use crate::serve::{Site, panicked};

/// Bytes of what is told at the most: the description of a request may have a million characters.
const BODY_BYTES: usize = 4 << 20;

/// How long queueing may take; forges wait for ten seconds.
const PATIENCE: Duration = Duration::from_secs(9);

/// What became of it.
#[derive(Debug, Serialize)]
struct Told {
    /// The review's number.
    review: Option<i64>,
    /// Whether there is something to do.
    queued: bool,
}

/// The routes that forges ask.
pub(crate) fn router(site: Site) -> Router {
    Router::new()
        .route("/hooks/gitlab", post(gitlab))
        .route("/hooks/forgejo", post(forgejo))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(site)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(PATIENCE, respond::negotiate))
        .layer(middleware::from_fn(in_json))
}

async fn gitlab(
    State(site): State<Site>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WebError> {
    let hook = Hook {
        kind: ForgeKind::Gitlab,
        token: text(&headers, "x-gitlab-token"),
        signature: None,
        body: &body,
    };
    hear(&site, &hook).await
}

async fn forgejo(
    State(site): State<Site>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WebError> {
    let names = ["x-forgejo-signature", "x-gitea-signature"];
    let hook = Hook {
        kind: ForgeKind::Forgejo,
        token: None,
        signature: names.iter().find_map(|name| text(&headers, name)),
        body: &body,
    };
    hear(&site, &hook).await
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

async fn hear(site: &Site, hook: &Hook<'_>) -> Result<Response, WebError> {
    let desk = site.live.settings().desk;
    let none = || WebError::NotFound("nobody tells of requests here".to_owned());
    let desk = desk.ok_or_else(none)?;
    let heard = desk.hear(hook).map_err(|error| match error {
        HookError::Unknown => WebError::Unbelieved(error.to_string()),
        HookError::Unconfigured(_) => WebError::Forbidden(error.to_string()),
        HookError::Malformed(_) => WebError::BadRequest(error.to_string()),
    })?;
    let Heard::Request(request) = heard else {
        let told = Told {
            review: None,
            queued: false,
        };
        return Ok(Json(told).into_response());
    };
    let (review, queued) = desk.ask(&request).await?;
    let status = if queued {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    let told = Told {
        review: Some(review),
        queued,
    };
    Ok((status, Json(told)).into_response())
}
