//! A channel of Guix: a branch of a Git repository is followed, and the packages of its commits are
//! loaded by a program of ours that runs inside each commit's own Guix.
//!
//! The branch is a part, which remembers how far it was followed. A commit that cannot be loaded is a
//! part, too, which remembers how often that was tried; the branch goes on without it.

mod history;
mod loading;

use std::path::{Path, PathBuf};
use std::time::Duration;

use palisade_fetch::Url;
use palisade_formats::inventory::InventoryKind;
use palisade_model::{BranchName, Timestamp};
use serde::{Deserialize, Serialize};

use self::history::Commit;
use self::loading::LoadError;
use super::part::{Memory, Parts, folder_of};
use super::{Doubtful, Outcome};
use crate::TrackerError;
use crate::input::{Input, Kind};
use crate::sources::Document;

/// The program that prints the packages of a Guix revision from inside its own Guix.
pub const GUIX_LOADER: &str = include_str!("../../../../guix/load-packages.scm");

/// Under which name it is kept beside what it prints.
const LOADER_FILE: &str = "load-packages.scm";

/// The time until a revision that cannot be loaded is tried again; it doubles with each failure.
const FIRST_PAUSE: Duration = Duration::from_hours(1);

/// Failures one after the other that end a run: then it is not the revisions that are to blame.
const FAILURES_IN_A_ROW: usize = 3;

/// Revisions that were given up and are still told of.
const GIVEN_UP: usize = 50;

/// A channel of Guix.
#[derive(Debug, Clone)]
pub struct GuixChannel {
    /// Where its history is.
    pub repository: GitRepository,
    /// The branch in that repository.
    pub git_branch: String,
    /// What it is called here.
    pub branch: BranchName,
    /// The program that prints an inventory, and its arguments, with `{commit}`, `{branch}`, `{time}`
    /// and `{loader}` for what they are called after.
    pub command: Vec<String>,
    /// Where to begin; else with the commit at which the branch is.
    pub from: Option<Beginning>,
    /// Which commits are loaded.
    pub pace: Pace,
    /// The longest time for one commit.
    pub time_limit: Duration,
    /// The most bytes that may be printed for one commit.
    pub output_limit: u64,
    /// How often a commit is tried.
    pub attempts: u32,
}

/// Where a history is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitRepository {
    /// In a folder, which somebody else keeps up to date.
    Folder(PathBuf),
    /// At an address, from where it is fetched into the cache.
    Address(Url),
}

/// Where a history begins for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beginning {
    /// With the first commit that is as old, or younger.
    Time(Timestamp),
    /// With this commit, by its full name.
    Commit(String),
}

/// Which commits of a branch are loaded, of those that were once at its tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// One of so many; 1 is all of them.
    OneOf(u32),
    /// No two within less than this time, by when they were made.
    OneIn(Duration),
}

/// How far a branch was followed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Followed {
    commit: Option<String>,
    /// In seconds since 1970.
    time: i64,
}

/// A revision that could not be loaded.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Failing {
    tries: u32,
    /// When it is tried again, in microseconds since 1970.
    next_at: i64,
}

/// What came of a commit.
enum Went {
    Well(Outcome),
    Wrong(TrackerError),
}

/// A channel in one run.
struct Following<'c> {
    channel: &'c GuixChannel,
    folder: PathBuf,
    loader: PathBuf,
    /// Where the history can be read.
    history: PathBuf,
}

/// Follows a channel to where its branch is.
pub(super) async fn sync(
    parts: &mut Parts<'_, '_>,
    channel: &GuixChannel,
) -> Result<(), TrackerError> {
    let following = Following::begin(parts, channel).await?;
    let waiting = following.retry(parts).await?;
    following.go_on(parts).await?;
    if waiting > 0 && parts.failures().is_empty() {
        let revisions = if waiting == 1 {
            "revision waits"
        } else {
            "revisions wait"
        };
        return Err(wrong(
            parts,
            format!("{waiting} {revisions} to be loaded again"),
        ));
    }
    Ok(())
}

impl<'c> Following<'c> {
    async fn begin(parts: &Parts<'_, '_>, channel: &'c GuixChannel) -> Result<Self, TrackerError> {
        let folder = folder_of(&parts.syncer.cache, &parts.source.name);
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        let loader = folder.join(LOADER_FILE);
        let written =
            fs_err::create_dir_all(&folder).and_then(|()| fs_err::write(&loader, GUIX_LOADER));
        written.map_err(|error| wrong(parts, format!("the cache: {error}")))?;
        let history = match &channel.repository {
            GitRepository::Folder(path) => path.clone(),
            GitRepository::Address(url) => {
                parts.step(&format!("fetching {}", channel.git_branch));
                let clone = folder.join("repository.git");
                let fetched = history::fetch(&clone, url, &channel.git_branch).await;
                fetched.map_err(|reason| wrong(parts, reason))?;
                clone
            }
        };
        Ok(Self {
            channel,
            folder,
            loader,
            history,
        })
    }

    /// Tries again what could not be loaded, and tells how many wait for their time.
    async fn retry(&self, parts: &mut Parts<'_, '_>) -> Result<usize, TrackerError> {
        let prefix = self.failing_part("");
        let names = parts
            .names()
            .into_iter()
            .filter(|name| name.starts_with(&prefix));
        let (mut waiting, mut given_up) = (0, Vec::new());
        let mut due = Vec::new();
        for name in names {
            let memory: Memory<Failing> = parts.memory(&name);
            let believed = parts.syncer.doubtful == Doubtful::Believed;
            if memory.cursor.tries >= self.channel.attempts && !believed {
                given_up.push((memory.cursor.next_at, name));
            } else if memory.cursor.next_at > parts.now() && !believed {
                waiting += 1;
            } else {
                due.push(name);
            }
        }
        for name in due {
            let commit = name[prefix.len()..].to_owned();
            let Some(commit) = history::commit(&self.history, &commit).await else {
                // The branch was rewritten, and nobody has the commit any longer.
                parts.forget_part(&name).await?;
                continue;
            };
            match self.load(parts, &commit).await? {
                Went::Well(outcome) => {
                    parts.forget_part(&name).await?;
                    parts.tell(&name, &outcome);
                }
                Went::Wrong(error) => self.note_failure(parts, &commit, error).await?,
            }
        }
        given_up.sort_unstable();
        let old = given_up.len().saturating_sub(GIVEN_UP);
        for (_, name) in given_up.drain(..old) {
            parts.forget_part(&name).await?;
        }
        Ok(waiting)
    }

    /// Loads what is new on the branch, the oldest first.
    async fn go_on(&self, parts: &mut Parts<'_, '_>) -> Result<(), TrackerError> {
        let part = &self.channel.git_branch;
        let mut memory: Memory<Followed> = parts.memory(part);
        let commits = history::since(&self.history, self.channel, &memory.cursor).await;
        let commits = commits.map_err(|reason| wrong(parts, reason))?;
        if commits.is_empty() {
            return parts.remember(part, &memory, Ok(Outcome::Unchanged)).await;
        }
        let (all, mut failures) = (commits.len(), 0);
        for (number, commit) in commits.iter().enumerate() {
            parts.step(&format!(
                "loading {} ({} of {all})",
                commit.short(),
                number + 1
            ));
            let went = self.load(parts, commit).await?;
            memory.cursor = Followed {
                commit: Some(commit.name.clone()),
                time: commit.time,
            };
            match went {
                Went::Well(outcome) => {
                    failures = 0;
                    parts.remember(part, &memory, Ok(outcome)).await?;
                }
                Went::Wrong(error) => {
                    failures += 1;
                    self.note_failure(parts, commit, error).await?;
                    parts.write(part, &memory, &Outcome::Unchanged).await?;
                }
            }
            if failures == FAILURES_IN_A_ROW && number + 1 < all {
                let left = all - number - 1;
                let reason =
                    format!("{failures} revisions failed one after the other; {left} wait");
                return Err(wrong(parts, reason));
            }
        }
        Ok(())
    }

    /// Loads a commit and imports what was printed.
    ///
    /// # Errors
    /// When the program cannot even be started, or the database refuses.
    async fn load(&self, parts: &Parts<'_, '_>, commit: &Commit) -> Result<Went, TrackerError> {
        let output = self.folder.join(format!("packages-{}.jsonl", commit.name));
        let log = self.folder.join(format!("{}.log", commit.name));
        let loaded = loading::load(self, commit, &output, &log).await;
        let imported = match loaded {
            Err(LoadError::Start(reason)) => return Err(wrong(parts, reason)),
            Err(LoadError::Revision(reason)) => {
                let _ = fs_err::remove_file(&output);
                Err(wrong(parts, reason))
            }
            Ok(()) => parts.import(self.input(commit, output)).await,
        };
        match imported {
            Ok(outcome) => {
                let _ = fs_err::remove_file(log);
                Ok(Went::Well(outcome))
            }
            Err(TrackerError::Store(error)) => Err(error.into()),
            Err(error) => Ok(Went::Wrong(error)),
        }
    }

    fn input(&self, commit: &Commit, output: PathBuf) -> Input {
        Input {
            branch: Some(self.channel.branch.clone()),
            revision: Some(commit.name.clone()),
            time: Timestamp::from_second(commit.time).ok(),
            ..Input::new(
                Kind::Inventory(InventoryKind::GuixInventory),
                Document::File(output),
            )
        }
    }

    async fn note_failure(
        &self,
        parts: &mut Parts<'_, '_>,
        commit: &Commit,
        error: TrackerError,
    ) -> Result<(), TrackerError> {
        let name = self.failing_part(&commit.name);
        let mut memory: Memory<Failing> = parts.memory(&name);
        let tries = memory.cursor.tries + 1;
        let pause = FIRST_PAUSE.saturating_mul(1 << (tries - 1).min(10));
        let pause = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
        memory.cursor = Failing {
            tries,
            next_at: parts.now().saturating_add(pause),
        };
        let attempts = self.channel.attempts;
        let next = if tries < attempts {
            "it is tried again later"
        } else {
            "it is given up"
        };
        let error = match error {
            held_back @ TrackerError::HeldBack { .. } => held_back,
            other => {
                let reason = match &other {
                    TrackerError::Source { reason, .. } => reason.clone(),
                    other => crate::error::error_line(other),
                };
                wrong(
                    parts,
                    format!("{reason} (try {tries} of {attempts}; {next})"),
                )
            }
        };
        parts.remember(&name, &memory, Err(error)).await
    }

    /// The part that is a revision that could not be loaded.
    fn failing_part(&self, commit: &str) -> String {
        format!("{}/{commit}", self.channel.git_branch)
    }
}

impl GuixChannel {
    /// The program and its arguments for a commit.
    fn filled(&self, commit: &Commit, loader: &Path) -> Vec<String> {
        let time = Timestamp::from_second(commit.time).unwrap_or_default();
        let loader = loader.display().to_string();
        let fill = |word: &String| {
            word.replace("{commit}", &commit.name)
                .replace("{branch}", &self.git_branch)
                .replace("{time}", &time.to_string())
                .replace("{loader}", &loader)
        };
        self.command.iter().map(fill).collect()
    }
}

fn wrong(parts: &Parts<'_, '_>, reason: String) -> TrackerError {
    TrackerError::Source {
        source_name: parts.source.name.clone(),
        reason,
    }
}
