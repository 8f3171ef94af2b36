//! Sources that follow a branch of a Git repository: from what is written to what is followed.

use std::path::PathBuf;

use anyhow::{Context, bail};
use palisade_fetch::Url;
use palisade_model::BranchName;
use palisade_tracker::sync::{Beginning, GitBranch, GitRepository, Pace};

use super::source::WrittenSource;

const ATTEMPTS: u32 = 5;

impl WrittenSource {
    /// The branch that is followed; `usual` is what Git calls it where nothing else is written.
    pub(super) fn followed(
        &self,
        example: &str,
        usual: impl Fn(&BranchName) -> String,
    ) -> anyhow::Result<GitBranch> {
        let repository = self.repository.as_deref();
        let repository = repository.context("it needs a repository: an address or a folder")?;
        let branch = self.branch.clone();
        let branch = branch.with_context(|| format!("it needs a branch, such as {example:?}"))?;
        let git_branch = self.git_branch.clone();
        let git_branch = git_branch.unwrap_or_else(|| usual(&branch));
        if !is_branch(&git_branch) {
            bail!("{git_branch:?} is no branch: letters, digits, '-', '.', '_' and '/'");
        }
        Ok(GitBranch {
            repository: place(repository)?,
            git_branch,
            branch,
            from: self.from.as_deref().map(beginning).transpose()?,
            pace: self.pace_of_commits()?,
            attempts: self.attempts.unwrap_or(ATTEMPTS).max(1),
        })
    }

    fn pace_of_commits(&self) -> anyhow::Result<Pace> {
        match (self.one_of, self.one_in) {
            (Some(_), Some(_)) => bail!("it has one-of and one-in; only one of them counts"),
            (Some(0), None) => bail!("one-of is 1, which is every commit, or more"),
            (Some(number), None) => Ok(Pace::OneOf(number)),
            (None, Some(pause)) => Ok(Pace::OneIn(pause)),
            (None, None) => Ok(Pace::OneOf(1)),
        }
    }
}

/// Where a history is. What is no address is a folder; an address that is not fetched is neither.
fn place(text: &str) -> anyhow::Result<GitRepository> {
    if !text.contains("://") {
        return Ok(GitRepository::Folder(PathBuf::from(text)));
    }
    let url: Url = text
        .parse()
        .with_context(|| format!("{text:?} is no address"))?;
    if !matches!(url.scheme(), "https" | "http") {
        bail!("its repository is fetched over https or http, or read from a folder");
    }
    Ok(GitRepository::Address(url))
}

fn beginning(text: &str) -> anyhow::Result<Beginning> {
    if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Beginning::Commit(text.to_ascii_lowercase()));
    }
    let time = text.parse();
    time.map(Beginning::Time)
        .with_context(|| format!("{text:?} is no time (RFC 3339), nor a commit's 40 digits"))
}

/// Whether a name can be a branch's without meaning something else in a reference.
fn is_branch(name: &str) -> bool {
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/');
    let parts = || name.split('/');
    name.chars().all(usable)
        && !name.contains("..")
        && parts().all(|part| !part.is_empty() && !part.starts_with(['.', '-']))
        && parts().all(|part| !part.ends_with('.') && part.strip_suffix(".lock").is_none())
}
