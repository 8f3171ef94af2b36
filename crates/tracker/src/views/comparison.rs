//! Comparison of two states of branches: what became of the packages, and what that does to security.
//!
//! Both states are judged by what is known today, so whatever differs comes of the packages alone.
//! What is open and how that came or went is told of source packages, as findings are; what differs
//! in a package is told of the entries of inventories.

mod difference;
mod edit;
mod entries;
mod findings;
mod intervals;
mod known;
mod markdown;
mod mitigation;
mod name;
mod package_changes;
mod pairing;
mod proposal;
mod reach;
mod repositories;
mod security;
mod state;
mod types;

use std::collections::HashMap;
use std::sync::Arc;

use palisade_model::Inventory;
use palisade_store::{PlacedPackage, Session, SourcePackageId};
use palisade_version::Scheme;

use self::entries::{Entry, common_scheme};
use self::intervals::Intervals;
use self::package_changes::shown;
use self::pairing::Paired;
use self::proposal::{Against, Proposed, against, instead};
use self::repositories::{Repositories, source_difference};
use super::{Reading, Unknown, Views};
use crate::TrackerError;
use crate::import_inventory::{EncodedPackages, InventoryImport};

pub use self::difference::DifferenceView;
pub(super) use self::difference::{differences, named_anew};
pub use self::edit::{GraftEdit, PackageEdit};
pub(super) use self::entries::{Carried, Kept, Source, packages};
pub(super) use self::findings::{Change, SourcePair, cause, remedy};
pub(super) use self::known::Known;
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
    /// Why they cannot be.
    Unknown(Unknown),
}

/// Two states that are compared.
struct Compared {
    from: State,
    to: State,
    scheme: Scheme,
    repositories: Repositories,
    packages: Paired<Entry>,
    sources: Vec<SourcePair>,
    known: Arc<Known>,
    /// When packages were on the branch of each state.
    before: Arc<Intervals>,
    after: Arc<Intervals>,
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
        let (kept, known) = (&self.cache.compared, self.cache.known(reading.generation));
        let compared = Compared::stored(&mut reading, kept, known, from, to).await?;
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
            Err(reason) => return Ok(ComparisonAnswer::Unknown(reason.into())),
        };
        let file = import.document.name();
        let known = self.cache.known(reading.generation);
        let compared = Compared::proposed(&mut reading, kept, known, from, found, file).await?;
        let mut view = compared.view(&mut reading, kept, limit).await?;
        if let Some(graph) = graph.filter(|_| reach::is_asked(&view)) {
            reach::tell(&mut view, &graph);
        }
        Ok(ComparisonAnswer::Found(Box::new(view)))
    }

    /// Compares the present state of a branch with what a change makes of some of its packages; `name`
    /// is the change's. What the branch does not have is named beside the answer.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn compare_edited(
        &self,
        from: &StateRef,
        edits: &[PackageEdit],
        name: &str,
        limit: usize,
    ) -> Result<(ComparisonAnswer, Vec<String>), TrackerError> {
        let mut reading = self.reading().await?;
        let kept = &self.cache.compared;
        let from = match from.find(&mut reading).await? {
            Ok(state) => state,
            Err(reason) => return Ok((ComparisonAnswer::Unknown(reason), Vec::new())),
        };
        let session = &mut reading.session;
        let edit::Edited {
            here,
            after,
            unknown,
        } = edit::edited(session, kept, &from, edits).await?;
        let Some(first) = here.first() else {
            let reason = format!("{} has none of these packages", from.branch);
            return Ok((ComparisonAnswer::Unknown(reason.into()), unknown));
        };
        let repository = first.repository;
        let after = EncodedPackages::of(&after, from.branch.distribution());
        let found = instead(session, kept, &from, &after, repository, here).await?;
        let known = self.cache.known(reading.generation);
        let file = name.to_owned();
        let compared = Compared::proposed(&mut reading, kept, known, from, found, file).await?;
        let mut view = compared.view(&mut reading, kept, limit).await?;
        if reach::is_asked(&view) {
            let graph = self.cache.graphs.of(&mut reading, compared.from.at).await?;
            reach::tell(&mut view, &graph);
        }
        Ok((ComparisonAnswer::Found(Box::new(view)), unknown))
    }
}

impl Compared {
    async fn stored(
        reading: &mut Reading,
        kept: &Kept,
        known: Arc<Known>,
        from: State,
        to: State,
    ) -> Result<Self, TrackerError> {
        let session = &mut reading.session;
        let [before, after] = known.intervals(session, from.at, to.at).await?;
        let mut repositories = Repositories::default();
        repositories.add(session.repository_labels(from.at.branch).await?);
        repositories.add(session.repository_labels(to.at.branch).await?);
        let found = repositories.packages(&before, &after, &from, &to);
        before.read_packages(session, kept, &found.gone).await?;
        after.read_packages(session, kept, &found.came).await?;
        let of_sources = source_difference(&before, &after, &from, &to);
        before.read_sources(session, kept, &of_sources.gone).await?;
        after.read_sources(session, kept, &of_sources.came).await?;
        let scheme = common_scheme(from.branch.distribution(), to.branch.distribution());
        let place = |id| repositories.place(id);
        let pair_packages = || {
            let gone = before.packages(&found.gone, place);
            pair(gone, after.packages(&found.came, place), scheme)
        };
        let pair_sources = || {
            let gone = before.sources(&of_sources.gone);
            source_pairs(gone, after.sources(&of_sources.came), scheme)
        };
        let (packages, mut pairs) = rayon::join(pair_packages, pair_sources);
        if from.at.branch != to.at.branch {
            let states = [(&*before, &from), (&*after, &to)];
            pairs.extend(judged_otherwise(session, kept, states).await?);
        }
        Ok(Self {
            scheme,
            repositories,
            packages,
            sources: pairs,
            known,
            before,
            after,
            proposed: Proposed::default(),
            file: None,
            from,
            to,
        })
    }

    async fn proposed(
        reading: &mut Reading,
        kept: &Kept,
        known: Arc<Known>,
        from: State,
        found: Against,
        file: String,
    ) -> Result<Self, TrackerError> {
        let session = &mut reading.session;
        let before = known.all_intervals(session, from.at.branch).await?;
        let mut repositories = Repositories::default();
        let labels = session.repository_labels(from.at.branch).await?;
        repositories.add(labels);
        let placed = |(repository, package)| PlacedPackage {
            repository,
            package,
        };
        let gone: Vec<PlacedPackage> = found.gone.into_iter().map(placed).collect();
        let gone = before.places_of_packages(&gone);
        let place = |id| repositories.place(id);
        before.read_packages(session, kept, &gone).await?;
        let gone = before.packages(&gone, place);
        let place = repositories.place(found.repository);
        let mut came = found.came;
        for entry in &mut came {
            entry.repository = place;
        }
        let gone_sources = before.places_of_sources(&found.sources_gone);
        before.read_sources(session, kept, &gone_sources).await?;
        let gone_sources = before.sources(&gone_sources);
        let (new, stored): (Vec<SourcePackageId>, Vec<SourcePackageId>) = found
            .sources_came
            .into_iter()
            .partition(|id| Proposed::holds(*id));
        let stored = before.places_of_sources(&stored);
        before.read_sources(session, kept, &stored).await?;
        let mut came_sources = before.sources(&stored);
        let new = new.iter().filter_map(|id| found.proposed.source(*id));
        came_sources.extend(new.cloned());
        let scheme = from.branch.distribution().scheme();
        Ok(Self {
            scheme,
            repositories,
            packages: pair(gone, came, scheme),
            sources: source_pairs(gone_sources, came_sources, scheme),
            known,
            after: Arc::clone(&before),
            before,
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
        let security = security::of(self, reading, limit).await?;
        let (added, removed) = (&self.packages.added, &self.packages.removed);
        let before = self.there(reading, kept, Which::First).await?;
        let after = self.there(reading, kept, Which::Second).await?;
        let changed = self.ranked();
        let counts = self.counts(&before, &after);
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
    session: &mut Session,
    kept: &Kept,
    [before, after]: [(&Intervals, &State); 2],
) -> Result<Vec<SourcePair>, TrackerError> {
    let there = after.0.sources_at(after.1.at.position);
    let there: HashMap<SourcePackageId, usize> = there.collect();
    let here = before.0.sources_at(before.1.at.position);
    let both = here.filter_map(|(id, place)| Some((place, *there.get(&id)?)));
    let (here, there): (Vec<usize>, Vec<usize>) = both.unzip();
    let before_open = before.0.open_at(session, &here).await?;
    let after_open = after.0.open_at(session, &there).await?;
    let all = before_open.into_iter().zip(after_open);
    let all = all.zip(here.into_iter().zip(there));
    let differ = all.filter(|((here, there), _)| here != there);
    let (here, there): (Vec<usize>, Vec<usize>) = differ.map(|(_, places)| places).unzip();
    before.0.read_sources(session, kept, &here).await?;
    after.0.read_sources(session, kept, &there).await?;
    let both = before.0.sources(&here).into_iter();
    let mut both: Vec<(Source, Source)> = both.zip(after.0.sources(&there)).collect();
    both.sort_by(|(a, _), (b, _)| {
        (&a.read.name, &a.read.version, a.id).cmp(&(&b.read.name, &b.read.version, b.id))
    });
    let pair = |(from, to)| SourcePair {
        from: Some(from),
        to: Some(to),
    };
    Ok(both.into_iter().map(pair).collect())
}
