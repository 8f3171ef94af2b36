//! Receiving: documents that somebody sends by themselves, such as a CI or another tracker.
//!
//! Whoever sends is a source like those that are fetched from, with a token instead of an address:
//! what came of its documents is remembered and told in the same way.

use std::path::PathBuf;
use std::sync::Arc;

use palisade_fetch::Validators;
use palisade_formats::Reject;
use palisade_model::{BranchName, Timestamp};
use palisade_store::ImportSummary;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::part::{Memory, Parts};
use super::source::Source;
use super::{Outcome, Syncer};
use crate::input::{Input, Kind};
use crate::sources::Document;
use crate::{NoProgress, TrackerError};

/// Documents that are received at the same time.
const AT_ONCE: usize = 4;

/// After so many intervals a document that was not sent again is forgotten, so that names that change
/// with each document do not pile up, nor a failure under a name that nobody uses any longer.
const REMEMBERED: i64 = 10;

/// Somebody who sends.
#[derive(Debug, Clone)]
pub struct Sender {
    token: blake3::Hash,
    /// Names of the formats that are taken; empty for all.
    formats: Vec<String>,
}

/// Takes what senders send.
pub struct Receiver {
    syncer: Syncer,
    sources: Vec<Source>,
    places: Arc<Semaphore>,
}

/// What a document does not say of itself.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its format.
    pub kind: Kind,
    /// What its sender calls it.
    pub document: Option<String>,
    /// The branch of which it speaks.
    pub branch: Option<BranchName>,
    /// The repository within the branch.
    pub repository: Option<String>,
    /// The revision's name.
    pub revision: Option<String>,
    /// When the revision was made.
    pub time: Option<Timestamp>,
    /// Whether it is believed even if it is older than what is stored, or half of that is missing.
    pub believe: bool,
}

impl Sender {
    /// One who has this token, and may send these formats, or all when none is named.
    pub fn new(token: &str, formats: Vec<String>) -> Self {
        Self {
            token: blake3::hash(token.as_bytes()),
            formats,
        }
    }

    /// Whether documents of a format are taken.
    pub fn may_send(&self, kind: Kind) -> bool {
        self.formats.is_empty() || self.formats.iter().any(|name| name == kind.name())
    }
}

impl Receiver {
    /// Takes what those of the sources send that do.
    pub fn new(syncer: Syncer, sources: &[Source]) -> Self {
        let senders = sources.iter().filter(|source| source.sender().is_some());
        Self {
            syncer,
            sources: senders.cloned().collect(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The same with other senders; how many may send at the same time is counted on.
    #[must_use]
    pub fn replaced(&self, syncer: Syncer, sources: &[Source]) -> Self {
        Self {
            places: Arc::clone(&self.places),
            ..Self::new(syncer, sources)
        }
    }

    /// Who has this token.
    pub fn sender(&self, token: &str) -> Option<(&Source, &Sender)> {
        let token = blake3::hash(token.as_bytes());
        let mut senders = self
            .sources
            .iter()
            .filter_map(|it| Some((it, it.sender()?)));
        // Hashes are compared in constant time.
        senders.find(|(_, sender)| sender.token == token)
    }

    /// A place among those who send at the same time, if one is free.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// A folder for a document until it is imported; it goes away by itself.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self) -> std::io::Result<tempfile::TempDir> {
        let received = self.syncer.cache.join("received");
        fs_err::create_dir_all(&received)?;
        tempfile::tempdir_in(received)
    }

    /// Imports what a source sent, and remembers how that went.
    ///
    /// # Errors
    /// When it cannot be read to its end, is not believed, or the database refuses; then nothing but
    /// what is remembered of the source is changed.
    pub async fn receive(
        &self,
        source: &Source,
        delivery: Delivery,
        file: PathBuf,
    ) -> Result<(ImportSummary, Vec<Reject>), TrackerError> {
        let started = (self.syncer.clock)();
        let part = delivery.part();
        let input = delivery.input(Document::File(file));
        let mut parts = Parts::of(&self.syncer, source, Arc::new(NoProgress), &|_, _| {}).await?;
        let outcome = parts.import(input).await;
        let outcome = match outcome {
            Err(TrackerError::Store(error)) => return Err(error.into()),
            Err(error) => Outcome::Failed(error),
            Ok(outcome) => outcome,
        };
        let memory = Memory {
            validators: Validators::default(),
            cursor: Sent { at: Some(started) },
        };
        parts.write(&part, &memory, &outcome).await?;
        let interval = i64::try_from(source.every.as_secs()).unwrap_or(i64::MAX);
        let limit = interval.saturating_mul(REMEMBERED);
        let age = |at: Timestamp| started.as_second().saturating_sub(at.as_second());
        parts
            .forget(|sent: &Sent| sent.at.is_some_and(|at| age(at) > limit))
            .await?;
        let failures = parts.all_failures();
        let error = failures.first().map(|it| (failures.len(), it.clone()));
        self.syncer.note(source, started, error).await?;
        match outcome {
            Outcome::Imported(summary, rejects) => Ok((summary, rejects)),
            Outcome::Failed(error) => Err(error),
            Outcome::Unchanged | Outcome::StillHeldBack { .. } => Ok(Default::default()),
        }
    }
}

/// What is remembered of a document.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Sent {
    /// When it was last sent, whatever came of it.
    at: Option<Timestamp>,
}

impl Delivery {
    /// By what it is known among the source's documents: `spdx alpine/edge main shop.json`.
    fn part(&self) -> String {
        let mut part = self.kind.name().to_owned();
        let branch = self.branch.as_ref().map(ToString::to_string);
        let said = [&branch, &self.repository, &self.document];
        for more in said.into_iter().flatten() {
            part.push(' ');
            part.push_str(more);
        }
        part
    }

    fn input(self, document: Document) -> Input {
        Input {
            branch: self.branch,
            repository: self.repository,
            revision: self.revision,
            time: self.time,
            believe: self.believe,
            ..Input::new(self.kind, document)
        }
    }
}
