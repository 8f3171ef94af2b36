//! The parts of a source in one run: fetched, imported, remembered.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use palisade_fetch::{Answer, FetchError, Request, Stage, Url, Validators};
use palisade_store::PartRecord;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::source::{DocumentPart, Source};
use super::{Doubtful, Outcome, Syncer, Tell};
use crate::error::error_line;
use crate::input::Input;
use crate::sources::Document;
use crate::{Present, Progress, TrackerError};

/// What is remembered of a part.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Memory<C> {
    /// By what the server knows the state that was imported, or held back.
    pub(super) validators: Validators,
    /// From where to go on.
    #[serde(bound(deserialize = "C: DeserializeOwned + Default"))]
    pub(super) cursor: C,
}

/// The same as it is written.
#[derive(Serialize)]
struct Written<'a, C> {
    validators: &'a Validators,
    cursor: &'a C,
    held_back: Option<&'a str>,
}

/// Why the state that is remembered was held back, if it was; it is not asked for again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct HeldBack {
    held_back: Option<String>,
}

impl HeldBack {
    fn of(part: &PartRecord) -> Self {
        serde_json::from_str(&part.memory).unwrap_or_default()
    }

    /// Why it was held back, without the document's name.
    fn reason(&self) -> Option<String> {
        let text = self.held_back.as_deref()?;
        let reason = text.split_once(" is held back: ");
        Some(reason.map_or(text, |(_, reason)| reason).to_owned())
    }
}

/// A run over the parts of a source.
pub(super) struct Parts<'a, 't> {
    pub(super) syncer: &'a Syncer,
    pub(super) source: &'a Source,
    progress: Arc<dyn Progress>,
    tell: &'a Tell<'t>,
    known: HashMap<String, PartRecord>,
    failures: Vec<String>,
}

impl<'a, 't> Parts<'a, 't> {
    pub(super) async fn of(
        syncer: &'a Syncer,
        source: &'a Source,
        progress: Arc<dyn Progress>,
        tell: &'a Tell<'t>,
    ) -> Result<Self, TrackerError> {
        let mut session = syncer.store.read().await?;
        let known = session.source_parts(&source.name).await?;
        let known = known.into_iter().map(|part| (part.name.clone(), part));
        Ok(Self {
            syncer,
            source,
            progress,
            tell,
            known: known.collect(),
            failures: Vec::new(),
        })
    }

    /// Why parts failed.
    pub(super) fn failures(&self) -> &[String] {
        &self.failures
    }

    /// The names of the parts that are known.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.known.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    /// What time it is, in microseconds since 1970.
    pub(super) fn now(&self) -> i64 {
        (self.syncer.clock)().as_microsecond()
    }

    /// That the source does not answer as it should, or something else is wrong with it.
    pub(super) fn wrong(&self, reason: impl Into<String>) -> TrackerError {
        TrackerError::Source {
            source_name: self.source.name.clone(),
            reason: reason.into(),
        }
    }

    /// Says what is being done.
    pub(super) fn step(&self, step: &str) {
        self.progress.step(step);
    }

    /// Who hears what is being done.
    pub(super) fn progress(&self) -> Arc<dyn Progress> {
        Arc::clone(&self.progress)
    }

    /// Tells what became of a part of which nothing has to be remembered.
    pub(super) fn tell(&self, part: &str, outcome: &Outcome) {
        (self.tell)(part, outcome);
    }

    /// Forgets a part.
    pub(super) async fn forget_part(&mut self, name: &str) -> Result<(), TrackerError> {
        let mut session = self.syncer.store.write().await?;
        session.forget_source_part(&self.source.name, name).await?;
        session.commit().await?;
        self.known.remove(name);
        Ok(())
    }

    /// Why parts failed the last time, those of other runs among them.
    pub(super) fn all_failures(&self) -> Vec<String> {
        let failed = self.known.values().filter_map(|part| {
            let error = part.error.as_ref()?;
            Some(format!("{}: {error}", part.name))
        });
        let mut failed: Vec<String> = failed.collect();
        failed.sort_unstable();
        failed
    }

    /// Forgets parts of which the cursor says that they are over.
    pub(super) async fn forget<C: Default + DeserializeOwned>(
        &mut self,
        is_over: impl Fn(&C) -> bool,
    ) -> Result<(), TrackerError> {
        let names: Vec<String> = self.known.keys().cloned().collect();
        let over: Vec<String> = names
            .into_iter()
            .filter(|name| is_over(&self.memory::<C>(name).cursor))
            .collect();
        let mut session = self.syncer.store.write().await?;
        for name in &over {
            session.forget_source_part(&self.source.name, name).await?;
            self.known.remove(name);
        }
        session.commit().await?;
        Ok(())
    }

    /// What is remembered of a part.
    pub(super) fn memory<C: Default + DeserializeOwned>(&self, part: &str) -> Memory<C> {
        let known = self.known.get(part).filter(|known| {
            let held_back = HeldBack::of(known).held_back.is_some();
            // What was held back and is believed now is had anew.
            !(held_back && self.syncer.doubtful == Doubtful::Believed)
        });
        // What another version of the program remembered is forgotten: the part is had anew.
        let memory = known.and_then(|known| serde_json::from_str(&known.memory).ok());
        memory.unwrap_or(Memory {
            validators: Validators::default(),
            cursor: C::default(),
        })
    }

    /// A request to this source.
    pub(super) fn request(&self, url: Url) -> Request {
        Request {
            hosts: self.source.hosts.clone(),
            private: self.source.private,
            ..Request::new(url)
        }
    }

    /// Fetches a document of a part into the cache.
    pub(super) async fn fetch(
        &self,
        part: &str,
        request: &Request,
    ) -> Result<Answer, TrackerError> {
        let step = format!("fetching {part}");
        self.progress.step(&step);
        let progress = Arc::clone(&self.progress);
        let progress = move |step: Stage<'_>| match step {
            Stage::Read(done, total) => progress.read(done, total, 0),
            Stage::Again { error, pause } => progress.step(&again(error, pause)),
        };
        let target = self.file(part, &request.url);
        Ok(self
            .syncer
            .client
            .fetch(request, &target, &progress)
            .await?)
    }

    /// Where a part's document is kept: a folder each, so that the file has the name by which
    /// people know it.
    fn file(&self, part: &str, url: &Url) -> PathBuf {
        let file = url
            .path_segments()
            .and_then(|mut it| it.next_back())
            .map(plain);
        let file = file.filter(|name| !name.is_empty());
        folder_of(&self.syncer.cache, &self.source.name)
            .join(plain(part))
            .join(file.unwrap_or_else(|| "document".to_owned()))
    }

    /// Imports what was fetched; the file is not needed any longer then.
    pub(super) async fn import(&self, mut input: Input) -> Result<Outcome, TrackerError> {
        let file = match &input.document {
            Document::File(path) => Some(path.clone()),
            _ => None,
        };
        let now = (self.syncer.clock)();
        input.present.get_or_insert_default();
        input.believe |= self.syncer.doubtful == Doubtful::Believed;
        let progress = Arc::clone(&self.progress);
        let imported = input.import(&self.syncer.store, now, progress).await;
        if let Some(file) = file {
            // What is left behind is written over the next time.
            let _ = fs_err::remove_file(file);
        }
        let (summary, rejects) = imported?;
        Ok(Outcome::Imported(summary, rejects))
    }

    /// Remembers how a part went, and tells.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn remember<C: Serialize>(
        &mut self,
        part: &str,
        memory: &Memory<C>,
        outcome: Result<Outcome, TrackerError>,
    ) -> Result<(), TrackerError> {
        let before = self.known.get(part).map(HeldBack::of).unwrap_or_default();
        let outcome = match (outcome, before.reason()) {
            (Ok(Outcome::Unchanged), Some(reason)) => Outcome::StillHeldBack { reason },
            (Ok(outcome), _) => outcome,
            (Err(TrackerError::Store(error)), _) => return Err(error.into()),
            (Err(error), _) => Outcome::Failed(error),
        };
        self.write(part, memory, &outcome).await?;
        (self.tell)(part, &outcome);
        Ok(())
    }

    /// Writes how a part went.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn write<C: Serialize>(
        &mut self,
        part: &str,
        memory: &Memory<C>,
        outcome: &Outcome,
    ) -> Result<(), TrackerError> {
        let now = Some((self.syncer.clock)().as_microsecond());
        let mut record = self.known.remove(part).unwrap_or_default();
        part.clone_into(&mut record.name);
        let before = HeldBack::of(&record);
        let held_back = match &outcome {
            Outcome::Imported(..) => None,
            Outcome::Failed(error @ TrackerError::HeldBack { .. }) => Some(self.public(error)),
            Outcome::Unchanged | Outcome::StillHeldBack { .. } | Outcome::Failed(_) => {
                before.held_back
            }
        };
        let written = Written {
            validators: &memory.validators,
            cursor: &memory.cursor,
            held_back: held_back.as_deref(),
        };
        record.memory = serde_json::to_string(&written).unwrap_or_default();
        match outcome {
            Outcome::Unchanged | Outcome::StillHeldBack { .. } => {
                record.fetched_at = now;
                // All is well again, unless that state was held back before.
                record.error = held_back;
            }
            Outcome::Imported(summary, _) => {
                let count = |n: u64| Some(i64::try_from(n).unwrap_or(i64::MAX));
                record.fetched_at = now;
                if summary.number.is_some() {
                    record.changed_at = now;
                }
                record.records = count(summary.records);
                record.rejected = count(summary.rejected);
                record.import = summary.number.or(record.import);
                record.error = None;
            }
            Outcome::Failed(error) => record.error = Some(self.public(error)),
        }
        if let Some(error) = &record.error {
            self.failures.push(format!("{part}: {error}"));
        }
        let mut session = self.syncer.store.write().await?;
        session
            .write_source_part(&self.source.name, &record)
            .await?;
        session.commit().await?;
        self.known.insert(record.name.clone(), record);
        Ok(())
    }

    /// An error for everybody to read: without where this machine keeps documents.
    fn public(&self, error: &TrackerError) -> String {
        let cache = self.syncer.cache.display().to_string();
        let separator = std::path::MAIN_SEPARATOR;
        error.public().replace(&format!("{cache}{separator}"), "")
    }

    /// Fetches and imports documents, each by itself.
    pub(super) async fn documents(&mut self, parts: &[DocumentPart]) -> Result<(), TrackerError> {
        for part in parts {
            let mut memory: Memory<Terms> = self.memory(&part.name);
            let outcome = self.document(part, &mut memory).await;
            self.remember(&part.name, &memory, outcome).await?;
        }
        Ok(())
    }

    async fn document(
        &self,
        part: &DocumentPart,
        memory: &mut Memory<Terms>,
    ) -> Result<Outcome, TrackerError> {
        let keys = part.trust.apk_keys()?;
        let terms = part.terms(&keys);
        let known = if memory.cursor.terms == terms {
            memory.validators.clone()
        } else {
            Validators::default()
        };
        let request = Request {
            known,
            ..self.request(part.url.clone())
        };
        let body = match self.fetch(&part.name, &request).await? {
            Answer::NotModified => return Ok(Outcome::Unchanged),
            Answer::Body(body) => body,
        };
        let input = Input {
            present: Some(Present {
                modified: body.modified,
            }),
            ..part.input(Document::File(body.path), keys)
        };
        let outcome = self.import(input).await;
        // What is held back is held back until the source has something else.
        if matches!(outcome, Ok(_) | Err(TrackerError::HeldBack { .. })) {
            memory.validators = body.validators;
            memory.cursor.terms = terms;
        }
        outcome
    }
}

/// On which terms a document was imported, or held back.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Terms {
    terms: String,
}

/// What is told of a request that is made again.
fn again(error: &FetchError, pause: Duration) -> String {
    let seconds = pause.as_secs_f64().ceil();
    format!("{}; asked again in {seconds} s", error_line(error))
}

/// Where a source's documents are kept.
pub(super) fn folder_of(cache: &Path, source: &str) -> PathBuf {
    cache.join(plain(source))
}

/// A name as a file's: of ordinary characters, and never hidden.
fn plain(text: &str) -> String {
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let text = text.chars().map(|c| if usable(c) { c } else { '_' });
    let text: String = text.take(100).collect();
    text.trim_start_matches('.').to_owned()
}
