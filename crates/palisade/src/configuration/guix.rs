//! Sources that are channels of Guix: from what is written to what is followed.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use palisade_fetch::Url;
use palisade_tracker::sync::{Beginning, GitRepository, GuixChannel, Pace};

use super::source::WrittenSource;

/// How a revision's packages are loaded where nothing else is written: in the revision's own Guix.
const LOADER: [&str; 8] = [
    "guix",
    "time-machine",
    "-q",
    "--commit={commit}",
    "--",
    "repl",
    "--",
    "{loader}",
];

/// A revision that has to be built before it can be loaded takes an hour on a small machine.
const TIME_LIMIT: Duration = Duration::from_hours(3);

/// In MiB; a revision of 2026 has 30.
const OUTPUT_LIMIT: u64 = 1024;

const ATTEMPTS: u32 = 5;

impl WrittenSource {
    /// A channel of Guix.
    pub(super) fn guix(&self) -> anyhow::Result<GuixChannel> {
        let repository = self.repository.as_deref();
        let repository = repository.context("it needs a repository: an address or a folder")?;
        let branch = self.branch.clone();
        let branch = branch.context("it needs a branch, such as \"guix/master\"")?;
        let git_branch = self.git_branch.clone();
        let git_branch = git_branch.unwrap_or_else(|| branch.name().to_owned());
        if !is_branch(&git_branch) {
            bail!("{git_branch:?} is no branch: letters, digits, '-', '.', '_' and '/'");
        }
        let usual = || LOADER.map(str::to_owned).to_vec();
        let command = self.loader.clone().unwrap_or_else(usual);
        if command.first().is_none_or(String::is_empty) {
            bail!("its loader is empty; write a program and its arguments");
        }
        Ok(GuixChannel {
            repository: place(repository)?,
            git_branch,
            branch,
            command,
            from: self.from.as_deref().map(beginning).transpose()?,
            pace: self.pace_of_commits()?,
            time_limit: self.time_limit.unwrap_or(TIME_LIMIT),
            output_limit: self
                .output_limit
                .unwrap_or(OUTPUT_LIMIT)
                .saturating_mul(1 << 20),
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

#[cfg(test)]
mod tests {
    use palisade_tracker::sync::SourceKind;

    use super::super::Configuration;
    use super::*;

    fn parse(rest: &str) -> anyhow::Result<GuixChannel> {
        let head = "[[source]]\nname = \"guix\"\ntype = \"guix\"\nevery = \"1h\"\n";
        let mut configuration = Configuration::parse(&format!("{head}{rest}"))?;
        match configuration.sources.remove(0).kind {
            SourceKind::Guix(channel) => Ok(channel),
            other => panic!("{other:?}"),
        }
    }

    const LEAST: &str = "repository = \"https://git.example/guix.git\"\nbranch = \"guix/master\"\n";

    #[test]
    fn what_is_not_written_is_what_guix_users_would_type() {
        let channel = parse(LEAST).unwrap();
        assert_eq!(channel.git_branch, "master");
        let command = channel.command.join(" ");
        assert_eq!(
            command,
            "guix time-machine -q --commit={commit} -- repl -- {loader}"
        );
        assert_eq!((channel.pace, channel.from), (Pace::OneOf(1), None));
    }

    #[test]
    fn everything_can_be_written() {
        let channel = parse(
            "repository = \"/srv/guix\"\nbranch = \"guix/next\"\ngit-branch = \"core-packages-team\"\n\
             loader = [\"./load\", \"{commit}\"]\nfrom = \"2026-01-01T00:00:00Z\"\none-in = \"1d\"\n\
             time-limit = \"30m\"\noutput-limit = 100\nattempts = 2\n"
                .replace("1d", "24h").as_str(),
        )
        .unwrap();
        assert_eq!(
            channel.repository,
            GitRepository::Folder("/srv/guix".into())
        );
        assert_eq!(channel.git_branch, "core-packages-team");
        assert_eq!(channel.pace, Pace::OneIn(Duration::from_hours(24)));
        assert_eq!((channel.output_limit, channel.attempts), (100 << 20, 2));
        let from = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(channel.from, Some(Beginning::Time(from)));
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let error = |rest: &str| {
            let error = parse(&format!("{LEAST}{rest}")).unwrap_err();
            format!("{error:#}").replace("the source \"guix\": ", "")
        };
        assert!(error("from = \"yesterday\"\n").starts_with("\"yesterday\" is no time"));
        assert!(error("git-branch = \"../x\"\n").contains("is no branch"));
        assert!(error("git-branch = \"a.lock\"\n").contains("is no branch"));
        assert!(error("loader = []\n").contains("its loader is empty"));
        assert!(error("one-of = 2\none-in = \"1h\"\n").contains("only one of them counts"));
        let ssh = LEAST.replace("https", "ssh");
        assert!(format!("{:#}", parse(&ssh).unwrap_err()).contains("over https or http"));
    }
}
