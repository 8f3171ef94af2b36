//! The review of merge requests: forges tell of them, a background job reviews each push, and people
//! say what they think of its hunks.
//!
//! Nothing here reads a patch or a source: who does that is an [`Examine`], in a process of its own.

mod forge;
mod hook;
mod outline;
mod signing;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use palisade_fetch::Url;
use palisade_model::{BranchName, Timestamp};
use palisade_store::{HunkMark, MarkRow, NewReview, Store};
use tokio::sync::Notify;

use crate::TrackerError;
pub use forge::ForgeError;
pub use hook::{Heard, Hook, HookError};
pub use outline::{
    Hunk, Outline, OutlineEffect, OutlineFile, OutlineFolded, OutlinePackage, OutlinePatch,
    OutlineSignal, OutlineSource, new_report,
};
pub use signing::Reviewer;
pub use work::{Examination, Examine, NotExamined, Patience, attend};

/// What kind of program a forge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForgeKind {
    /// GitLab.
    Gitlab,
    /// Forgejo, or Gitea.
    Forgejo,
}

/// Which recipes a repository has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipes {
    /// Guix's.
    Guix,
    /// Alpine's.
    Aports,
}

/// A repository whose requests are reviewed.
#[derive(Clone)]
pub struct Forge {
    /// The program.
    pub kind: ForgeKind,
    /// Where it is, with a slash at its end.
    pub url: Url,
    /// The repository there: `alpine/aports`.
    pub project: String,
    /// By what it is known when it tells of something; without, it may not.
    pub webhook_secret: Option<String>,
    /// With what comments are written; without, none are.
    pub token: Option<String>,
    /// Whose packages its recipes make.
    pub branch: Option<BranchName>,
    /// Which recipes it has.
    pub recipes: Recipes,
    /// What its patches apply to: a folder or `REPOSITORY@REVISION`. Without, only hunks are seen.
    pub tree: Option<String>,
    /// A folder in which sources are looked for first.
    pub sources: Option<PathBuf>,
    /// Whether sources are looked for nowhere else.
    pub offline: bool,
    /// Whether it may be in the own network.
    pub private: bool,
}

/// Where reviews are asked for and spoken of. Clones are one desk.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    /// The repositories.
    pub forges: Vec<Forge>,
    /// Who may say something.
    pub reviewers: Vec<Reviewer>,
    /// The address under which people know this server, without a slash at its end.
    pub site: Option<String>,
    clock: fn() -> Timestamp,
    asked: Arc<Notify>,
}

/// What somebody says of a hunk.
#[derive(Debug, Clone)]
pub struct Said {
    /// The hunk.
    pub hunk: String,
    /// What they say.
    pub mark: HunkMark,
    /// In their words.
    pub note: String,
}

impl Desk {
    /// A desk over a store.
    pub fn new(
        store: Store,
        forges: Vec<Forge>,
        reviewers: Vec<Reviewer>,
        site: Option<String>,
        clock: fn() -> Timestamp,
    ) -> Self {
        Self {
            store,
            forges,
            reviewers,
            site,
            clock,
            asked: Arc::new(Notify::new()),
        }
    }

    /// The same desk with other settings: whoever waits at it goes on waiting.
    #[must_use]
    pub fn replaced(&self, other: Self) -> Self {
        Self {
            asked: Arc::clone(&self.asked),
            ..other
        }
    }

    /// Asks for a review and gives its number; `false` with it where the commit was asked for before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn ask(&self, request: &NewReview) -> Result<(i64, bool), TrackerError> {
        let mut session = self.store.write().await?;
        let asked = session.ask_for_review(request, self.now()).await?;
        session.commit().await?;
        if asked.1 {
            self.asked.notify_one();
        }
        Ok(asked)
    }

    /// Adds what a reviewer says of a hunk of a review, and tells which hunk it is; none where there
    /// is no such hunk.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mark(
        &self,
        review: i64,
        reviewer: &str,
        said: &Said,
    ) -> Result<Option<i64>, TrackerError> {
        let mut session = self.store.write().await?;
        let head = session
            .review(review)
            .await?
            .and_then(|row| row.report_head);
        let place = session.hunk_place(review, &said.hunk).await?;
        let (Some(head), Some(place)) = (head, place) else {
            return Ok(None);
        };
        let row = MarkRow {
            hunk: said.hunk.clone(),
            head,
            mark: said.mark,
            note: said.note.clone(),
            author: reviewer.to_owned(),
            time: self.now(),
        };
        session.mark_hunk(review, &row).await?;
        session.commit().await?;
        Ok(Some(place))
    }

    /// The repository of this address, if it is configured.
    fn forge(&self, repository: &str) -> Option<&Forge> {
        let mut forges = self.forges.iter();
        forges.find(|forge| forge.repository() == repository)
    }

    fn now(&self) -> i64 {
        (self.clock)().as_microsecond()
    }
}

impl Forge {
    /// The address of the repository.
    pub fn repository(&self) -> String {
        format!("{}{}", self.root(), self.project)
    }

    /// The address of a request's page.
    pub fn page(&self, number: i64) -> String {
        let repository = self.repository();
        match self.kind {
            ForgeKind::Gitlab => format!("{repository}/-/merge_requests/{number}"),
            ForgeKind::Forgejo => format!("{repository}/pulls/{number}"),
        }
    }

    fn root(&self) -> String {
        let url = self.url.as_str();
        if url.ends_with('/') {
            url.to_owned()
        } else {
            format!("{url}/")
        }
    }
}

/// Without its secrets.
impl std::fmt::Debug for Forge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forge")
            .field("kind", &self.kind)
            .field("repository", &self.repository())
            .field("branch", &self.branch)
            .finish_non_exhaustive()
    }
}
