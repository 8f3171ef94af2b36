//! Which packages and source packages only one of two states of branches has.
//!
//! Between two positions of one branch only what came or went is looked at: the bounds of intervals
//! between them, which an index has in order. Of two branches it is the difference of both states.

use std::collections::{HashMap, HashSet};

use super::RevisionPoint;
use super::branches::point;
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

/// What only one of two states has, and what only the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference<T> {
    /// What only the first has.
    pub gone: Vec<T>,
    /// What only the second has.
    pub came: Vec<T>,
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

const PACKAGES_CAME: Dialect = pairs!(
    "i.repository_id AS a, i.package_id AS b",
    "FROM repository r CROSS JOIN package_interval i ON i.repository_id = r.id AND i.since > $2 \
     AND i.since <= $3 AND (i.until IS NULL OR i.until > $3) WHERE r.branch_id = $1",
    "FROM repository r JOIN package_interval i ON i.repository_id = r.id AND i.since > $2 \
     AND i.since <= $3 AND (i.until IS NULL OR i.until > $3) WHERE r.branch_id = $1"
);
const PACKAGES_WENT: Dialect = pairs!(
    "i.repository_id AS a, i.package_id AS b",
    "FROM repository r CROSS JOIN package_interval i ON i.repository_id = r.id AND i.until > $2 \
     AND i.until <= $3 AND i.since <= $2 WHERE r.branch_id = $1",
    "FROM repository r JOIN package_interval i ON i.repository_id = r.id AND i.until > $2 \
     AND i.until <= $3 AND i.since <= $2 WHERE r.branch_id = $1"
);
const PACKAGES_AT: Dialect = pairs!(
    "i.repository_id AS a, i.package_id AS b",
    "FROM repository r CROSS JOIN package_interval i ON i.repository_id = r.id AND i.since <= $2 \
     AND (i.until IS NULL OR i.until > $2) WHERE r.branch_id = $1",
    "FROM repository r JOIN package_interval i ON i.repository_id = r.id AND i.since <= $2 \
     AND (i.until IS NULL OR i.until > $2) WHERE r.branch_id = $1"
);
const SOURCES_CAME: Dialect = pairs!(
    "source_package_id AS a, since AS b",
    "FROM source_interval WHERE branch_id = $1 AND since > $2 AND since <= $3 \
     AND (until IS NULL OR until > $3)",
    "FROM source_interval WHERE branch_id = $1 AND since > $2 AND since <= $3 \
     AND (until IS NULL OR until > $3)"
);
const SOURCES_WENT: Dialect = pairs!(
    "source_package_id AS a, since AS b",
    "FROM source_interval WHERE branch_id = $1 AND until > $2 AND until <= $3 AND since <= $2",
    "FROM source_interval WHERE branch_id = $1 AND until > $2 AND until <= $3 AND since <= $2"
);
const SOURCES_AT: Dialect = pairs!(
    "source_package_id AS a, since AS b",
    "FROM source_interval WHERE branch_id = $1 AND since <= $2 AND (until IS NULL OR until > $2)",
    "FROM source_interval WHERE branch_id = $1 AND since <= $2 AND (until IS NULL OR until > $2)"
);
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
    /// The packages that only one of two states has.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package_difference(
        &mut self,
        from: BranchState,
        to: BranchState,
    ) -> Result<Difference<PlacedPackage>, StoreError> {
        if from.branch == to.branch {
            let found = self
                .between(PACKAGES_WENT, PACKAGES_CAME, from, to.position)
                .await?;
            return Ok(without_returned(found).map(placed));
        }
        let here = self.places_of(from.branch).await?;
        let there = self.places_of(to.branch).await?;
        let mut gone = self.at(PACKAGES_AT, from).await?;
        let mut came = self.at(PACKAGES_AT, to).await?;
        // Repositories of different branches are the same place when they are called the same.
        let same = |(a, b): &Pair, places: &HashMap<i64, (String, String)>| {
            (places.get(a).cloned().unwrap_or_default(), *b)
        };
        let before: HashSet<_> = gone.iter().map(|pair| same(pair, &here)).collect();
        let after: HashSet<_> = came.iter().map(|pair| same(pair, &there)).collect();
        gone.retain(|pair| !after.contains(&same(pair, &here)));
        came.retain(|pair| !before.contains(&same(pair, &there)));
        Ok(Difference { gone, came }.map(placed))
    }

    /// The source packages that only one of two states has.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_difference(
        &mut self,
        from: BranchState,
        to: BranchState,
    ) -> Result<Difference<SourcePackageId>, StoreError> {
        let found = if from.branch == to.branch {
            self.between(SOURCES_WENT, SOURCES_CAME, from, to.position)
                .await?
        } else {
            Difference {
                gone: self.at(SOURCES_AT, from).await?,
                came: self.at(SOURCES_AT, to).await?,
            }
        };
        let ids = found.map(|(source, _)| (source, 0));
        Ok(without_returned(ids).map(|(source, _)| SourcePackageId(source)))
    }

    /// The source packages of a state.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sources_at(
        &mut self,
        state: BranchState,
    ) -> Result<HashSet<SourcePackageId>, StoreError> {
        let pairs = self.at(SOURCES_AT, state).await?.into_iter();
        Ok(pairs.map(|(source, _)| SourcePackageId(source)).collect())
    }

    /// The packages of a state.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn packages_at(
        &mut self,
        state: BranchState,
    ) -> Result<Vec<PlacedPackage>, StoreError> {
        let pairs = self.at(PACKAGES_AT, state).await?.into_iter();
        Ok(pairs.map(placed).collect())
    }

    async fn at(
        &mut self,
        statement: Dialect,
        state: BranchState,
    ) -> Result<Vec<Pair>, StoreError> {
        self.pairs_with(statement, params![state.branch.0, state.position])
            .await
    }

    /// What went and what came on a branch on the way from a state to a position, which may lie
    /// before it.
    async fn between(
        &mut self,
        went: Dialect,
        came: Dialect,
        from: BranchState,
        to: i64,
    ) -> Result<Difference<Pair>, StoreError> {
        let (first, last) = (from.position.min(to), from.position.max(to));
        let bounds = || params![from.branch.0, first, last];
        let went = self.pairs_with(went, bounds()).await?;
        let came = self.pairs_with(came, bounds()).await?;
        Ok(if from.position <= to {
            Difference { gone: went, came }
        } else {
            Difference {
                gone: came,
                came: went,
            }
        })
    }

    /// The repositories of a branch: their names and architectures.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn repository_labels(
        &mut self,
        branch: BranchId,
    ) -> Result<HashMap<RepositoryId, (String, String)>, StoreError> {
        let places = self.places_of(branch).await?.into_iter();
        Ok(places
            .map(|(id, place)| (RepositoryId(id), place))
            .collect())
    }

    async fn places_of(
        &mut self,
        branch: BranchId,
    ) -> Result<HashMap<i64, (String, String)>, StoreError> {
        let rows = self.query(REPOSITORIES, params![branch.0]).await?;
        rows.iter()
            .map(|row| Ok((row.int(0)?, (row.text(1)?, row.text(2)?))))
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
        let mut found = Vec::new();
        for chunk in sources.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|source| source.0));
            for row in self.query(OPEN_OF_SOURCES, params![branch.0, list]).await? {
                found.push(crate::findings::finding(&row)?);
            }
        }
        Ok(found)
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

impl<T> Difference<T> {
    /// The same with each element made into another.
    fn map<U>(self, of: impl Fn(T) -> U) -> Difference<U> {
        Difference {
            gone: self.gone.into_iter().map(&of).collect(),
            came: self.came.into_iter().map(&of).collect(),
        }
    }
}

/// Leaves out what is in both: it went and came back in between, or is in both states.
fn without_returned(found: Difference<Pair>) -> Difference<Pair> {
    let Difference { mut gone, mut came } = found;
    let before: HashSet<Pair> = gone.iter().copied().collect();
    let after: HashSet<Pair> = came.iter().copied().collect();
    gone.retain(|pair| !after.contains(pair));
    came.retain(|pair| !before.contains(pair));
    Difference { gone, came }
}

fn placed((repository, package): Pair) -> PlacedPackage {
    PlacedPackage {
        repository: RepositoryId(repository),
        package: PackageId(package),
    }
}

fn label(row: &Row) -> Result<PackageLabel, StoreError> {
    let substance = row.opt_bytes(4)?;
    let substance = substance.map(|bytes| {
        <[u8; 16]>::try_from(bytes.as_slice())
            .map_err(|_| StoreError::damaged(0, "a digest of another length"))
    });
    Ok(PackageLabel {
        id: PackageId(row.int(0)?),
        source: SourcePackageId(row.int(1)?),
        name: row.text(2)?,
        version: row.text(3)?,
        substance: substance.transpose()?,
    })
}
