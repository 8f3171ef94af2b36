//! Findings: derived states of vulnerabilities in source packages on branches.

use crate::bulk::{Rows, Table};
use crate::lists::{CHUNK, with_numbers};
use crate::session::{Dialect, Row, Session, json_ints, params};
use crate::{BranchId, SourcePackageId, StoreError};

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingKey {
    /// The branch.
    pub branch: BranchId,
    /// The source package.
    pub source: SourcePackageId,
    /// The vulnerability.
    pub vulnerability: i64,
}

/// What a finding says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingState {
    /// The place of the status in [`palisade_model::VerdictStatus::ALL`].
    pub status: i64,
    /// 0 possible, 1 likely, 2 certain.
    pub confidence: i64,
    /// The first fixed version.
    pub fixed_in: Option<String>,
}

/// A stored finding.
#[derive(Debug, Clone)]
pub struct FindingRow {
    /// Its row.
    pub id: i64,
    /// What it is about.
    pub key: FindingKey,
    /// What it says.
    pub state: FindingState,
    /// When it was first derived, in microseconds since 1970.
    pub first_seen: i64,
}

/// An open finding as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFinding {
    /// The vulnerability's name.
    pub vulnerability: String,
    /// The source package's name.
    pub package: String,
    /// The source package's version.
    pub version: String,
    /// The place of the status in [`palisade_model::VerdictStatus::ALL`].
    pub status: i64,
}

static FINDING: Table = Table {
    name: "finding",
    columns: &[
        "id",
        "branch_id",
        "source_package_id",
        "vulnerability_id",
        "status",
        "confidence",
        "fixed_in",
        "first_seen",
        "changed_at",
    ],
};

const FINDINGS_OF_SOURCES: Dialect = with_numbers!(
    "SELECT id, branch_id, source_package_id, vulnerability_id, status, confidence, fixed_in, \
     first_seen FROM finding WHERE branch_id = $1 AND source_package_id",
    "$2",
    ""
);
const FINDINGS_OF_VULNERABILITIES: Dialect = with_numbers!(
    "SELECT id, branch_id, source_package_id, vulnerability_id, status, confidence, fixed_in, \
     first_seen FROM finding WHERE vulnerability_id",
    "$1",
    ""
);
const DELETE: Dialect = with_numbers!("DELETE FROM finding WHERE id", "$1", "");
const OPEN_ON_BRANCH: &str = "SELECT v.name, s.name, s.version, f.status FROM finding f \
    JOIN source_interval i ON i.branch_id = f.branch_id \
    AND i.source_package_id = f.source_package_id AND i.until IS NULL \
    JOIN source_package s ON s.id = f.source_package_id \
    JOIN vulnerability v ON v.id = f.vulnerability_id \
    WHERE f.branch_id = $1 AND f.status <= 1 ORDER BY v.name, s.name, s.version";

impl Session {
    /// What is open on a branch now, ordered by vulnerability, package and version.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn named_open_findings(
        &mut self,
        branch: BranchId,
    ) -> Result<Vec<OpenFinding>, StoreError> {
        let rows = self.query(OPEN_ON_BRANCH, params![branch.0]).await?;
        let open = rows.iter().map(|row| {
            Ok(OpenFinding {
                vulnerability: row.text(0)?,
                package: row.text(1)?,
                version: row.text(2)?,
                status: row.int(3)?,
            })
        });
        open.collect()
    }

    /// The findings of source packages on a branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn findings_of_sources(
        &mut self,
        branch: BranchId,
        sources: &[SourcePackageId],
    ) -> Result<Vec<FindingRow>, StoreError> {
        self.findings_by(FINDINGS_OF_SOURCES, branch, sources).await
    }

    /// The findings that a statement with a branch and a list of source packages gives.
    pub(crate) async fn findings_by(
        &mut self,
        statement: Dialect,
        branch: BranchId,
        sources: &[SourcePackageId],
    ) -> Result<Vec<FindingRow>, StoreError> {
        let mut found = Vec::new();
        for chunk in sources.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|source| source.0));
            for row in self.query(statement, params![branch.0, list]).await? {
                found.push(finding(&row)?);
            }
        }
        Ok(found)
    }

    /// The findings of vulnerabilities, on all branches.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn findings_of_vulnerabilities(
        &mut self,
        vulnerabilities: &[i64],
    ) -> Result<Vec<FindingRow>, StoreError> {
        let mut found = Vec::new();
        for chunk in vulnerabilities.chunks(CHUNK) {
            let list = json_ints(chunk.iter().copied());
            for row in self
                .query(FINDINGS_OF_VULNERABILITIES, params![list])
                .await?
            {
                found.push(finding(&row)?);
            }
        }
        Ok(found)
    }

    /// Writes findings: `gone` are deleted, `changed` replace those of their rows, `new` are added.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_findings(
        &mut self,
        now: i64,
        gone: &[i64],
        changed: &[FindingRow],
        new: &[(FindingKey, FindingState)],
    ) -> Result<(), StoreError> {
        let replaced = changed.iter().map(|row| row.id);
        let deleted: Vec<i64> = gone.iter().copied().chain(replaced).collect();
        for chunk in deleted.chunks(CHUNK) {
            self.execute(DELETE, params![json_ints(chunk.iter().copied())])
                .await?;
        }
        let mut rows = Rows::of(&FINDING);
        for row in changed {
            push(&mut rows, row.id, row.key, &row.state, row.first_seen, now);
        }
        let first = self.next_id("SELECT max(id) FROM finding").await?;
        let first = changed.iter().map(|row| row.id + 1).fold(first, i64::max);
        for (id, (key, state)) in (first..).zip(new) {
            push(&mut rows, id, *key, state, now, now);
            if rows.is_full() {
                rows.insert(self).await?;
            }
        }
        rows.insert(self).await
    }
}

fn push(
    rows: &mut Rows,
    id: i64,
    key: FindingKey,
    state: &FindingState,
    first_seen: i64,
    changed_at: i64,
) {
    rows.push(params![
        id,
        key.branch.0,
        key.source.0,
        key.vulnerability,
        state.status,
        state.confidence,
        state.fixed_in.as_deref(),
        first_seen,
        changed_at,
    ]);
}

pub(crate) fn finding(row: &Row) -> Result<FindingRow, StoreError> {
    Ok(FindingRow {
        id: row.int(0)?,
        key: FindingKey {
            branch: BranchId(row.int(1)?),
            source: SourcePackageId(row.int(2)?),
            vulnerability: row.int(3)?,
        },
        state: FindingState {
            status: row.int(4)?,
            confidence: row.int(5)?,
            fixed_in: row.opt_text(6)?,
        },
        first_seen: row.int(7)?,
    })
}
