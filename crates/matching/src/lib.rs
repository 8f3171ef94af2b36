//! Which advisory touches which package, how sure that is, and why.
//!
//! Matching has four steps, each with a module: a package becomes a [`Subject`], which knows the
//! names, origins and fixes that the distribution gives it; [`key`]s bring together the advisories
//! and subjects that may have to do with each other; [`Claim`] is what one entry of one advisory
//! says of one subject (identity, range, condition); [`judge`] weighs all claims about one
//! vulnerability and concludes. Everything here is pure: no input, no output, no clock.
//!
//! Reasons are kept as data until somebody asks: [`Judgement::evidence`] puts them into words, so
//! that judging a hundred thousand pairs does not write a hundred thousand texts.

mod account;
mod change;
mod claim;
mod cna;
mod compared;
mod condition;
mod curated;
mod days;
mod doubt;
mod environment;
mod how;
mod identities;
mod identity;
mod judgement;
pub mod key;
mod names;
mod origins;
mod range;
mod refusal;
mod series;
mod span;
mod subject;
mod wording;

pub use account::{Overruling, Standing};
pub use change::{Change, Proposed};
pub use claim::{Authority, Claim, Outcome, Provenance, Silence};
pub use compared::is_commit;
pub use curated::{BuiltIn, built_in};
pub use how::{How, Identity};
pub use identities::{Identities, name_of};
pub use judgement::{Judgement, judge};
pub use names::bare_names;
pub use range::RangeOutcome;
pub use refusal::{Refusal, product_words};
pub use span::span_words;
pub use subject::{Place, Subject, patched};

/// Changes whenever the rules may judge differently, so that stored verdicts are derived anew.
pub const RULES_VERSION: i64 = 7;
