//! Graphs that are kept in memory, by the packages of which they are: another state of the database
//! mostly has the same packages, and then the same graph.

use std::sync::{Arc, Mutex, PoisonError};

use palisade_model::Package;
use palisade_store::{BranchState, PackageId, Session, StatePackage};

use super::super::Reading;
use super::graph::{Building, Graph};
use crate::TrackerError;
use crate::encoding::decode_each;

/// Graphs that are kept: each is of some ten MB where all inputs are told.
const KEPT: usize = 6;

/// A digest of which packages a state has.
type Members = [u8; 32];

#[derive(Debug, Default)]
pub(in crate::views) struct Graphs {
    /// The last that was asked for at the end.
    kept: Mutex<Vec<(Members, Arc<Graph>)>>,
    /// Whoever makes one holds this, so that it is made once.
    turn: tokio::sync::Mutex<()>,
}

impl Graphs {
    /// The graph of a state.
    pub(in crate::views) async fn of(
        &self,
        reading: &mut Reading,
        state: BranchState,
    ) -> Result<Arc<Graph>, TrackerError> {
        let placed = reading.session.packages_at(state).await?;
        let mut ids: Vec<PackageId> = placed.into_iter().map(|it| it.package).collect();
        ids.sort_unstable_by_key(|id| id.0);
        ids.dedup();
        let members = members(&ids);
        if let Some(graph) = self.known(&members) {
            return Ok(graph);
        }
        let _turn = self.turn.lock().await;
        if let Some(graph) = self.known(&members) {
            return Ok(graph);
        }
        let graph = Arc::new(load(&mut reading.session, &ids).await?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((members, Arc::clone(&graph)));
        Ok(graph)
    }

    fn known(&self, members: &Members) -> Option<Arc<Graph>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| known == members)?;
        let found = kept.remove(place);
        let graph = Arc::clone(&found.1);
        kept.push(found);
        Some(graph)
    }
}

fn members(ids: &[PackageId]) -> Members {
    let mut hasher = blake3::Hasher::new();
    for id in ids {
        hasher.update(&id.0.to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}

async fn load(session: &mut Session, ids: &[PackageId]) -> Result<Graph, TrackerError> {
    let rows: Vec<StatePackage> = session.state_packages(ids).await?;
    let spans: Vec<_> = rows.iter().map(|row| row.facts).collect();
    let mut building = Building::default();
    let add = |index: usize, package: Package| {
        let row = &rows[index];
        let named = (row.name.as_str(), row.version.as_str());
        building.add(row.id, row.source, named, &package.inputs);
    };
    decode_each(session, "a package", &spans, add).await?;
    Ok(building.finish())
}
