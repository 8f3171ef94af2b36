//! Grafts of a branch: what each is for, since when, what it fixes and what it does not, who gets it,
//! and what waits for ungrafting; and those that ended, with how.

mod content;
mod declaration;
mod ended;
mod judged;
mod runs;
mod types;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use palisade_model::{Package, VerdictStatus};
use palisade_store::{BranchId, PackageId, RevisionPoint, SourcePackageId, StatePackage};
use palisade_version::Scheme;

use self::declaration::Declared;
use self::judged::OfSource;
use self::runs::{Run, Stay};
use super::cache::Cache;
use super::comparison::{Kept, State, StateRef, packages};
use super::dependents::graph::{Graph, Node};
use super::{Reading, RevisionRef, Unknown, Views};
use crate::TrackerError;

pub use self::types::{
    EndedGraft, GraftContent, GraftCounts, GraftDeclaration, GraftEnd, GraftFinding, GraftPurpose,
    GraftRole, GraftedPackage, GraftsView, Standing, Ungrafting,
};

/// What is answered when the grafts of a state are asked for.
#[derive(Debug)]
pub enum GraftsAnswer {
    /// The grafts.
    Found(Arc<GraftsView>),
    /// Why there is no such state.
    Unknown(Unknown),
}

/// Of which source packages the grafts are told.
#[derive(Debug, Clone)]
pub(super) enum Which {
    /// Of all, with who uses them, and with those that ended.
    All,
    /// Of some.
    Sources(HashSet<SourcePackageId>),
}

impl Views {
    /// The grafts of a state of a branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn grafts(&self, state: &StateRef) -> Result<GraftsAnswer, TrackerError> {
        let mut reading = self.reading().await?;
        let state = match state.find(&mut reading).await? {
            Ok(state) => state,
            Err(reason) => return Ok(GraftsAnswer::Unknown(reason)),
        };
        let grafts = self.cache.grafts(&mut reading, &state).await?;
        Ok(GraftsAnswer::Found(grafts))
    }
}

/// What grafts do to findings of source packages that are on branches now: of a graft that is there,
/// by source package and branch.
pub(super) async fn present(
    cache: &Cache,
    reading: &mut Reading,
    places: Vec<(BranchId, SourcePackageId)>,
) -> Result<HashMap<(BranchId, SourcePackageId), GraftedPackage>, TrackerError> {
    let places: HashSet<(BranchId, SourcePackageId)> = places.into_iter().collect();
    let sources: Vec<SourcePackageId> = places.iter().map(|(_, source)| *source).collect();
    let grafted = reading.session.grafted_among(&sources).await?;
    let grafted: HashSet<SourcePackageId> = grafted.into_iter().collect();
    let mut by_branch: HashMap<BranchId, HashSet<SourcePackageId>> = HashMap::new();
    for (branch, source) in places.into_iter().filter(|(_, it)| grafted.contains(it)) {
        by_branch.entry(branch).or_default().insert(source);
    }
    let mut found = HashMap::new();
    for (branch, sources) in by_branch {
        let Some(name) = reading.places.name(branch).cloned() else {
            continue;
        };
        let Some(state) = State::present(reading, branch, &name).await? else {
            continue;
        };
        let which = Which::Sources(sources.clone());
        let grafts = cache.some_grafts(reading, &state, which).await?;
        let of_sources = grafts.packages().filter(|it| sources.contains(&it.source));
        found.extend(of_sources.map(|it| ((branch, it.source), it.clone())));
    }
    Ok(found)
}

impl GraftsView {
    /// Tells the grafts of a state.
    pub(super) async fn of(
        reading: &mut Reading,
        cache: &Cache,
        state: &State,
        which: &Which,
    ) -> Result<Self, TrackerError> {
        let kept = &cache.compared;
        let mut rows = reading.session.grafted_packages(state.at).await?;
        if let Which::Sources(wanted) = which {
            rows.retain(|row| wanted.contains(&row.source));
        }
        let runs = Runs::load(reading, kept, state, &rows, which).await?;
        let ids: Vec<PackageId> = rows.iter().map(|row| row.id).collect();
        let whole = packages(&mut reading.session, &ids).await?;
        let mut sources: Vec<SourcePackageId> = rows.iter().map(|row| row.source).collect();
        sources.sort_unstable();
        sources.dedup();
        let judged = judged::judged(reading, state.at.branch, &sources).await?;
        let graph = match which {
            Which::All if !rows.is_empty() => Some(cache.graphs.of(reading, state.at).await?),
            Which::All | Which::Sources(_) => None,
        };
        let ended = match which {
            Which::All => ended::ended(reading, kept, state, &runs.of_grafts).await?,
            Which::Sources(_) => Vec::new(),
        };
        let telling = Telling {
            scheme: state.branch.distribution().scheme(),
            state,
            runs: &runs,
            judged: &judged,
            graph: graph.as_deref(),
        };
        let mut told = Vec::new();
        let mut declared = Vec::new();
        for row in &rows {
            let package = whole.get(&row.id);
            let graft = package.and_then(|it| Some((it, it.replacement.as_deref()?)));
            if let Some((package, graft)) = graft {
                declared.push(Declared {
                    name: package.name.clone(),
                    location: package.location.clone(),
                    graft_location: graft.location.clone(),
                });
                told.push(telling.package(row, package, graft));
            }
        }
        let declarations = telling.declarations(&declared, &told);
        let dependents = graph.as_deref().map(|graph| {
            let of = nodes(graph, told.iter());
            graph.reach(&of).all
        });
        Ok(Self {
            branch: state.branch.clone(),
            revision: state.revision.clone(),
            is_present: state.is_present,
            counts: GraftCounts {
                packages: told.len(),
                declarations: declarations.len(),
                fixes: told.iter().map(|it| it.fixes.len()).sum(),
                leaves: told.iter().map(GraftedPackage::affected).sum(),
                insufficient: told.iter().filter(|it| it.insufficient).count(),
                ended: ended.len(),
                dependents,
            },
            implicit_inputs: graph.as_deref().is_some_and(|it| it.is_implicit_told),
            declarations,
            ended,
        })
    }
}

impl GraftedPackage {
    /// How many vulnerabilities affect what users get.
    pub(crate) fn affected(&self) -> usize {
        let affects = |it: &&GraftFinding| it.status == VerdictStatus::Affected;
        self.leaves.iter().filter(affects).count()
    }
}

/// Since when grafts are there, and with which revisions that was.
struct Runs {
    of_grafts: Vec<Run>,
    of_packages: Vec<Run>,
    points: HashMap<i64, RevisionPoint>,
}

impl Runs {
    async fn load(
        reading: &mut Reading,
        kept: &Kept,
        state: &State,
        rows: &[StatePackage],
        which: &Which,
    ) -> Result<Self, TrackerError> {
        let session = &mut reading.session;
        let mut spans = session.grafted_spans(state.at.branch).await?;
        if let Which::Sources(wanted) = which {
            let own = spans.iter().filter(|span| wanted.contains(&span.source));
            let names: HashSet<String> = own.map(|span| span.name.clone()).collect();
            spans.retain(|span| names.contains(&span.name));
        }
        let sources: Vec<SourcePackageId> = spans.iter().map(|span| span.source).collect();
        let carried = kept.carried(session, sources.into_iter()).await?;
        let stays: Vec<Stay> = spans
            .into_iter()
            .filter_map(|span| {
                let carried = Arc::clone(carried.get(&span.source)?);
                Some(Stay { span, carried })
            })
            .collect();
        let (of_grafts, of_packages) = (runs::of_grafts(&stays), runs::of_packages(&stays));
        let there: HashSet<SourcePackageId> = rows.iter().map(|row| row.source).collect();
        let begins = of_grafts.iter().chain(&of_packages);
        let begins = begins.filter(|run| there.iter().any(|source| run.is_of(*source)));
        let begins: Vec<i64> = begins.map(|run| run.since).collect();
        let points = session.revisions_at(state.at.branch, begins).await?;
        Ok(Self {
            of_grafts,
            of_packages,
            points,
        })
    }

    /// The revision with which the run began that has a source package at a position.
    fn since(&self, runs: &[Run], source: SourcePackageId, position: i64) -> Option<RevisionRef> {
        let mut own = runs.iter().filter(|run| run.is_of(source));
        let run = own.find(|run| run.holds(position))?;
        self.points.get(&run.since).map(RevisionRef::from)
    }
}

struct Telling<'a> {
    scheme: Scheme,
    state: &'a State,
    runs: &'a Runs,
    judged: &'a HashMap<SourcePackageId, OfSource>,
    graph: Option<&'a Graph>,
}

impl Telling<'_> {
    fn package(&self, row: &StatePackage, package: &Package, graft: &Package) -> GraftedPackage {
        let OfSource { fixes, leaves } = self.judged.get(&row.source).cloned().unwrap_or_default();
        let content = content::content(package, graft);
        let (purpose, says) = content.purpose(&package.version, self.scheme, &fixes);
        let (standing, standing_says) = content.standing(&package.version, self.scheme);
        let position = self.state.at.position;
        let now = Some(&self.state.revision);
        let since = self.runs.since(&self.runs.of_grafts, row.source, position);
        let any = self
            .runs
            .since(&self.runs.of_packages, row.source, position);
        let affects = leaves.iter().any(|it| it.status == VerdictStatus::Affected);
        GraftedPackage {
            name: row.name.clone(),
            version: row.version.clone(),
            source_package: package.source_name.clone(),
            hidden: package.hidden,
            location: package.location.clone(),
            graft: content,
            purpose,
            says,
            age_days: days_between(since.as_ref(), now),
            since,
            ungrafting: Ungrafting {
                waiting_days: days_between(any.as_ref(), now),
                since: any,
                standing,
                says: standing_says,
            },
            reach: self.graph.map(|graph| graph.reach(&node(graph, row.id))),
            fixes,
            leaves,
            insufficient: affects,
            package: row.id,
            source: row.source,
        }
    }

    /// The packages by declaration; those that do not suffice first, then those that most use.
    fn declarations(
        &self,
        declared: &[Declared],
        packages: &[GraftedPackage],
    ) -> Vec<GraftDeclaration> {
        let groups = declaration::groups(declared).into_iter();
        let mut all: Vec<GraftDeclaration> = groups
            .map(|group| {
                let packages: Vec<GraftedPackage> =
                    group.iter().map(|it| packages[*it].clone()).collect();
                let reach = self
                    .graph
                    .map(|graph| graph.reach(&nodes(graph, packages.iter())));
                let shortest = packages.iter().map(|it| &it.name);
                let name = shortest.min_by_key(|name| (name.len(), name.as_str()));
                let file = packages.iter().find_map(|it| it.location.as_deref());
                GraftDeclaration {
                    name: name.cloned().unwrap_or_default(),
                    file: file.map(|it| crate::substance::file(it).to_owned()),
                    packages,
                    reach,
                }
            })
            .collect();
        all.sort_by_cached_key(|it| {
            let insufficient = it.packages.iter().any(|it| it.insufficient);
            let reach = it.reach.map(|reach| reach.all);
            (Reverse(insufficient), Reverse(reach), it.name.clone())
        });
        all
    }
}

fn node(graph: &Graph, package: PackageId) -> Vec<Node> {
    graph.find(|it| it.id == package)
}

fn nodes<'a>(graph: &Graph, packages: impl Iterator<Item = &'a GraftedPackage>) -> Vec<Node> {
    let ids: HashSet<PackageId> = packages.map(|it| it.package).collect();
    graph.find(|it| ids.contains(&it.id))
}

/// Whole days from one revision to another.
fn days_between(from: Option<&RevisionRef>, to: Option<&RevisionRef>) -> Option<i64> {
    const DAY: i64 = 24 * 60 * 60;
    let (from, to) = (from?.time.as_second(), to?.time.as_second());
    Some((to - from).max(0) / DAY)
}
