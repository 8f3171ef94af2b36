//! Reading for pages, commands and exports: every statement finds its rows through an index, and a
//! list takes only the rows that are shown.
//!
//! What a statement's rows mean to people is decided above, in the tracker's views.

mod branches;
mod comparison;
mod coverage;
mod events;
mod grafts;
mod history;
mod inventory;
mod listing;
mod mistakes;
mod packages;
mod records;
mod search;
mod status;
mod vulnerabilities;

pub use branches::{RepositoryRow, RevisionPoint};
pub use comparison::{BranchState, Interval, Intervals, PackageLabel, PlacedPackage};
pub use events::{EventQuery, EventRow};
pub use grafts::StatePackage;
pub use history::AffectedRow;
pub use inventory::{ListedPackage, PresentPackage, VersionSpan};
pub use listing::{
    MaintainedRow, OpenFindingRow, RatingRow, SourceLabelRow, SourceRepositoryRow, SourceSpan,
    VulnerabilityHead,
};
pub use packages::{PackageRow, PlaceRow, SourceRow};
pub use records::{ModifiedName, NamedRecord};
pub use search::ScoredName;
pub use status::{FeedRow, Generation, ImportRow};
pub use vulnerabilities::{AdvisoryRecord, EpssScore, VulnerabilityFindingRow, VulnerabilityRow};
