//! The importer's side: takes batches of records and writes what changed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, mpsc as std_mpsc};

use palisade_formats::feed::{FeedHead, FeedKind};
use palisade_formats::{Place, Reject};
use palisade_store::{
    AdvisoryWriter, FeedId, FeedState, ImportSummary, KnownAdvisory, NewAdvisory, Session,
};

use super::waiting::Waiting;
use super::{BATCH_RECORDS, Batch, Message, ParsedRecord};
use crate::derive::Deriver;
use crate::doubt;
use crate::notes::note_import;
use crate::rejects::Rejects;
use crate::{Progress, TrackerError};

/// What an import has written so far.
pub(super) struct Writing {
    kind: FeedKind,
    document: String,
    /// Whether nothing is held back.
    believe: bool,
    writer: AdvisoryWriter,
    feeds: HashMap<String, OpenFeed>,
    current: String,
    rejects: Rejects,
    summary: ImportSummary,
}

struct OpenFeed {
    id: FeedId,
    state: FeedState,
    /// How many records were stored before this document.
    stored: usize,
    head: FeedHead,
    /// Names in a complete document.
    seen: HashSet<Box<str>>,
    unreadable: Unreadable,
    waiting: Waiting,
}

/// What could not be read of a document: that it is missing says nothing.
#[derive(Default)]
struct Unreadable {
    /// Records by name, or all records of a package by the package's.
    names: HashSet<String>,
    /// Whether there is one that nobody can name.
    nameless: bool,
}

/// What becomes of a record when one of its name is stored.
enum Fate {
    /// It is what is stored.
    Same,
    /// It is older by the source's own clock.
    Older,
    /// It is newer by the source's own clock.
    Newer,
    /// The source's clock does not tell.
    Unclear,
}

/// A record to be written, its raw text, and the row that it replaces.
type Fresh<'a> = (NewAdvisory, &'a [u8], Option<i64>);

impl Writing {
    pub(super) async fn new(
        session: &mut Session,
        kind: FeedKind,
        document: String,
        believe: bool,
    ) -> Result<Self, TrackerError> {
        Ok(Self {
            kind,
            document,
            believe,
            writer: AdvisoryWriter::new(session).await?,
            feeds: HashMap::new(),
            current: String::new(),
            rejects: Rejects::default(),
            summary: ImportSummary::default(),
        })
    }

    pub(super) async fn take(
        &mut self,
        session: &mut Session,
        message: Message,
    ) -> Result<(), TrackerError> {
        match message {
            Message::Begin(head, reply) => self.begin(session, head, &reply).await,
            Message::Again(scope) => {
                self.current = scope;
                Ok(())
            }
            Message::Batch(batch) => self.batch(session, batch).await,
            Message::Reject(reject) => {
                self.reject(reject);
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
            if head.complete && !self.believe {
                let stored = session.feed_as_of(id).await?;
                doubt::older(&self.document, stored, head.as_of)?;
            }
            let state = session.feed_state(id).await?;
            let open = OpenFeed {
                id,
                stored: state.by_name.len(),
                state,
                head: head.clone(),
                seen: HashSet::new(),
                unreadable: Unreadable::default(),
                waiting: Waiting::default(),
            };
            self.feeds.insert(scope.clone(), open);
        }
        let feed = &self.feeds[&scope];
        // A record missing from a complete document was withdrawn, so there each one counts.
        let known = if head.complete {
            HashSet::new()
        } else {
            let stored = feed.state.by_name.values();
            stored.map(|known| known.digest).collect()
        };
        self.current = scope;
        // A reader that has gone reports its own error.
        let _ = reply.send(Arc::new(known));
        Ok(())
    }

    /// Refuses a document of which all was passed over.
    pub(super) fn unless_read(&self) -> Result<(), TrackerError> {
        let records = usize::try_from(self.summary.records).unwrap_or(usize::MAX);
        let told = self.rejects.told();
        TrackerError::unless_read(records, &self.document, self.kind.name(), told)
    }

    pub(super) fn reject(&mut self, reject: Reject) {
        if let Some(feed) = self.feeds.get_mut(&self.current)
            && !reject.mended
        {
            match &reject.id {
                Some(name) => _ = feed.unreadable.names.insert(name.clone()),
                None => feed.unreadable.nameless = true,
            }
        }
        self.rejects.add(reject);
    }

    async fn batch(&mut self, session: &mut Session, batch: Batch) -> Result<(), TrackerError> {
        self.summary.records += (batch.unchanged.len() + batch.records.len()) as u64;
        let Some(feed) = self.feeds.get_mut(&self.current) else {
            return Ok(());
        };
        let mut unchanged = batch.unchanged.iter().peekable();
        let mut fresh: Vec<Fresh<'_>> = Vec::new();
        let mut names: HashSet<Box<str>> = HashSet::new();
        for (place, ParsedRecord { advisory, raw }) in batch.records.into_iter().enumerate() {
            while let Some((digest, _)) = unchanged.next_if(|(_, before)| *before <= place) {
                feed.waiting.stored_came(digest);
            }
            let raw = &batch.raw[raw];
            if names.contains(advisory.name.as_str()) {
                // The same record again in one document is compared with the first.
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
            let name: Box<str> = advisory.name.as_str().into();
            if feed.head.complete {
                feed.seen.insert(name.clone());
            }
            let known = feed.state.by_name.get(&name).copied();
            match known.map(|known| (known, fate(&known, &advisory))) {
                Some((_, Fate::Same)) => feed.waiting.stored_came(&advisory.digest),
                Some((_, Fate::Older)) => {}
                Some((known, Fate::Unclear)) => feed.waiting.put(known.digest, advisory, raw),
                None | Some((_, Fate::Newer)) => {
                    feed.waiting.forget(&name);
                    names.insert(name);
                    fresh.push((advisory, raw, known.map(|known| known.id)));
                }
            }
        }
        for (digest, _) in unchanged {
            feed.waiting.stored_came(digest);
        }
        write(
            session,
            &mut self.writer,
            feed,
            &mut fresh,
            &mut self.summary,
        )
        .await?;
        if feed.waiting.is_full() {
            write_waiting(session, &mut self.writer, feed, &mut self.summary).await?;
        }
        Ok(())
    }

    pub(super) async fn finish(
        mut self,
        session: &mut Session,
        now: i64,
        progress: &dyn Progress,
    ) -> Result<(ImportSummary, Vec<Reject>), TrackerError> {
        for feed in self.feeds.values_mut() {
            write_waiting(session, &mut self.writer, feed, &mut self.summary).await?;
        }
        self.withdraw_missing(session).await?;
        self.kind.name().clone_into(&mut self.summary.kind);
        self.summary.document.clone_from(&self.document);
        self.summary.about = common(self.feeds.keys().map(String::as_str));
        self.summary.rejected = self.rejects.count();
        let rejects = self.rejects.into_told();
        let touched = self.writer.finish(session).await?;
        if self.summary.added + self.summary.changed + self.summary.withdrawn == 0 {
            // Importing the same again writes nothing but of when it is.
            stamp_later(session, self.feeds.values(), now).await?;
            return Ok((self.summary, rejects));
        }
        progress.step("deriving findings");
        let mut deriver = Deriver::new(now).with_gone(touched.gone);
        deriver
            .vulnerabilities(session, &touched.vulnerabilities)
            .await?;
        for feed in self.feeds.values() {
            let as_of = feed.head.as_of.map(jiff::Timestamp::as_microsecond);
            session.stamp_feed(feed.id, as_of, now).await?;
        }
        note_import(session, &mut self.summary, &rejects, now).await?;
        Ok((self.summary, rejects))
    }

    /// Takes out what a complete document no longer holds, and keeps what it may still hold in a
    /// form that could not be read.
    async fn withdraw_missing(&mut self, session: &mut Session) -> Result<(), TrackerError> {
        for feed in self.feeds.values().filter(|feed| feed.head.complete) {
            let stored = feed.state.by_name.iter();
            let missing = stored.filter(|(name, _)| !feed.seen.contains(*name));
            let gone = missing.filter(|(name, _)| !feed.unreadable.covers(name));
            let gone: Vec<i64> = gone.map(|(_, known)| known.id).collect();
            if feed.unreadable.nameless && !gone.is_empty() {
                self.rejects.add(Reject {
                    document: self.document.clone(),
                    place: Place::Whole,
                    id: None,
                    reason: format!(
                        "it lacks {} stored records, which are kept because a record that could \
                         not be read may be any of them",
                        gone.len()
                    ),
                    mended: true,
                });
                continue;
            }
            if !self.believe {
                doubt::shrunken(&self.document, feed.stored, gone.len())?;
            }
            self.summary.withdrawn += gone.len() as u64;
            self.writer.remove(session, &gone).await?;
        }
        Ok(())
    }
}

impl Unreadable {
    /// Whether a record may be one of those that could not be read.
    fn covers(&self, name: &str) -> bool {
        let package = name.split('/').next().unwrap_or_default();
        self.names.contains(name) || self.names.contains(package)
    }
}

/// Notes that what is stored still stands at a later time: what is of a time between must not count as
/// newer.
async fn stamp_later(
    session: &mut Session,
    feeds: impl Iterator<Item = &OpenFeed>,
    now: i64,
) -> Result<(), TrackerError> {
    for feed in feeds.filter(|feed| feed.head.complete) {
        let as_of = feed.head.as_of.map(jiff::Timestamp::as_microsecond);
        let stored = session.feed_as_of(feed.id).await?;
        if stored
            .zip(as_of)
            .is_some_and(|(stored, as_of)| stored < as_of)
        {
            session.stamp_feed(feed.id, as_of, now).await?;
        }
    }
    Ok(())
}

/// What scopes have in common: themselves, or the branch of which they all are.
fn common<'a>(mut scopes: impl Iterator<Item = &'a str>) -> String {
    let branch = |scope: &'a str| {
        let end = scope.match_indices('/').nth(1).map(|(end, _)| end);
        &scope[..end.unwrap_or(scope.len())]
    };
    let Some(first) = scopes.next() else {
        return String::new();
    };
    let mut rest = scopes.peekable();
    if rest.peek().is_none() {
        return first.to_owned();
    }
    let first = branch(first);
    let all = first.contains('/') && rest.all(|scope| branch(scope) == first);
    if all { first.to_owned() } else { String::new() }
}

fn fate(known: &KnownAdvisory, new: &NewAdvisory) -> Fate {
    match (known.modified, new.modified) {
        _ if known.digest == new.digest => Fate::Same,
        (Some(old), Some(new)) if new < old => Fate::Older,
        (Some(old), Some(new)) if new > old => Fate::Newer,
        _ => Fate::Unclear,
    }
}

async fn write_waiting(
    session: &mut Session,
    writer: &mut AdvisoryWriter,
    feed: &mut OpenFeed,
    summary: &mut ImportSummary,
) -> Result<(), TrackerError> {
    let waiting = feed.waiting.take();
    for chunk in waiting.chunks(BATCH_RECORDS) {
        let rows = chunk.iter().map(|(advisory, raw)| {
            let known = feed.state.by_name.get(advisory.name.as_str());
            (
                advisory.clone(),
                raw.as_slice(),
                known.map(|known| known.id),
            )
        });
        let mut fresh: Vec<Fresh<'_>> = rows.collect();
        write(session, writer, feed, &mut fresh, summary).await?;
    }
    Ok(())
}

async fn write(
    session: &mut Session,
    writer: &mut AdvisoryWriter,
    feed: &mut OpenFeed,
    fresh: &mut Vec<Fresh<'_>>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_of_several_repositories_is_about_their_branch() {
        let of = |scopes: &[&'static str]| common(scopes.iter().copied());
        assert_eq!(of(&["alpine/edge/main"]), "alpine/edge/main");
        assert_eq!(
            of(&["alpine/edge/main", "alpine/edge/community"]),
            "alpine/edge"
        );
        assert_eq!(of(&["alpine/edge/main", "alpine/v3.2/main"]), "");
        assert_eq!(of(&["a", "b"]), "");
        assert_eq!(of(&[]), "");
    }
}
