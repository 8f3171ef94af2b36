//! How an exposure came, and how it ended: by what the version before it and the one after it carry, in
//! the words of comparisons.

use std::collections::HashMap;
use std::sync::Arc;

use palisade_store::{FindingState, SourcePackageId, SourceSpan};
use palisade_version::Scheme;

use super::super::comparison::{Carried, Cause, Change, Remedy, Source, SourcePair};
use super::super::comparison::{cause, gone, remedy};
use super::succession::Succession;

/// What is known of the versions beside exposures.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) carried: HashMap<SourcePackageId, Arc<Carried>>,
    pub(super) states: HashMap<(SourcePackageId, i64), FindingState>,
}

/// How an exposure ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::views) struct End {
    /// What ended it; none when nobody can tell yet of the version that followed.
    pub(in crate::views) remedy: Option<Remedy>,
    /// The place of the version that followed, if one did.
    pub(in crate::views) to: Option<u32>,
}

impl Beside {
    /// How a vulnerability came with a stay that it affects, which is not of the first revision that is
    /// stored: of that nobody knows what was before.
    pub(super) fn cause(
        &self,
        name: &str,
        vulnerability: i64,
        of: &Succession,
        stay: usize,
        scheme: Scheme,
    ) -> Cause {
        let to = &of.stays[stay];
        let Some(from) = of.previous[stay].map(|place| &of.stays[place]) else {
            return if of.was_there_before(to.since) {
                Cause::Version
            } else {
                Cause::New
            };
        };
        let before = self.states.get(&(from.source, vulnerability));
        let after = self.states.get(&(to.source, vulnerability));
        let both = self
            .carried
            .get(&from.source)
            .zip(self.carried.get(&to.source));
        let gone = both
            .filter(|(before, _)| before.is_something())
            .map(|(before, after_it)| {
                gone(before, after_it, scheme, |id| {
                    after.filter(|_| id.as_str() == name)
                })
            });
        let change = change(vulnerability, before, after);
        cause(
            &change,
            &pair(from, Some(to)),
            name,
            &gone.unwrap_or_default(),
        )
    }

    /// What ended the exposure of a stay: what the stay became carries it. Of several of one version a
    /// graft counts: it is what users of the package get.
    pub(super) fn remedy(
        &self,
        name: &str,
        vulnerability: i64,
        of: &Succession,
        stay: usize,
    ) -> Option<Remedy> {
        if of.next[stay].is_none() {
            return self.remedy_by(name, vulnerability, of, (stay, None));
        }
        let all = of.successors(stay);
        let mut found = all.map(|to| self.remedy_by(name, vulnerability, of, (stay, Some(to))));
        let first = found.next().flatten();
        let is_grafted = found.any(|it| it == Some(Remedy::Graft));
        if is_grafted {
            Some(Remedy::Graft)
        } else {
            first
        }
    }

    fn remedy_by(
        &self,
        name: &str,
        vulnerability: i64,
        of: &Succession,
        (from, to): (usize, Option<usize>),
    ) -> Option<Remedy> {
        let from = &of.stays[from];
        let to = to.map(|to| &of.stays[to]);
        let after = to.and_then(|to| self.states.get(&(to.source, vulnerability)));
        if after.is_some_and(|state| state.status == 1) {
            return None;
        }
        let carried = to.and_then(|to| self.carried.get(&to.source));
        let change = change(vulnerability, None, after);
        let pair = pair(from, to);
        Some(remedy(&change, &pair, name, carried.map(Arc::as_ref)))
    }
}

fn change<'a>(
    vulnerability: i64,
    from: Option<&'a FindingState>,
    to: Option<&'a FindingState>,
) -> Change<'a> {
    Change {
        pair: 0,
        vulnerability,
        from,
        to,
    }
}

fn pair(from: &SourceSpan, to: Option<&SourceSpan>) -> SourcePair {
    let source = |it: &SourceSpan| Source::new(it.source, &it.name, &it.version);
    SourcePair {
        from: Some(source(from)),
        to: to.map(source),
    }
}
