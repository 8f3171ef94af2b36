//! Whether a branch's distribution has been heard: without a feed that speaks of its own packages, only
//! upstream's records are compared, which know nothing of the distribution's fixes.

use palisade_matching::key;
use palisade_model::BranchName;

use super::Views;
use crate::TrackerError;
use crate::encoding::key_hash;

/// Distributions that publish no records of their own in any format that is read.
const SILENT: [&str; 3] = ["application", "guix", "nixpkgs"];

/// Feeds that speak of whichever distribution a record names.
const OF_MANY: [&str; 3] = ["csaf", "openvex", "osv"];

impl Views {
    /// Whether a distribution that publishes records of its own has none stored that speak of this
    /// branch, as far as feeds tell apart branches. `false` for a branch that is not there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn is_unheard(&self, branch: &BranchName) -> Result<bool, TrackerError> {
        let mut reading = self.reading().await?;
        let distribution = branch.distribution();
        let Some(id) = reading.places.id(branch) else {
            return Ok(false);
        };
        if SILENT.contains(&distribution.as_str()) {
            return Ok(false);
        }
        let feeds = reading.session.feed_scopes().await?;
        if feeds
            .iter()
            .any(|(kind, scope)| speaks(kind, scope, branch))
        {
            return Ok(false);
        }
        let names = reading.session.names_on_branch(id).await?;
        let key = |name: &String| key_hash(&key::of_distribution_package(distribution, name));
        let keys: Vec<i64> = names.iter().map(key).collect();
        Ok(!reading.session.speaks_under(&OF_MANY, &keys).await?)
    }
}

/// Whether a scope is a branch, or a repository of it.
pub(super) fn is_of(scope: &str, branch: &BranchName) -> bool {
    let rest = scope.strip_prefix(&branch.to_string());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a feed of one distribution speaks of a branch.
fn speaks(kind: &str, scope: &str, branch: &BranchName) -> bool {
    let distribution = branch.distribution().as_str();
    match kind {
        "debian_tracker" => distribution == "debian",
        "avg" => distribution == "archlinux",
        "wolfi" => scope == distribution,
        // A suite, or what holds for all of them.
        "debsecan" => scope == branch.to_string() || scope == distribution,
        "secdb" | "apkbuild" | "rejections" => is_of(scope, branch),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_speaks_of_the_branches_that_it_names() {
        let of =
            |kind: &str, scope: &str, branch: &str| speaks(kind, scope, &branch.parse().unwrap());
        assert!(of("secdb", "alpine/v3.2/main", "alpine/v3.2"));
        assert!(!of("secdb", "alpine/v3.22/main", "alpine/v3.2"));
        assert!(of("debian_tracker", "", "debian/12"));
        assert!(!of("debian_tracker", "", "ubuntu/24.04"));
        assert!(of("debsecan", "debian/12", "debian/12"));
        assert!(!of("debsecan", "debian/12", "debian/13"));
        assert!(!of("nvd", "", "debian/12"));
    }
}
