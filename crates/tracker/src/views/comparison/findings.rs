//! Which findings differ between the source packages of two states, and how each came or went.

use palisade_model::VerdictStatus;
use palisade_store::FindingState;

use super::entries::{Carried, Source};
use super::mitigation::Gone;
use super::types::{Cause, Remedy};
use crate::derive::status;

/// A source package in both states, or in one of them.
#[derive(Debug)]
pub(in crate::views) struct SourcePair {
    pub(in crate::views) from: Option<Source>,
    pub(in crate::views) to: Option<Source>,
}

/// A vulnerability of a pair that is open in one of the states, or in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::views) struct Change<'a> {
    /// The place of the pair.
    pub(in crate::views) pair: usize,
    pub(in crate::views) vulnerability: i64,
    pub(in crate::views) from: Option<&'a FindingState>,
    pub(in crate::views) to: Option<&'a FindingState>,
}

/// In which of the lists a change is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Introduced,
    Fixed,
    Changed,
    CarriedOver,
}

/// What is open in one of the states of each pair.
pub(super) fn changes(pairs: &[SourcePair]) -> Vec<Change<'_>> {
    let mut changes = Vec::new();
    for (place, pair) in pairs.iter().enumerate() {
        let (from, to) = (found(pair.from.as_ref()), found(pair.to.as_ref()));
        changes.extend(both(from, to).map(|(vulnerability, from, to)| Change {
            pair: place,
            vulnerability,
            from,
            to,
        }));
    }
    changes
}

fn found(source: Option<&Source>) -> &[(i64, FindingState)] {
    source.map_or(&[], |it| &it.read.found)
}

impl Source {
    /// What is found of a vulnerability in it.
    pub(super) fn state_of(&self, vulnerability: i64) -> Option<&FindingState> {
        let all = found(Some(self));
        let place = all.binary_search_by_key(&vulnerability, |(id, _)| *id);
        place.ok().map(|place| &all[place].1)
    }
}

/// Goes through two lists by vulnerability, and tells what is open in one of them.
fn both<'a>(
    mut from: &'a [(i64, FindingState)],
    mut to: &'a [(i64, FindingState)],
) -> impl Iterator<Item = (i64, Option<&'a FindingState>, Option<&'a FindingState>)> {
    let next = move || {
        let ids = [from, to].map(|list| list.first().map(|(id, _)| *id));
        let id = ids.into_iter().flatten().min()?;
        let take = |list: &mut &'a [(i64, FindingState)]| {
            let (first, rest) = list.split_first().filter(|((it, _), _)| *it == id)?;
            *list = rest;
            Some(&first.1)
        };
        Some((id, take(&mut from), take(&mut to)))
    };
    std::iter::from_fn(next).filter(|(_, from, to)| is_open(*from) || is_open(*to))
}

/// Whether a state is one to act on, or waits for a person.
pub(super) fn is_open(state: Option<&FindingState>) -> bool {
    state.is_some_and(|it| it.status <= 1)
}

impl Change<'_> {
    pub(super) fn kind(&self) -> Kind {
        match (is_open(self.from), is_open(self.to)) {
            (false, _) => Kind::Introduced,
            (true, false) => Kind::Fixed,
            (true, true) if self.from == self.to => Kind::CarriedOver,
            (true, true) => Kind::Changed,
        }
    }
}

/// How a finding came.
pub(in crate::views) fn cause(
    change: &Change<'_>,
    pair: &SourcePair,
    name: &str,
    gone: &[Gone],
) -> Cause {
    let (Some(from), Some(to)) = (&pair.from, &pair.to) else {
        return Cause::New;
    };
    let was_fixed = change.from.map(|it| status(it.status)) == Some(VerdictStatus::Fixed);
    let is_behind = |it: &Gone| match &it.vulnerability {
        Some(id) => id.as_str() == name,
        None => was_fixed,
    };
    if gone.iter().any(|it| it.is_lost && is_behind(it)) {
        Cause::MitigationLost
    } else if from.read.version != to.read.version {
        Cause::Version
    } else if from.id == to.id {
        Cause::Branch
    } else {
        Cause::Content
    }
}

/// How a finding went.
pub(in crate::views) fn remedy(
    change: &Change<'_>,
    pair: &SourcePair,
    name: &str,
    carried: Option<&Carried>,
) -> Remedy {
    let (Some(from), Some(to)) = (&pair.from, &pair.to) else {
        return Remedy::Removal;
    };
    let names = |carried: &Carried| carried.patched.iter().any(|(id, _)| id.as_str() == name);
    let fixed = change.to.map(|it| status(it.status)) == Some(VerdictStatus::Fixed);
    if let Some(carried) = carried {
        let graft = carried.graft.as_deref();
        if fixed && names(carried) {
            return Remedy::Patch;
        }
        let same = from.read.version == to.read.version;
        if fixed && graft.is_some_and(|graft| same || names(graft)) {
            return Remedy::Graft;
        }
        if carried.hidden.iter().any(|id| id.as_str() == name) {
            return Remedy::Hint;
        }
    }
    if from.read.version != to.read.version {
        Remedy::Upgrade
    } else if from.id == to.id {
        Remedy::Branch
    } else {
        Remedy::Content
    }
}
