//! The small things of which answers are made.

use palisade_model::{
    BranchName, Confidence, CvssVersion, Evidence, Level, Timestamp, VerdictStatus,
};
use palisade_store::{RevisionPoint, SourcePackageId};
use serde::Serialize;
use utoipa::ToSchema;

use super::ratings::Scored;
use super::{GraftRole, schema};

/// Microseconds of a day.
pub(super) const DAY: i64 = 24 * 3600 * 1_000_000;

/// Microseconds of a week.
pub(super) const WEEK: i64 = 7 * DAY;

/// The first Monday after the epoch, which was a Thursday: weeks are counted from it.
pub(super) const MONDAY: i64 = 4 * DAY;

/// A base score with the party that gave it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Score {
    /// 0.0 to 10.0.
    pub score: f64,
    /// The version of CVSS.
    pub version: String,
    /// Who gave it.
    pub scorer: String,
    /// Its level on the scale of that version.
    #[schema(value_type = schema::Level)]
    pub level: Level,
}

/// A revision by name and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RevisionRef {
    /// Its name.
    pub name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// Where something began with it: whether it is the first that is stored, so that it may have
    /// been so before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_first: bool,
}

/// A finding in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FindingItem {
    /// The vulnerability's name.
    pub vulnerability: String,
    /// Its heading.
    pub title: Option<String>,
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The source package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The repositories that hold it, in words, where another source package of the branch has its
    /// name and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Its row.
    #[serde(skip)]
    pub(crate) source: SourcePackageId,
    /// The state.
    #[schema(value_type = schema::Status)]
    pub status: VerdictStatus,
    /// How sure it is.
    #[schema(value_type = schema::Confidence)]
    pub confidence: Confidence,
    /// The first version that has the fix, as its source writes it.
    pub fixed_in: Option<String>,
    /// The foremost base score, or that of the party that was asked for.
    pub score: Option<Score>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
    /// The probability of exploitation within 30 days.
    pub epss: Option<f64>,
    /// SSVC's decision points: `exploitation/automatable/impact`, an unknown one as `-`.
    pub ssvc: Option<String>,
    /// When the vulnerability was first published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published: Option<Timestamp>,
    /// Who maintains the package, where the distribution says so.
    pub maintainer: Option<String>,
    /// When it was first derived.
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Timestamp,
    /// The revision from which on the package has been in this state without a break.
    pub since: Option<RevisionRef>,
    /// Why, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<schema::Step>>)]
    pub evidence: Option<Evidence>,
}

/// A vulnerability's state in one version of a package on one branch.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PackagePlace {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The package's version.
    pub version: String,
    /// The state.
    #[schema(value_type = schema::Status)]
    pub status: VerdictStatus,
    /// How sure it is.
    #[schema(value_type = schema::Confidence)]
    pub confidence: Confidence,
    /// The first version that has the fix, as its source writes it.
    pub fixed_in: Option<String>,
    /// What the package's graft does to it, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graft: Option<GraftRole>,
}

impl Score {
    pub(super) fn of_scored(((level, points), version, scorer): &Scored) -> Self {
        Self {
            score: *points,
            version: version.clone(),
            scorer: scorer.clone(),
            level: *level,
        }
    }

    pub(crate) fn of(parts: Option<&(f64, String, String)>) -> Option<Self> {
        let (score, version, scorer) = parts?;
        let level = Level::of_score(cvss(version), *score);
        Some(Self {
            score: *score,
            version: version.clone(),
            scorer: scorer.clone(),
            level,
        })
    }
}

/// A stored version of CVSS.
pub(super) fn cvss(version: &str) -> CvssVersion {
    match version {
        "2.0" => CvssVersion::V2,
        "3.0" => CvssVersion::V30,
        "4.0" => CvssVersion::V4,
        _ => CvssVersion::V31,
    }
}

impl From<&RevisionPoint> for RevisionRef {
    fn from(point: &RevisionPoint) -> Self {
        Self {
            name: point.name.clone(),
            time: time(point.time),
            is_first: point.is_first,
        }
    }
}

/// The day of a time, as `2026-10-31`.
pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// A stored time.
pub(crate) fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
