//! A tree of aports: imports what its APKBUILDs say as a revision, and what their `# secfixes:`
//! comments say as a feed.
//!
//! A tree is a commit of a Git repository, of which nothing is checked out, or a folder as it lies. Of
//! either, what is read is copied into an archive first, from which both are read as from any other: so
//! nothing of a tree is executed, and no link of it is followed.

mod folder;
mod pack;
mod tree;

use std::path::PathBuf;
use std::sync::Arc;

use palisade_formats::Reject;
use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::inventory::InventoryKind;
use palisade_model::{BranchName, Timestamp};
use palisade_store::{ImportSummary, Store};

use crate::git::{self, Commit};
use crate::import_feed::import_feed_beside;
use crate::import_inventory::import_inventory_beside;
use crate::input::{Input, Kind};
use crate::sources::Document;
use crate::{FeedImport, Present, Progress, TrackerError};

use pack::{Pack, Packed};

/// A tree of aports to be imported.
#[derive(Debug, Clone)]
pub struct AportsImport {
    /// A Git repository, or another folder.
    pub path: PathBuf,
    /// The branch of which it is a state.
    pub branch: BranchName,
    /// Only this repository within it, which is a folder at its top: `main`.
    pub repository: Option<String>,
    /// The commit, as people name it; else the one that is checked out.
    pub commit: Option<String>,
    /// What the revision is called; else after the commit.
    pub revision: Option<String>,
    /// When it was made; else when the commit was.
    pub time: Option<Timestamp>,
    /// That a folder without a history is the present state of the branch.
    pub present: Option<Present>,
    /// Whether it is believed even if half of the packages are missing.
    pub believe: bool,
    /// The time of the import.
    pub now: Timestamp,
}

/// What an import did.
pub type Imported = (ImportSummary, Vec<Reject>);

/// What importing a tree did.
#[derive(Debug)]
pub struct AportsImported {
    /// The packages.
    pub packages: Imported,
    /// The fixes; without, those that are stored are of a later state.
    pub fixes: Option<Imported>,
}

/// Imports a tree: its fixes, and its packages as a revision.
///
/// # Errors
/// When it cannot be read, does not hold what it should, or the database refuses. What came before is
/// stored then; importing it again changes nothing of that.
pub async fn import_aports(
    store: &Store,
    import: AportsImport,
    progress: Arc<dyn Progress>,
) -> Result<AportsImported, TrackerError> {
    let said = import.clone();
    progress.step("reading the tree");
    let packing = tokio::task::spawn_blocking(move || packed(&said));
    let stopped = |_| TrackerError::Reader {
        document: import.path.display().to_string(),
    };
    let packed = packing.await.map_err(stopped)??;
    let fixes = import_fixes(store, &import, &packed, &progress).await?;
    let packages = import
        .input(&packed)
        .inventory(InventoryKind::Aports, import.now);
    let packages = import_inventory_beside(store, packages, packed.told, progress).await?;
    Ok(AportsImported { packages, fixes })
}

/// Copies what is read of a tree into an archive.
fn packed(import: &AportsImport) -> Result<Packed, TrackerError> {
    let failed = |reason: String| TrackerError::Tree {
        tree: import.path.display().to_string(),
        reason,
    };
    let only = import.repository.as_deref();
    if !git::is_repository(&import.path) {
        if let Some(commit) = &import.commit {
            return Err(failed(format!(
                "it is no Git repository, so it has no commit {commit:?}"
            )));
        }
        let mut pack = Pack::new("aports").map_err(|error| failed(error.to_string()))?;
        let walked = folder::walk(&import.path, only, &mut pack);
        return walked.and_then(|()| pack.finish(None)).map_err(failed);
    }
    let repository = git::open(&import.path);
    let repository =
        repository.map_err(|error| failed(format!("it cannot be opened: {error:#}")))?;
    let commit = git::commit_named(&repository, import.commit.as_deref()).map_err(failed)?;
    let name = format!("aports-{}", commit.short());
    let mut pack = Pack::new(&name).map_err(|error| failed(error.to_string()))?;
    let walked = tree::walk(&repository, &commit, only, &mut pack);
    walked
        .and_then(|()| pack.finish(Some(commit)))
        .map_err(failed)
}

/// Imports the fixes, unless what is stored is of a later commit.
async fn import_fixes(
    store: &Store,
    import: &AportsImport,
    packed: &Packed,
    progress: &Arc<dyn Progress>,
) -> Result<Option<Imported>, TrackerError> {
    let feed = FeedImport {
        kind: FeedKind::Apkbuild,
        document: packed.document(),
        context: FeedContext {
            branch: Some(import.branch.clone()),
            repository: import.repository.clone(),
            whole_at: packed.commit.as_ref().and_then(Commit::timestamp),
        },
        believe: import.believe,
        now: import.now.as_microsecond(),
    };
    let unread = packed.told.iter().filter(|it| it.id.is_some());
    let unread = unread.cloned().collect();
    let imported = import_feed_beside(store, feed, unread, Arc::clone(progress)).await;
    match imported {
        Ok(imported) => Ok(Some(imported)),
        Err(TrackerError::HeldBack { is_older: true, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl AportsImport {
    /// The packages, as an inventory.
    fn input(&self, packed: &Packed) -> Input {
        let commit = packed.commit.as_ref();
        let revision = self.revision.clone();
        Input {
            branch: Some(self.branch.clone()),
            // Not what its packages have in common now: the next commit may have more.
            repository: Some(self.repository.clone().unwrap_or_default()),
            revision: revision.or_else(|| commit.map(|commit| commit.name.clone())),
            time: self.time.or_else(|| commit.and_then(Commit::timestamp)),
            present: self.present,
            believe: self.believe,
            ..Input::new(Kind::Inventory(InventoryKind::Aports), packed.document())
        }
    }
}

impl Packed {
    fn document(&self) -> Document {
        Document::File(self.file.clone())
    }
}
