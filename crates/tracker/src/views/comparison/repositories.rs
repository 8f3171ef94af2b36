//! The repositories of two states, and what only one of both holds.

use std::collections::HashMap;

use palisade_store::{PlacedPackage, RepositoryId, SourcePackageId};

use super::intervals::{Difference, Intervals};
use super::state::State;

/// The repositories of both states: of different branches they are the same when they are called so.
#[derive(Debug, Default)]
pub(super) struct Repositories {
    list: Vec<(String, String)>,
    places: HashMap<RepositoryId, u32>,
}

impl Repositories {
    pub(super) fn add(&mut self, labels: HashMap<RepositoryId, (String, String)>) {
        let mut labels: Vec<_> = labels.into_iter().collect();
        labels.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
        for (id, label) in labels {
            let known = self.list.iter().position(|it| *it == label);
            let place = known.unwrap_or_else(|| {
                self.list.push(label);
                self.list.len() - 1
            });
            self.places.insert(id, u32::try_from(place).unwrap_or(0));
        }
    }

    pub(super) fn place(&self, id: RepositoryId) -> u32 {
        self.places.get(&id).copied().unwrap_or(0)
    }

    /// The packages that only one of two states has. Repositories of different branches are the same
    /// place when they are called the same.
    pub(super) fn packages(
        &self,
        before: &Intervals,
        after: &Intervals,
        from: &State,
        to: &State,
    ) -> Difference {
        if from.at.branch == to.at.branch {
            return before.packages_between(from.at.position, to.at.position);
        }
        let key =
            |(it, place): (PlacedPackage, usize)| ((self.place(it.repository), it.package), place);
        let here: HashMap<_, usize> = before.packages_at(from.at.position).map(key).collect();
        let there: HashMap<_, usize> = after.packages_at(to.at.position).map(key).collect();
        difference(&here, &there)
    }

    /// A repository in words, where there are several.
    pub(super) fn words(&self, place: u32) -> Option<String> {
        let (name, architecture) = self.list.get(place as usize)?;
        let words = format!("{name} {architecture}");
        (self.list.len() > 1).then(|| words.trim().to_owned())
    }
}

/// The source packages that only one of two states has.
pub(super) fn source_difference(
    before: &Intervals,
    after: &Intervals,
    from: &State,
    to: &State,
) -> Difference {
    if from.at.branch == to.at.branch {
        return before.sources_between(from.at.position, to.at.position);
    }
    let here: HashMap<SourcePackageId, usize> = before.sources_at(from.at.position).collect();
    let there: HashMap<SourcePackageId, usize> = after.sources_at(to.at.position).collect();
    difference(&here, &there)
}

/// The places of what only one of two lists has.
fn difference<K: std::hash::Hash + Eq>(
    here: &HashMap<K, usize>,
    there: &HashMap<K, usize>,
) -> Difference {
    let only = |one: &HashMap<K, usize>, other: &HashMap<K, usize>| {
        let alone = one.iter().filter(|(key, _)| !other.contains_key(*key));
        alone.map(|(_, place)| *place).collect()
    };
    Difference {
        gone: only(here, there),
        came: only(there, here),
    }
}
