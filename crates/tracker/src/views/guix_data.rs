//! What the Guix Data Service's interface asks: revisions of Guix's branches, the packages of each,
//! when a version was where, and what two revisions differ in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use palisade_model::{BranchName, Distribution, Package, Timestamp};
use palisade_store::{BranchId, ListedPackage, RevisionPoint};

use super::{Reading, RevisionRef, Views};
use crate::TrackerError;
use crate::encoding::decode_each;

/// Packages that are read at once.
const CHUNK: usize = 2000;

/// Packages of one answer at the most; Guix has about 32,000.
const PACKAGES: usize = 200_000;

/// A branch of Guix with its latest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuixBranch {
    /// The branch.
    pub branch: BranchName,
    /// The latest revision.
    pub latest: RevisionRef,
}

/// A revision of Guix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuixRevision {
    /// The branch on which it is.
    pub branch: BranchName,
    /// The commit.
    pub commit: String,
    /// How many packages it has.
    pub packages: i64,
}

/// When a version was on a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuixVersion {
    /// The version.
    pub version: String,
    /// The first revision that has it.
    pub first: Option<RevisionRef>,
    /// The last revision that has it.
    pub last: Option<RevisionRef>,
}

/// Which packages of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GuixPackages {
    /// Only those behind this name.
    pub after: Option<String>,
    /// Only those whose name or synopsis has all of these words.
    pub search: Option<String>,
    /// How many; all versions of a name come together.
    pub limit: Option<usize>,
    /// Whether more is wanted than names and versions.
    pub details: bool,
}

/// What two revisions differ in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GuixComparison {
    /// Names with their versions in the first revision.
    pub base: BTreeMap<String, BTreeSet<String>>,
    /// Names with their versions in the second revision.
    pub target: BTreeMap<String, BTreeSet<String>>,
}

impl Views {
    /// The branches of Guix that are kept here.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_branches(&self) -> Result<Vec<GuixBranch>, TrackerError> {
        let mut reading = self.reading().await?;
        let mut found = Vec::new();
        for (id, branch) in branches(&reading) {
            let latest = reading.session.latest_revisions(id, 1).await?;
            found.extend(latest.first().map(|latest| GuixBranch {
                branch,
                latest: RevisionRef::from(latest),
            }));
        }
        Ok(found)
    }

    /// The latest revisions of a branch between two times. `None` when there is no such branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_revisions(
        &self,
        branch: &str,
        after: Option<Timestamp>,
        before: Option<Timestamp>,
        limit: usize,
    ) -> Result<Option<Vec<RevisionRef>>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(id) = branch_id(&reading, branch) else {
            return Ok(None);
        };
        let after = after.map_or(i64::MIN, Timestamp::as_microsecond);
        let before = before.map_or(i64::MAX, Timestamp::as_microsecond);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let session = &mut reading.session;
        let rows = session.revisions_between(id, after, before, limit).await?;
        Ok(Some(rows.iter().map(RevisionRef::from).collect()))
    }

    /// When which version of a package was on a branch, the latest first. `None` when there is no
    /// such branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_history(
        &self,
        branch: &str,
        package: &str,
    ) -> Result<Option<Vec<GuixVersion>>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(id) = branch_id(&reading, branch) else {
            return Ok(None);
        };
        let session = &mut reading.session;
        let spans = session.package_versions(GUIX, package).await?;
        let mut order: Vec<String> = Vec::new();
        let mut versions: HashMap<String, (i64, Option<i64>)> = HashMap::new();
        for span in spans.into_iter().filter(|span| span.branch == id) {
            let known = versions.get(&span.version).copied();
            let (since, until) = known.unwrap_or((span.since, span.until));
            let until = until.zip(span.until).map(|(a, b)| a.max(b));
            if known.is_none() {
                order.push(span.version.clone());
            }
            versions.insert(span.version, (since.min(span.since), until));
        }
        let ends = versions.values().map(|(_, until)| end(*until));
        let before = session.positions_before(id, ends).await?;
        let firsts = versions.values().map(|(since, _)| *since);
        let wanted = firsts.chain(before.values().copied());
        let points = session.revisions_at(id, wanted).await?;
        let revision = |position: &i64| points.get(position).map(RevisionRef::from);
        let history = order.into_iter().map(|version| {
            let (since, until) = versions[&version];
            GuixVersion {
                version,
                first: revision(&since),
                last: before.get(&end(until)).and_then(revision),
            }
        });
        Ok(Some(history.collect()))
    }

    /// On which branches which versions of a package are now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_versions(
        &self,
        package: &str,
    ) -> Result<BTreeMap<String, Vec<BranchName>>, TrackerError> {
        let mut reading = self.reading().await?;
        let spans = reading.session.package_versions(GUIX, package).await?;
        let mut versions: BTreeMap<String, Vec<BranchName>> = BTreeMap::new();
        for span in spans.into_iter().filter(|span| span.until.is_none()) {
            let branches = versions.entry(span.version).or_default();
            let branch = reading.places.name(span.branch).cloned();
            branches.extend(branch.filter(|branch| !branches.contains(branch)));
        }
        Ok(versions)
    }

    /// A revision by its commit. `None` when no branch has it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_revision(&self, commit: &str) -> Result<Option<GuixRevision>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(at) = at(&mut reading, commit).await? else {
            return Ok(None);
        };
        let session = &mut reading.session;
        Ok(Some(GuixRevision {
            packages: session.package_count(at.id, at.point.position).await?,
            branch: at.branch,
            commit: at.point.name,
        }))
    }

    /// The latest revision of a branch up to a time, or now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_latest(
        &self,
        branch: &str,
        time: Option<Timestamp>,
    ) -> Result<Option<String>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(id) = branch_id(&reading, branch) else {
            return Ok(None);
        };
        let before = time.map_or(i64::MAX, |time| time.as_microsecond().saturating_add(1));
        let session = &mut reading.session;
        let rows = session.revisions_between(id, i64::MIN, before, 1).await?;
        Ok(rows.into_iter().next().map(|point| point.name))
    }

    /// Packages of a revision, by name. `None` when no branch has the revision.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_packages(
        &self,
        commit: &str,
        query: &GuixPackages,
    ) -> Result<Option<Vec<Package>>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(at) = at(&mut reading, commit).await? else {
            return Ok(None);
        };
        let words = query.search.as_deref().map(words).unwrap_or_default();
        let limit = query.limit.unwrap_or(PACKAGES).min(PACKAGES);
        let mut after = query.after.clone().unwrap_or_default();
        let mut found: Vec<Package> = Vec::new();
        while found.len() < limit {
            // Words may be in none of many; without any, no more is read than is told.
            let chunk = if words.is_empty() {
                CHUNK.min(limit - found.len())
            } else {
                CHUNK
            };
            let rows = at.listed(&mut reading, &after, chunk).await?;
            let Some(last) = rows.last() else {
                break;
            };
            after.clone_from(&last.name);
            let mut packages = if query.details || !words.is_empty() {
                whole(&mut reading, &rows).await?
            } else {
                rows.into_iter().map(brief).collect()
            };
            packages.retain(|package| has(package, &words));
            found.append(&mut packages);
        }
        cut(&mut found, limit);
        Ok(Some(found))
    }

    /// The packages of a name in a revision. `None` when no branch has the revision.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_package(
        &self,
        commit: &str,
        name: &str,
    ) -> Result<Option<Vec<Package>>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(at) = at(&mut reading, commit).await? else {
            return Ok(None);
        };
        let position = at.point.position;
        let session = &mut reading.session;
        let rows = session.packages_named(at.id, position, name).await?;
        Ok(Some(whole(&mut reading, &rows).await?))
    }

    /// The packages of two revisions. `None` when no branch has one of them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_comparison(
        &self,
        base: &str,
        target: &str,
    ) -> Result<Option<GuixComparison>, TrackerError> {
        let mut reading = self.reading().await?;
        let mut sides = Vec::with_capacity(2);
        for commit in [base, target] {
            let Some(at) = at(&mut reading, commit).await? else {
                return Ok(None);
            };
            let (session, position) = (&mut reading.session, at.point.position);
            let rows = session
                .listed_packages(at.id, position, "", i64::MAX)
                .await?;
            let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for row in rows {
                names.entry(row.name).or_default().insert(row.version);
            }
            sides.push(names);
        }
        let target = sides.pop().unwrap_or_default();
        let base = sides.pop().unwrap_or_default();
        Ok(Some(GuixComparison { base, target }))
    }
}

const GUIX: &str = "guix";

fn branches(reading: &Reading) -> Vec<(BranchId, BranchName)> {
    let all = reading.places.branches.iter();
    all.filter(|(_, branch)| *branch.distribution() == Distribution::guix())
        .cloned()
        .collect()
}

fn branch_id(reading: &Reading, name: &str) -> Option<BranchId> {
    let mut all = branches(reading).into_iter();
    all.find(|(_, branch)| branch.name() == name)
        .map(|(id, _)| id)
}

/// The position before which something went; behind all others if it is still there.
fn end(until: Option<i64>) -> i64 {
    until.unwrap_or(i64::MAX)
}

/// A revision on a branch.
pub(super) struct At {
    pub(super) id: BranchId,
    pub(super) branch: BranchName,
    pub(super) point: RevisionPoint,
}

/// The revision of a commit, on whichever branch it is.
pub(super) async fn at(reading: &mut Reading, commit: &str) -> Result<Option<At>, TrackerError> {
    for (id, branch) in branches(reading) {
        if let Some(point) = reading.session.revision_named(id, commit).await? {
            return Ok(Some(At { id, branch, point }));
        }
    }
    Ok(None)
}

impl At {
    /// Some packages behind a name; all of one name are among them, or none.
    async fn listed(
        &self,
        reading: &mut Reading,
        after: &str,
        chunk: usize,
    ) -> Result<Vec<ListedPackage>, TrackerError> {
        let (session, position) = (&mut reading.session, self.point.position);
        let limit = i64::try_from(chunk).unwrap_or(i64::MAX);
        let mut rows = session
            .listed_packages(self.id, position, after, limit)
            .await?;
        let Some(last) = rows.last().map(|row| row.name.clone()) else {
            return Ok(rows);
        };
        rows.retain(|row| row.name != last);
        rows.extend(session.packages_named(self.id, position, &last).await?);
        Ok(rows)
    }
}

/// Ends a list behind so many packages, but never between two of one name.
fn cut(packages: &mut Vec<Package>, limit: usize) {
    let Some(last) = limit.checked_sub(1).and_then(|last| packages.get(last)) else {
        return;
    };
    let name = last.name.clone();
    let more = packages[limit..].iter().take_while(|it| it.name == name);
    let end = limit + more.count();
    packages.truncate(end);
}

fn brief(row: ListedPackage) -> Package {
    Package {
        name: row.name,
        version: row.version,
        ..Package::default()
    }
}

pub(super) async fn whole(
    reading: &mut Reading,
    rows: &[ListedPackage],
) -> Result<Vec<Package>, TrackerError> {
    let spans: Vec<_> = rows.iter().map(|row| row.facts).collect();
    let mut packages: Vec<Package> = vec![Package::default(); rows.len()];
    let keep = |index: usize, package| packages[index] = package;
    decode_each(&mut reading.session, "a package", &spans, keep).await?;
    Ok(packages)
}

/// Words as they are looked for: in small letters, parted by blanks or hyphens.
fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| c.is_whitespace() || c == '-');
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect()
}

fn has(package: &Package, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let synopsis = package.synopsis.as_deref().unwrap_or_default();
    let text = format!("{} {}", package.name, synopsis).to_lowercase();
    words.iter().all(|word| text.contains(word))
}
