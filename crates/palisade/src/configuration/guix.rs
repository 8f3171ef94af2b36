//! Sources that are channels of Guix: from what is written to what is followed.

use std::time::Duration;

use anyhow::bail;
use palisade_tracker::sync::GuixChannel;

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

impl WrittenSource {
    /// A channel of Guix.
    pub(super) fn guix(&self) -> anyhow::Result<GuixChannel> {
        let branch = self.followed("guix/master", |branch| branch.name().to_owned())?;
        let usual = || LOADER.map(str::to_owned).to_vec();
        let command = self.loader.clone().unwrap_or_else(usual);
        if command.first().is_none_or(String::is_empty) {
            bail!("its loader is empty; write a program and its arguments");
        }
        Ok(GuixChannel {
            branch,
            command,
            time_limit: self.time_limit.unwrap_or(TIME_LIMIT),
            output_limit: self
                .output_limit
                .unwrap_or(OUTPUT_LIMIT)
                .saturating_mul(1 << 20),
        })
    }
}

#[cfg(test)]
mod tests {
    use palisade_tracker::sync::{Beginning, GitRepository, Pace, SourceKind};

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
        assert_eq!(channel.branch.git_branch, "master");
        let command = channel.command.join(" ");
        assert_eq!(
            command,
            "guix time-machine -q --commit={commit} -- repl -- {loader}"
        );
        assert_eq!(
            (channel.branch.pace, channel.branch.from),
            (Pace::OneOf(1), None)
        );
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
            channel.branch.repository,
            GitRepository::Folder("/srv/guix".into())
        );
        assert_eq!(channel.branch.git_branch, "core-packages-team");
        assert_eq!(channel.branch.pace, Pace::OneIn(Duration::from_hours(24)));
        assert_eq!(
            (channel.output_limit, channel.branch.attempts),
            (100 << 20, 2)
        );
        let from = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(channel.branch.from, Some(Beginning::Time(from)));
    }

    #[test]
    fn a_repository_may_be_in_the_own_network() {
        let text = format!(
            "[[source]]\nname = \"guix\"\ntype = \"guix\"\nevery = \"1h\"\n{LEAST}private = true\n"
        );
        let configuration = Configuration::parse(&text).unwrap();
        assert!(configuration.sources[0].private);
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
