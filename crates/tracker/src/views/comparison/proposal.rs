//! A state that is proposed and not stored: an inventory that stands in the place of a repository's
//! present packages. Its new source packages are judged in memory, by the same rules and the same
//! records as an import would judge them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use palisade_matching::{Identities, Place, Subject};
use palisade_model::{Distribution, Inventory, Package, VulnerabilityId};
use palisade_store::{
    BranchId, FindingState, PackageId, PlacedPackage, RepositoryId, Session, SourcePackageId,
};

use super::entries::{Carried, Entry, Kept, Label, OfSource, Source};
use super::intervals::ByName;
use super::state::State;
use crate::TrackerError;
use crate::derive::{judge_loaded, load_advisories, state_of};
use crate::encoding::{decode, key_hash};
use crate::import_inventory::{EncodedPackages, InventoryImport, Revision};

/// What is proposed and not stored. Its packages and source packages have numbers below zero.
#[derive(Debug, Default)]
pub(super) struct Proposed {
    packages: HashMap<PackageId, Package>,
    sources: HashMap<SourcePackageId, Source>,
    /// The names and versions of all its packages.
    pub(super) versions: ByName,
}

/// A proposed state against the present one.
pub(super) struct Against {
    pub(super) gone: Vec<(RepositoryId, PackageId)>,
    pub(super) came: Vec<Entry>,
    /// The repository in whose place it stands.
    pub(super) repository: RepositoryId,
    pub(super) sources_gone: Vec<SourcePackageId>,
    pub(super) sources_came: Vec<SourcePackageId>,
    pub(super) proposed: Proposed,
}

impl Proposed {
    /// Whether it is a number of something that is not stored.
    pub(super) fn holds(source: SourcePackageId) -> bool {
        source.0 < 0
    }

    pub(super) fn package(&self, id: PackageId) -> Option<&Package> {
        self.packages.get(&id)
    }

    pub(super) fn source(&self, id: SourcePackageId) -> Option<&Source> {
        self.sources.get(&id)
    }
}

/// Finds the repository that is meant, or says in words why it cannot be told.
async fn repository(
    session: &mut Session,
    branch: BranchId,
    revision: &Revision,
) -> Result<Result<RepositoryId, String>, TrackerError> {
    let known = session.repository_labels(branch).await?;
    let wanted = (revision.repository.clone(), revision.architecture.clone());
    let same = known.iter().find(|(_, label)| **label == wanted);
    if let Some((id, _)) = same {
        return Ok(Ok(*id));
    }
    let unsaid = wanted.0.is_empty() && wanted.1.is_empty();
    let mut only = known.keys();
    if let (true, Some(id), None) = (unsaid, only.next(), only.next()) {
        return Ok(Ok(*id));
    }
    let words = |(name, architecture): &(String, String)| {
        let both = [name.as_str(), architecture.as_str()];
        both.join(" ").trim().to_owned()
    };
    let mut names: Vec<String> = known.values().map(words).collect();
    names.sort_unstable();
    let wanted = words(&wanted);
    let wanted = if unsaid {
        "one without a name"
    } else {
        &wanted
    };
    Ok(Err(format!(
        "the inventory is of the repository {wanted}, and there are {}",
        names.join(", ")
    )))
}

/// Compares an inventory with what is there.
pub(super) async fn against(
    session: &mut Session,
    kept: &Kept,
    state: &State,
    import: &InventoryImport,
    inventory: Inventory,
) -> Result<Result<Against, String>, TrackerError> {
    let revision = Revision::of(import, inventory)?;
    let repository = match repository(session, state.at.branch, &revision).await? {
        Ok(repository) => repository,
        Err(reason) => return Ok(Err(reason)),
    };
    let all = session.packages_at(state.at).await?;
    let here = all.iter().filter(|it| it.repository == repository);
    let here = here.copied().collect();
    let packages = revision.into_packages();
    instead(session, kept, state, &packages, repository, here)
        .await
        .map(Ok)
}

/// Compares some packages of a repository with what stands in their place; the others stay.
pub(super) async fn instead(
    session: &mut Session,
    kept: &Kept,
    state: &State,
    proposal: &EncodedPackages,
    repository: RepositoryId,
    here: Vec<PlacedPackage>,
) -> Result<Against, TrackerError> {
    let meant: HashSet<(RepositoryId, PackageId)> =
        here.iter().map(|it| (it.repository, it.package)).collect();
    let mut elsewhere = session.packages_at(state.at).await?;
    elsewhere.retain(|it| !meant.contains(&(it.repository, it.package)));
    let both = here.iter().chain(&elsewhere).map(|it| it.package);
    let labels = kept.labels(session, both).await?;
    let mut made = Making::begin(session, state, proposal).await?;
    let came = made.packages(session, proposal, &here).await?;
    let proposed_ids: HashSet<PackageId> = made.present.iter().copied().collect();
    let gone = here.iter().filter(|it| !proposed_ids.contains(&it.package));
    let sources = |placed: &[PlacedPackage]| -> HashSet<SourcePackageId> {
        let labels = placed.iter().filter_map(|it| labels.get(&it.package));
        labels.map(|label| label.source()).collect()
    };
    let (before, others) = (sources(&here), sources(&elsewhere));
    let after: HashSet<SourcePackageId> = made.sources.iter().copied().collect();
    let only = |one: &HashSet<SourcePackageId>, other: &HashSet<SourcePackageId>| {
        let mut only: Vec<SourcePackageId> = one
            .iter()
            .filter(|it| !other.contains(it) && !others.contains(it))
            .copied()
            .collect();
        only.sort_unstable();
        only
    };
    Ok(Against {
        gone: gone.map(|it| (it.repository, it.package)).collect(),
        came,
        repository,
        sources_gone: only(&before, &after),
        sources_came: only(&after, &before),
        proposed: made.judged(session, state, proposal).await?,
    })
}

/// A proposal on its way.
struct Making {
    /// For each source package of the proposal its row, or a number below zero.
    sources: Vec<SourcePackageId>,
    /// What is known of those below zero.
    new: HashMap<SourcePackageId, OfSource>,
    /// The rows of packages that are stored already.
    present: Vec<PackageId>,
    proposed: Proposed,
}

impl Making {
    async fn begin(
        session: &mut Session,
        state: &State,
        proposal: &EncodedPackages,
    ) -> Result<Self, TrackerError> {
        let digests = proposal.sources.iter().map(|source| source.digest);
        let known = session.known_sources(digests).await?;
        // What was never on the branch was never judged there.
        let judged = session.sources_of_branch(state.at.branch).await?;
        let mut new = HashMap::new();
        let mut sources = Vec::with_capacity(proposal.sources.len());
        for (number, source) in (1_i64..).zip(&proposal.sources) {
            let row = known.get(&source.digest).filter(|id| judged.contains(id));
            let id = row.copied().unwrap_or(SourcePackageId(-number));
            if row.is_none() {
                let package = decode::<Package>("a source package", &source.facts)?;
                let carried = Some(Arc::new(Carried::of(&package)));
                new.insert(id, OfSource::new(&source.name, &source.version, carried));
            }
            sources.push(id);
        }
        Ok(Self {
            sources,
            new,
            present: Vec::new(),
            proposed: Proposed::default(),
        })
    }

    /// The packages that only the proposal has.
    async fn packages(
        &mut self,
        session: &mut Session,
        proposal: &EncodedPackages,
        here: &[PlacedPackage],
    ) -> Result<Vec<Entry>, TrackerError> {
        let digests = proposal.packages.iter().map(|package| package.digest);
        let known = session.known_packages(digests).await?;
        let here: HashSet<PackageId> = here.iter().map(|it| it.package).collect();
        let mut came = Vec::new();
        for (number, encoded) in (1_i64..).zip(&proposal.packages) {
            let versions = self.proposed.versions.entry(encoded.name.clone());
            versions.or_default().push(encoded.version.clone());
            let row = known.get(&encoded.digest).copied();
            self.present.extend(row);
            if row.is_some_and(|id| here.contains(&id)) {
                continue;
            }
            let package = decode::<Package>("a package", &encoded.facts)?;
            let id = PackageId(-number);
            let label = Label::of(&package, self.sources[encoded.source]);
            came.push(Entry {
                id,
                repository: 0,
                label: Arc::new(label),
            });
            self.proposed.packages.insert(id, package);
        }
        Ok(came)
    }

    /// The proposal with what is found in its new source packages.
    async fn judged(
        mut self,
        session: &mut Session,
        state: &State,
        proposal: &EncodedPackages,
    ) -> Result<Proposed, TrackerError> {
        let subjects = self.subjects(session, state, proposal).await?;
        let mut of_key: HashMap<i64, Vec<SourcePackageId>> = HashMap::new();
        for (id, subject) in &subjects {
            for key in subject.keys() {
                of_key.entry(key_hash(&key)).or_default().push(*id);
            }
        }
        let keys: Vec<i64> = of_key.keys().copied().collect();
        let pairs = session.advisories_of_keys(&keys).await?;
        let advisories: HashSet<i64> = pairs.iter().map(|(_, advisory)| *advisory).collect();
        let advisories: Vec<i64> = advisories.into_iter().collect();
        let links = session.vulnerabilities_of(&advisories).await?;
        let of_advisory = super::super::grouped(links.into_iter().map(|(a, b)| (b, a)));
        let mut work: HashMap<(SourcePackageId, i64), HashSet<i64>> = HashMap::new();
        for (key, advisory) in pairs {
            for source in of_key.get(&key).into_iter().flatten() {
                for vulnerability in of_advisory.get(&advisory).into_iter().flatten() {
                    let known = work.entry((*source, *vulnerability)).or_default();
                    known.insert(advisory);
                }
            }
        }
        let own = subjects.values().flat_map(Subject::named_vulnerabilities);
        let own: HashSet<&str> = own.map(VulnerabilityId::as_str).collect();
        let known = session.vulnerabilities_by_name(own.into_iter()).await?;
        for (source, subject) in &subjects {
            for id in subject.named_vulnerabilities() {
                if let Some(id) = known.get(id.as_str()) {
                    work.entry((*source, *id)).or_default();
                }
            }
        }
        let ids: HashSet<i64> = work.keys().map(|(_, id)| *id).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let names = session.vulnerability_names(&ids).await?;
        let loaded = load_advisories(session, &advisories).await?;
        let place = Place {
            branch: Some(state.branch.name()),
        };
        let mut found: HashMap<SourcePackageId, Vec<(i64, FindingState)>> = HashMap::new();
        for ((source, vulnerability), advisories) in work {
            let (Some(subject), Some(name)) = (subjects.get(&source), names.get(&vulnerability))
            else {
                continue;
            };
            let Ok(name) = name.parse::<VulnerabilityId>() else {
                continue;
            };
            let spoken = advisories.iter().filter_map(|id| loaded.get(id));
            if let Some(judgement) = judge_loaded(subject, &name, spoken, place) {
                let state = (vulnerability, state_of(&judgement));
                found.entry(source).or_default().push(state);
            }
        }
        let sources = self.new.into_iter().map(|(id, mut read)| {
            let mut list = found.remove(&id).unwrap_or_default();
            list.sort_unstable_by_key(|(vulnerability, _)| *vulnerability);
            read.found = list.into();
            (id, Source::from((id, read)))
        });
        self.proposed.sources = sources.collect();
        Ok(self.proposed)
    }

    /// The new source packages as matching sees them, with what people state of them.
    async fn subjects(
        &self,
        session: &mut Session,
        state: &State,
        proposal: &EncodedPackages,
    ) -> Result<HashMap<SourcePackageId, Subject>, TrackerError> {
        let stated = session.identity_statements().await?.into_iter();
        let stated = stated.filter(|row| row.withdrawn.is_none());
        let identities = Identities::of(stated.map(|row| row.statement));
        let distribution: &Distribution = state.branch.distribution();
        let mut subjects = HashMap::new();
        for (id, source) in self.sources.iter().zip(&proposal.sources) {
            if Proposed::holds(*id) {
                let package = decode::<Package>("a source package", &source.facts)?;
                let subject = Subject::of(&package, distribution).with(&identities);
                subjects.insert(*id, subject);
            }
        }
        Ok(subjects)
    }
}
