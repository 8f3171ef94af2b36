//! Which findings differ between the source packages of two states, and how each came or went.

use std::collections::{HashMap, HashSet};

use palisade_model::VerdictStatus;
use palisade_store::{BranchId, FindingKey, FindingRow, FindingState, Session, SourcePackageId};

use super::entries::{Carried, Source};
use super::mitigation::Gone;
use super::proposal::Proposed;
use super::types::{Cause, Remedy};
use crate::TrackerError;
use crate::derive::status;

/// A source package in both states, or in one of them.
#[derive(Debug)]
pub(in crate::views) struct SourcePair {
    pub(in crate::views) from: Option<Source>,
    pub(in crate::views) to: Option<Source>,
}

/// A vulnerability of a pair that is open in one of the states, or in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::views) struct Change {
    /// The place of the pair.
    pub(in crate::views) pair: usize,
    pub(in crate::views) vulnerability: i64,
    pub(in crate::views) from: Option<FindingState>,
    pub(in crate::views) to: Option<FindingState>,
}

/// In which of the lists a change is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Introduced,
    Fixed,
    Changed,
    CarriedOver,
}

type States = HashMap<(SourcePackageId, i64), FindingState>;

/// Reads what is found: of what is stored from the database, of what is proposed from memory.
pub(super) struct Findings<'a> {
    pub(super) session: &'a mut Session,
    pub(super) from: BranchId,
    pub(super) to: BranchId,
    pub(super) proposed: &'a Proposed,
}

impl Findings<'_> {
    /// What is open in one of the states of each pair.
    pub(super) async fn changes(
        &mut self,
        pairs: &[SourcePair],
    ) -> Result<Vec<Change>, TrackerError> {
        let sources = |side: fn(&SourcePair) -> Option<&Source>| -> Vec<SourcePackageId> {
            pairs.iter().filter_map(side).map(|it| it.id).collect()
        };
        let from = sources(|pair| pair.from.as_ref());
        let to = sources(|pair| pair.to.as_ref());
        let mut before = self.open(self.from, &from).await?;
        let mut after = self.open(self.to, &to).await?;
        let by_source = |states: &States| super::super::grouped(states.keys().copied());
        let (open_before, open_after) = (by_source(&before), by_source(&after));
        let mut open: Vec<(usize, i64)> = Vec::new();
        for (place, pair) in pairs.iter().enumerate() {
            let of = |source: &Option<Source>, open: &HashMap<SourcePackageId, Vec<i64>>| {
                let ids = source.as_ref().and_then(|it| open.get(&it.id).cloned());
                ids.unwrap_or_default()
            };
            let ids = [of(&pair.from, &open_before), of(&pair.to, &open_after)].concat();
            let ids: HashSet<i64> = ids.into_iter().collect();
            open.extend(ids.into_iter().map(|id| (place, id)));
        }
        let missing = |side: fn(&SourcePair) -> Option<&Source>, known: &States| -> Vec<_> {
            let keys = open
                .iter()
                .filter_map(|(place, id)| Some((side(&pairs[*place])?.id, *id)));
            keys.filter(|key| !known.contains_key(key)).collect()
        };
        let unknown = missing(|pair| pair.from.as_ref(), &before);
        before.extend(self.states(self.from, &unknown).await?);
        let unknown = missing(|pair| pair.to.as_ref(), &after);
        after.extend(self.states(self.to, &unknown).await?);
        let changes = open.into_iter().map(|(place, vulnerability)| {
            let of = |source: &Option<Source>, states: &States| {
                let source = source.as_ref()?;
                states.get(&(source.id, vulnerability)).cloned()
            };
            Change {
                pair: place,
                vulnerability,
                from: of(&pairs[place].from, &before),
                to: of(&pairs[place].to, &after),
            }
        });
        Ok(changes.collect())
    }

    async fn open(
        &mut self,
        branch: BranchId,
        sources: &[SourcePackageId],
    ) -> Result<States, TrackerError> {
        let stored = stored(sources.iter().copied(), |source| *source);
        let rows = self.session.open_findings_of(branch, &stored).await?;
        let mut states: States = rows.into_iter().map(keyed).collect();
        let proposed: HashSet<&SourcePackageId> =
            sources.iter().filter(|it| Proposed::holds(**it)).collect();
        let found = self.proposed.findings.iter();
        let open = found.filter(|((source, _), it)| it.status <= 1 && proposed.contains(source));
        states.extend(open.map(|(key, state)| (*key, state.clone())));
        Ok(states)
    }

    /// What is found in the second state of vulnerabilities in its source packages.
    pub(super) async fn states_after(
        &mut self,
        pairs: &[(SourcePackageId, i64)],
    ) -> Result<States, TrackerError> {
        self.states(self.to, pairs).await
    }

    async fn states(
        &mut self,
        branch: BranchId,
        pairs: &[(SourcePackageId, i64)],
    ) -> Result<States, TrackerError> {
        let stored = stored(pairs.iter().copied(), |(source, _)| *source);
        let rows = self.session.finding_states(branch, &stored).await?;
        let mut states: States = rows.into_iter().map(keyed).collect();
        let found = &self.proposed.findings;
        let here = pairs
            .iter()
            .filter_map(|key| Some((*key, found.get(key)?.clone())));
        states.extend(here);
        Ok(states)
    }
}

fn stored<T>(all: impl Iterator<Item = T>, source: impl Fn(&T) -> SourcePackageId) -> Vec<T> {
    all.filter(|it| !Proposed::holds(source(it))).collect()
}

fn keyed(row: FindingRow) -> ((SourcePackageId, i64), FindingState) {
    let FindingKey {
        source,
        vulnerability,
        ..
    } = row.key;
    ((source, vulnerability), row.state)
}

/// Whether a state is one to act on, or waits for a person.
pub(super) fn is_open(state: Option<&FindingState>) -> bool {
    state.is_some_and(|it| it.status <= 1)
}

impl Change {
    pub(super) fn kind(&self) -> Kind {
        match (is_open(self.from.as_ref()), is_open(self.to.as_ref())) {
            (false, _) => Kind::Introduced,
            (true, false) => Kind::Fixed,
            (true, true) if self.from == self.to => Kind::CarriedOver,
            (true, true) => Kind::Changed,
        }
    }
}

/// How a finding came.
pub(in crate::views) fn cause(
    change: &Change,
    pair: &SourcePair,
    name: &str,
    gone: &[Gone],
) -> Cause {
    let (Some(from), Some(to)) = (&pair.from, &pair.to) else {
        return Cause::New;
    };
    let was_fixed = change.from.as_ref().map(|it| status(it.status)) == Some(VerdictStatus::Fixed);
    let is_behind = |it: &Gone| match &it.vulnerability {
        Some(id) => id.as_str() == name,
        None => was_fixed,
    };
    if gone.iter().any(|it| it.is_lost && is_behind(it)) {
        Cause::MitigationLost
    } else if from.version != to.version {
        Cause::Version
    } else if from.id == to.id {
        Cause::Branch
    } else {
        Cause::Content
    }
}

/// How a finding went.
pub(in crate::views) fn remedy(
    change: &Change,
    pair: &SourcePair,
    name: &str,
    carried: Option<&Carried>,
) -> Remedy {
    let (Some(from), Some(to)) = (&pair.from, &pair.to) else {
        return Remedy::Removal;
    };
    let names = |carried: &Carried| carried.patched.iter().any(|(id, _)| id.as_str() == name);
    let fixed = change.to.as_ref().map(|it| status(it.status)) == Some(VerdictStatus::Fixed);
    if let Some(carried) = carried {
        let graft = carried.graft.as_deref();
        if fixed && names(carried) {
            return Remedy::Patch;
        }
        let same = from.version == to.version;
        if fixed && graft.is_some_and(|graft| same || names(graft)) {
            return Remedy::Graft;
        }
        if carried.hidden.iter().any(|id| id.as_str() == name) {
            return Remedy::Hint;
        }
    }
    if from.version != to.version {
        Remedy::Upgrade
    } else if from.id == to.id {
        Remedy::Branch
    } else {
        Remedy::Content
    }
}
