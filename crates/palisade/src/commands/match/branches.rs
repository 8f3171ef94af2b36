//! Which of the branches on the command line each inventory is of, and each feed speaks of.
//!
//! What an inventory says of itself counts; a branch is for those that do not say theirs. It is
//! never for an inventory of a distribution that cannot be the branch's.

use anyhow::{Context, bail};
use palisade_formats::feed::FeedKind;
use palisade_model::{BranchName, Distribution, InventoryHead};

/// Where an inventory is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) distribution: Distribution,
    pub(super) branch: Option<String>,
}

/// What an inventory is called, and what it says of itself.
pub(super) type Said<'a> = (String, &'a InventoryHead);

/// Where each inventory is from.
///
/// # Errors
/// When one does not say its distribution, several branches may be its own, or a branch is of no
/// use to any inventory or feed.
pub(super) fn origins(
    inventories: &[Said<'_>],
    feeds: &[FeedKind],
    given: &[BranchName],
) -> anyhow::Result<Vec<Origin>> {
    refuse_two_of_one_distribution(given)?;
    let own: Vec<Option<Distribution>> = inventories
        .iter()
        .map(|(_, head)| head.distribution.as_deref().map(str::parse).transpose())
        .collect::<Result<_, _>>()?;
    // Where an inventory of Ubuntu stands beside Debian's, Ubuntu's branch is not Debian's.
    let free: Vec<&BranchName> = given
        .iter()
        .filter(|branch| !own.iter().flatten().any(|own| own == branch.distribution()))
        .collect();
    let origins = inventories.iter().zip(own).map(|((name, head), own)| {
        origin(head, own, given, &free).with_context(|| format!("match {name}"))
    });
    let origins = origins.collect::<anyhow::Result<Vec<Origin>>>()?;
    let is_used = |branch: &&BranchName| {
        let is_fed = |kind: &FeedKind| of_feed(*kind, given).is_ok_and(|it| it == Some(*branch));
        origins.iter().any(|origin| origin.is(branch)) || feeds.iter().any(is_fed)
    };
    match given.iter().find(|branch| !is_used(branch)) {
        Some(branch) => bail!("{}", useless(branch, inventories, &origins)),
        None => Ok(origins),
    }
}

/// The branch of which a feed speaks, if it does not say so itself.
///
/// # Errors
/// When several may be meant.
pub(super) fn of_feed(kind: FeedKind, given: &[BranchName]) -> anyhow::Result<Option<&BranchName>> {
    match kind {
        FeedKind::Secdb | FeedKind::Apkbuild | FeedKind::Rejections => {}
        FeedKind::Debsecan => return Ok(of_distribution(given, &Distribution::debian())),
        // What does not say otherwise is Wolfi's.
        FeedKind::Wolfi => {
            let is_of = |name| move |it: &&BranchName| it.distribution().as_str() == name;
            let of_wolfi = given.iter().any(|branch| is_of("wolfi")(&branch));
            return Ok(given.iter().find(is_of("chainguard")).filter(|_| !of_wolfi));
        }
        _ => return Ok(None),
    }
    let alpine = Distribution::alpine();
    match of_distribution(given, &alpine) {
        Some(branch) => Ok(Some(branch)),
        None => relative(given, Some(&alpine)).with_context(|| format!("match {}", kind.name())),
    }
}

fn refuse_two_of_one_distribution(given: &[BranchName]) -> anyhow::Result<()> {
    for (place, branch) in given.iter().enumerate() {
        let distribution = branch.distribution();
        if let Some(other) = of_distribution(&given[..place], distribution) {
            bail!(
                "--branch names two branches of {distribution}: {other} and {branch}\n\
                 hint: match the inventories of each by themselves"
            );
        }
    }
    Ok(())
}

fn of_distribution<'a>(
    given: &'a [BranchName],
    distribution: &Distribution,
) -> Option<&'a BranchName> {
    given
        .iter()
        .find(|branch| branch.distribution() == distribution)
}

/// The one branch of another distribution that an inventory may be of which says it is of `own`.
fn relative<'a>(
    given: impl IntoIterator<Item = &'a BranchName>,
    own: Option<&Distribution>,
) -> anyhow::Result<Option<&'a BranchName>> {
    let may_be = |branch: &&BranchName| own.is_none_or(|own| is_like(own, branch.distribution()));
    let found: Vec<&BranchName> = given.into_iter().filter(may_be).collect();
    match found[..] {
        [] => Ok(None),
        [branch] => Ok(Some(branch)),
        [one, other, ..] => bail!(
            "it may be of {one} or of {other}\nhint: match the inventories of each by themselves"
        ),
    }
}

/// Whether what says that it is of `own` may be of `other`: Wolfi's indexes are taken for Alpine's,
/// the status of what derives from Debian for Debian's, and any database of pacman for Arch's. All
/// else is known, not presumed.
fn is_like(own: &Distribution, other: &Distribution) -> bool {
    let presumed = ["alpine", "archlinux", "debian"].contains(&own.as_str());
    presumed && own.scheme() == other.scheme()
}

fn origin(
    head: &InventoryHead,
    own: Option<Distribution>,
    given: &[BranchName],
    free: &[&BranchName],
) -> anyhow::Result<Origin> {
    let said = head.branch.clone();
    if let Some(branch) = own.as_ref().and_then(|own| of_distribution(given, own)) {
        let given = Origin::of(branch);
        return Ok(Origin {
            branch: said.or(given.branch),
            ..given
        });
    }
    match (relative(free.iter().copied(), own.as_ref())?, own) {
        (Some(branch), _) => Ok(Origin::of(branch)),
        (None, Some(distribution)) => Ok(Origin {
            distribution,
            branch: said,
        }),
        (None, None) => {
            bail!("it does not say of which distribution it is\nhint: tell with --branch")
        }
    }
}

impl Origin {
    fn of(branch: &BranchName) -> Self {
        Self {
            distribution: branch.distribution().clone(),
            branch: Some(branch.name().to_owned()),
        }
    }

    fn is(&self, branch: &BranchName) -> bool {
        self.distribution == *branch.distribution() && self.branch.as_deref() == Some(branch.name())
    }

    fn words(&self) -> String {
        match &self.branch {
            Some(branch) => format!("{}/{branch}", self.distribution),
            None => self.distribution.to_string(),
        }
    }
}

fn useless(branch: &BranchName, inventories: &[Said<'_>], origins: &[Origin]) -> String {
    let known = inventories.iter().zip(origins);
    let known: Vec<String> = known
        .map(|((name, _), origin)| format!("{name} is of {}", origin.words()))
        .collect();
    format!(
        "--branch {branch} is for none of the inventories: {}\n\
         hint: leave it out, or give that of an inventory that does not say its own",
        known.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where inventories are from that say `DISTRIBUTION` or `DISTRIBUTION/BRANCH`, or why it
    /// cannot be told.
    fn told(inventories: &[&str], feeds: &[FeedKind], given: &[&str]) -> String {
        let heads: Vec<InventoryHead> = inventories.iter().map(|said| head(said)).collect();
        let said: Vec<Said<'_>> = inventories
            .iter()
            .map(|name| (*name).to_owned())
            .zip(&heads)
            .collect();
        let given: Vec<BranchName> = given.iter().map(|name| name.parse().unwrap()).collect();
        match origins(&said, feeds, &given) {
            Ok(origins) => {
                let words: Vec<String> = origins.iter().map(Origin::words).collect();
                words.join(" ")
            }
            Err(error) => format!("{error:#}"),
        }
    }

    fn head(said: &str) -> InventoryHead {
        let (distribution, branch) = match said.split_once('/') {
            Some((distribution, branch)) => (distribution, Some(branch.to_owned())),
            None => (said, None),
        };
        InventoryHead {
            distribution: (distribution != "?").then(|| distribution.to_owned()),
            branch,
            ..InventoryHead::default()
        }
    }

    #[test]
    fn a_branch_is_for_inventories_of_its_distribution_that_do_not_say_theirs() {
        let all = ["alpine", "alpine/edge", "guix", "debian/12"];
        for (given, expected) in [
            (&[][..], "alpine alpine/edge guix debian/12"),
            (&["alpine/v3.17"], "alpine/v3.17 alpine/edge guix debian/12"),
            (
                &["guix/master", "alpine/v3.17"],
                "alpine/v3.17 alpine/edge guix/master debian/12",
            ),
        ] {
            assert_eq!(told(&all, &[], given), expected);
        }
    }

    #[test]
    fn a_relative_that_its_format_cannot_tell_takes_its_branch() {
        assert_eq!(told(&["alpine"], &[], &["wolfi/os"]), "wolfi/os");
        assert_eq!(told(&["debian/12"], &[], &["devuan/5"]), "devuan/5");
        assert_eq!(told(&["?"], &[], &["guix/master"]), "guix/master");
    }

    #[test]
    fn ubuntus_branch_is_not_debians_where_both_are_there() {
        assert_eq!(
            told(&["debian/12", "ubuntu"], &[], &["ubuntu/24.04"]),
            "debian/12 ubuntu/24.04"
        );
    }

    #[test]
    fn what_cannot_be_told_is_an_error() {
        for (inventories, given, expected) in [
            (
                &["alpine"][..],
                &["guix/master"][..],
                "--branch guix/master is for none",
            ),
            (
                &["guix"],
                &["kali/rolling"],
                "guix is of guix\nhint: leave it out",
            ),
            (&["ubuntu"], &["debian/12"], "ubuntu is of ubuntu\n"),
            (
                &["alpine/edge"],
                &["alpine/v3.17"],
                "alpine/edge is of alpine/edge\n",
            ),
            (
                &["alpine"],
                &["alpine/edge", "alpine/v3.17"],
                "alpine: alpine/edge and alpine/v3.17",
            ),
            (
                &["alpine"],
                &["wolfi/os", "postmarketos/edge"],
                "match alpine: it may be of wolfi/os or",
            ),
            (
                &["?"],
                &[],
                "match ?: it does not say of which distribution",
            ),
        ] {
            let said = told(inventories, &[], given);
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn a_branch_may_be_for_a_feed_of_alpines_alone() {
        let branches: Vec<BranchName> = vec!["alpine/v3.17".parse().unwrap()];
        assert_eq!(
            told(&["guix"], &[FeedKind::Apkbuild], &["alpine/v3.17"]),
            "guix"
        );
        assert_eq!(
            of_feed(FeedKind::Secdb, &branches).unwrap(),
            branches.first()
        );
        assert_eq!(of_feed(FeedKind::Osv, &branches).unwrap(), None);
        let debian: Vec<BranchName> = vec!["debian/12".parse().unwrap()];
        assert_eq!(of_feed(FeedKind::Secdb, &debian).unwrap(), None);
        assert_eq!(
            of_feed(FeedKind::Debsecan, &debian).unwrap(),
            debian.first()
        );
    }

    #[test]
    fn advisories_are_wolfis_unless_only_chainguard_is_there() {
        let of = |names: &[&str]| {
            let given: Vec<BranchName> = names.iter().map(|name| name.parse().unwrap()).collect();
            let branch = of_feed(FeedKind::Wolfi, &given).unwrap();
            branch.map(ToString::to_string)
        };
        assert_eq!(of(&["wolfi/os", "chainguard/os"]), None);
        assert_eq!(of(&["chainguard/os"]).as_deref(), Some("chainguard/os"));
        assert_eq!(of(&["alpine/edge"]), None);
    }
}
