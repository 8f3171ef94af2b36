//! How values of the model look in JSON, for the description of the interface.

#![expect(
    dead_code,
    reason = "these stand for types of the model in descriptions only"
)]

use utoipa::ToSchema;

/// The level of a score on the scale of its CVSS version.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Level {
    None,
    Low,
    Medium,
    High,
    Critical,
}

/// How sure a verdict is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Confidence {
    /// A name alone.
    Possible,
    /// Several independent signs agree.
    Likely,
    /// The distribution or an exact identity says so.
    Certain,
}

/// The state of a vulnerability in a package.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Status {
    Affected,
    UnderInvestigation,
    Fixed,
    NotAffected,
}

/// One reason in the chain that leads to a verdict.
#[derive(ToSchema)]
pub(crate) struct Step {
    /// What kind of reason: `identity`, `range`, `condition`, `mitigation`, `rule`.
    kind: String,
    /// The reason in words.
    says: String,
    /// The feed whose record says so.
    feed: Option<String>,
    /// The record that says so.
    record: Option<String>,
}

/// SSVC decision points of CISA's Vulnrichment.
#[derive(ToSchema)]
pub(crate) struct Ssvc {
    /// `none`, `poc` or `active`.
    exploitation: Option<String>,
    /// `yes` or `no`.
    automatable: Option<String>,
    /// `partial` or `total`.
    technical_impact: Option<String>,
}
