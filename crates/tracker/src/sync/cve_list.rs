//! The CVE List's releases: a baseline of all records each midnight, and each hour what changed
//! since that midnight.
//!
//! Releases are listed by GitHub's interface ("List releases"); their names are dates and hours. An
//! hour's changes contain those of all hours before it on that day, and the last of a day is called
//! `end_of_day`, so of each day only the newest is wanted.

use std::collections::BTreeMap;

use palisade_fetch::{Answer, FetchError, Request, Url};
use palisade_formats::feed::FeedKind;
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::part::{Memory, Parts};
use crate::TrackerError;
use crate::input::{Input, Kind};
use crate::sources::Document;

/// Where releases are listed.
#[derive(Debug, Clone)]
pub struct CveReleases {
    /// The address of the list, such as
    /// `https://api.github.com/repos/CVEProject/cvelistV5/releases`.
    pub url: Url,
}

/// The part's name: there is one.
const PART: &str = "releases";

/// Days of changes that are fetched instead of a baseline.
const DAYS: usize = 20;

/// What of the releases is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// The day of the last file.
    day: String,
    /// How far within that day: the file's hour, or `end_of_day`, which is the last in any order of
    /// texts; empty behind a baseline.
    hour: String,
}

#[derive(Debug, Deserialize)]
struct Release {
    #[serde(default)]
    assets: Vec<Asset>,
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Asset {
    name: String,
    browser_download_url: String,
    /// `sha256:…`, where the list gives it.
    #[serde(default)]
    digest: Option<String>,
}

/// A file that is wanted, with the cursor behind it.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    asset: Asset,
    behind: Cursor,
}

pub(super) async fn sync(
    parts: &mut Parts<'_, '_>,
    releases: &CveReleases,
) -> Result<(), TrackerError> {
    let mut memory: Memory<Cursor> = parts.memory(PART);
    let steps = match list(parts, releases).await {
        Ok(assets) => plan(&assets, &memory.cursor),
        Err(error) => return parts.remember(PART, &memory, Err(error)).await,
    };
    if steps.is_empty() {
        return parts.remember(PART, &memory, Ok(Outcome::Unchanged)).await;
    }
    for step in steps {
        let outcome = import(parts, &step).await;
        let failed = outcome.is_err();
        if !failed {
            memory.cursor = step.behind;
        }
        parts.remember(PART, &memory, outcome).await?;
        if failed {
            // What comes later builds on what is missing now.
            break;
        }
    }
    Ok(())
}

async fn list(parts: &Parts<'_, '_>, releases: &CveReleases) -> Result<Vec<Asset>, TrackerError> {
    let mut url = releases.url.clone();
    url.query_pairs_mut().append_pair("per_page", "100");
    let request = Request {
        max_bytes: 64 << 20,
        ..parts.request(url)
    };
    let Answer::Body(body) = parts.fetch(PART, &request).await? else {
        return Err(parts.wrong("it says that its list did not change"));
    };
    let text = fs_err::read(&body.path).map_err(FetchError::from)?;
    fs_err::remove_file(&body.path).map_err(FetchError::from)?;
    let releases: Vec<Release> = serde_json::from_slice(&text)
        .map_err(|error| parts.wrong(format!("its list of releases cannot be read: {error}")))?;
    Ok(releases.into_iter().flat_map(|it| it.assets).collect())
}

async fn import(parts: &Parts<'_, '_>, step: &Step) -> Result<Outcome, TrackerError> {
    let url = step.asset.browser_download_url.parse();
    let url = url.map_err(|_| parts.wrong(format!("{} has no address", step.asset.name)))?;
    let digest = step.asset.digest.as_deref();
    let request = Request {
        sha256: digest
            .and_then(|digest| digest.strip_prefix("sha256:"))
            .map(str::to_owned),
        ..parts.request(url)
    };
    match parts.fetch(PART, &request).await? {
        Answer::NotModified => Ok(Outcome::Unchanged),
        Answer::Body(body) => {
            let kind = Kind::Feed(FeedKind::Cve5);
            parts
                .import(Input::new(kind, Document::File(body.path)))
                .await
        }
    }
}

/// What has to be had, in order: the newest changes of each day since the cursor; or the newest
/// baseline and the changes since, at first, after a long absence, or when a day is missing.
fn plan(assets: &[Asset], cursor: &Cursor) -> Vec<Step> {
    let changes = newest_changes(assets);
    let since = |day: &str, hour: &str| -> Vec<Step> {
        let later = changes
            .iter()
            .filter(|(at, (name, _))| (at.as_str(), name.as_str()) > (day, hour));
        let step = |(day, (hour, asset)): (&String, &(String, Asset))| Step {
            asset: asset.clone(),
            behind: Cursor {
                day: day.clone(),
                hour: hour.clone(),
            },
        };
        later.map(step).collect()
    };
    let mut days = assets.iter().filter_map(|it| day_of(&it.name));
    let listed = days.any(|day| day == cursor.day);
    let steps = since(&cursor.day, &cursor.hour);
    if !cursor.day.is_empty() && listed && steps.len() <= DAYS && has_every_day(&steps, cursor) {
        return steps;
    }
    let baselines = assets
        .iter()
        .filter_map(|it| Some((baseline_day(&it.name)?, it)));
    let Some((day, asset)) = baselines.max_by_key(|(day, _)| *day) else {
        return steps;
    };
    if cursor.day.as_str() > day {
        return steps;
    }
    let baseline = Step {
        asset: asset.clone(),
        behind: Cursor {
            day: day.to_owned(),
            hour: String::new(),
        },
    };
    std::iter::once(baseline).chain(since(day, "")).collect()
}

/// Whether no day is left out between the cursor and the last step.
fn has_every_day(steps: &[Step], cursor: &Cursor) -> bool {
    let mut day = cursor.day.clone();
    steps.iter().all(|step| {
        let follows =
            step.behind.day == day || next_day(&day).is_some_and(|next| next == step.behind.day);
        day.clone_from(&step.behind.day);
        follows
    })
}

fn next_day(day: &str) -> Option<String> {
    let date: jiff::civil::Date = day.parse().ok()?;
    Some(date.tomorrow().ok()?.to_string())
}

/// The newest changes of each day, with their hour.
fn newest_changes(assets: &[Asset]) -> BTreeMap<String, (String, Asset)> {
    let mut changes: BTreeMap<String, (String, Asset)> = BTreeMap::new();
    for asset in assets {
        let Some((day, hour)) = change_time(&asset.name) else {
            continue;
        };
        let newest = changes
            .entry(day.to_owned())
            .or_insert_with(|| (hour.to_owned(), asset.clone()));
        if newest.0.as_str() < hour {
            *newest = (hour.to_owned(), asset.clone());
        }
    }
    changes
}

/// The day and hour of `2026-11-22_delta_CVEs_at_0700Z.zip`.
fn change_time(name: &str) -> Option<(&str, &str)> {
    let (day, rest) = name.split_once("_delta_CVEs_at_")?;
    Some((is_day(day)?, rest.split('.').next()?))
}

/// The day of `2026-11-22_all_CVEs_at_midnight.zip.zip`.
fn baseline_day(name: &str) -> Option<&str> {
    is_day(name.split_once("_all_CVEs")?.0)
}

fn day_of(name: &str) -> Option<&str> {
    baseline_day(name).or_else(|| change_time(name).map(|(day, _)| day))
}

fn is_day(text: &str) -> Option<&str> {
    text.parse::<jiff::civil::Date>().ok().map(|_| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets(names: &[&str]) -> Vec<Asset> {
        let asset = |name: &&str| Asset {
            name: (*name).to_owned(),
            browser_download_url: format!("https://example.test/{name}"),
            digest: None,
        };
        names.iter().map(asset).collect()
    }

    const LISTED: [&str; 8] = [
        "2026-01-03_all_CVEs_at_midnight.zip.zip",
        "2026-01-03_delta_CVEs_at_0200Z.zip",
        "2026-01-03_delta_CVEs_at_0100Z.zip",
        "2026-01-02_delta_CVEs_at_end_of_day.zip",
        "2026-01-02_delta_CVEs_at_2200Z.zip",
        "2026-01-02_all_CVEs_at_midnight.zip.zip",
        "2026-01-01_delta_CVEs_at_end_of_day.zip",
        "notes.txt",
    ];

    fn planned(day: &str, hour: &str) -> Vec<String> {
        let cursor = Cursor {
            day: day.to_owned(),
            hour: hour.to_owned(),
        };
        let steps = plan(&assets(&LISTED), &cursor);
        steps.into_iter().map(|step| step.asset.name).collect()
    }

    #[test]
    fn at_first_the_newest_baseline_and_what_changed_since() {
        assert_eq!(planned("", ""), [LISTED[0], LISTED[1]]);
    }

    #[test]
    fn later_only_the_newest_changes_of_each_day() {
        assert_eq!(planned("2026-01-03", "0200Z"), [""; 0]);
        assert_eq!(planned("2026-01-03", "0100Z"), [LISTED[1]]);
        assert_eq!(planned("2026-01-03", ""), [LISTED[1]]);
        assert_eq!(planned("2026-01-02", "end_of_day"), [LISTED[1]]);
        assert_eq!(planned("2026-01-02", "2100Z"), [LISTED[3], LISTED[1]]);
        assert_eq!(
            planned("2026-01-01", "0500Z"),
            [LISTED[6], LISTED[3], LISTED[1]]
        );
    }

    #[test]
    fn after_a_long_absence_or_a_missing_day_everything() {
        assert_eq!(planned("2025-06-01", "end_of_day"), [LISTED[0], LISTED[1]]);
        let gap = assets(&[LISTED[0], LISTED[1], LISTED[6]]);
        let cursor = Cursor {
            day: "2026-01-01".to_owned(),
            hour: "0500Z".to_owned(),
        };
        let steps = plan(&gap, &cursor);
        let names: Vec<_> = steps.iter().map(|step| step.asset.name.as_str()).collect();
        assert_eq!(names, [LISTED[0], LISTED[1]]);
    }
}
