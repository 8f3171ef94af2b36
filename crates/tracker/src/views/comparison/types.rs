//! What a comparison answers.

use palisade_model::{BranchName, Confidence, Level, VerdictStatus};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::dependents::Reach;
use super::super::listing::{Counts, LevelCounts};
use super::super::{RevisionRef, Score, schema};
use super::difference::DifferenceView;

/// What two states of branches differ in.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ComparisonView {
    /// The state that is compared.
    pub from: SideView,
    /// The state with which it is compared.
    pub to: SideView,
    /// What comes of it, in numbers.
    pub net: NetView,
    /// Mitigations that are lost: look at these first.
    pub lost: Vec<MitigationView>,
    /// Mitigations that went, of which nobody says whether the new version has the fix.
    pub unproven: Vec<MitigationView>,
    /// Findings that are open in the second state only, the gravest first.
    pub introduced: Vec<FindingChangeView>,
    /// Findings that are open in the first state only.
    pub fixed: Vec<FindingChangeView>,
    /// Findings that are open in both, but not in the same way.
    pub changed: Vec<FindingChangeView>,
    /// Findings of changed packages that are open in both.
    pub carried_over: Vec<FindingChangeView>,
    /// Packages, in numbers.
    pub packages: PackageCounts,
    /// Packages that only the second state has.
    pub packages_added: Vec<LonePackageView>,
    /// Packages that only the first state has.
    pub packages_removed: Vec<LonePackageView>,
    /// Packages that changed; those that changed at the same version first.
    pub packages_changed: Vec<PackageChangeView>,
    /// How many of each list there are at the most.
    pub limit: usize,
}

/// A state of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SideView {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The last revision in it.
    pub revision: RevisionRef,
    /// Whether it is the branch's present state.
    pub is_present: bool,
    /// What stands in the place of the branch's state without being stored: a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<String>,
    /// How it is named in questions.
    pub name: String,
}

/// What comes of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct NetView {
    /// Findings that it introduces.
    pub introduced: Counts,
    /// Findings that it fixes.
    pub fixed: Counts,
    /// Findings that stay open, but not in the same way.
    pub changed: usize,
    /// Findings of changed packages that stay as they are.
    pub carried_over: usize,
    /// Mitigations that it loses.
    pub lost: usize,
    /// Mitigations that go, of which nobody says whether the new version has the fix.
    pub unproven: usize,
}

/// How a finding came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its package is new.
    New,
    /// A patch or a graft is no longer there.
    MitigationLost,
    /// Its package has another version.
    Version,
    /// Its package is otherwise made, or known by something else.
    Content,
    /// It is on another branch, of which the records say something else.
    Branch,
}

/// How a finding went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Another version.
    Upgrade,
    /// A patch that names the vulnerability.
    Patch,
    /// A graft.
    Graft,
    /// The packager says that it does not affect the package.
    Hint,
    /// The package is gone.
    Removal,
    /// The package is otherwise made, or known by something else.
    Content,
    /// It is on another branch, of which the records say something else.
    Branch,
}

/// A finding that is not the same in both states.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FindingChangeView {
    /// The vulnerability's name.
    pub vulnerability: String,
    /// Its heading.
    pub title: Option<String>,
    /// The source package.
    pub package: String,
    /// Its version in the first state.
    pub from_version: Option<String>,
    /// Its version in the second state.
    pub to_version: Option<String>,
    /// What is found in the first state; absent when nothing speaks of it.
    pub from: Option<FoundView>,
    /// What is found in the second state; absent when nothing speaks of it.
    pub to: Option<FoundView>,
    /// How it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// How it went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// The foremost base score.
    pub score: Option<Score>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
    /// The probability of exploitation within 30 days.
    pub epss: Option<f64>,
    /// In words what happened.
    pub says: String,
}

/// What is found of a vulnerability in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FoundView {
    /// The state.
    #[schema(value_type = schema::Status)]
    pub status: VerdictStatus,
    /// How sure it is.
    #[schema(value_type = schema::Confidence)]
    pub confidence: Confidence,
    /// The first version that has the fix, as its source writes it.
    pub fixed_in: Option<String>,
}

/// A patch or a graft that is gone.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MitigationView {
    /// The source package.
    pub package: String,
    /// Its version in the first state.
    pub from_version: String,
    /// Its version in the second state.
    pub to_version: String,
    /// `patch` or `graft`.
    pub kind: &'static str,
    /// The patch's name, or the version that users got by the graft.
    pub name: String,
    /// The vulnerability against which it was, where anything names one.
    pub vulnerability: Option<String>,
    /// The foremost base score of that.
    pub score: Option<Score>,
    /// In words why it counts as lost, or why nobody can tell.
    pub says: String,
}

/// Packages in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackageCounts {
    /// Names that only the second state has.
    pub new_names: usize,
    /// Names that only the first state has.
    pub gone_names: usize,
    /// Names that are in both states, but not in the same versions.
    pub names_with_other_versions: usize,
    /// Packages that only the second state has.
    pub added: usize,
    /// Packages that only the first state has.
    pub removed: usize,
    /// Packages that changed.
    pub changed: usize,
    /// Packages that changed at the same version.
    pub changed_at_same_version: usize,
    /// Packages that are the same, but for the lines on which they are defined or the repository.
    pub moved: usize,
}

/// A package that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LonePackageView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The source package from which it is built.
    pub source_package: String,
    /// Its repository and architecture, where the branch has several.
    pub repository: Option<String>,
    /// Whether another package of its name is in the other state.
    pub name_stays: bool,
    /// What it is, in a line.
    pub synopsis: Option<String>,
    /// The project's home page.
    pub homepage: Option<String>,
    /// Licences, in the distribution's words.
    pub licenses: Vec<String>,
    /// Where it is defined.
    pub location: Option<String>,
}

/// A package that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackageChangeView {
    /// Its name.
    pub name: String,
    /// The source package from which it is built now.
    pub source_package: String,
    /// Its version in the first state.
    pub from_version: String,
    /// Its version in the second state.
    pub to_version: String,
    /// Its repository and architecture in the second state, where the branch has several.
    pub repository: Option<String>,
    /// What differs, field by field.
    pub differences: Vec<DifferenceView>,
    /// How many packages use it and so get its graft, where that is new or another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
}

impl ComparisonView {
    /// Whether the change introduces a finding of a level or worse, or one that is exploited, or
    /// loses a mitigation. Without a level, any finding that affects a package counts.
    pub fn is_worse(&self, least: Option<Level>) -> bool {
        let counts = &self.net.introduced;
        let LevelCounts {
            critical,
            high,
            medium,
            low,
            unrated: _,
        } = counts.levels;
        let graver = match least {
            None => counts.affected,
            Some(Level::None | Level::Low) => critical + high + medium + low,
            Some(Level::Medium) => critical + high + medium,
            Some(Level::High) => critical + high,
            Some(Level::Critical) => critical,
        };
        graver > 0 || counts.exploited > 0 || self.net.lost > 0
    }
}

impl NetView {
    /// What the change loses, in words, if anything.
    pub fn loses(&self) -> Option<String> {
        (self.lost > 0).then(|| counted(self.lost, "mitigation"))
    }

    /// What it introduces, in words.
    pub fn introduces(&self) -> String {
        effect(&self.introduced)
    }

    /// What it fixes, in words.
    pub fn fixes(&self) -> String {
        effect(&self.fixed)
    }

    /// What it leaves open in packages that it changes, in words.
    pub fn leaves(&self) -> String {
        counted(self.carried_over + self.changed, "finding")
    }
}

fn effect(counts: &Counts) -> String {
    let named = counts.levels.named().into_iter();
    let named = named.filter(|(_, count)| *count > 0);
    let mut parts: Vec<String> = named
        .map(|(level, count)| format!("{count} {level}"))
        .collect();
    if counts.exploited > 0 {
        parts.push(format!("{} known to be exploited", counts.exploited));
    }
    let mut words = vec![counted(counts.affected, "finding")];
    if !parts.is_empty() {
        words.push(format!("({})", parts.join(", ")));
    }
    if counts.under_investigation > 0 {
        words.push(format!("and {} to look at", counts.under_investigation));
    }
    words.join(" ")
}

fn counted(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}"),
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}

impl Cause {
    /// In words, behind "by".
    pub fn words(self) -> &'static str {
        match self {
            Self::New => "a new package",
            Self::MitigationLost => "a lost mitigation",
            Self::Version => "another version",
            Self::Content => "other content",
            Self::Branch => "other records",
        }
    }
}

impl Remedy {
    /// In words, behind "by".
    pub fn words(self) -> &'static str {
        match self {
            Self::Upgrade => "an upgrade",
            Self::Patch => "a patch",
            Self::Graft => "a graft",
            Self::Hint => "the packager's word",
            Self::Removal => "removal",
            Self::Content => "other content",
            Self::Branch => "other records",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_a_change_is_told_in_words() {
        let mut net = NetView::default();
        assert_eq!(net.introduces(), "no finding");
        assert_eq!(net.loses(), None);
        net.introduced.affected = 2;
        (net.introduced.levels.high, net.introduced.exploited) = (2, 1);
        net.introduced.under_investigation = 3;
        (net.lost, net.carried_over) = (1, 1);
        assert_eq!(
            net.introduces(),
            "2 findings (2 high, 1 known to be exploited) and 3 to look at"
        );
        assert_eq!(net.loses().as_deref(), Some("1 mitigation"));
        assert_eq!(net.leaves(), "1 finding");
    }
}
