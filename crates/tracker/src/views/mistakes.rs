//! Mistakes in what packagers write for those who look for vulnerabilities, branch by branch, each with
//! what to write instead.
//!
//! Of Guix these are properties of packages (`guix`), of Alpine the fixes that are recorded beside
//! packages (`alpine`). Other distributions write nothing of that kind which is read here.

mod alpine;
mod guix;
mod kept;

use std::collections::BTreeMap;
use std::sync::Arc;

use palisade_model::{BranchName, Distribution};
use palisade_store::BranchId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Reading, RevisionRef, Views};
use crate::TrackerError;

pub(super) use kept::Kept;

/// How bad a mistake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MistakeLevel {
    /// What may be right all the same.
    Note,
    /// What some readers misunderstand, or nothing proves.
    Warning,
    /// What is lost, or never counts.
    Error,
}

/// Something that is written wrongly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MistakeView {
    /// The rule that is broken, as one word.
    pub rule: &'static str,
    /// How bad it is.
    pub level: MistakeLevel,
    /// The package.
    pub package: String,
    /// Its version, where it is of one.
    pub version: Option<String>,
    /// Where the package is defined.
    pub location: Option<String>,
    /// What is written.
    pub text: String,
    /// What is wrong with it.
    pub message: String,
    /// What to write in its place; nothing at all where it is empty.
    pub write: Option<String>,
    /// What somebody who knows more has to find out or decide.
    pub decide: Option<String>,
    /// The vulnerabilities that it is about.
    pub vulnerabilities: Vec<String>,
}

/// The mistakes of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MistakesView {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// The revision that was asked for; absent for the present state.
    pub revision: Option<RevisionRef>,
    /// What one has to know to read the list.
    pub remarks: Vec<String>,
    /// How many there are of each rule.
    pub rules: BTreeMap<&'static str, usize>,
    /// The mistakes, the worst first.
    pub mistakes: Vec<MistakeView>,
}

/// A rule, for those who ask what is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MistakeRule {
    /// Its name.
    pub(super) name: &'static str,
    /// What breaks it.
    pub(super) about: &'static str,
}

/// The rules for packages of Guix.
pub(super) const GUIX_RULES: [MistakeRule; 5] = [
    MistakeRule {
        name: "misspelt-property",
        about: "Properties that Guix does not know and that are nearly called like one that it does",
    },
    MistakeRule {
        name: "unusable-property",
        about: "Properties that Guix knows, with a value that nothing can be made of",
    },
    MistakeRule {
        name: "unproven-hidden-cve",
        about: "Vulnerabilities that a package hides as a higher version of it does, without a patch \
                for them",
    },
    MistakeRule {
        name: "cpe-name-marker",
        about: "CPE names that are a remark and no product's name",
    },
    MistakeRule {
        name: "cpe-name-unknown",
        about: "CPE names of which no record that is stored speaks",
    },
];

/// What is found, before it is put in order.
#[derive(Debug, Default)]
struct Found {
    mistakes: Vec<MistakeView>,
    remarks: Vec<String>,
}

/// A state of a branch.
struct State {
    id: BranchId,
    branch: BranchName,
    position: i64,
    /// When it was made, in microseconds since 1970.
    time: i64,
}

impl MistakeLevel {
    /// The level as one word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Views {
    /// The mistakes of a branch, now or at a revision. `None` when there is no such branch or
    /// revision.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mistakes(
        &self,
        branch: &BranchName,
        revision: Option<&str>,
    ) -> Result<Option<MistakesView>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(id) = reading.places.id(branch) else {
            return Ok(None);
        };
        let Some(name) = revision else {
            let present = self.present_mistakes(&mut reading, id, branch).await?;
            return Ok(Some((*present).clone()));
        };
        let Some(point) = reading.session.revision_named(id, name).await? else {
            return Ok(None);
        };
        let state = State {
            id,
            branch: branch.clone(),
            position: point.position,
            time: point.time,
        };
        let found = self.mistakes_at(&mut reading, &state).await?;
        Ok(Some(
            found.view(state.branch, Some(RevisionRef::from(&point))),
        ))
    }

    /// The mistakes that a branch has now.
    pub(super) async fn present_mistakes(
        &self,
        reading: &mut Reading,
        id: BranchId,
        branch: &BranchName,
    ) -> Result<Arc<MistakesView>, TrackerError> {
        if let Some(known) = self.cache.mistakes(reading.generation, id) {
            return Ok(known);
        }
        let latest = reading.session.latest_revisions(id, 1).await?.pop();
        let state = State {
            id,
            branch: branch.clone(),
            position: i64::MAX,
            time: latest.map_or(i64::MAX, |point| point.time),
        };
        let found = self.mistakes_at(reading, &state).await?;
        let view = Arc::new(found.view(state.branch, None));
        self.cache.keep_mistakes(reading.generation, id, &view);
        Ok(view)
    }

    async fn mistakes_at(
        &self,
        reading: &mut Reading,
        state: &State,
    ) -> Result<Found, TrackerError> {
        let distribution = state.branch.distribution();
        if *distribution == Distribution::guix() {
            guix::find(reading, &self.cache.looked_through, state).await
        } else if *distribution == Distribution::alpine() {
            alpine::find(reading, &self.cache, state).await
        } else {
            let remarks = vec![format!(
                "Packagers of {distribution} write nothing of this kind that is read here."
            )];
            Ok(Found {
                remarks,
                ..Found::default()
            })
        }
    }
}

impl Found {
    fn view(mut self, branch: BranchName, revision: Option<RevisionRef>) -> MistakesView {
        self.mistakes.sort_by(|a, b| {
            let of = |it: &MistakeView| (std::cmp::Reverse(it.level), it.rule);
            of(a).cmp(&of(b)).then_with(|| {
                (&a.package, &a.version, &a.text).cmp(&(&b.package, &b.version, &b.text))
            })
        });
        // What is written once may stand in several repositories.
        self.mistakes.dedup();
        let mut rules = BTreeMap::new();
        for mistake in &self.mistakes {
            *rules.entry(mistake.rule).or_default() += 1;
        }
        MistakesView {
            branch,
            revision,
            remarks: self.remarks,
            rules,
            mistakes: self.mistakes,
        }
    }
}
