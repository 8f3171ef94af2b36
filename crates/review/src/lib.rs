//! Review of what comes in: what changed between two source trees, what of it is explained, and
//! what of the rest is suspicious.
//!
//! A [`Tree`] is what an archive, a directory or a git tree holds, in memory: nothing is written,
//! no link is followed, nothing runs. What is odd about the archive itself is a [`Signal`] of the
//! tree, as is what the rules find in a change.

mod against_git;
mod archive;
mod budget;
mod compare;
mod debian;
mod decisions;
pub mod digest;
mod directory;
pub mod explain;
mod git;
pub mod lexer;
mod material;
mod names;
mod odd;
pub mod patch;
pub mod render;
pub mod report;
mod review;
mod rules;
pub mod sandbox;
mod scan;
mod signal;
#[cfg(test)]
mod testing;
mod tree;
pub mod visible;
pub mod worker;

pub use against_git::{AgainstGit, compare_with_git};
pub use budget::Budget;
pub use compare::{Change, Comparison, How, Hunk, is_text, meaning_of_mode, split_lines};
pub use decisions::Decisions;
pub use material::{Error, Material, read_archive, read_tree};
pub use odd::{ARCHIVE_RULES, Odd};
pub use review::review;
pub use rules::{Example, Match, Pack, Rule, RuleError, builtin};
pub use scan::{
    Advice, Baseline, Judgement, KnownBlobs, Language, Materials, PackId, Place, Reason, Role,
    Scan, Scanner, Suppression, SuppressionError, Suppressions, Yara, YaraError, fingerprint,
};
pub use signal::{Severity, Signal, Specificity};
pub use tree::{BlobId, Content, Digest, File, Kind, Layer, Tree};
