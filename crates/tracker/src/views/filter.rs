//! Which open findings of a branch are asked for, and in which order.

use palisade_model::{Confidence, Level};
use serde::{Deserialize, Serialize};

use super::order::Cursor;

/// Which open findings are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FindingFilter {
    /// Which status.
    pub status: StatusFilter,
    /// Whose scores count; without one, the foremost of each vulnerability.
    pub scorer: Option<String>,
    /// The least level of the score; unrated ones have none.
    pub minimum_level: Option<Level>,
    /// Only those of this level.
    pub level: Option<LevelFilter>,
    /// The least confidence.
    pub minimum_confidence: Option<Confidence>,
    /// Only those that are known to be exploited.
    pub exploited: bool,
    /// The least probability of exploitation within 30 days, 0 to 1.
    pub minimum_epss: Option<f64>,
    /// Only those of which SSVC's decision point `exploitation` is this: `none`, `poc`, `active`.
    pub ssvc: Option<String>,
    /// Only packages of a maintainer, or of none.
    pub maintainer: Option<MaintainerFilter>,
    /// Only those for which a fixed version is known.
    pub fixable: bool,
    /// Only packages whose name contains this.
    pub package: Option<String>,
    /// Only those whose vulnerability's name or heading, or whose package's name contains this.
    pub text: Option<String>,
}

/// Which status of open findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StatusFilter {
    /// Affected: what to act on.
    #[default]
    Affected,
    /// Under investigation: the triage queue.
    UnderInvestigation,
    /// Both.
    Open,
}

/// Whose packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaintainerFilter {
    /// Those that this person or team maintains, by the whole name with its address.
    Named(String),
    /// Those that nobody maintains.
    Nobody,
}

/// One level of those by which findings are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelFilter {
    /// Critical.
    Critical,
    /// High.
    High,
    /// Medium.
    Medium,
    /// Low or none.
    Low,
    /// Without a score.
    Unrated,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The highest level and score first.
    #[default]
    Score,
    /// The most probably exploited first.
    Epss,
    /// By package.
    Package,
    /// The latest derived first.
    Newest,
    /// The longest published first.
    Oldest,
}

/// A part of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FindingQuery {
    /// Which.
    pub filter: FindingFilter,
    /// In which order.
    pub sort: Sort,
    /// How many at the most.
    pub limit: usize,
    /// How many to leave out before.
    pub offset: usize,
    /// Only what comes behind this place in the order.
    pub after: Option<Cursor>,
}

impl FindingFilter {
    pub(super) fn takes_level(&self, level: Option<Level>) -> bool {
        let wanted = self
            .level
            .is_none_or(|wanted| wanted == LevelFilter::of(level));
        wanted && self.minimum_level.is_none_or(|least| level >= Some(least))
    }
}

impl LevelFilter {
    pub(super) fn of(level: Option<Level>) -> Self {
        match level {
            Some(Level::Critical) => Self::Critical,
            Some(Level::High) => Self::High,
            Some(Level::Medium) => Self::Medium,
            Some(Level::Low | Level::None) => Self::Low,
            None => Self::Unrated,
        }
    }
}

impl StatusFilter {
    pub(super) fn takes(self, status: u8) -> bool {
        match self {
            Self::Affected => status == 0,
            Self::UnderInvestigation => status == 1,
            Self::Open => true,
        }
    }
}
