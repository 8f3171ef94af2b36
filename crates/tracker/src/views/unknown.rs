//! That what is asked for cannot be told, and why.

use palisade_model::BranchName;

use super::Places;

/// Why something cannot be told, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unknown {
    /// Why.
    pub reason: String,
    /// The branches that there are, where it is that none is called so.
    pub branches: Option<Vec<BranchName>>,
}

impl Unknown {
    /// That no branch is called so.
    pub(super) fn branch(reason: String, places: &Places) -> Self {
        let branches = places.branches.iter().map(|(_, name)| name.clone());
        Self {
            reason,
            branches: Some(branches.collect()),
        }
    }
}

impl From<String> for Unknown {
    fn from(reason: String) -> Self {
        Self {
            reason,
            branches: None,
        }
    }
}
