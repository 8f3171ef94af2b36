//! Reading for pages, commands and exports.

use std::collections::HashSet;

use crate::session::{Session, params};
use crate::{BranchId, SourcePackageId, StoreError};

const BRANCHES: &str = "SELECT id, distribution, name FROM branch ORDER BY distribution, name";
const SOURCES_OF_BRANCH: &str =
    "SELECT DISTINCT source_package_id FROM source_interval WHERE branch_id = $1";

const OPEN_SOURCES: &str = "SELECT source_package_id FROM source_interval \
    WHERE branch_id = $1 AND until IS NULL ORDER BY source_package_id";
const SOME_VULNERABILITIES: &str = "SELECT DISTINCT vulnerability_id FROM advisory_vulnerability \
    WHERE advisory_id % $1 = 0 ORDER BY vulnerability_id LIMIT $2";

impl Session {
    /// The source packages that are on a branch now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_sources(
        &mut self,
        branch: BranchId,
    ) -> Result<Vec<SourcePackageId>, StoreError> {
        let rows = self.query(OPEN_SOURCES, params![branch.0]).await?;
        rows.iter().map(|row| Ok(SourcePackageId(row.int(0)?))).collect()
    }

    /// Vulnerabilities spread over all that are stored, for measurements.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn some_vulnerabilities(
        &mut self,
        every: i64,
        limit: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let rows = self.query(SOME_VULNERABILITIES, params![every, limit]).await?;
        rows.iter().map(|row| row.int(0)).collect()
    }

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
