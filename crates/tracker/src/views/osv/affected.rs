//! What affects a version of a package on the branches that are kept here.

use std::collections::HashMap;

use palisade_matching::Subject;
use palisade_model::{Distribution, VerdictStatus, VulnerabilityId};
use palisade_store::{BranchId, SourcePackageId, SourceSpan};
use palisade_version::Scheme;

use super::super::named::named;
use super::super::{Reading, evidence, grouped};
use crate::TrackerError;
use crate::derive::{judge_loaded, load_advisories, load_subjects_as, status};

/// Where a package is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) distribution: &'a Distribution,
    /// Only on this branch.
    pub(super) branch: Option<&'a str>,
}

/// The vulnerabilities of a version of a package, or of all its versions. `None` when no branch that
/// is kept here ever had the package.
pub(super) async fn ids(
    reading: &mut Reading,
    place: Place<'_>,
    name: &str,
    version: Option<&str>,
) -> Result<Option<Vec<String>>, TrackerError> {
    let here = there(reading, place, name).await?;
    if here.is_empty() {
        return Ok(None);
    }
    let scheme = place.distribution.scheme();
    let mut found = Vec::new();
    for (branch, spans) in here {
        let Some(version) = version else {
            let sources: Vec<SourcePackageId> = spans.iter().map(|it| it.source).collect();
            let wanted = [VerdictStatus::Affected, VerdictStatus::Fixed];
            found.extend(stored(reading, branch, &sources, &wanted).await?);
            continue;
        };
        let sources = last_with(scheme, &spans, version);
        found.extend(if sources.is_empty() {
            judged(reading, branch, spans[0].source, version).await?
        } else {
            stored(reading, branch, &sources, &[VerdictStatus::Affected]).await?
        });
    }
    found.sort_unstable();
    found.dedup();
    let names = reading.session.vulnerability_names(&found).await?;
    Ok(Some(names.into_values().collect()))
}

/// The source packages that a version had when it was last there: Guix may have several of one
/// version beside each other, and what was before has been replaced by them.
fn last_with(scheme: Scheme, spans: &[SourceSpan], version: &str) -> Vec<SourcePackageId> {
    let is_it = |span: &&SourceSpan| {
        let order = scheme.compare(&span.version, version);
        order.map_or(span.version == version, std::cmp::Ordering::is_eq)
    };
    let end = |span: &SourceSpan| span.until.unwrap_or(i64::MAX);
    let same = spans.iter().filter(is_it);
    let last = same.clone().map(end).max();
    same.filter(|span| Some(end(span)) == last)
        .map(|span| span.source)
        .collect()
}

/// When the package was on which of the branches, what is there now first, then the latest.
async fn there(
    reading: &mut Reading,
    place: Place<'_>,
    name: &str,
) -> Result<HashMap<BranchId, Vec<SourceSpan>>, TrackerError> {
    let Place {
        distribution,
        branch,
    } = place;
    let places = std::sync::Arc::clone(&reading.places);
    let wanted = |id: BranchId| {
        let known = places.name(id);
        known.is_some_and(|known| {
            known.distribution() == distribution && branch.is_none_or(|name| known.name() == name)
        })
    };
    if !places.branches.iter().any(|(id, _)| wanted(*id)) {
        return Ok(HashMap::new());
    }
    let session = &mut reading.session;
    let sources = named(session, distribution, name).await?;
    let sources = sources.iter().flat_map(|(_, sources)| sources);
    let sources: Vec<SourcePackageId> = sources.map(|source| source.id).collect();
    let mut history = session.source_history(&sources).await?;
    history.retain(|(branch, _)| wanted(*branch));
    history.sort_by_key(|(_, span)| (span.until.is_some(), std::cmp::Reverse(span.since)));
    Ok(grouped(history))
}

/// The vulnerabilities whose findings in source packages have one of the statuses.
async fn stored(
    reading: &mut Reading,
    branch: BranchId,
    sources: &[SourcePackageId],
    statuses: &[VerdictStatus],
) -> Result<Vec<i64>, TrackerError> {
    let rows = reading.session.findings_of_sources(branch, sources).await?;
    let wanted = rows
        .into_iter()
        .filter(|row| statuses.contains(&status(row.state.status)));
    Ok(wanted.map(|row| row.key.vulnerability).collect())
}

/// The vulnerabilities by which a version would be affected that never was on the branch: as the
/// one that is there, but without its patches, its graft and what its packager says of it.
async fn judged(
    reading: &mut Reading,
    branch: BranchId,
    like: SourcePackageId,
    version: &str,
) -> Result<Vec<i64>, TrackerError> {
    let session = &mut reading.session;
    let wanted = [like];
    let subjects = load_subjects_as(session, &wanted, |package| {
        version.clone_into(&mut package.version);
        version.clone_into(&mut package.source_version);
        package.patches.clear();
        package.replacement = None;
        package.hints.cpe_version = None;
        package.hints.hidden_vulnerabilities.clear();
        package.hints.known_vulnerabilities.clear();
    });
    let subjects = subjects.await?;
    let Some(subject) = subjects.get(&like) else {
        return Ok(Vec::new());
    };
    let pairs = session.pairs_of_sources(&[like]).await?;
    let advisories: Vec<i64> = pairs.into_iter().map(|(_, advisory)| advisory).collect();
    let loaded = load_advisories(session, &advisories).await?;
    let advisories_of = grouped(session.vulnerabilities_of(&advisories).await?);
    let vulnerabilities: Vec<i64> = advisories_of.keys().copied().collect();
    let names = session.vulnerability_names(&vulnerabilities).await?;
    let place = evidence::place(&reading.places, branch);
    let is_affected = |vulnerability: &i64, advisories: &[i64], subject: &Subject| {
        let name: VulnerabilityId = names.get(vulnerability)?.parse().ok()?;
        let spoken = advisories.iter().filter_map(|id| loaded.get(id));
        let judgement = judge_loaded(subject, &name, spoken, place)?;
        (judgement.status == VerdictStatus::Affected).then_some(*vulnerability)
    };
    Ok(advisories_of
        .iter()
        .filter_map(|(vulnerability, advisories)| is_affected(vulnerability, advisories, subject))
        .collect())
}
