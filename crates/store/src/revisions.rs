//! Revisions: which packages a repository has in which of its states.
//!
//! A revision has a position in its repository, made from its time. A package is in every known
//! revision from `since` up to, but without, `until`; an interval without an end is still open.
//! Intervals are always the longest runs over the revisions known so far, so the order in which
//! revisions are imported makes no difference, and importing one twice writes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::StoreError;
use crate::advisories::digest;
use crate::bulk::{Rows, Table};
use crate::inventory::{BranchId, PackageId, RepositoryId, SourcePackageId};
use crate::lists::with_numbers;
use crate::session::{Dialect, Row, Session, json_ints, params};

/// A revision's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRow {
    /// Its row.
    pub id: i64,
    /// Its name: a commit, or what an index calls itself.
    pub name: String,
    /// Microseconds since 1970.
    pub time: i64,
    /// Its place in the order of its repository.
    pub position: i64,
    /// The digest of its list of packages.
    pub digest: [u8; 16],
    /// How many packages it has.
    pub packages: i64,
}

/// A revision to be placed.
#[derive(Debug)]
pub struct NewRevision<'a> {
    /// Its name.
    pub name: &'a str,
    /// Microseconds since 1970.
    pub time: i64,
    /// The digest of its list of packages.
    pub digest: [u8; 16],
    /// Its packages.
    pub packages: &'a [PackageId],
    /// Whose signature was good.
    pub signed_by: Option<&'a str>,
    /// When it is imported.
    pub now: i64,
}

/// What a revision changed, against the one before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    /// Its place in the order of its repository.
    pub position: i64,
    /// Source packages whose intervals changed.
    pub sources: Vec<SourcePackageId>,
    /// Names of the packages that were not there before.
    pub came: Vec<String>,
    /// Names of the packages that are no longer there.
    pub gone: Vec<String>,
}

static INTERVAL: Table = Table {
    name: "package_interval",
    columns: &["repository_id", "package_id", "since", "until"],
};
static SOURCE_INTERVAL: Table = Table {
    name: "source_interval",
    columns: &["branch_id", "source_package_id", "since", "until"],
};

const REVISION: &str = "SELECT id, name, time, position, digest, packages FROM revision \
                        WHERE repository_id = $1 AND name = $2";
const REVISION_AT: &str = "SELECT id, name, time, position, digest, packages FROM revision \
                           WHERE repository_id = $1 AND time <= $2 ORDER BY position DESC LIMIT 1";
const STATE_AT: &str = "SELECT id, name, time, position, digest, packages FROM revision \
                        WHERE repository_id = $1 AND time = $2 AND digest = $3";
const REVISION_INSERT: &str = "INSERT INTO revision \
    (id, repository_id, name, time, position, digest, packages, signed_by, imported_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const POSITION_TAKEN: &str = "SELECT id FROM revision WHERE repository_id = $1 AND position = $2";
const NEXT_POSITION: &str =
    "SELECT min(position) FROM revision WHERE repository_id = $1 AND position > $2";
const COVERING: &str = "SELECT package_id, since, until FROM package_interval \
    WHERE repository_id = $1 AND since <= $2 AND (until IS NULL OR until > $2)";
const NAMES_OF: Dialect = with_numbers!("SELECT name FROM package WHERE id", "$1", "");
const STARTING: &str =
    "SELECT package_id FROM package_interval WHERE repository_id = $1 AND since = $2";

const CLOSE: Dialect = with_numbers!(
    "UPDATE package_interval SET until = $3 WHERE repository_id = $1 AND since <= $3 AND \
     (until IS NULL OR until > $3) AND package_id",
    "$2",
    ""
);
const BEGIN_EARLIER: Dialect = with_numbers!(
    "UPDATE package_interval SET since = $3 WHERE repository_id = $1 AND since = $4 AND package_id",
    "$2",
    ""
);
const SOURCES_OF: Dialect = with_numbers!(
    "SELECT DISTINCT source_package_id FROM package WHERE id",
    "$1",
    ""
);
const INTERVALS_OF_SOURCES: Dialect = Dialect {
    sqlite: "SELECT p.source_package_id, i.since, i.until FROM json_each($2) AS wanted \
             CROSS JOIN package p ON p.source_package_id = wanted.value \
             CROSS JOIN package_interval i ON i.package_id = p.id \
             JOIN repository r ON r.id = i.repository_id AND r.branch_id = $1",
    postgres: "SELECT p.source_package_id, i.since, i.until FROM package p JOIN package_interval \
               i ON i.package_id = p.id JOIN repository r ON r.id = i.repository_id AND \
               r.branch_id = $1 WHERE p.source_package_id = ANY (ARRAY(SELECT value::bigint FROM \
               jsonb_array_elements_text($2::jsonb)))",
};
const SOURCE_INTERVALS_DELETE: Dialect = with_numbers!(
    "DELETE FROM source_interval WHERE branch_id = $1 AND source_package_id",
    "$2",
    ""
);

/// The position of a revision: its time; revisions of the same whole second are told apart, and
/// ordered, by their names, always in the same way.
pub fn position(time: i64, name: &str) -> i64 {
    const SECOND: i64 = 1_000_000;
    if time % SECOND != 0 {
        return time;
    }
    let digest = blake3::hash(name.as_bytes());
    let [a, b, c, d, ..] = *digest.as_bytes();
    time + i64::from(u32::from_le_bytes([a, b, c, d])) % SECOND
}

impl Session {
    /// A revision of a repository by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revision(
        &mut self,
        repository: RepositoryId,
        name: &str,
    ) -> Result<Option<RevisionRow>, StoreError> {
        let row = self
            .query_one(REVISION, params![repository.0, name])
            .await?;
        row.as_ref().map(revision).transpose()
    }

    /// The revision of a repository that has this state at a time, because it was made then or
    /// because nothing changed since.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revision_of_state(
        &mut self,
        repository: RepositoryId,
        time: i64,
        digest: [u8; 16],
    ) -> Result<Option<RevisionRow>, StoreError> {
        let same = params![repository.0, time, digest.to_vec()];
        if let Some(row) = self.query_one(STATE_AT, same).await? {
            return revision(&row).map(Some);
        }
        let last = self.revision_at(repository, time).await?;
        Ok(last.filter(|last| last.digest == digest))
    }

    /// The last revision of a repository up to a time.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revision_at(
        &mut self,
        repository: RepositoryId,
        time: i64,
    ) -> Result<Option<RevisionRow>, StoreError> {
        let last = self
            .query_one(REVISION_AT, params![repository.0, time])
            .await?;
        last.as_ref().map(revision).transpose()
    }

    /// Places a revision among those of its repository: writes where its packages begin and end,
    /// and the same for the source packages of the branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn place_revision(
        &mut self,
        branch: BranchId,
        repository: RepositoryId,
        revision: &NewRevision<'_>,
    ) -> Result<Placed, StoreError> {
        let mut at = position(revision.time, revision.name);
        while self
            .query_one(POSITION_TAKEN, params![repository.0, at])
            .await?
            .is_some()
        {
            at += 1;
        }
        let packages: HashSet<i64> = revision.packages.iter().map(|id| id.0).collect();
        let (came, gone) = self.place_packages(repository, at, &packages).await?;
        let id = self.next_id("SELECT max(id) FROM revision").await?;
        self.execute(
            REVISION_INSERT,
            params![
                id,
                repository.0,
                revision.name,
                revision.time,
                at,
                revision.digest.to_vec(),
                i64::try_from(packages.len()).unwrap_or(i64::MAX),
                revision.signed_by,
                revision.now,
            ],
        )
        .await?;
        let changed = [&gone[..], &came].concat();
        Ok(Placed {
            position: at,
            sources: self.follow_sources(branch, &changed).await?,
            came: self.names_of(&came).await?,
            gone: self.names_of(&gone).await?,
        })
    }

    async fn names_of(&mut self, packages: &[i64]) -> Result<Vec<String>, StoreError> {
        let list = json_ints(packages.iter().copied());
        let rows = self.query(NAMES_OF, params![list]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// Writes the difference that a revision at a position makes to its repository's intervals, and
    /// tells which packages came and which are gone.
    async fn place_packages(
        &mut self,
        repository: RepositoryId,
        at: i64,
        packages: &HashSet<i64>,
    ) -> Result<(Vec<i64>, Vec<i64>), StoreError> {
        let next = self
            .query_one(NEXT_POSITION, params![repository.0, at])
            .await?;
        let next = next.map(|row| row.opt_int(0)).transpose()?.flatten();
        let mut covering: HashMap<i64, Option<i64>> = HashMap::new();
        for row in self.query(COVERING, params![repository.0, at]).await? {
            covering.insert(row.int(0)?, row.opt_int(2)?);
        }
        let mut inserts = Rows::of(&INTERVAL);
        let mut gone: Vec<i64> = covering
            .keys()
            .copied()
            .filter(|package| !packages.contains(package))
            .collect();
        gone.sort_unstable();
        for &package in &gone {
            // What reached beyond the next revision goes on from there.
            let until = covering[&package];
            if let Some(next) = next
                && until.is_none_or(|until| until > next)
            {
                inserts.push(params![repository.0, package, next, until]);
            }
        }
        self.execute(
            CLOSE,
            params![repository.0, json_ints(gone.iter().copied()), at],
        )
        .await?;

        let mut came: Vec<i64> = packages
            .iter()
            .copied()
            .filter(|package| !covering.contains_key(package))
            .collect();
        came.sort_unstable();
        let mut follows: HashSet<i64> = HashSet::new();
        if let Some(next) = next {
            for row in self.query(STARTING, params![repository.0, next]).await? {
                follows.insert(row.int(0)?);
            }
            follows.retain(|package| packages.contains(package) && !covering.contains_key(package));
            let list = json_ints(follows.iter().copied());
            self.execute(BEGIN_EARLIER, params![repository.0, list, at, next])
                .await?;
        }
        for &package in came.iter().filter(|package| !follows.contains(package)) {
            inserts.push(params![repository.0, package, at, next]);
        }
        inserts.insert(self).await?;
        Ok((came, gone))
    }

    /// Makes the intervals of the source packages of the given packages anew.
    async fn follow_sources(
        &mut self,
        branch: BranchId,
        packages: &[i64],
    ) -> Result<Vec<SourcePackageId>, StoreError> {
        let mut sources = Vec::new();
        let list = json_ints(packages.iter().copied());
        for row in self.query(SOURCES_OF, params![list]).await? {
            sources.push(row.int(0)?);
        }
        sources.sort_unstable();
        let list = json_ints(sources.iter().copied());
        let mut runs: BTreeMap<i64, Vec<(i64, Option<i64>)>> = BTreeMap::new();
        for row in self
            .query(INTERVALS_OF_SOURCES, params![branch.0, list.as_str()])
            .await?
        {
            runs.entry(row.int(0)?)
                .or_default()
                .push((row.int(1)?, row.opt_int(2)?));
        }
        self.execute(SOURCE_INTERVALS_DELETE, params![branch.0, list])
            .await?;
        let mut rows = Rows::of(&SOURCE_INTERVAL);
        for (source, intervals) in runs {
            for (since, until) in union(intervals) {
                rows.push(params![branch.0, source, since, until]);
            }
        }
        rows.insert(self).await?;
        Ok(sources.into_iter().map(SourcePackageId).collect())
    }
}

fn revision(row: &Row) -> Result<RevisionRow, StoreError> {
    Ok(RevisionRow {
        id: row.int(0)?,
        name: row.text(1)?,
        time: row.int(2)?,
        position: row.int(3)?,
        digest: digest(row, 4)?,
        packages: row.int(5)?,
    })
}

/// The union of half-open intervals, as the fewest that say the same.
fn union(mut intervals: Vec<(i64, Option<i64>)>) -> Vec<(i64, Option<i64>)> {
    intervals.sort_unstable();
    let mut runs: Vec<(i64, Option<i64>)> = Vec::new();
    for (since, until) in intervals {
        match runs.last_mut() {
            Some((_, end)) if end.is_none_or(|end| since <= end) => {
                *end = match (*end, until) {
                    (Some(end), Some(until)) => Some(end.max(until)),
                    _ => None,
                };
            }
            _ => runs.push((since, until)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_that_touch_become_one() {
        assert_eq!(
            union(vec![(5, Some(9)), (1, Some(5)), (12, None), (8, Some(10))]),
            [(1, Some(10)), (12, None)]
        );
        assert_eq!(union(vec![(1, None), (3, Some(4))]), [(1, None)]);
        assert_eq!(union(Vec::new()), []);
    }

    #[test]
    fn positions_keep_the_order_of_time() {
        assert!(position(1_000_000, "a") < position(2_000_000, "b"));
        assert_ne!(position(1_000_000, "a"), position(1_000_000, "b"));
        assert_eq!(position(1_500_001, "a"), 1_500_001);
    }
}
