//! The only crate that knows SQL: SQLite embedded, or PostgreSQL when users outgrow one machine.
//!
//! A [`Store`] hands out [`Session`]s: a session is one transaction, for reading or for writing,
//! and everything that changes together is written in one. The statements stand beside the
//! functions that run them; where the two dialects part, both texts stand side by side.

mod advisories;
mod backup;
mod block;
mod bulk;
mod check;
mod content;
mod enrichment;
mod error;
mod events;
mod facts;
mod findings;
mod identities;
mod imports;
mod inventory;
mod keys;
mod lists;
mod migrations;
mod pairs;
mod read;
mod reviewers;
mod reviews;
mod revisions;
mod schema;
mod session;
mod settings;
mod sources;
mod store;
mod substances;
mod vulnerabilities;

pub use advisories::{
    AdvisoryRow, AdvisoryWriter, FeedId, FeedState, KnownAdvisory, NewAdvisory, Touched,
};
pub use block::BlockSpan;
pub use check::Examined;
pub use content::Content;
pub use enrichment::EpssRow;
pub use error::StoreError;
pub use events::Event;
pub use findings::{FindingKey, FindingRow, FindingState, OpenFinding};
pub use identities::{IdentityRow, Withdrawal};
pub use imports::{ImportSummary, StoredReject};
pub use inventory::{
    BranchId, NewPackage, NewSourcePackage, PackageId, RepositoryId, SourcePackageId,
};
pub use read::{
    AdvisoryRecord, AffectedRow, BranchState, EpssScore, EventQuery, EventRow, FeedRow, Generation,
    ImportRow, Interval, Intervals, ListedPackage, MaintainedRow, ModifiedName, NamedRecord,
    OpenFindingRow, PackageLabel, PackageRow, PlaceRow, PlacedPackage, PresentPackage, RatingRow,
    RepositoryRow, RevisionPoint, ScoredName, SourceLabelRow, SourceRepositoryRow, SourceRow,
    SourceSpan, StatePackage, VersionSpan, VulnerabilityFindingRow, VulnerabilityHead,
    VulnerabilityRow,
};
pub use reviewers::ReviewerSession;
pub use reviews::{
    HunkMark, MarkRow, NewReport, NewReview, ReviewRow, ReviewState, ReviewWork, StoredReport,
};
pub use revisions::{NewRevision, Placed, RevisionRow, position};
pub use schema::Schema;
pub use session::Session;
pub use sources::{Lease, PartRecord, SourceRecord};
pub use store::{Backend, Store};
