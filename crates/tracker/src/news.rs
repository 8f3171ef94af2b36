//! What a change of findings means to those who follow a branch: events.
//!
//! Events tell of what is open on a branch now. A finding of a version that has left the branch, or
//! was never its newest, is no news, and neither is one that was never open.

use std::collections::{BTreeMap, HashMap};

use palisade_store::{
    BranchId, Event, FindingKey, FindingState, OpenFinding, Session, SourcePackageId,
};

use crate::TrackerError;
use crate::derive::status;

/// A finding before and after a change.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) key: FindingKey,
    pub(crate) before: Option<FindingState>,
    pub(crate) after: Option<FindingState>,
}

/// Writes the events of findings that changed while their packages stayed.
///
/// `gone` names vulnerabilities that are no longer stored.
pub(crate) async fn tell_changes(
    session: &mut Session,
    now: i64,
    mut changes: Vec<Change>,
    gone: &HashMap<i64, String>,
) -> Result<(), TrackerError> {
    changes.retain(|change| is_open(change.before.as_ref()) || is_open(change.after.as_ref()));
    let sources: Vec<SourcePackageId> = changes.iter().map(|change| change.key.source).collect();
    let present = session.present_sources(&sources).await?;
    changes.retain(|change| present.contains(&(change.key.source, change.key.branch)));
    let labels = session.source_labels(&sources).await?;
    let vulnerabilities: Vec<i64> = changes
        .iter()
        .map(|change| change.key.vulnerability)
        .collect();
    let names = session.vulnerability_names(&vulnerabilities).await?;
    let events = changes.into_iter().filter_map(|change| {
        let Change { key, before, after } = change;
        let (package, version) = labels.get(&key.source)?;
        let id = &key.vulnerability;
        let name = names.get(id).or_else(|| gone.get(id))?;
        let (kind, says) = words(name, package, version, before.as_ref(), after.as_ref());
        Some(Event {
            time: now,
            kind,
            branch: Some(key.branch),
            package: Some(package.clone()),
            vulnerability: Some(name.clone()),
            says,
        })
    });
    let events: Vec<Event> = events.collect();
    session.write_events(&events).await?;
    Ok(())
}

/// What is open on a branch: the first version and the gravest status of each vulnerability in each
/// package.
pub(crate) struct OpenNow(BTreeMap<(String, String), (String, i64)>);

impl OpenNow {
    pub(crate) async fn of(session: &mut Session, branch: BranchId) -> Result<Self, TrackerError> {
        let mut open: BTreeMap<(String, String), (String, i64)> = BTreeMap::new();
        for finding in session.named_open_findings(branch).await? {
            let OpenFinding {
                vulnerability,
                package,
                version,
                status,
            } = finding;
            let known = open
                .entry((package, vulnerability))
                .or_insert((version, status));
            known.1 = known.1.min(status);
        }
        Ok(Self(open))
    }

    /// Writes the events by which a branch came to another state because its packages changed.
    pub(crate) async fn tell_way_to(
        &self,
        after: &Self,
        session: &mut Session,
        branch: BranchId,
        now: i64,
    ) -> Result<(), TrackerError> {
        let closed = self.0.iter().filter(|(key, _)| !after.0.contains_key(*key));
        let closed: Vec<_> = closed.collect();
        let names = closed.iter().map(|((package, _), _)| package.as_str());
        let versions = session.present_versions(branch, names).await?;
        let event = |(package, vulnerability): &(String, String), kind, says| Event {
            time: now,
            kind,
            branch: Some(branch),
            package: Some(package.clone()),
            vulnerability: Some(vulnerability.clone()),
            says,
        };
        let mut events = Vec::with_capacity(closed.len());
        for (key, (version, _)) in closed {
            let (package, name) = key;
            let became = match versions.get(package) {
                Some(versions) => format!("became {}", versions.join(", ")),
                None => "left the branch".to_owned(),
            };
            let says = format!("{name} is no longer open: {package} {version} {became}");
            events.push(event(key, "finding.closed", says));
        }
        for (key, (version, status)) in &after.0 {
            let (kind, is) = match self.0.get(key) {
                None => ("finding.opened", "is"),
                Some((_, before)) if before != status => ("finding.changed", "is now"),
                Some(_) => continue,
            };
            let (package, name) = key;
            let says = format!("{name} in {package} {version} {is} {}", label(*status));
            events.push(event(key, kind, says));
        }
        session.write_events(&events).await?;
        Ok(())
    }
}

fn words(
    name: &str,
    package: &str,
    version: &str,
    before: Option<&FindingState>,
    after: Option<&FindingState>,
) -> (&'static str, String) {
    let label = |state: &FindingState| label(state.status);
    match (is_open(before), after) {
        (true, Some(after)) if is_open(Some(after)) => (
            "finding.changed",
            format!("{name} in {package} {version} is now {}", label(after)),
        ),
        (true, Some(after)) => (
            "finding.closed",
            format!("{name} in {package} {version} is now {}", label(after)),
        ),
        (true, None) => (
            "finding.closed",
            format!("{name} no longer concerns {package} {version}"),
        ),
        (false, after) => {
            let label = after.map(label).unwrap_or_default();
            (
                "finding.opened",
                format!("{name} in {package} {version} is {label}"),
            )
        }
    }
}

fn label(place: i64) -> String {
    status(place).label().replace('_', " ")
}

fn is_open(state: Option<&FindingState>) -> bool {
    state.is_some_and(|state| state.status <= 1)
}
