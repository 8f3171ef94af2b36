//! Why: verdicts with their evidence, judged again from what is stored.
//!
//! Evidence is not stored: a hundred thousand chains of reasons would be larger than everything
//! else, and matching tells them again in microseconds, by the same rules and of the same records.

use std::collections::{HashMap, HashSet};

use palisade_matching::{Judgement, Place, Subject, key};
use palisade_model::{Verdict, VulnerabilityId};
use palisade_store::{BranchId, Session, SourcePackageId};

use super::{ChangeView, Places, grouped};
use crate::TrackerError;
use crate::derive::{LoadedAdvisory, judge_loaded, load_facts, load_subjects};

/// A finding of which it is asked why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) branch: BranchId,
    pub(crate) source: SourcePackageId,
    pub(crate) vulnerability: i64,
}

impl Asked {
    pub(crate) fn of(branch: BranchId, source: SourcePackageId, vulnerability: i64) -> Self {
        Self {
            branch,
            source,
            vulnerability,
        }
    }
}

/// The verdicts on findings, with their evidence. One that nothing speaks of any more is left out.
pub(crate) async fn verdicts(
    session: &mut Session,
    places: &Places,
    asked: &[Asked],
) -> Result<HashMap<Asked, Verdict>, TrackerError> {
    let mut verdicts = HashMap::new();
    judge_again(session, places, asked, |asked, judged| {
        verdicts.insert(asked, judged.judgement.verdict());
    })
    .await?;
    Ok(verdicts)
}

/// What would change findings.
pub(crate) async fn changes(
    session: &mut Session,
    places: &Places,
    asked: &[Asked],
) -> Result<HashMap<Asked, (Verdict, Vec<ChangeView>)>, TrackerError> {
    let mut found = HashMap::new();
    judge_again(session, places, asked, |asked, judged| {
        let Judged {
            subject,
            name,
            judgement,
        } = judged;
        let changes = judgement.changes(subject, name);
        let changes = ChangeView::all(&changes, subject);
        found.insert(asked, (judgement.verdict(), changes));
    })
    .await?;
    Ok(found)
}

/// A finding judged again.
pub(super) struct Judged<'a> {
    pub(super) subject: &'a Subject,
    pub(super) name: &'a VulnerabilityId,
    pub(super) judgement: Judgement<'a>,
}

/// Judges findings again and hands over each; one that nothing speaks of any more is left out.
pub(super) async fn judge_again(
    session: &mut Session,
    places: &Places,
    asked: &[Asked],
    mut visit: impl FnMut(Asked, Judged<'_>),
) -> Result<(), TrackerError> {
    let unique = |ids: HashSet<i64>| ids.into_iter().collect::<Vec<i64>>();
    let vulnerabilities = unique(asked.iter().map(|asked| asked.vulnerability).collect());
    let sources = unique(asked.iter().map(|asked| asked.source.0).collect());
    let sources: Vec<SourcePackageId> = sources.into_iter().map(SourcePackageId).collect();
    let pairs = session.advisories_of(&vulnerabilities).await?;
    let advisories = unique(pairs.iter().map(|(_, advisory)| *advisory).collect());
    let rows = session.standing_advisories(&advisories).await?;
    let wanted: HashSet<BranchId> = asked.iter().map(|asked| asked.branch).collect();
    let here = |scope: &str| {
        wanted
            .iter()
            .any(|branch| speaks_of(scope, places, *branch))
    };
    let rows = rows
        .into_iter()
        .filter(|row| here(&row.feed_scope))
        .collect();
    let advisories = load_facts(session, rows).await?;
    let advisories_of = grouped(pairs);
    let subjects = load_subjects(session, &sources).await?;
    let keys: HashMap<SourcePackageId, HashSet<String>> = subjects
        .iter()
        .map(|(id, subject)| (*id, keys_of(subject)))
        .collect();
    let names = session.vulnerability_names(&vulnerabilities).await?;
    for asked in asked {
        let (Some(subject), Some(keys)) = (subjects.get(&asked.source), keys.get(&asked.source))
        else {
            continue;
        };
        let Some(name) = names
            .get(&asked.vulnerability)
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let ids = advisories_of
            .get(&asked.vulnerability)
            .into_iter()
            .flatten();
        let spoken = ids.filter_map(|id| advisories.get(id)).filter(|loaded| {
            speaks_of(&loaded.row.feed_scope, places, asked.branch) && share_a_key(loaded, keys)
        });
        let place = place(places, asked.branch);
        if let Some(judgement) = judge_loaded(subject, &name, spoken, place) {
            visit(
                *asked,
                Judged {
                    subject,
                    name: &name,
                    judgement,
                },
            );
        }
    }
    Ok(())
}

/// By which keys a subject is found.
pub(super) fn keys_of(subject: &Subject) -> HashSet<String> {
    subject.keys().into_iter().collect()
}

/// Where matching looks at what is on a branch.
pub(super) fn place(places: &Places, branch: BranchId) -> Place<'_> {
    Place {
        branch: places.name(branch).map(palisade_model::BranchName::name),
    }
}

/// Whether a feed of this scope (`alpine/v3.17/main`) may speak of a branch: what is said of
/// another branch need not even be read.
pub(super) fn speaks_of(scope: &str, places: &Places, branch: BranchId) -> bool {
    let mut parts = scope.split('/');
    match (parts.next(), parts.next(), places.name(branch)) {
        (Some(distribution), Some(name), Some(branch)) => {
            distribution == branch.distribution().as_str() && name == branch.name()
        }
        _ => true,
    }
}

/// Findings are derived of pairs that share a key; evidence looks at no others.
pub(super) fn share_a_key(loaded: &LoadedAdvisory, keys: &HashSet<String>) -> bool {
    key::of_affected(&loaded.affected)
        .iter()
        .any(|key| keys.contains(key))
}
