//! Changes that somebody may want to hear of: ordered, numbered, never changed.

use crate::StoreError;
use crate::bulk::{Rows, Table};
use crate::session::{Session, params};

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, in microseconds since 1970.
    pub time: i64,
    /// What kind of change: `finding.opened`, `finding.closed`, `finding.changed`,
    /// `revision.imported`, `feed.imported`, `identity.stated`, `identity.withdrawn`.
    pub kind: &'static str,
    /// The branch.
    pub branch: Option<crate::BranchId>,
    /// The source package.
    pub package: Option<String>,
    /// The vulnerability.
    pub vulnerability: Option<String>,
    /// The change in words.
    pub says: String,
}

static EVENT: Table = Table {
    name: "event",
    columns: &[
        "id",
        "time",
        "kind",
        "branch_id",
        "package",
        "vulnerability",
        "says",
    ],
};

impl Session {
    /// Appends events, in the order given.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_events(&mut self, events: &[Event]) -> Result<(), StoreError> {
        let first = self.next_id("SELECT max(id) FROM event").await?;
        let mut rows = Rows::of(&EVENT);
        for (id, event) in (first..).zip(events) {
            rows.push(params![
                id,
                event.time,
                event.kind,
                event.branch.map(|branch| branch.0),
                event.package.as_deref(),
                event.vulnerability.as_deref(),
                event.says.as_str(),
            ]);
        }
        rows.insert(self).await
    }
}
