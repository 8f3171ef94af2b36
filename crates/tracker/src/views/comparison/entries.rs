//! What is kept in memory of packages and source packages to compare states: a stored one never
//! changes, so what was read once holds for ever. What is kept is bounded.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use palisade_model::{Distribution, Package, VulnerabilityId};
use palisade_store::{FindingState, PackageId, PackageLabel, Session, SourcePackageId};

use super::name::Name;
use super::pairing;
use crate::TrackerError;
use crate::encoding::decode_each;
use crate::substance::substance;

/// Packages of which something is kept at the most, and source packages: about 60 MB.
const KEPT: usize = 500_000;

/// What pairing looks at in a package.
#[derive(Debug)]
pub(in crate::views) struct Label {
    name: Name,
    version: Arc<str>,
    substance: [u8; 16],
    source: SourcePackageId,
}

/// A package of a state.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: PackageId,
    /// The place of its repository in [`super::Repositories`].
    pub(super) repository: u32,
    pub(super) label: Arc<Label>,
}

/// A source package of a state.
#[derive(Debug, Clone)]
pub(in crate::views) struct Source {
    pub(super) id: SourcePackageId,
    pub(super) read: Arc<OfSource>,
}

/// What was read of a source package.
#[derive(Debug)]
pub(in crate::views) struct OfSource {
    pub(super) name: Name,
    pub(super) version: Arc<str>,
    /// What is found in it.
    pub(super) found: FoundIn,
    /// What it carries, where that was read.
    pub(super) carried: Option<Arc<Carried>>,
}

/// A name and a version.
pub(super) type Named = (Name, Arc<str>);

/// What is found in a source package, by vulnerability.
pub(super) type FoundIn = Arc<[(i64, FindingState)]>;

/// What a source package carries against vulnerabilities.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::views) struct Carried {
    pub(in crate::views) version: String,
    /// The names of its patches.
    pub(in crate::views) patches: Vec<String>,
    /// The vulnerabilities that they name, with the patch.
    pub(in crate::views) patched: Vec<(VulnerabilityId, String)>,
    /// What the packager says does not affect it.
    pub(in crate::views) hidden: Vec<VulnerabilityId>,
    /// What users get in its place.
    pub(in crate::views) graft: Option<Box<Carried>>,
}

/// What is kept.
#[derive(Debug, Default)]
pub(in crate::views) struct Kept {
    names: Mutex<HashSet<Arc<str>>>,
    labels: Mutex<HashMap<PackageId, Arc<Label>>>,
    sources: Mutex<HashMap<SourcePackageId, Named>>,
    carried: Mutex<HashMap<SourcePackageId, Arc<Carried>>>,
}

impl Source {
    pub(in crate::views) fn new(id: SourcePackageId, name: &str, version: &str) -> Self {
        Self::from((id, OfSource::new(name, version, None)))
    }
}

impl From<(SourcePackageId, OfSource)> for Source {
    fn from((id, read): (SourcePackageId, OfSource)) -> Self {
        Self {
            id,
            read: Arc::new(read),
        }
    }
}

impl OfSource {
    /// One in which nothing is found.
    pub(super) fn new(name: &str, version: &str, carried: Option<Arc<Carried>>) -> Self {
        Self {
            name: Name::from(Arc::from(name)),
            version: version.into(),
            found: FoundIn::default(),
            carried,
        }
    }
}

impl Label {
    pub(super) fn of(package: &Package, source: SourcePackageId) -> Self {
        Self {
            name: Name::from(Arc::from(package.name.as_str())),
            version: package.version.as_str().into(),
            substance: substance(package),
            source,
        }
    }

    pub(super) fn source(&self) -> SourcePackageId {
        self.source
    }

    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    pub(super) fn version(&self) -> &Arc<str> {
        &self.version
    }
}

impl pairing::Entry for Entry {
    fn name(&self) -> &str {
        self.label.name.text()
    }

    fn beginning(&self) -> u128 {
        self.label.name.beginning()
    }

    fn order_by_name(&self, other: &Self) -> Ordering {
        self.label.name.cmp(&other.label.name)
    }

    fn version(&self) -> &str {
        &self.label.version
    }

    fn substance(&self) -> [u8; 16] {
        self.label.substance
    }

    fn place(&self) -> u32 {
        self.repository
    }
}

impl pairing::Entry for Source {
    fn name(&self) -> &str {
        self.read.name.text()
    }

    fn beginning(&self) -> u128 {
        self.read.name.beginning()
    }

    fn order_by_name(&self, other: &Self) -> Ordering {
        self.read.name.cmp(&other.read.name)
    }

    fn version(&self) -> &str {
        &self.read.version
    }

    /// Each is known by its content already: no two rows are the same. Where the package that a graft
    /// gives is listed beside the one that has the graft, the latter comes first: it is what users name.
    fn substance(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let carried = self.read.carried.as_deref();
        bytes[0] = u8::from(carried.is_none_or(|it| it.graft.is_none()));
        bytes[8..].copy_from_slice(&self.id.0.to_be_bytes());
        bytes
    }

    fn place(&self) -> u32 {
        0
    }
}

impl Carried {
    pub(in crate::views) fn of(package: &Package) -> Self {
        let graft = package.replacement.as_deref();
        Self {
            version: package.source_version.clone(),
            patches: package.patches.iter().map(|it| it.name.clone()).collect(),
            patched: palisade_matching::patched(package),
            hidden: package.hints.hidden_vulnerabilities.clone(),
            graft: graft.map(|graft| Box::new(Self::of(graft))),
        }
    }

    /// Whether anything of it may be lost.
    pub(in crate::views) fn is_something(&self) -> bool {
        self.graft.is_some() || !self.patched.is_empty()
    }
}

/// What is kept of some keys, and which of them nothing is kept of.
pub(super) fn known<K: Copy + Eq + Hash, V: Clone>(
    kept: &Mutex<HashMap<K, V>>,
    keys: impl Iterator<Item = K>,
) -> (HashMap<K, V>, Vec<K>) {
    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut found, mut missing) = (HashMap::new(), HashSet::new());
    for key in keys {
        match kept.get(&key) {
            Some(value) => drop(found.insert(key, value.clone())),
            None => drop(missing.insert(key)),
        }
    }
    (found, missing.into_iter().collect())
}

/// Keeps what was read.
pub(super) fn keep<K: Copy + Eq + Hash, V: Clone>(
    kept: &Mutex<HashMap<K, V>>,
    read: Vec<(K, V)>,
    found: &mut HashMap<K, V>,
) {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() + read.len() > KEPT {
        kept.clear();
    }
    kept.extend(read.iter().cloned());
    found.extend(read);
}

impl Kept {
    /// One text for all that are the same.
    fn shared(&self, text: String) -> Arc<str> {
        let mut known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(text.as_str()) {
            return Arc::clone(known);
        }
        if known.len() >= KEPT {
            known.clear();
        }
        let text: Arc<str> = text.into();
        known.insert(Arc::clone(&text));
        text
    }

    /// What packages are called.
    pub(super) async fn labels(
        &self,
        session: &mut Session,
        packages: impl Iterator<Item = PackageId>,
    ) -> Result<HashMap<PackageId, Arc<Label>>, TrackerError> {
        let (mut found, missing) = known(&self.labels, packages);
        if missing.is_empty() {
            return Ok(found);
        }
        let rows = session.package_labels(&missing).await?;
        let made = made_here(session, &rows).await?;
        let read = rows.into_iter().map(|row| {
            let substance = row.substance.or_else(|| made.get(&row.id).copied());
            let label = Label {
                name: Name::from(self.shared(row.name)),
                version: self.shared(row.version),
                substance: substance.unwrap_or_default(),
                source: row.source,
            };
            (row.id, Arc::new(label))
        });
        let read: Vec<_> = read.collect();
        keep(&self.labels, read, &mut found);
        Ok(found)
    }

    /// The names and versions of source packages.
    pub(super) async fn sources(
        &self,
        session: &mut Session,
        ids: impl Iterator<Item = SourcePackageId>,
    ) -> Result<HashMap<SourcePackageId, Named>, TrackerError> {
        let (mut found, missing) = known(&self.sources, ids);
        if missing.is_empty() {
            return Ok(found);
        }
        let rows = session.label_rows(&missing).await?.into_iter();
        let read = rows.map(|row| {
            let name = Name::from(self.shared(row.name));
            (row.id, (name, self.shared(row.version)))
        });
        keep(&self.sources, read.collect(), &mut found);
        Ok(found)
    }

    /// What source packages carry.
    pub(in crate::views) async fn carried(
        &self,
        session: &mut Session,
        sources: impl Iterator<Item = SourcePackageId>,
    ) -> Result<HashMap<SourcePackageId, Arc<Carried>>, TrackerError> {
        let (mut found, missing) = known(&self.carried, sources);
        if missing.is_empty() {
            return Ok(found);
        }
        let rows = session.source_facts(&missing).await?;
        let spans: Vec<_> = rows.iter().map(|(_, _, span)| *span).collect();
        let mut read = Vec::with_capacity(rows.len());
        let take = |index: usize, package: Package| {
            read.push((rows[index].0, Arc::new(Carried::of(&package))));
        };
        decode_each(session, "a source package", &spans, take).await?;
        keep(&self.carried, read, &mut found);
        Ok(found)
    }
}

/// The digests of packages that an earlier program wrote without.
async fn made_here(
    session: &mut Session,
    rows: &[PackageLabel],
) -> Result<HashMap<PackageId, [u8; 16]>, TrackerError> {
    let without = rows.iter().filter(|row| row.substance.is_none());
    let without: Vec<PackageId> = without.map(|row| row.id).collect();
    let packages = packages(session, &without).await?;
    let made = packages.into_iter();
    Ok(made
        .map(|(id, package)| (id, substance(&package)))
        .collect())
}

/// Stored packages, whole.
pub(in crate::views) async fn packages(
    session: &mut Session,
    ids: &[PackageId],
) -> Result<HashMap<PackageId, Package>, TrackerError> {
    let facts = session.package_facts(ids).await?;
    let spans: Vec<_> = facts.iter().map(|(_, span)| *span).collect();
    let mut packages = HashMap::with_capacity(facts.len());
    let take = |index: usize, package| drop(packages.insert(facts[index].0, package));
    decode_each(session, "a package", &spans, take).await?;
    Ok(packages)
}

/// The scheme in which versions of two distributions are compared.
pub(super) fn common_scheme(a: &Distribution, b: &Distribution) -> palisade_version::Scheme {
    if a.scheme() == b.scheme() {
        a.scheme()
    } else {
        palisade_version::Scheme::Generic
    }
}
