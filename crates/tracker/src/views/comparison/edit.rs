//! A change to some packages of a branch, such as a patch to their recipes makes it: each is taken as
//! it is stored, edited, and judged in memory. Whatever the change does not speak of stays.

use std::collections::{HashMap, HashSet};

use palisade_model::{Package, Patch};
use palisade_store::{PackageId, PlacedPackage, Session};

use super::entries::{self, Kept};
use super::state::State;
use crate::TrackerError;

/// What a change makes of a source package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageEdit {
    /// The source package's name.
    pub name: String,
    /// Only of this version, where it is known: several versions of a name may be there.
    pub from_version: Option<String>,
    /// Whether the distribution has it no more.
    pub removed: bool,
    /// The version after; none where it stays.
    pub to_version: Option<String>,
    /// File names of patches that are applied now.
    pub patches_added: Vec<String>,
    /// File names of patches that are applied no more.
    pub patches_removed: Vec<String>,
    /// What becomes of its graft; none where it stays.
    pub graft: Option<GraftEdit>,
}

/// What becomes of a graft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GraftEdit {
    /// It goes.
    Removed,
    /// There is one now, that differs from the package in this.
    Given {
        /// Its version; none where it is the package's.
        version: Option<String>,
        /// Patches that it has beside the package's.
        patches: Vec<String>,
    },
}

/// The packages that are edited, and what becomes of them.
pub(super) struct Edited {
    /// As they are stored, all of one repository.
    pub(super) here: Vec<PlacedPackage>,
    pub(super) after: Vec<Package>,
    /// The names that the branch does not have.
    pub(super) unknown: Vec<String>,
}

/// Finds and edits the packages that are meant; of several repositories (architectures) that have
/// them, those of the first are enough, since the recipe is the same.
pub(super) async fn edited(
    session: &mut Session,
    kept: &Kept,
    state: &State,
    edits: &[PackageEdit],
) -> Result<Edited, TrackerError> {
    let all = session.packages_at(state.at).await?;
    let labels = kept
        .labels(session, all.iter().map(|it| it.package))
        .await?;
    let ids: HashSet<_> = labels.values().map(|label| label.source()).collect();
    let names = kept.sources(session, ids.into_iter()).await?;
    let meant_by = |it: &PlacedPackage| {
        let source = labels.get(&it.package)?.source();
        let (name, version) = names.get(&source)?;
        let meant = |edit: &&PackageEdit| {
            let wanted = edit.from_version.as_deref();
            edit.name == **name.text() && wanted.is_none_or(|wanted| wanted == &**version)
        };
        edits.iter().find(meant)
    };
    let repository = all.iter().filter(|it| meant_by(it).is_some());
    let repository = repository.map(|it| it.repository).min_by_key(|id| id.0);
    let here: Vec<PlacedPackage> = all
        .iter()
        .filter(|it| Some(it.repository) == repository && meant_by(it).is_some())
        .copied()
        .collect();
    let ids: Vec<PackageId> = here.iter().map(|it| it.package).collect();
    let whole = entries::packages(session, &ids).await?;
    let edit_of: HashMap<PackageId, &PackageEdit> = here
        .iter()
        .filter_map(|it| Some((it.package, meant_by(it)?)))
        .collect();
    let packages = here.iter().filter_map(|it| {
        let edit = edit_of.get(&it.package).filter(|edit| !edit.removed)?;
        let mut package = whole.get(&it.package)?.clone();
        edit.apply(&mut package);
        Some(package)
    });
    let known: HashSet<&str> = edit_of.values().map(|edit| edit.name.as_str()).collect();
    let unknown = edits.iter().map(|edit| edit.name.as_str());
    Ok(Edited {
        after: packages.collect(),
        unknown: unknown
            .filter(|name| !known.contains(name))
            .map(ToOwned::to_owned)
            .collect(),
        here,
    })
}

impl PackageEdit {
    fn apply(&self, package: &mut Package) {
        if let Some(version) = &self.to_version {
            package.version.clone_from(version);
            package.source_version.clone_from(version);
            if let Some(graft) = &mut package.replacement
                && self.graft.is_none()
                && graft.version == graft.source_version
                && self.from_version.as_ref() == Some(&graft.version)
            {
                // A graft that inherits goes up with its package.
                graft.version.clone_from(version);
                graft.source_version.clone_from(version);
            }
        }
        package
            .patches
            .retain(|it| !self.patches_removed.contains(&it.name));
        package.patches.extend(named(&self.patches_added));
        match &self.graft {
            None => {}
            Some(GraftEdit::Removed) => package.replacement = None,
            Some(GraftEdit::Given { version, patches }) => {
                let mut graft = package.clone();
                graft.replacement = None;
                if let Some(version) = version {
                    graft.version.clone_from(version);
                    graft.source_version.clone_from(version);
                }
                graft.patches.extend(named(patches));
                package.replacement = Some(Box::new(graft));
            }
        }
    }
}

fn named(names: &[String]) -> impl Iterator<Item = Patch> + '_ {
    names.iter().map(|name| Patch {
        name: name.clone(),
        ..Patch::default()
    })
}
