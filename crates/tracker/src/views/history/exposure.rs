//! When a vulnerability reached the branches, and when each was rid of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use palisade_model::{BranchName, Timestamp};
use palisade_store::{BranchId, VulnerabilityFindingRow, VulnerabilityRow};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::cache::Cache;
use super::super::comparison::{Cause, Remedy};
use super::super::types::{DAY, day, time};
use super::super::{Reading, RevisionRef};
use super::chronicle::{Chronicle, Exposure};
use super::numbers::counted;
use crate::TrackerError;

/// Exposures of one vulnerability that are told.
const EXPOSURES: usize = 200;

/// What became of a vulnerability in a package of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExposureView {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The source package.
    pub package: String,
    /// What became of it.
    pub kind: ExposureKind,
    /// The first version that was affected; where none was, the first that is stored.
    pub version: String,
    /// When the vulnerability was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published: Option<Timestamp>,
    /// The first revision that had an affected version; where none did, the first that had any.
    pub reached: Option<RevisionRef>,
    /// How it came; absent with the first revision that is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// When it was first matched here.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub matched: Option<Timestamp>,
    /// The first revision without an affected version.
    pub ended: Option<RevisionRef>,
    /// What ended it.
    pub remedy: Option<Remedy>,
    /// The version that followed.
    pub to_version: Option<String>,
    /// Days from publication, or from the first revision that had it where that is later, to the end.
    /// Absent while it is open, and where it ended before it was published.
    pub days: Option<i64>,
    /// Whether there may be more days: it may have come before the first revision that is stored.
    pub is_longer: bool,
    /// All of this in words.
    pub says: String,
}

/// What became of a vulnerability in a package of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExposureKind {
    /// It is there now.
    Open,
    /// It was there while it was known, and is gone.
    Ended,
    /// It was gone before it was published.
    EndedBefore,
    /// No version that is stored was affected.
    Never,
}

/// What became of a vulnerability on all branches: what is open first, then by branch.
pub(in crate::views) async fn exposures(
    cache: &Cache,
    reading: &mut Reading,
    of: &VulnerabilityRow,
    places: &[VulnerabilityFindingRow],
) -> Result<Vec<ExposureView>, TrackerError> {
    let branches = Arc::clone(&reading.places);
    let mut told = Vec::new();
    for (id, branch) in &branches.branches {
        let chronicle = cache.chronicle(reading, (*id, branch)).await?;
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for exposure in chronicle.of_vulnerability(of.id) {
            known.insert(chronicle.package(exposure));
            told.push(exposed(&chronicle, branch, exposure));
        }
        let fixed = places
            .iter()
            .filter(|it| it.branch == *id && it.status == 2);
        let fixed = fixed.filter(|it| !known.contains(it.package.as_str()));
        let fixed: BTreeSet<&str> = fixed.map(|it| it.package.as_str()).collect();
        told.extend(never(reading, (*id, branch), of.published.map(time), &fixed).await?);
    }
    told.sort_by(|a, b| {
        let key = |it: &ExposureView| (it.kind, it.branch.clone(), it.package.clone());
        let times = |it: &ExposureView| it.reached.as_ref().map(|it| it.time);
        key(a).cmp(&key(b)).then_with(|| times(a).cmp(&times(b)))
    });
    told.truncate(EXPOSURES);
    Ok(told)
}

fn exposed(chronicle: &Chronicle, branch: &BranchName, exposure: &Exposure) -> ExposureView {
    let published = chronicle.head(exposure).published.map(time);
    let kind = if exposure.until.is_none() {
        ExposureKind::Open
    } else if chronicle.was_known(exposure) {
        ExposureKind::Ended
    } else {
        ExposureKind::EndedBefore
    };
    let version = |place: u32| chronicle.version_of(place).version.to_string();
    let view = ExposureView {
        branch: branch.clone(),
        package: chronicle.package(exposure).to_owned(),
        kind,
        version: version(exposure.first),
        published,
        reached: chronicle.revision(exposure.since),
        cause: exposure.cause,
        matched: Some(time(exposure.matched)),
        ended: exposure.until.and_then(|until| chronicle.revision(until)),
        remedy: exposure.remedy(),
        to_version: exposure.end.and_then(|end| end.to).map(version),
        days: match kind {
            ExposureKind::Ended => chronicle.days(exposure),
            _ => None,
        },
        is_longer: kind == ExposureKind::Ended && !chronicle.is_begin_known(exposure),
        says: String::new(),
    };
    let says = [came(&view), matched(&view), Some(went(&view))];
    ExposureView {
        says: says.into_iter().flatten().collect::<Vec<_>>().join("; "),
        ..view
    }
}

/// Whole days from one time to a later one.
fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_microsecond() - from.as_microsecond()).div_euclid(DAY)
}

fn days(number: i64) -> String {
    match number {
        0 => "the same day".to_owned(),
        _ => counted(usize::try_from(number).unwrap_or(0), "day", "days"),
    }
}

/// How it came, before or after it was published.
fn came(view: &ExposureView) -> Option<String> {
    let reached = view.reached.as_ref()?;
    let (version, since) = (&view.version, day(reached.time));
    let Some(published) = view.published else {
        let says = if reached.is_first {
            format!(
                "nobody says when it was published; {version} is in the first revision that is stored, of {since}"
            )
        } else {
            format!("nobody says when it was published; {version} came on {since}")
        };
        return Some(says);
    };
    let later = days_between(published, reached.time);
    let says = match (reached.is_first, reached.time > published) {
        (_, false) => format!("{version} was there when it was published"),
        (true, true) => format!(
            "{version} is in the first revision that is stored, of {since} ({} after it was published), and may have been there before",
            after(later)
        ),
        (false, true) => format!(
            "{version} came on {since}, {} after it was published",
            after(later)
        ),
    };
    Some(says)
}

fn after(number: i64) -> String {
    match number {
        0 => "hours".to_owned(),
        _ => days(number),
    }
}

/// When it was matched, as far as that was not before it went.
fn matched(view: &ExposureView) -> Option<String> {
    let matched = view.matched?;
    let ended = view.ended.as_ref().is_some_and(|it| it.time < matched);
    let afterwards = if ended { ", afterwards" } else { "" };
    Some(format!(
        "first matched here on {}{afterwards}",
        day(matched)
    ))
}

/// How it ended.
fn went(view: &ExposureView) -> String {
    let Some(ended) = &view.ended else {
        return "open now".to_owned();
    };
    let on = day(ended.time);
    let by = match (view.remedy, &view.to_version) {
        (Some(Remedy::Removal), _) => format!("{} was removed on {on}", view.package),
        (Some(by), Some(to)) => format!("ended on {on} by {} ({to})", by.words()),
        (Some(by), None) => format!("ended on {on} by {}", by.words()),
        (None, Some(to)) => format!("on {on} came {to}, of which nobody can tell yet"),
        (None, None) => format!("ended on {on}"),
    };
    let when = match (view.kind, view.days, view.published) {
        (ExposureKind::EndedBefore, _, Some(published)) => {
            let before = days_between(ended.time, published);
            format!(", {} before it was published", after(before))
        }
        (_, Some(0), _) => ", within a day".to_owned(),
        (_, Some(number), _) if view.is_longer => format!(", after at least {}", days(number)),
        (_, Some(number), _) => format!(", after {}", days(number)),
        _ => String::new(),
    };
    format!("{by}{when}")
}

/// Packages of which no version that is stored was affected, though a version has the fix.
async fn never(
    reading: &mut Reading,
    (id, branch): (BranchId, &BranchName),
    published: Option<Timestamp>,
    packages: &BTreeSet<&str>,
) -> Result<Vec<ExposureView>, TrackerError> {
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    let spans = reading
        .session
        .source_spans(id, packages.iter().copied())
        .await?;
    let mut first: BTreeMap<String, (i64, String)> = BTreeMap::new();
    for span in spans {
        let known = first.entry(span.name).or_insert((i64::MAX, String::new()));
        if span.since < known.0 {
            *known = (span.since, span.version);
        }
    }
    let positions: Vec<i64> = first.values().map(|(since, _)| *since).collect();
    let points = reading.session.revisions_at(id, positions).await?;
    let view = |(package, (since, version)): (String, (i64, String))| {
        let reached = points.get(&since).map(RevisionRef::from);
        let says = fixed_from_the_beginning(&version, reached.as_ref());
        ExposureView {
            branch: branch.clone(),
            package,
            kind: ExposureKind::Never,
            version,
            published,
            reached,
            cause: None,
            matched: None,
            ended: None,
            remedy: None,
            to_version: None,
            days: None,
            is_longer: false,
            says,
        }
    };
    Ok(first.into_iter().map(view).collect())
}

fn fixed_from_the_beginning(version: &str, reached: Option<&RevisionRef>) -> String {
    let Some(reached) = reached else {
        return "no version that is stored was affected".to_owned();
    };
    let on = day(reached.time);
    if reached.is_first {
        format!(
            "no version that is stored was affected; the first is {version} of {on}, and what was before is not known"
        )
    } else {
        format!("the package came on {on} with {version}; no version was affected")
    }
}
