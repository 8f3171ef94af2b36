//! Who may concern whom: source packages and advisories that share a key, vulnerabilities and their
//! advisories, source packages and their branches.

use std::collections::HashSet;

use crate::lists::CHUNK;
use crate::session::{Dialect, Session, Value, json_ints, params};
use crate::{BranchId, SourcePackageId, StoreError};

/// A statement for pairs of numbers, in both dialects: what is selected, and from where in SQLite
/// and in PostgreSQL. There are many pairs, and a row costs more than its numbers, so they come as
/// one text with blanks between all numbers.
macro_rules! pairs {
    ($columns:literal, $sqlite:literal, $postgres:literal) => {
        crate::session::Dialect {
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

pub(crate) use pairs;

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
const BRANCHES_OF_SOURCES: Dialect = pairs!(
    "DISTINCT source_package_id AS a, branch_id AS b",
    "FROM source_interval WHERE source_package_id IN (SELECT value FROM json_each($1))",
    "FROM source_interval WHERE source_package_id = ANY (ARRAY(SELECT value::bigint FROM \
     jsonb_array_elements_text($1::jsonb)))"
);
const SOURCES_OF_KEYS: Dialect = pairs!(
    "k.key AS a, k.source_package_id AS b",
    "FROM json_each($1) AS wanted CROSS JOIN source_package_key k ON k.key = wanted.value",
    "FROM source_package_key k WHERE k.key = ANY (ARRAY(SELECT value::bigint FROM \
     jsonb_array_elements_text($1::jsonb)))"
);
const ADVISORIES_OF_KEYS: Dialect = pairs!(
    "k.key AS a, k.advisory_id AS b",
    "FROM json_each($1) AS wanted CROSS JOIN advisory_key k ON k.key = wanted.value",
    "FROM advisory_key k WHERE k.key = ANY (ARRAY(SELECT value::bigint FROM \
     jsonb_array_elements_text($1::jsonb)))"
);
const PRESENT: Dialect = pairs!(
    "DISTINCT source_package_id AS a, branch_id AS b",
    "FROM source_interval WHERE until IS NULL AND source_package_id IN (SELECT value FROM \
     json_each($1))",
    "FROM source_interval WHERE until IS NULL AND source_package_id = ANY (ARRAY(SELECT \
     value::bigint FROM jsonb_array_elements_text($1::jsonb)))"
);

/// A pair of rows, first column first.
pub(crate) type Pair = (i64, i64);

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

    /// The pairs (key, advisory) of these keys.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn advisories_of_keys(&mut self, keys: &[i64]) -> Result<Vec<Pair>, StoreError> {
        self.pairs(ADVISORIES_OF_KEYS, keys.iter().copied()).await
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

    async fn pairs(
        &mut self,
        statement: Dialect,
        ids: impl Iterator<Item = i64>,
    ) -> Result<Vec<Pair>, StoreError> {
        let ids: Vec<i64> = ids.collect();
        let mut pairs = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().copied());
            pairs.extend(self.pairs_with(statement, params![list]).await?);
        }
        Ok(pairs)
    }

    /// The pairs that a statement of [`pairs!`] gives.
    pub(crate) async fn pairs_with(
        &mut self,
        statement: Dialect,
        params: Vec<Value>,
    ) -> Result<Vec<Pair>, StoreError> {
        let row = self.query_one(statement, params).await?;
        let text = row.map(|row| row.opt_text(0)).transpose()?.flatten();
        let mut numbers = text.iter().flat_map(|text| text.split(' ').map(str::parse));
        let mut pairs = Vec::new();
        while let (Some(a), Some(b)) = (numbers.next(), numbers.next()) {
            let odd = |_| StoreError::value("a row's number that is none");
            pairs.push((a.map_err(odd)?, b.map_err(odd)?));
        }
        Ok(pairs)
    }
}
