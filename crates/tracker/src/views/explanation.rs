//! One vulnerability in one package, explained to the end: every record that speaks of it, those
//! that lost included, and where there is no finding, why not.

use std::collections::BTreeSet;

use palisade_model::{BranchName, Confidence, Distribution, Step, VerdictStatus, VulnerabilityId};
use palisade_store::{BranchId, SourcePackageId, VulnerabilityRow};
use serde::Serialize;

use super::evidence::{place, speaks_of};
use super::hearing::Hearing;
use super::vulnerability::CHOICES;
use super::{ChangeView, Reading, RevisionRef, Score, Views};
use crate::TrackerError;
use crate::derive::{LoadedAdvisory, load_facts, load_subjects};

/// Branches that a package has left that are told.
const LEFT: usize = 10;

/// What is to be explained.
#[derive(Debug, Clone)]
pub struct ExplanationQuery {
    /// The vulnerability.
    pub vulnerability: VulnerabilityId,
    /// The source package, or one that is built from it.
    pub package: String,
    /// Only on this branch.
    pub branch: Option<BranchName>,
}

/// What the answer is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum ExplanationAnswer {
    /// The explanation.
    Explained(Box<Explanation>),
    /// No such vulnerability is stored.
    UnknownVulnerability,
    /// The name stands for several vulnerabilities.
    SeveralVulnerabilities {
        /// Their names.
        names: Vec<String>,
    },
    /// There is no such branch.
    UnknownBranch {
        /// Those that there are.
        branches: Vec<BranchName>,
    },
    /// No distribution here has a package of that name.
    UnknownPackage,
    /// The package is not there now.
    NotThere {
        /// Where it was, the latest first.
        left: Vec<Left>,
    },
}

/// A version of a package that is no longer on a branch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Left {
    /// The branch.
    pub branch: BranchName,
    /// The version.
    pub version: String,
    /// The revision with which it went; none when it is still there.
    pub until: Option<RevisionRef>,
}

/// A vulnerability in a package.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The vulnerability's name.
    pub vulnerability: String,
    /// Its heading.
    pub title: Option<String>,
    /// Its foremost base score.
    pub score: Option<Score>,
    /// The source package.
    pub package: String,
    /// Each version that is on a branch now.
    pub places: Vec<ExplainedPlace>,
}

/// A version of a package on a branch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedPlace {
    /// The branch.
    pub branch: BranchName,
    /// The version.
    pub version: String,
    /// The verdict; none when there is no finding.
    pub conclusion: Option<Conclusion>,
    /// Why there is none.
    pub silence: Option<String>,
    /// Whether it cannot be told at all: no record says of any product that it is affected.
    pub untold: bool,
    /// What is said of the package.
    pub account: Accounted,
    /// What is said of the graft, which users get in its place.
    pub graft: Option<Box<Accounted>>,
    /// Products of which the other entries speak.
    pub others: Vec<String>,
    /// What would change it.
    pub changes: Vec<ChangeView>,
}

/// The verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conclusion {
    /// The state.
    pub status: VerdictStatus,
    /// How sure it is.
    pub confidence: Confidence,
    /// The first version that has the fix, as its source writes it.
    pub fixed_in: Option<String>,
    /// Why it is as sure as it is and no surer.
    pub confidence_because: Vec<String>,
}

/// What is said of a package, and what was made of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Accounted {
    /// The version that was judged.
    pub version: String,
    /// What was judged: first what decides, then what agrees, what lost, what was refused.
    pub entries: Vec<EntryView>,
    /// What was applied behind that: patches, hints, grafts.
    pub rules: Vec<String>,
}

/// An entry of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntryView {
    /// The feed.
    pub feed: String,
    /// The record.
    pub record: String,
    /// The number of the entry in the record, counted from 1.
    pub entry: usize,
    /// The product that it names.
    pub product: String,
    /// How it stands: `decides`, `agrees`, `overruled`, `silent`, `refused`.
    pub standing: &'static str,
    /// The same in words, with the rule.
    pub says: String,
    /// How sure it is, where it speaks of the package.
    pub confidence: Option<Confidence>,
    /// Identity, condition and range, where it speaks of the package.
    pub steps: Vec<Step>,
}

/// A package on a branch that is to be explained.
struct There {
    branch: BranchId,
    source: SourcePackageId,
    version: String,
}

impl Views {
    /// Explains a vulnerability in a package, on each branch that has it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn explanation(
        &self,
        query: &ExplanationQuery,
    ) -> Result<ExplanationAnswer, TrackerError> {
        let mut reading = self.reading().await?;
        let branch = match &query.branch {
            None => None,
            Some(name) => match reading.places.id(name) {
                None => {
                    let branches = reading.places.branches.iter();
                    let branches = branches.map(|(_, name)| name.clone()).collect();
                    return Ok(ExplanationAnswer::UnknownBranch { branches });
                }
                id => id,
            },
        };
        let row = match vulnerability(&mut reading, query.vulnerability.as_str()).await? {
            Ok(row) => row,
            Err(answer) => return Ok(answer),
        };
        let Some((package, sources)) = packages(&mut reading, query).await? else {
            return Ok(ExplanationAnswer::UnknownPackage);
        };
        let there = there(&mut reading, &sources, branch).await?;
        if there.is_empty() {
            let left = left(&mut reading, &sources).await?;
            return Ok(ExplanationAnswer::NotThere { left });
        }
        let places = explained(&mut reading, &row, &there).await?;
        Ok(ExplanationAnswer::Explained(Box::new(Explanation {
            vulnerability: row.name,
            title: row.title,
            score: Score::of(row.score.as_ref()),
            package,
            places,
        })))
    }
}

/// The vulnerability of a name, or of the only one that has it as another name.
async fn vulnerability(
    reading: &mut Reading,
    name: &str,
) -> Result<Result<VulnerabilityRow, ExplanationAnswer>, TrackerError> {
    let session = &mut reading.session;
    if let Some(row) = session.vulnerability_named(name).await? {
        return Ok(Ok(row));
    }
    let names = session.vulnerabilities_of_alias(name, CHOICES).await?;
    if let [only] = &names[..] {
        let row = session.vulnerability_named(only).await?;
        return Ok(row.ok_or(ExplanationAnswer::UnknownVulnerability));
    }
    Ok(Err(if names.is_empty() {
        ExplanationAnswer::UnknownVulnerability
    } else {
        ExplanationAnswer::SeveralVulnerabilities { names }
    }))
}

/// The source packages of a name, or those from which a package of that name is built.
async fn packages(
    reading: &mut Reading,
    query: &ExplanationQuery,
) -> Result<Option<(String, Vec<SourcePackageId>)>, TrackerError> {
    let wanted = |branch: &BranchName| query.branch.as_ref().is_none_or(|it| it == branch);
    let branches = reading.places.branches.iter().map(|(_, name)| name);
    let distributions: BTreeSet<Distribution> = branches
        .filter(|branch| wanted(branch))
        .map(|branch| branch.distribution().clone())
        .collect();
    let session = &mut reading.session;
    let (mut found, mut called) = (Vec::new(), query.package.clone());
    for distribution in &distributions {
        let of = session.sources_named(distribution.as_str(), &called);
        found.extend(of.await?.into_iter().map(|source| source.id));
    }
    if found.is_empty() {
        for distribution in &distributions {
            let distribution = distribution.as_str();
            let built_from = session.source_of_package(distribution, &query.package);
            if let Some(name) = built_from.await? {
                let of = session.sources_named(distribution, &name).await?;
                found.extend(of.into_iter().map(|source| source.id));
                called = name;
            }
        }
    }
    Ok(Some((called, found)).filter(|(_, found)| !found.is_empty()))
}

/// Where source packages are now.
async fn there(
    reading: &mut Reading,
    sources: &[SourcePackageId],
    branch: Option<BranchId>,
) -> Result<Vec<There>, TrackerError> {
    let history = reading.session.source_history(sources).await?;
    let now = history
        .into_iter()
        .filter(|(at, span)| span.until.is_none() && branch.is_none_or(|branch| branch == *at));
    let mut there: Vec<There> = now
        .map(|(branch, span)| There {
            branch,
            source: span.source,
            version: span.version,
        })
        .collect();
    let order = |id: BranchId| {
        let branches = &reading.places.branches;
        branches.iter().position(|(known, _)| *known == id)
    };
    there.sort_by(|a, b| (order(a.branch), &a.version).cmp(&(order(b.branch), &b.version)));
    Ok(there)
}

/// Where source packages were.
async fn left(
    reading: &mut Reading,
    sources: &[SourcePackageId],
) -> Result<Vec<Left>, TrackerError> {
    let history = reading.session.source_history(sources).await?;
    let mut left = Vec::new();
    for (branch, span) in history.into_iter().take(LEFT) {
        let points = reading.session.revisions_at(branch, span.until).await?;
        let until = span.until.and_then(|until| points.get(&until));
        left.extend(reading.places.name(branch).map(|name| Left {
            branch: name.clone(),
            version: span.version,
            until: until.map(RevisionRef::from),
        }));
    }
    Ok(left)
}

async fn explained(
    reading: &mut Reading,
    row: &VulnerabilityRow,
    there: &[There],
) -> Result<Vec<ExplainedPlace>, TrackerError> {
    let session = &mut reading.session;
    let pairs = session.advisories_of(&[row.id]).await?;
    let ids: Vec<i64> = pairs.into_iter().map(|(_, advisory)| advisory).collect();
    let rows = session.standing_advisories(&ids).await?;
    let loaded = load_facts(session, rows).await?;
    let mut advisories: Vec<&LoadedAdvisory> = loaded.values().collect();
    advisories.sort_by(|a, b| (&a.feed, &a.row.name).cmp(&(&b.feed, &b.row.name)));
    let sources: Vec<SourcePackageId> = there.iter().map(|at| at.source).collect();
    let subjects = load_subjects(session, &sources).await?;
    let Ok(id) = row.name.parse::<VulnerabilityId>() else {
        return Ok(Vec::new());
    };
    let mut places = Vec::with_capacity(there.len());
    for at in there {
        let (Some(subject), Some(branch)) =
            (subjects.get(&at.source), reading.places.name(at.branch))
        else {
            continue;
        };
        let speaks =
            |it: &&LoadedAdvisory| speaks_of(&it.row.feed_scope, &reading.places, at.branch);
        let heard: Vec<&LoadedAdvisory> = advisories.iter().copied().filter(speaks).collect();
        let hearing = Hearing {
            subject,
            id: &id,
            place: place(&reading.places, at.branch),
            withdrawn: ids.len() - advisories.len(),
            elsewhere: advisories.len() - heard.len(),
            advisories: heard,
        };
        places.push(hearing.explained(branch.clone(), at.version.clone()));
    }
    Ok(places)
}
