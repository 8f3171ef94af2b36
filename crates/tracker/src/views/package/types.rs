//! What is told of a package, and what may be asked.

use palisade_model::{BranchName, Distribution, Evidence, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::relatives::RelativeView;
use crate::views::{EpssDay, PackagePlace, Reach, RevisionRef, Score, schema};

/// Which findings of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Affected or under investigation somewhere.
    #[default]
    Open,
    /// Fixed everywhere.
    Fixed,
    /// Not affected anywhere.
    NotAffected,
}

/// A part of the findings of a package.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PackageQuery {
    /// Which.
    pub section: Section,
    /// Only on this branch.
    pub branch: Option<BranchName>,
    /// How many at the most.
    pub limit: usize,
    /// How many to leave out before.
    pub offset: usize,
}

/// What is known of a package.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PackageView {
    /// The distribution.
    #[schema(value_type = String)]
    pub distribution: Distribution,
    /// The source package's name.
    pub name: String,
    /// Its versions on the branches now.
    pub versions: Vec<PackageVersion>,
    /// What it is made of, by the entry that speaks for its newest version.
    pub details: Option<PackageDetails>,
    /// How many vulnerabilities are in each section.
    pub sections: SectionCounts,
    /// Which section follows.
    pub section: Section,
    /// How many are left out before the first.
    pub offset: usize,
    /// Of which day the EPSS scores are, if there are any.
    pub epss: Option<EpssDay>,
    /// The vulnerabilities of the section.
    pub findings: Vec<PackageFinding>,
    /// The same upstream as a package of another name or distribution.
    pub relatives: Vec<RelativeView>,
    /// When which version was on which branch, the latest first.
    pub history: Vec<HistoryItem>,
}

/// A version of the package on a branch now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PackageVersion {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The version.
    pub version: String,
    /// The revision with which it came.
    pub since: Option<RevisionRef>,
    /// What users get in its place.
    pub graft: Option<GraftView>,
    /// Patches that are applied to it.
    pub patches: Vec<PatchView>,
    /// Vulnerabilities that affect it.
    pub affected: usize,
    /// Of these, how many have a fix that is known.
    pub fixable: usize,
    /// The latest of the versions in which those were fixed.
    pub last_fix: Option<String>,
    /// Vulnerabilities of which nobody can tell yet.
    pub under_investigation: usize,
    /// What is built from it.
    pub built: Vec<BuiltPackage>,
}

/// What users get in place of a package.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct GraftView {
    /// The replacement's version.
    pub version: String,
    /// The patches that are applied to it.
    pub patches: Vec<PatchView>,
    /// The revision with which it came.
    pub since: Option<RevisionRef>,
    /// What it is for, in words, as far as anything tells.
    pub says: String,
    /// Vulnerabilities that its patches name and those of the package do not.
    pub names: Vec<String>,
    /// Vulnerabilities that it fixes.
    pub fixes: Vec<String>,
    /// Vulnerabilities that affect what users get although there is a graft.
    pub leaves: Vec<String>,
    /// How many packages use the package, and so get the graft; absent when nobody counted.
    pub reach: Option<Reach>,
}

/// A patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PatchView {
    /// Its file's name.
    pub name: String,
    /// Vulnerabilities that its text names.
    pub vulnerabilities: Vec<String>,
}

/// A package built from the source package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BuiltPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The repository's name.
    pub repository: String,
    /// The repository's architecture.
    pub architecture: String,
}

/// What a package is made of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, ToSchema)]
pub struct PackageDetails {
    /// The version of which this is told.
    pub version: String,
    /// What it is, in a line.
    pub synopsis: Option<String>,
    /// The project's home page, as written.
    pub homepage: Option<String>,
    /// The maintainer.
    pub maintainer: Option<String>,
    /// Where it is defined.
    pub location: Option<String>,
    /// Licences, in the distribution's words.
    pub licenses: Vec<String>,
    /// How it is built.
    pub build_system: Option<String>,
    /// Outputs into which the build is divided.
    pub outputs: Vec<String>,
    /// Where its sources come from.
    pub sources: Vec<SourceView>,
    /// The commit of the packaging.
    pub commit: Option<String>,
    /// When it was built.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub built: Option<Timestamp>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceView {
    /// Addresses, as written.
    pub urls: Vec<String>,
    /// The tag, commit or revision of a version-controlled source.
    pub reference: Option<String>,
    /// The file's name.
    pub file_name: Option<String>,
    /// Its hash: `sha256:…`.
    pub hash: Option<String>,
}

/// Numbers of vulnerabilities by section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct SectionCounts {
    /// Affected or under investigation somewhere.
    pub open: i64,
    /// Fixed everywhere.
    pub fixed: i64,
    /// Not affected anywhere.
    pub not_affected: i64,
}

/// A vulnerability of the package.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PackageFinding {
    /// The vulnerability's name.
    pub vulnerability: String,
    /// Its heading.
    pub title: Option<String>,
    /// Its foremost base score.
    pub score: Option<Score>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
    /// The probability of exploitation within 30 days.
    pub epss: Option<f64>,
    /// Its state on each branch, the gravest first.
    pub places: Vec<PackagePlace>,
    /// Why the first of those is so.
    #[schema(value_type = Option<Vec<schema::Step>>)]
    pub evidence: Option<Evidence>,
}

/// A version on a branch for some time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HistoryItem {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The version.
    pub version: String,
    /// The revision with which it came.
    pub since: Option<RevisionRef>,
    /// The revision with which it went.
    pub until: Option<RevisionRef>,
}
