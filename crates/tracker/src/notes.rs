//! What the database keeps of an import itself: its row, what was passed over, its event.

use palisade_formats::Reject;
use palisade_store::{Event, ImportSummary, Session, StoredReject};

use crate::TrackerError;

/// Writes an import's own row and its event.
pub(crate) async fn note_import(
    session: &mut Session,
    summary: &mut ImportSummary,
    rejects: &[Reject],
    now: i64,
) -> Result<(), TrackerError> {
    let rejects: Vec<StoredReject> = rejects.iter().map(stored_reject).collect();
    summary.number = Some(session.write_import(now, summary, &rejects).await?);
    let ImportSummary {
        added,
        changed,
        withdrawn,
        ..
    } = summary;
    let event = Event {
        time: now,
        kind: "feed.imported",
        branch: None,
        package: None,
        vulnerability: None,
        says: format!(
            "{}: {added} new, {changed} changed, {withdrawn} withdrawn",
            summary.kind
        ),
    };
    session.write_events(&[event]).await?;
    Ok(())
}

/// A stored reject.
pub(crate) fn stored_reject(reject: &Reject) -> StoredReject {
    StoredReject {
        document: reject.document.clone(),
        place: reject.place.to_string(),
        record: reject.id.clone(),
        reason: reject.reason.clone(),
        mended: reject.mended,
    }
}
