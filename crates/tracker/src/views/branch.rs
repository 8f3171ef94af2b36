//! Branches, and the open findings of one.

use palisade_model::{BranchName, Timestamp, VerdictStatus};
use palisade_store::{BranchId, BranchState};
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::FindingQuery;
use super::listing::{Counts, Entry, LevelCounts, Listing};
use super::order::Cursor;
use super::runs::{self, Asked};
use super::selection::Selection;
use super::types::time;
use super::{EpssDay, FindingItem, Places, Reading, RevisionRef, Score, Views, evidence, twins};
use crate::TrackerError;

/// Revisions of which a branch's page tells.
const REVISIONS: i64 = 20;

/// A branch with its state in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BranchSummary {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// Its repositories with their latest revisions.
    pub repositories: Vec<RepositorySummary>,
    /// Packages of all repositories together.
    pub packages: i64,
    /// Its open findings in numbers.
    pub counts: Counts,
}

/// A repository's latest revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RepositorySummary {
    /// The repository's name; empty where there is only one.
    pub name: String,
    /// Its architecture; empty where inventories are of none.
    pub architecture: String,
    /// The revision.
    pub revision: RevisionRef,
    /// How many packages it has.
    pub packages: i64,
    /// Whose signature over it was checked and found good.
    pub signed_by: Option<String>,
    /// When it was imported.
    #[schema(value_type = String, format = DateTime)]
    pub imported_at: Timestamp,
}

/// A part of the open findings of a branch.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BranchView {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The revision that was asked for; absent for the present state.
    pub revision: Option<RevisionRef>,
    /// Its repositories with their latest revisions.
    pub repositories: Vec<RepositorySummary>,
    /// The latest revisions, newest first.
    pub revisions: Vec<RevisionRef>,
    /// Open findings in numbers, without a filter.
    pub counts: Counts,
    /// How many findings the filter leaves.
    pub total: usize,
    /// How many are left out before the first.
    pub offset: usize,
    /// By level: what the filter would leave without its level.
    pub levels: LevelCounts,
    /// Affected ones: what the filter would leave with this status.
    pub affected: usize,
    /// Those under investigation: what the filter would leave with this status.
    pub under_investigation: usize,
    /// Who scores the vulnerabilities of this branch, with how many, the busiest first.
    pub scorers: Vec<(String, usize)>,
    /// Whether the distribution names maintainers of its packages here.
    pub maintained: bool,
    /// Of which day the EPSS scores are, if there are any.
    pub epss: Option<EpssDay>,
    /// How many packages have a graft.
    pub grafted_packages: usize,
    /// The findings.
    pub findings: Vec<FindingItem>,
    /// Where the list goes on, if it does.
    #[serde(skip)]
    pub cursor: Option<Cursor>,
}

/// A branch with its open findings.
pub(super) type OfBranch = (BranchName, std::sync::Arc<Listing>);

impl Views {
    /// All branches in numbers.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn branches(&self) -> Result<Vec<BranchSummary>, TrackerError> {
        let mut reading = self.reading().await?;
        self.summaries(&mut reading).await
    }

    /// The open findings of each branch.
    pub(super) async fn listings(
        &self,
        reading: &mut Reading,
    ) -> Result<Vec<OfBranch>, TrackerError> {
        let places = std::sync::Arc::clone(&reading.places);
        let mut listings = Vec::with_capacity(places.branches.len());
        for (id, branch) in &places.branches {
            let listing = self.cache.listing(reading, (*id, None)).await?;
            listings.push((branch.clone(), listing));
        }
        Ok(listings)
    }

    pub(super) async fn summaries(
        &self,
        reading: &mut Reading,
    ) -> Result<Vec<BranchSummary>, TrackerError> {
        let places = std::sync::Arc::clone(&reading.places);
        let mut summaries = Vec::new();
        for (id, branch) in &places.branches {
            let listing = self.cache.listing(reading, (*id, None)).await?;
            let repositories = repositories(&places, *id);
            summaries.push(BranchSummary {
                branch: branch.clone(),
                packages: repositories
                    .iter()
                    .map(|repository| repository.packages)
                    .sum(),
                repositories,
                counts: listing.counts,
            });
        }
        Ok(summaries)
    }

    /// The branches of which something is stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn branch_names(&self) -> Result<Vec<BranchName>, TrackerError> {
        let reading = self.reading().await?;
        let branches = reading.places.branches.iter();
        Ok(branches.map(|(_, branch)| branch.clone()).collect())
    }

    /// The open findings of a branch, now or at a revision; `now` tells how old scores are. `None` when
    /// there is no such branch or revision.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn branch(
        &self,
        branch: &BranchName,
        revision: Option<&str>,
        query: &FindingQuery,
        now: Timestamp,
    ) -> Result<Option<BranchView>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(id) = reading.places.id(branch) else {
            return Ok(None);
        };
        let point = match revision {
            None => None,
            Some(name) => match reading.session.revision_named(id, name).await? {
                Some(point) => Some(point),
                None => return Ok(None),
            },
        };
        let position = point.as_ref().map(|point| point.position);
        let listing = self.cache.listing(&mut reading, (id, position)).await?;
        let selection = listing.select(query);
        let findings = items(&mut reading, &listing, branch, position, &selection).await?;
        let revisions = reading.session.latest_revisions(id, REVISIONS).await?;
        let state = BranchState {
            branch: id,
            position: position.unwrap_or(i64::MAX),
        };
        let grafted = reading.session.grafted_packages(state).await?.len();
        Ok(Some(BranchView {
            branch: branch.clone(),
            revision: point.as_ref().map(RevisionRef::from),
            repositories: repositories(&reading.places, id),
            revisions: revisions.iter().map(RevisionRef::from).collect(),
            counts: listing.counts,
            total: selection.total,
            offset: query.offset,
            levels: selection.levels,
            affected: selection.statuses.0,
            under_investigation: selection.statuses.1,
            scorers: listing.scorers().to_vec(),
            maintained: listing.is_maintained(),
            epss: EpssDay::newest(&self.cache, &mut reading, now).await?,
            grafted_packages: grafted,
            findings,
            cursor: selection.next,
        }))
    }

    /// Adds to findings of a branch why they are so.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn explain(&self, findings: &mut [FindingItem]) -> Result<(), TrackerError> {
        let mut reading = self.reading().await?;
        // Chunks bound the memory for advisories.
        for findings in findings.chunks_mut(500) {
            explain(&mut reading, findings).await?;
        }
        Ok(())
    }
}

async fn explain(reading: &mut Reading, findings: &mut [FindingItem]) -> Result<(), TrackerError> {
    let places = std::sync::Arc::clone(&reading.places);
    let names = findings
        .iter()
        .map(|finding| finding.vulnerability.as_str());
    let ids = reading.session.vulnerabilities_by_name(names).await?;
    let asked = findings.iter().map(|finding| {
        Some(evidence::Asked {
            branch: places.id(&finding.branch)?,
            source: finding.source,
            vulnerability: *ids.get(&finding.vulnerability)?,
        })
    });
    let asked: Vec<Option<evidence::Asked>> = asked.collect();
    let known: Vec<evidence::Asked> = asked.iter().flatten().copied().collect();
    let verdicts = evidence::verdicts(&mut reading.session, &places, &known).await?;
    for (finding, asked) in findings.iter_mut().zip(asked) {
        let verdict = asked.and_then(|asked| verdicts.get(&asked));
        finding.evidence = verdict.map(|verdict| verdict.evidence.clone());
    }
    Ok(())
}

/// The selected entries of a listing as they are shown.
pub(super) async fn items(
    reading: &mut Reading,
    listing: &Listing,
    branch: &BranchName,
    position: Option<i64>,
    selection: &Selection<'_>,
) -> Result<Vec<FindingItem>, TrackerError> {
    let entries = selection.entries();
    let Some(id) = reading.places.id(branch) else {
        return Ok(Vec::new());
    };
    let asked: Vec<Asked<'_>> = entries
        .iter()
        .map(|entry| Asked {
            package: &listing.source(entry).name,
            source: listing.source(entry).id,
            vulnerability: listing.head(entry).id,
            status: i64::from(entry.status),
        })
        .collect();
    let since = runs::since(&mut reading.session, id, position, &asked).await?;
    let repositories = twins::repositories(reading, listing, id, position, &entries).await?;
    let items = entries.iter().zip(since).map(|(entry, since)| {
        let (head, source) = (listing.head(entry), listing.source(entry));
        FindingItem {
            vulnerability: head.name.clone(),
            title: head.title.clone(),
            branch: branch.clone(),
            package: source.name.clone(),
            version: source.version.clone(),
            repository: repositories.get(&source.id).cloned(),
            source: source.id,
            status: status(entry),
            confidence: entry.confidence,
            fixed_in: entry.fixed_in.as_deref().map(str::to_owned),
            score: selection.score(entry).map(Score::of_scored),
            exploited_since: head.exploited_since.clone(),
            epss: head.epss,
            ssvc: listing.ssvc(entry).map(str::to_owned),
            published: head.published.map(time),
            maintainer: listing.maintainer(entry).map(str::to_owned),
            first_seen: time(entry.first_seen),
            since,
            evidence: None,
        }
    });
    Ok(items.collect())
}

fn status(entry: &Entry) -> VerdictStatus {
    if entry.status == 0 {
        VerdictStatus::Affected
    } else {
        VerdictStatus::UnderInvestigation
    }
}

pub(super) fn repositories(places: &Places, branch: BranchId) -> Vec<RepositorySummary> {
    let rows = places
        .repositories
        .iter()
        .filter(|row| row.branch == branch);
    rows.map(|row| RepositorySummary {
        name: row.name.clone(),
        architecture: row.architecture.clone(),
        revision: RevisionRef {
            name: row.revision.clone(),
            time: time(row.time),
            is_first: false,
        },
        packages: row.packages,
        signed_by: row.signed_by.clone(),
        imported_at: time(row.imported_at),
    })
    .collect()
}
