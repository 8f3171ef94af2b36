//! What a change does to security: findings that come and go, mitigations that are lost, and what
//! comes of it in numbers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use palisade_model::{Confidence, VerdictStatus, VulnerabilityId};
use palisade_store::FindingState;

use super::super::Reading;
use super::super::listing::Counts;
use super::Compared;
use super::entries::Carried;
use super::findings::{self, Change, Kind, SourcePair};
use super::known::Head;
use super::mitigation::{Gone, gone};
use super::types::{Cause, FindingChangeView, FoundView, MitigationView, NetView, Remedy};
use crate::TrackerError;
use crate::derive::{confidence, status};

/// What is told of security.
pub(super) struct Security {
    pub(super) net: NetView,
    pub(super) lost: Vec<MitigationView>,
    pub(super) unproven: Vec<MitigationView>,
    pub(super) introduced: Vec<FindingChangeView>,
    pub(super) fixed: Vec<FindingChangeView>,
    pub(super) changed: Vec<FindingChangeView>,
    pub(super) carried_over: Vec<FindingChangeView>,
}

/// What of a pair of source packages goes.
type GoneBy = HashMap<usize, Vec<Gone>>;

/// Vulnerabilities as lists show them, by their rows.
type Heads = HashMap<i64, Arc<Head>>;

pub(super) async fn of(
    compared: &Compared,
    reading: &mut Reading,
    limit: usize,
) -> Result<Security, TrackerError> {
    let gone = mitigations(compared, reading).await?;
    let all = findings::changes(&compared.sources).into_iter();
    let (same, mut other): (Vec<Change>, Vec<Change>) =
        all.partition(|it| it.kind() == Kind::CarriedOver);
    let heads = heads(compared, reading, &other).await?;
    other.sort_by_cached_key(|change| order(compared, &heads, change));
    let telling = Telling {
        compared,
        gone: &gone,
    };
    let mut net = NetView {
        carried_over: same.len(),
        ..NetView::default()
    };
    let (mut introduced, mut fixed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for change in &other {
        let head = heads.get(&change.vulnerability).map(Arc::as_ref);
        let list = match change.kind() {
            Kind::Introduced => {
                count(&mut net.introduced, change.to, head);
                &mut introduced
            }
            Kind::Fixed => {
                count(&mut net.fixed, change.from, head);
                &mut fixed
            }
            Kind::Changed | Kind::CarriedOver => {
                net.changed += 1;
                &mut changed
            }
        };
        if list.len() < limit {
            list.extend(head.map(|head| telling.change(change, head)));
        }
    }
    let carried_over = carried_over(compared, reading, &telling, same, limit).await?;
    let (lost, unproven) = told_mitigations(compared, reading, &gone).await?;
    (net.lost, net.unproven) = (lost.len(), unproven.len());
    let cut = |list: Vec<MitigationView>| list.into_iter().take(limit).collect();
    Ok(Security {
        net,
        lost: cut(lost),
        unproven: cut(unproven),
        introduced,
        fixed,
        changed,
        carried_over,
    })
}

/// The mitigations of each pair that go.
async fn mitigations(compared: &Compared, reading: &mut Reading) -> Result<GoneBy, TrackerError> {
    let pairs = compared.sources.iter().enumerate();
    let both = pairs.filter_map(|(place, pair)| {
        let (from, to) = (pair.from.as_ref()?, pair.to.as_ref()?);
        let (before, after) = (from.read.carried.as_deref()?, to.read.carried.as_deref()?);
        let may_go = before.is_something() && from.id != to.id;
        may_go.then_some((place, to, before, after))
    });
    let both: Vec<_> = both.collect();
    let all = both.iter().flat_map(|(_, _, before, _)| named_by(before));
    let all: HashSet<&str> = all.map(VulnerabilityId::as_str).collect();
    let session = &mut reading.session;
    let ids = session.vulnerabilities_by_name(all.into_iter()).await?;
    let gone = both.into_iter().map(|(place, to, before, after)| {
        let found = |id: &VulnerabilityId| to.state_of(*ids.get(id.as_str())?);
        let all = gone(before, after, compared.scheme, found);
        (place, all)
    });
    Ok(gone.filter(|(_, all)| !all.is_empty()).collect())
}

/// The vulnerabilities that the patches of a source package and of its graft name.
fn named_by(carried: &Carried) -> impl Iterator<Item = &VulnerabilityId> {
    let graft = carried.graft.iter().flat_map(|graft| &graft.patched);
    carried.patched.iter().chain(graft).map(|(id, _)| id)
}

async fn heads(
    compared: &Compared,
    reading: &mut Reading,
    changes: &[Change<'_>],
) -> Result<Heads, TrackerError> {
    let ids = changes.iter().map(|it| it.vulnerability);
    compared.known.heads(&mut reading.session, ids).await
}

/// What comes first: what is affected, then what is exploited, then the gravest.
fn order<'a>(compared: &'a Compared, heads: &'a Heads, change: &Change<'_>) -> impl Ord + use<'a> {
    let pair = &compared.sources[change.pair];
    let state = change.to.filter(|it| it.status <= 1);
    let state = state.or(change.from).map(|it| it.status);
    let head = heads.get(&change.vulnerability);
    let score = head.and_then(|it| it.score.as_ref());
    // Scores have one digit behind the point.
    let points = score.map(|it| (it.level, (it.score * 10.0).round().to_bits()));
    (
        state,
        head.is_some_and(|it| it.head.exploited_since.is_none()),
        std::cmp::Reverse(points),
        name_of(pair),
        head.map(|it| it.head.name.as_str()),
        change.pair,
    )
}

fn name_of(pair: &SourcePair) -> &str {
    let source = pair.to.as_ref().or(pair.from.as_ref());
    source.map_or("", |it| it.read.name.text())
}

fn count(counts: &mut Counts, state: Option<&FindingState>, head: Option<&Head>) {
    let (Some(state), Some(head)) = (state, head) else {
        return;
    };
    if status(state.status) == VerdictStatus::Affected {
        let level = head.score.as_ref().map(|it| it.level);
        counts.affected += 1;
        counts.levels.add(level);
        counts.exploited += usize::from(head.head.exploited_since.is_some());
    } else {
        counts.under_investigation += 1;
    }
}

/// Findings that stay as they are: only those that are shown are looked at.
async fn carried_over(
    compared: &Compared,
    reading: &mut Reading,
    telling: &Telling<'_>,
    mut same: Vec<Change<'_>>,
    limit: usize,
) -> Result<Vec<FindingChangeView>, TrackerError> {
    let by_name = |a: &Change<'_>, b: &Change<'_>| {
        let key = |it: &Change<'_>| {
            let state = it.to.map(|state| state.status);
            (state, name_of(&compared.sources[it.pair]))
        };
        let places = (a.vulnerability, a.pair).cmp(&(b.vulnerability, b.pair));
        key(a).cmp(&key(b)).then(places)
    };
    // There are many, and few are shown: the others need no order.
    if same.len() > limit {
        same.select_nth_unstable_by(limit, by_name);
        same.truncate(limit);
    }
    same.sort_unstable_by(by_name);
    let heads = heads(compared, reading, &same).await?;
    let told = same.iter().filter_map(|change| {
        let head = heads.get(&change.vulnerability)?;
        Some(telling.change(change, head))
    });
    Ok(told.collect())
}

/// The mitigations that are lost, and those of which nobody can tell.
async fn told_mitigations(
    compared: &Compared,
    reading: &mut Reading,
    gone: &GoneBy,
) -> Result<(Vec<MitigationView>, Vec<MitigationView>), TrackerError> {
    let session = &mut reading.session;
    let names = gone
        .values()
        .flatten()
        .filter_map(|it| it.vulnerability.as_ref());
    let names: HashSet<&str> = names.map(VulnerabilityId::as_str).collect();
    let ids = session.vulnerabilities_by_name(names.into_iter()).await?;
    let heads = compared.known.heads(session, ids.values().copied()).await?;
    let score = |name: &str| {
        let head = ids.get(name).and_then(|id| heads.get(id));
        head.and_then(|head| head.score.clone())
    };
    let mut places: Vec<&usize> = gone.keys().collect();
    places.sort_by_key(|place| (name_of(&compared.sources[**place]), **place));
    let (mut lost, mut unproven) = (Vec::new(), Vec::new());
    for place in places {
        let pair = &compared.sources[*place];
        let version = |source: Option<&super::Source>| {
            source.map_or_else(String::new, |it| it.read.version.to_string())
        };
        for it in &gone[place] {
            let vulnerability = it.vulnerability.as_ref().map(ToString::to_string);
            let score = vulnerability.as_deref().and_then(score);
            let told = if it.is_lost { &mut lost } else { &mut unproven };
            told.push(MitigationView {
                package: name_of(pair).to_owned(),
                from_version: version(pair.from.as_ref()),
                to_version: version(pair.to.as_ref()),
                kind: it.kind,
                name: it.name.clone(),
                vulnerability,
                score,
                says: it.says.clone(),
            });
        }
    }
    Ok((lost, unproven))
}

/// Tells of changes.
struct Telling<'a> {
    compared: &'a Compared,
    gone: &'a GoneBy,
}

impl Telling<'_> {
    fn change(&self, change: &Change<'_>, head: &Head) -> FindingChangeView {
        let Head { head, score } = head;
        let pair = &self.compared.sources[change.pair];
        let gone = self.gone.get(&change.pair).map_or(&[][..], Vec::as_slice);
        let kind = change.kind();
        let cause =
            (kind == Kind::Introduced).then(|| findings::cause(change, pair, &head.name, gone));
        let to = pair.to.as_ref();
        let carried = to.and_then(|to| to.read.carried.as_deref());
        let remedy =
            (kind == Kind::Fixed).then(|| findings::remedy(change, pair, &head.name, carried));
        let version =
            |source: &Option<super::Source>| source.as_ref().map(|it| it.read.version.to_string());
        let (from, to) = (change.from.map(found), change.to.map(found));
        let view = FindingChangeView {
            vulnerability: head.name.clone(),
            title: head.title.clone(),
            package: name_of(pair).to_owned(),
            from_version: version(&pair.from),
            to_version: version(&pair.to),
            from,
            to,
            cause,
            remedy,
            score: score.clone(),
            exploited_since: head.exploited_since.clone(),
            epss: head.epss,
            says: String::new(),
        };
        FindingChangeView {
            says: says(&view, gone),
            ..view
        }
    }
}

fn found(state: &FindingState) -> FoundView {
    FoundView {
        status: status(state.status),
        confidence: confidence(state.confidence),
        fixed_in: state.fixed_in.clone(),
    }
}

/// What happened, in words.
fn says(view: &FindingChangeView, gone: &[Gone]) -> String {
    let from = view.from_version.as_deref().unwrap_or("-");
    let to = view.to_version.as_deref().unwrap_or("-");
    let fix = view.to.as_ref().and_then(|it| it.fixed_in.as_deref());
    let fix = fix.map_or_else(String::new, |fix| format!("; the fix is in {fix}"));
    if let Some(cause) = view.cause {
        return match cause {
            Cause::New => format!("{} {to} is new{fix}", view.package),
            Cause::MitigationLost => {
                let own = |it: &&Gone| {
                    it.vulnerability
                        .as_ref()
                        .is_none_or(|id| id.as_str() == view.vulnerability)
                };
                let why = gone.iter().filter(|it| it.is_lost).find(own);
                why.map_or_else(|| cause.words().to_owned(), |it| it.says.clone())
            }
            Cause::Version => format!("{from} became {to}{fix}"),
            Cause::Content => format!("{to} is otherwise made, or known by something else{fix}"),
            Cause::Branch => format!("the records of the other branch say something else{fix}"),
        };
    }
    if let Some(remedy) = view.remedy {
        return match remedy {
            Remedy::Upgrade => format!("{from} became {to}"),
            Remedy::Patch => format!("a patch of {to} names it"),
            Remedy::Graft => format!("a graft of {to} mends it"),
            Remedy::Hint => format!("the packager says that it does not affect {to}"),
            Remedy::Removal => format!("{} {from} is gone", view.package),
            Remedy::Content => format!("{to} is otherwise made, or known by something else"),
            Remedy::Branch => "the records of the other branch say something else".to_owned(),
        };
    }
    match (&view.from, &view.to) {
        (Some(from), Some(to)) if from != to => {
            let words = |it: &FoundView| {
                let sure = match it.confidence {
                    Confidence::Certain => "certain",
                    Confidence::Likely => "likely",
                    Confidence::Possible => "possible",
                };
                let fix = it.fixed_in.as_deref();
                let fix = fix.map_or_else(String::new, |fix| format!(", fixed in {fix}"));
                format!("{} ({sure}{fix})", it.status.label().replace('_', " "))
            };
            format!("{} became {}", words(from), words(to))
        }
        _ => "as before".to_owned(),
    }
}
