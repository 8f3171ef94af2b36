//! Reading for pages, commands and exports.

use std::collections::HashSet;

use crate::session::{Session, params};
use crate::{BranchId, SourcePackageId, StoreError};

const BRANCHES: &str = "SELECT id, distribution, name FROM branch ORDER BY distribution, name";
const SOURCES_OF_BRANCH: &str =
    "SELECT DISTINCT source_package_id FROM source_interval WHERE branch_id = $1";

impl Session {
    /// All branches: row, distribution, name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn branches(&mut self) -> Result<Vec<(BranchId, String, String)>, StoreError> {
        let rows = self.query(BRANCHES, Vec::new()).await?;
        rows.iter().map(|row| Ok((BranchId(row.int(0)?), row.text(1)?, row.text(2)?))).collect()
    }

    /// The source packages that were ever on a branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sources_of_branch(
        &mut self,
        branch: BranchId,
    ) -> Result<HashSet<SourcePackageId>, StoreError> {
        let rows = self.query(SOURCES_OF_BRANCH, params![branch.0]).await?;
        rows.iter().map(|row| Ok(SourcePackageId(row.int(0)?))).collect()
    }
}
