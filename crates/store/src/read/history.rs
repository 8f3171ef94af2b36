//! What is asked of a branch's past as a whole: what ever affected a package of it, and when its states
//! were.

use crate::session::{Session, params};
use crate::{BranchId, SourcePackageId, StoreError};

/// A vulnerability that affects a source package which is on a branch, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedRow {
    /// The source package.
    pub source: SourcePackageId,
    /// The vulnerability.
    pub vulnerability: i64,
    /// The first fixed version.
    pub fixed_in: Option<String>,
    /// When that was first derived, in microseconds since 1970.
    pub first_seen: i64,
}

/// The index of open findings has the condition that comes first.
const AFFECTED: &str = "SELECT source_package_id, vulnerability_id, fixed_in, first_seen \
    FROM finding WHERE status <= 1 AND status = 0 AND branch_id = $1 \
    ORDER BY source_package_id, vulnerability_id";
const TIMES: &str = "SELECT r.time FROM repository p JOIN revision r ON r.repository_id = p.id \
    WHERE p.branch_id = $1 ORDER BY r.time";
const FIRST: &str = "SELECT min(r.position) FROM repository p \
    JOIN revision r ON r.repository_id = p.id WHERE p.branch_id = $1";

impl Session {
    /// Everything that affects, or affected, a source package of a branch by what is known today.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn ever_affected(
        &mut self,
        branch: BranchId,
    ) -> Result<Vec<AffectedRow>, StoreError> {
        let rows = self.query(AFFECTED, params![branch.0]).await?;
        rows.iter()
            .map(|row| {
                Ok(AffectedRow {
                    source: SourcePackageId(row.int(0)?),
                    vulnerability: row.int(1)?,
                    fixed_in: row.opt_text(2)?,
                    first_seen: row.int(3)?,
                })
            })
            .collect()
    }

    /// The times of a branch's revisions in order, in microseconds since 1970: one of each repository.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revision_times(&mut self, branch: BranchId) -> Result<Vec<i64>, StoreError> {
        let rows = self.query(TIMES, params![branch.0]).await?;
        rows.iter().map(|row| row.int(0)).collect()
    }

    /// The position of the first revision of a branch that is stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn first_position(&mut self, branch: BranchId) -> Result<Option<i64>, StoreError> {
        let row = self.query_one(FIRST, params![branch.0]).await?;
        row.map(|row| row.opt_int(0))
            .transpose()
            .map(Option::flatten)
    }
}
