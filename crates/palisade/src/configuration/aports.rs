//! Sources that are branches of Alpine's aports.

use palisade_model::BranchName;
use palisade_tracker::sync::AportsBranch;

use super::source::WrittenSource;

impl WrittenSource {
    /// A branch of aports.
    pub(super) fn aports(&self) -> anyhow::Result<AportsBranch> {
        Ok(AportsBranch {
            branch: self.followed("alpine/edge", git_branch)?,
            only: self.only.clone(),
        })
    }
}

/// What aports calls the branch of a release: `v3.22` is `3.22-stable`, `edge` is `master`.
fn git_branch(branch: &BranchName) -> String {
    match branch.name().strip_prefix('v') {
        Some(release) => format!("{release}-stable"),
        None => "master".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use palisade_tracker::sync::{GitRepository, Pace, SourceKind};

    use super::super::Configuration;
    use super::*;

    fn parse(rest: &str) -> anyhow::Result<AportsBranch> {
        let head = "[[source]]\nname = \"aports\"\ntype = \"aports\"\nevery = \"1h\"\n";
        let mut configuration = Configuration::parse(&format!("{head}{rest}"))?;
        match configuration.sources.remove(0).kind {
            SourceKind::Aports(aports) => Ok(aports),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_release_is_found_under_its_name_in_git() {
        let named = |branch: &str| {
            let written = format!("repository = \"/srv/aports\"\nbranch = \"alpine/{branch}\"\n");
            parse(&written).unwrap().branch.git_branch
        };
        assert_eq!(named("edge"), "master");
        assert_eq!(named("v3.22"), "3.22-stable");
    }

    #[test]
    fn everything_can_be_written() {
        let aports = parse(
            "repository = \"https://git.example/aports.git\"\nbranch = \"alpine/edge\"\n\
             git-branch = \"security\"\nonly = \"main\"\none-in = \"1h\"\nattempts = 2\n",
        )
        .unwrap();
        let address = "https://git.example/aports.git".parse().unwrap();
        assert_eq!(aports.branch.repository, GitRepository::Address(address));
        assert_eq!(aports.branch.git_branch, "security");
        assert_eq!(aports.only.as_deref(), Some("main"));
        assert_eq!(aports.branch.pace, Pace::OneIn(Duration::from_hours(1)));
        assert_eq!(aports.branch.attempts, 2);
    }

    #[test]
    fn a_branch_and_a_repository_are_needed() {
        let error = |rest: &str| format!("{:#}", parse(rest).unwrap_err());
        assert!(error("branch = \"alpine/edge\"\n").contains("it needs a repository"));
        assert!(error("repository = \"/a\"\n").contains("such as \"alpine/edge\""));
        let elsewhere = error("loader = [\"guix\"]\n");
        assert_eq!(
            elsewhere,
            "line 5: loader means nothing for type = \"aports\""
        );
        let typo = error("onyl = \"main\"\n");
        assert!(typo.starts_with("line 5: there is no key onyl; type = \"aports\" has"));
    }
}
