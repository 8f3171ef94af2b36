//! What is said of a vulnerability, for those who put it into one record.

use palisade_formats::feed::FeedKind;
use palisade_model::Advisory;
use palisade_store::Session;

use crate::TrackerError;

/// Advisories of one vulnerability that are read.
const ADVISORIES: i64 = 200;

/// Feeds in the order in which their words on an issue are taken.
const WORDS: [&str; 4] = ["osv", "cve5", "nvd", "rustsec"];

/// What stands of a vulnerability: of each advisory the feed's kind and what it says, those first
/// whose words are best.
pub(super) async fn advisories(
    session: &mut Session,
    vulnerability: i64,
) -> Result<Vec<(String, Advisory)>, TrackerError> {
    let records = session.advisory_records(vulnerability, ADVISORIES).await?;
    let spans: Vec<_> = records.iter().map(|record| record.raw).collect();
    let mut told = Vec::with_capacity(records.len());
    session
        .read_spans(&spans, |index, raw| {
            let kind = &records[index].feed_kind;
            let parsed = kind.parse::<FeedKind>().ok().map(|kind| kind.parse(raw));
            if let Some(Ok(record)) = parsed {
                told.push((index, kind.clone(), record.advisory));
            }
        })
        .await?;
    told.sort_unstable_by_key(|(index, kind, _)| {
        let place = WORDS.iter().position(|known| known == kind);
        (place.unwrap_or(WORDS.len()), *index)
    });
    let standing = told.into_iter().filter(|(.., it)| it.withdrawn.is_none());
    Ok(standing
        .map(|(_, kind, advisory)| (kind, advisory))
        .collect())
}
