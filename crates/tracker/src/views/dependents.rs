//! Who uses a package: the packages that get its graft, and those that its open findings touch.

pub(super) mod graph;
mod kept;

use palisade_model::{BranchName, Package};
use palisade_store::{PackageId, SourcePackageId};
use serde::Serialize;
use utoipa::ToSchema;

use self::graph::{Building, Dependent, Graph, Node};
use super::comparison::{State, StateRef};
use super::grafts::{GraftFinding, GraftedPackage, Which};
use super::{Reading, RevisionRef, Unknown, Views};
use crate::TrackerError;

pub use self::graph::Reach;
pub(super) use self::kept::Graphs;

/// Packages of one name that are told of.
const PACKAGES: usize = 20;

/// What is answered when it is asked who uses a package.
#[derive(Debug)]
pub enum AffectedByAnswer {
    /// Who does.
    Found(Box<AffectedByView>),
    /// Why it cannot be told.
    Unknown(Unknown),
}

/// Who is touched through a package of a state.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AffectedByView {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The last revision in the state.
    pub revision: RevisionRef,
    /// Whether it is the branch's present state.
    pub is_present: bool,
    /// The name that was asked for.
    pub package: String,
    /// Whether the inventory tells what build systems use without being told to: compiler, C library.
    /// Without, who uses those is not counted.
    pub implicit_inputs: bool,
    /// The packages of that name.
    pub packages: Vec<TouchingPackage>,
    /// How many dependents of each are told at the most.
    pub limit: usize,
}

/// A package with those who use it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TouchingPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The source package from which it is built.
    pub source_package: String,
    /// Its graft, if it has one: who uses it gets that by grafting alone.
    pub graft: Option<PassedOn>,
    /// Vulnerabilities that affect what users get.
    pub affected: usize,
    /// Vulnerabilities of which nobody can tell yet whether they affect what users get.
    pub under_investigation: usize,
    /// How many use it.
    pub reach: Reach,
    /// Who uses it, the nearest first.
    pub dependents: Vec<DependentView>,
    /// In words what comes of it.
    pub says: String,
}

/// What those get who use a package that has a graft.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PassedOn {
    /// The graft's version.
    pub version: String,
    /// The revision since which it is there.
    pub since: Option<RevisionRef>,
    /// Vulnerabilities that its patches name.
    pub names: Vec<String>,
    /// What it fixes.
    pub fixes: Vec<GraftFinding>,
    /// What stays open although it is there.
    pub leaves: Vec<GraftFinding>,
}

/// A package that uses another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DependentView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How many steps away it is: 1 uses the package itself.
    pub distance: u32,
    /// Whether it, or something between, only needs what comes before to be built.
    pub build_only: bool,
    /// A shortest way, from the dependent to the package, as `NAME@VERSION`.
    pub path: Vec<String>,
}

impl AffectedByView {
    /// Whether anybody is touched: gets a fix by grafting alone, or uses what is affected.
    pub fn touches(&self) -> bool {
        self.packages.iter().any(TouchingPackage::touches)
    }
}

impl TouchingPackage {
    /// Whether anybody gets a fix through it by grafting alone, or is touched by what affects it.
    pub fn touches(&self) -> bool {
        self.reach.all > 0 && (self.graft.is_some() || self.affected > 0)
    }
}

impl Views {
    /// Who is touched through packages of a name, and of a version if one is given; of each no more
    /// than `limit` dependents are told.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn affected_by(
        &self,
        state: &StateRef,
        (name, version): (&str, Option<&str>),
        limit: usize,
    ) -> Result<AffectedByAnswer, TrackerError> {
        let mut reading = self.reading().await?;
        let state = match state.find(&mut reading).await? {
            Ok(state) => state,
            Err(reason) => return Ok(AffectedByAnswer::Unknown(reason)),
        };
        let graph = self.cache.graphs.of(&mut reading, state.at).await?;
        let fits = |it: &graph::Made| {
            *it.name == *name && version.is_none_or(|version| *it.version == *version)
        };
        let nodes = graph.find(fits);
        let version = version.map_or_else(String::new, |version| format!(" {version}"));
        if nodes.is_empty() {
            let place = place_words(&state);
            let reason = format!("there is no package {name}{version} {place}");
            return Ok(AffectedByAnswer::Unknown(reason.into()));
        }
        if !graph.has_uses() {
            let reason = format!(
                "the inventory of {} does not tell which package is built with which",
                state.branch
            );
            return Ok(AffectedByAnswer::Unknown(reason.into()));
        }
        let sources = nodes.iter().map(|node| graph.package(*node).source);
        let which = Which::Sources(sources.collect());
        let grafts = self.cache.some_grafts(&mut reading, &state, which).await?;
        let open = open(&mut reading, &state, &graph, &nodes).await?;
        let mut packages = Vec::new();
        for node in nodes.into_iter().take(PACKAGES) {
            let made = graph.package(node);
            let grafted = grafts.packages().find(|it| it.package == made.id);
            let source_package = reading.session.label_rows(&[made.source]).await?;
            let source_package = source_package.into_iter().next();
            let (affected, under_investigation) =
                open.get(&made.source).copied().unwrap_or_default();
            let mut package = TouchingPackage {
                name: made.name.to_string(),
                version: made.version.to_string(),
                source_package: source_package.map_or_else(|| made.name.to_string(), |it| it.name),
                graft: grafted.map(PassedOn::of),
                affected,
                under_investigation,
                reach: graph.reach(&[node]),
                dependents: told(&graph, node, limit),
                says: String::new(),
            };
            package.says = says(&package);
            packages.push(package);
        }
        Ok(AffectedByAnswer::Found(Box::new(AffectedByView {
            branch: state.branch,
            revision: state.revision,
            is_present: state.is_present,
            package: name.to_owned(),
            implicit_inputs: graph.is_implicit_told,
            packages,
            limit,
        })))
    }
}

fn place_words(state: &State) -> String {
    if state.is_present {
        format!("on {} now", state.branch)
    } else {
        format!("on {} at {}", state.branch, state.revision.name)
    }
}

/// How many vulnerabilities affect source packages, and of how many nobody can tell.
async fn open(
    reading: &mut Reading,
    state: &State,
    graph: &Graph,
    nodes: &[Node],
) -> Result<std::collections::HashMap<SourcePackageId, (usize, usize)>, TrackerError> {
    let mut sources: Vec<SourcePackageId> = nodes
        .iter()
        .map(|node| graph.package(*node).source)
        .collect();
    sources.sort_unstable();
    sources.dedup();
    let session = &mut reading.session;
    let rows = session.open_findings_of(state.at.branch, &sources).await?;
    let mut open = std::collections::HashMap::new();
    for row in rows {
        let counts: &mut (usize, usize) = open.entry(row.key.source).or_default();
        match row.state.status {
            0 => counts.0 += 1,
            _ => counts.1 += 1,
        }
    }
    Ok(open)
}

impl PassedOn {
    fn of(grafted: &GraftedPackage) -> Self {
        Self {
            version: grafted.graft.version.clone(),
            since: grafted.since.clone(),
            names: grafted.graft.names.clone(),
            fixes: grafted.fixes.clone(),
            leaves: grafted.leaves.clone(),
        }
    }
}

/// The nearest dependents, each with its way.
fn told(graph: &Graph, of: Node, limit: usize) -> Vec<DependentView> {
    let all = graph.dependents(&[of]);
    let through: std::collections::HashMap<Node, Node> =
        all.iter().map(|it| (it.node, it.through)).collect();
    let words = |node: Node| {
        let made = graph.package(node);
        format!("{}@{}", made.name, made.version)
    };
    let view = |it: &Dependent| {
        let mut path = vec![words(it.node)];
        let mut next = it.through;
        while next != of {
            path.push(words(next));
            match through.get(&next) {
                Some(after) => next = *after,
                None => break,
            }
        }
        path.push(words(of));
        let made = graph.package(it.node);
        DependentView {
            name: made.name.to_string(),
            version: made.version.to_string(),
            distance: it.distance,
            build_only: it.build_only,
            path,
        }
    };
    all.iter().take(limit).map(view).collect()
}

/// In words what comes of a package for those who use it.
fn says(package: &TouchingPackage) -> String {
    let who = match package.reach.all {
        0 => "nobody uses it".to_owned(),
        1 => "1 package uses it".to_owned(),
        all => format!(
            "{all} packages use it, {} of them directly",
            package.reach.direct
        ),
    };
    let open = match (package.affected, package.under_investigation) {
        (0, 0) => "nothing is open in it".to_owned(),
        (0, waiting) => format!("{waiting} to look at in it, nothing that affects it"),
        (affected, 0) => format!("{affected} open in it"),
        (affected, waiting) => format!("{affected} open in it and {waiting} to look at"),
    };
    match &package.graft {
        Some(graft) => {
            let fixes = match graft.fixes.len() {
                0 => "no finding is known that it fixes".to_owned(),
                1 => "it fixes 1 finding".to_owned(),
                many => format!("it fixes {many} findings"),
            };
            format!(
                "{who} and get {} by grafting alone: {fixes}; {open}",
                graft.version
            )
        }
        None => format!("{who}; it has no graft; {open}"),
    }
}

impl Graph {
    /// The graph of packages that are not stored: each has its place in the list as its number.
    pub(super) fn of_packages(packages: &[Package]) -> Self {
        let mut building = Building::default();
        for (number, package) in (0..).zip(packages) {
            let named = (package.name.as_str(), package.version.as_str());
            let (id, source) = (PackageId(number), SourcePackageId(number));
            building.add(id, source, named, &package.inputs);
        }
        building.finish()
    }
}
