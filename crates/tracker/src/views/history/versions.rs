//! The versions of a package through time on each branch, with what was open in each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use palisade_model::{BranchName, Distribution};
use palisade_store::{BranchId, FindingRow, SourcePackageId, SourceSpan, VulnerabilityHead};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::comparison::Carried;
use super::super::listing::LevelCounts;
use super::super::named::named;
use super::super::{Reading, RevisionRef, Score, Views, grouped};
use super::numbers::rank;
use super::succession::Succession;
use crate::TrackerError;

/// Stays of a package on a branch that are told, the latest ones.
const VERSIONS: usize = 300;

/// Vulnerabilities of a version that are named.
const NAMED: usize = 50;

/// The versions of a package through time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PackageHistoryView {
    /// The distribution.
    #[schema(value_type = String)]
    pub distribution: Distribution,
    /// The source package's name.
    pub name: String,
    /// Its versions on each branch.
    pub branches: Vec<BranchVersions>,
}

/// The versions of a package on a branch.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BranchVersions {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The first revision that is stored of the branch: before it nothing is known.
    pub stored_since: RevisionRef,
    /// The last one.
    pub stored_until: RevisionRef,
    /// Earlier versions that are not told.
    pub left_out: usize,
    /// The versions, the earliest first; the same version with other patches is another entry.
    pub versions: Vec<VersionView>,
}

/// A version that was on a branch for some time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VersionView {
    /// The version.
    pub version: String,
    /// What users get in its place.
    pub graft: Option<String>,
    /// The revision with which it came.
    pub since: Option<RevisionRef>,
    /// The revision with which it went; absent while it is there.
    pub until: Option<RevisionRef>,
    /// How it differs from the version that it follows; empty when it follows none.
    pub changes: Vec<VersionChange>,
    /// The version that it follows.
    pub follows: Option<String>,
    /// Vulnerabilities that affect it and were published before it went.
    pub affected: usize,
    /// These by level.
    pub levels: LevelCounts,
    /// Those of them that are known to be exploited.
    pub exploited: usize,
    /// Vulnerabilities of which nobody can tell yet.
    pub under_investigation: usize,
    /// Vulnerabilities that affect it and were published only after it had gone.
    pub published_later: usize,
    /// What affects it, the gravest first; no more than 50.
    pub vulnerabilities: Vec<OpenVulnerability>,
}

/// How a version differs from the one that it follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VersionChange {
    /// `version`, `patches`, `graft`, `hints` or `content`.
    pub kind: &'static str,
    /// In words.
    pub says: String,
}

/// A vulnerability that affects a version.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OpenVulnerability {
    /// Its name.
    pub name: String,
    /// Its foremost base score.
    pub score: Option<Score>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
    /// Whether it was published only after the version had gone.
    pub published_later: bool,
}

/// What tells of the versions of one branch.
struct Telling {
    carried: HashMap<SourcePackageId, Arc<Carried>>,
    open: HashMap<SourcePackageId, Vec<FindingRow>>,
    heads: HashMap<i64, VulnerabilityHead>,
    points: HashMap<i64, RevisionRef>,
}

impl Views {
    /// The versions of a package through time; the name of one that is built from another source leads
    /// there. `None` when there is no such package.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package_history(
        &self,
        distribution: &Distribution,
        name: &str,
    ) -> Result<Option<PackageHistoryView>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some((name, sources)) = named(&mut reading.session, distribution, name).await? else {
            return Ok(None);
        };
        let sources: Vec<SourcePackageId> = sources.iter().map(|source| source.id).collect();
        let rows = reading.session.source_history(&sources).await?;
        let by_branch: BTreeMap<BranchId, Vec<SourceSpan>> = grouped(rows).into_iter().collect();
        let places = Arc::clone(&reading.places);
        let mut branches = Vec::new();
        for (id, branch) in &places.branches {
            let Some(stays) = by_branch.get(id) else {
                continue;
            };
            let place = (*id, branch);
            branches.extend(self.versions(&mut reading, place, stays.clone()).await?);
        }
        Ok(Some(PackageHistoryView {
            distribution: distribution.clone(),
            name,
            branches,
        }))
    }

    async fn versions(
        &self,
        reading: &mut Reading,
        (id, branch): (BranchId, &BranchName),
        mut stays: Vec<SourceSpan>,
    ) -> Result<Option<BranchVersions>, TrackerError> {
        stays.sort_by_key(|it| std::cmp::Reverse(it.since));
        let left_out = stays.len().saturating_sub(VERSIONS);
        stays.truncate(VERSIONS);
        let succession = Succession::of(stays, branch.distribution().scheme());
        let session = &mut reading.session;
        let first = session.first_position(id).await?;
        let last = session.latest_revisions(id, 1).await?.into_iter().next();
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(None);
        };
        let telling = self.telling(reading, id, &succession, first).await?;
        let Some(stored_since) = telling.points.get(&first).cloned() else {
            return Ok(None);
        };
        let versions = (0..succession.stays.len()).map(|stay| telling.version(&succession, stay));
        Ok(Some(BranchVersions {
            branch: branch.clone(),
            stored_since,
            stored_until: RevisionRef::from(&last),
            left_out,
            versions: versions.collect(),
        }))
    }

    async fn telling(
        &self,
        reading: &mut Reading,
        branch: BranchId,
        of: &Succession,
        first: i64,
    ) -> Result<Telling, TrackerError> {
        let sources: HashSet<SourcePackageId> = of.stays.iter().map(|it| it.source).collect();
        let sources: Vec<SourcePackageId> = sources.into_iter().collect();
        let session = &mut reading.session;
        let kept = &self.cache.compared;
        let carried = kept.carried(session, sources.iter().copied()).await?;
        let open = session.open_findings_of(branch, &sources).await?;
        let ids: HashSet<i64> = open.iter().map(|row| row.key.vulnerability).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let heads = session.vulnerability_heads(&ids).await?;
        let bounds = of.stays.iter().flat_map(|it| [Some(it.since), it.until]);
        let positions: HashSet<i64> = bounds.flatten().chain([first]).collect();
        let points = session.revisions_at(branch, positions).await?.into_iter();
        Ok(Telling {
            carried,
            open: grouped(open.into_iter().map(|row| (row.key.source, row))),
            heads: heads.into_iter().map(|head| (head.id, head)).collect(),
            points: points
                .map(|(at, it)| (at, RevisionRef::from(&it)))
                .collect(),
        })
    }
}

impl Telling {
    fn version(&self, of: &Succession, stay: usize) -> VersionView {
        let span = &of.stays[stay];
        let previous = of.previous[stay].map(|place| &of.stays[place]);
        let carried = self.carried.get(&span.source);
        let graft = carried.and_then(|it| Some(it.graft.as_deref()?.version.clone()));
        let before = previous.and_then(|it| self.carried.get(&it.source));
        let changes = before.zip(carried).map(|(from, to)| changes(from, to));
        let mut view = VersionView {
            version: span.version.clone(),
            graft,
            since: self.points.get(&span.since).cloned(),
            until: span.until.and_then(|it| self.points.get(&it).cloned()),
            changes: changes.unwrap_or_default(),
            follows: previous.map(|it| it.version.clone()),
            affected: 0,
            levels: LevelCounts::default(),
            exploited: 0,
            under_investigation: 0,
            published_later: 0,
            vulnerabilities: Vec::new(),
        };
        self.count(&mut view, span);
        view
    }

    /// Counts what is open in a version, and names what affects it.
    fn count(&self, view: &mut VersionView, span: &SourceSpan) {
        for row in self.open.get(&span.source).into_iter().flatten() {
            let Some(head) = self.heads.get(&row.key.vulnerability) else {
                continue;
            };
            if row.state.status != 0 {
                view.under_investigation += 1;
                continue;
            }
            let published_later = head.published.zip(span.until);
            let published_later =
                published_later.is_some_and(|(published, until)| published >= until);
            let score = Score::of(head.score.as_ref());
            if published_later {
                view.published_later += 1;
            } else {
                view.affected += 1;
                view.levels.add(score.as_ref().map(|it| it.level));
                view.exploited += usize::from(head.exploited_since.is_some());
            }
            view.vulnerabilities.push(OpenVulnerability {
                name: head.name.clone(),
                score,
                exploited_since: head.exploited_since.clone(),
                published_later,
            });
        }
        view.vulnerabilities.sort_by_cached_key(|it| {
            let score = it.score.as_ref();
            let exploited = it.exploited_since.is_some();
            (
                it.published_later,
                rank(
                    exploited,
                    score.map(|it| it.level),
                    score.map(|it| it.score),
                ),
                it.name.clone(),
            )
        });
        view.vulnerabilities.truncate(NAMED);
    }
}

/// How a source package differs from the one that it follows, in what bears on vulnerabilities.
fn changes(from: &Carried, to: &Carried) -> Vec<VersionChange> {
    let change = |kind, says: String| VersionChange { kind, says };
    let mut changes = Vec::new();
    if from.version != to.version {
        let says = format!("{} became {}", from.version, to.version);
        changes.push(change("version", says));
    }
    changes.extend(patches(&from.patches, &to.patches).map(|says| change("patches", says)));
    changes.extend(graft(from.graft.as_deref(), to.graft.as_deref()).map(|it| change("graft", it)));
    if from.hidden != to.hidden {
        let says = "the packager says of other vulnerabilities that they do not affect it";
        changes.push(change("hints", says.to_owned()));
    }
    if changes.is_empty() {
        let says = "the same version, otherwise made or known by something else";
        changes.push(change("content", says.to_owned()));
    }
    changes
}

fn patches(from: &[String], to: &[String]) -> Option<String> {
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        let only = these.iter().filter(|it| !those.contains(it));
        only.cloned().collect()
    };
    let told = |names: Vec<String>, word: &str| match names.len() {
        0 => None,
        1..=4 => Some(format!("{word} {}", names.join(", "))),
        many => Some(format!("{word} {many} patches")),
    };
    let (came, went) = (
        told(only(to, from), "with"),
        told(only(from, to), "without"),
    );
    let says: Vec<String> = came.into_iter().chain(went).collect();
    (!says.is_empty()).then(|| says.join(", "))
}

fn graft(from: Option<&Carried>, to: Option<&Carried>) -> Option<String> {
    match (from, to) {
        (None, None) => None,
        (None, Some(to)) => Some(format!("a graft: users get {}", to.version)),
        (Some(from), None) => Some(format!("the graft to {} is gone", from.version)),
        (Some(from), Some(to)) if from.version != to.version => Some(format!(
            "another graft: users get {} in place of {}",
            to.version, from.version
        )),
        (Some(from), Some(to)) => {
            patches(&from.patches, &to.patches).map(|says| format!("the graft {says}"))
        }
    }
}

impl BranchVersions {
    /// When the first and the last state that is stored were.
    pub fn span(&self) -> (i64, i64) {
        let (since, until) = (&self.stored_since, &self.stored_until);
        (since.time.as_microsecond(), until.time.as_microsecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(version: &str, patches: &[&str], graft: Option<Carried>) -> Carried {
        Carried {
            version: version.into(),
            patches: patches.iter().map(|it| (*it).to_owned()).collect(),
            graft: graft.map(Box::new),
            ..Carried::default()
        }
    }

    #[test]
    fn a_change_is_one_of_version_patches_or_graft() {
        let told = |from: &Carried, to: &Carried| -> Vec<String> {
            let all = changes(from, to).into_iter();
            all.map(|it| format!("{}: {}", it.kind, it.says)).collect()
        };
        let plain = carried("1", &["a"], None);
        let newer = carried("2", &["b"], None);
        assert_eq!(
            told(&plain, &newer),
            ["version: 1 became 2", "patches: with b, without a"]
        );
        let grafted = carried("1", &["a"], Some(carried("1.1", &[], None)));
        assert_eq!(told(&plain, &grafted), ["graft: a graft: users get 1.1"]);
        assert_eq!(told(&grafted, &plain), ["graft: the graft to 1.1 is gone"]);
        let again = carried("1", &["a"], Some(carried("1.1", &["c"], None)));
        assert_eq!(told(&grafted, &again), ["graft: the graft with c"]);
        let many = carried("1", &["a", "b", "c", "d", "e", "f"], None);
        assert_eq!(told(&plain, &many), ["patches: with 5 patches"]);
        assert_eq!(told(&plain, &plain).len(), 1, "something else differs");
    }
}
