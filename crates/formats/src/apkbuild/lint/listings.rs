//! Where in a block versions and identifiers stand.

use std::collections::HashMap;

use palisade_model::VulnerabilityId;

use super::super::block::Secfixes;
use crate::secdb::Item;

/// Where versions and identifiers stand first.
#[derive(Default)]
pub(super) struct Listings {
    /// The first line of each version.
    versions: HashMap<String, u64>,
    /// The identifiers of each entry's line, with the line where each stands first under the
    /// version.
    entries: Vec<(u64, Vec<(VulnerabilityId, u64)>)>,
}

impl Listings {
    pub(super) fn of(block: &Secfixes) -> Self {
        let mut listings = Self::default();
        for entry in &block.entries {
            listings
                .versions
                .entry(entry.version.clone())
                .or_insert(entry.line);
            let mut first = HashMap::new();
            for item in &entry.items {
                let ids = Item::read(&item.text).ids.into_iter();
                let ids = ids.map(|id| {
                    let line = *first.entry(id.clone()).or_insert(item.line);
                    (id, line)
                });
                listings.entries.push((item.line, ids.collect()));
            }
        }
        listings
    }

    /// The identifiers of an entry that stand further up under the same version.
    pub(super) fn again(&self, line: u64) -> Vec<&VulnerabilityId> {
        let of_line = |(own, _): &&(u64, Vec<_>)| *own == line;
        let index = self.entries.partition_point(|(own, _)| *own < line);
        let entries = self.entries[index..].iter().take_while(of_line);
        let ids = entries.flat_map(|(own, ids)| ids.iter().filter(move |(_, first)| first != own));
        ids.map(|(id, _)| id).collect()
    }

    /// The first line of the version that stands in a line.
    pub(super) fn first_of(&self, block: &Secfixes, line: u64) -> Option<u64> {
        let index = block.entries.partition_point(|entry| entry.line < line);
        let entry = block
            .entries
            .get(index)
            .filter(|entry| entry.line == line)?;
        self.versions.get(&entry.version).copied()
    }

    /// The lines that say nothing that is not said above under the same version, and where.
    pub(super) fn repeated(&self) -> Vec<(u64, u64)> {
        let repeats = |(line, ids): &(u64, Vec<(VulnerabilityId, u64)>)| {
            let first = ids.first().map(|(_, first)| *first)?;
            let all = ids.iter().all(|(_, first)| first != line);
            all.then_some((*line, first))
        };
        self.entries.iter().filter_map(repeats).collect()
    }
}
