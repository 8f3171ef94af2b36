//! Imports an inventory as a revision of a branch and derives the findings of what is new in it.

use std::collections::HashSet;
use std::sync::Arc;

use palisade_formats::inventory::{InventoryContext, InventoryKind};
use palisade_formats::{Reject, apk_signature};
use palisade_model::{BranchName, Distribution, Inventory, Package, Timestamp};
use palisade_store::{
    BranchId, Event, ImportSummary, NewPackage, NewRevision, NewSourcePackage, PackageId, Placed,
    RepositoryRow, Session, SourcePackageId, Store,
};

use crate::derive::Deriver;
use crate::doubt;
use crate::encoding::{digest, encode};
use crate::news::OpenNow;
use crate::notes::stored_reject;
use crate::placing::{self, Place, Present, State, guess, hidden};
use crate::rejects::Rejects;
use crate::rules::renew_source_keys;
use crate::source_packages::Sources;
use crate::sources::Document;
use crate::substance::substance;
use crate::{Progress, TrackerError};

/// What to import, and what the inventory does not say of itself.
#[derive(Debug, Clone)]
pub struct InventoryImport {
    /// The format.
    pub kind: InventoryKind,
    /// The document.
    pub document: Document,
    /// The branch of which it is a state.
    pub branch: Option<BranchName>,
    /// The repository within the branch.
    pub repository: Option<String>,
    /// The repository's architecture, where packages of one for all do not tell it.
    pub architecture: Option<String>,
    /// Who signed for the inventory, where that was checked beforehand.
    pub signed_by: Option<String>,
    /// The revision's name.
    pub revision: Option<String>,
    /// When the state was made.
    pub time: Option<Timestamp>,
    /// That it is the state that its source has now, unless it says its time itself.
    pub present: Option<Present>,
    /// Keys with which signatures are checked.
    pub keys: Vec<apk_signature::PublicKey>,
    /// Whether an inventory without a good signature is refused.
    pub require_signature: bool,
    /// Whether it is believed even if half of the packages are missing.
    pub believe: bool,
    /// The time of the import.
    pub now: Timestamp,
}

/// Reads an inventory without storing it.
///
/// # Errors
/// When it cannot be read to its end.
pub fn read_inventory(
    import: &InventoryImport,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, TrackerError> {
    let mut open = import.document.open()?;
    let context = InventoryContext {
        keys: &import.keys,
        require_signature: import.require_signature,
    };
    Ok(import
        .kind
        .read(&open.name, &mut open.reader, &context, rejects)?)
}

/// Imports an inventory as a revision, and derives what follows from it.
///
/// # Errors
/// When it cannot be read to its end, does not say of which branch it is, or the database refuses;
/// then nothing is changed.
pub async fn import_inventory(
    store: &Store,
    import: InventoryImport,
    progress: Arc<dyn Progress>,
) -> Result<(ImportSummary, Vec<Reject>), TrackerError> {
    import_inventory_beside(store, import, Vec::new(), progress).await
}

/// The same beside what was passed over before it came to the document.
pub(crate) async fn import_inventory_beside(
    store: &Store,
    import: InventoryImport,
    passed_over: Vec<Reject>,
    progress: Arc<dyn Progress>,
) -> Result<(ImportSummary, Vec<Reject>), TrackerError> {
    let document = import.document.name();
    let reading = tokio::task::spawn_blocking(move || {
        let mut rejects = Rejects::default();
        let inventory = read_inventory(&import, &mut |reject| rejects.add(reject))?;
        rejects.extend(passed_over);
        let revision = Revision::of(&import, inventory)?;
        Ok::<_, TrackerError>((revision, rejects))
    });
    let (revision, rejects) = reading.await.map_err(|_| TrackerError::Reader {
        document: document.clone(),
    })??;
    let (rejected, rejects) = (rejects.count(), rejects.into_told());
    TrackerError::unless_read(
        revision.packages.len(),
        &document,
        revision.kind.name(),
        &rejects,
    )?;
    let mut session = store.write().await?;
    let mut summary = ImportSummary {
        kind: revision.kind.name().to_owned(),
        document,
        records: revision.packages.len() as u64,
        rejected,
        ..ImportSummary::default()
    };
    let wrote = write(&mut session, &revision, &mut summary, &*progress).await?;
    if wrote == Wrote::Revision {
        let rejects: Vec<_> = rejects.iter().map(stored_reject).collect();
        let number = session
            .write_import(revision.now, &summary, &rejects)
            .await?;
        summary.number = Some(number);
        session.commit().await?;
    }
    Ok((summary, rejects))
}

/// What came of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrote {
    Revision,
    /// Nothing: it was there already.
    Nothing,
}

/// An inventory ready to be written.
pub(crate) struct Revision {
    kind: InventoryKind,
    branch: BranchName,
    pub(crate) repository: String,
    pub(crate) architecture: String,
    /// What the inventory calls itself, or somebody called it.
    name: Option<String>,
    time: i64,
    /// Whether somebody says that it is of that time.
    is_time_said: bool,
    is_present: bool,
    digest: [u8; 16],
    signed_by: Option<String>,
    believe: bool,
    now: i64,
    pub(crate) packages: Vec<EncodedPackage>,
    pub(crate) sources: Vec<NewSourcePackage>,
}

pub(crate) struct EncodedPackage {
    pub(crate) name: String,
    pub(crate) version: String,
    maintainer: Option<String>,
    pub(crate) facts: Vec<u8>,
    pub(crate) digest: [u8; 16],
    substance: [u8; 16],
    /// Its place in [`Revision::sources`].
    pub(crate) source: usize,
}

impl Revision {
    pub(crate) fn of(import: &InventoryImport, inventory: Inventory) -> Result<Self, TrackerError> {
        let Inventory { head, packages } = inventory;
        let branch = import.branch.clone().or_else(|| {
            let distribution: Distribution = head.distribution.as_deref()?.parse().ok()?;
            // An inventory of Guix that names no branch is of the one that everybody follows.
            let main = (distribution == Distribution::guix()).then_some("master");
            BranchName::new(distribution, head.branch.as_deref().or(main)?).ok()
        });
        let branch = branch.ok_or_else(|| unstated(import, head.distribution.as_deref()))?;
        let distribution = branch.distribution().clone();
        let encoded = EncodedPackages::of(&packages, &distribution);
        let digest = list_digest(&encoded.packages);
        let said = import.time.or(head.time);
        let built = packages.iter().filter_map(|package| package.built).max();
        let built = built.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let time = said.unwrap_or_else(|| guess(built, import.present, import.now));
        Ok(Self {
            kind: import.kind,
            branch,
            repository: import
                .repository
                .clone()
                .or(head.repository)
                .unwrap_or_default(),
            architecture: import
                .architecture
                .clone()
                .or(head.architecture)
                .unwrap_or_default(),
            name: import.revision.clone().or(head.revision),
            time: time.as_microsecond(),
            is_time_said: said.is_some(),
            is_present: import.present.is_some(),
            digest,
            signed_by: import.signed_by.clone().or(head.signed_by),
            believe: import.believe,
            now: import.now.as_microsecond(),
            packages: encoded.packages,
            sources: encoded.sources,
        })
    }

    pub(crate) fn into_packages(self) -> EncodedPackages {
        EncodedPackages {
            packages: self.packages,
            sources: self.sources,
        }
    }
}

/// Packages as they are written, with the sources that they are built from.
pub(crate) struct EncodedPackages {
    pub(crate) packages: Vec<EncodedPackage>,
    pub(crate) sources: Vec<NewSourcePackage>,
}

impl EncodedPackages {
    pub(crate) fn of(packages: &[Package], distribution: &Distribution) -> Self {
        let sources = Sources::of(packages, distribution);
        let mut seen = HashSet::new();
        let mut encoded = Vec::with_capacity(packages.len());
        for (package, source) in packages.iter().zip(&sources.of_package) {
            let facts = encode(package);
            let digest = package_digest(&sources.list[*source].digest, &facts);
            // The same entry twice is one package: content decides.
            if seen.insert(digest) {
                encoded.push(EncodedPackage {
                    name: package.name.clone(),
                    version: package.version.clone(),
                    maintainer: package.maintainer.clone(),
                    facts,
                    digest,
                    substance: substance(package),
                    source: *source,
                });
            }
        }
        Self {
            packages: encoded,
            sources: sources.list,
        }
    }
}

impl Revision {
    fn state<'a>(&'a self, document: &'a str) -> State<'a> {
        State {
            document,
            name: self.name.as_deref(),
            digest: self.digest,
            time: self.time,
            is_said: self.is_time_said,
            is_present: self.is_present,
            now: self.now,
        }
    }

    /// Whether it is one of the repositories that make up a branch.
    fn is_of_repository(&self) -> bool {
        matches!(self.kind, InventoryKind::Apkindex | InventoryKind::Adb)
    }

    /// Of what it is a state: `alpine/v3.22 main x86_64`.
    fn place(&self) -> String {
        let mut place = self.branch.to_string();
        for more in [&self.repository, &self.architecture] {
            if !more.is_empty() {
                place.push(' ');
                place.push_str(more);
            }
        }
        place
    }
}

/// How to say the branch of an inventory that does not.
fn unstated(import: &InventoryImport, distribution: Option<&str>) -> TrackerError {
    let document = import.document.name();
    match distribution {
        // A bill of materials without a distribution's packages.
        Some(distribution @ "application") => TrackerError::Unstated {
            document,
            missing: "the name of what it describes",
            example: format!("{distribution}/NAME"),
        },
        distribution => TrackerError::Unstated {
            document,
            missing: "of which branch it is",
            example: format!("{}/BRANCH", distribution.unwrap_or("DISTRIBUTION")),
        },
    }
}

/// What a package is known by: its content, and its source's. Which entry speaks for a source
/// differs between inventories, so the same entry may belong to another source in another one.
fn package_digest(source: &[u8; 16], facts: &[u8]) -> [u8; 16] {
    digest(&[source.as_slice(), facts].concat())
}

fn list_digest(packages: &[EncodedPackage]) -> [u8; 16] {
    let mut digests: Vec<[u8; 16]> = packages.iter().map(|package| package.digest).collect();
    digests.sort_unstable();
    digest(&digests.concat())
}

/// Writes a revision, unless it is there already.
async fn write(
    session: &mut Session,
    revision: &Revision,
    summary: &mut ImportSummary,
    progress: &dyn Progress,
) -> Result<Wrote, TrackerError> {
    let distribution = revision.branch.distribution().as_str();
    let branch = session.branch(distribution, revision.branch.name()).await?;
    if revision.repository.is_empty() && revision.is_of_repository() {
        refuse_nameless(session, branch, revision, &summary.document).await?;
    }
    if revision.kind == InventoryKind::Aports && !revision.believe {
        refuse_beside_index(session, branch, revision, &summary.document).await?;
    }
    let repository = session
        .repository(branch, &revision.repository, &revision.architecture)
        .await?;
    summary.about = revision.place();
    let (name, time) =
        match placing::place(session, repository, &revision.state(&summary.document)).await? {
            Place::New { name, time } => (name, time),
            Place::Known(known) => {
                let at = (known.time, known.position);
                summary.remark = hidden(session, repository, &summary.about, at).await?;
                return Ok(Wrote::Nothing);
            }
        };
    let before = session.revision_at(repository, time).await?;
    if let Some(before) = before.filter(|_| !revision.believe) {
        let stored = usize::try_from(before.packages).unwrap_or(0);
        let missing = stored.saturating_sub(revision.packages.len());
        doubt::shrunken(&summary.document, stored, missing)?;
    }
    progress.step("writing packages");
    let (sources, new) = session
        .write_source_packages(distribution, &revision.sources)
        .await?;
    if !session.identities_of(&new).await?.is_empty() {
        // What is stated of them has names of its own under which they are found.
        renew_source_keys(session, &new).await?;
    }
    let packages = write_packages(session, revision, &sources).await?;
    let new_revision = NewRevision {
        name: &name,
        time,
        digest: revision.digest,
        packages: &packages,
        signed_by: revision.signed_by.as_deref(),
        now: revision.now,
    };
    let open_before = OpenNow::of(session, branch).await?;
    let before = session.sources_of_branch(branch).await?;
    let placed = session
        .place_revision(branch, repository, &new_revision)
        .await?;
    count(&placed, summary);
    let at = (time, placed.position);
    summary.remark = hidden(session, repository, &summary.about, at).await?;
    progress.step("deriving findings");
    let new: Vec<SourcePackageId> = placed
        .sources
        .into_iter()
        .filter(|source| !before.contains(source))
        .collect();
    Deriver::new(revision.now)
        .sources(session, branch, &new)
        .await?;
    let open = OpenNow::of(session, branch).await?;
    open_before
        .tell_way_to(&open, session, branch, revision.now)
        .await?;
    let event = Event {
        time: revision.now,
        kind: "revision.imported",
        branch: Some(branch),
        package: None,
        vulnerability: None,
        says: format!("{name} of {}: {} packages", revision.branch, packages.len()),
    };
    session.write_events(&[event]).await?;
    Ok(Wrote::Revision)
}

/// Refuses an index without a repository's name beside those that have one: what is in it would be on
/// the branch twice.
async fn refuse_nameless(
    session: &mut Session,
    branch: BranchId,
    revision: &Revision,
    document: &str,
) -> Result<(), TrackerError> {
    let repositories = session.repositories().await?;
    let of_branch = repositories.into_iter().filter(|it| it.branch == branch);
    let mut known: Vec<String> = of_branch.map(|it| it.name).collect();
    known.sort_unstable();
    known.dedup();
    if known.is_empty() || known.iter().any(String::is_empty) {
        return Ok(());
    }
    Err(TrackerError::UnstatedRepository {
        document: document.to_owned(),
        branch: revision.branch.to_string(),
        known: known.join(", "),
    })
}

/// Refuses a tree of aports beside indexes of what was built from it: each package would be on the branch
/// twice.
async fn refuse_beside_index(
    session: &mut Session,
    branch: BranchId,
    revision: &Revision,
    document: &str,
) -> Result<(), TrackerError> {
    let repositories = session.repositories().await?;
    let of_index = |it: &&RepositoryRow| it.branch == branch && !it.architecture.is_empty();
    let Some(index) = repositories.iter().find(of_index) else {
        return Ok(());
    };
    Err(TrackerError::HeldBack {
        document: document.to_owned(),
        reason: format!(
            "{} has indexes of what was built ({} {}), and each package would be there twice",
            revision.branch, index.name, index.architecture
        ),
        is_older: false,
    })
}

/// Counts what a revision changed against the one before it: a package of which the name came and
/// went is another version of itself.
fn count(placed: &Placed, summary: &mut ImportSummary) {
    let names = |list: &[String]| -> HashSet<String> { list.iter().cloned().collect() };
    let (came, gone) = (names(&placed.came), names(&placed.gone));
    let only = |list: &[String], others: &HashSet<String>| {
        list.iter().filter(|name| !others.contains(*name)).count() as u64
    };
    summary.added = only(&placed.came, &gone);
    summary.changed = placed.came.len() as u64 - summary.added;
    summary.withdrawn = only(&placed.gone, &came);
}

async fn write_packages(
    session: &mut Session,
    revision: &Revision,
    sources: &[SourcePackageId],
) -> Result<Vec<PackageId>, TrackerError> {
    let digests = revision.packages.iter().map(|package| package.digest);
    let mut known = session.known_packages(digests).await?;
    let missing = revision
        .packages
        .iter()
        .filter(|package| !known.contains_key(&package.digest));
    let new: Vec<NewPackage> = missing
        .map(|package| NewPackage {
            source: sources[package.source],
            name: package.name.clone(),
            version: package.version.clone(),
            maintainer: package.maintainer.clone(),
            digest: package.digest,
            substance: package.substance,
            facts: package.facts.clone(),
        })
        .collect();
    let ids = session.write_packages(&new).await?;
    known.extend(
        new.iter()
            .zip(ids)
            .map(|(package, id)| (package.digest, id)),
    );
    Ok(revision
        .packages
        .iter()
        .map(|package| known[&package.digest])
        .collect())
}
