//! One package of a distribution: what is where, what it is made of, and what is known of it.

mod types;

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use palisade_model::{
    Distribution, Evidence, Package, Patch, SourceOrigin, Timestamp, VerdictStatus,
};
use palisade_store::{BranchId, PackageRow, PlaceRow, SourcePackageId, VulnerabilityHead};
use palisade_version::Scheme;

use super::cache::Cache;
use super::named::named;
use super::relatives::relatives;
use super::{
    EpssDay, GraftedPackage, PackagePlace, Places, Reading, RevisionRef, Score, Views, evidence,
    grafts, grouped,
};
use crate::TrackerError;
use crate::derive::{confidence, status};
use crate::encoding::decode_each;

pub use self::types::{
    BuiltPackage, GraftView, HistoryItem, PackageDetails, PackageFinding, PackageQuery,
    PackageVersion, PackageView, PatchView, Section, SectionCounts, SourceView,
};

/// Built packages that are told; a compiler's source has a few dozen, a font collection thousands.
const BUILT: i64 = 400;

/// Spans of history that are told.
const HISTORY: usize = 100;

/// The grafts of source packages on branches now.
type Grafts = HashMap<(BranchId, SourcePackageId), GraftedPackage>;

/// A finding with the source package and the branch of each of its places.
type Found = (PackageFinding, Vec<(BranchId, SourcePackageId)>);

/// A source package on a branch now.
struct Present {
    branch: BranchId,
    source: SourcePackageId,
    version: String,
    since: i64,
}

impl Views {
    /// What is known of a package, where `now` tells how old scores are; the name of one that is built
    /// from another source leads there. `None` when there is no such package.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package(
        &self,
        distribution: &Distribution,
        name: &str,
        query: &PackageQuery,
        now: Timestamp,
    ) -> Result<Option<PackageView>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some((name, sources)) = named(&mut reading.session, distribution, name).await? else {
            return Ok(None);
        };
        let ids: Vec<SourcePackageId> = sources.iter().map(|source| source.id).collect();
        let (present, history) = history(&mut reading, &ids).await?;
        let at = present.iter().map(|at| (at.branch, at.source)).collect();
        let grafts = grafts::present(&self.cache, &mut reading, at).await?;
        let scheme = distribution.scheme();
        let (versions, details) =
            versions(&self.cache, &mut reading, scheme, &present, &grafts).await?;
        let current: HashSet<SourcePackageId> = present.iter().map(|at| at.source).collect();
        let mut current: Vec<SourcePackageId> = current.into_iter().collect();
        current.sort_unstable();
        let branch = query
            .branch
            .as_ref()
            .and_then(|branch| reading.places.id(branch));
        let sections = sections(&mut reading, &current, branch).await?;
        let found = findings(&mut reading, &present, &current, branch, query).await?;
        let findings = with_grafts(found, &grafts);
        let speaking = if current.is_empty() { &ids } else { &current };
        let relatives = relatives(&self.cache, &mut reading, distribution, &name, speaking).await?;
        Ok(Some(PackageView {
            distribution: distribution.clone(),
            name,
            versions,
            details,
            sections,
            section: query.section,
            offset: query.offset,
            epss: EpssDay::newest(&self.cache, &mut reading, now).await?,
            findings,
            relatives,
            history,
        }))
    }
}

async fn history(
    reading: &mut Reading,
    sources: &[SourcePackageId],
) -> Result<(Vec<Present>, Vec<HistoryItem>), TrackerError> {
    let rows = reading.session.source_history(sources).await?;
    let mut present: Vec<Present> = rows
        .iter()
        .filter(|(_, span)| span.until.is_none())
        .map(|(branch, span)| Present {
            branch: *branch,
            source: span.source,
            version: span.version.clone(),
            since: span.since,
        })
        .collect();
    let place = |id: BranchId| {
        reading
            .places
            .branches
            .iter()
            .position(|(known, _)| *known == id)
    };
    present.sort_by_key(|at| (place(at.branch), std::cmp::Reverse(at.since)));
    let told: Vec<_> = rows.into_iter().take(HISTORY).collect();
    let positions = grouped(told.iter().flat_map(|(branch, span)| {
        [Some(span.since), span.until]
            .into_iter()
            .flatten()
            .map(|at| (*branch, at))
    }));
    let mut points = std::collections::HashMap::new();
    for (branch, positions) in positions {
        for (at, point) in reading.session.revisions_at(branch, positions).await? {
            points.insert((branch, at), RevisionRef::from(&point));
        }
    }
    let history = told.into_iter().filter_map(|(branch, span)| {
        Some(HistoryItem {
            branch: reading.places.name(branch)?.clone(),
            version: span.version,
            since: points.get(&(branch, span.since)).cloned(),
            until: span
                .until
                .and_then(|until| points.get(&(branch, until)).cloned()),
        })
    });
    Ok((present, history.collect()))
}

/// The versions on the branches now, and what the newest of them is made of.
async fn versions(
    cache: &Cache,
    reading: &mut Reading,
    scheme: Scheme,
    present: &[Present],
    grafts: &Grafts,
) -> Result<(Vec<PackageVersion>, Option<PackageDetails>), TrackerError> {
    let sources: Vec<SourcePackageId> = present.iter().map(|at| at.source).collect();
    let built = reading.session.built_packages(&sources, BUILT).await?;
    // One entry speaks for each source package: its namesake, else the first by name.
    let speakers: Vec<Option<&PackageRow>> = present
        .iter()
        .map(|at| {
            let of_source = || built.iter().filter(|row| row.source == at.source);
            of_source()
                .find(|row| row.version == at.version)
                .or_else(|| of_source().next())
        })
        .collect();
    let spans: Vec<_> = speakers.iter().flatten().map(|row| row.facts).collect();
    let mut packages: Vec<Option<Package>> = vec![None; spans.len()];
    let keep = |index: usize, package| packages[index] = Some(package);
    decode_each(&mut reading.session, "a package", &spans, keep).await?;
    let mut packages = packages.into_iter();
    let mut versions = Vec::with_capacity(present.len());
    let mut newest: Option<PackageDetails> = None;
    for (at, speaker) in present.iter().zip(&speakers) {
        let package = speaker.and_then(|_| packages.next().flatten());
        let Some(mut version) = version(cache, reading, at, package.as_ref(), &built).await? else {
            continue;
        };
        let grafted = grafts.get(&(at.branch, at.source));
        if let Some((graft, grafted)) = version.graft.as_mut().zip(grafted) {
            graft.tell(grafted);
        }
        versions.push(version);
        if let Some(package) = package {
            let later = |known: &PackageDetails| {
                scheme
                    .compare(&package.version, &known.version)
                    .is_some_and(Ordering::is_gt)
            };
            if newest.as_ref().is_none_or(later) {
                newest = Some(details(package));
            }
        }
    }
    Ok((versions, newest))
}

async fn version(
    cache: &Cache,
    reading: &mut Reading,
    at: &Present,
    package: Option<&Package>,
    built: &[PackageRow],
) -> Result<Option<PackageVersion>, TrackerError> {
    let Some(branch) = reading.places.name(at.branch).cloned() else {
        return Ok(None);
    };
    let listing = cache.listing(reading, (at.branch, None)).await?;
    let (affected, under_investigation) = listing.of_source(at.source);
    let points = reading.session.revisions_at(at.branch, [at.since]).await?;
    let fixes = reading.session.fixes(at.branch, at.source).await?;
    let built = built
        .iter()
        .filter(|row| row.source == at.source && row.branch == at.branch);
    let last_fix = latest(branch.distribution().scheme(), &fixes);
    Ok(Some(PackageVersion {
        branch,
        version: at.version.clone(),
        since: points.get(&at.since).map(RevisionRef::from),
        graft: package
            .and_then(|package| package.replacement.as_deref())
            .map(|graft| GraftView {
                version: graft.version.clone(),
                patches: patches(&graft.patches),
                ..GraftView::default()
            }),
        patches: package
            .map(|package| patches(&package.patches))
            .unwrap_or_default(),
        affected,
        fixable: fixes
            .iter()
            .map(|(_, count)| count)
            .sum::<i64>()
            .try_into()
            .unwrap_or(0),
        last_fix,
        under_investigation,
        built: built
            .map(|row| BuiltPackage {
                name: row.name.clone(),
                version: row.version.clone(),
                repository: row.repository.clone(),
                architecture: row.architecture.clone(),
            })
            .collect(),
    }))
}

impl GraftView {
    /// Tells what is known of the graft.
    fn tell(&mut self, grafted: &GraftedPackage) {
        let names = |list: &[super::GraftFinding]| -> Vec<String> {
            list.iter().map(|it| it.vulnerability.clone()).collect()
        };
        let affects = |it: &&super::GraftFinding| it.status == VerdictStatus::Affected;
        self.since.clone_from(&grafted.since);
        self.says.clone_from(&grafted.says);
        self.names.clone_from(&grafted.graft.names);
        self.fixes = names(&grafted.fixes);
        let leaves = grafted.leaves.iter().filter(affects);
        self.leaves = leaves.map(|it| it.vulnerability.clone()).collect();
        self.reach = grafted.reach;
    }
}

/// The latest of some versions; none when there are two that cannot be compared.
fn latest(scheme: Scheme, fixes: &[(String, i64)]) -> Option<String> {
    let mut versions = fixes.iter().map(|(version, _)| version);
    let mut latest = versions.next()?;
    for version in versions {
        if scheme.compare(version, latest)?.is_gt() {
            latest = version;
        }
    }
    Some(latest.clone())
}

fn patches(patches: &[Patch]) -> Vec<PatchView> {
    let view = |patch: &Patch| PatchView {
        name: patch.name.clone(),
        vulnerabilities: patch
            .vulnerabilities
            .iter()
            .map(ToString::to_string)
            .collect(),
    };
    patches.iter().map(view).collect()
}

fn details(package: Package) -> PackageDetails {
    PackageDetails {
        version: package.version,
        synopsis: package.synopsis,
        homepage: package.homepage,
        maintainer: package.maintainer,
        location: package.location,
        licenses: package.licenses,
        build_system: package.build_system,
        outputs: package.outputs,
        sources: package.sources.into_iter().map(source).collect(),
        commit: package.commit,
        built: package
            .built
            .and_then(|seconds| Timestamp::from_second(seconds).ok()),
    }
}

fn source(origin: SourceOrigin) -> SourceView {
    SourceView {
        urls: origin.urls,
        reference: origin.reference,
        file_name: origin.file_name,
        hash: origin
            .hash
            .map(|hash| format!("{}:{}", hash.algorithm, hash.hex)),
    }
}

async fn sections(
    reading: &mut Reading,
    sources: &[SourcePackageId],
    branch: Option<BranchId>,
) -> Result<SectionCounts, TrackerError> {
    let mut counts = SectionCounts::default();
    for (status, count) in reading.session.package_sections(sources, branch).await? {
        match status {
            0 | 1 => counts.open += count,
            2 => counts.fixed += count,
            _ => counts.not_affected += count,
        }
    }
    Ok(counts)
}

async fn findings(
    reading: &mut Reading,
    present: &[Present],
    sources: &[SourcePackageId],
    branch: Option<BranchId>,
    query: &PackageQuery,
) -> Result<Vec<Found>, TrackerError> {
    let statuses = match query.section {
        Section::Open => (0, 1),
        Section::Fixed => (2, 2),
        Section::NotAffected => (3, 3),
    };
    let part = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let session = &mut reading.session;
    let heads = session
        .package_findings(
            sources,
            branch,
            statuses,
            part(query.limit),
            part(query.offset),
        )
        .await?;
    let ids: Vec<i64> = heads.iter().map(|head| head.id).collect();
    let mut rows = session.places(sources, &ids).await?;
    rows.retain(|row| branch.is_none_or(|branch| row.branch == branch));
    let mut places = grouped(rows.into_iter().map(|row| (row.vulnerability, row)));
    let wanted: Vec<evidence::Asked> = heads
        .iter()
        .filter_map(|head| Some(asked(places.get(&head.id)?.first()?)))
        .collect();
    let verdicts = evidence::verdicts(session, &reading.places, &wanted).await?;
    let findings = heads.into_iter().map(|head| {
        let rows = places.remove(&head.id).unwrap_or_default();
        let verdict = rows.first().and_then(|row| verdicts.get(&asked(row)));
        let evidence = verdict.map(|verdict| verdict.evidence.clone());
        finding(&reading.places, head, &rows, present, evidence)
    });
    Ok(findings.collect())
}

fn asked(row: &PlaceRow) -> evidence::Asked {
    evidence::Asked {
        branch: row.branch,
        source: row.source,
        vulnerability: row.vulnerability,
    }
}

fn finding(
    places: &Places,
    head: VulnerabilityHead,
    rows: &[PlaceRow],
    present: &[Present],
    evidence: Option<Evidence>,
) -> Found {
    let version = |row: &PlaceRow| {
        let at = present.iter().find(|at| at.source == row.source)?;
        Some(at.version.clone())
    };
    let told = rows.iter().filter_map(|row| {
        let place = PackagePlace {
            branch: places.name(row.branch)?.clone(),
            version: version(row)?,
            status: status(row.status),
            confidence: confidence(row.confidence),
            fixed_in: row.fixed_in.clone(),
            graft: None,
        };
        Some((place, (row.branch, row.source)))
    });
    let (places, at) = told.unzip();
    let finding = PackageFinding {
        score: Score::of(head.score.as_ref()),
        vulnerability: head.name,
        title: head.title,
        exploited_since: head.exploited_since,
        epss: head.epss,
        places,
        evidence,
    };
    (finding, at)
}

/// Findings with what grafts do to them.
fn with_grafts(found: Vec<Found>, grafts: &Grafts) -> Vec<PackageFinding> {
    let told = found.into_iter().map(|(mut finding, at)| {
        for (place, at) in finding.places.iter_mut().zip(at) {
            let graft = grafts.get(&at);
            place.graft = graft.and_then(|graft| graft.role(&finding.vulnerability));
        }
        finding
    });
    told.collect()
}
