//! How much following a script may cost, so that none takes long.

use std::cell::Cell;

/// Steps: characters compared, bytes copied, commands followed.
const STEPS: usize = 4_000_000;

/// The steps that are left.
#[derive(Debug)]
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(STEPS))
    }
}

impl Budget {
    /// Takes steps; nothing when there are none left.
    pub(super) fn spend(&self, steps: usize) -> Option<()> {
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or(0));
        left.map(|_| ())
    }

    /// Whether all is spent.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}
