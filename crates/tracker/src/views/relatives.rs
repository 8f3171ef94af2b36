//! The same upstream elsewhere: packages that have the same sources, or the same name.
//!
//! What brings a package and its advisories together also brings packages together: a repository,
//! a name in a language's registry, and last a bare name.

use std::collections::{BTreeMap, HashMap, HashSet};

use palisade_matching::key::normal_name;
use palisade_model::{BranchName, Distribution};
use palisade_store::{BranchId, SourcePackageId};
use serde::Serialize;
use utoipa::ToSchema;

use super::Reading;
use super::cache::Cache;
use crate::TrackerError;
use crate::derive::load_subjects;
use crate::encoding::key_hash;

/// Packages that are told at the most.
const RELATIVES: usize = 24;

/// Source packages that are looked at: a common name brings more than anybody reads.
const LOOKED_AT: usize = 400;

/// The same upstream as a package of another name or distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RelativeView {
    /// The distribution.
    #[schema(value_type = String)]
    pub distribution: Distribution,
    /// The source package's name.
    pub name: String,
    /// By what it is known to be a relative.
    pub by: Kinship,
    /// Where it is now.
    pub places: Vec<RelativePlace>,
}

/// By what two packages are known to be of one upstream, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kinship {
    /// Their sources come from one repository.
    Repository,
    /// They are the same package of a language's registry.
    Registry,
    /// They have the same name, and nothing else is known.
    Name,
}

/// A relative on a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RelativePlace {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The version.
    pub version: String,
    /// Vulnerabilities that affect it.
    pub affected: usize,
}

/// The relatives of a package: those of other distributions first.
pub(super) async fn relatives(
    cache: &Cache,
    reading: &mut Reading,
    distribution: &Distribution,
    name: &str,
    sources: &[SourcePackageId],
) -> Result<Vec<RelativeView>, TrackerError> {
    let keys = keys(reading, sources).await?;
    let hashes: Vec<i64> = keys.keys().copied().collect();
    let mut kin: HashMap<SourcePackageId, Kinship> = HashMap::new();
    for (key, source) in reading.session.sources_of_keys(&hashes).await? {
        let by = keys[&key];
        let known = kin.entry(source).or_insert(by);
        *known = by.min(*known);
    }
    let mut ids: Vec<SourcePackageId> = kin.keys().copied().collect();
    ids.sort_unstable_by_key(|id| (kin[id], *id));
    ids.truncate(LOOKED_AT);
    let present = reading.session.present_sources(&ids).await?;
    let mut found: BTreeMap<(Distribution, String), RelativeView> = BTreeMap::new();
    for (branch, sources) in by_branch(&present) {
        let Some(branch_name) = reading.places.name(branch).cloned() else {
            continue;
        };
        let labels = reading.session.label_rows(&sources).await?;
        let listing = cache.listing(reading, (branch, None)).await?;
        for label in labels {
            let of = branch_name.distribution().clone();
            let same_name = normal_name(&label.name) == normal_name(name);
            let is_itself = of == *distribution && label.name == name;
            if is_itself || (kin[&label.id] == Kinship::Name && !same_name) {
                continue;
            }
            let (affected, _) = listing.of_source(label.id);
            let relative = found
                .entry((of.clone(), label.name.clone()))
                .or_insert_with(|| RelativeView {
                    distribution: of,
                    name: label.name.clone(),
                    by: Kinship::Name,
                    places: Vec::new(),
                });
            relative.by = relative.by.min(kin[&label.id]);
            relative.places.push(RelativePlace {
                branch: branch_name.clone(),
                version: label.version,
                affected,
            });
        }
    }
    let mut found: Vec<RelativeView> = found.into_values().collect();
    found.sort_by_key(|it| (it.distribution == *distribution, it.by, it.name != name));
    found.truncate(RELATIVES);
    for relative in &mut found {
        let key = |place: &RelativePlace| (place.branch.clone(), place.version.clone());
        relative.places.sort_by_key(key);
    }
    Ok(found)
}

/// By which keys the relatives of source packages are found, and what each says.
async fn keys(
    reading: &mut Reading,
    sources: &[SourcePackageId],
) -> Result<HashMap<i64, Kinship>, TrackerError> {
    let mut keys = HashMap::new();
    for subject in load_subjects(&mut reading.session, sources).await?.values() {
        for key in subject.keys() {
            let by = match key.split_once(':').map(|(family, _)| family) {
                Some("r") => Kinship::Repository,
                Some("e") => Kinship::Registry,
                Some("n") => Kinship::Name,
                _ => continue,
            };
            keys.insert(key_hash(&key), by);
        }
    }
    Ok(keys)
}

fn by_branch(
    present: &HashSet<(SourcePackageId, BranchId)>,
) -> BTreeMap<BranchId, Vec<SourcePackageId>> {
    let mut branches: BTreeMap<BranchId, Vec<SourcePackageId>> = BTreeMap::new();
    for (source, branch) in present {
        branches.entry(*branch).or_default().push(*source);
    }
    for sources in branches.values_mut() {
        sources.sort_unstable();
    }
    branches
}
