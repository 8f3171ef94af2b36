//! What a review found, with all that is needed to show it: the form that is kept, sent over a
//! pipe and printed.
//!
//! All text in it has gone through [`visible`]: whatever prints it cannot be led astray by what it
//! prints. Fields are plain, so that both a compact format and JSON take them.

mod shown;

use std::collections::{BTreeMap, HashMap};

use bstr::ByteSlice;
use serde::{Deserialize, Serialize};

use crate::compare::{Change, Comparison, How};
use crate::digest::hexadecimal;
use crate::explain::binary::{Facts, new_strings};
use crate::explain::lock::{self, LockChange};
use crate::explain::manifest::{
    DependencyChange, LicenceChange, dependency_changes, licence_changes,
};
use crate::explain::{Explainer, Explanation, KnownBlobs, Reason};
use crate::scan::{Judgement, Place, Role};
use crate::signal::{Severity, Signal, Specificity};
use crate::tree::{Kind, Tree};
use crate::visible;
pub use shown::{Limits, Line, LineKind, ShownHunk};

/// The form's number; another number is another form.
pub const FORM: u32 = 1;

/// What a review found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORM`].
    pub form: u32,
    /// The tree before.
    pub old: Side,
    /// The tree after.
    pub new: Side,
    /// How much changed, and how much of it is left to read.
    pub counts: Counts,
    /// What was folded, by reason.
    pub folded: Vec<Folded>,
    /// Every file that differs: what is left to read first, in the order in which to read it.
    pub files: Vec<FileReport>,
    /// What was noticed, the gravest first.
    pub signals: Vec<Finding>,
    /// What to do with the change, with the reasons.
    pub judgement: Judgement,
    /// Dependencies that changed.
    pub dependencies: Vec<DependencyChange>,
    /// Licences that changed.
    pub licences: Vec<LicenceChange>,
}

/// One of the two trees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// What it was called.
    pub name: String,
    /// The directory that was taken off every path.
    pub top: Option<String>,
    /// The commit that it says it was made from.
    pub commit: Option<String>,
    /// Digests of the file and of what its compressions held, outermost first.
    pub layers: Vec<LayerReport>,
    /// How many files it has.
    pub files: u64,
}

/// One layer of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerReport {
    /// `xz`, `tar` …
    pub format: String,
    /// In hexadecimal.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
}

/// How much changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Files that differ.
    pub files: u64,
    /// Of these, new ones.
    pub added: u64,
    /// Files that are gone.
    pub removed: u64,
    /// Files that are other at the same place.
    pub changed: u64,
    /// Files that are elsewhere.
    pub renamed: u64,
    /// Files that are the same.
    pub unchanged: u64,
    /// Lines that came.
    pub added_lines: u64,
    /// Lines that went.
    pub removed_lines: u64,
    /// Of both, the lines that nothing explains: the work that is left.
    pub unexplained_lines: u64,
    /// Files that nothing explains.
    pub unexplained_files: u64,
    /// Of these, files without lines.
    pub unexplained_binaries: u64,
    /// Files that were too many to be looked at for having moved with changes.
    pub not_paired: u64,
}

/// Files that one reason folds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    /// Why.
    pub reason: Reason,
    /// How many files.
    pub files: u64,
    /// How many lines came and went in them.
    pub lines: u64,
}

/// One file that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Where it is, or was.
    pub path: String,
    /// Where it was, if that is elsewhere.
    pub former_path: Option<String>,
    /// What happened to it.
    pub change: ChangeKind,
    /// How alike a renamed one is, in per cent.
    pub similarity: Option<u8>,
    /// Its mode before and after in octal digits, where that matters.
    pub modes: Option<(String, String)>,
    /// What it is before and after, where that is not a regular file on both sides: a link and
    /// where it leads, a submodule …
    pub kinds: Option<(String, String)>,
    /// Lines that came.
    pub added_lines: u64,
    /// Lines that went.
    pub removed_lines: u64,
    /// Lines that nothing explains.
    pub unexplained_lines: u64,
    /// Why it need not be read, if so.
    pub explanation: Option<Explanation>,
    /// What a lock file's change means.
    pub locked: Vec<LockChange>,
    /// Facts of bytes that are no text.
    pub binary: Option<BinaryReport>,
    /// What can be shown of its lines.
    pub hunks: Vec<ShownHunk>,
    /// Lines that came or went and are not in `hunks`.
    pub hidden_lines: u64,
}

/// Which files are worth a reader's first hour: what shows no lines is the last that anybody would
/// look at, and what builds and installs can do more than what only runs.
fn turn(file: &FileReport) -> u8 {
    let role = Place::of(file.path.as_bytes().as_bstr(), b"").role;
    match role {
        _ if file.change == ChangeKind::Removed => 5,
        Role::Documentation | Role::Translation => 4,
        _ if file.unexplained_lines == 0 => 0,
        Role::Build | Role::Recipe | Role::Ci | Role::Lock => 1,
        Role::Source | Role::Script => 2,
        Role::Test | Role::Data => 3,
    }
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
    /// It is elsewhere.
    Renamed,
}

/// Facts of a binary file on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinaryReport {
    /// Before.
    pub old: Option<Facts>,
    /// After.
    pub new: Option<Facts>,
    /// Words that are only in the new one.
    pub new_strings: Vec<String>,
}

/// A signal as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// What it asks of a reader.
    pub severity: Severity,
    /// How seldom the rule meets something harmless.
    pub specificity: Specificity,
    /// The file; empty for the tree.
    pub path: String,
    /// The line of the new file.
    pub line: Option<u32>,
    /// What was found.
    pub excerpt: String,
    /// Why it matters.
    pub why: String,
    /// What a suppression names it by, after `text:`.
    #[serde(default)]
    pub fingerprint: String,
    /// Whether it was there before.
    pub state: State,
    /// Who has accepted it, if somebody has.
    pub suppression: Option<Suppression>,
}

/// Whether a finding is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was not there before.
    New,
    /// It was there before.
    Unchanged,
    /// It is not there any more.
    Absent,
}

/// Somebody's word that a finding is all right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// Why it is.
    pub reason: String,
    /// Who says so.
    pub owner: String,
    /// Until which day.
    pub until: String,
}

impl Finding {
    /// A signal that is news.
    pub fn new(signal: &Signal) -> Self {
        Self {
            rule: signal.rule.to_owned(),
            severity: signal.severity,
            specificity: signal.specificity,
            path: visible::name(&signal.path),
            line: signal.line,
            excerpt: visible::line(&signal.excerpt),
            why: visible::line(signal.why.as_bytes()),
            fingerprint: crate::scan::fingerprint(signal),
            state: State::New,
            suppression: None,
        }
    }

    /// Whether it asks for somebody: it is news, nobody has accepted it, and it is no mere note.
    pub fn alarms(&self) -> bool {
        self.severity > Severity::Note && self.state == State::New && self.suppression.is_none()
    }
}

impl Report {
    /// Makes a report of a comparison and of what was noticed in it.
    pub fn of(
        comparison: &Comparison<'_>,
        signals: Vec<Finding>,
        known: &KnownBlobs,
        limits: &Limits,
    ) -> Self {
        use rayon::prelude::*;
        let explainer = Explainer::new(comparison, known);
        let mut files: Vec<FileReport> = comparison
            .changes
            .par_iter()
            .map(|change| FileReport::of(change, explainer.explain(change), limits))
            .collect();
        // What is left to read comes first, and of that what can do most; what is folded, in the
        // order of reasons.
        files.sort_by(|a, b| {
            let reason = |file: &FileReport| file.explanation.as_ref().map(|it| it.kind);
            let key = |file: &FileReport| (reason(file), turn(file));
            let lines = b.unexplained_lines.cmp(&a.unexplained_lines);
            key(a)
                .cmp(&key(b))
                .then(lines)
                .then_with(|| a.path.cmp(&b.path))
        });
        limits.apply(&mut files);
        let mut report = Self {
            form: FORM,
            old: Side::of(comparison.old),
            new: Side::of(comparison.new),
            counts: Counts::of(comparison, &files),
            folded: folded(&files),
            files,
            judgement: Judgement::of(signals.iter()),
            signals,
            dependencies: dependency_changes(comparison),
            licences: licence_changes(comparison),
        };
        report.make_visible();
        report.sort_signals();
        report
    }

    /// The licences that changed, each kind of change once, with its files.
    pub(crate) fn licences_by_change(&self) -> Vec<(&str, Vec<&str>)> {
        let mut changes: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for LicenceChange { path, says } in &self.licences {
            let place = *places.entry(says).or_insert(changes.len());
            if place == changes.len() {
                changes.push((says, Vec::new()));
            }
            changes[place].1.push(path);
        }
        changes
    }

    /// Puts the gravest signals first.
    pub fn sort_signals(&mut self) {
        self.signals.sort_by(|a, b| {
            let rank = |it: &Finding| {
                (
                    std::cmp::Reverse((it.alarms(), it.severity, it.specificity)),
                    it.path.clone(),
                )
            };
            rank(a)
                .cmp(&rank(b))
                .then(a.line.cmp(&b.line))
                .then_with(|| a.rule.cmp(&b.rule))
        });
    }

    /// Whether anything asks for somebody.
    pub fn alarms(&self) -> bool {
        self.signals.iter().any(Finding::alarms)
    }

    /// Texts that were read out of files on the way.
    fn make_visible(&mut self) {
        let show = |text: &mut String| *text = visible::line(text.as_bytes());
        for change in &mut self.dependencies {
            show(&mut change.path);
            show(&mut change.name);
            change.old.as_mut().map(show);
            change.new.as_mut().map(show);
        }
        for change in &mut self.licences {
            show(&mut change.path);
            show(&mut change.says);
        }
    }
}

impl Side {
    fn of(tree: &Tree) -> Self {
        let layer = |layer: &crate::tree::Layer| LayerReport {
            format: layer.format.to_owned(),
            sha256: hexadecimal(&layer.sha256),
            size: layer.size,
        };
        Self {
            name: visible::name(tree.name.as_bytes()),
            top: tree.top.as_ref().map(|top| visible::name(top)),
            commit: tree
                .commit
                .as_ref()
                .map(|commit| visible::name(commit.as_bytes())),
            layers: tree.layers.iter().map(layer).collect(),
            files: tree.files.len() as u64,
        }
    }
}

impl Counts {
    fn of(comparison: &Comparison<'_>, files: &[FileReport]) -> Self {
        let mut counts = Self {
            files: files.len() as u64,
            unchanged: comparison.unchanged as u64,
            not_paired: comparison.not_paired as u64,
            ..Self::default()
        };
        for file in files {
            match file.change {
                ChangeKind::Added => counts.added += 1,
                ChangeKind::Removed => counts.removed += 1,
                ChangeKind::Changed => counts.changed += 1,
                ChangeKind::Renamed => counts.renamed += 1,
            }
            counts.added_lines += file.added_lines;
            counts.removed_lines += file.removed_lines;
            counts.unexplained_lines += file.unexplained_lines;
            if file.explanation.is_none() {
                counts.unexplained_files += 1;
                counts.unexplained_binaries += u64::from(file.binary.is_some());
            }
        }
        counts
    }
}

fn folded(files: &[FileReport]) -> Vec<Folded> {
    let mut by_reason: BTreeMap<Reason, (u64, u64)> = BTreeMap::new();
    for file in files {
        if let Some(explanation) = &file.explanation {
            let group = by_reason.entry(explanation.kind).or_default();
            group.0 += 1;
            group.1 += file.added_lines + file.removed_lines;
        }
    }
    let folded = |(reason, (files, lines))| Folded {
        reason,
        files,
        lines,
    };
    by_reason.into_iter().map(folded).collect()
}

impl FileReport {
    fn of(change: &Change<'_>, explanation: Option<Explanation>, limits: &Limits) -> Self {
        let (added_lines, removed_lines) = change.line_counts();
        let (change_kind, similarity) = match change.how {
            How::Added => (ChangeKind::Added, None),
            How::Removed => (ChangeKind::Removed, None),
            How::Changed => (ChangeKind::Changed, None),
            How::Renamed(alike) => (ChangeKind::Renamed, Some(alike)),
        };
        let unexplained = explanation.is_none();
        let explanation = explanation.map(|it| Explanation {
            says: visible::line(it.says.as_bytes()),
            ..it
        });
        let (hunks, hidden_lines) = if unexplained {
            shown::hunks(change, limits)
        } else {
            (Vec::new(), added_lines + removed_lines)
        };
        Self {
            path: visible::name(change.path()),
            former_path: change.former_path().map(|path| visible::name(path)),
            change: change_kind,
            similarity,
            modes: change
                .modes()
                .map(|(old, new)| (format!("{old:04o}"), format!("{new:04o}"))),
            kinds: kinds(change),
            added_lines,
            removed_lines,
            unexplained_lines: if unexplained {
                added_lines + removed_lines
            } else {
                0
            },
            explanation,
            locked: locked(change),
            binary: binary(change),
            hunks,
            hidden_lines,
        }
    }
}

fn kinds(change: &Change<'_>) -> Option<(String, String)> {
    let word = |file: Option<&crate::tree::File>| match file.map(|file| &file.kind) {
        None => String::new(),
        Some(Kind::Regular) => "file".to_owned(),
        Some(Kind::Symlink(to)) => format!("symbolic link to {}", visible::name(to)),
        Some(Kind::Hardlink(to)) => format!("hard link to {}", visible::name(to)),
        Some(Kind::Submodule(commit)) => {
            format!("submodule at {}", visible::name(commit.as_bytes()))
        }
        Some(Kind::Directory) => "directory".to_owned(),
        Some(Kind::Special(what)) => (*what).to_owned(),
    };
    let mut sides = change.old.into_iter().chain(change.new);
    let odd = sides.any(|file| file.kind != Kind::Regular);
    odd.then(|| (word(change.old), word(change.new)))
}

fn locked(change: &Change<'_>) -> Vec<LockChange> {
    let read = |bytes| lock::read(change.path(), bytes);
    let (Some(old), Some(new)) = (change.old, change.new) else {
        return Vec::new();
    };
    let (Some(old), Some(new)) = (read(&old.content.bytes), read(&new.content.bytes)) else {
        return Vec::new();
    };
    let mut changes = lock::changes(&old, &new);
    for change in &mut changes {
        for text in [&mut change.name, &mut change.old, &mut change.new] {
            *text = visible::line(&text.as_bytes()[..text.len().min(400)]);
        }
    }
    changes
}

fn binary(change: &Change<'_>) -> Option<BinaryReport> {
    if change.is_text() {
        return None;
    }
    let regular = |file: Option<&crate::tree::File>| {
        let file = file.filter(|file| file.kind == Kind::Regular)?;
        Some(Facts::of(&file.content.bytes))
    };
    let (old, new) = (regular(change.old), regular(change.new));
    if old.is_none() && new.is_none() {
        return None;
    }
    let strings = new_strings(change.old_bytes(), change.new_bytes());
    let mut facts = [old, new];
    for elf in facts
        .iter_mut()
        .flatten()
        .filter_map(|facts| facts.elf.as_mut())
    {
        for text in elf.needs.iter_mut().chain(&mut elf.ifuncs) {
            *text = visible::name(text.as_bytes());
        }
    }
    let [old, new] = facts;
    Some(BinaryReport {
        old,
        new,
        new_strings: strings,
    })
}
