//! Imports a day's EPSS scores.

use std::io::Read;

use palisade_formats::{ReadError, Reject, epss};
use palisade_store::{EpssRow, ImportSummary, Store};

use crate::TrackerError;
use crate::notes::note_import;
use crate::rejects::Rejects;
use crate::sources::Document;

/// Imports EPSS scores.
///
/// # Errors
/// When the document cannot be read to its end or the database refuses; then nothing is changed.
pub async fn import_epss(
    store: &Store,
    document: Document,
    now: i64,
) -> Result<(ImportSummary, Vec<Reject>), TrackerError> {
    let name = document.name();
    let reading = tokio::task::spawn_blocking(move || read_epss(&document));
    let (day, scores, rejects) = reading.await.map_err(|_| TrackerError::Reader {
        document: name.clone(),
    })??;
    let (rejected, rejects) = (rejects.count(), rejects.into_told());
    TrackerError::unless_read(scores.len(), &name, "epss", &rejects)?;
    let mut session = store.write().await?;
    let mut changed = 0;
    for chunk in scores.chunks(20_000) {
        changed += session.write_epss(&day, chunk).await?;
    }
    let mut summary = ImportSummary {
        kind: "epss".to_owned(),
        document: name,
        records: scores.len() as u64,
        changed,
        rejected,
        ..ImportSummary::default()
    };
    if changed > 0 {
        note_import(&mut session, &mut summary, &rejects, now).await?;
    }
    session.commit().await?;
    Ok((summary, rejects))
}

fn read_epss(document: &Document) -> Result<(String, Vec<EpssRow>, Rejects), TrackerError> {
    let open = document.open()?;
    let (mut day, mut scores, mut rejects) = (String::new(), Vec::new(), Rejects::default());
    let visit = &mut |name: &str, reader: &mut dyn Read| {
        epss::read(
            name,
            reader,
            &mut |head| day = head.date.map(|date| date.to_string()).unwrap_or_default(),
            &mut |score| {
                scores.push(EpssRow {
                    name: score.id.to_string(),
                    score: score.score,
                    percentile: score.percentile,
                });
            },
            &mut |reject| rejects.add(reject),
        )
    };
    let mut passed_over = Vec::new();
    document.for_each(&open.name, open.reader, &|_| true, visit, &mut |reject| {
        passed_over.push(reject);
    })?;
    rejects.extend(passed_over);
    if day.is_empty() {
        let reason = "it does not say of which day its scores are".to_owned();
        return Err(ReadError::Malformed {
            document: open.name,
            reason,
        }
        .into());
    }
    Ok((day, scores, rejects))
}
