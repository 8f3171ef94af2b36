//! What the review of a patch found, in the form that is printed.
//!
//! Text of others has gone through [`visible`], so whatever prints it cannot be led astray by it.

use serde::{Deserialize, Serialize};

use super::changes::vulnerability;
use super::shown::PatchedFile;
use super::{Pair, Patch, RecipeChange, Source, System, Touched};
use crate::decisions::Decisions;
use crate::explain::KnownBlobs;
use crate::report::{Finding, Limits};
use crate::scan::Scanner;
use crate::tree::{Content, File, Kind, Tree};
use crate::{review, visible};

/// The form's number; another number is another form.
pub const PATCH_FORM: u32 = 1;

/// What the review of a patch found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PatchReport {
    /// [`PATCH_FORM`].
    pub form: u32,
    /// The patches of the series.
    pub patches: Vec<PatchHead>,
    /// Whether only hunks were seen, so that more may be there than is told.
    pub partial: bool,
    /// The packages whose recipes change.
    pub packages: Vec<PackageReport>,
    /// The files that the patches touch.
    pub files: Vec<TouchedFile>,
    /// Everything that was noticed, in recipes, other files and sources, the gravest first.
    pub signals: Vec<Finding>,
    /// What it does to the findings of a branch, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
}

/// What a patch does to the findings of a branch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Effect {
    /// The branch, in its present state.
    pub branch: String,
    /// Whether it introduces a finding, or loses a mitigation.
    pub is_worse: bool,
    /// Packages that the branch does not have, so that nothing could be compared.
    pub unknown: Vec<String>,
    /// Why nothing could be compared.
    pub not_compared: Option<String>,
    /// The comparison, in the form of `palisade compare --format json`.
    pub comparison: Option<serde_json::Value>,
    /// The same as Markdown.
    pub markdown: Option<String>,
}

/// One patch of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchHead {
    /// What it says to do.
    pub subject: Option<String>,
    /// Who says to have written it; nothing proves that.
    pub author: Option<String>,
    /// What it does to files, line by line.
    #[serde(default)]
    pub files: Vec<PatchedFile>,
}

/// A file that the patches touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchedFile {
    /// Where it is, or was.
    pub path: String,
    /// `added`, `removed`, `changed`, or `binary` for what was not applied.
    pub change: String,
}

/// A package whose recipe changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackageReport {
    /// Whose recipe it is.
    pub system: System,
    /// The package.
    pub name: String,
    /// The recipe's file.
    pub path: String,
    /// The version before; none for a new package, or where it cannot be told.
    pub old_version: Option<String>,
    /// The version after.
    pub new_version: Option<String>,
    /// What differs in the recipe.
    pub changes: Vec<RecipeChange>,
    /// The sources that differ.
    pub sources: Vec<SourceReport>,
    /// What it means for vulnerabilities.
    pub security: Security,
}

/// A source that differs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SourceReport {
    /// Before.
    pub old: Option<Source>,
    /// After.
    pub new: Option<Source>,
    /// Where each was got from, where that was possible.
    pub from: Vec<String>,
    /// Why it was not compared, if it was not.
    pub not_compared: Option<String>,
    /// The review of the sources, in the form of `palisade review diff`.
    pub review: Option<serde_json::Value>,
}

/// What a change means for vulnerabilities, as the recipe tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// Vulnerabilities that it says to fix now: by a patch's name or in its list of fixes.
    pub fixes: Vec<String>,
    /// Vulnerabilities whose patch or entry goes.
    pub loses: Vec<String>,
}

impl PatchReport {
    /// Makes a report of what recipes say; sources are added by whoever has them.
    pub fn of(
        patches: &[Patch],
        touched: &[Touched],
        pairs: &[Pair],
        scanner: &Scanner,
        known: &KnownBlobs,
    ) -> Self {
        let partial = touched.iter().any(|file| file.is_partial);
        let mut signals: Vec<Finding> = pairs
            .iter()
            .flat_map(|pair| pair.signals(pairs))
            .map(|it| Finding::new(&it))
            .collect();
        // The scan reads recipes as well.
        let more = scanned(touched, scanner, known).into_iter().filter(|it| {
            let same = |other: &Finding| {
                (&other.rule, &other.path, other.line) == (&it.rule, &it.path, it.line)
            };
            !signals.iter().any(same)
        });
        let more: Vec<Finding> = more.collect();
        signals.extend(more);
        let mut report = Self {
            form: PATCH_FORM,
            patches: heads(patches),
            partial,
            packages: pairs.iter().map(PackageReport::of).collect(),
            files: touched.iter().map(TouchedFile::of).collect(),
            signals,
            effect: None,
        };
        report.sort_signals();
        report
    }

    /// Puts the gravest signals first.
    pub fn sort_signals(&mut self) {
        self.signals.sort_by(|a, b| {
            let grave = (b.alarms(), b.severity, b.specificity);
            grave
                .cmp(&(a.alarms(), a.severity, a.specificity))
                .then_with(|| (&a.path, a.line, &a.rule).cmp(&(&b.path, b.line, &b.rule)))
        });
    }

    /// Whether anything asks for somebody.
    pub fn alarms(&self) -> bool {
        let is_worse = self.effect.as_ref().is_some_and(|it| it.is_worse);
        is_worse || self.signals.iter().any(Finding::alarms)
    }
}

/// What the rules about sources find in the files of the patch itself: build steps, scripts that
/// are run when a package is installed, patches that are added.
fn scanned(touched: &[Touched], scanner: &Scanner, known: &KnownBlobs) -> Vec<Finding> {
    let tree = |side: fn(&Touched) -> Option<&Vec<u8>>| {
        let files = touched.iter().filter_map(|it| {
            let bytes = side(it).filter(|_| !it.is_binary)?;
            Some(File {
                path: it.path.clone(),
                kind: Kind::Regular,
                mode: it.mode.map_or(0o644, |mode| mode & 0o777),
                content: Content::of(bytes),
            })
        });
        let mut files: Vec<File> = files.collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Tree {
            files,
            ..Tree::default()
        }
    };
    let (old, new) = (tree(|it| it.before.as_ref()), tree(|it| it.after.as_ref()));
    let decisions = Decisions::default();
    review(
        &old,
        &new,
        None,
        scanner,
        known,
        &Limits::none(),
        &decisions,
    )
    .signals
}

/// The patches with as many of their lines as a report carries.
fn heads(patches: &[Patch]) -> Vec<PatchHead> {
    let shown = |text: &Option<String>| text.as_ref().map(|it| visible::line(it.as_bytes()));
    let mut left = Limits::default().of_report;
    let heads = patches.iter().map(|patch| PatchHead {
        subject: shown(&patch.subject),
        author: shown(&patch.author),
        files: PatchedFile::of_patch(patch, &mut left),
    });
    heads.collect()
}

impl TouchedFile {
    fn of(file: &Touched) -> Self {
        let change = match (&file.before, &file.after) {
            _ if file.is_binary => "binary",
            (None, Some(_)) => "added",
            (Some(_), None) => "removed",
            _ => "changed",
        };
        Self {
            path: visible::name(&file.path),
            change: change.to_owned(),
        }
    }
}

impl PackageReport {
    fn of(pair: &Pair) -> Self {
        let show = |text: &str| visible::line(text.as_bytes());
        let (old, new) = (pair.old.as_ref(), pair.new.as_ref());
        let version = |it: &super::Recipe| {
            let version = it.version.as_deref()?;
            Some(show(&match &it.release {
                Some(release) => format!("{version}-r{release}"),
                None => version.to_owned(),
            }))
        };
        let changes = pair.changes().into_iter().map(|change| RecipeChange {
            what: change.what,
            old: change.old.as_deref().map(show),
            new: change.new.as_deref().map(show),
        });
        let differs = |(old, new): &(Option<&Source>, Option<&Source>)| match (old, new) {
            (Some(a), Some(b)) => a.urls != b.urls || a.hash != b.hash || a.revision != b.revision,
            _ => true,
        };
        let sources = pair
            .sources()
            .into_iter()
            .filter(differs)
            .map(|(old, new)| SourceReport {
                old: old.map(Source::shown),
                new: new.map(Source::shown),
                ..SourceReport::default()
            });
        Self {
            system: pair.recipe().map_or(System::Guix, |it| it.system),
            name: pair.recipe().map(|it| show(&it.name)).unwrap_or_default(),
            path: show(&pair.path),
            old_version: old.and_then(version),
            new_version: new.and_then(version),
            changes: changes.collect(),
            sources: sources.collect(),
            security: Security::of(pair),
        }
    }
}

impl Source {
    /// The same, fit to be shown. What it is fetched by has nothing in it that would be changed.
    fn shown(&self) -> Self {
        let show = |text: &String| visible::name(text.as_bytes());
        Self {
            name: show(&self.name),
            method: self.method.clone(),
            urls: self.urls.iter().map(show).collect(),
            revision: self.revision.as_ref().map(show),
            hash: self.hash.clone(),
            line: self.line,
        }
    }
}

impl Security {
    fn of(pair: &Pair) -> Self {
        let told = |recipe: &Option<super::Recipe>| {
            let mut ids: Vec<String> = Vec::new();
            if let Some(recipe) = recipe {
                ids.extend(
                    recipe
                        .patches
                        .iter()
                        .filter_map(|patch| vulnerability(patch)),
                );
                let listed = recipe.fixes.iter().filter(|(version, _)| version != "0");
                ids.extend(listed.map(|(_, id)| visible::line(id.as_bytes())));
            }
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let (old, new) = (told(&pair.old), told(&pair.new));
        Self {
            fixes: new.iter().filter(|id| !old.contains(id)).cloned().collect(),
            loses: old.iter().filter(|id| !new.contains(id)).cloned().collect(),
        }
    }
}
