//! What people decided before a review: what is suppressed, and what an earlier report told
//! already.

use crate::report::{Finding, State, Suppression};
use crate::scan::{Baseline, Suppressions};
use crate::signal::Signal;
use crate::tree::Tree;

/// Decisions that hold on one day.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    /// What is accepted.
    pub suppressions: Vec<Suppressions>,
    /// What was told before.
    pub baseline: Option<Baseline>,
    /// The day, as `2026-11-22`.
    pub today: String,
}

impl Decisions {
    /// A signal in `tree` as it is reported.
    pub fn finding(&self, signal: &Signal, tree: &Tree) -> Finding {
        let mut finding = Finding::new(signal);
        if self.baseline.as_ref().is_some_and(|it| it.has(signal)) {
            finding.state = State::Unchanged;
        }
        let covering = self
            .suppressions
            .iter()
            .find_map(|all| all.covering(signal, tree, &self.today));
        finding.suppression = covering.map(|it| Suppression {
            reason: crate::visible::line(it.reason.as_bytes()),
            owner: crate::visible::line(it.owner.as_bytes()),
            until: it.expires.clone(),
        });
        finding
    }
}
