//! Who maintains what: the people of a distribution with the state of their packages, and the
//! packages that nobody maintains.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use palisade_model::{BranchName, Distribution};
use palisade_store::MaintainedRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::cache::Cache;
use super::listing::{LevelCounts, Listing};
use super::{Reading, Views};
use crate::TrackerError;

/// The maintainers of a distribution.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MaintainersView {
    /// The distribution.
    #[schema(value_type = String)]
    pub distribution: Distribution,
    /// Those who maintain packages, the one with the most affected packages first.
    pub maintainers: Vec<MaintainerSummary>,
    /// The packages that nobody maintains.
    pub orphaned: MaintainerSummary,
}

/// The packages of a maintainer in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct MaintainerSummary {
    /// The maintainer as the distribution writes it; none for packages that nobody maintains.
    pub name: Option<String>,
    /// Source packages, by name.
    pub packages: usize,
    /// Of these, how many are affected by something on some branch.
    pub affected_packages: usize,
    /// Vulnerabilities that affect a package on some branch, each pair counted once.
    pub affected: usize,
    /// Of these, how many are known to be exploited.
    pub exploited: usize,
    /// By level.
    pub levels: LevelCounts,
}

/// The packages of one maintainer, or those of nobody.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MaintainerView {
    /// The distribution.
    #[schema(value_type = String)]
    pub distribution: Distribution,
    /// Whether the distribution's inventories name maintainers at all.
    pub named: bool,
    /// In numbers.
    pub summary: MaintainerSummary,
    /// The branches on which there are packages.
    #[schema(value_type = Vec<String>)]
    pub branches: Vec<BranchName>,
    /// The packages, the worst first.
    pub packages: Vec<MaintainedPackage>,
    /// Packages that are left out here.
    pub more: usize,
}

/// A package of a maintainer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MaintainedPackage {
    /// The source package's name.
    pub name: String,
    /// Its versions on the branches.
    #[schema(value_type = Vec<Vec<String>>)]
    pub versions: Vec<(BranchName, String)>,
    /// Vulnerabilities that affect it on some branch.
    pub affected: usize,
    /// Of these, how many are known to be exploited.
    pub exploited: usize,
    /// By level.
    pub levels: LevelCounts,
}

/// Packages of one maintainer that are told.
const PACKAGES: usize = 2000;

/// A maintainer that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MaintainerHit {
    /// The distribution.
    #[schema(value_type = String)]
    pub distribution: Distribution,
    /// The maintainer as the distribution writes it.
    pub name: String,
    /// Source packages, by name.
    pub packages: usize,
}

/// Everybody who maintains something.
#[derive(Debug, Default)]
pub(super) struct People(Vec<(String, MaintainerHit)>);

impl People {
    /// Those whose name or address contains this, which is in lower case.
    pub(super) fn containing(&self, needle: &str) -> impl Iterator<Item = &MaintainerHit> {
        let fits = move |(lower, _): &&(String, MaintainerHit)| lower.contains(needle);
        self.0.iter().filter(fits).map(|(_, hit)| hit)
    }

    pub(super) async fn of(cache: &Cache, reading: &mut Reading) -> Result<Self, TrackerError> {
        let places = Arc::clone(&reading.places);
        let mut found: BTreeMap<(&Distribution, String), BTreeSet<String>> = BTreeMap::new();
        for (id, branch) in &places.branches {
            for row in cache.maintained(reading, *id).await?.iter() {
                let Some(name) = row.maintainer.clone() else {
                    continue;
                };
                let packages = found.entry((branch.distribution(), name)).or_default();
                packages.insert(row.name.clone());
            }
        }
        let hit =
            |((distribution, name), packages): ((&Distribution, String), BTreeSet<String>)| {
                let distribution = distribution.clone();
                let packages = packages.len();
                let lower = name.to_lowercase();
                (
                    lower,
                    MaintainerHit {
                        distribution,
                        name,
                        packages,
                    },
                )
            };
        Ok(Self(found.into_iter().map(hit).collect()))
    }
}

/// What is gathered of one package over all branches.
#[derive(Default)]
struct Gathered<'a> {
    versions: BTreeSet<(&'a BranchName, &'a str)>,
    /// Vulnerabilities by name, with what counts them.
    open: BTreeMap<&'a str, (bool, Option<palisade_model::Level>)>,
}

struct BranchState {
    branch: BranchName,
    maintained: Arc<Vec<MaintainedRow>>,
    listing: Arc<Listing>,
}

impl Views {
    /// The maintainers of a distribution. `None` when it has no branch here.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn maintainers(
        &self,
        distribution: &Distribution,
    ) -> Result<Option<MaintainersView>, TrackerError> {
        let mut reading = self.reading().await?;
        let states = self.states(&mut reading, distribution).await?;
        if states.is_empty() {
            return Ok(None);
        }
        let mut summaries = Vec::new();
        for (name, packages) in gather(&states) {
            summaries.push(summary(name, packages.values()));
        }
        let orphaned = summaries.iter().position(|it| it.name.is_none());
        let orphaned = orphaned.map(|at| summaries.remove(at)).unwrap_or_default();
        summaries.sort_by(|a, b| {
            (b.affected_packages, b.packages, &a.name).cmp(&(
                a.affected_packages,
                a.packages,
                &b.name,
            ))
        });
        Ok(Some(MaintainersView {
            distribution: distribution.clone(),
            maintainers: summaries,
            orphaned,
        }))
    }

    /// The packages of one maintainer, or those that nobody maintains. `None` when there are none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn maintainer(
        &self,
        distribution: &Distribution,
        name: Option<&str>,
    ) -> Result<Option<MaintainerView>, TrackerError> {
        let mut reading = self.reading().await?;
        let states = self.states(&mut reading, distribution).await?;
        let mut all = gather(&states);
        let packages = match all.remove(&name) {
            Some(packages) => packages,
            // That nothing is orphaned is an answer, too.
            None if name.is_none() && !states.is_empty() => BTreeMap::new(),
            None => return Ok(None),
        };
        let named = name.is_some() || all.keys().any(Option::is_some);
        let summary = summary(name, packages.values());
        let branches: BTreeSet<&BranchName> = packages
            .values()
            .flat_map(|package| package.versions.iter().map(|(branch, _)| *branch))
            .collect();
        let mut lines: Vec<MaintainedPackage> = packages
            .iter()
            .map(|(name, gathered)| maintained_package(name, gathered))
            .collect();
        let key = |it: &MaintainedPackage| {
            (
                it.exploited,
                it.levels.critical,
                it.levels.high,
                it.affected,
            )
        };
        lines.sort_by(|a, b| key(b).cmp(&key(a)).then_with(|| a.name.cmp(&b.name)));
        let more = lines.len().saturating_sub(PACKAGES);
        lines.truncate(PACKAGES);
        Ok(Some(MaintainerView {
            distribution: distribution.clone(),
            named,
            summary,
            branches: branches.into_iter().cloned().collect(),
            packages: lines,
            more,
        }))
    }

    async fn states(
        &self,
        reading: &mut Reading,
        distribution: &Distribution,
    ) -> Result<Vec<BranchState>, TrackerError> {
        let places = Arc::clone(&reading.places);
        let of_distribution = places
            .branches
            .iter()
            .filter(|(_, branch)| branch.distribution() == distribution);
        let mut states = Vec::new();
        for (id, branch) in of_distribution {
            states.push(BranchState {
                branch: branch.clone(),
                maintained: self.cache.maintained(reading, *id).await?,
                listing: self.cache.listing(reading, (*id, None)).await?,
            });
        }
        Ok(states)
    }
}

/// Packages by name, by who maintains them.
type Roster<'a> = BTreeMap<Option<&'a str>, BTreeMap<&'a str, Gathered<'a>>>;

fn gather(states: &[BranchState]) -> Roster<'_> {
    let mut roster = Roster::new();
    for state in states {
        for row in &*state.maintained {
            let packages = roster.entry(row.maintainer.as_deref()).or_default();
            let package = packages.entry(&row.name).or_default();
            package.versions.insert((&state.branch, &row.version));
        }
        let listing = &*state.listing;
        for entry in listing.entries.iter().filter(|entry| entry.status == 0) {
            let (head, source) = (listing.head(entry), listing.source(entry));
            let packages = roster.entry(listing.maintainer(entry)).or_default();
            let package = packages.entry(&source.name).or_default();
            let counted = (head.exploited_since.is_some(), listing.level(entry));
            package.open.insert(&head.name, counted);
        }
    }
    roster
}

fn summary<'a>(
    name: Option<&str>,
    packages: impl Iterator<Item = &'a Gathered<'a>>,
) -> MaintainerSummary {
    let mut summary = MaintainerSummary {
        name: name.map(str::to_owned),
        ..MaintainerSummary::default()
    };
    for package in packages {
        summary.packages += 1;
        summary.affected_packages += usize::from(!package.open.is_empty());
        summary.affected += package.open.len();
        for (exploited, level) in package.open.values() {
            summary.exploited += usize::from(*exploited);
            summary.levels.add(*level);
        }
    }
    summary
}

fn maintained_package(name: &str, gathered: &Gathered<'_>) -> MaintainedPackage {
    let counted = summary(None, std::iter::once(gathered));
    let versions = gathered.versions.iter();
    MaintainedPackage {
        name: name.to_owned(),
        versions: versions
            .map(|(branch, version)| ((*branch).clone(), (*version).to_owned()))
            .collect(),
        affected: counted.affected,
        exploited: counted.exploited,
        levels: counted.levels,
    }
}
