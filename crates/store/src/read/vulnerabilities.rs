//! One vulnerability: its names, its advisories, its findings everywhere.

use super::listing::score;
use crate::block::BlockSpan;
use crate::facts::span;
use crate::session::{Session, params};
use crate::{BranchId, SourcePackageId, StoreError};

/// A vulnerability.
#[derive(Debug, Clone)]
pub struct VulnerabilityRow {
    /// Its row.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Microseconds since 1970.
    pub published: Option<i64>,
    /// Microseconds since 1970.
    pub modified: Option<i64>,
    /// Whether all who speak of it have withdrawn what they said.
    pub withdrawn: bool,
    /// The heading of the advisory that leads.
    pub title: Option<String>,
    /// The foremost base score, its CVSS version and who gave it.
    pub score: Option<(f64, String, String)>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
}

/// An advisory and where its raw record is.
#[derive(Debug, Clone)]
pub struct AdvisoryRecord {
    /// The feed's kind.
    pub feed_kind: String,
    /// The feed's scope, empty if it has none.
    pub feed_scope: String,
    /// The record's name in the feed.
    pub name: String,
    /// Where its raw record is.
    pub raw: BlockSpan,
}

/// An EPSS score.
#[derive(Debug, Clone)]
pub struct EpssScore {
    /// The probability of exploitation within 30 days, 0 to 1.
    pub score: f64,
    /// The share of vulnerabilities that score lower or the same, 0 to 1.
    pub percentile: Option<f64>,
    /// The day of the model's run.
    pub day: String,
}

/// A finding of a vulnerability, with whether its source package is on the branch now.
#[derive(Debug, Clone)]
pub struct VulnerabilityFindingRow {
    /// The branch.
    pub branch: BranchId,
    /// The source package.
    pub source: SourcePackageId,
    /// Its name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The place of the status in [`palisade_model::VerdictStatus::ALL`].
    pub status: i64,
    /// 0 possible, 1 likely, 2 certain.
    pub confidence: i64,
    /// The first fixed version.
    pub fixed_in: Option<String>,
    /// Microseconds since 1970.
    pub first_seen: i64,
}

const BY_NAME: &str = "SELECT v.id, v.name, v.published, v.modified, v.withdrawn, a.title, \
    v.score, v.score_version, v.scorer, v.exploited_since FROM vulnerability v \
    LEFT JOIN advisory a ON a.id = v.lead_advisory WHERE v.name = $1";
const BY_ALIAS: &str = "SELECT DISTINCT v.name FROM advisory_alias n \
    JOIN advisory_vulnerability l ON l.advisory_id = n.advisory_id \
    JOIN vulnerability v ON v.id = l.vulnerability_id WHERE n.name = $1 ORDER BY v.name LIMIT $2";
const ALIASES: &str = "SELECT DISTINCT n.name FROM advisory_vulnerability l \
    JOIN advisory_alias n ON n.advisory_id = l.advisory_id WHERE l.vulnerability_id = $1 \
    ORDER BY n.name";
const ADVISORIES: &str = "SELECT f.kind, f.scope, a.name, a.raw_block, a.raw_offset, a.raw_length \
    FROM advisory_vulnerability l JOIN advisory a ON a.id = l.advisory_id \
    JOIN feed f ON f.id = a.feed_id WHERE l.vulnerability_id = $1 \
    ORDER BY f.kind, f.scope, a.name LIMIT $2";
const EPSS: &str = "SELECT score, percentile, day FROM epss WHERE name = $1";
const FINDINGS: &str = "SELECT f.branch_id, f.source_package_id, s.name, s.version, f.status, \
    f.confidence, f.fixed_in, f.first_seen FROM finding f \
    JOIN source_interval i ON i.branch_id = f.branch_id \
    AND i.source_package_id = f.source_package_id AND i.until IS NULL \
    JOIN source_package s ON s.id = f.source_package_id WHERE f.vulnerability_id = $1 \
    ORDER BY f.status, s.name, f.branch_id LIMIT $2";

impl Session {
    /// A vulnerability by its name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerability_named(
        &mut self,
        name: &str,
    ) -> Result<Option<VulnerabilityRow>, StoreError> {
        let Some(row) = self.query_one(BY_NAME, params![name]).await? else {
            return Ok(None);
        };
        Ok(Some(VulnerabilityRow {
            id: row.int(0)?,
            name: row.text(1)?,
            published: row.opt_int(2)?,
            modified: row.opt_int(3)?,
            withdrawn: row.bool(4)?,
            title: row.opt_text(5)?,
            score: score(&row, 6)?,
            exploited_since: row.opt_text(9)?,
        }))
    }

    /// The names of vulnerabilities that have this other name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerabilities_of_alias(
        &mut self,
        alias: &str,
        limit: i64,
    ) -> Result<Vec<String>, StoreError> {
        let rows = self.query(BY_ALIAS, params![alias, limit]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The other names of a vulnerability.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn aliases(&mut self, vulnerability: i64) -> Result<Vec<String>, StoreError> {
        let rows = self.query(ALIASES, params![vulnerability]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The advisories of a vulnerability, withdrawn ones included.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn advisory_records(
        &mut self,
        vulnerability: i64,
        limit: i64,
    ) -> Result<Vec<AdvisoryRecord>, StoreError> {
        let rows = self
            .query(ADVISORIES, params![vulnerability, limit])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AdvisoryRecord {
                    feed_kind: row.text(0)?,
                    feed_scope: row.text(1)?,
                    name: row.text(2)?,
                    raw: span(row, 3)?,
                })
            })
            .collect()
    }

    /// The EPSS score of a CVE.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn epss(&mut self, name: &str) -> Result<Option<EpssScore>, StoreError> {
        let Some(row) = self.query_one(EPSS, params![name]).await? else {
            return Ok(None);
        };
        let score = row.opt_real(0)?.unwrap_or_default();
        Ok(Some(EpssScore {
            score,
            percentile: row.opt_real(1)?,
            day: row.text(2)?,
        }))
    }

    /// The findings of a vulnerability in what is on any branch now, the gravest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerability_findings(
        &mut self,
        vulnerability: i64,
        limit: i64,
    ) -> Result<Vec<VulnerabilityFindingRow>, StoreError> {
        let rows = self.query(FINDINGS, params![vulnerability, limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(VulnerabilityFindingRow {
                    branch: BranchId(row.int(0)?),
                    source: SourcePackageId(row.int(1)?),
                    package: row.text(2)?,
                    version: row.text(3)?,
                    status: row.int(4)?,
                    confidence: row.int(5)?,
                    fixed_in: row.opt_text(6)?,
                    first_seen: row.int(7)?,
                })
            })
            .collect()
    }
}
