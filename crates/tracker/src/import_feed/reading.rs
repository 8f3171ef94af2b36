//! The reading thread: cuts a document into records and parses those that are not stored yet.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc as std_mpsc};

use palisade_formats::feed::{FeedContext, FeedHead, FeedKind, FeedSink, RawRecord, Stop};
use palisade_formats::{ReadError, Reject};
use palisade_model::{Advisory, Affected, Severity, Ssvc, VulnerabilityId};
use palisade_store::NewAdvisory;
use tokio::sync::mpsc;

use super::{BATCH_RECORDS, Batch, Message, ParsedRecord};
use crate::encoding::{AdvisoryFacts, digest, encode, key_hash};
use crate::sources::Document;
use crate::{Progress, TrackerError};

/// Bytes of raw records of a batch at the most, unless a single one is larger.
const BATCH_BYTES: usize = 1 << 19;

/// Records of a batch that are passed over at the most.
const BATCH_UNCHANGED: usize = 16_384;

/// Characters of an advisory's heading.
const TITLE_CHARACTERS: usize = 160;

/// Reads a document to its end, sending what it holds.
pub(super) fn read(
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
            let done = open.read.load(Ordering::Relaxed);
            progress.read(done, open.size, records);
        },
    };
    let mut passed_over = Vec::new();
    document.for_each(
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
        if self.batch.records.is_empty() && self.batch.unchanged.is_empty() {
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
        if let Some(known) = self.known.get(&scope) {
            self.current = Arc::clone(known);
            if self.known.len() > 1 {
                let _ = self.flush();
                let _ = self.sender.blocking_send(Message::Again(scope));
            }
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
            let before = self.batch.records.len();
            self.batch.unchanged.push((digest, before));
        } else {
            match self.kind.parse(raw.bytes) {
                Ok(record) => {
                    let start = self.batch.raw.len();
                    self.batch.raw.extend_from_slice(raw.bytes);
                    let advisory = new_advisory(record.name, record.advisory, digest);
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
            || self.batch.unchanged.len() >= BATCH_UNCHANGED;
        if full { self.flush() } else { Ok(()) }
    }

    fn reject(&mut self, reject: Reject) {
        let _ = self.sender.blocking_send(Message::Reject(reject));
    }
}

/// A parsed record as it is stored.
fn new_advisory(name: String, advisory: Advisory, digest: [u8; 16]) -> NewAdvisory {
    let (cves, aliases) = identifiers(&advisory);
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
        ssvc: advisory.ssvc.as_ref().map(Ssvc::points),
        exploited_since: advisory
            .exploitation
            .as_ref()
            .map(|known| known.added.clone()),
        cves,
        aliases,
        keys: keys.iter().map(|key| key_hash(key)).collect(),
        facts: encode(&facts(advisory.affected)),
    }
}

fn facts(affected: Vec<Affected>) -> AdvisoryFacts {
    affected.into_iter().map(Affected::with_lists).collect()
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
