//! Packages that have a graft, now and before; and packages of a state with where all of each is.

use super::SourceSpan;
use crate::block::BlockSpan;
use crate::facts::span;
use crate::lists::{CHUNK, with_numbers};
use crate::session::{Dialect, Row, Session, json_ints, params};
use crate::{BranchId, BranchState, PackageId, SourcePackageId, StoreError};

/// A package of a state, with where all of it is.
#[derive(Debug, Clone)]
pub struct StatePackage {
    /// The package.
    pub id: PackageId,
    /// The source package from which it is built.
    pub source: SourcePackageId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where all of it is.
    pub facts: BlockSpan,
}

const PACKAGES: Dialect = with_numbers!(
    "SELECT id, source_package_id, name, version, facts_block, facts_offset, facts_length \
     FROM package WHERE id",
    "$1",
    ""
);
const GRAFTED: Dialect = Dialect {
    // The few that have a graft first: left to itself, SQLite goes through all packages of the branch.
    sqlite: "SELECT DISTINCT p.id, p.source_package_id, p.name, p.version, p.facts_block, \
             p.facts_offset, p.facts_length FROM source_package s \
             CROSS JOIN package p ON p.source_package_id = s.id \
             CROSS JOIN package_interval i ON i.package_id = p.id AND i.since <= $2 \
             AND (i.until IS NULL OR i.until > $2) \
             CROSS JOIN repository r ON r.id = i.repository_id AND r.branch_id = $1 \
             WHERE s.grafted ORDER BY p.name, p.version, p.id",
    postgres: "SELECT DISTINCT p.id, p.source_package_id, p.name, p.version, p.facts_block, \
               p.facts_offset, p.facts_length FROM source_package s \
               JOIN package p ON p.source_package_id = s.id \
               JOIN package_interval i ON i.package_id = p.id AND i.since <= $2 \
               AND (i.until IS NULL OR i.until > $2) \
               JOIN repository r ON r.id = i.repository_id AND r.branch_id = $1 \
               WHERE s.grafted ORDER BY p.name, p.version, p.id",
};
const GRAFTED_SPANS: Dialect = Dialect {
    sqlite: "SELECT i.source_package_id, s.name, s.version, i.since, i.until \
             FROM source_package s CROSS JOIN source_interval i ON i.source_package_id = s.id \
             AND i.branch_id = $1 WHERE s.grafted ORDER BY s.name, i.since, s.id",
    postgres: "SELECT i.source_package_id, s.name, s.version, i.since, i.until \
               FROM source_package s JOIN source_interval i ON i.source_package_id = s.id \
               AND i.branch_id = $1 WHERE s.grafted ORDER BY s.name, i.since, s.id",
};
const GRAFTED_AMONG: Dialect = with_numbers!(
    "SELECT id FROM source_package WHERE grafted AND id",
    "$1",
    ""
);

impl Session {
    /// Packages, with where all of each is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn state_packages(
        &mut self,
        packages: &[PackageId],
    ) -> Result<Vec<StatePackage>, StoreError> {
        let mut found = Vec::with_capacity(packages.len());
        for chunk in packages.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|package| package.0));
            for row in self.query(PACKAGES, params![list]).await? {
                found.push(package(&row)?);
            }
        }
        Ok(found)
    }

    /// The packages of a state that have a graft, by name and version.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn grafted_packages(
        &mut self,
        state: BranchState,
    ) -> Result<Vec<StatePackage>, StoreError> {
        let params = params![state.branch.0, state.position];
        let rows = self.query(GRAFTED, params).await?;
        rows.iter().map(package).collect()
    }

    /// When source packages with a graft were on a branch, by name and then in their order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn grafted_spans(&mut self, branch: BranchId) -> Result<Vec<SourceSpan>, StoreError> {
        let rows = self.query(GRAFTED_SPANS, params![branch.0]).await?;
        rows.iter().map(super::listing::source_span).collect()
    }

    /// Which of some source packages have a graft.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn grafted_among(
        &mut self,
        sources: &[SourcePackageId],
    ) -> Result<Vec<SourcePackageId>, StoreError> {
        let list = json_ints(sources.iter().map(|source| source.0));
        let rows = self.query(GRAFTED_AMONG, params![list]).await?;
        rows.iter()
            .map(|row| Ok(SourcePackageId(row.int(0)?)))
            .collect()
    }
}

fn package(row: &Row) -> Result<StatePackage, StoreError> {
    Ok(StatePackage {
        id: PackageId(row.int(0)?),
        source: SourcePackageId(row.int(1)?),
        name: row.text(2)?,
        version: row.text(3)?,
        facts: span(row, 4)?,
    })
}
