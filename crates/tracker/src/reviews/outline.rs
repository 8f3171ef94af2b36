//! A report in the parts in which it is stored and shown: what stands above the hunks, and the hunks in
//! pages.

use palisade_review::Severity;
use palisade_review::patch::{
    Effect, PackageReport, PatchReport, Place, SourceReport, ToRead, Whole,
};
use palisade_review::patch::{patch_markdown, to_read};
use palisade_review::report::{Finding, Line, Report};
use palisade_store::NewReport;
use serde::{Deserialize, Serialize};

/// Hunks of a page, and bytes of their lines.
const PAGE: usize = 50;
const PAGE_BYTES: usize = 200 << 10;

/// Hunks that are shown in all; who has more to read than this reads elsewhere.
const HUNKS: usize = 20_000;

/// Signals, files and packages that are listed.
const SIGNALS: usize = 300;
const FILES: usize = 1_000;
const PACKAGES: usize = 500;

/// Bytes of a report that is kept with all its lines.
const REPORT: usize = 48 << 20;

/// What stands above the hunks of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// The patches of the series.
    pub patches: Vec<OutlinePatch>,
    /// Whether only hunks were seen.
    pub partial: bool,
    /// The packages whose recipes change.
    pub packages: Vec<OutlinePackage>,
    /// What it does to the findings of a branch.
    #[serde(default)]
    pub effect: Option<OutlineEffect>,
    /// What was noticed, the gravest first.
    pub signals: Vec<OutlineSignal>,
    /// How many more signals there are.
    pub more_signals: usize,
    /// The files with something to read.
    pub files: Vec<OutlineFile>,
    /// How many more files there are.
    pub more_files: usize,
    /// Which hunk is the first of each page.
    pub pages: Vec<usize>,
    /// How many hunks are shown.
    pub hunks: usize,
    /// How many are not.
    pub left_out: usize,
}

/// What a patch does to the findings of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineEffect {
    /// The branch.
    pub branch: String,
    /// Whether it introduces a finding, or loses a mitigation.
    pub is_worse: bool,
    /// Packages that the branch does not have.
    pub unknown: Vec<String>,
    /// Why nothing could be compared.
    pub not_compared: Option<String>,
    /// The comparison as Markdown.
    pub markdown: String,
}

/// A patch of the series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlinePatch {
    /// What it says to do.
    pub subject: String,
    /// Who says to have written it.
    pub author: String,
}

/// A package whose recipe changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlinePackage {
    /// Its name.
    pub name: String,
    /// The recipe's file.
    pub path: String,
    /// The version before.
    pub old_version: Option<String>,
    /// The version after.
    pub new_version: Option<String>,
    /// What differs in the recipe: what, before, after.
    pub changes: Vec<(String, Option<String>, Option<String>)>,
    /// Vulnerabilities that it says to fix now.
    pub fixes: Vec<String>,
    /// Vulnerabilities that it no longer mitigates by itself.
    pub loses: Vec<String>,
    /// The sources that differ.
    pub sources: Vec<OutlineSource>,
}

/// A source that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineSource {
    /// Its name.
    pub name: String,
    /// Where it was got from.
    pub from: Vec<String>,
    /// Why it was not compared.
    pub not_compared: Option<String>,
    /// How many files differ, and how many lines of them nothing explains.
    pub numbers: Option<(u64, u64)>,
    /// What need not be read, by reason.
    pub folded: Vec<OutlineFolded>,
}

/// Files that need not be read for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineFolded {
    /// The reason.
    pub reason: String,
    /// How many files.
    pub files: u64,
    /// How many lines of them came or went.
    pub lines: u64,
}

/// Something that was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineSignal {
    /// `critical`, `warning` or `note`.
    pub severity: String,
    /// The rule.
    pub rule: String,
    /// The file.
    pub path: String,
    /// The line.
    pub line: Option<u32>,
    /// What was found.
    pub excerpt: String,
    /// Why it matters.
    pub why: String,
}

/// A file with something to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineFile {
    /// Of which package's source; none for the patch itself.
    pub package: Option<String>,
    /// Where it is.
    pub path: String,
    /// What happens to it.
    pub what: String,
    /// Which hunk is its first.
    pub first: usize,
    /// How many it has.
    pub hunks: usize,
}

/// A hunk as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// By what it is known.
    pub key: String,
    /// Of which package's source; none for the patch itself.
    pub package: Option<String>,
    /// The file.
    pub path: String,
    /// What happens to the file.
    pub what: String,
    /// Its first line in the old file, from 1.
    pub old_start: u32,
    /// Its first line in the new file.
    pub new_start: u32,
    /// Its lines; none where the file has none that can be shown.
    pub lines: Vec<Line>,
    /// Whether it shows everything.
    pub whole: bool,
}

/// The report of a commit as it is stored; `log` is what is to be told of making it.
///
/// # Errors
/// When it is no JSON, which its form does not let happen.
pub fn new_report(
    mut report: PatchReport,
    head: &str,
    log: String,
) -> Result<NewReport, serde_json::Error> {
    let mut pieces = to_read(&report, head);
    let left_out = pieces.len().saturating_sub(HUNKS);
    pieces.truncate(HUNKS);
    let hunks: Vec<Hunk> = pieces.into_iter().map(Hunk::of).collect();
    let firsts = pages(&hunks);
    let ends = firsts.iter().skip(1).copied().chain([hunks.len()]);
    let pages = firsts.iter().zip(ends);
    let pages = pages.map(|(&first, end)| serde_json::to_string(&hunks[first..end]));
    let pages = pages.collect::<Result<_, _>>()?;
    let outline = Outline::of(&report, &hunks, firsts, left_out);
    let count = |severity| {
        let signals = report.signals.iter();
        let counted = signals.filter(|it| it.severity == severity && it.suppression.is_none());
        i64::try_from(counted.count()).unwrap_or(i64::MAX)
    };
    Ok(NewReport {
        head: head.to_owned(),
        outline: serde_json::to_string(&outline)?,
        markdown: patch_markdown(&report),
        pages,
        hunks: hunks.into_iter().map(|hunk| hunk.key).collect(),
        critical: count(Severity::Critical),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
        report: bounded(&mut report)?,
        log,
    })
}

/// The report as JSON, without the lines of sources if it is too long with them.
fn bounded(report: &mut PatchReport) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(report)?;
    if text.len() <= REPORT {
        return Ok(text);
    }
    let sources = report.packages.iter_mut().flat_map(|it| &mut it.sources);
    for review in sources.filter_map(|source| source.review.as_mut()) {
        for file in review["files"].as_array_mut().into_iter().flatten() {
            file["hunks"] = serde_json::Value::Array(Vec::new());
        }
    }
    serde_json::to_string(report)
}

/// Which hunks begin pages.
fn pages(hunks: &[Hunk]) -> Vec<usize> {
    let mut firsts = Vec::new();
    let (mut count, mut bytes) = (0, 0);
    for (place, hunk) in hunks.iter().enumerate() {
        let own: usize = hunk.lines.iter().map(|line| line.text.len() + 40).sum();
        if firsts.is_empty() || count >= PAGE || bytes + own > PAGE_BYTES {
            firsts.push(place);
            (count, bytes) = (0, 0);
        }
        count += 1;
        bytes += own;
    }
    firsts
}

impl Hunk {
    fn of(piece: ToRead) -> Self {
        let (old_start, new_start, lines) = match piece.hunk {
            Some(hunk) => (hunk.old_start, hunk.new_start, hunk.lines),
            None => (0, 0, Vec::new()),
        };
        Self {
            key: piece.key,
            package: match piece.place {
                Place::Patch => None,
                Place::Source(package) => Some(package),
            },
            path: piece.path,
            what: piece.what,
            old_start,
            new_start,
            lines,
            whole: piece.whole == Whole::Yes,
        }
    }
}

impl Outline {
    fn of(report: &PatchReport, hunks: &[Hunk], pages: Vec<usize>, left_out: usize) -> Self {
        let told = |text: &Option<String>, none: &str| text.clone().unwrap_or(none.to_owned());
        let patches = report.patches.iter().map(|patch| OutlinePatch {
            subject: told(&patch.subject, "a patch without a subject"),
            author: told(&patch.author, "nobody named"),
        });
        let (files, more_files) = files(hunks);
        Self {
            patches: patches.take(PACKAGES).collect(),
            partial: report.partial,
            packages: report
                .packages
                .iter()
                .take(PACKAGES)
                .map(OutlinePackage::of)
                .collect(),
            effect: report.effect.as_ref().map(OutlineEffect::of),
            signals: report
                .signals
                .iter()
                .take(SIGNALS)
                .map(OutlineSignal::of)
                .collect(),
            more_signals: report.signals.len().saturating_sub(SIGNALS),
            files,
            more_files,
            pages,
            hunks: hunks.len(),
            left_out,
        }
    }

    /// The page of a hunk.
    pub fn page_of(&self, place: usize) -> usize {
        let behind = self.pages.partition_point(|first| *first <= place);
        behind.saturating_sub(1)
    }
}

/// The files of hunks, and how many are not listed.
fn files(hunks: &[Hunk]) -> (Vec<OutlineFile>, usize) {
    let mut files: Vec<OutlineFile> = Vec::new();
    for (place, hunk) in hunks.iter().enumerate() {
        let same = |file: &&mut OutlineFile| {
            file.path == hunk.path && file.package == hunk.package && file.what == hunk.what
        };
        match files.last_mut().filter(same) {
            Some(file) => file.hunks += 1,
            None => files.push(OutlineFile {
                package: hunk.package.clone(),
                path: hunk.path.clone(),
                what: hunk.what.clone(),
                first: place,
                hunks: 1,
            }),
        }
    }
    let more = files.len().saturating_sub(FILES);
    files.truncate(FILES);
    (files, more)
}

impl OutlineEffect {
    fn of(effect: &Effect) -> Self {
        Self {
            branch: effect.branch.clone(),
            is_worse: effect.is_worse,
            unknown: effect.unknown.clone(),
            not_compared: effect.not_compared.clone(),
            markdown: effect.markdown.clone().unwrap_or_default(),
        }
    }
}

impl OutlinePackage {
    fn of(package: &PackageReport) -> Self {
        let changes = package.changes.iter();
        Self {
            name: package.name.clone(),
            path: package.path.clone(),
            old_version: package.old_version.clone(),
            new_version: package.new_version.clone(),
            changes: changes
                .map(|it| (it.what.clone(), it.old.clone(), it.new.clone()))
                .collect(),
            fixes: package.security.fixes.clone(),
            loses: package.security.loses.clone(),
            sources: package.sources.iter().map(OutlineSource::of).collect(),
        }
    }
}

impl OutlineSource {
    fn of(source: &SourceReport) -> Self {
        let named = source.new.as_ref().or(source.old.as_ref());
        let review = source.review.as_ref();
        let review: Option<Report> = review.and_then(|it| Deserialize::deserialize(it).ok());
        let folded = review.iter().flat_map(|review| &review.folded);
        Self {
            name: named.map(|it| it.name.clone()).unwrap_or_default(),
            from: source.from.clone(),
            not_compared: source.not_compared.clone(),
            numbers: review
                .as_ref()
                .map(|it| (it.counts.files, it.counts.unexplained_lines)),
            folded: folded
                .map(|it| OutlineFolded {
                    reason: it.reason.title().to_owned(),
                    files: it.files,
                    lines: it.lines,
                })
                .collect(),
        }
    }
}

impl OutlineSignal {
    fn of(finding: &Finding) -> Self {
        let severity = match finding.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        Self {
            severity: severity.to_owned(),
            rule: finding.rule.clone(),
            path: finding.path.clone(),
            line: finding.line,
            excerpt: finding.excerpt.chars().take(400).collect(),
            why: finding.why.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use palisade_review::report::LineKind;

    use super::*;

    fn hunk(path: &str, bytes: usize) -> Hunk {
        Hunk {
            key: path.to_owned(),
            package: None,
            path: path.to_owned(),
            what: "changed".to_owned(),
            old_start: 1,
            new_start: 1,
            lines: vec![Line {
                kind: LineKind::Added,
                text: "x".repeat(bytes),
            }],
            whole: true,
        }
    }

    #[test]
    fn pages_are_short_in_hunks_and_in_bytes() {
        let small: Vec<Hunk> = (0..120).map(|_| hunk("a", 10)).collect();
        assert_eq!(pages(&small), [0, 50, 100]);
        let large: Vec<Hunk> = (0..3).map(|_| hunk("a", 150 << 10)).collect();
        assert_eq!(pages(&large), [0, 1, 2]);
        assert_eq!(pages(&[]), [0; 0]);
        let outline = Outline {
            pages: pages(&small),
            ..Outline::default()
        };
        let found = [0, 49, 50, 119].map(|place| outline.page_of(place));
        assert_eq!(found, [0, 0, 1, 2]);
    }

    #[test]
    fn files_are_listed_with_their_hunks() {
        let hunks = [hunk("a", 1), hunk("a", 1), hunk("b", 1)];
        let (files, more) = files(&hunks);
        let told: Vec<_> = files
            .iter()
            .map(|it| (it.path.as_str(), it.first, it.hunks))
            .collect();
        assert_eq!((told, more), (vec![("a", 0, 2), ("b", 2, 1)], 0));
    }
}
