//! What is in a repository now, or was in one of its revisions: packages with their sources.

use std::collections::HashMap;

use crate::block::BlockSpan;
use crate::facts::span;
use crate::lists::with_numbers;
use crate::session::{Dialect, Row, Session, json_ints, params};
use crate::{BranchId, RepositoryId, SourcePackageId, StoreError};

/// A package that is in a repository now, with the source package from which it is built.
#[derive(Debug, Clone)]
pub struct PresentPackage {
    /// The source package.
    pub source: SourcePackageId,
    /// The source package's name.
    pub source_name: String,
    /// The source package's version.
    pub source_version: String,
    /// The package's name.
    pub name: String,
    /// The maintainer.
    pub maintainer: Option<String>,
}

/// A package of a revision.
#[derive(Debug, Clone)]
pub struct ListedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where all of it is.
    pub facts: BlockSpan,
}

/// When a version of a package was on a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionSpan {
    /// The branch.
    pub branch: BranchId,
    /// The version.
    pub version: String,
    /// The first position.
    pub since: i64,
    /// The position before which it went.
    pub until: Option<i64>,
}

const REPOSITORIES_NAMED: &str =
    "SELECT id FROM repository WHERE branch_id = $1 AND name = $2 ORDER BY architecture";
const PRESENT: Dialect = with_numbers!(
    "SELECT DISTINCT s.id, s.name, s.version, p.name, p.maintainer FROM package_interval i \
     JOIN package p ON p.id = i.package_id JOIN source_package s ON s.id = p.source_package_id \
     WHERE i.until IS NULL AND i.repository_id",
    "$1",
    " ORDER BY s.name, s.id, p.name"
);
const PRESENT_OF_SOURCES: Dialect = with_numbers!(
    "SELECT DISTINCT s.id, s.name, s.version, p.name, p.maintainer, r.branch_id, r.name \
     FROM package p JOIN package_interval i ON i.package_id = p.id AND i.until IS NULL \
     JOIN repository r ON r.id = i.repository_id \
     JOIN source_package s ON s.id = p.source_package_id WHERE p.source_package_id",
    "$1",
    " ORDER BY s.name, s.id, p.name"
);
const PRESENT_REPOSITORIES: Dialect = with_numbers!(
    "SELECT DISTINCT p.source_package_id, r.branch_id, r.name FROM package p \
     JOIN package_interval i ON i.package_id = p.id AND i.until IS NULL \
     JOIN repository r ON r.id = i.repository_id WHERE p.source_package_id",
    "$1",
    " ORDER BY p.source_package_id, r.branch_id, r.name"
);
const LISTED: &str = "SELECT p.name, p.version, p.facts_block, p.facts_offset, p.facts_length \
    FROM package_interval i JOIN package p ON p.id = i.package_id \
    JOIN repository r ON r.id = i.repository_id WHERE r.branch_id = $1 AND i.since <= $2 \
    AND (i.until IS NULL OR i.until > $2) AND p.name > $3 ORDER BY p.name, p.version, p.id LIMIT $4";
const LISTED_NAMED: &str = "SELECT p.name, p.version, p.facts_block, p.facts_offset, \
    p.facts_length FROM package p JOIN package_interval i ON i.package_id = p.id \
    JOIN repository r ON r.id = i.repository_id WHERE r.branch_id = $1 AND i.since <= $2 \
    AND (i.until IS NULL OR i.until > $2) AND p.name = $3 ORDER BY p.version, p.id";
const COUNT: &str = "SELECT count(*) FROM package_interval i \
    JOIN repository r ON r.id = i.repository_id WHERE r.branch_id = $1 AND i.since <= $2 \
    AND (i.until IS NULL OR i.until > $2)";
const VERSIONS_NAMED: &str = "SELECT r.branch_id, p.version, i.since, i.until FROM package p \
    JOIN package_interval i ON i.package_id = p.id JOIN repository r ON r.id = i.repository_id \
    JOIN branch b ON b.id = r.branch_id AND b.distribution = $1 WHERE p.name = $2 \
    ORDER BY i.since DESC";
const REVISIONS_BETWEEN: &str = "SELECT r.name, r.time, r.position, r.position = \
    (SELECT min(l.position) FROM revision l WHERE l.repository_id = p.id) FROM repository p \
    JOIN revision r ON r.repository_id = p.id WHERE p.branch_id = $1 AND r.time > $2 \
    AND r.time < $3 ORDER BY r.position DESC LIMIT $4";
const POSITIONS_BEFORE: Dialect = Dialect {
    sqlite: "SELECT wanted.value, (SELECT max(r.position) FROM repository p \
             JOIN revision r ON r.repository_id = p.id \
             WHERE p.branch_id = $1 AND r.position < wanted.value) FROM json_each($2) AS wanted",
    postgres: "SELECT wanted.value::bigint, (SELECT max(r.position) FROM repository p \
               JOIN revision r ON r.repository_id = p.id \
               WHERE p.branch_id = $1 AND r.position < wanted.value::bigint) \
               FROM jsonb_array_elements_text($2::jsonb) AS wanted(value)",
};

impl Session {
    /// The repositories of a name on a branch, one for each architecture.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn repositories_named(
        &mut self,
        branch: BranchId,
        name: &str,
    ) -> Result<Vec<RepositoryId>, StoreError> {
        let rows = self
            .query(REPOSITORIES_NAMED, params![branch.0, name])
            .await?;
        rows.iter()
            .map(|row| Ok(RepositoryId(row.int(0)?)))
            .collect()
    }

    /// The packages that are in repositories now, by source package.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn present_packages(
        &mut self,
        repositories: &[RepositoryId],
    ) -> Result<Vec<PresentPackage>, StoreError> {
        let list = json_ints(repositories.iter().map(|repository| repository.0));
        let rows = self.query(PRESENT, params![list]).await?;
        rows.iter().map(present).collect()
    }

    /// The packages of source packages that are in repositories now, with the branch and the name of
    /// the repository.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn present_packages_of(
        &mut self,
        sources: &[SourcePackageId],
    ) -> Result<Vec<(BranchId, String, PresentPackage)>, StoreError> {
        let list = json_ints(sources.iter().map(|source| source.0));
        let rows = self.query(PRESENT_OF_SOURCES, params![list]).await?;
        rows.iter()
            .map(|row| Ok((BranchId(row.int(5)?), row.text(6)?, present(row)?)))
            .collect()
    }

    /// In which repositories of which branches source packages are now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn present_repositories(
        &mut self,
        sources: &[SourcePackageId],
    ) -> Result<Vec<(SourcePackageId, BranchId, String)>, StoreError> {
        let list = json_ints(sources.iter().map(|source| source.0));
        let rows = self.query(PRESENT_REPOSITORIES, params![list]).await?;
        rows.iter()
            .map(|row| {
                Ok((
                    SourcePackageId(row.int(0)?),
                    BranchId(row.int(1)?),
                    row.text(2)?,
                ))
            })
            .collect()
    }

    /// The packages of a branch at a position whose names come behind another, in their order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn listed_packages(
        &mut self,
        branch: BranchId,
        position: i64,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ListedPackage>, StoreError> {
        let params = params![branch.0, position, after, limit];
        self.query(LISTED, params)
            .await?
            .iter()
            .map(listed)
            .collect()
    }

    /// The packages of a name on a branch at a position.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn packages_named(
        &mut self,
        branch: BranchId,
        position: i64,
        name: &str,
    ) -> Result<Vec<ListedPackage>, StoreError> {
        let params = params![branch.0, position, name];
        let rows = self.query(LISTED_NAMED, params).await?;
        rows.iter().map(listed).collect()
    }

    /// How many packages a branch had at a position.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package_count(
        &mut self,
        branch: BranchId,
        position: i64,
    ) -> Result<i64, StoreError> {
        let row = self.query_one(COUNT, params![branch.0, position]).await?;
        Ok(row.map(|row| row.int(0)).transpose()?.unwrap_or(0))
    }

    /// When which version of a package was on which branch of a distribution, the latest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package_versions(
        &mut self,
        distribution: &str,
        name: &str,
    ) -> Result<Vec<VersionSpan>, StoreError> {
        let rows = self
            .query(VERSIONS_NAMED, params![distribution, name])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(VersionSpan {
                    branch: BranchId(row.int(0)?),
                    version: row.text(1)?,
                    since: row.int(2)?,
                    until: row.opt_int(3)?,
                })
            })
            .collect()
    }

    /// The latest revisions of a branch between two times, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revisions_between(
        &mut self,
        branch: BranchId,
        after: i64,
        before: i64,
        limit: i64,
    ) -> Result<Vec<super::RevisionPoint>, StoreError> {
        let params = params![branch.0, after, before, limit];
        let rows = self.query(REVISIONS_BETWEEN, params).await?;
        rows.iter().map(super::branches::point).collect()
    }

    /// Of each position the last one of a branch before it, if there is any.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn positions_before(
        &mut self,
        branch: BranchId,
        positions: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, i64>, StoreError> {
        let params = params![branch.0, json_ints(positions)];
        let rows = self.query(POSITIONS_BEFORE, params).await?;
        let mut before = HashMap::with_capacity(rows.len());
        for row in rows {
            if let Some(last) = row.opt_int(1)? {
                before.insert(row.int(0)?, last);
            }
        }
        Ok(before)
    }
}

fn present(row: &Row) -> Result<PresentPackage, StoreError> {
    Ok(PresentPackage {
        source: SourcePackageId(row.int(0)?),
        source_name: row.text(1)?,
        source_version: row.text(2)?,
        name: row.text(3)?,
        maintainer: row.opt_text(4)?,
    })
}

fn listed(row: &Row) -> Result<ListedPackage, StoreError> {
    Ok(ListedPackage {
        name: row.text(0)?,
        version: row.text(1)?,
        facts: span(row, 2)?,
    })
}
