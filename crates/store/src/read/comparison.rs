//! What the comparison of two states of branches reads: when each package and source package was
//! there, what they are called, and what is found in them.

use std::collections::HashMap;

use super::RevisionPoint;
use super::branches::point;
use crate::advisories::digest_of;
use crate::block::BlockSpan;
use crate::facts::span;
use crate::lists::{CHUNK, with_numbers};
use crate::pairs::{Pair, pairs};
use crate::session::{Dialect, Row, Session, json_ints, json_texts, params};
use crate::{BranchId, FindingRow, PackageId, RepositoryId, SourcePackageId, StoreError};

/// A state of a branch: what each of its repositories had at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BranchState {
    /// The branch.
    pub branch: BranchId,
    /// The position.
    pub position: i64,
}

/// A package in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlacedPackage {
    /// The repository.
    pub repository: RepositoryId,
    /// The package.
    pub package: PackageId,
}

/// From which position on something was there, and from which it was no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval<T> {
    /// What was there.
    pub what: T,
    /// The first position with it.
    pub since: i64,
    /// The first position without it; none while it is there.
    pub until: Option<i64>,
}

/// Which intervals of a branch are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intervals {
    /// All.
    All,
    /// Those that begin or end on the way from one position to another: whatever differs between them.
    Between(i64, i64),
    /// Those that hold a position.
    At(i64),
}

/// What a package is called, and by which digest it is known without the lines of its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageLabel {
    /// The package.
    pub id: PackageId,
    /// The source package from which it is built.
    pub source: SourcePackageId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest; absent of what an earlier program wrote.
    pub substance: Option<[u8; 16]>,
}

const PACKAGE_INTERVALS: Dialect = pairs!(
    "i.repository_id || ' ' || i.package_id AS a, \
     i.since || ' ' || coalesce(i.until, 9223372036854775807) AS b",
    "FROM repository r CROSS JOIN package_interval i ON i.repository_id = r.id \
     WHERE r.branch_id = $1",
    "FROM repository r JOIN package_interval i ON i.repository_id = r.id \
     WHERE r.branch_id = $1"
);
const PACKAGE_INTERVALS_BETWEEN: Dialect = pairs!(
    "i.repository_id || ' ' || i.package_id AS a, \
     i.since || ' ' || coalesce(i.until, 9223372036854775807) AS b",
    "FROM repository r CROSS JOIN package_interval i ON i.repository_id = r.id \
     AND ((i.since > $2 AND i.since <= $3) OR (i.until > $2 AND i.until <= $3)) \
     WHERE r.branch_id = $1",
    "FROM repository r JOIN package_interval i ON i.repository_id = r.id \
     AND ((i.since > $2 AND i.since <= $3) OR (i.until > $2 AND i.until <= $3)) \
     WHERE r.branch_id = $1"
);
const PACKAGE_INTERVALS_AT: Dialect = pairs!(
    "i.repository_id || ' ' || i.package_id AS a, \
     i.since || ' ' || coalesce(i.until, 9223372036854775807) AS b",
    "FROM repository r CROSS JOIN package_interval i ON i.repository_id = r.id AND i.since <= $2 \
     AND (i.until IS NULL OR i.until > $2) \
     WHERE r.branch_id = $1",
    "FROM repository r JOIN package_interval i ON i.repository_id = r.id AND i.since <= $2 \
     AND (i.until IS NULL OR i.until > $2) \
     WHERE r.branch_id = $1"
);
const PACKAGES_AT: Dialect = pairs!(
    "i.repository_id AS a, i.package_id AS b",
    "FROM repository r CROSS JOIN package_interval i ON i.repository_id = r.id AND i.since <= $2 \
     AND (i.until IS NULL OR i.until > $2) WHERE r.branch_id = $1",
    "FROM repository r JOIN package_interval i ON i.repository_id = r.id AND i.since <= $2 \
     AND (i.until IS NULL OR i.until > $2) WHERE r.branch_id = $1"
);
const SOURCE_INTERVALS: Dialect = pairs!(
    "source_package_id || ' ' || source_package_id AS a, \
     since || ' ' || coalesce(until, 9223372036854775807) AS b",
    "FROM source_interval WHERE branch_id = $1",
    "FROM source_interval WHERE branch_id = $1"
);
const SOURCE_INTERVALS_BETWEEN: Dialect = pairs!(
    "source_package_id || ' ' || source_package_id AS a, \
     since || ' ' || coalesce(until, 9223372036854775807) AS b",
    "FROM source_interval WHERE branch_id = $1 \
     AND ((since > $2 AND since <= $3) OR (until > $2 AND until <= $3))",
    "FROM source_interval WHERE branch_id = $1 \
     AND ((since > $2 AND since <= $3) OR (until > $2 AND until <= $3))"
);
const SOURCE_INTERVALS_AT: Dialect = pairs!(
    "source_package_id || ' ' || source_package_id AS a, \
     since || ' ' || coalesce(until, 9223372036854775807) AS b",
    "FROM source_interval WHERE branch_id = $1 AND since <= $2 \
     AND (until IS NULL OR until > $2)",
    "FROM source_interval WHERE branch_id = $1 AND since <= $2 \
     AND (until IS NULL OR until > $2)"
);
const REVISIONS: &str = "SELECT count(*) FROM repository p \
    JOIN revision r ON r.repository_id = p.id WHERE p.branch_id = $1";
const REPOSITORIES: &str = "SELECT id, name, architecture FROM repository WHERE branch_id = $1";
const LABELS: Dialect = with_numbers!(
    "SELECT id, source_package_id, name, version, substance FROM package WHERE id",
    "$1",
    ""
);
const FACTS: Dialect = with_numbers!(
    "SELECT id, facts_block, facts_offset, facts_length FROM package WHERE id",
    "$1",
    ""
);
const VERSIONS_AT: Dialect = Dialect {
    // The names first: left to itself, SQLite goes through all packages of the branch.
    sqlite: "SELECT DISTINCT p.name, p.version FROM json_each($3) AS wanted \
             CROSS JOIN package p ON p.name = wanted.value \
             CROSS JOIN package_interval i ON i.package_id = p.id AND i.since <= $2 \
             AND (i.until IS NULL OR i.until > $2) \
             CROSS JOIN repository r ON r.id = i.repository_id AND r.branch_id = $1",
    postgres: "SELECT DISTINCT p.name, p.version FROM package p JOIN package_interval i \
               ON i.package_id = p.id AND i.since <= $2 AND (i.until IS NULL OR i.until > $2) \
               JOIN repository r ON r.id = i.repository_id AND r.branch_id = $1 \
               WHERE p.name = ANY (ARRAY(SELECT value FROM \
               jsonb_array_elements_text($3::jsonb)))",
};
const REVISIONS_LIKE: &str = "SELECT r.name, r.time, r.position, r.position = \
    (SELECT min(l.position) FROM revision l WHERE l.repository_id = p.id) FROM repository p \
    JOIN revision r ON r.repository_id = p.id WHERE p.branch_id = $1 \
    AND substr(r.name, 1, length($2)) = $2 ORDER BY r.position DESC LIMIT 2";
const REVISION_BEFORE: &str = "SELECT r.name, r.time, r.position, r.position = \
    (SELECT min(l.position) FROM revision l WHERE l.repository_id = p.id) FROM repository p \
    JOIN revision r ON r.repository_id = p.id WHERE p.branch_id = $1 AND r.position < $2 \
    ORDER BY r.position DESC LIMIT 1";
const OPEN_OF_SOURCES: Dialect = with_numbers!(
    "SELECT id, branch_id, source_package_id, vulnerability_id, status, confidence, fixed_in, \
     first_seen FROM finding WHERE branch_id = $1 AND status <= 1 AND source_package_id",
    "$2",
    ""
);
const STATES_OF: Dialect = Dialect {
    sqlite: "SELECT f.id, f.branch_id, f.source_package_id, f.vulnerability_id, f.status, \
             f.confidence, f.fixed_in, f.first_seen FROM json_each($2) AS wanted \
             CROSS JOIN finding f ON f.branch_id = $1 \
             AND f.source_package_id = wanted.value ->> 0 \
             AND f.vulnerability_id = wanted.value ->> 1",
    postgres: "SELECT f.id, f.branch_id, f.source_package_id, f.vulnerability_id, f.status, \
               f.confidence, f.fixed_in, f.first_seen \
               FROM jsonb_array_elements($2::jsonb) AS wanted(value) \
               JOIN finding f ON f.branch_id = $1 \
               AND f.source_package_id = (wanted.value ->> 0)::bigint \
               AND f.vulnerability_id = (wanted.value ->> 1)::bigint",
};

impl Session {
    /// When each package was in each repository of a branch: by package and repository, and several
    /// times if it came back.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package_intervals(
        &mut self,
        branch: BranchId,
        which: Intervals,
    ) -> Result<Vec<Interval<PlacedPackage>>, StoreError> {
        let statement = match which {
            Intervals::All => PACKAGE_INTERVALS,
            Intervals::Between(..) => PACKAGE_INTERVALS_BETWEEN,
            Intervals::At(_) => PACKAGE_INTERVALS_AT,
        };
        let found = self.intervals(statement, branch, which).await?;
        Ok(found.into_iter().map(|it| it.of(placed)).collect())
    }

    /// When each source package was on a branch: by source package.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_intervals(
        &mut self,
        branch: BranchId,
        which: Intervals,
    ) -> Result<Vec<Interval<SourcePackageId>>, StoreError> {
        let statement = match which {
            Intervals::All => SOURCE_INTERVALS,
            Intervals::Between(..) => SOURCE_INTERVALS_BETWEEN,
            Intervals::At(_) => SOURCE_INTERVALS_AT,
        };
        let found = self.intervals(statement, branch, which).await?;
        let source = |(source, _)| SourcePackageId(source);
        Ok(found.into_iter().map(|it| it.of(source)).collect())
    }

    async fn intervals(
        &mut self,
        statement: Dialect,
        branch: BranchId,
        which: Intervals,
    ) -> Result<Vec<Interval<Pair>>, StoreError> {
        let params = match which {
            Intervals::All => params![branch.0],
            Intervals::Between(one, other) => params![branch.0, one.min(other), one.max(other)],
            Intervals::At(position) => params![branch.0, position],
        };
        let numbers = self.pairs_with(statement, params).await?;
        let both = numbers.chunks_exact(2).map(|both| Interval {
            what: both[0],
            since: both[1].0,
            until: Some(both[1].1).filter(|until| *until != i64::MAX),
        });
        let mut all: Vec<Interval<Pair>> = both.collect();
        all.sort_unstable_by_key(|it| (it.what.1, it.what.0, it.since));
        Ok(all)
    }

    /// How many revisions of a branch's repositories are stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count_revisions(&mut self, branch: BranchId) -> Result<i64, StoreError> {
        let row = self.query_one(REVISIONS, params![branch.0]).await?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// The packages of a state.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn packages_at(
        &mut self,
        state: BranchState,
    ) -> Result<Vec<PlacedPackage>, StoreError> {
        let params = params![state.branch.0, state.position];
        let pairs = self.pairs_with(PACKAGES_AT, params).await?.into_iter();
        Ok(pairs.map(placed).collect())
    }

    /// The repositories of a branch: their names and architectures.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn repository_labels(
        &mut self,
        branch: BranchId,
    ) -> Result<HashMap<RepositoryId, (String, String)>, StoreError> {
        let rows = self.query(REPOSITORIES, params![branch.0]).await?;
        rows.iter()
            .map(|row| Ok((RepositoryId(row.int(0)?), (row.text(1)?, row.text(2)?))))
            .collect()
    }

    /// What packages are called.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package_labels(
        &mut self,
        packages: &[PackageId],
    ) -> Result<Vec<PackageLabel>, StoreError> {
        let mut labels = Vec::with_capacity(packages.len());
        for chunk in packages.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|package| package.0));
            for row in self.query(LABELS, params![list]).await? {
                labels.push(label(&row)?);
            }
        }
        Ok(labels)
    }

    /// Where all of packages is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package_facts(
        &mut self,
        packages: &[PackageId],
    ) -> Result<Vec<(PackageId, BlockSpan)>, StoreError> {
        let mut facts = Vec::with_capacity(packages.len());
        for chunk in packages.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|package| package.0));
            for row in self.query(FACTS, params![list]).await? {
                facts.push((PackageId(row.int(0)?), span(&row, 1)?));
            }
        }
        Ok(facts)
    }

    /// The versions of packages of these names in a state.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn versions_at<'a>(
        &mut self,
        state: BranchState,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let params = params![state.branch.0, state.position, json_texts(names)];
        let rows = self.query(VERSIONS_AT, params).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.text(1)?)))
            .collect()
    }

    /// At most two revisions of a branch whose names begin so, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revisions_beginning(
        &mut self,
        branch: BranchId,
        beginning: &str,
    ) -> Result<Vec<RevisionPoint>, StoreError> {
        let rows = self
            .query(REVISIONS_LIKE, params![branch.0, beginning])
            .await?;
        rows.iter().map(point).collect()
    }

    /// The last revision of a branch before a position.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revision_before(
        &mut self,
        branch: BranchId,
        position: i64,
    ) -> Result<Option<RevisionPoint>, StoreError> {
        let row = self
            .query_one(REVISION_BEFORE, params![branch.0, position])
            .await?;
        row.as_ref().map(point).transpose()
    }

    /// The open findings of source packages on a branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_findings_of(
        &mut self,
        branch: BranchId,
        sources: &[SourcePackageId],
    ) -> Result<Vec<FindingRow>, StoreError> {
        self.findings_by(OPEN_OF_SOURCES, branch, sources).await
    }

    /// What is found of vulnerabilities in source packages on a branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn finding_states(
        &mut self,
        branch: BranchId,
        pairs: &[(SourcePackageId, i64)],
    ) -> Result<Vec<FindingRow>, StoreError> {
        let mut found = Vec::new();
        for chunk in pairs.chunks(CHUNK) {
            let list = super::listing::json_pairs(chunk);
            for row in self.query(STATES_OF, params![branch.0, list]).await? {
                found.push(crate::findings::finding(&row)?);
            }
        }
        Ok(found)
    }
}

impl<T> Interval<T> {
    /// Whether it holds a position.
    pub fn holds(&self, position: i64) -> bool {
        self.since <= position && self.until.is_none_or(|until| position < until)
    }

    fn of<U>(self, what: impl Fn(T) -> U) -> Interval<U> {
        Interval {
            what: what(self.what),
            since: self.since,
            until: self.until,
        }
    }
}

fn placed((repository, package): Pair) -> PlacedPackage {
    PlacedPackage {
        repository: RepositoryId(repository),
        package: PackageId(package),
    }
}

fn label(row: &Row) -> Result<PackageLabel, StoreError> {
    let substance = row.opt_bytes(4)?;
    let substance = substance.as_deref().map(digest_of);
    Ok(PackageLabel {
        id: PackageId(row.int(0)?),
        source: SourcePackageId(row.int(1)?),
        name: row.text(2)?,
        version: row.text(3)?,
        substance: substance.transpose()?,
    })
}
