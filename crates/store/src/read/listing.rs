//! The open findings of a branch at one position, with what lists show of them.

use crate::lists::{CHUNK, with_numbers, with_texts};
use crate::session::{Dialect, Row, Session, json_ints, json_texts, params};
use crate::{BranchId, SourcePackageId, StoreError};

/// An open finding.
#[derive(Debug, Clone)]
pub struct OpenFindingRow {
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

/// A source package that is on a branch now.
#[derive(Debug, Clone)]
pub struct MaintainedRow {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Who maintains it, where the distribution says so.
    pub maintainer: Option<String>,
}

/// A source package's name and version.
#[derive(Debug, Clone)]
pub struct SourceLabelRow {
    /// Its row.
    pub id: SourcePackageId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it has a graft.
    pub grafted: bool,
}

/// A repository that holds a package of a source package.
#[derive(Debug, Clone)]
pub struct SourceRepositoryRow {
    /// The source package.
    pub source: SourcePackageId,
    /// The repository's name; empty when it has none.
    pub name: String,
    /// Its architecture; empty when it has none.
    pub architecture: String,
}

/// What lists show of a vulnerability.
#[derive(Debug, Clone)]
pub struct VulnerabilityHead {
    /// Its row.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its heading, from the advisory that leads.
    pub title: Option<String>,
    /// The foremost base score, its CVSS version and who gave it.
    pub score: Option<(f64, String, String)>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
    /// The EPSS score, 0 to 1.
    pub epss: Option<f64>,
    /// When it was first published, in microseconds since 1970.
    pub published: Option<i64>,
}

/// What one advisory rates a vulnerability with.
#[derive(Debug, Clone)]
pub struct RatingRow {
    /// The vulnerability.
    pub vulnerability: i64,
    /// A base score, its CVSS version and who gave it.
    pub score: Option<(f64, String, String)>,
    /// Decision points of SSVC: `exploitation/automatable/impact`, an unknown one as `-`.
    pub ssvc: Option<String>,
}

/// When a source package was on a branch.
#[derive(Debug, Clone)]
pub struct SourceSpan {
    /// The source package.
    pub source: SourcePackageId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The first position.
    pub since: i64,
    /// The position before which it went.
    pub until: Option<i64>,
}

const OPEN_NOW: &str = "SELECT f.source_package_id, f.vulnerability_id, f.status, f.confidence, \
    f.fixed_in, f.first_seen FROM finding f WHERE f.branch_id = $1 AND f.status <= 1 \
    AND EXISTS (SELECT 1 FROM source_interval i WHERE i.branch_id = f.branch_id \
    AND i.source_package_id = f.source_package_id AND i.until IS NULL)";
const OPEN_AT: &str = "SELECT f.source_package_id, f.vulnerability_id, f.status, f.confidence, \
    f.fixed_in, f.first_seen FROM finding f WHERE f.branch_id = $1 AND f.status <= 1 \
    AND EXISTS (SELECT 1 FROM source_interval i WHERE i.branch_id = f.branch_id \
    AND i.source_package_id = f.source_package_id AND i.since <= $2 \
    AND (i.until IS NULL OR i.until > $2))";
const LABELS: Dialect = with_numbers!(
    "SELECT id, name, version, grafted FROM source_package WHERE id",
    "$1",
    ""
);
const HEADS: Dialect = with_numbers!(
    "SELECT v.id, v.name, a.title, v.score, v.score_version, v.scorer, v.exploited_since, \
     e.score, v.published FROM vulnerability v LEFT JOIN advisory a ON a.id = v.lead_advisory \
     LEFT JOIN epss e ON e.name = v.name WHERE v.id",
    "$1",
    ""
);
const RATINGS: Dialect = with_numbers!(
    "SELECT l.vulnerability_id, a.score, a.score_version, a.scorer, a.ssvc \
     FROM advisory_vulnerability l JOIN advisory a ON a.id = l.advisory_id \
     WHERE NOT a.withdrawn AND (a.score IS NOT NULL OR a.ssvc IS NOT NULL) \
     AND l.vulnerability_id",
    "$1",
    " ORDER BY l.vulnerability_id, a.scorer, a.id"
);
const MAINTAINERS: Dialect = with_numbers!(
    "SELECT source_package_id, min(maintainer) FROM package WHERE maintainer IS NOT NULL \
     AND source_package_id",
    "$1",
    " GROUP BY source_package_id"
);
const MAINTAINED: &str = "SELECT s.name, s.version, (SELECT min(p.maintainer) FROM package p \
    WHERE p.source_package_id = s.id) FROM source_interval i \
    JOIN source_package s ON s.id = i.source_package_id \
    WHERE i.branch_id = $1 AND i.until IS NULL ORDER BY s.name, s.id";
const SPANS: Dialect = with_texts!(
    "SELECT i.source_package_id, s.name, s.version, i.since, i.until FROM source_package s \
     JOIN source_interval i ON i.branch_id = $1 AND i.source_package_id = s.id WHERE s.name",
    "$2",
    ""
);
const SOURCE_REPOSITORIES: Dialect = with_numbers!(
    "SELECT DISTINCT p.source_package_id, r.name, r.architecture FROM package p \
     JOIN package_interval i ON i.package_id = p.id AND i.since <= $2 \
     AND (i.until IS NULL OR i.until > $2) \
     JOIN repository r ON r.id = i.repository_id AND r.branch_id = $1 WHERE p.source_package_id",
    "$3",
    " ORDER BY r.name, r.architecture"
);
const OPEN_PAIRS: Dialect = Dialect {
    sqlite: "SELECT f.source_package_id, f.vulnerability_id, f.status FROM json_each($2) AS wanted \
             CROSS JOIN finding f ON f.branch_id = $1 \
             AND f.source_package_id = wanted.value ->> 0 \
             AND f.vulnerability_id = wanted.value ->> 1 WHERE f.status <= 1",
    postgres: "SELECT f.source_package_id, f.vulnerability_id, f.status \
               FROM jsonb_array_elements($2::jsonb) AS wanted(value) \
               JOIN finding f ON f.branch_id = $1 \
               AND f.source_package_id = (wanted.value ->> 0)::bigint \
               AND f.vulnerability_id = (wanted.value ->> 1)::bigint WHERE f.status <= 1",
};

impl Session {
    /// The open findings of what is on a branch now, or was at a position.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_findings(
        &mut self,
        branch: BranchId,
        position: Option<i64>,
    ) -> Result<Vec<OpenFindingRow>, StoreError> {
        let rows = match position {
            None => self.query(OPEN_NOW, params![branch.0]).await?,
            Some(position) => self.query(OPEN_AT, params![branch.0, position]).await?,
        };
        rows.iter().map(open_finding).collect()
    }

    /// Names and versions of source packages.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn label_rows(
        &mut self,
        ids: &[SourcePackageId],
    ) -> Result<Vec<SourceLabelRow>, StoreError> {
        let mut labels = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|id| id.0));
            for row in self.query(LABELS, params![list]).await? {
                labels.push(SourceLabelRow {
                    id: SourcePackageId(row.int(0)?),
                    name: row.text(1)?,
                    version: row.text(2)?,
                    grafted: row.bool(3)?,
                });
            }
        }
        Ok(labels)
    }

    /// What lists show of vulnerabilities.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerability_heads(
        &mut self,
        ids: &[i64],
    ) -> Result<Vec<VulnerabilityHead>, StoreError> {
        let mut heads = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            for row in self
                .query(HEADS, params![json_ints(chunk.iter().copied())])
                .await?
            {
                heads.push(head(&row)?);
            }
        }
        Ok(heads)
    }

    /// What each advisory rates these vulnerabilities with; one that rates nothing is left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn ratings(&mut self, ids: &[i64]) -> Result<Vec<RatingRow>, StoreError> {
        let mut ratings = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().copied());
            for row in self.query(RATINGS, params![list]).await? {
                ratings.push(RatingRow {
                    vulnerability: row.int(0)?,
                    score: score(&row, 1)?,
                    ssvc: row.opt_text(4)?,
                });
            }
        }
        Ok(ratings)
    }

    /// The maintainers of source packages, as their packages name them; those without are left
    /// out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn maintainers(
        &mut self,
        ids: &[SourcePackageId],
    ) -> Result<Vec<(SourcePackageId, String)>, StoreError> {
        let mut maintainers = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|id| id.0));
            for row in self.query(MAINTAINERS, params![list]).await? {
                maintainers.push((SourcePackageId(row.int(0)?), row.text(1)?));
            }
        }
        Ok(maintainers)
    }

    /// The source packages that are on a branch now, by name, with those who maintain them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn maintained(&mut self, branch: BranchId) -> Result<Vec<MaintainedRow>, StoreError> {
        let rows = self.query(MAINTAINED, params![branch.0]).await?;
        let row = |row: &Row| {
            Ok(MaintainedRow {
                name: row.text(0)?,
                version: row.text(1)?,
                maintainer: row.opt_text(2)?,
            })
        };
        rows.iter().map(row).collect()
    }

    /// When source packages of these names were on a branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_spans<'a>(
        &mut self,
        branch: BranchId,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<SourceSpan>, StoreError> {
        let rows = self
            .query(SPANS, params![branch.0, json_texts(names)])
            .await?;
        rows.iter().map(source_span).collect()
    }

    /// The repositories of a branch in which source packages are now, or were at a position.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_repositories(
        &mut self,
        branch: BranchId,
        sources: &[SourcePackageId],
        position: Option<i64>,
    ) -> Result<Vec<SourceRepositoryRow>, StoreError> {
        // What is there now was not gone at any position.
        let position = position.unwrap_or(i64::MAX);
        let list = json_ints(sources.iter().map(|id| id.0));
        let rows = self
            .query(SOURCE_REPOSITORIES, params![branch.0, position, list])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(SourceRepositoryRow {
                    source: SourcePackageId(row.int(0)?),
                    name: row.text(1)?,
                    architecture: row.text(2)?,
                })
            })
            .collect()
    }

    /// Which of the given pairs (source package, vulnerability) are open on a branch, and with
    /// which status.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_pairs(
        &mut self,
        branch: BranchId,
        pairs: &[(SourcePackageId, i64)],
    ) -> Result<Vec<(SourcePackageId, i64, i64)>, StoreError> {
        let rows = self
            .query(OPEN_PAIRS, params![branch.0, json_pairs(pairs)])
            .await?;
        rows.iter()
            .map(|row| Ok((SourcePackageId(row.int(0)?), row.int(1)?, row.int(2)?)))
            .collect()
    }
}

pub(super) fn json_pairs(pairs: &[(SourcePackageId, i64)]) -> String {
    let pairs: Vec<(i64, i64)> = pairs.iter().map(|(source, id)| (source.0, *id)).collect();
    serde_json::to_string(&pairs).expect("numbers are JSON")
}

fn open_finding(row: &Row) -> Result<OpenFindingRow, StoreError> {
    Ok(OpenFindingRow {
        source: SourcePackageId(row.int(0)?),
        vulnerability: row.int(1)?,
        status: row.int(2)?,
        confidence: row.int(3)?,
        fixed_in: row.opt_text(4)?,
        first_seen: row.int(5)?,
    })
}

/// A vulnerability's head from nine columns.
pub(super) fn head(row: &Row) -> Result<VulnerabilityHead, StoreError> {
    Ok(VulnerabilityHead {
        id: row.int(0)?,
        name: row.text(1)?,
        title: row.opt_text(2)?,
        score: score(row, 3)?,
        exploited_since: row.opt_text(6)?,
        epss: row.opt_real(7)?,
        published: row.opt_int(8)?.filter(|time| *time > 0),
    })
}

/// A score, its version and its author from three columns.
pub(super) fn score(row: &Row, at: usize) -> Result<Option<(f64, String, String)>, StoreError> {
    let (score, version) = (row.opt_real(at)?, row.opt_text(at + 1)?);
    let scorer = row.opt_text(at + 2)?.unwrap_or_default();
    Ok(score
        .zip(version)
        .map(|(score, version)| (score, version, scorer)))
}

/// A row of a source package, its name and version, and the bounds of its stay.
pub(super) fn source_span(row: &Row) -> Result<SourceSpan, StoreError> {
    Ok(SourceSpan {
        source: SourcePackageId(row.int(0)?),
        name: row.text(1)?,
        version: row.text(2)?,
        since: row.int(3)?,
        until: row.opt_int(4)?,
    })
}
