//! What pages, commands and exports ask: questions about the present state, answered as plain
//! structs.
//!
//! A question is answered within one session, so an answer never mixes two states. What a list of
//! thousands needs for sorting and filtering (a branch's open findings, the names of packages) is
//! kept in memory and made anew when the database has changed; everything else is read when asked.

mod advisory;
mod branch;
mod cache;
mod changes;
mod comparison;
mod coverage;
mod dependents;
mod epss;
mod events;
mod evidence;
mod explanation;
mod feeds;
mod filter;
mod finding;
mod grafts;
mod guix_data;
mod guix_lint;
mod hearing;
mod history;
mod home;
mod identities;
mod listing;
mod mistakes;
mod named;
mod order;
mod osv;
mod package;
mod ratings;
mod relatives;
mod reviews;
mod roster;
mod runs;
mod schema;
mod search;
mod secfixes;
mod selection;
mod sources;
mod statistics;
mod timeline;
mod told;
mod twins;
mod types;
mod unknown;
mod vulnerability;

use std::collections::HashMap;
use std::sync::Arc;

use palisade_model::BranchName;
use palisade_store::{BranchId, RepositoryRow, Session, Store};

use crate::TrackerError;

pub use advisory::{AdvisoryView, AffectedView, ExploitationView, ReferenceView, SeverityView};
pub use branch::{BranchSummary, BranchView, RepositorySummary};
pub use cache::CacheUse;
pub use changes::ChangeView;
pub use comparison::{
    Cause, ComparisonAnswer, ComparisonView, DifferenceView, FindingChangeView, FoundView,
    GraftEdit, InvalidState, LonePackageView, MitigationView, NetView, PackageChangeView,
    PackageCounts, PackageEdit, Remedy, SideView, StateRef, markdown,
};
pub use dependents::{
    AffectedByAnswer, AffectedByView, DependentView, PassedOn, Reach, TouchingPackage,
};
pub use epss::EpssDay;
pub use events::{EventView, EventsQuery, EventsView};
pub use explanation::{
    Accounted, Conclusion, EntryView, ExplainedPlace, Explanation, ExplanationAnswer,
    ExplanationQuery, Left,
};
pub use feeds::{FeedSummary, FeedsView, ImportSummaryView, ImportView, RejectView};
pub use filter::{FindingFilter, FindingQuery, LevelFilter, MaintainerFilter, Sort, StatusFilter};
pub use finding::{FindingPlace, FindingView};
pub use grafts::{
    EndedGraft, GraftContent, GraftCounts, GraftDeclaration, GraftEnd, GraftFinding, GraftPurpose,
    GraftRole, GraftedPackage, GraftsAnswer, GraftsView, Standing, Ungrafting,
};
pub use guix_data::{GuixBranch, GuixComparison, GuixPackages, GuixRevision, GuixVersion};
pub use guix_lint::{GuixChecker, GuixWarning};
pub use history::{
    BranchHistoryView, BranchReport, BranchVersions, ExposureKind, ExposureView, FixTimes,
    InvalidMonth, MitigatedView, Month, MonthNumbers, NewView, NewsCounts, OldView, OpenNumbers,
    OpenVulnerability, PackageHistoryView, Period, PeriodView, PersonView, RemedyCount, RemedyDays,
    ReportAnswer, ReportView, StaysView, UnmaintainedPackage, VersionChange, VersionView,
    report_markdown,
};
pub use home::{HomeView, HotVulnerability};
pub use identities::{IdentityState, IdentityView};
pub use listing::{Counts, LevelCounts};
pub use mistakes::{MistakeLevel, MistakeView, MistakesView};
pub use order::{Cursor, InvalidCursor};
pub use osv::{OsvAnswer, OsvHit, OsvQuery, OsvReader};
pub use package::{
    BuiltPackage, GraftView, HistoryItem, PackageDetails, PackageFinding, PackageQuery,
    PackageVersion, PackageView, PatchView, Section, SectionCounts, SourceView,
};
pub use palisade_store::Generation;
pub use relatives::{Kinship, RelativePlace, RelativeView};
pub use reviews::{MarkView, ReviewPage, ReviewSummary, ReviewView, ReviewsView};
pub use roster::{
    MaintainedPackage, MaintainerHit, MaintainerSummary, MaintainerView, MaintainersView,
};
pub use search::{PackageHit, SearchView, VulnerabilityHit};
pub use secfixes::{
    AlpineRepository, CpeBound, CpeMatch, SecfixesPackage, SecfixesPart, SecfixesState,
    SecfixesVersion, SecfixesVulnerability, Selection,
};
pub use sources::{SourceState, SyncPart, SyncSource, SyncView};
pub use statistics::{BranchBuckets, BusyPackage, StatisticsView, Week};
pub use timeline::TimelineItem;
pub use types::{FindingItem, PackagePlace, RevisionRef, Score};
pub use unknown::Unknown;
pub use vulnerability::{EpssView, VulnerabilityAnswer, VulnerabilityPlace, VulnerabilityView};

/// Answers questions about a store.
#[derive(Debug, Clone)]
pub struct Views {
    store: Store,
    cache: Arc<cache::Cache>,
}

/// A session with what nearly every question needs.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) session: Session,
    pub(crate) generation: Generation,
    pub(crate) places: Arc<Places>,
}

/// Branches with their repositories.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) branches: Vec<(BranchId, BranchName)>,
    pub(crate) repositories: Vec<RepositoryRow>,
}

impl Places {
    pub(crate) fn id(&self, name: &BranchName) -> Option<BranchId> {
        self.branches
            .iter()
            .find(|(_, known)| known == name)
            .map(|(id, _)| *id)
    }

    pub(crate) fn name(&self, id: BranchId) -> Option<&BranchName> {
        self.branches
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, name)| name)
    }

    async fn load(session: &mut Session) -> Result<Self, TrackerError> {
        let rows = session.branches().await?;
        let named = rows.into_iter().filter_map(|(id, distribution, name)| {
            let branch = BranchName::new(distribution.parse().ok()?, &name).ok()?;
            Some((id, branch))
        });
        Ok(Self {
            branches: named.collect(),
            repositories: session.repositories().await?,
        })
    }
}

impl Views {
    /// Answers questions about this store.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            cache: Arc::new(cache::Cache::default()),
        }
    }

    /// The database that is asked.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How often an answer, or a part of one, was in memory since the program began.
    pub fn cache_use(&self) -> CacheUse {
        self.cache.use_so_far()
    }

    /// Which state of the database is told: whoever keeps an answer compares this.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn generation(&self) -> Result<Generation, TrackerError> {
        Ok(self.cache.told(self.present().await?))
    }

    /// Which state the database is in.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn present(&self) -> Result<Generation, TrackerError> {
        Ok(self.store.read().await?.generation().await?)
    }

    /// Makes what is kept in memory of the present state, so that nobody who asks has to wait for it.
    /// Until the present state is prepared, the one that was prepared before is told, but not for
    /// long: who calls this once calls it after every change.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn warm(&self) -> Result<(), TrackerError> {
        let mut session = self.store.read().await?;
        let generation = session.generation().await?;
        let mut reading = self.reading_of(session, generation).await?;
        let places = Arc::clone(&reading.places);
        for (id, _) in &places.branches {
            self.cache.listing(&mut reading, (*id, None)).await?;
        }
        for (id, _) in &places.branches {
            self.cache.maintained(&mut reading, *id).await?;
        }
        for (id, name) in &places.branches {
            if let Some(state) = comparison::State::present(&mut reading, *id, name).await? {
                self.cache.grafts(&mut reading, &state).await?;
            }
            self.cache.chronicle(&mut reading, (*id, name)).await?;
        }
        self.cache.epss_day(&mut reading).await?;
        self.cache.names(&mut reading).await?;
        self.cache.people(&mut reading).await?;
        self.cache.feeds(&mut reading).await?;
        for (id, branch) in &places.branches {
            self.present_mistakes(&mut reading, *id, branch).await?;
        }
        self.cache.prepared(generation);
        Ok(())
    }

    pub(crate) async fn reading(&self) -> Result<Reading, TrackerError> {
        let mut session = self.store.read().await?;
        let generation = self.cache.told(session.generation().await?);
        self.reading_of(session, generation).await
    }

    async fn reading_of(
        &self,
        mut session: Session,
        generation: Generation,
    ) -> Result<Reading, TrackerError> {
        let places = if let Some(places) = self.cache.places(generation) {
            places
        } else {
            let places = Arc::new(Places::load(&mut session).await?);
            self.cache.keep_places(generation, &places);
            places
        };
        Ok(Reading {
            session,
            generation,
            places,
        })
    }
}

/// Groups values by a key, each group in the order of the values.
pub(crate) fn grouped<K: std::hash::Hash + Eq, V>(
    pairs: impl IntoIterator<Item = (K, V)>,
) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}
