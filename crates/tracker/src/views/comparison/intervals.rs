//! When each package and each source package was on a branch, in memory: what two states differ in is
//! read off it, however far they are apart. What is told of those that differ is read when it is
//! first asked for, and stays beside them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use palisade_store::{
    BranchId, BranchState, Interval, Intervals as Which, PlacedPackage, RepositoryId, Session,
    SourcePackageId,
};

use super::entries::{Entry, FoundIn, Kept, Label, OfSource, Source};
use crate::TrackerError;

/// From how many names on the versions of all packages are read: the database is quicker for fewer.
const MANY_NAMES: usize = 200;

/// The intervals of a branch, each list by what was there.
#[derive(Debug)]
pub(in crate::views) struct Intervals {
    branch: BranchId,
    /// Whether these are all intervals of the branch.
    is_whole: bool,
    packages: Vec<Stay<PlacedPackage, OnceLock<Arc<Label>>>>,
    sources: Vec<Stay<SourcePackageId, ReadOfSource>>,
    versions: tokio::sync::OnceCell<Versions>,
}

/// Something that was there for a while, with what was read of it. Of something that was there several
/// times, what was read is at the first.
#[derive(Debug)]
struct Stay<T, R> {
    interval: Interval<T>,
    read: R,
}

/// What was read of a source package: what is found is asked for alone, too.
#[derive(Debug, Default)]
struct ReadOfSource {
    found: OnceLock<FoundIn>,
    whole: OnceLock<Arc<OfSource>>,
}

/// The places in a list of intervals of what only one of two states has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Of what only the first has.
    pub(super) gone: Vec<usize>,
    /// Of what only the second has.
    pub(super) came: Vec<usize>,
}

/// Versions by name.
pub(super) type ByName = HashMap<String, Vec<String>>;

/// The versions of all packages that ever were on a branch, by name.
#[derive(Debug, Default)]
pub(super) struct Versions {
    of_name: HashMap<Arc<str>, Vec<Interval<Arc<str>>>>,
    /// The names that several packages had at once, at some time.
    shared: HashSet<Arc<str>>,
}

/// Which versions packages have in a state.
#[derive(Debug)]
pub(super) enum There<'a> {
    /// Those of some names.
    Read(ByName),
    /// Those of a proposal.
    Proposed(&'a ByName),
    /// Those of a branch at a position.
    At(&'a Versions, i64),
}

impl Intervals {
    pub(super) async fn load(
        session: &mut Session,
        branch: BranchId,
        which: Which,
    ) -> Result<Self, TrackerError> {
        Ok(Self {
            branch,
            is_whole: which == Which::All,
            packages: stays(session.package_intervals(branch, which).await?),
            sources: stays(session.source_intervals(branch, which).await?),
            versions: tokio::sync::OnceCell::new(),
        })
    }

    /// What the packages of two states of the branch differ in.
    pub(super) fn packages_between(&self, from: i64, to: i64) -> Difference {
        between(&self.packages, from, to)
    }

    /// What the source packages of two states of the branch differ in.
    pub(super) fn sources_between(&self, from: i64, to: i64) -> Difference {
        between(&self.sources, from, to)
    }

    /// The packages of a state, with their places.
    pub(super) fn packages_at(
        &self,
        position: i64,
    ) -> impl Iterator<Item = (PlacedPackage, usize)> {
        at(&self.packages, position)
    }

    /// The source packages of a state, with their places.
    pub(super) fn sources_at(
        &self,
        position: i64,
    ) -> impl Iterator<Item = (SourcePackageId, usize)> {
        at(&self.sources, position)
    }

    /// The places of packages that are, or were, on the branch; all its intervals have to be here.
    pub(super) fn places_of_packages(&self, packages: &[PlacedPackage]) -> Vec<usize> {
        let key = |it: &PlacedPackage| (it.package, it.repository.0);
        let place = |package: &PlacedPackage| {
            let before = |stay: &Stay<PlacedPackage, _>| key(&stay.interval.what) < key(package);
            self.packages.partition_point(before)
        };
        packages.iter().map(place).collect()
    }

    /// The places of source packages that are, or were, on the branch; all its intervals have to be here.
    pub(super) fn places_of_sources(&self, sources: &[SourcePackageId]) -> Vec<usize> {
        let place = |source: &SourcePackageId| {
            self.sources
                .partition_point(|stay| stay.interval.what < *source)
        };
        sources.iter().map(place).collect()
    }

    /// Reads what packages at some places are called.
    pub(super) async fn read_packages(
        &self,
        session: &mut Session,
        kept: &Kept,
        places: &[usize],
    ) -> Result<(), TrackerError> {
        let stays = || places.iter().map(|place| &self.packages[*place]);
        let missing = || stays().filter(|stay| stay.read.get().is_none());
        if missing().next().is_some() {
            let ids = missing().map(|stay| stay.interval.what.package);
            let labels = kept.labels(session, ids).await?;
            for stay in missing() {
                if let Some(label) = labels.get(&stay.interval.what.package) {
                    stay.read.get_or_init(|| Arc::clone(label));
                }
            }
        }
        Ok(())
    }

    /// The packages at some places, which were read; `repository` tells what is said of where each is.
    pub(super) fn packages(
        &self,
        places: &[usize],
        repository: impl Fn(RepositoryId) -> u32,
    ) -> Vec<Entry> {
        let entry = |place: &usize| {
            let Stay { interval, read } = &self.packages[*place];
            Some(Entry {
                id: interval.what.package,
                repository: repository(interval.what.repository),
                label: Arc::clone(read.get()?),
            })
        };
        places.iter().filter_map(entry).collect()
    }

    /// Reads what the source packages at some places are called, what is found in each and what each
    /// carries.
    pub(super) async fn read_sources(
        &self,
        session: &mut Session,
        kept: &Kept,
        places: &[usize],
    ) -> Result<(), TrackerError> {
        let missing = self.without(places, |read| read.whole.get().is_none());
        if !missing.is_empty() {
            self.read_found(session, places).await?;
            let named = kept.sources(session, missing.keys().copied()).await?;
            let mut carried = kept.carried(session, missing.keys().copied()).await?;
            for (id, (name, version)) in named {
                let read = missing[&id];
                let _ = read.whole.set(Arc::new(OfSource {
                    name,
                    version,
                    found: read.found.get().cloned().unwrap_or_default(),
                    carried: carried.remove(&id),
                }));
            }
        }
        Ok(())
    }

    /// The source packages at some places, which were read.
    pub(super) fn sources(&self, places: &[usize]) -> Vec<Source> {
        let source = |place: &usize| {
            let Stay { interval, read } = &self.sources[*place];
            Some(Source {
                id: interval.what,
                read: Arc::clone(read.whole.get()?),
            })
        };
        places.iter().filter_map(source).collect()
    }

    /// Reads what is found in source packages.
    async fn read_found(
        &self,
        session: &mut Session,
        places: &[usize],
    ) -> Result<(), TrackerError> {
        let missing = self.without(places, |read| read.found.get().is_none());
        if missing.is_empty() {
            return Ok(());
        }
        let ids: Vec<SourcePackageId> = missing.keys().copied().collect();
        let rows = session.findings_of_sources(self.branch, &ids).await?;
        let rows = rows.into_iter().map(|row| {
            let found = (row.key.vulnerability, row.state);
            (row.key.source, found)
        });
        let mut found = super::super::grouped(rows);
        for (id, read) in missing {
            let mut list = found.remove(&id).unwrap_or_default();
            list.sort_unstable_by_key(|(vulnerability, _)| *vulnerability);
            let _ = read.found.set(list.into());
        }
        Ok(())
    }

    /// The source packages at some places of which something was not read.
    fn without(
        &self,
        places: &[usize],
        lacks: impl Fn(&ReadOfSource) -> bool,
    ) -> HashMap<SourcePackageId, &ReadOfSource> {
        let stays = places.iter().map(|place| &self.sources[*place]);
        let missing = stays.filter(|stay| lacks(&stay.read));
        missing.map(|it| (it.interval.what, &it.read)).collect()
    }

    /// What is open in source packages, by vulnerability.
    pub(super) async fn open_at(
        &self,
        session: &mut Session,
        places: &[usize],
    ) -> Result<Vec<Vec<&(i64, palisade_store::FindingState)>>, TrackerError> {
        self.read_found(session, places).await?;
        let open = |place: &usize| {
            let found = self.sources[*place].read.found.get();
            let all = found.into_iter().flat_map(|list| list.iter());
            all.filter(|(_, state)| state.status <= 1).collect()
        };
        Ok(places.iter().map(open).collect())
    }

    /// The versions that packages have in a state: of all names where that was read, and of those that
    /// are asked for where it was not.
    pub(super) async fn there<'a>(
        &self,
        session: &mut Session,
        kept: &Kept,
        position: i64,
        names: impl FnOnce() -> Vec<&'a str>,
    ) -> Result<There<'_>, TrackerError> {
        if let Some(versions) = self.versions.get() {
            return Ok(There::At(versions, position));
        }
        let names = names();
        if !self.is_whole || names.len() < MANY_NAMES {
            let state = BranchState {
                branch: self.branch,
                position,
            };
            let found = session.versions_at(state, names).await?;
            return Ok(There::Read(super::super::grouped(found)));
        }
        let load = async || self.load_versions(session, kept).await;
        let versions = self.versions.get_or_try_init(load).await?;
        Ok(There::At(versions, position))
    }

    async fn load_versions(
        &self,
        session: &mut Session,
        kept: &Kept,
    ) -> Result<Versions, TrackerError> {
        let ids = self.packages.iter().map(|it| it.interval.what.package);
        let labels = kept.labels(session, ids).await?;
        let mut versions: HashMap<Arc<str>, Vec<Interval<Arc<str>>>> = HashMap::new();
        for Stay { interval, .. } in &self.packages {
            if let Some(label) = labels.get(&interval.what.package) {
                let of_name = versions.entry(Arc::clone(label.name().text())).or_default();
                of_name.push(Interval {
                    what: Arc::clone(label.version()),
                    since: interval.since,
                    until: interval.until,
                });
            }
        }
        let is_shared = |(_, all): &(&Arc<str>, &Vec<Interval<Arc<str>>>)| overlap(all);
        let shared = versions.iter().filter(is_shared);
        Ok(Versions {
            shared: shared.map(|(name, _)| Arc::clone(name)).collect(),
            of_name: versions,
        })
    }
}

impl There<'_> {
    /// Whether there is a package of a name.
    pub(super) fn has_name(&self, name: &str) -> bool {
        match self {
            Self::Read(versions) => versions.contains_key(name),
            Self::Proposed(versions) => versions.contains_key(name),
            Self::At(versions, position) => versions.of(name, *position).next().is_some(),
        }
    }

    /// Whether several packages may have a name; no is certain.
    pub(super) fn may_share(&self, name: &str) -> bool {
        match self {
            Self::Read(versions) => versions.get(name).is_some_and(|all| all.len() > 1),
            Self::Proposed(versions) => versions.get(name).is_some_and(|all| all.len() > 1),
            Self::At(versions, _) => versions.shared.contains(name),
        }
    }

    /// Whether there is a package of a name in a version.
    pub(super) fn has(&self, name: &str, version: &str) -> bool {
        let is_in = |versions: &ByName| {
            let versions = versions.get(name);
            versions.is_some_and(|versions| versions.iter().any(|it| it == version))
        };
        match self {
            Self::Read(versions) => is_in(versions),
            Self::Proposed(versions) => is_in(versions),
            Self::At(versions, position) => versions.of(name, *position).any(|it| it == version),
        }
    }
}

impl Versions {
    fn of(&self, name: &str, position: i64) -> impl Iterator<Item = &str> {
        let all = self.of_name.get(name).into_iter().flatten();
        let there = all.filter(move |it| it.holds(position));
        there.map(|it| &*it.what)
    }
}

/// Whether several of some intervals hold at once.
fn overlap<T>(intervals: &[Interval<T>]) -> bool {
    let ends = |it: &Interval<T>| (it.since, it.until.unwrap_or(i64::MAX));
    let mut all: Vec<(i64, i64)> = intervals.iter().map(ends).collect();
    all.sort_unstable();
    all.windows(2).any(|two| two[1].0 < two[0].1)
}

fn stays<T, R: Default>(intervals: Vec<Interval<T>>) -> Vec<Stay<T, R>> {
    let stay = |interval| Stay {
        interval,
        read: R::default(),
    };
    intervals.into_iter().map(stay).collect()
}

/// Goes through the lists of intervals of each thing, with the place of the first.
fn each<T: PartialEq, R>(stays: &[Stay<T, R>]) -> impl Iterator<Item = (usize, &[Stay<T, R>])> {
    let mut next = 0;
    stays
        .chunk_by(|a, b| a.interval.what == b.interval.what)
        .map(move |stays| {
            let place = next;
            next += stays.len();
            (place, stays)
        })
}

fn is_there<T, R>(stays: &[Stay<T, R>], position: i64) -> bool {
    stays.iter().any(|stay| stay.interval.holds(position))
}

fn at<T: Copy + PartialEq, R>(
    stays: &[Stay<T, R>],
    position: i64,
) -> impl Iterator<Item = (T, usize)> {
    let there = each(stays).filter(move |(_, stays)| is_there(stays, position));
    there.map(|(place, stays)| (stays[0].interval.what, place))
}

/// What is in only one of two states: what went and came back in between is in both.
fn between<T: PartialEq, R>(stays: &[Stay<T, R>], from: i64, to: i64) -> Difference {
    let mut found = Difference::default();
    for (place, stays) in each(stays) {
        match (is_there(stays, from), is_there(stays, to)) {
            (true, false) => found.gone.push(place),
            (false, true) => found.came.push(place),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shared_when_two_packages_have_it_at_once() {
        let interval = |(since, until)| Interval {
            what: (),
            since,
            until,
        };
        let shares = |all: &[(i64, Option<i64>)]| {
            let all: Vec<Interval<()>> = all.iter().copied().map(interval).collect();
            overlap(&all)
        };
        assert!(!shares(&[(1, None)]));
        assert!(!shares(&[(4, None), (1, Some(3)), (3, Some(4))]));
        assert!(shares(&[(3, None), (1, Some(4))]));
        assert!(shares(&[(1, None), (1, Some(2))]));
    }

    #[test]
    fn what_goes_and_comes_back_in_between_is_in_both_states() {
        let all = [
            ('a', 1, 9),
            ('b', 1, 3),
            ('b', 5, 9),
            ('c', 1, 4),
            ('d', 4, 10),
            ('e', 3, 4),
        ];
        let interval = |(what, since, until): (char, i64, i64)| Interval {
            what,
            since,
            until: Some(until).filter(|it| *it < 10),
        };
        let all: Vec<Stay<char, ()>> = stays(all.into_iter().map(interval).collect());
        let told = |from, to| {
            let Difference { gone, came } = between(&all, from, to);
            let names = |places: Vec<usize>| -> String {
                places.iter().map(|it| all[*it].interval.what).collect()
            };
            [names(gone), names(came)]
        };
        assert_eq!(told(2, 6), ["c", "d"]);
        assert_eq!(told(6, 2), ["d", "c"]);
        assert_eq!(told(3, 4), ["ce", "d"]);
        assert_eq!(told(6, 6), ["", ""]);
        assert_eq!(told(8, i64::MAX), ["ab", ""]);
    }
}
