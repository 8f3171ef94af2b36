//! What is kept in memory of packages that were looked through: a stored package never changes, and
//! nearly all of them have no mistake and no CPE name.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use palisade_model::Package;
use palisade_store::{PackageId, Session};

use super::guix::{self, Looked};
use crate::TrackerError;
use crate::encoding::decode_each;

/// Packages that are known to have been looked through at the most: about 40 MB.
const KEPT: usize = 1_000_000;

/// What is kept.
#[derive(Debug, Default)]
pub(in crate::views) struct Kept(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    all: HashSet<PackageId>,
    /// Those of which there is something to tell.
    told: HashMap<PackageId, Arc<Looked>>,
}

impl Kept {
    /// What there is to tell of packages.
    pub(super) async fn looked(
        &self,
        session: &mut Session,
        packages: &[PackageId],
    ) -> Result<Vec<Arc<Looked>>, TrackerError> {
        let seen = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut told, missing) = seen().known(packages);
        let read = read(session, &missing).await?;
        seen().keep(missing, &read);
        told.extend(read);
        Ok(packages
            .iter()
            .filter_map(|id| told.get(id).cloned())
            .collect())
    }
}

impl Seen {
    /// What there is to tell of those packages that were looked through, and the others.
    fn known(&self, packages: &[PackageId]) -> (HashMap<PackageId, Arc<Looked>>, Vec<PackageId>) {
        let told = packages
            .iter()
            .filter_map(|id| Some((*id, Arc::clone(self.told.get(id)?))));
        let missing = packages.iter().filter(|id| !self.all.contains(id));
        (told.collect(), missing.copied().collect())
    }

    /// Keeps what was looked through; all that was kept before goes where it becomes too much.
    fn keep(&mut self, packages: Vec<PackageId>, read: &[(PackageId, Arc<Looked>)]) {
        if self.all.len() + packages.len() > KEPT {
            *self = Self::default();
        }
        self.all.extend(packages);
        self.told.extend(read.iter().cloned());
    }
}

async fn read(
    session: &mut Session,
    packages: &[PackageId],
) -> Result<Vec<(PackageId, Arc<Looked>)>, TrackerError> {
    let rows = session.package_facts(packages).await?;
    let spans: Vec<_> = rows.iter().map(|(_, span)| *span).collect();
    let mut read = Vec::new();
    let look = |index: usize, package: Package| {
        let looked = guix::look(&package);
        read.extend(looked.map(|looked| (rows[index].0, Arc::new(looked))));
    };
    decode_each(session, "a package", &spans, look).await?;
    Ok(read)
}
