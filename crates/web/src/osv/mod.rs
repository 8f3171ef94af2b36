//! The interface of OSV: which records speak of a version of a package.
//!
//! `POST /v1/query`, `POST /v1/querybatch` and `GET /v1/vulns/{id}` take and give what api.osv.dev
//! does, errors included, so that its clients work when they are told this address. Of commits
//! nothing is known here, and they are answered so.

mod error;
mod request;

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE,
};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use palisade_model::VulnerabilityId;
use palisade_tracker::Views;
use palisade_tracker::views::{OsvAnswer, OsvHit, OsvReader};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;

use crate::respond::{Wanted, json};
use crate::serve::{Site, panicked};
use error::OsvError;
use request::{Asked, Batch, Query};

/// Bytes of a body at the most: a thousand queries of usual length are a tenth.
const BODY_BYTES: usize = 2 << 20;

/// Queries of a batch at the most.
const QUERIES: usize = 1000;

/// Records of an answer at the most.
const RECORDS: usize = 1000;

/// Records of a batch behind which each further query is told but a few.
const MANY: usize = 3000;

/// Those few.
const FEW: usize = 5;

/// Bytes of the records of an answer behind which no more are added.
const ANSWER_BYTES: usize = 16 << 20;

/// How long answers are gathered; what is left then is told by page tokens.
const ENOUGH: Duration = Duration::from_secs(15);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// What one query is answered.
#[derive(Debug, Default, Serialize)]
struct Found<T> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vulns: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// What a batch is answered.
#[derive(Debug, Serialize)]
struct Results {
    results: Vec<Found<Brief>>,
}

/// A record's identifier, and when it was changed.
#[derive(Debug, Serialize)]
struct Brief {
    id: String,
    modified: palisade_model::Timestamp,
}

/// The routes of the interface.
pub(crate) fn router(site: Site) -> Router {
    Router::new()
        .route("/v1/query", post(query).options(allowed))
        .route("/v1/querybatch", post(query_batch).options(allowed))
        .route("/v1/vulns/{id}", get(vulnerability))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(site.views)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(in_form))
}

/// Answers whatever goes wrong in the form of the interface.
async fn in_form(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(PATIENCE, next.run(request)).await;
    let Ok(response) = answer else {
        return OsvError::Deadline.into_response();
    };
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => OsvError::Method.into_response(),
        StatusCode::PAYLOAD_TOO_LARGE => OsvError::TooLarge.into_response(),
        StatusCode::INTERNAL_SERVER_ERROR => OsvError::Internal.into_response(),
        _ => response,
    }
}

/// Tells a page of another site that it may ask.
async fn allowed() -> impl IntoResponse {
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers)
}

async fn query(State(views): State<Views>, body: Bytes) -> Result<Response, OsvError> {
    let started = Instant::now();
    let query = Query::read(&body)?;
    let asked = query.asked()?;
    let after = query
        .after()
        .ok_or(OsvError::Invalid("Invalid page token."))?;
    let mut reader = views.osv().await?;
    let hits = hits(&mut reader, &asked).await?;
    let rest = behind(&hits, after);
    let (mut vulns, mut bytes, mut passed) = (Vec::new(), 0, 0);
    for hit in rest {
        let is_over = started.elapsed() >= ENOUGH || bytes >= ANSWER_BYTES;
        if vulns.len() >= RECORDS || (is_over && passed > 0) {
            break;
        }
        passed += 1;
        if let OsvAnswer::Found(record) = reader.record_of(hit).await? {
            let record = raw(&record)?;
            bytes += record.get().len();
            vulns.push(record);
        }
    }
    respond(&page(vulns, rest, passed))
}

async fn query_batch(State(views): State<Views>, body: Bytes) -> Result<Response, OsvError> {
    let started = Instant::now();
    let Batch { queries } = Batch::read(&body)?;
    if queries.len() > QUERIES {
        return Err(OsvError::Invalid("Too many queries."));
    }
    let mut asked = Vec::with_capacity(queries.len());
    for (place, query) in queries.iter().enumerate() {
        let bad = || OsvError::Told(format!("Invalid page token at index: {place}."));
        asked.push((query.asked()?, query.after().ok_or_else(bad)?));
    }
    let mut reader = views.osv().await?;
    let (mut results, mut total) = (Vec::with_capacity(asked.len()), 0);
    for (asked, after) in &asked {
        if started.elapsed() >= ENOUGH {
            results.push(Found {
                vulns: Vec::new(),
                next_page_token: Some(request::token(after.unwrap_or_default())),
            });
            continue;
        }
        let hits = hits(&mut reader, asked).await?;
        let rest = behind(&hits, *after);
        let most = if total > MANY { FEW } else { RECORDS };
        let briefs: Vec<Brief> = rest.iter().take(most).map(Brief::of).collect();
        total += briefs.len();
        let passed = briefs.len();
        results.push(page(briefs, rest, passed));
    }
    respond(&Results { results })
}

async fn vulnerability(
    State(views): State<Views>,
    Path(id): Path<String>,
    wanted: Wanted,
) -> Result<Response, OsvError> {
    let id: VulnerabilityId = id.parse().map_err(|_| OsvError::Unknown(Vec::new()))?;
    let mut reader = views.osv().await?;
    match reader.record(id.as_str()).await? {
        OsvAnswer::Found(record) => Ok(wanted
            .as_json()
            .with_body("application/json", json(&record)?)?),
        OsvAnswer::Aliases(names) => Err(OsvError::Unknown(names)),
        OsvAnswer::Unknown => Err(OsvError::Unknown(Vec::new())),
    }
}

async fn hits(reader: &mut OsvReader, asked: &Asked) -> Result<Vec<OsvHit>, OsvError> {
    match asked {
        Asked::Package(query) => Ok(reader.query(query).await?),
        Asked::Nothing => Ok(Vec::new()),
    }
}

/// What follows behind an identifier.
fn behind<'a>(hits: &'a [OsvHit], after: Option<&str>) -> &'a [OsvHit] {
    let start = after.map_or(0, |after| hits.partition_point(|hit| &*hit.id <= after));
    &hits[start..]
}

/// An answer, with where the next begins if something is left behind what was passed: a hit whose
/// record can no longer be read is passed, too.
fn page<T>(vulns: Vec<T>, rest: &[OsvHit], passed: usize) -> Found<T> {
    let last = passed.checked_sub(1).and_then(|last| rest.get(last));
    let is_left = passed < rest.len();
    Found {
        vulns,
        next_page_token: last
            .filter(|_| is_left)
            .map(|last| request::token(&last.id)),
    }
}

impl Brief {
    fn of(hit: &OsvHit) -> Self {
        Self {
            id: hit.id.clone(),
            modified: hit.modified,
        }
    }
}

fn raw(record: &Value) -> Result<Box<serde_json::value::RawValue>, OsvError> {
    serde_json::value::to_raw_value(record).map_err(|error| {
        tracing::error!(%error, "a record is no JSON");
        OsvError::Internal
    })
}

fn respond<T: Serialize>(answer: &T) -> Result<Response, OsvError> {
    Ok(Wanted::of_nothing().with_body("application/json", json(answer)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_on_behind_what_was_passed() {
        let hits = ["A-1", "A-2", "A-3"].map(|id| OsvHit {
            id: id.to_owned(),
            modified: palisade_model::Timestamp::UNIX_EPOCH,
        });
        let token = |passed| page(vec!["A-1"], &hits, passed).next_page_token;
        // Of the second there was no record: it is not asked for again, nor is the first.
        assert_eq!(token(2).as_deref(), Some("after:A-2"));
        assert_eq!(token(3), None);
        let rest = behind(&hits, Some("A-2"));
        assert_eq!(rest, &hits[2..]);
    }
}
