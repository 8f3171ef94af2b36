//! Grafts that ended: what stands in their place, and whether users still have what they gave them.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use palisade_model::VulnerabilityId;
use palisade_store::{FindingState, RevisionPoint, SourcePackageId, SourceSpan};
use palisade_version::Scheme;

use super::super::comparison::{Carried, Kept, State, gone};
use super::super::{Reading, RevisionRef, grouped};
use super::days_between;
use super::runs::Run;
use super::types::{EndedGraft, GraftEnd};
use crate::TrackerError;

/// Ended grafts that are told.
const TOLD: usize = 500;

/// The grafts that ended before a state, the latest first.
pub(super) async fn ended(
    reading: &mut Reading,
    kept: &Kept,
    state: &State,
    runs: &[Run],
) -> Result<Vec<EndedGraft>, TrackerError> {
    let mut over: Vec<&Run> = runs
        .iter()
        .filter(|run| run.ended_before(state.at.position))
        .collect();
    over.sort_by_key(|run| (std::cmp::Reverse(run.until), run.name.as_str()));
    over.truncate(TOLD);
    let names: HashSet<&str> = over.iter().map(|run| run.name.as_str()).collect();
    let session = &mut reading.session;
    let spans = session.source_spans(state.at.branch, names).await?;
    let spans = grouped(spans.into_iter().map(|span| (span.name.clone(), span)));
    let successors: Vec<Option<&SourceSpan>> = over
        .iter()
        .map(|run| successor(run, &spans[&run.name], state.branch.distribution().scheme()))
        .collect();
    let sources = successors.iter().flatten().map(|span| span.source);
    let sources: Vec<SourcePackageId> = sources.collect();
    let carried = kept.carried(session, sources.into_iter()).await?;
    let states = states(reading, state, &over, &successors).await?;
    let bounds = over.iter().map(|run| [Some(run.since), run.until]);
    let bounds: Vec<i64> = bounds.flatten().flatten().collect();
    let points = reading
        .session
        .revisions_at(state.at.branch, bounds)
        .await?;
    let scheme = state.branch.distribution().scheme();
    let told = over.iter().zip(&successors).map(|(run, successor)| {
        let after = successor.and_then(|span| Some((span, carried.get(&span.source)?.as_ref())));
        let remains = spans[&run.name].iter().any(|span| holds(span, run.until));
        let found = |id: &VulnerabilityId| {
            let source = successor.map(|span| span.source)?;
            states.get(&(source, id.to_string()))
        };
        let (how, says) = match after {
            Some((_, after)) => end(&run.last.carried, after, scheme, found),
            None if remains => (
                GraftEnd::Removed,
                format!(
                    "{} {} is gone; other versions stay",
                    run.name, run.last.span.version
                ),
            ),
            None => (GraftEnd::Removed, format!("{} is gone", run.name)),
        };
        told(run, &points, how, says)
    });
    Ok(told.collect())
}

fn holds(span: &SourceSpan, position: Option<i64>) -> bool {
    position.is_some_and(|at| span.since <= at && span.until.is_none_or(|until| until > at))
}

/// What came in the place of a package that had a graft: of what came with the same revision, the same
/// version first, then the least of those that are newer, then the newest.
fn successor<'a>(run: &Run, spans: &'a [SourceSpan], scheme: Scheme) -> Option<&'a SourceSpan> {
    let version = run.last.span.version.as_str();
    let came = spans.iter().filter(|span| Some(span.since) == run.until);
    let rank = |span: &SourceSpan| match scheme.compare(&span.version, version) {
        Some(Ordering::Equal) => 0,
        Some(Ordering::Greater) => 1,
        Some(Ordering::Less) => 2,
        None => 3,
    };
    came.min_by(|a, b| {
        let nearer = scheme.compare(&a.version, &b.version);
        let nearer = match rank(a) {
            2 => nearer.map(Ordering::reverse),
            _ => nearer,
        };
        let order = rank(a).cmp(&rank(b));
        order
            .then(nearer.unwrap_or(Ordering::Equal))
            .then(a.source.0.cmp(&b.source.0))
    })
}

/// What is found in successors of the vulnerabilities that patches named before.
async fn states(
    reading: &mut Reading,
    state: &State,
    over: &[&Run],
    successors: &[Option<&SourceSpan>],
) -> Result<HashMap<(SourcePackageId, String), FindingState>, TrackerError> {
    let both = over.iter().zip(successors);
    let wanted: Vec<(SourcePackageId, String)> = both
        .filter_map(|(run, successor)| Some((run, successor.as_ref()?)))
        .flat_map(|(run, successor)| {
            let names = all_named(&run.last.carried);
            names.map(|id| (successor.source, id.to_string()))
        })
        .collect();
    let names: HashSet<&str> = wanted.iter().map(|(_, id)| id.as_str()).collect();
    let session = &mut reading.session;
    let ids = session.vulnerabilities_by_name(names.into_iter()).await?;
    let pairs = wanted
        .iter()
        .filter_map(|(source, id)| Some((*source, *ids.get(id)?)));
    let pairs: HashSet<(SourcePackageId, i64)> = pairs.collect();
    let pairs: Vec<(SourcePackageId, i64)> = pairs.into_iter().collect();
    let rows = session.finding_states(state.at.branch, &pairs).await?;
    let states: HashMap<(SourcePackageId, i64), FindingState> = rows
        .into_iter()
        .map(|row| ((row.key.source, row.key.vulnerability), row.state))
        .collect();
    let found = wanted.into_iter().filter_map(|(source, id)| {
        let state = states.get(&(source, *ids.get(&id)?))?;
        Some(((source, id), state.clone()))
    });
    Ok(found.collect())
}

/// The vulnerabilities that the patches of a package and of its graft name.
fn all_named(carried: &Carried) -> impl Iterator<Item = &VulnerabilityId> {
    let graft = carried.graft.iter().flat_map(|graft| &graft.patched);
    carried.patched.iter().chain(graft).map(|(id, _)| id)
}

/// How a graft ended, in words too.
fn end<'a>(
    before: &Carried,
    after: &Carried,
    scheme: Scheme,
    found: impl Fn(&VulnerabilityId) -> Option<&'a FindingState>,
) -> (GraftEnd, String) {
    let all = gone(before, after, scheme, found);
    let says = |is_lost: bool| {
        let some = all.iter().filter(|it| it.is_lost == is_lost);
        let says: Vec<&str> = some.map(|it| it.says.as_str()).collect();
        (!says.is_empty()).then(|| says.join("; "))
    };
    if let Some(lost) = says(true) {
        return (GraftEnd::Lost, lost);
    }
    if let Some(graft) = &after.graft {
        return (
            GraftEnd::Replaced,
            format!("another graft took its place: users get {}", graft.version),
        );
    }
    if let Some(unproven) = says(false) {
        return (GraftEnd::Unproven, unproven);
    }
    let version = &after.version;
    let says = if *version == before.version {
        format!("the package itself has at {version} what the graft had")
    } else {
        format!("the package itself is at {version} now")
    };
    (GraftEnd::Ungrafted, says)
}

fn told(
    run: &Run,
    points: &HashMap<i64, RevisionPoint>,
    how: GraftEnd,
    says: String,
) -> EndedGraft {
    let carried = &run.last.carried;
    let at = |position: i64| points.get(&position).map(RevisionRef::from);
    let (since, until) = (at(run.since), run.until.and_then(at));
    let graft = carried.graft.as_deref();
    let names = graft.into_iter().flat_map(|graft| &graft.patched);
    let is_own = |id: &VulnerabilityId| carried.patched.iter().any(|(known, _)| known == id);
    let names = names.filter(|(id, _)| !is_own(id));
    EndedGraft {
        package: run.name.clone(),
        version: run.last.span.version.clone(),
        graft_version: graft.map_or_else(String::new, |graft| graft.version.clone()),
        names: names.map(|(id, _)| id.to_string()).collect(),
        days: days_between(since.as_ref(), until.as_ref()),
        since,
        until,
        how,
        says,
    }
}
