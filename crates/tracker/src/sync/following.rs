//! A branch of a Git repository is followed, and what its commits hold is loaded, one after the other.
//!
//! The branch is a part, which remembers how far it was followed. A commit that cannot be loaded is a
//! part, too, which remembers how often that was tried; the branch goes on without it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use palisade_fetch::Url;
use palisade_model::{BranchName, Timestamp};
use serde::{Deserialize, Serialize};

use super::history;
use super::part::{Memory, Parts, folder_of};
use super::{Doubtful, Outcome};
use crate::TrackerError;
use crate::error::error_line;
use crate::git::Commit;

/// The time until a revision that cannot be loaded is tried again; it doubles with each failure.
const FIRST_PAUSE: Duration = Duration::from_hours(1);

/// Failures one after the other that end a run: then it is not the revisions that are to blame.
const FAILURES_IN_A_ROW: usize = 3;

/// Revisions that were given up and are still told of.
const GIVEN_UP: usize = 50;

/// A branch of a Git repository whose commits are revisions here.
#[derive(Debug, Clone)]
pub struct GitBranch {
    /// Where its history is.
    pub repository: GitRepository,
    /// The branch in that repository.
    pub git_branch: String,
    /// What it is called here.
    pub branch: BranchName,
    /// Where to begin; else with the commit at which the branch is.
    pub from: Option<Beginning>,
    /// Which commits are loaded.
    pub pace: Pace,
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
pub(super) struct Followed {
    pub(super) commit: Option<String>,
    /// In seconds since 1970.
    pub(super) time: i64,
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
pub(super) enum Went {
    Well(Outcome),
    Wrong(TrackerError),
}

/// What makes revisions of commits.
pub(super) trait Loader: Sync {
    /// Loads a commit and imports what it holds.
    ///
    /// # Errors
    /// When no commit at all can be loaded, or the database refuses.
    fn load(
        &self,
        parts: &Parts<'_, '_>,
        place: &Place,
        commit: &Commit,
    ) -> impl Future<Output = Result<Went, TrackerError>> + Send;
}

/// Where things are while a branch is followed.
pub(super) struct Place {
    /// The source's folder of the cache.
    pub(super) folder: PathBuf,
    /// Where the history can be read.
    pub(super) history: PathBuf,
}

/// A branch in one run.
struct Following<'b, L> {
    branch: &'b GitBranch,
    loader: &'b L,
    place: Place,
}

impl Place {
    /// Makes the folder, and fetches the history where it is elsewhere.
    async fn of(parts: &Parts<'_, '_>, branch: &GitBranch) -> Result<Self, TrackerError> {
        let folder = folder_of(&parts.syncer.cache, &parts.source.name);
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        let made = fs_err::create_dir_all(&folder);
        made.map_err(|error| parts.wrong(format!("the cache: {error}")))?;
        let history = match &branch.repository {
            GitRepository::Folder(path) => path.clone(),
            GitRepository::Address(url) => {
                parts.step(&format!("fetching {}", branch.git_branch));
                let clone = folder.join("repository.git");
                fetch(parts, &clone, url, &branch.git_branch).await?;
                clone
            }
        };
        Ok(Self { folder, history })
    }
}

async fn fetch(
    parts: &Parts<'_, '_>,
    clone: &Path,
    url: &Url,
    branch: &str,
) -> Result<(), TrackerError> {
    refuse_private(parts, url).await?;
    let client = &parts.syncer.client;
    let found = client.find_repository(url, parts.source.private).await;
    let found = found.map_err(|error| {
        let reason = error_line(&error);
        parts.wrong(format!("its repository cannot be fetched: {reason}"))
    })?;
    refuse_private(parts, &found).await?;
    let fetched = history::fetch(clone, &found, branch).await;
    fetched.map_err(|reason| parts.wrong(reason))
}

/// Refuses an address within the own network, unless the source may be there.
async fn refuse_private(parts: &Parts<'_, '_>, url: &Url) -> Result<(), TrackerError> {
    if !parts.source.private {
        palisade_fetch::refuse_private(url).await?;
    }
    Ok(())
}

/// Follows a branch to where it is.
pub(super) async fn follow(
    parts: &mut Parts<'_, '_>,
    branch: &GitBranch,
    loader: &impl Loader,
) -> Result<(), TrackerError> {
    let place = Place::of(parts, branch).await?;
    let following = Following {
        branch,
        loader,
        place,
    };
    let waiting = following.retry(parts).await?;
    following.go_on(parts).await?;
    if waiting > 0 && parts.failures().is_empty() {
        let revisions = if waiting == 1 {
            "revision waits"
        } else {
            "revisions wait"
        };
        return Err(parts.wrong(format!("{waiting} {revisions} to be loaded again")));
    }
    Ok(())
}

impl<L: Loader> Following<'_, L> {
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
            if memory.cursor.tries >= self.branch.attempts && !believed {
                given_up.push((memory.cursor.next_at, name));
            } else if memory.cursor.next_at > parts.now() && !believed {
                waiting += 1;
            } else {
                due.push(name);
            }
        }
        for name in due {
            let commit = name[prefix.len()..].to_owned();
            let Some(commit) = history::commit(&self.place.history, &commit).await else {
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
        let part = &self.branch.git_branch;
        let mut memory: Memory<Followed> = parts.memory(part);
        let commits = history::since(&self.place.history, self.branch, &memory.cursor).await;
        let commits = commits.map_err(|reason| parts.wrong(reason))?;
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
                return Err(parts.wrong(reason));
            }
        }
        Ok(())
    }

    async fn load(&self, parts: &Parts<'_, '_>, commit: &Commit) -> Result<Went, TrackerError> {
        self.loader.load(parts, &self.place, commit).await
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
        let attempts = self.branch.attempts;
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
                    other => error_line(other),
                };
                parts.wrong(format!("{reason} (try {tries} of {attempts}; {next})"))
            }
        };
        parts.remember(&name, &memory, Err(error)).await
    }

    /// The part that is a revision that could not be loaded.
    fn failing_part(&self, commit: &str) -> String {
        format!("{}/{commit}", self.branch.git_branch)
    }
}
