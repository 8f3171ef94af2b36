//! Branches, their repositories and revisions.

use std::collections::{HashMap, HashSet};

use crate::lists::with_numbers;
use crate::session::{Dialect, Session, json_ints, params};
use crate::{BranchId, SourcePackageId, StoreError};

/// A repository of a branch with its latest revision.
#[derive(Debug, Clone)]
pub struct RepositoryRow {
    /// Its branch.
    pub branch: BranchId,
    /// Its name within the branch; empty where there is only one.
    pub name: String,
    /// Its architecture; empty where inventories are of none.
    pub architecture: String,
    /// The latest revision's name.
    pub revision: String,
    /// Its time, in microseconds since 1970.
    pub time: i64,
    /// How many packages it has.
    pub packages: i64,
    /// Whose signature over it was good.
    pub signed_by: Option<String>,
    /// When it was imported, in microseconds since 1970.
    pub imported_at: i64,
}

/// A revision as a point in a branch's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionPoint {
    /// Its name.
    pub name: String,
    /// Microseconds since 1970.
    pub time: i64,
    /// Its place in the order of revisions.
    pub position: i64,
    /// Whether it is the first of its repository that is stored.
    pub is_first: bool,
}

const BRANCHES: &str = "SELECT id, distribution, name FROM branch ORDER BY distribution, name";
const BRANCH: &str = "SELECT id FROM branch WHERE distribution = $1 AND name = $2";
const SOURCES_OF_BRANCH: &str =
    "SELECT DISTINCT source_package_id FROM source_interval WHERE branch_id = $1";

/// Each repository with the revision of the highest position: one index lookup each.
const REPOSITORIES: &str = "SELECT p.branch_id, p.name, p.architecture, r.name, r.time, \
    r.packages, r.signed_by, r.imported_at FROM repository p \
    JOIN revision r ON r.repository_id = p.id AND r.position = \
    (SELECT max(l.position) FROM revision l WHERE l.repository_id = p.id) \
    ORDER BY p.branch_id, p.name, p.architecture";
const REVISION_NAMED: &str = "SELECT r.name, r.time, r.position, r.position = \
    (SELECT min(l.position) FROM revision l WHERE l.repository_id = p.id) FROM repository p \
    JOIN revision r ON r.repository_id = p.id AND r.name = $2 \
    WHERE p.branch_id = $1 ORDER BY r.position DESC LIMIT 1";
const REVISIONS: &str = "SELECT r.name, r.time, r.position, r.position = \
    (SELECT min(l.position) FROM revision l WHERE l.repository_id = p.id) FROM repository p \
    JOIN revision r ON r.repository_id = p.id \
    WHERE p.branch_id = $1 ORDER BY r.position DESC LIMIT $2";
const REVISIONS_AT: Dialect = with_numbers!(
    "SELECT r.name, r.time, r.position, r.position = \
     (SELECT min(l.position) FROM revision l WHERE l.repository_id = p.id) FROM repository p \
     JOIN revision r ON r.repository_id = p.id \
     WHERE p.branch_id = $1 AND r.position",
    "$2",
    ""
);

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
        rows.iter()
            .map(|row| Ok(SourcePackageId(row.int(0)?)))
            .collect()
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
        let rows = self
            .query(SOME_VULNERABILITIES, params![every, limit])
            .await?;
        rows.iter().map(|row| row.int(0)).collect()
    }

    /// All branches: row, distribution, name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn branches(&mut self) -> Result<Vec<(BranchId, String, String)>, StoreError> {
        let rows = self.query(BRANCHES, Vec::new()).await?;
        rows.iter()
            .map(|row| Ok((BranchId(row.int(0)?), row.text(1)?, row.text(2)?)))
            .collect()
    }

    /// The row of a branch, if it is there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn find_branch(
        &mut self,
        distribution: &str,
        name: &str,
    ) -> Result<Option<BranchId>, StoreError> {
        let row = self.query_one(BRANCH, params![distribution, name]).await?;
        row.map(|row| Ok(BranchId(row.int(0)?))).transpose()
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
        rows.iter()
            .map(|row| Ok(SourcePackageId(row.int(0)?)))
            .collect()
    }

    /// All repositories with their latest revisions, by branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn repositories(&mut self) -> Result<Vec<RepositoryRow>, StoreError> {
        let rows = self.query(REPOSITORIES, Vec::new()).await?;
        rows.iter()
            .map(|row| {
                Ok(RepositoryRow {
                    branch: BranchId(row.int(0)?),
                    name: row.text(1)?,
                    architecture: row.text(2)?,
                    revision: row.text(3)?,
                    time: row.int(4)?,
                    packages: row.int(5)?,
                    signed_by: row.opt_text(6)?,
                    imported_at: row.int(7)?,
                })
            })
            .collect()
    }

    /// A revision of a branch by name, in whichever of its repositories it is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revision_named(
        &mut self,
        branch: BranchId,
        name: &str,
    ) -> Result<Option<RevisionPoint>, StoreError> {
        let row = self
            .query_one(REVISION_NAMED, params![branch.0, name])
            .await?;
        row.map(|row| point(&row)).transpose()
    }

    /// The latest revisions of a branch, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn latest_revisions(
        &mut self,
        branch: BranchId,
        limit: i64,
    ) -> Result<Vec<RevisionPoint>, StoreError> {
        let rows = self.query(REVISIONS, params![branch.0, limit]).await?;
        rows.iter().map(point).collect()
    }

    /// The revisions of a branch at the given positions.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revisions_at(
        &mut self,
        branch: BranchId,
        positions: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, RevisionPoint>, StoreError> {
        let list = json_ints(positions);
        let rows = self.query(REVISIONS_AT, params![branch.0, list]).await?;
        rows.iter()
            .map(|row| point(row).map(|point| (point.position, point)))
            .collect()
    }
}

pub(super) fn point(row: &crate::session::Row) -> Result<RevisionPoint, StoreError> {
    Ok(RevisionPoint {
        name: row.text(0)?,
        time: row.int(1)?,
        position: row.int(2)?,
        is_first: row.bool(3)?,
    })
}
