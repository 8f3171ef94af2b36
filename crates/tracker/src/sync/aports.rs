//! Alpine's aports, followed commit by commit: no program is run for that, since APKBUILDs are read and
//! not executed.

use super::following::{GitBranch, Loader, Place, Went, follow};
use super::part::Parts;
use super::{Doubtful, Outcome};
use crate::TrackerError;
use crate::aports::{AportsImport, import_aports};
use crate::git::Commit;

/// A branch of aports.
#[derive(Debug, Clone)]
pub struct AportsBranch {
    /// The branch.
    pub branch: GitBranch,
    /// Only this repository within it; else all.
    pub only: Option<String>,
}

/// Follows a branch to where it is.
pub(super) async fn sync(
    parts: &mut Parts<'_, '_>,
    aports: &AportsBranch,
) -> Result<(), TrackerError> {
    follow(parts, &aports.branch, aports).await
}

impl Loader for AportsBranch {
    async fn load(
        &self,
        parts: &Parts<'_, '_>,
        place: &Place,
        commit: &Commit,
    ) -> Result<Went, TrackerError> {
        let import = AportsImport {
            path: place.history.clone(),
            branch: self.branch.branch.clone(),
            repository: self.only.clone(),
            commit: Some(commit.name.clone()),
            revision: None,
            time: None,
            present: None,
            believe: parts.syncer.doubtful == Doubtful::Believed,
            now: (parts.syncer.clock)(),
        };
        let imported = import_aports(&parts.syncer.store, import, parts.progress()).await;
        match imported {
            Ok(imported) => {
                if let Some((summary, rejects)) = imported.fixes
                    && summary.number.is_some()
                {
                    let part = format!("{} secfixes", self.branch.git_branch);
                    parts.tell(&part, &Outcome::Imported(summary, rejects));
                }
                let (summary, rejects) = imported.packages;
                Ok(Went::Well(Outcome::Imported(summary, rejects)))
            }
            Err(TrackerError::Store(error)) => Err(error.into()),
            Err(error) => Ok(Went::Wrong(error)),
        }
    }
}
