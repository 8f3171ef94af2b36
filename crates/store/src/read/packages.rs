//! One package of a distribution: its source packages, what is built from them, its findings.

use super::listing::{SourceSpan, VulnerabilityHead, head};
use crate::block::BlockSpan;
use crate::facts::span;
use crate::lists::with_numbers;
use crate::session::{Dialect, Session, json_ints, params};
use crate::{BranchId, SourcePackageId, StoreError};

/// A source package.
#[derive(Debug, Clone)]
pub struct SourceRow {
    /// Its row.
    pub id: SourcePackageId,
    /// Its version.
    pub version: String,
    /// Whether it has a graft.
    pub grafted: bool,
}

/// A package of a repository.
#[derive(Debug, Clone)]
pub struct PackageRow {
    /// Its row.
    pub id: i64,
    /// The source package from which it is built.
    pub source: SourcePackageId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The branch.
    pub branch: BranchId,
    /// The repository's name.
    pub repository: String,
    /// The repository's architecture.
    pub architecture: String,
    /// Where all of it is.
    pub facts: BlockSpan,
}

/// The finding of a vulnerability in one source package on one branch.
#[derive(Debug, Clone)]
pub struct PlaceRow {
    /// The branch.
    pub branch: BranchId,
    /// The source package.
    pub source: SourcePackageId,
    /// The vulnerability.
    pub vulnerability: i64,
    /// The place of the status in [`palisade_model::VerdictStatus::ALL`].
    pub status: i64,
    /// 0 possible, 1 likely, 2 certain.
    pub confidence: i64,
    /// The first fixed version.
    pub fixed_in: Option<String>,
    /// Microseconds since 1970.
    pub first_seen: i64,
}

const SOURCES_NAMED: &str = "SELECT id, version, grafted FROM source_package \
    WHERE name = $2 AND distribution = $1 ORDER BY id";
const SOURCE_OF_PACKAGE: &str = "SELECT DISTINCT s.name FROM package p \
    JOIN source_package s ON s.id = p.source_package_id AND s.distribution = $1 \
    WHERE p.name = $2 ORDER BY s.name LIMIT 1";
const HISTORY: Dialect = with_numbers!(
    "SELECT i.branch_id, i.source_package_id, s.name, s.version, i.since, i.until \
     FROM source_interval i JOIN source_package s ON s.id = i.source_package_id \
     WHERE i.source_package_id",
    "$1",
    " ORDER BY i.since DESC"
);
const BUILT: Dialect = with_numbers!(
    "SELECT p.id, p.source_package_id, p.name, p.version, r.branch_id, r.name, r.architecture, \
     p.facts_block, p.facts_offset, p.facts_length FROM package p \
     JOIN package_interval i ON i.package_id = p.id AND i.until IS NULL \
     JOIN repository r ON r.id = i.repository_id WHERE p.source_package_id",
    "$1",
    " ORDER BY p.name, r.branch_id, r.name, r.architecture LIMIT $2"
);
const FIXES: &str = "SELECT fixed_in, count(*) FROM finding \
    WHERE branch_id = $1 AND source_package_id = $2 AND status = 0 AND fixed_in IS NOT NULL \
    GROUP BY fixed_in ORDER BY fixed_in";

/// The vulnerabilities of current source packages whose gravest status is among two, worst first.
/// Headings and EPSS scores are looked up for those that are told, not for all that are sorted.
const FINDINGS: Dialect = with_numbers!(
    "SELECT w.id, w.name, a.title, w.score, w.score_version, w.scorer, w.exploited_since, e.score, \
     w.published \
     FROM (SELECT v.id, v.name, v.score, v.score_version, v.scorer, v.exploited_since, v.published, \
     v.lead_advisory, g.status, \
     CASE WHEN v.score IS NULL THEN -1 WHEN v.score >= 9 AND v.score_version >= '3' THEN 4 \
     WHEN v.score >= 7 THEN 3 WHEN v.score >= 4 THEN 2 WHEN v.score > 0 THEN 1 ELSE 0 END AS level \
     FROM (SELECT f.vulnerability_id AS id, min(f.status) AS status FROM finding f \
     JOIN source_interval i ON i.branch_id = f.branch_id \
     AND i.source_package_id = f.source_package_id AND i.until IS NULL \
     WHERE f.source_package_id",
    "$1",
    " AND f.branch_id BETWEEN $2 AND $3 GROUP BY f.vulnerability_id) g \
     JOIN vulnerability v ON v.id = g.id WHERE g.status BETWEEN $4 AND $5 \
     ORDER BY g.status, v.exploited_since IS NULL, level DESC, coalesce(v.score, -1) DESC, \
     v.name DESC LIMIT $6 OFFSET $7) w \
     LEFT JOIN advisory a ON a.id = w.lead_advisory LEFT JOIN epss e ON e.name = w.name \
     ORDER BY w.status, w.exploited_since IS NULL, w.level DESC, coalesce(w.score, -1) DESC, \
     w.name DESC"
);
/// The same of open ones, which have an index of their own: a kernel has five times as many closed.
const OPEN_FINDINGS: Dialect = with_numbers!(
    "SELECT w.id, w.name, a.title, w.score, w.score_version, w.scorer, w.exploited_since, e.score, \
     w.published \
     FROM (SELECT v.id, v.name, v.score, v.score_version, v.scorer, v.exploited_since, v.published, \
     v.lead_advisory, g.status, \
     CASE WHEN v.score IS NULL THEN -1 WHEN v.score >= 9 AND v.score_version >= '3' THEN 4 \
     WHEN v.score >= 7 THEN 3 WHEN v.score >= 4 THEN 2 WHEN v.score > 0 THEN 1 ELSE 0 END AS level \
     FROM (SELECT f.vulnerability_id AS id, min(f.status) AS status FROM finding f \
     JOIN source_interval i ON i.branch_id = f.branch_id \
     AND i.source_package_id = f.source_package_id AND i.until IS NULL \
     WHERE f.source_package_id",
    "$1",
    " AND f.status <= 1 AND f.branch_id BETWEEN $2 AND $3 GROUP BY f.vulnerability_id) g \
     JOIN vulnerability v ON v.id = g.id WHERE g.status BETWEEN $4 AND $5 \
     ORDER BY g.status, v.exploited_since IS NULL, level DESC, coalesce(v.score, -1) DESC, \
     v.name DESC LIMIT $6 OFFSET $7) w \
     LEFT JOIN advisory a ON a.id = w.lead_advisory LEFT JOIN epss e ON e.name = w.name \
     ORDER BY w.status, w.exploited_since IS NULL, w.level DESC, coalesce(w.score, -1) DESC, \
     w.name DESC"
);
const SECTIONS: Dialect = with_numbers!(
    "SELECT g.status, count(*) FROM (SELECT f.vulnerability_id, min(f.status) AS status \
     FROM finding f JOIN source_interval i ON i.branch_id = f.branch_id \
     AND i.source_package_id = f.source_package_id AND i.until IS NULL \
     WHERE f.source_package_id",
    "$1",
    " AND f.branch_id BETWEEN $2 AND $3 GROUP BY f.vulnerability_id) g GROUP BY g.status"
);
const PLACES: Dialect = Dialect {
    sqlite: "SELECT f.branch_id, f.source_package_id, f.vulnerability_id, f.status, f.confidence, \
             f.fixed_in, f.first_seen FROM json_each($1) AS source \
             CROSS JOIN source_interval i ON i.source_package_id = source.value \
             AND i.until IS NULL CROSS JOIN json_each($2) AS wanted \
             CROSS JOIN finding f ON f.branch_id = i.branch_id \
             AND f.source_package_id = i.source_package_id \
             AND f.vulnerability_id = wanted.value \
             ORDER BY f.vulnerability_id, f.status, f.branch_id, f.source_package_id",
    postgres: "SELECT f.branch_id, f.source_package_id, f.vulnerability_id, f.status, \
               f.confidence, f.fixed_in, f.first_seen FROM source_interval i JOIN finding f ON \
               f.branch_id = i.branch_id AND f.source_package_id = i.source_package_id WHERE \
               i.until IS NULL AND i.source_package_id = ANY (ARRAY(SELECT value::bigint FROM \
               jsonb_array_elements_text($1::jsonb))) AND f.vulnerability_id = ANY (ARRAY(SELECT \
               value::bigint FROM jsonb_array_elements_text($2::jsonb))) ORDER BY \
               f.vulnerability_id, f.status, f.branch_id, f.source_package_id",
};

impl Session {
    /// All source packages of a name in a distribution, oldest row first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sources_named(
        &mut self,
        distribution: &str,
        name: &str,
    ) -> Result<Vec<SourceRow>, StoreError> {
        let rows = self
            .query(SOURCES_NAMED, params![distribution, name])
            .await?;
        rows.iter()
            .map(|row| {
                let id = SourcePackageId(row.int(0)?);
                Ok(SourceRow {
                    id,
                    version: row.text(1)?,
                    grafted: row.bool(2)?,
                })
            })
            .collect()
    }

    /// The source package from which a package of this name is built.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_of_package(
        &mut self,
        distribution: &str,
        name: &str,
    ) -> Result<Option<String>, StoreError> {
        let row = self
            .query_one(SOURCE_OF_PACKAGE, params![distribution, name])
            .await?;
        row.map(|row| row.text(0)).transpose()
    }

    /// When source packages were on which branches, the latest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_history(
        &mut self,
        sources: &[SourcePackageId],
    ) -> Result<Vec<(BranchId, SourceSpan)>, StoreError> {
        let rows = self.query(HISTORY, params![numbers(sources)]).await?;
        rows.iter()
            .map(|row| {
                let span = SourceSpan {
                    source: SourcePackageId(row.int(1)?),
                    name: row.text(2)?,
                    version: row.text(3)?,
                    since: row.int(4)?,
                    until: row.opt_int(5)?,
                };
                Ok((BranchId(row.int(0)?), span))
            })
            .collect()
    }

    /// The packages that are built from source packages and are in a repository now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn built_packages(
        &mut self,
        sources: &[SourcePackageId],
        limit: i64,
    ) -> Result<Vec<PackageRow>, StoreError> {
        let rows = self.query(BUILT, params![numbers(sources), limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(PackageRow {
                    id: row.int(0)?,
                    source: SourcePackageId(row.int(1)?),
                    name: row.text(2)?,
                    version: row.text(3)?,
                    branch: BranchId(row.int(4)?),
                    repository: row.text(5)?,
                    architecture: row.text(6)?,
                    facts: span(row, 7)?,
                })
            })
            .collect()
    }

    /// The versions in which what affects a source package on a branch was fixed, each with the
    /// number of findings.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn fixes(
        &mut self,
        branch: BranchId,
        source: SourcePackageId,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = self.query(FIXES, params![branch.0, source.0]).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.int(1)?)))
            .collect()
    }

    /// Vulnerabilities of current source packages by their gravest status, which is between two
    /// places of [`palisade_model::VerdictStatus::ALL`]; on one branch or all.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package_findings(
        &mut self,
        sources: &[SourcePackageId],
        branch: Option<BranchId>,
        statuses: (i64, i64),
        limit: i64,
        offset: i64,
    ) -> Result<Vec<VulnerabilityHead>, StoreError> {
        let (low, high) = branch_range(branch);
        let (first, last) = statuses;
        let params = params![numbers(sources), low, high, first, last, limit, offset];
        let statement = if last <= 1 { OPEN_FINDINGS } else { FINDINGS };
        self.query(statement, params)
            .await?
            .iter()
            .map(head)
            .collect()
    }

    /// How many vulnerabilities current source packages have, by gravest status.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package_sections(
        &mut self,
        sources: &[SourcePackageId],
        branch: Option<BranchId>,
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        let (low, high) = branch_range(branch);
        let rows = self
            .query(SECTIONS, params![numbers(sources), low, high])
            .await?;
        rows.iter()
            .map(|row| Ok((row.int(0)?, row.int(1)?)))
            .collect()
    }

    /// The findings of vulnerabilities in source packages, wherever those are now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn places(
        &mut self,
        sources: &[SourcePackageId],
        vulnerabilities: &[i64],
    ) -> Result<Vec<PlaceRow>, StoreError> {
        let wanted = json_ints(vulnerabilities.iter().copied());
        let rows = self
            .query(PLACES, params![numbers(sources), wanted])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(PlaceRow {
                    branch: BranchId(row.int(0)?),
                    source: SourcePackageId(row.int(1)?),
                    vulnerability: row.int(2)?,
                    status: row.int(3)?,
                    confidence: row.int(4)?,
                    fixed_in: row.opt_text(5)?,
                    first_seen: row.int(6)?,
                })
            })
            .collect()
    }
}

fn branch_range(branch: Option<BranchId>) -> (i64, i64) {
    branch.map_or((0, i64::MAX), |branch| (branch.0, branch.0))
}

fn numbers(sources: &[SourcePackageId]) -> String {
    json_ints(sources.iter().map(|source| source.0))
}
