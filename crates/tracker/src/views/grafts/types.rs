//! What is told of grafts.

use palisade_model::{BranchName, VerdictStatus};
use palisade_store::{PackageId, SourcePackageId};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::dependents::Reach;
use super::super::{RevisionRef, Score, schema};

/// The grafts of a state of a branch, and those that ended before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct GraftsView {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The last revision in the state; ages are told as of it.
    pub revision: RevisionRef,
    /// Whether it is the branch's present state.
    pub is_present: bool,
    /// All of it in numbers.
    pub counts: GraftCounts,
    /// Whether the inventory tells what build systems use without being told to: compiler, C library.
    /// Without, who uses those is not counted.
    pub implicit_inputs: bool,
    /// The grafts that are there, by what declares them; those that do not suffice first.
    pub declarations: Vec<GraftDeclaration>,
    /// Grafts that ended, the latest first.
    pub ended: Vec<EndedGraft>,
}

/// Grafts in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct GraftCounts {
    /// Packages that have a graft.
    pub packages: usize,
    /// Declarations from which these come.
    pub declarations: usize,
    /// Findings that are fixed by grafts.
    pub fixes: usize,
    /// Findings that affect packages although they have a graft.
    pub leaves: usize,
    /// Packages whose graft does not fix everything.
    pub insufficient: usize,
    /// Grafts that ended.
    pub ended: usize,
    /// Packages that get at least one of the grafts through what they use.
    pub dependents: Option<usize>,
}

/// A graft as its packagers wrote it: several packages may inherit one.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct GraftDeclaration {
    /// The package that it is told by.
    pub name: String,
    /// The file in which it stands.
    pub file: Option<String>,
    /// The packages that have it.
    pub packages: Vec<GraftedPackage>,
    /// How many packages use any of these.
    pub reach: Option<Reach>,
}

/// A package that has a graft.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct GraftedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The source package from which it is built.
    pub source_package: String,
    /// Whether the distribution hides it from users.
    pub hidden: bool,
    /// Where it is defined.
    pub location: Option<String>,
    /// What users get in its place.
    pub graft: GraftContent,
    /// What it is for, as far as anything tells.
    pub purpose: GraftPurpose,
    /// The same in words.
    pub says: String,
    /// The revision with which this graft came.
    pub since: Option<RevisionRef>,
    /// Days from then to the revision of the state.
    pub age_days: Option<i64>,
    /// How it stands with ungrafting.
    pub ungrafting: Ungrafting,
    /// How many packages use it, and so get the graft.
    pub reach: Option<Reach>,
    /// Findings of the package that are fixed with the graft and would not be without.
    pub fixes: Vec<GraftFinding>,
    /// Findings that are open although there is a graft.
    pub leaves: Vec<GraftFinding>,
    /// Whether a vulnerability affects what users get, graft or not.
    pub insufficient: bool,
    #[serde(skip)]
    pub(crate) package: PackageId,
    #[serde(skip)]
    pub(crate) source: SourcePackageId,
}

/// What differs between a package and its graft.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct GraftContent {
    /// The graft's name, where it is not the package's.
    pub name: Option<String>,
    /// The graft's version.
    pub version: String,
    /// Versions of the grafts that the graft itself has.
    pub further: Vec<String>,
    /// Patches that it adds.
    pub patches_added: Vec<String>,
    /// Patches that it leaves out.
    pub patches_dropped: Vec<String>,
    /// Sources that it has in the place of others.
    pub sources_added: Vec<String>,
    /// Sources that the package has and it has not.
    pub sources_dropped: Vec<String>,
    /// Vulnerabilities that its patches name and those of the package do not.
    pub names: Vec<String>,
}

/// What a graft is for, as far as anything tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GraftPurpose {
    /// Its patches name vulnerabilities.
    Names,
    /// Its patches name none, but by the records it fixes some.
    Fixes,
    /// It adds patches that name none, and no record says that it fixes any.
    Patches,
    /// Its version rises; no record says that it fixes any.
    Version,
    /// Its version or its source differs otherwise.
    Source,
    /// Nothing that is told of both differs in version, sources or patches.
    Unseen,
}

/// How it stands with ungrafting: with building anew all that uses the package.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Ungrafting {
    /// The revision since which the package has had a graft without a break, this one or another.
    pub since: Option<RevisionRef>,
    /// Days from then to the revision of the state.
    pub waiting_days: Option<i64>,
    /// How the package itself stands to its graft.
    pub standing: Standing,
    /// The same in words.
    pub says: String,
}

/// How a package itself stands to its graft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its version is older.
    Behind,
    /// It has the graft's version, but not its patches or sources.
    Unpatched,
    /// It has the graft's version, patches and sources.
    Same,
    /// Its version is newer.
    Ahead,
    /// The versions cannot be compared.
    Incomparable,
}

/// A finding of a package with a graft.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct GraftFinding {
    /// The vulnerability's name.
    pub vulnerability: String,
    /// Its heading.
    pub title: Option<String>,
    /// The foremost base score.
    pub score: Option<Score>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
    /// The state that the package would be in without its graft; absent when nothing would be said of
    /// it.
    #[schema(value_type = Option<schema::Status>)]
    pub without_graft: Option<VerdictStatus>,
    /// The state of what users get.
    #[schema(value_type = schema::Status)]
    pub status: VerdictStatus,
}

/// A graft that is there no longer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EndedGraft {
    /// The source package.
    pub package: String,
    /// Its version when it had the graft last.
    pub version: String,
    /// The graft's version.
    pub graft_version: String,
    /// Vulnerabilities that its patches named.
    pub names: Vec<String>,
    /// The revision with which it came.
    pub since: Option<RevisionRef>,
    /// The revision with which it went.
    pub until: Option<RevisionRef>,
    /// Days between the two.
    pub days: Option<i64>,
    /// How it ended.
    pub how: GraftEnd,
    /// The same in words.
    pub says: String,
}

/// How a graft ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GraftEnd {
    /// The package itself has what the graft had.
    Ungrafted,
    /// The package has another version, of which no record says whether it has what the graft had.
    Unproven,
    /// Users lost what it gave them.
    Lost,
    /// Another graft took its place.
    Replaced,
    /// The package is gone.
    Removed,
}

/// What the graft of a package does to a finding of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct GraftRole {
    /// The graft's version.
    pub version: String,
    /// The revision with which it came.
    pub since: Option<RevisionRef>,
    /// Whether it fixes it; if not, it stays open although there is a graft.
    pub fixes: bool,
}

impl GraftsView {
    /// All packages that have a graft.
    pub fn packages(&self) -> impl Iterator<Item = &GraftedPackage> {
        self.declarations.iter().flat_map(|it| &it.packages)
    }
}

impl GraftedPackage {
    /// What the graft does to the finding of a vulnerability, if anything.
    pub(crate) fn role(&self, vulnerability: &str) -> Option<GraftRole> {
        let has = |list: &[GraftFinding]| list.iter().any(|it| it.vulnerability == vulnerability);
        let fixes = has(&self.fixes);
        (fixes || has(&self.leaves)).then(|| GraftRole {
            version: self.graft.version.clone(),
            since: self.since.clone(),
            fixes,
        })
    }
}

impl GraftEnd {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ungrafted => "ungrafted",
            Self::Unproven => "gone, unproven",
            Self::Lost => "lost",
            Self::Replaced => "replaced",
            Self::Removed => "package removed",
        }
    }
}
