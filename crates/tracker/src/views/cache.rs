//! What is kept in memory of one state of the database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use palisade_model::BranchName;
use palisade_store::{BranchId, FeedRow, Generation, MaintainedRow};

use super::comparison::{Known, State};
use super::dependents::Graphs;
use super::grafts::{GraftsView, Which};
use super::history::Chronicle;
use super::listing::Listing;
use super::mistakes::MistakesView;
use super::roster::People;
use super::search::Names;
use super::{Places, Reading};
use crate::TrackerError;

/// Listings of past revisions that are kept, and grafts of them; the present ones of all branches stay.
const PAST: usize = 8;

/// A branch at a position; without one, now.
type At = (BranchId, Option<i64>);

/// How long a prepared state is told while that of a newer one is being made.
const STALE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Cache {
    states: Mutex<States>,
    /// What never changes, and so is of no state.
    pub(super) compared: super::comparison::Kept,
    /// Of states by what packages they have, whatever else changes.
    pub(super) graphs: Graphs,
    /// What was seen in packages that were looked through for mistakes: of no state either.
    pub(super) looked_through: super::mistakes::Kept,
    /// Whoever makes something large holds this, so that it is made once and not by all who wait.
    turn: tokio::sync::Mutex<()>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How often something was in memory, and how often it had to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheUse {
    /// It was in memory.
    pub hits: u64,
    /// It was not.
    pub misses: u64,
}

/// What is kept of the states of the database: of the prepared one, if there is one, and of the
/// last that was asked for beside it.
#[derive(Debug, Default)]
struct States {
    kept: Vec<Kept>,
    prepared: Option<Generation>,
    /// Since when there is a newer state than the prepared one.
    superseded: Option<Instant>,
}

impl States {
    fn of(&mut self, generation: Generation) -> &mut Kept {
        let known = self.kept.iter().position(|it| it.generation == generation);
        let at = known.unwrap_or_else(|| {
            let prepared = self.prepared;
            self.kept.retain(|it| Some(it.generation) == prepared);
            self.kept.push(Kept {
                generation,
                ..Kept::default()
            });
            self.kept.len() - 1
        });
        &mut self.kept[at]
    }
}

#[derive(Debug, Default)]
struct Kept {
    generation: Generation,
    places: Option<Arc<Places>>,
    listings: HashMap<At, Arc<Listing>>,
    grafts: HashMap<At, Arc<GraftsView>>,
    compared: Arc<Known>,
    chronicles: HashMap<BranchId, Arc<Chronicle>>,
    maintained: HashMap<BranchId, Arc<Vec<MaintainedRow>>>,
    names: Option<Arc<Names>>,
    /// Of which day EPSS scores are, if there are any.
    epss_day: OnceLock<Option<String>>,
    people: Option<Arc<People>>,
    feeds: Option<Arc<Vec<FeedRow>>>,
    mistakes: HashMap<BranchId, Arc<MistakesView>>,
}

/// Keeps something of a branch at a position; of past positions only so much is kept.
fn keep<T>(kept: &mut HashMap<At, Arc<T>>, key: At, value: &Arc<T>) {
    let is_past = |(_, position): &&At| position.is_some();
    let past: Vec<At> = kept.keys().filter(is_past).copied().collect();
    if let Some(one) = past.first().filter(|_| past.len() >= PAST) {
        kept.remove(one);
    }
    kept.insert(key, Arc::clone(value));
}

impl Cache {
    pub(super) fn use_so_far(&self) -> CacheUse {
        CacheUse {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }

    /// Counts whether something was there.
    fn counted<T>(&self, found: Option<T>) -> Option<T> {
        let counter = if found.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Reads or changes what is kept of a state.
    fn of<T>(&self, generation: Generation, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(self.states().of(generation))
    }

    fn states(&self) -> MutexGuard<'_, States> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of which is told when the database is in this one: where states are prepared, the
    /// prepared one until the next is, but not for long.
    pub(super) fn told(&self, present: Generation) -> Generation {
        let mut states = self.states();
        match states.prepared {
            Some(prepared) if prepared != present => {
                let since = states.superseded.get_or_insert_with(Instant::now);
                if since.elapsed() < STALE {
                    prepared
                } else {
                    present
                }
            }
            _ => present,
        }
    }

    /// Says that what pages need of a state is here; what is kept of others is forgotten.
    pub(super) fn prepared(&self, generation: Generation) {
        let mut states = self.states();
        (states.prepared, states.superseded) = (Some(generation), None);
        states.kept.retain(|it| it.generation == generation);
    }

    /// What is kept to compare states of branches.
    pub(super) fn known(&self, generation: Generation) -> Arc<Known> {
        self.of(generation, |kept| Arc::clone(&kept.compared))
    }

    pub(super) fn places(&self, generation: Generation) -> Option<Arc<Places>> {
        self.counted(self.of(generation, |kept| kept.places.clone()))
    }

    pub(super) fn keep_places(&self, generation: Generation, places: &Arc<Places>) {
        self.of(generation, |kept| kept.places = Some(Arc::clone(places)));
    }

    pub(super) fn mistakes(
        &self,
        generation: Generation,
        branch: BranchId,
    ) -> Option<Arc<MistakesView>> {
        self.counted(self.of(generation, |kept| kept.mistakes.get(&branch).cloned()))
    }

    pub(super) fn keep_mistakes(
        &self,
        generation: Generation,
        branch: BranchId,
        mistakes: &Arc<MistakesView>,
    ) {
        let mistakes = Arc::clone(mistakes);
        self.of(generation, |kept| kept.mistakes.insert(branch, mistakes));
    }

    /// The open findings of a branch.
    pub(super) async fn listing(
        &self,
        reading: &mut Reading,
        key: At,
    ) -> Result<Arc<Listing>, TrackerError> {
        let generation = reading.generation;
        let known = |cache: &Self| cache.of(generation, |kept| kept.listings.get(&key).cloned());
        if let Some(listing) = self.counted(known(self)) {
            return Ok(listing);
        }
        let _turn = self.turn.lock().await;
        if let Some(listing) = known(self) {
            return Ok(listing);
        }
        let listing = Arc::new(Listing::load(&mut reading.session, key.0, key.1).await?);
        self.of(generation, |kept| keep(&mut kept.listings, key, &listing));
        Ok(listing)
    }

    /// All grafts of a state.
    pub(super) async fn grafts(
        &self,
        reading: &mut Reading,
        state: &State,
    ) -> Result<Arc<GraftsView>, TrackerError> {
        let (generation, key) = (reading.generation, (state.at.branch, state.position()));
        let known = |cache: &Self| cache.of(generation, |kept| kept.grafts.get(&key).cloned());
        if let Some(grafts) = self.counted(known(self)) {
            return Ok(grafts);
        }
        let _turn = self.turn.lock().await;
        if let Some(grafts) = known(self) {
            return Ok(grafts);
        }
        let grafts = GraftsView::of(reading, self, state, &Which::All).await?;
        let grafts = Arc::new(grafts);
        self.of(generation, |kept| keep(&mut kept.grafts, key, &grafts));
        Ok(grafts)
    }

    /// The grafts of some source packages of a state: taken from all of them where those are kept.
    pub(super) async fn some_grafts(
        &self,
        reading: &mut Reading,
        state: &State,
        which: Which,
    ) -> Result<Arc<GraftsView>, TrackerError> {
        let key = (state.at.branch, state.position());
        let kept = self.of(reading.generation, |kept| kept.grafts.get(&key).cloned());
        if let Some(grafts) = kept {
            return Ok(grafts);
        }
        let grafts = GraftsView::of(reading, self, state, &which).await?;
        Ok(Arc::new(grafts))
    }

    /// What ever affected the packages of a branch.
    pub(super) async fn chronicle(
        &self,
        reading: &mut Reading,
        (id, name): (BranchId, &BranchName),
    ) -> Result<Arc<Chronicle>, TrackerError> {
        let generation = reading.generation;
        let known = |cache: &Self| cache.of(generation, |kept| kept.chronicles.get(&id).cloned());
        if let Some(chronicle) = self.counted(known(self)) {
            return Ok(chronicle);
        }
        let _turn = self.turn.lock().await;
        if let Some(chronicle) = known(self) {
            return Ok(chronicle);
        }
        let session = &mut reading.session;
        let chronicle = Chronicle::load(session, &self.compared, (id, name)).await?;
        let chronicle = Arc::new(chronicle);
        self.of(generation, |kept| {
            kept.chronicles.insert(id, Arc::clone(&chronicle))
        });
        Ok(chronicle)
    }

    /// The source packages of a branch with those who maintain them.
    pub(super) async fn maintained(
        &self,
        reading: &mut Reading,
        branch: BranchId,
    ) -> Result<Arc<Vec<MaintainedRow>>, TrackerError> {
        let generation = reading.generation;
        let known =
            |cache: &Self| cache.of(generation, |kept| kept.maintained.get(&branch).cloned());
        if let Some(maintained) = known(self) {
            return Ok(maintained);
        }
        let _turn = self.turn.lock().await;
        if let Some(maintained) = known(self) {
            return Ok(maintained);
        }
        let maintained = Arc::new(reading.session.maintained(branch).await?);
        self.of(generation, |kept| {
            kept.maintained.insert(branch, Arc::clone(&maintained))
        });
        Ok(maintained)
    }

    /// Of which day EPSS scores are: to find it out all of them are looked through.
    pub(super) async fn epss_day(
        &self,
        reading: &mut Reading,
    ) -> Result<Option<String>, TrackerError> {
        let generation = reading.generation;
        if let Some(day) = self.of(generation, |kept| kept.epss_day.get().cloned()) {
            return Ok(day);
        }
        let day = reading.session.epss_day().await?;
        // Somebody else may have found out the same meanwhile.
        Ok(self.of(generation, |kept| kept.epss_day.get_or_init(|| day).clone()))
    }

    /// The names of all packages.
    pub(super) async fn names(&self, reading: &mut Reading) -> Result<Arc<Names>, TrackerError> {
        if let Some(names) = self.counted(self.of(reading.generation, |kept| kept.names.clone())) {
            return Ok(names);
        }
        let _turn = self.turn.lock().await;
        if let Some(names) = self.of(reading.generation, |kept| kept.names.clone()) {
            return Ok(names);
        }
        let names = Arc::new(Names::of(reading.session.package_names().await?));
        self.of(reading.generation, |kept| {
            kept.names = Some(Arc::clone(&names));
        });
        Ok(names)
    }

    /// Everybody who maintains something.
    pub(super) async fn people(&self, reading: &mut Reading) -> Result<Arc<People>, TrackerError> {
        if let Some(people) = self.counted(self.of(reading.generation, |kept| kept.people.clone()))
        {
            return Ok(people);
        }
        // What it is made of is kept, too: to make it twice is no waste.
        let people = Arc::new(People::of(self, reading).await?);
        self.of(reading.generation, |kept| {
            kept.people = Some(Arc::clone(&people));
        });
        Ok(people)
    }

    /// All feeds.
    pub(super) async fn feeds(
        &self,
        reading: &mut Reading,
    ) -> Result<Arc<Vec<FeedRow>>, TrackerError> {
        if let Some(feeds) = self.counted(self.of(reading.generation, |kept| kept.feeds.clone())) {
            return Ok(feeds);
        }
        let _turn = self.turn.lock().await;
        if let Some(feeds) = self.of(reading.generation, |kept| kept.feeds.clone()) {
            return Ok(feeds);
        }
        let feeds = Arc::new(reading.session.feeds().await?);
        self.of(reading.generation, |kept| {
            kept.feeds = Some(Arc::clone(&feeds));
        });
        Ok(feeds)
    }
}
