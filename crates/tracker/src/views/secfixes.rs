//! What secfixes-tracker's interface asks of Alpine's branches: a vulnerability with its state in
//! each package, a package with its versions, lists of both for a repository.
//!
//! A repository is called there as Alpine's people call it: `3.22-main`, `edge-community`. A finding
//! of which nobody can tell is no state, as it never alarms.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use palisade_formats::cpe;
use palisade_model::{
    Affected, BranchName, Cpe, CvssVersion, Distribution, Lower, Product, Rating, Reference,
    Severity, Span, Upper, VerdictStatus, VersionStatus,
};
use palisade_store::{BranchId, PresentPackage, Session, SourcePackageId, VulnerabilityFindingRow};

use super::{Places, Reading, Views, evidence, grouped, told};
use crate::TrackerError;
use crate::derive::status;

/// States of one vulnerability that are told.
const STATES: i64 = 5000;

/// Links of one vulnerability that are told.
const REFERENCES: usize = 200;

/// What CPE names match of one vulnerability, at the most.
const MATCHES: usize = 500;

/// States, links and matches behind which a list ends early, and matches of a package at the most:
/// each is some hundred bytes of an answer.
const DETAILS: usize = 20_000;

/// A repository of Alpine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlpineRepository {
    /// As Alpine's people call it: `3.22-main`.
    pub name: String,
    /// The branch.
    pub branch: BranchName,
    /// Its name within the branch.
    pub repository: String,
}

/// A vulnerability.
#[derive(Debug, Clone, PartialEq)]
pub struct SecfixesVulnerability {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The foremost rating by CVSS 3: score and vector.
    pub rating: Option<(f64, String)>,
    /// Links.
    pub references: Vec<Reference>,
    /// Its state in packages that are in a repository now.
    pub states: Vec<SecfixesState>,
    /// Which products it is in, as far as packages are those.
    pub matches: Vec<CpeMatch>,
}

/// A part of a list of vulnerabilities.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SecfixesPart {
    /// The vulnerabilities.
    pub items: Vec<Arc<SecfixesVulnerability>>,
    /// How many stand before what follows, if anything does.
    pub next: Option<usize>,
}

/// A vulnerability's state in a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecfixesState {
    /// The vulnerability's name.
    pub vulnerability: String,
    /// The repository.
    pub repository: String,
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Whether it is fixed, or never was affected.
    pub fixed: bool,
}

/// That versions of a product, which a package is, are affected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CpeMatch {
    /// The vulnerability's name.
    pub vulnerability: String,
    /// The package.
    pub package: String,
    /// The product's name.
    pub cpe: String,
    /// The lower bound.
    pub minimum: Option<CpeBound>,
    /// The upper bound, or the only version.
    pub maximum: Option<CpeBound>,
}

/// A bound of versions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CpeBound {
    /// The version.
    pub version: String,
    /// `>=`, `>`, `<=`, `<` or `==`.
    pub operator: &'static str,
}

/// A package.
#[derive(Debug, Clone, PartialEq)]
pub struct SecfixesPackage {
    /// Its name.
    pub name: String,
    /// Its versions in repositories now.
    pub versions: Vec<SecfixesVersion>,
    /// Of which products it is.
    pub matches: Vec<CpeMatch>,
}

/// A version of a package in a repository.
#[derive(Debug, Clone, PartialEq)]
pub struct SecfixesVersion {
    /// The package.
    pub package: String,
    /// The version.
    pub version: String,
    /// The repository.
    pub repository: String,
    /// The maintainer.
    pub maintainer: Option<String>,
    /// Its states.
    pub states: Vec<SecfixesState>,
}

/// Which packages of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All.
    All,
    /// Those that nobody maintains.
    Orphaned,
    /// Those that somebody maintains; of one maintainer, or of any.
    Maintained(Option<String>),
}

impl Selection {
    fn takes(&self, maintainer: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Orphaned => maintainer.is_none(),
            Self::Maintained(None) => maintainer.is_some(),
            Self::Maintained(Some(wanted)) => maintainer == Some(wanted),
        }
    }
}

impl SecfixesVulnerability {
    /// How much there is to tell of it.
    fn details(&self) -> usize {
        self.states.len() + self.references.len() + self.matches.len()
    }
}

impl Views {
    /// The repositories of Alpine that are kept here.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn alpine_repositories(&self) -> Result<Vec<AlpineRepository>, TrackerError> {
        Ok(repositories(&self.reading().await?.places))
    }

    /// A vulnerability. `None` when there is none of that name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn secfixes_vulnerability(
        &self,
        name: &str,
    ) -> Result<Option<SecfixesVulnerability>, TrackerError> {
        let mut reading = self.reading().await?;
        vulnerability(&mut reading, name).await
    }

    /// A part of the unresolved vulnerabilities of packages of a repository: one for each package
    /// and vulnerability, by the package's name. `None` when there is no such repository.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn secfixes_unresolved(
        &self,
        repository: &str,
        selection: &Selection,
        offset: usize,
        limit: usize,
    ) -> Result<Option<SecfixesPart>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(versions) = versions(&mut reading, repository, selection).await? else {
            return Ok(None);
        };
        let states = versions.into_iter().flat_map(|version| version.states);
        let open: Vec<SecfixesState> = states.filter(|state| !state.fixed).collect();
        let mut known: HashMap<&str, Arc<SecfixesVulnerability>> = HashMap::new();
        let (mut items, mut passed, mut details) = (Vec::new(), offset, 0);
        for state in open.iter().skip(offset).take(limit) {
            if details >= DETAILS {
                break;
            }
            passed += 1;
            let name = state.vulnerability.as_str();
            if !known.contains_key(name)
                && let Some(found) = vulnerability(&mut reading, name).await?
            {
                known.insert(name, Arc::new(found));
            }
            if let Some(found) = known.get(name) {
                details += found.details();
                items.push(Arc::clone(found));
            }
        }
        let next = (passed < open.len()).then_some(passed);
        Ok(Some(SecfixesPart { items, next }))
    }

    /// The packages of a repository. `None` when there is no such repository.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn secfixes_versions(
        &self,
        repository: &str,
        selection: &Selection,
    ) -> Result<Option<Vec<SecfixesVersion>>, TrackerError> {
        let mut reading = self.reading().await?;
        versions(&mut reading, repository, selection).await
    }

    /// A package with its versions. `None` when no repository has it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn secfixes_package(
        &self,
        name: &str,
    ) -> Result<Option<SecfixesPackage>, TrackerError> {
        let mut reading = self.reading().await?;
        let distribution = Distribution::alpine();
        let session = &mut reading.session;
        let sources = session.sources_named(distribution.as_str(), name).await?;
        let ids: Vec<SourcePackageId> = sources.iter().map(|source| source.id).collect();
        let present = session.present_packages_of(&ids).await?;
        let present = present.into_iter().map(|(at, in_, it)| ((at, in_), it));
        let mut present = grouped(present);
        let mut found = Vec::new();
        for repository in repositories(&reading.places) {
            let Some(branch) = reading.places.id(&repository.branch) else {
                continue;
            };
            if let Some(packages) = present.remove(&(branch, repository.repository)) {
                let sources = sources_of(&repository.name, packages);
                found.extend(with_states(session, branch, sources).await?);
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let states = found.iter().flat_map(|version| &version.states);
        let names: BTreeSet<String> = states.map(|state| state.vulnerability.clone()).collect();
        let matches = matches_of(&mut reading, name, &ids, &names).await?;
        Ok(Some(SecfixesPackage {
            name: name.to_owned(),
            versions: found,
            matches,
        }))
    }
}

/// As Alpine's people call a repository.
fn repository_name(branch: &BranchName, repository: &str) -> String {
    let branch = branch.name();
    let number = branch.strip_prefix('v').unwrap_or(branch);
    format!("{number}-{repository}")
}

fn repositories(places: &Places) -> Vec<AlpineRepository> {
    let mut all: Vec<AlpineRepository> = places
        .repositories
        .iter()
        .filter_map(|row| {
            let branch = places.name(row.branch)?;
            let is_alpine = *branch.distribution() == Distribution::alpine();
            (is_alpine && !row.name.is_empty()).then(|| AlpineRepository {
                name: repository_name(branch, &row.name),
                branch: branch.clone(),
                repository: row.name.clone(),
            })
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

async fn vulnerability(
    reading: &mut Reading,
    name: &str,
) -> Result<Option<SecfixesVulnerability>, TrackerError> {
    let session = &mut reading.session;
    let Some(row) = session.vulnerability_named(name).await? else {
        return Ok(None);
    };
    let advisories = told::advisories(session, row.id).await?;
    let mut findings = session.vulnerability_findings(row.id, STATES).await?;
    let places = Arc::clone(&reading.places);
    findings.retain(|found| {
        let branch = places.name(found.branch);
        branch.is_some_and(|branch| *branch.distribution() == Distribution::alpine())
    });
    let states = states(session, &places, &row.name, &findings).await?;
    let asked: Vec<evidence::Asked> = findings
        .iter()
        .map(|found| evidence::Asked::of(found.branch, found.source, row.id))
        .collect();
    let matches = matches(session, &places, &asked).await?;
    let advisories = advisories.into_iter().map(|(_, advisory)| advisory);
    let (mut description, mut references, mut severities) = (None, Vec::new(), Vec::new());
    for advisory in advisories {
        description = description.or(advisory.details).or(advisory.title);
        for reference in advisory.references {
            let is_known = |known: &Reference| known.url == reference.url;
            if references.len() < REFERENCES && !references.iter().any(is_known) {
                references.push(reference);
            }
        }
        severities.extend(advisory.severities);
    }
    Ok(Some(SecfixesVulnerability {
        name: row.name,
        description,
        rating: rating(&severities),
        references,
        states,
        matches,
    }))
}

/// The foremost rating by CVSS 3.
fn rating(severities: &[Severity]) -> Option<(f64, String)> {
    let third = severities.iter().filter(|severity| {
        matches!(
            severity.score(),
            Some((CvssVersion::V30 | CvssVersion::V31, _))
        )
    });
    let third: Vec<Severity> = third.cloned().collect();
    let foremost = Severity::foremost(&third)?;
    let Rating::Cvss { vector, .. } = &foremost.rating else {
        return None;
    };
    Some((foremost.score()?.1, vector.clone()))
}

async fn states(
    session: &mut Session,
    places: &Places,
    vulnerability: &str,
    findings: &[VulnerabilityFindingRow],
) -> Result<Vec<SecfixesState>, TrackerError> {
    let sources: Vec<SourcePackageId> = findings.iter().map(|found| found.source).collect();
    let kept = session.present_repositories(&sources).await?;
    let mut states = Vec::new();
    for found in findings {
        let Some(fixed) = is_fixed(found.status) else {
            continue;
        };
        let here = kept
            .iter()
            .filter(|(source, branch, _)| *source == found.source && *branch == found.branch);
        let branch = places.name(found.branch);
        states.extend(branch.into_iter().flat_map(|branch| {
            here.clone().map(|(_, _, repository)| SecfixesState {
                vulnerability: vulnerability.to_owned(),
                repository: repository_name(branch, repository),
                package: found.package.clone(),
                version: found.version.clone(),
                fixed,
            })
        }));
    }
    states.sort();
    Ok(states)
}

/// Whether a status is a state, and which: of one of which nobody can tell, none.
fn is_fixed(number: i64) -> Option<bool> {
    match status(number) {
        VerdictStatus::Affected => Some(false),
        VerdictStatus::Fixed | VerdictStatus::NotAffected => Some(true),
        VerdictStatus::UnderInvestigation => None,
    }
}

/// The source packages of a repository with their states; `None` when there is no such repository.
async fn versions(
    reading: &mut Reading,
    name: &str,
    selection: &Selection,
) -> Result<Option<Vec<SecfixesVersion>>, TrackerError> {
    let mut all = repositories(&reading.places).into_iter();
    let Some(repository) = all.find(|it| it.name == name) else {
        return Ok(None);
    };
    let Some(branch) = reading.places.id(&repository.branch) else {
        return Ok(None);
    };
    let session = &mut reading.session;
    let ids = session
        .repositories_named(branch, &repository.repository)
        .await?;
    let packages = session.present_packages(&ids).await?;
    let mut sources = sources_of(&repository.name, packages);
    sources.retain(|_, source| selection.takes(source.maintainer.as_deref()));
    Ok(Some(with_states(session, branch, sources).await?))
}

/// Source packages by name and number.
type Sources = BTreeMap<(String, i64), SecfixesVersion>;

/// The source packages of packages of a repository.
fn sources_of(repository: &str, packages: Vec<PresentPackage>) -> Sources {
    let mut sources = Sources::new();
    for package in packages {
        let key = (package.source_name.clone(), package.source.0);
        let source = sources.entry(key).or_insert_with(|| SecfixesVersion {
            package: package.source_name.clone(),
            version: package.source_version.clone(),
            repository: repository.to_owned(),
            maintainer: None,
            states: Vec::new(),
        });
        // The package of the source's name speaks for it, else any.
        if source.maintainer.is_none() || package.name == package.source_name {
            source.maintainer = package.maintainer.or_else(|| source.maintainer.take());
        }
    }
    sources
}

/// Source packages of a branch with what was found in them.
async fn with_states(
    session: &mut Session,
    branch: BranchId,
    mut sources: Sources,
) -> Result<Vec<SecfixesVersion>, TrackerError> {
    let ids: Vec<SourcePackageId> = sources.keys().map(|(_, id)| SourcePackageId(*id)).collect();
    let rows = session.findings_of_sources(branch, &ids).await?;
    let vulnerabilities: Vec<i64> = rows.iter().map(|row| row.key.vulnerability).collect();
    let names = session.vulnerability_names(&vulnerabilities).await?;
    let places: HashMap<i64, String> = sources
        .keys()
        .map(|(name, id)| (*id, name.clone()))
        .collect();
    for row in rows {
        let key = places
            .get(&row.key.source.0)
            .map(|name| (name.clone(), row.key.source.0));
        let source = key.and_then(|key| sources.get_mut(&key));
        let name = names.get(&row.key.vulnerability);
        if let (Some(source), Some(name), Some(fixed)) = (source, name, is_fixed(row.state.status))
        {
            source.states.push(SecfixesState {
                vulnerability: name.clone(),
                repository: source.repository.clone(),
                package: source.package.clone(),
                version: source.version.clone(),
                fixed,
            });
        }
    }
    let mut versions: Vec<SecfixesVersion> = sources.into_values().collect();
    for version in &mut versions {
        version.states.sort();
    }
    Ok(versions)
}

/// What CPE names match of a package's vulnerabilities.
async fn matches_of(
    reading: &mut Reading,
    package: &str,
    sources: &[SourcePackageId],
    names: &BTreeSet<String>,
) -> Result<Vec<CpeMatch>, TrackerError> {
    let names = names.iter().map(String::as_str);
    let session = &mut reading.session;
    let known = session.vulnerabilities_by_name(names).await?;
    let ids: Vec<i64> = known.into_values().collect();
    let rows = session.places(sources, &ids).await?;
    let asked: Vec<evidence::Asked> = rows
        .iter()
        .map(|row| evidence::Asked::of(row.branch, row.source, row.vulnerability))
        .collect();
    let mut found = matches(session, &reading.places, &asked).await?;
    found.retain(|it| it.package == package);
    Ok(found)
}

/// Which entries with CPE names speak of packages.
async fn matches(
    session: &mut Session,
    places: &Places,
    asked: &[evidence::Asked],
) -> Result<Vec<CpeMatch>, TrackerError> {
    let mut found: BTreeMap<String, BTreeSet<CpeMatch>> = BTreeMap::new();
    let mut total = 0;
    evidence::judge_again(session, places, asked, |_, judged| {
        let name = judged.name.as_str();
        let of_name = found.entry(name.to_owned()).or_default();
        for claim in judged.judgement.claims() {
            for (cpe, minimum, maximum) in bounds(claim.entry()) {
                if of_name.len() < MATCHES && total < DETAILS {
                    let is_new = of_name.insert(CpeMatch {
                        vulnerability: name.to_owned(),
                        package: judged.subject.name.clone(),
                        cpe: cpe::formatted(cpe),
                        minimum,
                        maximum,
                    });
                    total += usize::from(is_new);
                }
            }
        }
    })
    .await?;
    Ok(found.into_values().flatten().collect())
}

/// An entry's CPE names with its ranges.
fn bounds(entry: &Affected) -> Vec<(&Cpe, Option<CpeBound>, Option<CpeBound>)> {
    let names = match &entry.product {
        Product::Cpe(name) => std::slice::from_ref(name),
        Product::Named { cpes, .. } => cpes,
        Product::Ecosystem { .. } | Product::Distribution { .. } => &[],
    };
    let bound = |version: &str, operator| CpeBound {
        version: version.to_owned(),
        operator,
    };
    let affected = entry.versions.iter();
    let affected = affected.filter(|range| range.status == VersionStatus::Affected);
    let spans = affected.filter_map(|range| match &range.span {
        Span::All => Some((None, None)),
        Span::Exact(version) => Some((None, Some(bound(version, "==")))),
        Span::Between(lower, upper) => {
            let minimum = match lower {
                Lower::Open => None,
                Lower::Including(version) => Some(bound(version, ">=")),
                Lower::Excluding(version) => Some(bound(version, ">")),
            };
            let maximum = match upper {
                Upper::Open => None,
                Upper::Including(version) => Some(bound(version, "<=")),
                Upper::Excluding(version) => Some(bound(version, "<")),
            };
            Some((minimum, maximum))
        }
        Span::Listed(_) | Span::NotStated => None,
    });
    let spans: Vec<_> = spans.collect();
    names
        .iter()
        .flat_map(|name| {
            spans
                .iter()
                .map(move |(low, high)| (name, low.clone(), high.clone()))
        })
        .collect()
}
