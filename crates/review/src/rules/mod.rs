//! The rules: readable files, one a family, each rule with what it looks for, where, why that
//! matters, and texts that it must and must not hit.

mod compile;
mod pack;

pub(crate) use compile::{Compiled, Hit, intern};
pub use pack::{Example, Match, Pack, Rule, RuleError, builtin};
