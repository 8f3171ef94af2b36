//! The source packages of an inventory: what matching sees, once for all that is built from it.

use std::collections::{HashMap, HashSet};

use palisade_matching::{Subject, bare_names};
use palisade_model::{Distribution, Ecosystem, Hints, Package};
use palisade_store::NewSourcePackage;

use crate::encoding::{digest, encode, key_hash};

/// The source packages of an inventory, each once.
pub(crate) struct Sources {
    pub(crate) list: Vec<NewSourcePackage>,
    /// For each package the place of its source in `list`.
    pub(crate) of_package: Vec<usize>,
}

impl Sources {
    pub(crate) fn of(packages: &[Package], distribution: &Distribution) -> Self {
        let names = source_names(packages);
        let (mut list, mut of_package) = (Vec::new(), Vec::with_capacity(packages.len()));
        let mut places: HashMap<[u8; 16], usize> = HashMap::new();
        let mut of_representative: HashMap<usize, usize> = HashMap::new();
        for representative in chosen(packages) {
            let place = *of_representative.entry(representative).or_insert_with(|| {
                let part = matching_part(&packages[representative], &names);
                let facts = encode(&part);
                let digest = content_digest(distribution, &facts);
                *places.entry(digest).or_insert_with(|| {
                    list.push(new_source(part, facts, digest, distribution));
                    list.len() - 1
                })
            });
            of_package.push(place);
        }
        Self { list, of_package }
    }
}

/// Each package with what matching sees of its source.
pub(crate) fn with_sources(packages: &[Package]) -> impl Iterator<Item = (&Package, Package)> {
    let (chosen, names) = (chosen(packages), source_names(packages));
    let part = move |index: usize| matching_part(&packages[index], &names);
    packages
        .iter()
        .zip(chosen)
        .map(move |(package, index)| (package, part(index)))
}

/// What matching needs of a package: the same for all packages that are built from one source.
fn matching_part(package: &Package, names: &HashSet<&str>) -> Package {
    let replacement = package.replacement.as_deref();
    Package {
        name: package.source_name.clone(),
        ecosystem: package.ecosystem.clone(),
        version: package.source_version.clone(),
        source_name: package.source_name.clone(),
        source_version: package.source_version.clone(),
        homepage: package.homepage.clone(),
        build_system: package.build_system.clone(),
        sources: package.sources.clone(),
        patches: package.patches.clone(),
        hints: Hints {
            bare_name_taken: bare_names(package).any(|bare| names.contains(&*bare)),
            ..package.hints.clone()
        },
        replacement: replacement.map(|graft| Box::new(matching_part(graft, names))),
        ..Package::default()
    }
}

fn source_names(packages: &[Package]) -> HashSet<&str> {
    // What a registry's package is called says nothing of whose name a distribution's is.
    let of_distribution = packages
        .iter()
        .filter(|package| package.ecosystem.is_distribution());
    of_distribution
        .map(|package| package.source_name.as_str())
        .collect()
}

/// For each package the index of the one that speaks for its source.
fn chosen(packages: &[Package]) -> Vec<usize> {
    let binary = packages
        .iter()
        .any(|package| package.name != package.source_name);
    if binary {
        representatives(packages)
    } else {
        (0..packages.len()).collect()
    }
}

/// Where binary packages are built from sources, the entry that speaks for each package's source:
/// the one that has the source's name, else the first by name.
fn representatives(packages: &[Package]) -> Vec<usize> {
    let mut best: HashMap<_, usize> = HashMap::new();
    let rank = |index: usize| {
        let package = &packages[index];
        (
            package.name != package.source_name,
            package.name.as_str(),
            index,
        )
    };
    for (index, package) in packages.iter().enumerate() {
        let known = best.entry(source_of(package)).or_insert(index);
        if rank(index) < rank(*known) {
            *known = index;
        }
    }
    packages
        .iter()
        .map(|package| best[&source_of(package)])
        .collect()
}

/// Which source a package is built from.
fn source_of(package: &Package) -> (&Ecosystem, &str, &str) {
    (
        &package.ecosystem,
        &package.source_name,
        &package.source_version,
    )
}

fn new_source(
    part: Package,
    facts: Vec<u8>,
    digest: [u8; 16],
    distribution: &Distribution,
) -> NewSourcePackage {
    let keys = Subject::of(&part, distribution).keys();
    NewSourcePackage {
        grafted: part.replacement.is_some(),
        name: part.name,
        version: part.version,
        digest,
        facts,
        keys: keys.iter().map(|key| key_hash(key)).collect(),
    }
}

fn content_digest(distribution: &Distribution, facts: &[u8]) -> [u8; 16] {
    let mut bytes = distribution.as_str().as_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(facts);
    digest(&bytes)
}
