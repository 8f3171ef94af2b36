//! The vocabulary of Palisade as types.
//!
//! One word for one thing: an [`Advisory`] is one record of one source, a [`Package`] is one
//! entry of an inventory, a [`Verdict`] is what matching concludes of the two. Text from outside
//! is parsed once, at the edge, into these types. This crate does no input or output and reads no
//! clock.

mod advisory;
mod affected;
mod distribution;
mod ecosystem;
mod identifier;
mod identity;
mod package;
mod severity;
mod verdict;

pub use advisory::{Advisory, Exploitation, Reference, Ssvc};
pub use affected::{
    Affected, Bound, Companion, Cpe, CpePart, Lower, Product, RangeScheme, Span, StatedScheme,
    Upper, VersionList, VersionRange, VersionStatus,
};
pub use distribution::{BranchName, Distribution, InvalidName};
pub use ecosystem::{Ecosystem, Registry};
pub use identifier::{InvalidIdentifier, VulnerabilityId};
pub use identity::{IdentityStatement, InvalidStatement, ProductName, Sense};
pub use package::{
    Hash, Hints, Input, InputKind, Inventory, InventoryHead, Package, Patch, SourceKind,
    SourceOrigin,
};
pub use severity::{CvssVersion, Level, Rating, Severity};
pub use verdict::{Confidence, Evidence, Step, StepKind, Verdict, VerdictStatus};

pub use jiff::Timestamp;
