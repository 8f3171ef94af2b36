//! What is kept in memory of packages that were looked through: a stored package never changes, and
//! nearly all of them have no mistake and no CPE name.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use palisade_model::Package;
use palisade_store::{PackageId, Session};

use super::guix::{self, Looked};
use crate::TrackerError;
use crate::encoding::decode;

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
        let missing: Vec<PackageId> = {
            let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let all = packages.iter().copied();
            all.filter(|id| !seen.all.contains(id)).collect()
        };
        let read = read(session, &missing).await?;
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.all.len() + missing.len() > KEPT {
            *seen = Seen::default();
        }
        seen.all.extend(missing);
        seen.told.extend(read.iter().cloned());
        let read: HashMap<PackageId, Arc<Looked>> = read.into_iter().collect();
        let told = |id| seen.told.get(id).or_else(|| read.get(id)).cloned();
        Ok(packages.iter().filter_map(told).collect())
    }
}

async fn read(
    session: &mut Session,
    packages: &[PackageId],
) -> Result<Vec<(PackageId, Arc<Looked>)>, TrackerError> {
    let rows = session.package_facts(packages).await?;
    let spans: Vec<_> = rows.iter().map(|(_, span)| *span).collect();
    let (mut read, mut failed) = (Vec::new(), None);
    session
        .read_spans(&spans, |index, bytes| {
            match decode::<Package>("a package", bytes) {
                Ok(package) => {
                    let looked = guix::look(&package);
                    read.extend(looked.map(|looked| (rows[index].0, Arc::new(looked))));
                }
                Err(error) => failed = Some(error),
            }
        })
        .await?;
    failed.map_or(Ok(read), Err)
}
