//! One vulnerability in one package: why it is so, on each branch.

use palisade_model::{BranchName, Confidence, Distribution, Evidence, VerdictStatus};
use palisade_store::SourcePackageId;
use serde::Serialize;
use utoipa::ToSchema;

use super::runs;
use super::{ChangeView, GraftRole, RevisionRef, Score, Views, evidence, grafts, schema};
use crate::TrackerError;
use crate::derive::{confidence, status};

/// A vulnerability in a package.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FindingView {
    /// The distribution.
    #[schema(value_type = String)]
    pub distribution: Distribution,
    /// The source package.
    pub package: String,
    /// The vulnerability's name.
    pub vulnerability: String,
    /// Its heading.
    pub title: Option<String>,
    /// Its foremost base score.
    pub score: Option<Score>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
    /// Its state in each version of the package that is on a branch now, the gravest first.
    pub places: Vec<FindingPlace>,
}

/// The state on one branch, and why.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FindingPlace {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The package's version.
    pub version: String,
    /// The state.
    #[schema(value_type = schema::Status)]
    pub status: VerdictStatus,
    /// How sure it is.
    #[schema(value_type = schema::Confidence)]
    pub confidence: Confidence,
    /// The first version that has the fix, as its source writes it.
    pub fixed_in: Option<String>,
    /// The revision from which on the package has been in this state without a break.
    pub since: Option<RevisionRef>,
    /// What the package's graft does to it, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graft: Option<GraftRole>,
    /// Why.
    #[schema(value_type = Vec<schema::Step>)]
    pub evidence: Evidence,
    /// What would change it.
    pub changes: Vec<ChangeView>,
}

impl Views {
    /// A vulnerability in a package. `None` when nothing speaks of it there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn finding(
        &self,
        distribution: &Distribution,
        package: &str,
        vulnerability: &str,
    ) -> Result<Option<FindingView>, TrackerError> {
        let mut reading = self.reading().await?;
        let session = &mut reading.session;
        let Some(row) = session.vulnerability_named(vulnerability).await? else {
            return Ok(None);
        };
        let sources = session
            .sources_named(distribution.as_str(), package)
            .await?;
        let ids: Vec<SourcePackageId> = sources.iter().map(|source| source.id).collect();
        let rows = session.places(&ids, &[row.id]).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let asked: Vec<evidence::Asked> = rows
            .iter()
            .map(|place| evidence::Asked {
                branch: place.branch,
                source: place.source,
                vulnerability: row.id,
            })
            .collect();
        let mut judged = evidence::changes(session, &reading.places, &asked).await?;
        let at = rows
            .iter()
            .map(|place| (place.branch, place.source))
            .collect();
        let grafts = grafts::present(&self.cache, &mut reading, at).await?;
        let session = &mut reading.session;
        let mut places = Vec::with_capacity(rows.len());
        for (place, asked) in rows.into_iter().zip(asked) {
            let Some(branch) = reading.places.name(place.branch).cloned() else {
                continue;
            };
            let source = sources.iter().find(|source| source.id == place.source);
            let open = runs::Asked {
                package,
                source: place.source,
                vulnerability: row.id,
                status: place.status,
            };
            let since = match place.status {
                0 | 1 => runs::since(session, place.branch, None, &[open])
                    .await?
                    .pop()
                    .flatten(),
                _ => None,
            };
            let graft = grafts.get(&(place.branch, place.source));
            let judged = judged.remove(&asked);
            let (evidence, changes) = judged
                .map(|(verdict, changes)| (verdict.evidence, changes))
                .unwrap_or_default();
            places.push(FindingPlace {
                branch,
                version: source
                    .map(|source| source.version.clone())
                    .unwrap_or_default(),
                status: status(place.status),
                confidence: confidence(place.confidence),
                fixed_in: place.fixed_in,
                since,
                graft: graft.and_then(|graft| graft.role(&row.name)),
                evidence,
                changes,
            });
        }
        Ok(Some(FindingView {
            distribution: distribution.clone(),
            package: package.to_owned(),
            vulnerability: row.name,
            title: row.title,
            score: Score::of(row.score.as_ref()),
            exploited_since: row.exploited_since,
            places,
        }))
    }
}
