//! Imports a document of a feed: reads and parses beside, writes and derives in one transaction.
//!
//! A thread reads the document, cuts it into records, passes over those that are stored as they
//! are, and parses the rest; the importer takes them in batches. Only as many batches wait as keep
//! memory low.

mod reading;
mod waiting;
mod writing;

use std::collections::HashSet;
use std::sync::{Arc, mpsc as std_mpsc};

use palisade_formats::Reject;
use palisade_formats::feed::{FeedContext, FeedHead, FeedKind};
use palisade_store::{ImportSummary, NewAdvisory, Store};
use tokio::sync::mpsc;

pub(crate) use self::reading::identifiers;
use self::writing::Writing;
use crate::sources::Document;
use crate::{Progress, TrackerError};

/// What to import.
#[derive(Debug, Clone)]
pub struct FeedImport {
    /// The format.
    pub kind: FeedKind,
    /// The document.
    pub document: Document,
    /// What the document does not say.
    pub context: FeedContext,
    /// Whether it is believed even if it is older than what is stored, or half of that is missing.
    pub believe: bool,
    /// The time of the import, in microseconds since 1970.
    pub now: i64,
}

/// Records of a batch at the most.
const BATCH_RECORDS: usize = 512;

/// Batches that wait for the importer.
const BATCHES_WAITING: usize = 2;

/// What the reading thread sends.
enum Message {
    Begin(FeedHead, std_mpsc::SyncSender<Arc<HashSet<[u8; 16]>>>),
    /// Another document of a scope of which there was one before.
    Again(String),
    Batch(Batch),
    Reject(Reject),
}

#[derive(Default)]
struct Batch {
    records: Vec<ParsedRecord>,
    /// Raw records one behind the other.
    raw: Vec<u8>,
    /// The digests of records passed over because they are stored as they are, each with how many
    /// of `records` stand before it.
    unchanged: Vec<([u8; 16], usize)>,
}

struct ParsedRecord {
    advisory: NewAdvisory,
    raw: std::ops::Range<usize>,
}

/// Imports a document and derives what follows from it.
///
/// # Errors
/// When the document cannot be read to its end or the database refuses; then nothing is changed.
pub async fn import_feed(
    store: &Store,
    import: FeedImport,
    progress: Arc<dyn Progress>,
) -> Result<(ImportSummary, Vec<Reject>), TrackerError> {
    import_feed_beside(store, import, Vec::new(), progress).await
}

/// The same beside what was passed over before it came to the document.
pub(crate) async fn import_feed_beside(
    store: &Store,
    import: FeedImport,
    passed_over: Vec<Reject>,
    progress: Arc<dyn Progress>,
) -> Result<(ImportSummary, Vec<Reject>), TrackerError> {
    let FeedImport {
        kind,
        document,
        context,
        believe,
        now,
    } = import;
    let name = document.name();
    let (sender, mut receiver) = mpsc::channel(BATCHES_WAITING);
    let reading = {
        let progress = Arc::clone(&progress);
        tokio::task::spawn_blocking(move || {
            reading::read(kind, &document, &context, sender, &*progress)
        })
    };
    let mut session = store.write().await?;
    let mut writing = Writing::new(&mut session, kind, name.clone(), believe).await?;
    while let Some(message) = receiver.recv().await {
        writing.take(&mut session, message).await?;
    }
    let stopped = |_| TrackerError::Reader { document: name };
    reading.await.map_err(stopped)??;
    writing.unless_read()?;
    for reject in passed_over {
        writing.reject(reject);
    }
    let (summary, rejects) = writing.finish(&mut session, now, &*progress).await?;
    session.commit().await?;
    Ok((summary, rejects))
}
