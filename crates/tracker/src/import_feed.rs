//! Imports a document of a feed: reads and parses beside, writes and derives in one transaction.
//!
//! A thread reads the document, cuts it into records, passes over those that are stored as they
//! are, and parses the rest; the importer takes them in batches. Only as many batches wait as keep
//! memory low.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::{Arc, mpsc as std_mpsc};

use palisade_formats::feed::{FeedContext, FeedHead, FeedKind, FeedSink, RawRecord, Stop};
use palisade_formats::{ReadError, Reject, container, epss};
use palisade_model::{Advisory, Severity, VulnerabilityId};
use palisade_store::{
    AdvisoryWriter, EpssRow, Event, FeedId, FeedState, ImportSummary, KnownAdvisory, NewAdvisory,
    Session, Store, StoredReject,
};
use tokio::sync::mpsc;

use crate::derive::Deriver;
use crate::encoding::{digest, encode, key_hash};
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
    /// The time of the import, in microseconds since 1970.
    pub now: i64,
}

/// Records of a batch at the most.
const BATCH_RECORDS: usize = 512;

/// Bytes of raw records of a batch at the most, unless a single one is larger.
const BATCH_BYTES: usize = 1 << 20;

/// Batches that wait for the importer.
const BATCHES_WAITING: usize = 3;

/// Characters of an advisory's heading.
const TITLE_CHARACTERS: usize = 160;

/// What the reading thread sends.
enum Message {
    Begin(FeedHead, std_mpsc::SyncSender<Arc<HashSet<[u8; 16]>>>),
    Batch(Batch),
    Rejects(Vec<Reject>),
}

#[derive(Default)]
struct Batch {
    records: Vec<ParsedRecord>,
    /// Raw records one behind the other.
    raw: Vec<u8>,
    /// Records passed over because they are stored as they are.
    unchanged: u64,
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
    let FeedImport {
        kind,
        document,
        context,
        now,
    } = import;
    let name = document.name();
    let (sender, mut receiver) = mpsc::channel(BATCHES_WAITING);
    let reading = {
        let progress = Arc::clone(&progress);
        tokio::task::spawn_blocking(move || read(kind, &document, &context, sender, &*progress))
    };
    let mut session = store.write().await?;
    let mut writing = Writing::new(&mut session, kind).await?;
    while let Some(message) = receiver.recv().await {
        writing.take(&mut session, message).await?;
    }
    reading.await.map_err(|_| TrackerError::Reader {
        document: name.clone(),
    })??;
    progress.step("deriving findings");
    let (summary, rejects) = writing.finish(&mut session, &name, now).await?;
    session.commit().await?;
    Ok((summary, rejects))
}

/// The importer's side.
struct Writing {
    kind: FeedKind,
    writer: AdvisoryWriter,
    feeds: HashMap<String, OpenFeed>,
    current: String,
    rejects: Vec<Reject>,
    summary: ImportSummary,
}

struct OpenFeed {
    id: FeedId,
    state: FeedState,
    head: FeedHead,
    seen: HashSet<Box<str>>,
}

impl Writing {
    async fn new(session: &mut Session, kind: FeedKind) -> Result<Self, TrackerError> {
        Ok(Self {
            kind,
            writer: AdvisoryWriter::new(session).await?,
            feeds: HashMap::new(),
            current: String::new(),
            rejects: Vec::new(),
            summary: ImportSummary::default(),
        })
    }

    async fn take(&mut self, session: &mut Session, message: Message) -> Result<(), TrackerError> {
        match message {
            Message::Begin(head, reply) => self.begin(session, head, &reply).await,
            Message::Batch(batch) => self.batch(session, batch).await,
            Message::Rejects(rejects) => {
                self.rejects.extend(rejects);
                Ok(())
            }
        }
    }

    async fn begin(
        &mut self,
        session: &mut Session,
        head: FeedHead,
        reply: &std_mpsc::SyncSender<Arc<HashSet<[u8; 16]>>>,
    ) -> Result<(), TrackerError> {
        let scope = head.scope.clone().unwrap_or_default();
        if !self.feeds.contains_key(&scope) {
            let id = session.feed(self.kind.name(), &scope).await?;
            let state = session.feed_state(id).await?;
            let open = OpenFeed {
                id,
                state,
                head: head.clone(),
                seen: HashSet::new(),
            };
            self.feeds.insert(scope.clone(), open);
        }
        let feed = &self.feeds[&scope];
        // A record missing from a complete document was withdrawn, so there each one counts.
        let known = if head.complete {
            HashSet::new()
        } else {
            feed.state
                .by_name
                .values()
                .map(|known| known.digest)
                .collect()
        };
        self.current = scope;
        // A reader that has gone reports its own error.
        let _ = reply.send(Arc::new(known));
        Ok(())
    }

    async fn batch(&mut self, session: &mut Session, batch: Batch) -> Result<(), TrackerError> {
        self.summary.records += batch.unchanged + batch.records.len() as u64;
        let Some(feed) = self.feeds.get_mut(&self.current) else {
            return Ok(());
        };
        let mut fresh: Vec<(NewAdvisory, &[u8], Option<i64>)> = Vec::new();
        let mut names: HashSet<Box<str>> = HashSet::new();
        for ParsedRecord { advisory, raw } in batch.records {
            let raw = &batch.raw[raw];
            if names.contains(advisory.name.as_str()) {
                // The same record again in one document: the later one is the one that counts.
                write(
                    session,
                    &mut self.writer,
                    feed,
                    &mut fresh,
                    &mut self.summary,
                )
                .await?;
                names.clear();
            }
            if feed.head.complete {
                feed.seen.insert(advisory.name.as_str().into());
            }
            let known = feed.state.by_name.get(advisory.name.as_str());
            let keep = known.is_some_and(|known| is_kept(known, &advisory));
            if !keep {
                names.insert(advisory.name.as_str().into());
                fresh.push((advisory, raw, known.map(|known| known.id)));
            }
        }
        write(
            session,
            &mut self.writer,
            feed,
            &mut fresh,
            &mut self.summary,
        )
        .await
    }

    async fn finish(
        mut self,
        session: &mut Session,
        document: &str,
        now: i64,
    ) -> Result<(ImportSummary, Vec<Reject>), TrackerError> {
        let records = usize::try_from(self.summary.records).unwrap_or(usize::MAX);
        TrackerError::unless_read(records, document, self.kind.name(), &self.rejects)?;
        for feed in self.feeds.values().filter(|feed| feed.head.complete) {
            let names = feed.state.by_name.iter();
            let gone = names
                .filter(|(name, _)| !feed.seen.contains(*name))
                .map(|(_, known)| known.id);
            let gone: Vec<i64> = gone.collect();
            self.summary.withdrawn += gone.len() as u64;
            self.writer.remove(session, &gone).await?;
        }
        self.kind.name().clone_into(&mut self.summary.kind);
        document.clone_into(&mut self.summary.document);
        self.summary.rejected = self.rejects.len() as u64;
        let touched = self.writer.finish(session).await?;
        if self.summary.added + self.summary.changed + self.summary.withdrawn == 0 {
            // Importing the same again writes nothing.
            return Ok((self.summary, self.rejects));
        }
        let mut deriver = Deriver::new(now).with_gone(touched.gone);
        deriver
            .vulnerabilities(session, &touched.vulnerabilities)
            .await?;
        for feed in self.feeds.values() {
            let as_of = feed.head.as_of.map(jiff::Timestamp::as_microsecond);
            session.stamp_feed(feed.id, as_of, now).await?;
        }
        note_import(session, &self.summary, &self.rejects, now).await?;
        Ok((self.summary, self.rejects))
    }
}

/// Writes an import's own row and its event.
async fn note_import(
    session: &mut Session,
    summary: &ImportSummary,
    rejects: &[Reject],
    now: i64,
) -> Result<(), TrackerError> {
    let rejects: Vec<StoredReject> = rejects.iter().map(stored_reject).collect();
    session.write_import(now, summary, &rejects).await?;
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

/// Whether what is stored stays: it is the same, or newer by the source's own clock.
fn is_kept(known: &KnownAdvisory, new: &NewAdvisory) -> bool {
    known.digest == new.digest
        || matches!((known.modified, new.modified), (Some(old), Some(new)) if new < old)
}

async fn write(
    session: &mut Session,
    writer: &mut AdvisoryWriter,
    feed: &mut OpenFeed,
    fresh: &mut Vec<(NewAdvisory, &[u8], Option<i64>)>,
    summary: &mut ImportSummary,
) -> Result<(), TrackerError> {
    let replaced: Vec<i64> = fresh.iter().filter_map(|(_, _, known)| *known).collect();
    summary.changed += replaced.len() as u64;
    summary.added += (fresh.len() - replaced.len()) as u64;
    writer.remove(session, &replaced).await?;
    let ids = writer.write(session, feed.id, fresh).await?;
    for ((new, _, _), id) in fresh.drain(..).zip(ids) {
        let known = KnownAdvisory {
            id,
            digest: new.digest,
            modified: new.modified,
        };
        feed.state.by_name.insert(new.name.into(), known);
    }
    Ok(())
}

/// The reading thread.
fn read(
    kind: FeedKind,
    document: &Document,
    context: &FeedContext,
    sender: mpsc::Sender<Message>,
    progress: &dyn Progress,
) -> Result<(), TrackerError> {
    let open = document.open()?;
    let mut sink = Sink {
        kind,
        document: open.name.clone(),
        sender,
        known: HashMap::new(),
        current: Arc::new(HashSet::new()),
        batch: Batch::default(),
        records: 0,
        report: &|records| {
            let done = open.read.load(std::sync::atomic::Ordering::Relaxed);
            progress.read(done, open.size, records);
        },
    };
    let mut passed_over = Vec::new();
    container::for_each_document(
        &open.name,
        open.reader,
        &|member| kind.reads_member(member),
        &mut |name: &str, reader: &mut dyn Read| {
            name.clone_into(&mut sink.document);
            kind.read(name, reader, context, &mut sink)
        },
        &mut |reject| passed_over.push(reject),
    )?;
    for reject in passed_over {
        sink.reject(reject);
    }
    sink.flush().map_err(|Stop| ReadError::Stopped {
        document: open.name.clone(),
    })?;
    Ok(())
}

struct Sink<'a> {
    kind: FeedKind,
    document: String,
    sender: mpsc::Sender<Message>,
    /// Digests that are stored, by scope.
    known: HashMap<String, Arc<HashSet<[u8; 16]>>>,
    current: Arc<HashSet<[u8; 16]>>,
    batch: Batch,
    records: u64,
    report: &'a dyn Fn(u64),
}

impl Sink<'_> {
    fn flush(&mut self) -> Result<(), Stop> {
        (self.report)(self.records);
        if self.batch.records.is_empty() && self.batch.unchanged == 0 {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.sender
            .blocking_send(Message::Batch(batch))
            .map_err(|_| Stop)
    }
}

impl FeedSink for Sink<'_> {
    fn begin(&mut self, head: &FeedHead) {
        let scope = head.scope.clone().unwrap_or_default();
        // A folder of single records begins a document with each of them: ask only once.
        if let Some(known) = self.known.get(&scope)
            && self.known.len() == 1
        {
            self.current = Arc::clone(known);
            return;
        }
        let _ = self.flush();
        let (reply, answer) = std_mpsc::sync_channel(1);
        if self
            .sender
            .blocking_send(Message::Begin(head.clone(), reply))
            .is_ok()
            && let Ok(known) = answer.recv()
        {
            self.current = Arc::clone(&known);
            self.known.insert(scope, known);
        }
    }

    fn record(&mut self, raw: RawRecord<'_>) -> Result<(), Stop> {
        self.records += 1;
        let digest = digest(raw.bytes);
        if self.current.contains(&digest) {
            self.batch.unchanged += 1;
        } else {
            match self.kind.parse(raw.bytes) {
                Ok(record) => {
                    let start = self.batch.raw.len();
                    self.batch.raw.extend_from_slice(raw.bytes);
                    let advisory = new_advisory(record.name, &record.advisory, digest);
                    let raw = start..self.batch.raw.len();
                    self.batch.records.push(ParsedRecord { advisory, raw });
                }
                Err(bad) => self.reject(Reject {
                    document: self.document.clone(),
                    place: raw.place,
                    id: bad.id,
                    reason: bad.reason,
                    mended: false,
                }),
            }
        }
        let full = self.batch.records.len() >= BATCH_RECORDS
            || self.batch.raw.len() >= BATCH_BYTES
            || self.batch.unchanged >= 100_000;
        if full { self.flush() } else { Ok(()) }
    }

    fn reject(&mut self, reject: Reject) {
        let _ = self.sender.blocking_send(Message::Rejects(vec![reject]));
    }
}

/// A parsed record as it is stored.
fn new_advisory(name: String, advisory: &Advisory, digest: [u8; 16]) -> NewAdvisory {
    let (cves, aliases) = identifiers(advisory);
    let keys = palisade_matching::key::of_affected(&advisory.affected);
    let score = Severity::foremost(&advisory.severities)
        .and_then(|severity| severity.score().map(|score| (severity, score)))
        .map(|(severity, (version, score))| (score, version.number(), severity.scorer.clone()));
    NewAdvisory {
        name,
        identifier: advisory.id.to_string(),
        digest,
        published: advisory.published.map(jiff::Timestamp::as_microsecond),
        modified: advisory.modified.map(jiff::Timestamp::as_microsecond),
        withdrawn: advisory.withdrawn.is_some(),
        title: advisory.headline(TITLE_CHARACTERS),
        score,
        exploited_since: advisory
            .exploitation
            .as_ref()
            .map(|known| known.added.clone()),
        cves,
        aliases,
        keys: keys.iter().map(|key| key_hash(key)).collect(),
        facts: encode(&advisory.affected),
    }
}

/// The identifiers of an advisory's issue: CVEs, and others.
pub(crate) fn identifiers(advisory: &Advisory) -> (Vec<String>, Vec<String>) {
    let mut all: Vec<&VulnerabilityId> = std::iter::once(&advisory.id)
        .chain(&advisory.aliases)
        .collect();
    all.sort_unstable();
    all.dedup();
    let (cves, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|id| id.is_cve());
    let texts = |ids: Vec<&VulnerabilityId>| ids.into_iter().map(ToString::to_string).collect();
    (texts(cves), texts(others))
}

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
    TrackerError::unless_read(scores.len(), &name, "epss", &rejects)?;
    let mut session = store.write().await?;
    let mut changed = 0;
    for chunk in scores.chunks(20_000) {
        changed += session.write_epss(&day, chunk).await?;
    }
    let summary = ImportSummary {
        kind: "epss".to_owned(),
        document: name,
        records: scores.len() as u64,
        changed,
        rejected: rejects.len() as u64,
        ..ImportSummary::default()
    };
    if changed > 0 {
        note_import(&mut session, &summary, &rejects, now).await?;
    }
    session.commit().await?;
    Ok((summary, rejects))
}

fn read_epss(document: &Document) -> Result<(String, Vec<EpssRow>, Vec<Reject>), TrackerError> {
    let open = document.open()?;
    let (mut day, mut scores, mut rejects) = (String::new(), Vec::new(), Vec::new());
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
            &mut |reject| rejects.push(reject),
        )
    };
    let mut passed_over = Vec::new();
    container::for_each_document(&open.name, open.reader, &|_| true, visit, &mut |reject| {
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
