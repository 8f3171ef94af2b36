//! Findings: derived states of vulnerabilities in source packages on branches, and what is needed
//! to derive them.

use std::collections::{HashMap, HashSet};

use crate::block::BlockSpan;
use crate::bulk::{Rows, Table};
use crate::session::{Dialect, Row, Session, json_ints, json_texts, params};
use crate::{AdvisoryRow, BranchId, SourcePackageId, StoreError};

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

/// A statement for pairs of numbers, in both dialects: what is selected, and from where in SQLite
/// and in PostgreSQL. There are many pairs, and a row costs more than its numbers, so they come as
/// one text with blanks between all numbers.
macro_rules! pairs {
    ($columns:literal, $sqlite:literal, $postgres:literal) => {
        Dialect {
            sqlite: concat!(
                "SELECT group_concat(a || ' ' || b, ' ') FROM (SELECT ",
                $columns,
                " ",
                $sqlite,
                ")"
            ),
            postgres: concat!(
                "SELECT string_agg(a || ' ' || b, ' ') FROM (SELECT ",
                $columns,
                " ",
                $postgres,
                ") AS pairs"
            ),
        }
    };
}

const PAIRS_OF_SOURCES: Dialect = pairs!(
    "DISTINCT k.source_package_id AS a, a.advisory_id AS b",
    "FROM json_each($1) AS wanted CROSS JOIN source_package_key k ON k.source_package_id = \
     wanted.value CROSS JOIN advisory_key a ON a.key = k.key",
    "FROM source_package_key k JOIN advisory_key a ON a.key = k.key WHERE k.source_package_id = \
     ANY (ARRAY(SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)))"
);
const PAIRS_OF_ADVISORIES: Dialect = pairs!(
    "DISTINCT s.source_package_id AS a, k.advisory_id AS b",
    "FROM json_each($1) AS wanted CROSS JOIN advisory_key k ON k.advisory_id = wanted.value \
     CROSS JOIN source_package_key s ON s.key = k.key",
    "FROM advisory_key k JOIN source_package_key s ON s.key = k.key WHERE k.advisory_id = ANY \
     (ARRAY(SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)))"
);
const SIBLINGS: Dialect = pairs!(
    "l.vulnerability_id AS a, l.advisory_id AS b",
    "FROM advisory_vulnerability l WHERE l.vulnerability_id IN (SELECT value FROM \
     json_each($1))",
    "FROM advisory_vulnerability l WHERE l.vulnerability_id = ANY (ARRAY(SELECT value::bigint \
     FROM jsonb_array_elements_text($1::jsonb)))"
);
const LINKS: Dialect = pairs!(
    "vulnerability_id AS a, advisory_id AS b",
    "FROM advisory_vulnerability WHERE advisory_id IN (SELECT value FROM json_each($1))",
    "FROM advisory_vulnerability WHERE advisory_id = ANY (ARRAY(SELECT value::bigint FROM \
     jsonb_array_elements_text($1::jsonb)))"
);
/// Whether somebody's correction of an NVD record stands in its place.
macro_rules! overruled {
    () => {
        "f.kind = 'nvd' AND EXISTS (SELECT 1 FROM advisory o WHERE o.feed_id = a.feed_id AND o.name = \
         'override ' || a.name AND NOT o.withdrawn)"
    };
}

const ADVISORIES: Dialect = Dialect {
    sqlite: concat!(
        "SELECT a.id, f.kind, f.scope, a.name, a.identifier, a.facts_block, a.facts_offset, \
         a.facts_length, a.raw_block, a.raw_offset, a.raw_length, ",
        overruled!(),
        " FROM advisory a JOIN feed f ON f.id = a.feed_id \
         WHERE a.id IN (SELECT value FROM json_each($1)) AND NOT a.withdrawn"
    ),
    postgres: concat!(
        "SELECT a.id, f.kind, f.scope, a.name, a.identifier, a.facts_block, a.facts_offset, \
         a.facts_length, a.raw_block, a.raw_offset, a.raw_length, ",
        overruled!(),
        " FROM advisory a JOIN feed f ON f.id = a.feed_id WHERE a.id = ANY (ARRAY(SELECT \
         value::bigint FROM jsonb_array_elements_text($1::jsonb))) AND NOT a.withdrawn"
    ),
};
const SOURCES: Dialect = Dialect {
    sqlite: "SELECT id, distribution, facts_block, facts_offset, facts_length FROM source_package \
             WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "SELECT id, distribution, facts_block, facts_offset, facts_length FROM \
               source_package WHERE id = ANY (ARRAY(SELECT value::bigint FROM \
               jsonb_array_elements_text($1::jsonb)))",
};
const BRANCHES_OF_SOURCES: Dialect = pairs!(
    "DISTINCT source_package_id AS a, branch_id AS b",
    "FROM source_interval WHERE source_package_id IN (SELECT value FROM json_each($1))",
    "FROM source_interval WHERE source_package_id = ANY (ARRAY(SELECT value::bigint FROM \
     jsonb_array_elements_text($1::jsonb)))"
);
const FINDINGS_OF_SOURCES: Dialect = Dialect {
    sqlite: "SELECT id, branch_id, source_package_id, vulnerability_id, status, confidence, \
             fixed_in, first_seen FROM finding \
             WHERE branch_id = $1 AND source_package_id IN (SELECT value FROM json_each($2))",
    postgres: "SELECT id, branch_id, source_package_id, vulnerability_id, status, confidence, \
               fixed_in, first_seen FROM finding WHERE branch_id = $1 AND source_package_id = ANY \
               (ARRAY(SELECT value::bigint FROM jsonb_array_elements_text($2::jsonb)))",
};
const FINDINGS_OF_VULNERABILITIES: Dialect = Dialect {
    sqlite: "SELECT id, branch_id, source_package_id, vulnerability_id, status, confidence, \
             fixed_in, first_seen FROM finding \
             WHERE vulnerability_id IN (SELECT value FROM json_each($1))",
    postgres: "SELECT id, branch_id, source_package_id, vulnerability_id, status, confidence, \
               fixed_in, first_seen FROM finding WHERE vulnerability_id = ANY (ARRAY(SELECT \
               value::bigint FROM jsonb_array_elements_text($1::jsonb)))",
};
const DELETE: Dialect = Dialect {
    sqlite: "DELETE FROM finding WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM finding WHERE id = ANY (ARRAY(SELECT value::bigint FROM \
               jsonb_array_elements_text($1::jsonb)))",
};
const VULNERABILITY_NAMES: Dialect = Dialect {
    sqlite: "SELECT id, name FROM vulnerability WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "SELECT id, name FROM vulnerability WHERE id = ANY (ARRAY(SELECT value::bigint FROM \
               jsonb_array_elements_text($1::jsonb)))",
};
const VULNERABILITIES_BY_NAME: Dialect = Dialect {
    sqlite: "SELECT id, name FROM vulnerability WHERE name IN (SELECT value FROM json_each($1))",
    postgres: "SELECT id, name FROM vulnerability WHERE name = ANY (ARRAY(SELECT value FROM \
               jsonb_array_elements_text($1::jsonb)))",
};
const SOURCE_LABELS: Dialect = Dialect {
    sqlite: "SELECT id, name, version FROM source_package \
             WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "SELECT id, name, version FROM source_package WHERE id = ANY (ARRAY(SELECT \
               value::bigint FROM jsonb_array_elements_text($1::jsonb)))",
};
const SOURCES_OF_KEYS: Dialect = pairs!(
    "k.key AS a, k.source_package_id AS b",
    "FROM json_each($1) AS wanted CROSS JOIN source_package_key k ON k.key = wanted.value",
    "FROM source_package_key k WHERE k.key = ANY (ARRAY(SELECT value::bigint FROM \
     jsonb_array_elements_text($1::jsonb)))"
);
const OPEN_ON_BRANCH: &str = "SELECT v.name, s.name, s.version, f.status FROM finding f \
    JOIN source_interval i ON i.branch_id = f.branch_id \
    AND i.source_package_id = f.source_package_id AND i.until IS NULL \
    JOIN source_package s ON s.id = f.source_package_id \
    JOIN vulnerability v ON v.id = f.vulnerability_id \
    WHERE f.branch_id = $1 AND f.status <= 1 ORDER BY v.name, s.name, s.version";
const PRESENT: Dialect = pairs!(
    "DISTINCT source_package_id AS a, branch_id AS b",
    "FROM source_interval WHERE until IS NULL AND source_package_id IN (SELECT value FROM \
     json_each($1))",
    "FROM source_interval WHERE until IS NULL AND source_package_id = ANY (ARRAY(SELECT \
     value::bigint FROM jsonb_array_elements_text($1::jsonb)))"
);
const VERSIONS: Dialect = Dialect {
    sqlite: "SELECT s.name, s.version FROM source_package s JOIN source_interval i \
             ON i.branch_id = $1 AND i.source_package_id = s.id AND i.until IS NULL \
             WHERE s.name IN (SELECT value FROM json_each($2)) ORDER BY s.name, s.id",
    postgres: "SELECT s.name, s.version FROM source_package s JOIN source_interval i ON \
               i.branch_id = $1 AND i.source_package_id = s.id AND i.until IS NULL WHERE s.name = \
               ANY (ARRAY(SELECT value FROM jsonb_array_elements_text($2::jsonb))) ORDER BY \
               s.name, s.id",
};
const ANY_SOURCE: &str = "SELECT id FROM source_package LIMIT 1";

/// Numbers in one statement's list.
const CHUNK: usize = 20_000;

/// A pair of rows, first column first.
type Pair = (i64, i64);

impl Session {
    /// The pairs (source package, advisory) that share a key, for these source packages.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn pairs_of_sources(
        &mut self,
        sources: &[SourcePackageId],
    ) -> Result<Vec<Pair>, StoreError> {
        self.pairs(PAIRS_OF_SOURCES, sources.iter().map(|source| source.0))
            .await
    }

    /// The pairs (source package, advisory) that share a key, for these advisories.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn pairs_of_advisories(
        &mut self,
        advisories: &[i64],
    ) -> Result<Vec<Pair>, StoreError> {
        self.pairs(PAIRS_OF_ADVISORIES, advisories.iter().copied())
            .await
    }

    /// The pairs (vulnerability, advisory) of these vulnerabilities.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn advisories_of(
        &mut self,
        vulnerabilities: &[i64],
    ) -> Result<Vec<Pair>, StoreError> {
        self.pairs(SIBLINGS, vulnerabilities.iter().copied()).await
    }

    /// The pairs (vulnerability, advisory) of these advisories.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerabilities_of(
        &mut self,
        advisories: &[i64],
    ) -> Result<Vec<Pair>, StoreError> {
        self.pairs(LINKS, advisories.iter().copied()).await
    }

    /// The pairs (source package, branch) for these source packages.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn branches_of_sources(
        &mut self,
        sources: &[SourcePackageId],
    ) -> Result<Vec<(SourcePackageId, BranchId)>, StoreError> {
        let pairs = self
            .pairs(BRANCHES_OF_SOURCES, sources.iter().map(|source| source.0))
            .await?;
        Ok(pairs
            .into_iter()
            .map(|(a, b)| (SourcePackageId(a), BranchId(b)))
            .collect())
    }

    /// The pairs (key, source package) of these keys.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sources_of_keys(
        &mut self,
        keys: &[i64],
    ) -> Result<Vec<(i64, SourcePackageId)>, StoreError> {
        let pairs = self.pairs(SOURCES_OF_KEYS, keys.iter().copied()).await?;
        Ok(pairs
            .into_iter()
            .map(|(key, source)| (key, SourcePackageId(source)))
            .collect())
    }

    /// On which branches these source packages are now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn present_sources(
        &mut self,
        sources: &[SourcePackageId],
    ) -> Result<HashSet<(SourcePackageId, BranchId)>, StoreError> {
        let ids = sources.iter().map(|source| source.0);
        let pairs = self.pairs(PRESENT, ids).await?.into_iter();
        Ok(pairs
            .map(|(source, branch)| (SourcePackageId(source), BranchId(branch)))
            .collect())
    }

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

    /// The versions in which source packages are on a branch now, by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn present_versions(
        &mut self,
        branch: BranchId,
        names: impl Iterator<Item = &str>,
    ) -> Result<HashMap<String, Vec<String>>, StoreError> {
        let mut versions: HashMap<String, Vec<String>> = HashMap::new();
        let parameters = params![branch.0, json_texts(names)];
        for row in self.query(VERSIONS, parameters).await? {
            versions.entry(row.text(0)?).or_default().push(row.text(1)?);
        }
        Ok(versions)
    }

    /// Whether any source package is stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn has_sources(&mut self) -> Result<bool, StoreError> {
        Ok(self.query_one(ANY_SOURCE, Vec::new()).await?.is_some())
    }

    async fn pairs(
        &mut self,
        statement: Dialect,
        ids: impl Iterator<Item = i64>,
    ) -> Result<Vec<Pair>, StoreError> {
        let ids: Vec<i64> = ids.collect();
        let mut pairs = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().copied());
            let row = self.query_one(statement, params![list]).await?;
            let text = row.map(|row| row.opt_text(0)).transpose()?.flatten();
            let mut numbers = text.iter().flat_map(|text| text.split(' ').map(str::parse));
            while let (Some(a), Some(b)) = (numbers.next(), numbers.next()) {
                let damaged = |_| StoreError::damaged(0, "a number that is none");
                pairs.push((a.map_err(damaged)?, b.map_err(damaged)?));
            }
        }
        Ok(pairs)
    }

    /// Where these advisories' facts are; withdrawn ones are left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn standing_advisories(
        &mut self,
        ids: &[i64],
    ) -> Result<Vec<AdvisoryRow>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            for row in self
                .query(ADVISORIES, params![json_ints(chunk.iter().copied())])
                .await?
            {
                found.push(AdvisoryRow {
                    id: row.int(0)?,
                    feed_kind: row.text(1)?,
                    feed_scope: row.text(2)?,
                    name: row.text(3)?,
                    identifier: row.text(4)?,
                    facts: span(&row, 5)?,
                    raw: span(&row, 8)?,
                    overruled: row.bool(11)?,
                });
            }
        }
        Ok(found)
    }

    /// Where these source packages' facts are, with their distribution.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_facts(
        &mut self,
        ids: &[SourcePackageId],
    ) -> Result<Vec<(SourcePackageId, String, BlockSpan)>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|id| id.0));
            for row in self.query(SOURCES, params![list]).await? {
                found.push((SourcePackageId(row.int(0)?), row.text(1)?, span(&row, 2)?));
            }
        }
        Ok(found)
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
        let mut found = Vec::new();
        for chunk in sources.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|source| source.0));
            let rows = self
                .query(FINDINGS_OF_SOURCES, params![branch.0, list])
                .await?;
            for row in rows {
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

    /// The names of vulnerabilities.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerability_names(
        &mut self,
        ids: &[i64],
    ) -> Result<HashMap<i64, String>, StoreError> {
        let mut names = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().copied());
            for row in self.query(VULNERABILITY_NAMES, params![list]).await? {
                names.insert(row.int(0)?, row.text(1)?);
            }
        }
        Ok(names)
    }

    /// The vulnerabilities of names, as far as they are known.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerabilities_by_name<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<HashMap<String, i64>, StoreError> {
        let rows = self
            .query(VULNERABILITIES_BY_NAME, params![json_texts(names)])
            .await?;
        rows.iter()
            .map(|row| Ok((row.text(1)?, row.int(0)?)))
            .collect()
    }

    /// The names and versions of source packages.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_labels(
        &mut self,
        ids: &[SourcePackageId],
    ) -> Result<HashMap<SourcePackageId, (String, String)>, StoreError> {
        let mut labels = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|id| id.0));
            for row in self.query(SOURCE_LABELS, params![list]).await? {
                labels.insert(SourcePackageId(row.int(0)?), (row.text(1)?, row.text(2)?));
            }
        }
        Ok(labels)
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

fn finding(row: &Row) -> Result<FindingRow, StoreError> {
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

pub(crate) fn span(row: &Row, column: usize) -> Result<BlockSpan, StoreError> {
    Ok(BlockSpan {
        block: row.int(column)?,
        offset: row.int(column + 1)?,
        length: row.int(column + 2)?,
    })
}
