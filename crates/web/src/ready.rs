//! What a service manager and a balancer ask: whether the program lives, and whether requests should
//! be sent to it.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use palisade_tracker::{Schema, Store};

use crate::serve::Site;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// It lives, as long as it answers.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// Whether the database answers, has the schema that this program works with, what pages need is at
/// hand, and the server is not about to end. The cause of what is wrong with the database goes to the log alone.
pub(crate) async fn readiness(State(site): State<Site>) -> Response {
    if site.live.is_stopping() {
        return unready("it is shutting down");
    }
    match of_database(site.views.store()).await {
        Ok(()) if site.live.is_preparing() => unready("it prepares its first pages"),
        Ok(()) => "ready\n".into_response(),
        Err(reason) => unready(&reason),
    }
}

async fn of_database(store: &Store) -> Result<(), String> {
    match tokio::time::timeout(PATIENCE, store.schema()).await {
        Ok(Ok(Schema::Fits)) => Ok(()),
        Ok(Ok(other)) => Err(format!("the database: {other}")),
        Ok(Err(error)) => {
            tracing::error!(error = palisade_tracker::error_line(&error), "not ready");
            Err("the database cannot be used".to_owned())
        }
        Err(_) => Err("the database does not answer".to_owned()),
    }
}

fn unready(reason: &str) -> Response {
    let headers = [(RETRY_AFTER, "5")];
    let text = format!("not ready: {reason}\n");
    (StatusCode::SERVICE_UNAVAILABLE, headers, text).into_response()
}
