//! What became of the packages between two states: counted, put in order and told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use palisade_model::Package;
use palisade_store::PackageId;

use super::entries::{self, Entry};
use super::intervals::There;
use super::pairing::Paired;
use super::proposal::Proposed;
use super::{
    Compared, Kept, LonePackageView, PackageChangeView, PackageCounts, Pairable, Reading, Which,
    differences,
};
use crate::TrackerError;

impl Compared {
    /// The names of which it matters what else is there: whatever came, went or has another version.
    fn names(&self) -> Vec<&str> {
        let Paired {
            changed,
            removed,
            added,
            ..
        } = &self.packages;
        let others = changed.iter().filter(|pair| !is_same_version(pair));
        let others = others.map(|(_, to)| to.name());
        let alone = removed.iter().chain(added).map(Entry::name);
        others.chain(alone).collect()
    }

    /// The versions that packages have in a state, of each name of which it matters.
    pub(super) async fn there(
        &self,
        reading: &mut Reading,
        kept: &Kept,
        side: Which,
    ) -> Result<There<'_>, TrackerError> {
        let (intervals, position) = match side {
            Which::Second if self.file.is_some() => {
                return Ok(There::Proposed(&self.proposed.versions));
            }
            Which::Second => (&self.after, self.to.at.position),
            Which::First => (&self.before, self.from.at.position),
        };
        let session = &mut reading.session;
        let names = || self.names();
        intervals.there(session, kept, position, names).await
    }

    /// How many of the names that both states have are there in other versions: what another entry of
    /// the name still has, or had already, is no other version.
    fn names_with_other_versions(&self, before: &There<'_>, after: &There<'_>) -> usize {
        let mut touched: HashMap<&str, [Vec<&str>; 2]> = HashMap::new();
        let removed = self
            .packages
            .removed
            .iter()
            .filter(|it| after.has_name(it.name()));
        let added = self
            .packages
            .added
            .iter()
            .filter(|it| before.has_name(it.name()));
        for (side, entry) in removed.map(|it| (0, it)).chain(added.map(|it| (1, it))) {
            touched.entry(entry.name()).or_default()[side].push(entry.version());
        }
        let is_other = |name: &str, versions: &[Vec<&str>; 2]| {
            let [from, to] = versions;
            let gone = from
                .iter()
                .any(|it| !to.contains(it) && !after.has(name, it));
            gone || to
                .iter()
                .any(|it| !from.contains(it) && !before.has(name, it))
        };
        // What changed is in the order of names.
        let changed = &self.packages.changed;
        let mut others = 0;
        for group in changed.chunk_by(|a, b| a.1.order_by_name(&b.1).is_eq()) {
            let name = group[0].1.name();
            let may_share = before.may_share(name) || after.may_share(name);
            if let ([pair], false) = (group, may_share) {
                others += usize::from(!is_same_version(pair));
                continue;
            }
            let mut versions = touched.remove(name).unwrap_or_default();
            if versions.iter().all(Vec::is_empty) && group.iter().all(is_same_version) {
                continue;
            }
            versions[0].extend(group.iter().map(|(from, _)| from.version()));
            versions[1].extend(group.iter().map(|(_, to)| to.version()));
            others += usize::from(is_other(name, &versions));
        }
        let alone = touched
            .iter()
            .filter(|(name, versions)| is_other(name, versions));
        others + alone.count()
    }

    /// What changed: at the same version first, then what has another version.
    pub(super) fn ranked(&self) -> Vec<&(Entry, Entry)> {
        let rank = |pair: &(Entry, Entry)| match is_same_version(pair) {
            true if pair.0.label.source() != pair.1.label.source() => 0,
            false => 1,
            true => 2_usize,
        };
        let mut ranks: [Vec<&(Entry, Entry)>; 3] = Default::default();
        for pair in &self.packages.changed {
            ranks[rank(pair)].push(pair);
        }
        ranks.concat()
    }

    pub(super) fn counts(&self, before: &There<'_>, after: &There<'_>) -> PackageCounts {
        let Paired {
            moved,
            changed,
            removed,
            added,
        } = &self.packages;
        let only = |entries: &[Entry], other: &There<'_>| {
            let names = entries.iter().map(Entry::name);
            let alone = names.filter(|name| !other.has_name(name));
            alone.collect::<HashSet<&str>>().len()
        };
        PackageCounts {
            names_with_other_versions: self.names_with_other_versions(before, after),
            new_names: only(added, before),
            gone_names: only(removed, after),
            added: added.len(),
            removed: removed.len(),
            changed: changed.len(),
            changed_at_same_version: changed.iter().filter(|it| is_same_version(it)).count(),
            moved: moved.len(),
        }
    }

    /// All of packages.
    pub(super) async fn whole(
        &self,
        reading: &mut Reading,
        ids: Vec<PackageId>,
    ) -> Result<HashMap<PackageId, Package>, TrackerError> {
        let stored: Vec<PackageId> = ids.iter().copied().filter(|id| id.0 >= 0).collect();
        let mut whole = entries::packages(&mut reading.session, &stored).await?;
        let proposed = ids.into_iter().filter(|id| id.0 < 0);
        let proposed = proposed.filter_map(|id| Some((id, self.proposed.package(id)?.clone())));
        whole.extend(proposed);
        Ok(whole)
    }

    pub(super) async fn told(
        &self,
        reading: &mut Reading,
        kept: &Kept,
        entries: &[Entry],
        there: &There<'_>,
        whole: &HashMap<PackageId, Package>,
        limit: usize,
    ) -> Result<Vec<LonePackageView>, TrackerError> {
        let shown = entries.iter().take(limit);
        let ids = shown.map(|entry| entry.label.source());
        let ids = ids.filter(|id| !Proposed::holds(*id));
        let labels = kept.sources(&mut reading.session, ids).await?;
        let view = |entry: &Entry| {
            let package = whole.get(&entry.id);
            let source = entry.label.source();
            let stored = labels.get(&source).map(|(name, _)| name.text());
            let proposed = self.proposed.source(source).map(|it| it.read.name.text());
            LonePackageView {
                name: entry.name().to_owned(),
                version: entry.version().to_owned(),
                source_package: stored
                    .or(proposed)
                    .map_or_else(String::new, ToString::to_string),
                repository: self.repositories.words(entry.repository),
                name_stays: there.has_name(entry.name()),
                synopsis: package.and_then(|it| it.synopsis.clone()),
                homepage: package.and_then(|it| it.homepage.clone()),
                licenses: package.map(|it| it.licenses.clone()).unwrap_or_default(),
                location: package.and_then(|it| it.location.clone()),
            }
        };
        Ok(entries.iter().take(limit).map(view).collect())
    }

    pub(super) fn changes(
        &self,
        changed: &[&(Entry, Entry)],
        whole: &HashMap<PackageId, Package>,
        limit: usize,
    ) -> Vec<PackageChangeView> {
        let view = |(from, to): &&(Entry, Entry)| {
            let both = whole.get(&from.id).zip(whole.get(&to.id));
            let source = both.map(|(_, to)| to.source_name.clone());
            PackageChangeView {
                name: to.name().to_owned(),
                source_package: source.unwrap_or_else(|| to.name().to_owned()),
                from_version: from.version().to_owned(),
                to_version: to.version().to_owned(),
                repository: self.repositories.words(to.repository),
                differences: both
                    .map(|(from, to)| differences(from, to))
                    .unwrap_or_default(),
                reach: None,
            }
        };
        changed.iter().take(limit).map(view).collect()
    }
}

/// The packages of which all is told.
pub(super) fn shown(
    changed: &[&(Entry, Entry)],
    added: &[Entry],
    removed: &[Entry],
    limit: usize,
) -> Vec<PackageId> {
    let changed = changed.iter().take(limit);
    let changed = changed.flat_map(|(from, to)| [from.id, to.id]);
    let alone = added.iter().take(limit).chain(removed.iter().take(limit));
    changed.chain(alone.map(|entry| entry.id)).collect()
}

/// Whether an entry has the same version in both states.
fn is_same_version(pair: &(Entry, Entry)) -> bool {
    let (from, to) = (pair.0.label.version(), pair.1.label.version());
    Arc::ptr_eq(from, to) || from == to
}
