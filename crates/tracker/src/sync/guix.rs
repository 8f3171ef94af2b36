//! A channel of Guix: a branch is followed, and the packages of its commits are loaded by a program of
//! ours that runs inside each commit's own Guix.

mod loading;

use std::path::{Path, PathBuf};
use std::time::Duration;

use palisade_formats::inventory::InventoryKind;
use palisade_model::Timestamp;

use self::loading::LoadError;
use super::following::{GitBranch, Loader, Place, Went, follow};
use super::part::Parts;
use crate::TrackerError;
use crate::git::Commit;
use crate::input::{Input, Kind};
use crate::sources::Document;

/// The program that prints the packages of a Guix revision from inside its own Guix.
pub const GUIX_LOADER: &str = include_str!("../../../../guix/load-packages.scm");

/// Under which name it is kept beside what it prints.
const LOADER_FILE: &str = "load-packages.scm";

/// A channel of Guix.
#[derive(Debug, Clone)]
pub struct GuixChannel {
    /// The branch.
    pub branch: GitBranch,
    /// The program that prints an inventory, and its arguments, with `{commit}`, `{branch}`, `{time}`
    /// and `{loader}` for what they are called after.
    pub command: Vec<String>,
    /// The longest time for one commit.
    pub time_limit: Duration,
    /// The most bytes that may be printed for one commit.
    pub output_limit: u64,
}

/// Follows a channel to where its branch is.
pub(super) async fn sync(
    parts: &mut Parts<'_, '_>,
    channel: &GuixChannel,
) -> Result<(), TrackerError> {
    follow(parts, &channel.branch, channel).await
}

impl Loader for GuixChannel {
    async fn load(
        &self,
        parts: &Parts<'_, '_>,
        place: &Place,
        commit: &Commit,
    ) -> Result<Went, TrackerError> {
        let output = place.folder.join(format!("packages-{}.jsonl", commit.name));
        let log = place.folder.join(format!("{}.log", commit.name));
        let loader = place.folder.join(LOADER_FILE);
        let written = fs_err::write(&loader, GUIX_LOADER);
        written.map_err(|error| parts.wrong(format!("the cache: {error}")))?;
        let command = self.filled(commit, &loader);
        let outcome = loading::load(self, &command, &place.folder, commit, &output, &log).await;
        let imported = match outcome {
            Err(LoadError::Start(reason)) => return Err(parts.wrong(reason)),
            Err(LoadError::Revision(reason)) => {
                let _ = fs_err::remove_file(&output);
                Err(parts.wrong(reason))
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
}

impl GuixChannel {
    fn input(&self, commit: &Commit, output: PathBuf) -> Input {
        Input {
            branch: Some(self.branch.branch.clone()),
            revision: Some(commit.name.clone()),
            time: Timestamp::from_second(commit.time).ok(),
            ..Input::new(
                Kind::Inventory(InventoryKind::GuixInventory),
                Document::File(output),
            )
        }
    }

    /// The program and its arguments for a commit.
    fn filled(&self, commit: &Commit, loader: &Path) -> Vec<String> {
        let time = Timestamp::from_second(commit.time).unwrap_or_default();
        let loader = loader.display().to_string();
        let fill = |word: &String| {
            word.replace("{commit}", &commit.name)
                .replace("{branch}", &self.branch.git_branch)
                .replace("{time}", &time.to_string())
                .replace("{loader}", &loader)
        };
        self.command.iter().map(fill).collect()
    }
}
