//! Mistakes in the fixes that Alpine records beside its packages: in its security database, or in the
//! `# secfixes:` comments of aports of which that is made.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use palisade_formats::apkbuild::lint::mended_version;
use palisade_formats::secdb::{RecordedFix, recorded_fix};
use palisade_version::Scheme;

use super::{Found, MistakeLevel, MistakeView, State};
use crate::TrackerError;
use crate::views::Reading;
use crate::views::cache::Cache;
use crate::views::coverage::is_of;
use crate::views::types::{DAY, day, time};

/// The feeds of fixes.
const FIXES: [&str; 2] = ["secdb", "apkbuild"];

/// What an import passed over or mended that is told at the most.
const PASSED_OVER: i64 = 10_000;

/// How much later fixes may be recorded than the packages that are compared with them, in microseconds.
const AS_OLD: i64 = DAY;

/// The versions of each package of a state.
type Versions = HashMap<String, Vec<String>>;

/// Finds the mistakes of a state.
pub(super) async fn find(
    reading: &mut Reading,
    cache: &Cache,
    state: &State,
) -> Result<Found, TrackerError> {
    let session = &mut reading.session;
    let mut versions = Versions::new();
    for (name, version) in session.source_versions_at(state.id, state.position).await? {
        versions.entry(name).or_default().push(version);
    }
    let branch = state.branch.to_string();
    let mut found = Found::default();
    let (mut told_of, mut recorded) = (Vec::new(), None);
    for feed in cache.feeds(reading).await?.iter() {
        if !FIXES.contains(&feed.kind.as_str()) || !is_of(&feed.scope, &state.branch) {
            continue;
        }
        let fixes = fixes(reading, &feed.kind, &feed.scope).await?;
        found.mistakes.extend(mistakes(&fixes, &versions));
        for about in [feed.scope.clone(), branch.clone()] {
            if !told_of.contains(&(feed.kind.clone(), about.clone())) {
                let passed_over = passed_over(reading, &feed.kind, &about).await?;
                found.mistakes.extend(passed_over);
                told_of.push((feed.kind.clone(), about));
            }
        }
        recorded = recorded.max(feed.as_of.or(feed.imported_at));
    }
    if let Some(recorded) = recorded.filter(|it| *it > state.time.saturating_add(AS_OLD)) {
        found.remarks.push(later(recorded, state.time));
    }
    if told_of.is_empty() {
        found.remarks.push(format!(
            "No feed with the fixes of {branch} is stored (secdb, apkbuild)."
        ));
    }
    Ok(found)
}

/// What has to be known when packages are older than what is recorded of them.
fn later(recorded: i64, packages: i64) -> String {
    format!(
        "The packages are of {}, and fixes were recorded until {}: one may be ahead because the packages \
         are old.",
        day(time(packages)),
        day(time(recorded))
    )
}

async fn fixes(
    reading: &mut Reading,
    kind: &str,
    scope: &str,
) -> Result<Vec<RecordedFix>, TrackerError> {
    let spans = reading.session.records_of_feed(kind, scope).await?;
    let mut fixes = Vec::with_capacity(spans.len());
    reading
        .session
        .read_spans(&spans, |_, bytes| fixes.extend(recorded_fix(bytes)))
        .await?;
    Ok(fixes)
}

/// The mistakes in what is recorded, by package and version.
fn mistakes(fixes: &[RecordedFix], versions: &Versions) -> Vec<MistakeView> {
    let mut recorded: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for fix in fixes {
        for version in &fix.versions {
            let ids = recorded.entry((&fix.package, version)).or_default();
            ids.push(fix.id.clone());
        }
    }
    let mut found = Vec::new();
    for ((package, version), mut ids) in recorded {
        if version == "0" {
            continue;
        }
        ids.sort_unstable();
        ids.dedup();
        let own = versions.get(package).map(Vec::as_slice).unwrap_or_default();
        if let Some(mistake) =
            odd_version(package, version).or_else(|| ahead(package, version, own))
        {
            found.push(MistakeView {
                vulnerabilities: ids,
                ..mistake
            });
        }
    }
    found
}

fn mistake(package: &str, rule: &'static str, level: MistakeLevel) -> MistakeView {
    MistakeView {
        rule,
        level,
        package: package.to_owned(),
        version: None,
        location: None,
        text: String::new(),
        message: String::new(),
        write: None,
        decide: None,
        vulnerabilities: Vec::new(),
    }
}

/// A version that no package can ever have.
fn odd_version(package: &str, version: &str) -> Option<MistakeView> {
    let mended = mended_version(version);
    if mended.as_deref() == Some(version) {
        return None;
    }
    let message = if Scheme::Apk.is_valid(version) {
        "it lacks its -rN, so no package ever has this version"
    } else {
        "it is no version of apk's, so no package ever has it"
    };
    Some(MistakeView {
        text: format!("{version}:"),
        message: message.to_owned(),
        decide: mended
            .is_none()
            .then(|| "the version that fixed it, as apk has it, with its -rN".to_owned()),
        write: mended.map(|version| format!("{version}:")),
        ..mistake(package, "version", MistakeLevel::Warning)
    })
}

/// A fix in a version that the package has not reached.
fn ahead(package: &str, version: &str, own: &[String]) -> Option<MistakeView> {
    let reached = own.iter().max_by(|a, b| {
        let order = Scheme::Apk.compare(a, b);
        order.unwrap_or(Ordering::Equal)
    })?;
    if Scheme::Apk.compare(version, reached) != Some(Ordering::Greater) {
        return None;
    }
    Some(MistakeView {
        version: Some(reached.clone()),
        text: format!("{version}:"),
        message: format!(
            "the package is only at {reached}: by this it stays vulnerable until it reaches {version}"
        ),
        decide: Some(format!(
            "the version that fixed it, {reached} at the latest, or that it is not fixed yet"
        )),
        ..mistake(package, "ahead", MistakeLevel::Error)
    })
}

/// What the last import that changed something passed over, or understood although it is not written so.
async fn passed_over(
    reading: &mut Reading,
    kind: &str,
    about: &str,
) -> Result<Vec<MistakeView>, TrackerError> {
    let Some(import) = reading.session.last_import_about(kind, about).await? else {
        return Ok(Vec::new());
    };
    let rejects = reading.session.rejects(import, 0, PASSED_OVER).await?;
    let told = rejects.into_iter().map(|reject| {
        let (rule, level) = if reject.mended {
            ("mended", MistakeLevel::Warning)
        } else {
            ("unreadable", MistakeLevel::Error)
        };
        let record = reject.record.unwrap_or_default();
        let (package, id) = record.split_once('/').unwrap_or((&record, ""));
        let member = reject.document.rsplit('!').next().unwrap_or_default();
        MistakeView {
            location: Some(format!("{member}, {}", reject.place)),
            text: id.to_owned(),
            message: reject.reason,
            decide: Some(
                "what was meant; \"palisade lint secfixes\" on the APKBUILD says what to write"
                    .to_owned(),
            ),
            vulnerabilities: Some(id.to_owned())
                .filter(|id| id.starts_with("CVE-") && reject.mended)
                .into_iter()
                .collect(),
            ..mistake(package, rule, level)
        }
    });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(package: &str, id: &str, versions: &[&str]) -> RecordedFix {
        RecordedFix {
            package: package.to_owned(),
            id: id.to_owned(),
            versions: versions.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    fn told(fixes: &[RecordedFix], own: &[(&str, &str)]) -> Vec<String> {
        let mut versions = Versions::new();
        for (name, version) in own {
            let all = versions.entry((*name).to_owned()).or_default();
            all.push((*version).to_owned());
        }
        let told = mistakes(fixes, &versions);
        let told = told.iter().map(|it| {
            let write = it.write.as_deref().unwrap_or("?");
            format!(
                "{} {} {} {} {}",
                it.rule,
                it.package,
                it.text,
                it.vulnerabilities.join(" "),
                write
            )
        });
        told.collect()
    }

    #[test]
    fn a_fix_that_the_package_has_not_reached_is_ahead() {
        let fixes = [
            fix("foo", "CVE-2024-2", &["1.2-r1"]),
            fix("foo", "CVE-2024-1", &["1.2-r1", "1.1-r0"]),
            fix("foo", "CVE-2024-3", &["0"]),
            fix("gone", "CVE-2024-4", &["9-r0"]),
        ];
        assert_eq!(
            told(&fixes, &[("foo", "1.2-r0"), ("foo", "1.0-r0")]),
            ["ahead foo 1.2-r1: CVE-2024-1 CVE-2024-2 ?"]
        );
        assert_eq!(told(&fixes, &[("foo", "1.2-r1")]), [""; 0]);
    }

    #[test]
    fn a_version_that_no_package_can_have_is_told_with_the_likely_one() {
        let fixes = [fix("foo", "CVE-2024-1", &["1.2", "v1.1-r0", "soon"])];
        assert_eq!(
            told(&fixes, &[("foo", "2-r0")]),
            [
                "version foo 1.2: CVE-2024-1 1.2-r0:",
                "version foo soon: CVE-2024-1 ?",
                "version foo v1.1-r0: CVE-2024-1 1.1-r0:",
            ]
        );
    }
}
