//! What the Guix Data Service calls lint warnings, as far as they concern security: what `guix lint -c
//! cve` would say, by what is found here, and the mistakes of packagers.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::guix_data::{At, at, whole};
use super::mistakes::{GUIX_RULES, MistakeView};
use super::{Reading, Views};
use crate::TrackerError;

/// The checker that tells vulnerabilities.
const CVE: GuixChecker = GuixChecker {
    name: "cve",
    about: "Vulnerabilities that affect the package",
};

/// Somebody who warns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuixChecker {
    /// Its name.
    pub name: &'static str,
    /// Of what it warns.
    pub about: &'static str,
}

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuixWarning {
    /// Who warns.
    pub checker: GuixChecker,
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Of what.
    pub message: String,
    /// Where the package is defined.
    pub location: Option<String>,
}

/// All checkers.
fn checkers() -> impl Iterator<Item = GuixChecker> {
    let rules = GUIX_RULES.iter().map(|rule| GuixChecker {
        name: rule.name,
        about: rule.about,
    });
    std::iter::once(CVE).chain(rules)
}

impl Views {
    /// The warnings of a revision, by checker and package. `None` when no branch has the revision.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_warnings(
        &self,
        commit: &str,
    ) -> Result<Option<Vec<GuixWarning>>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(at) = at(&mut reading, commit).await? else {
            return Ok(None);
        };
        let mut warnings = self.vulnerable(&mut reading, &at).await?;
        locate(&mut reading, &at, &mut warnings).await?;
        warnings.extend(self.of_mistakes(&at, commit).await?);
        Ok(Some(warnings))
    }

    /// How many warnings of a revision there are of each checker. `None` when no branch has the
    /// revision.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn guix_warning_counts(
        &self,
        commit: &str,
    ) -> Result<Option<Vec<(GuixChecker, usize)>>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(at) = at(&mut reading, commit).await? else {
            return Ok(None);
        };
        let mut warnings = self.vulnerable(&mut reading, &at).await?;
        warnings.extend(self.of_mistakes(&at, commit).await?);
        let count = |checker: GuixChecker| {
            let of_it = warnings.iter().filter(|warning| warning.checker == checker);
            (checker, of_it.count())
        };
        Ok(Some(checkers().map(count).collect()))
    }

    async fn of_mistakes(&self, at: &At, commit: &str) -> Result<Vec<GuixWarning>, TrackerError> {
        let mistakes = self.mistakes(&at.branch, Some(commit)).await?;
        let mistakes = mistakes.map(|view| view.mistakes).unwrap_or_default();
        Ok(mistakes.into_iter().filter_map(of_mistake).collect())
    }

    /// One warning for each package that something affects, as `guix lint -c cve` prints it.
    async fn vulnerable(
        &self,
        reading: &mut Reading,
        at: &At,
    ) -> Result<Vec<GuixWarning>, TrackerError> {
        let key = (at.id, Some(at.point.position));
        let listing = self.cache.listing(reading, key).await?;
        let mut affected: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for entry in listing.entries.iter().filter(|entry| entry.status == 0) {
            let source = listing.source(entry);
            let package = (source.name.clone(), source.version.clone());
            let named = affected.entry(package).or_default();
            named.push(listing.head(entry).name.clone());
        }
        let warnings = affected.into_iter().map(|((package, version), mut ids)| {
            ids.sort_unstable();
            ids.dedup();
            GuixWarning {
                checker: CVE,
                package,
                version,
                message: format!("probably vulnerable to {}", ids.join(", ")),
                location: None,
            }
        });
        Ok(warnings.collect())
    }
}

/// Tells of warnings where their packages are defined.
async fn locate(
    reading: &mut Reading,
    at: &At,
    warnings: &mut [GuixWarning],
) -> Result<(), TrackerError> {
    let of = |warning: &GuixWarning| (warning.package.clone(), warning.version.clone());
    let wanted: HashSet<(String, String)> = warnings.iter().map(of).collect();
    let position = at.point.position;
    let rows = reading
        .session
        .listed_packages(at.id, position, "", i64::MAX);
    let mut rows = rows.await?;
    rows.retain(|row| wanted.contains(&(row.name.clone(), row.version.clone())));
    let packages = whole(reading, &rows).await?;
    let located = packages.into_iter().filter_map(|package| {
        let location = package.location?;
        Some(((package.name, package.version), location))
    });
    let located: HashMap<(String, String), String> = located.collect();
    for warning in warnings {
        warning.location = located.get(&of(warning)).cloned();
    }
    Ok(())
}

fn of_mistake(mistake: MistakeView) -> Option<GuixWarning> {
    let rule = GUIX_RULES.iter().find(|rule| rule.name == mistake.rule)?;
    let message = match (mistake.write, mistake.decide) {
        (Some(write), _) => format!("{}: {}; write {write}", mistake.text, mistake.message),
        (None, Some(decide)) => {
            format!(
                "{}: {}; to be found out: {decide}",
                mistake.text, mistake.message
            )
        }
        (None, None) => format!("{}: {}", mistake.text, mistake.message),
    };
    Some(GuixWarning {
        checker: GuixChecker {
            name: rule.name,
            about: rule.about,
        },
        package: mistake.package,
        version: mistake.version.unwrap_or_default(),
        message,
        location: mistake.location,
    })
}
