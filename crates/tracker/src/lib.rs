//! What Palisade does: imports feeds and inventories, derives findings, answers questions.
//!
//! Everything that changes together is written in one transaction: a record and the findings and
//! events that follow from it are there together or not at all.

mod aports;
mod derive;
mod doubt;
mod encoding;
mod error;
mod git;
mod identities;
mod import_epss;
mod import_feed;
mod import_inventory;
mod input;
mod judging;
mod mark;
mod matches;
mod news;
mod notes;
mod placing;
mod progress;
mod rejects;
pub mod reviews;
mod rules;
mod source_packages;
mod sources;
mod substance;
pub mod sync;
pub mod views;

pub use aports::{AportsImport, AportsImported, Imported, import_aports};
pub use error::{TrackerError, error_line};
pub use identities::{
    Followed, IdentityImport, Stated, Withdrawn, import_identities, read_identities,
    state_identity, withdraw_identity,
};
pub use import_epss::import_epss;
pub use import_feed::{FeedImport, import_feed};
pub use import_inventory::{InventoryImport, import_inventory, read_inventory};
pub use input::{Input, Kind};
pub use judging::{Judged, judge_branch, judge_vulnerabilities};
pub use matches::{MatchRow, Matcher};
pub use palisade_formats::Reject;
pub use palisade_matching::Identities;
pub use palisade_store::{Backend, Examined, HunkMark, ImportSummary, Schema, Store, StoreError};
pub use placing::Present;
pub use progress::{NoProgress, Progress};
pub use rules::follow_rules;
pub use sources::{Document, InputError};
pub use views::Views;
