//! One observation of a review: which rule, where, and in plain words why it matters.

use bstr::BString;
use serde::{Deserialize, Serialize};

/// How much a signal asks of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; nobody needs to act.
    Note,
    /// Somebody should look before this is accepted.
    Warning,
    /// Not to be accepted until somebody has explained it.
    Critical,
}

/// How seldom a rule meets something harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Specificity {
    /// Often harmless by itself.
    Low,
    /// Sometimes harmless.
    Medium,
    /// Hardly ever harmless.
    High,
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The rule's id, such as `symlink-escapes-tree`.
    pub rule: &'static str,
    /// What it asks of a reader.
    pub severity: Severity,
    /// How seldom the rule meets something harmless.
    pub specificity: Specificity,
    /// The file, as in [`crate::File::path`]; empty for the tree as a whole.
    pub path: BString,
    /// The line of the new file, from 1; none where there are no lines.
    pub line: Option<u32>,
    /// What was found, as it stands there; whoever shows it makes invisible characters visible.
    pub excerpt: BString,
    /// Why it matters, in a sentence.
    pub why: String,
}
