//! What matching concludes, and why.

use serde::{Deserialize, Serialize};

/// The state of a vulnerability in a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The state.
    pub status: VerdictStatus,
    /// How sure it is.
    pub confidence: Confidence,
    /// The first version that has the fix, as its source writes it.
    pub fixed_in: Option<String>,
    /// Why.
    pub evidence: Evidence,
}

/// OpenVEX 0.2.0 status labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictStatus {
    /// The package is vulnerable.
    Affected,
    /// Nobody can tell yet; a person has to look.
    UnderInvestigation,
    /// The package has the fix.
    Fixed,
    /// The package was never vulnerable, or is not the product.
    NotAffected,
}

/// How sure a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A name alone: for the triage queue, never an alarm.
    Possible,
    /// Several independent signs agree.
    Likely,
    /// The distribution or an exact identity says so.
    Certain,
}

/// The chain of reasons of a verdict, from identity to conclusion.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Evidence(pub Vec<Step>);

/// One reason, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What the reason is about.
    pub kind: StepKind,
    /// The feed whose record says so; absent where the package or a rule of ours does.
    pub feed: Option<String>,
    /// The record of that feed.
    pub record: Option<String>,
    /// The reason in words.
    pub says: String,
}

/// What a reason is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Why the package is the product.
    Identity,
    /// Why the version is, or is not, among those affected.
    Range,
    /// What must be there beside the product.
    Condition,
    /// What the distribution did about it: a fix, a patch, a graft, a rejection.
    Mitigation,
    /// Why one reason overruled another.
    Rule,
}

impl VerdictStatus {
    /// All statuses, gravest first.
    pub const ALL: [Self; 4] = [
        Self::Affected,
        Self::UnderInvestigation,
        Self::Fixed,
        Self::NotAffected,
    ];

    /// Whether somebody has to do something about it: it is affected, or nobody can tell yet.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Affected | Self::UnderInvestigation)
    }

    /// The status as OpenVEX writes it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::UnderInvestigation => "under_investigation",
            Self::Fixed => "fixed",
            Self::NotAffected => "not_affected",
        }
    }
}

impl Confidence {
    /// The confidence as one lower-case word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

impl Evidence {
    /// Adds a reason of ours.
    pub fn push(&mut self, kind: StepKind, says: impl Into<String>) {
        self.0.push(Step {
            kind,
            feed: None,
            record: None,
            says: says.into(),
        });
    }
}
