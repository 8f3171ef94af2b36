//! What the report of a month tells.

use palisade_model::{BranchName, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::numbers::OpenNumbers;
use crate::views::comparison::{Cause, Remedy};
use crate::views::{RevisionRef, Score, Unknown};

/// What is answered when a report is asked for.
#[derive(Debug)]
pub enum ReportAnswer {
    /// The report.
    Found(Box<ReportView>),
    /// Why there is none.
    Unknown(Unknown),
}

/// The report of a month.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReportView {
    /// The month: `2026-10`.
    pub month: String,
    /// In words: `October 2026`.
    pub title: String,
    /// Up to when this tells: the end of the month, or now.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Whether the month is over.
    pub is_over: bool,
    /// How many of each list there are at the most.
    pub limit: usize,
    /// Each branch.
    pub branches: Vec<BranchReport>,
}

/// The month of a branch.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BranchReport {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The first revision that is stored of it, if there is one.
    pub stored_since: Option<RevisionRef>,
    /// Revisions of the month that are stored, of all repositories.
    pub revisions: usize,
    /// When the last revision before the month was, if one is stored: what was done since then is told
    /// in this month.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub stored_before: Option<Timestamp>,
    /// What was open when the month began; absent when nothing was stored yet.
    pub before: Option<OpenNumbers>,
    /// What was open at its end; absent when nothing was stored yet.
    pub after: Option<OpenNumbers>,
    /// What the first stored revision of a repository brought along in this month.
    pub found: OpenNumbers,
    /// What was mitigated.
    pub mitigated: OpenNumbers,
    /// That, by what ended it.
    pub by_remedy: Vec<RemedyCount>,
    /// The packages in which something was mitigated, the gravest first.
    pub mitigations: Vec<MitigatedView>,
    /// What is no longer found without being mitigated: nobody can tell yet of the version that
    /// followed, or the package is otherwise made, or known by something else.
    pub otherwise: usize,
    /// What is new, in numbers.
    pub news: NewsCounts,
    /// What is new and was not mitigated within the month, what is exploited first, then the gravest.
    pub new: Vec<NewView>,
    /// What stays open.
    pub stays: StaysView,
    /// Who maintains the packages in which something was mitigated, by how much that was. Empty where
    /// the distribution names no maintainers.
    pub people: Vec<PersonView>,
    /// The month before, in numbers, if anything was stored then.
    pub month_before: Option<MonthNumbers>,
}

/// How many one way of mitigating ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct RemedyCount {
    /// The way.
    pub remedy: Remedy,
    /// How many.
    pub all: usize,
}

/// What was mitigated in a package at once.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MitigatedView {
    /// The source package.
    pub package: String,
    /// The last affected version.
    pub from_version: String,
    /// The version that followed.
    pub to_version: Option<String>,
    /// What mitigated it.
    pub remedy: Remedy,
    /// The revision that did.
    pub revision: Option<RevisionRef>,
    /// In numbers.
    pub numbers: OpenNumbers,
    /// The vulnerabilities, the gravest first; no more than 200.
    pub vulnerabilities: Vec<String>,
    /// The score of the gravest.
    pub score: Option<Score>,
    /// The median of the days that they were known, where that is known.
    pub median_days: Option<f64>,
    /// Who maintains the package.
    pub maintainer: Option<String>,
}

/// What is new, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct NewsCounts {
    /// All of it.
    pub all: OpenNumbers,
    /// What was published in the month.
    pub published: usize,
    /// What came with packages, or with versions of them.
    pub came: usize,
    /// What came because a mitigation was lost.
    pub lost: usize,
    /// What began in the month and was mitigated in it.
    pub mended_at_once: usize,
    /// What began in the month and was open at its end.
    pub open: usize,
}

/// What is new in a package.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NewView {
    /// The vulnerability's name.
    pub vulnerability: String,
    /// Its heading.
    pub title: Option<String>,
    /// The source package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The foremost base score.
    pub score: Option<Score>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
    /// The first version that has the fix.
    pub fixed_in: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// How it came, where it was not published while the version was there.
    pub cause: Option<Cause>,
}

/// What stays open from the beginning to the end of a month.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct StaysView {
    /// All of it.
    pub all: OpenNumbers,
    /// What has been known for more than 90 days.
    pub old: OpenNumbers,
    /// Packages with what is old, the gravest first.
    pub packages: Vec<OldView>,
}

/// What has long been open in a package.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OldView {
    /// The source package.
    pub package: String,
    /// The version that is affected.
    pub version: String,
    /// In numbers.
    pub numbers: OpenNumbers,
    /// The gravest vulnerability.
    pub gravest: String,
    /// Its score.
    pub score: Option<Score>,
    /// A version that fixes it.
    pub fixed_in: Option<String>,
    /// Days for which the oldest has been known here.
    pub days: i64,
    /// Whether it may be more: it was there when the first revision was stored.
    pub is_longer: bool,
    /// Who maintains the package.
    pub maintainer: Option<String>,
}

/// Somebody who maintains packages in which something was mitigated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonView {
    /// As the inventory names them; nobody where a package has no maintainer.
    pub name: Option<String>,
    /// What was mitigated in their packages.
    pub mitigated: usize,
    /// These packages.
    pub packages: Vec<String>,
}

/// A month in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MonthNumbers {
    /// The month: `2026-09`.
    pub month: String,
    /// Revisions of it that are stored, of all repositories.
    pub revisions: usize,
    /// What was mitigated.
    pub mitigated: usize,
    /// What was new.
    pub new: usize,
    /// What was open at its end.
    pub open: usize,
}
