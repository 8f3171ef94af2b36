//! Receiving: documents by POST, from those who have a token.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path as AddressPath, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use jiff::Timestamp;
use palisade_tracker::sync::{Delivery, Receiver};
use palisade_tracker::{ImportSummary, Kind, TrackerError, error_line};
use serde::Serialize;
use tokio::io::AsyncWriteExt;

use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::signing::bearer;

/// Bytes of a document at the most, as it is sent: NVD's whole database has a tenth.
const DOCUMENT_BYTES: u64 = 2 << 30;

/// How long nothing may come.
const SILENCE: Duration = Duration::from_mins(1);

/// How long a document may take to come and to be imported.
pub(crate) const PATIENCE: Duration = Duration::from_hours(1);

/// Rejects that are told.
const REJECTS: usize = 100;

/// What became of a document.
#[derive(Debug, Serialize)]
struct Received {
    /// The import's number, unless it changed nothing.
    import: Option<i64>,
    kind: String,
    document: String,
    /// Of what it spoke.
    about: String,
    /// What has to be told of it beside numbers.
    remark: Option<String>,
    records: u64,
    added: u64,
    changed: u64,
    withdrawn: u64,
    rejected: u64,
    /// The first of what was passed over or mended.
    rejects: Vec<Rejected>,
}

#[derive(Debug, Serialize)]
struct Rejected {
    document: String,
    place: String,
    record: Option<String>,
    reason: String,
    mended: bool,
}

/// Whoever sends is a program: errors are JSON, too.
pub(crate) async fn in_json(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Format::Json);
    next.run(request).await
}

pub(crate) async fn document(
    State(receiver): State<Option<Arc<Receiver>>>,
    AddressPath(kind): AddressPath<String>,
    headers: HeaderMap,
    mut parameters: Parameters,
    body: Body,
) -> Result<Response, WebError> {
    let none = || WebError::NotFound("nothing is received here".to_owned());
    let receiver = receiver.ok_or_else(none)?;
    let (source, sender) = bearer(&headers)
        .and_then(|token| receiver.sender(token))
        .ok_or(WebError::Unauthorized)?;
    let kind: Kind = kind.parse().map_err(WebError::NotFound)?;
    if !sender.may_send(kind) {
        return Err(WebError::Forbidden(format!(
            "{} may not send {}",
            source.name,
            kind.name()
        )));
    }
    refuse_too_large(&headers)?;
    let name = parameters.text("document")?;
    let name = name.as_deref().map(file_name);
    let delivery = Delivery {
        kind,
        document: name.clone(),
        branch: parameters.parsed("branch")?,
        repository: parameters.text("repository")?,
        revision: parameters.text("revision")?,
        time: time(&mut parameters)?,
        believe: parameters.choice("believe", &[("true", true), ("false", false)])? == Some(true),
    };
    parameters.finish()?;
    let place = receiver.place().ok_or(WebError::Busy)?;
    let folder = receiver.folder().map_err(|error| broken(&error))?;
    let file = folder.path().join(name.as_deref().unwrap_or(kind.name()));
    save(body, &file).await?;
    let source = source.clone();
    let shown = folder.path().display().to_string();
    // Who does not wait for the end does not end it.
    let import = tokio::spawn(async move {
        let imported = receiver.receive(&source, delivery, file).await;
        drop((folder, place));
        imported
    });
    let imported = import.await.map_err(|_| WebError::Internal)?;
    let (summary, rejects) = imported.map_err(|error| refusal(error, &shown))?;
    Ok(Json(Received::of(summary, &rejects)).into_response())
}

/// Who says how long a document is need not send it to learn that it is too long.
fn refuse_too_large(headers: &HeaderMap) -> Result<(), WebError> {
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > DOCUMENT_BYTES => Err(WebError::TooLarge(DOCUMENT_BYTES)),
        _ => Ok(()),
    }
}

/// When an inventory was made.
fn time(parameters: &mut Parameters) -> Result<Option<Timestamp>, WebError> {
    let Some(text) = parameters.text("time")? else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        WebError::BadRequest(format!(
            "time: {text:?} is none; write 2026-02-20T12:00:00Z"
        ))
    })
}

/// A document's name as a file's: its last part, of ordinary characters.
fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let plain: String = last
        .chars()
        .map(|c| if usable(c) { c } else { '_' })
        .collect();
    let plain = plain.trim_start_matches('.');
    if plain.is_empty() {
        "document".to_owned()
    } else {
        plain.to_owned()
    }
}

/// Writes a body into a file.
async fn save(mut body: Body, path: &Path) -> Result<(), WebError> {
    let cut = || WebError::BadRequest("the document did not come to its end".to_owned());
    let file = tokio::fs::File::create(path)
        .await
        .map_err(|error| broken(&error))?;
    let mut file = tokio::io::BufWriter::new(file);
    let mut size = 0_u64;
    loop {
        let frame = tokio::time::timeout(SILENCE, body.frame()).await;
        let Some(frame) = frame.map_err(|_| WebError::Timeout)? else {
            break;
        };
        let Ok(bytes) = frame.map_err(|_| cut())?.into_data() else {
            continue;
        };
        size += bytes.len() as u64;
        if size > DOCUMENT_BYTES {
            return Err(WebError::TooLarge(DOCUMENT_BYTES));
        }
        file.write_all(&bytes)
            .await
            .map_err(|error| broken(&error))?;
    }
    if size == 0 {
        return Err(WebError::BadRequest(
            "there is no document: send it as the body".to_owned(),
        ));
    }
    file.flush().await.map_err(|error| broken(&error))
}

fn broken(error: &std::io::Error) -> WebError {
    tracing::error!(%error, "a document could not be kept");
    WebError::Internal
}

/// What a sender is told of a document that was not imported: why, but not where it was kept.
fn refusal(error: TrackerError, folder: &str) -> WebError {
    match error {
        TrackerError::Store(_) | TrackerError::Decode { .. } | TrackerError::Reader { .. } => {
            error.into()
        }
        TrackerError::HeldBack { .. } => WebError::HeldBack(format!(
            "{}; with ?believe=true it is taken all the same",
            error_line(&error)
        )),
        TrackerError::Unstated {
            document,
            missing,
            example,
        } => WebError::Unreadable(format!(
            "import {document}: it does not say {missing}; tell with ?branch={example}"
        )),
        TrackerError::UnstatedRepository {
            document,
            branch,
            known,
        } => WebError::Unreadable(format!(
            "import {document}: it does not say of which repository it is, and {branch} has \
             {known}; say ?repository=NAME"
        )),
        _ => {
            let folder = format!("{folder}{}", std::path::MAIN_SEPARATOR);
            WebError::Unreadable(error_line(&error).replace(&folder, ""))
        }
    }
}

impl Received {
    fn of(summary: ImportSummary, rejects: &[palisade_tracker::Reject]) -> Self {
        let rejected = |reject: &palisade_tracker::Reject| Rejected {
            document: reject.document.clone(),
            place: reject.place.to_string(),
            record: reject.id.clone(),
            reason: reject.reason.clone(),
            mended: reject.mended,
        };
        Self {
            import: summary.number,
            kind: summary.kind,
            document: summary.document,
            about: summary.about,
            remark: summary.remark,
            records: summary.records,
            added: summary.added,
            changed: summary.changed,
            withdrawn: summary.withdrawn,
            rejected: summary.rejected,
            rejects: rejects.iter().take(REJECTS).map(rejected).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::AUTHORIZATION;

    use super::*;

    #[test]
    fn a_documents_name_leads_nowhere() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd"),
            ("..", "document"),
            ("", "document"),
            ("a b\n.json", "a_b_.json"),
            ("APKINDEX.tar.gz", "APKINDEX.tar.gz"),
        ] {
            assert_eq!(file_name(given), kept);
        }
    }

    #[test]
    fn a_token_is_a_bearers() {
        let of = |value: &'static str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of("Bearer abc"), Some("abc".to_owned()));
        assert_eq!(of("bearer  abc "), Some("abc".to_owned()));
        assert_eq!(of("Basic abc"), None);
        assert_eq!(of("abc"), None);
    }
}
