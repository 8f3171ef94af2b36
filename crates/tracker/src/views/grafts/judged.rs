//! What grafts fix and what stays open although they are there: findings judged with and without.

use std::collections::{HashMap, HashSet};

use palisade_model::VerdictStatus::{self, Affected, UnderInvestigation};
use palisade_store::{BranchId, SourcePackageId, VulnerabilityHead};

use super::super::evidence::{self, Asked};
use super::super::{Reading, Score};
use super::types::GraftFinding;
use crate::TrackerError;

/// The findings of a source package to which its graft matters.
#[derive(Debug, Clone, Default)]
pub(super) struct OfSource {
    /// Open without the graft, and not with it.
    pub(super) fixes: Vec<GraftFinding>,
    /// Open with the graft.
    pub(super) leaves: Vec<GraftFinding>,
}

/// A finding judged both ways.
struct Both {
    source: SourcePackageId,
    vulnerability: i64,
    without: Option<VerdictStatus>,
    with: VerdictStatus,
}

impl Both {
    fn fixes(&self) -> bool {
        self.without.is_some_and(is_open) && !is_open(self.with)
    }
}

fn is_open(status: VerdictStatus) -> bool {
    matches!(status, Affected | UnderInvestigation)
}

/// Judges all findings of source packages with a graft on a branch.
pub(super) async fn judged(
    reading: &mut Reading,
    branch: BranchId,
    sources: &[SourcePackageId],
) -> Result<HashMap<SourcePackageId, OfSource>, TrackerError> {
    let session = &mut reading.session;
    let rows = session.findings_of_sources(branch, sources).await?;
    let asked = rows.iter().map(|row| &row.key);
    let asked: Vec<Asked> = asked
        .map(|key| Asked::of(branch, key.source, key.vulnerability))
        .collect();
    let mut all: Vec<Both> = Vec::new();
    evidence::judge_again(session, &reading.places, &asked, |asked, judged| {
        let both = Both {
            source: asked.source,
            vulnerability: asked.vulnerability,
            without: judged.judgement.without_graft,
            with: judged.judgement.status,
        };
        if both.fixes() || is_open(both.with) {
            all.push(both);
        }
    })
    .await?;
    let ids: HashSet<i64> = all.iter().map(|it| it.vulnerability).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let heads = session.vulnerability_heads(&ids).await?;
    let heads: HashMap<i64, VulnerabilityHead> =
        heads.into_iter().map(|head| (head.id, head)).collect();
    let mut found: HashMap<SourcePackageId, OfSource> = HashMap::new();
    for both in all {
        let Some(head) = heads.get(&both.vulnerability) else {
            continue;
        };
        let of_source = found.entry(both.source).or_default();
        let list = if both.fixes() {
            &mut of_source.fixes
        } else {
            &mut of_source.leaves
        };
        list.push(finding(&both, head));
    }
    for of_source in found.values_mut() {
        of_source.fixes.sort_by_cached_key(order);
        of_source.leaves.sort_by_cached_key(order);
    }
    Ok(found)
}

fn finding(both: &Both, head: &VulnerabilityHead) -> GraftFinding {
    GraftFinding {
        vulnerability: head.name.clone(),
        title: head.title.clone(),
        score: Score::of(head.score.as_ref()),
        exploited_since: head.exploited_since.clone(),
        without_graft: both.without,
        status: both.with,
    }
}

/// What affects first, then what is exploited, then the gravest.
fn order(it: &GraftFinding) -> impl Ord + use<> {
    let place = |status: VerdictStatus| VerdictStatus::ALL.iter().position(|it| *it == status);
    // Scores have one digit behind the point.
    let score = it.score.as_ref();
    let points = score.map(|it| (it.level, format!("{:04.1}", it.score)));
    (
        place(it.status).min(it.without_graft.and_then(place).or(place(it.status))),
        it.exploited_since.is_none(),
        std::cmp::Reverse(points),
        it.vulnerability.clone(),
    )
}
