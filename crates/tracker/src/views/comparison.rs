//! Comparison of two states of branches: what became of the packages, and what that does to security.
//!
//! Both states are judged by what is known today, so whatever differs comes of the packages alone.
//! What is open and how that came or went is told of source packages, as findings are; what differs
//! in a package is told of the entries of inventories.

mod difference;
mod entries;
mod findings;
mod markdown;
mod mitigation;
mod pairing;
mod proposal;
mod reach;
mod security;
mod state;
mod types;

use std::collections::{HashMap, HashSet};

use palisade_model::{Inventory, Package};
use palisade_store::{PackageId, PlacedPackage, RepositoryId, SourcePackageId};
use palisade_version::Scheme;

use self::entries::{Entry, common_scheme};
use self::pairing::Paired;
use self::proposal::{Against, Proposed, against};
use super::{Reading, Views};
use crate::TrackerError;
use crate::import_inventory::InventoryImport;

pub use self::difference::DifferenceView;
pub(super) use self::difference::{differences, named_anew};
pub(super) use self::entries::{Carried, Kept, Source, packages};
pub(super) use self::findings::{Change, SourcePair, cause, remedy};
pub(super) use self::markdown::cell;
pub use self::markdown::markdown;
pub(super) use self::mitigation::gone;
pub(super) use self::pairing::{Entry as Pairable, pair};
pub(super) use self::state::State;
pub use self::state::{InvalidState, StateRef};
pub use self::types::{
    Cause, ComparisonView, FindingChangeView, FoundView, LonePackageView, MitigationView, NetView,
    PackageChangeView, PackageCounts, Remedy, SideView,
};

/// What is answered when two states are to be compared.
#[derive(Debug)]
pub enum ComparisonAnswer {
    /// What they differ in.
    Found(Box<ComparisonView>),
    /// That one of them is not there, in words.
    Unknown(String),
}

/// Two states that are compared.
struct Compared {
    from: State,
    to: State,
    scheme: Scheme,
    repositories: Repositories,
    packages: Paired<Entry>,
    sources: Vec<SourcePair>,
    proposed: Proposed,
    /// What stands in the place of the second state.
    file: Option<String>,
}

/// One of two states.
#[derive(Debug, Clone, Copy)]
enum Which {
    First,
    Second,
}

impl Views {
    /// Compares two states; of each list no more than `limit` is told.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn compare(
        &self,
        from: &StateRef,
        to: &StateRef,
        limit: usize,
    ) -> Result<ComparisonAnswer, TrackerError> {
        let mut reading = self.reading().await?;
        let from = match from.find(&mut reading).await? {
            Ok(state) => state,
            Err(reason) => return Ok(ComparisonAnswer::Unknown(reason)),
        };
        let to = match to.find(&mut reading).await? {
            Ok(state) => state,
            Err(reason) => return Ok(ComparisonAnswer::Unknown(reason)),
        };
        let compared = Compared::stored(&mut reading, &self.cache.compared, from, to).await?;
        let kept = &self.cache.compared;
        let mut view = compared.view(&mut reading, kept, limit).await?;
        if reach::is_asked(&view) {
            let graph = self.cache.graphs.of(&mut reading, compared.to.at).await?;
            reach::tell(&mut view, &graph);
        }
        Ok(ComparisonAnswer::Found(Box::new(view)))
    }

    /// Compares a state with an inventory that is not stored, as if it were the state's repository.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn compare_proposed(
        &self,
        from: &StateRef,
        import: &InventoryImport,
        inventory: Inventory,
        limit: usize,
    ) -> Result<ComparisonAnswer, TrackerError> {
        let mut reading = self.reading().await?;
        let kept = &self.cache.compared;
        let from = match from.find(&mut reading).await? {
            Ok(state) => state,
            Err(reason) => return Ok(ComparisonAnswer::Unknown(reason)),
        };
        let import = InventoryImport {
            branch: Some(from.branch.clone()),
            ..import.clone()
        };
        let graph = reach::of_proposal(&inventory);
        let session = &mut reading.session;
        let found = against(session, kept, &from, &import, inventory).await?;
        let found = match found {
            Ok(found) => found,
            Err(reason) => return Ok(ComparisonAnswer::Unknown(reason)),
        };
        let file = import.document.name();
        let compared = Compared::proposed(&mut reading, kept, from, found, file).await?;
        let mut view = compared.view(&mut reading, kept, limit).await?;
        if let Some(graph) = graph.filter(|_| reach::is_asked(&view)) {
            reach::tell(&mut view, &graph);
        }
        Ok(ComparisonAnswer::Found(Box::new(view)))
    }
}

/// The repositories of both states: of different branches they are the same when they are called so.
#[derive(Debug, Default)]
struct Repositories {
    list: Vec<(String, String)>,
    places: HashMap<RepositoryId, u32>,
}

impl Repositories {
    fn add(&mut self, labels: HashMap<RepositoryId, (String, String)>) {
        let mut labels: Vec<_> = labels.into_iter().collect();
        labels.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
        for (id, label) in labels {
            let known = self.list.iter().position(|it| *it == label);
            let place = known.unwrap_or_else(|| {
                self.list.push(label);
                self.list.len() - 1
            });
            self.places.insert(id, u32::try_from(place).unwrap_or(0));
        }
    }

    fn place(&self, id: RepositoryId) -> u32 {
        self.places.get(&id).copied().unwrap_or(0)
    }

    /// A repository in words, where there are several.
    fn words(&self, place: u32) -> Option<String> {
        let (name, architecture) = self.list.get(place as usize)?;
        let words = format!("{name} {architecture}");
        (self.list.len() > 1).then(|| words.trim().to_owned())
    }
}

impl Compared {
    async fn stored(
        reading: &mut Reading,
        kept: &Kept,
        from: State,
        to: State,
    ) -> Result<Self, TrackerError> {
        let session = &mut reading.session;
        let mut repositories = Repositories::default();
        repositories.add(session.repository_labels(from.at.branch).await?);
        repositories.add(session.repository_labels(to.at.branch).await?);
        let found = session.package_difference(from.at, to.at).await?;
        let gone = entries(reading, kept, &repositories, found.gone).await?;
        let came = entries(reading, kept, &repositories, found.came).await?;
        let found = reading.session.source_difference(from.at, to.at).await?;
        let gone_sources = sources(reading, kept, &found.gone).await?;
        let came_sources = sources(reading, kept, &found.came).await?;
        let scheme = common_scheme(from.branch.distribution(), to.branch.distribution());
        let mut pairs = source_pairs(gone_sources, came_sources, scheme);
        if from.at.branch != to.at.branch {
            pairs.extend(judged_otherwise(reading, kept, &from, &to).await?);
        }
        Ok(Self {
            scheme,
            repositories,
            packages: pair(gone, came, scheme),
            sources: pairs,
            proposed: Proposed::default(),
            file: None,
            from,
            to,
        })
    }

    async fn proposed(
        reading: &mut Reading,
        kept: &Kept,
        from: State,
        found: Against,
        file: String,
    ) -> Result<Self, TrackerError> {
        let mut repositories = Repositories::default();
        let labels = reading.session.repository_labels(from.at.branch).await?;
        repositories.add(labels);
        let placed = |(repository, package)| PlacedPackage {
            repository,
            package,
        };
        let gone = found.gone.into_iter().map(placed).collect();
        let gone = entries(reading, kept, &repositories, gone).await?;
        let place = repositories.place(found.repository);
        let mut came = found.came;
        for entry in &mut came {
            entry.repository = place;
        }
        let gone_sources = sources(reading, kept, &found.sources_gone).await?;
        let (new, stored): (Vec<SourcePackageId>, Vec<SourcePackageId>) = found
            .sources_came
            .into_iter()
            .partition(|id| Proposed::holds(*id));
        let mut came_sources = sources(reading, kept, &stored).await?;
        let new = new.iter().filter_map(|id| found.proposed.source(*id));
        came_sources.extend(new.map(|(source, _)| source.clone()));
        let scheme = from.branch.distribution().scheme();
        Ok(Self {
            scheme,
            repositories,
            packages: pair(gone, came, scheme),
            sources: source_pairs(gone_sources, came_sources, scheme),
            proposed: found.proposed,
            file: Some(file),
            to: from.clone(),
            from,
        })
    }

    async fn view(
        &self,
        reading: &mut Reading,
        kept: &Kept,
        limit: usize,
    ) -> Result<ComparisonView, TrackerError> {
        let security = security::of(self, reading, kept, limit).await?;
        let (added, removed) = (&self.packages.added, &self.packages.removed);
        let before = self.names(reading, Which::First, added).await?;
        let after = self.names(reading, Which::Second, removed).await?;
        let changed = self.ranked();
        let counts = self.counts(reading, &before, &after).await?;
        let shown = shown(&changed, added, removed, limit);
        let whole = self.whole(reading, shown).await?;
        let packages_added = self
            .told(reading, kept, added, &before, &whole, limit)
            .await?;
        let packages_removed = self
            .told(reading, kept, removed, &after, &whole, limit)
            .await?;
        Ok(ComparisonView {
            from: side(&self.from, None),
            to: side(&self.to, self.file.clone()),
            net: security.net,
            lost: security.lost,
            unproven: security.unproven,
            introduced: security.introduced,
            fixed: security.fixed,
            changed: security.changed,
            carried_over: security.carried_over,
            packages: counts,
            packages_added,
            packages_removed,
            packages_changed: self.changes(&changed, &whole, limit),
            limit,
        })
    }

    /// Which of the names of entries are in a state at all.
    async fn names(
        &self,
        reading: &mut Reading,
        side: Which,
        of: &[Entry],
    ) -> Result<HashSet<String>, TrackerError> {
        let names = of.iter().map(Entry::name).collect();
        let versions = self.versions(reading, side, &names).await?;
        Ok(versions.into_iter().map(|(name, _)| name).collect())
    }

    /// The versions of packages of these names in a state.
    async fn versions(
        &self,
        reading: &mut Reading,
        side: Which,
        names: &HashSet<&str>,
    ) -> Result<HashSet<(String, String)>, TrackerError> {
        let state = match side {
            Which::Second if self.file.is_some() => {
                let all = self.proposed.versions.iter();
                let wanted = all.filter(|(name, _)| names.contains(name.as_str()));
                return Ok(wanted.cloned().collect());
            }
            Which::Second => self.to.at,
            Which::First => self.from.at,
        };
        if names.is_empty() {
            return Ok(HashSet::new());
        }
        let names = names.iter().copied();
        let found = reading.session.versions_at(state, names).await?;
        Ok(found.into_iter().collect())
    }

    /// How many of the names that both states have are there in other versions: what another entry of
    /// the name still has, or had already, is no other version.
    async fn names_with_other_versions<'a>(
        &'a self,
        reading: &mut Reading,
        added: impl Iterator<Item = &'a Entry>,
        removed: impl Iterator<Item = &'a Entry>,
    ) -> Result<usize, TrackerError> {
        let mut touched: HashMap<&str, [HashSet<&str>; 2]> = HashMap::new();
        let changed = &self.packages.changed;
        let went = changed.iter().map(|(from, _)| from).chain(removed);
        let came = changed.iter().map(|(_, to)| to).chain(added);
        let all = went.map(|it| (0, it)).chain(came.map(|it| (1, it)));
        for (side, entry) in all {
            touched.entry(entry.name()).or_default()[side].insert(entry.version());
        }
        let mut others = 0;
        for (one, other, side) in [(0, 1, Which::Second), (1, 0, Which::First)] {
            let only = |versions: &[HashSet<&str>; 2]| {
                versions[one].difference(&versions[other]).next().is_some()
            };
            let names = touched.iter().filter(|(_, versions)| only(versions));
            let names: HashSet<&str> = names.map(|(name, _)| *name).collect();
            let there = self.versions(reading, side, &names).await?;
            for name in names {
                let versions = &touched[name];
                let mut gone = versions[one].difference(&versions[other]);
                if gone.any(|it| !there.contains(&(name.to_owned(), (*it).to_owned()))) {
                    others += 1;
                    touched.remove(name);
                }
            }
        }
        Ok(others)
    }

    /// What changed: at the same version first, then what has another version.
    fn ranked(&self) -> Vec<&(Entry, Entry)> {
        let rank = |(from, to): &(Entry, Entry)| {
            let is_same = from.version() == to.version();
            match (is_same, from.label.source() == to.label.source()) {
                (true, false) => 0,
                (false, _) => 1,
                (true, true) => 2,
            }
        };
        let mut changed: Vec<&(Entry, Entry)> = self.packages.changed.iter().collect();
        changed.sort_by_key(|pair| rank(pair));
        changed
    }

    async fn counts(
        &self,
        reading: &mut Reading,
        before: &HashSet<String>,
        after: &HashSet<String>,
    ) -> Result<PackageCounts, TrackerError> {
        let Paired {
            moved,
            changed,
            removed,
            added,
        } = &self.packages;
        let only = |entries: &[Entry], known: &HashSet<String>| {
            let names = entries.iter().map(Entry::name);
            let alone = names.filter(|name| !known.contains(*name));
            alone.collect::<HashSet<&str>>().len()
        };
        let is_same = |(from, to): &&(Entry, Entry)| from.version() == to.version();
        let to_known = added.iter().filter(|it| before.contains(it.name()));
        let from_known = removed.iter().filter(|it| after.contains(it.name()));
        let others = self.names_with_other_versions(reading, to_known, from_known);
        Ok(PackageCounts {
            names_with_other_versions: others.await?,
            new_names: only(added, before),
            gone_names: only(removed, after),
            added: added.len(),
            removed: removed.len(),
            changed: changed.len(),
            changed_at_same_version: changed.iter().filter(is_same).count(),
            moved: moved.len(),
        })
    }

    /// All of packages.
    async fn whole(
        &self,
        reading: &mut Reading,
        ids: Vec<PackageId>,
    ) -> Result<HashMap<PackageId, Package>, TrackerError> {
        let stored: Vec<PackageId> = ids.iter().copied().filter(|id| id.0 >= 0).collect();
        let mut whole = entries::packages(&mut reading.session, &stored).await?;
        let proposed = ids.into_iter().filter(|id| id.0 < 0);
        let proposed = proposed.filter_map(|id| Some((id, self.proposed.package(id)?.clone())));
        whole.extend(proposed);
        Ok(whole)
    }

    async fn told(
        &self,
        reading: &mut Reading,
        kept: &Kept,
        entries: &[Entry],
        names: &HashSet<String>,
        whole: &HashMap<PackageId, Package>,
        limit: usize,
    ) -> Result<Vec<LonePackageView>, TrackerError> {
        let ids: Vec<SourcePackageId> = entries
            .iter()
            .take(limit)
            .map(|entry| entry.label.source())
            .filter(|id| !Proposed::holds(*id))
            .collect();
        let labels = kept.sources(&mut reading.session, &ids).await?;
        let view = |entry: &Entry| {
            let package = whole.get(&entry.id);
            let source = entry.label.source();
            let source = labels
                .get(&source)
                .or_else(|| self.proposed.source(source).map(|(source, _)| source));
            LonePackageView {
                name: entry.name().to_owned(),
                version: entry.version().to_owned(),
                source_package: source.map_or_else(String::new, |it| it.name.to_string()),
                repository: self.repositories.words(entry.repository),
                name_stays: names.contains(entry.name()),
                synopsis: package.and_then(|it| it.synopsis.clone()),
                homepage: package.and_then(|it| it.homepage.clone()),
                licenses: package.map(|it| it.licenses.clone()).unwrap_or_default(),
                location: package.and_then(|it| it.location.clone()),
            }
        };
        Ok(entries.iter().take(limit).map(view).collect())
    }

    fn changes(
        &self,
        changed: &[&(Entry, Entry)],
        whole: &HashMap<PackageId, Package>,
        limit: usize,
    ) -> Vec<PackageChangeView> {
        let view = |(from, to): &&(Entry, Entry)| {
            let both = whole.get(&from.id).zip(whole.get(&to.id));
            let source = both.map(|(_, to)| to.source_name.clone());
            PackageChangeView {
                name: to.name().to_owned(),
                source_package: source.unwrap_or_else(|| to.name().to_owned()),
                from_version: from.version().to_owned(),
                to_version: to.version().to_owned(),
                repository: self.repositories.words(to.repository),
                differences: both
                    .map(|(from, to)| differences(from, to))
                    .unwrap_or_default(),
                reach: None,
            }
        };
        changed.iter().take(limit).map(view).collect()
    }
}

/// The packages of which all is told.
fn shown(
    changed: &[&(Entry, Entry)],
    added: &[Entry],
    removed: &[Entry],
    limit: usize,
) -> Vec<PackageId> {
    let changed = changed.iter().take(limit);
    let changed = changed.flat_map(|(from, to)| [from.id, to.id]);
    let alone = added.iter().take(limit).chain(removed.iter().take(limit));
    changed.chain(alone.map(|entry| entry.id)).collect()
}

fn side(state: &State, file: Option<String>) -> SideView {
    let name = if state.is_present {
        state.branch.to_string()
    } else {
        format!("{}@{}", state.branch, state.revision.name)
    };
    SideView {
        branch: state.branch.clone(),
        revision: state.revision.clone(),
        is_present: state.is_present,
        proposed: file,
        name,
    }
}

async fn entries(
    reading: &mut Reading,
    kept: &Kept,
    repositories: &Repositories,
    placed: Vec<PlacedPackage>,
) -> Result<Vec<Entry>, TrackerError> {
    let ids = placed.iter().map(|it| it.package);
    let labels = kept.labels(&mut reading.session, ids).await?;
    let entry = |it: PlacedPackage| {
        Some(Entry {
            id: it.package,
            repository: repositories.place(it.repository),
            label: labels.get(&it.package)?.clone(),
        })
    };
    Ok(placed.into_iter().filter_map(entry).collect())
}

async fn sources(
    reading: &mut Reading,
    kept: &Kept,
    ids: &[SourcePackageId],
) -> Result<Vec<Source>, TrackerError> {
    let named = kept.sources(&mut reading.session, ids).await?;
    Ok(named.into_values().collect())
}

fn source_pairs(gone: Vec<Source>, came: Vec<Source>, scheme: Scheme) -> Vec<SourcePair> {
    let paired = pair(gone, came, scheme);
    let both = paired.moved.into_iter().chain(paired.changed);
    let both = both.map(|(from, to)| SourcePair {
        from: Some(from),
        to: Some(to),
    });
    let removed = paired.removed.into_iter().map(|from| SourcePair {
        from: Some(from),
        to: None,
    });
    let added = paired.added.into_iter().map(|to| SourcePair {
        from: None,
        to: Some(to),
    });
    both.chain(removed).chain(added).collect()
}

/// Source packages that both states have, of which something else is open on the one branch than on
/// the other.
async fn judged_otherwise(
    reading: &mut Reading,
    kept: &Kept,
    from: &State,
    to: &State,
) -> Result<Vec<SourcePair>, TrackerError> {
    let session = &mut reading.session;
    let before = session.sources_at(from.at).await?;
    let after = session.sources_at(to.at).await?;
    let both: Vec<SourcePackageId> = before.intersection(&after).copied().collect();
    let mut told: HashMap<(SourcePackageId, i64, i64, i64, Option<String>), i32> = HashMap::new();
    for (branch, weight) in [(from.at.branch, 1), (to.at.branch, -1)] {
        for row in session.open_findings_of(branch, &both).await? {
            let state = row.state;
            let (source, id) = (row.key.source, row.key.vulnerability);
            let key = (source, id, state.status, state.confidence, state.fixed_in);
            *told.entry(key).or_default() += weight;
        }
    }
    let otherwise = told.into_iter().filter(|(_, weight)| *weight != 0);
    let otherwise: HashSet<SourcePackageId> = otherwise.map(|(key, _)| key.0).collect();
    let otherwise: Vec<SourcePackageId> = otherwise.into_iter().collect();
    let mut found = sources(reading, kept, &otherwise).await?;
    found.sort_by(|a, b| (&a.name, &a.version, a.id).cmp(&(&b.name, &b.version, b.id)));
    let pair = |source: Source| SourcePair {
        from: Some(source.clone()),
        to: Some(source),
    };
    Ok(found.into_iter().map(pair).collect())
}
