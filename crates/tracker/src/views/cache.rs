//! What is kept in memory of one state of the database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use palisade_store::{BranchId, FeedRow, Generation, MaintainedRow};

use super::listing::Listing;
use super::roster::People;
use super::search::Names;
use super::{Places, Reading};
use crate::TrackerError;

/// Listings of past revisions that are kept; the present ones of all branches stay.
const PAST_LISTINGS: usize = 8;

/// A branch at a position; without one, now.
type ListingKey = (BranchId, Option<i64>);

#[derive(Debug, Default)]
pub(super) struct Cache {
    kept: Mutex<Kept>,
    /// What never changes, and so is of no state.
    pub(super) compared: super::comparison::Kept,
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

#[derive(Debug, Default)]
struct Kept {
    generation: Generation,
    places: Option<Arc<Places>>,
    listings: HashMap<ListingKey, Arc<Listing>>,
    maintained: HashMap<BranchId, Arc<Vec<MaintainedRow>>>,
    names: Option<Arc<Names>>,
    people: Option<Arc<People>>,
    feeds: Option<Arc<Vec<FeedRow>>>,
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

    /// What is kept of a generation; what is of another is forgotten first.
    fn of(&self, generation: Generation) -> MutexGuard<'_, Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.generation != generation {
            *kept = Kept {
                generation,
                ..Kept::default()
            };
        }
        kept
    }

    pub(super) fn places(&self, generation: Generation) -> Option<Arc<Places>> {
        self.counted(self.of(generation).places.clone())
    }

    pub(super) fn keep_places(&self, generation: Generation, places: &Arc<Places>) {
        self.of(generation).places = Some(Arc::clone(places));
    }

    /// The open findings of a branch.
    pub(super) async fn listing(
        &self,
        reading: &mut Reading,
        key: ListingKey,
    ) -> Result<Arc<Listing>, TrackerError> {
        let known = |cache: &Self| cache.of(reading.generation).listings.get(&key).cloned();
        if let Some(listing) = self.counted(known(self)) {
            return Ok(listing);
        }
        let _turn = self.turn.lock().await;
        if let Some(listing) = known(self) {
            return Ok(listing);
        }
        let listing = Arc::new(Listing::load(&mut reading.session, key.0, key.1).await?);
        let mut kept = self.of(reading.generation);
        let past: Vec<ListingKey> = kept
            .listings
            .keys()
            .filter(|(_, position)| position.is_some())
            .copied()
            .collect();
        if let Some(oldest) = past.first().filter(|_| past.len() >= PAST_LISTINGS) {
            kept.listings.remove(oldest);
        }
        kept.listings.insert(key, Arc::clone(&listing));
        Ok(listing)
    }

    /// The source packages of a branch with those who maintain them.
    pub(super) async fn maintained(
        &self,
        reading: &mut Reading,
        branch: BranchId,
    ) -> Result<Arc<Vec<MaintainedRow>>, TrackerError> {
        let known = |cache: &Self| {
            cache
                .of(reading.generation)
                .maintained
                .get(&branch)
                .cloned()
        };
        if let Some(maintained) = known(self) {
            return Ok(maintained);
        }
        let _turn = self.turn.lock().await;
        if let Some(maintained) = known(self) {
            return Ok(maintained);
        }
        let maintained = Arc::new(reading.session.maintained(branch).await?);
        let mut kept = self.of(reading.generation);
        kept.maintained.insert(branch, Arc::clone(&maintained));
        Ok(maintained)
    }

    /// The names of all packages.
    pub(super) async fn names(&self, reading: &mut Reading) -> Result<Arc<Names>, TrackerError> {
        if let Some(names) = self.counted(self.of(reading.generation).names.clone()) {
            return Ok(names);
        }
        let _turn = self.turn.lock().await;
        if let Some(names) = self.of(reading.generation).names.clone() {
            return Ok(names);
        }
        let names = Arc::new(Names::of(reading.session.package_names().await?));
        self.of(reading.generation).names = Some(Arc::clone(&names));
        Ok(names)
    }

    /// Everybody who maintains something.
    pub(super) async fn people(&self, reading: &mut Reading) -> Result<Arc<People>, TrackerError> {
        if let Some(people) = self.counted(self.of(reading.generation).people.clone()) {
            return Ok(people);
        }
        // What it is made of is kept, too: to make it twice is no waste.
        let people = Arc::new(People::of(self, reading).await?);
        self.of(reading.generation).people = Some(Arc::clone(&people));
        Ok(people)
    }

    /// All feeds.
    pub(super) async fn feeds(
        &self,
        reading: &mut Reading,
    ) -> Result<Arc<Vec<FeedRow>>, TrackerError> {
        if let Some(feeds) = self.counted(self.of(reading.generation).feeds.clone()) {
            return Ok(feeds);
        }
        let _turn = self.turn.lock().await;
        let feeds = Arc::new(reading.session.feeds().await?);
        self.of(reading.generation).feeds = Some(Arc::clone(&feeds));
        Ok(feeds)
    }
}
