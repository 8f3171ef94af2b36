//! What somebody has to read of a reviewed patch, piece by piece, each with a key by which it is
//! known again after the patch was made anew.
//!
//! The key is a digest of everything in the piece but its line numbers. What a report does not
//! carry whole is bound to the bytes of its source, or to the commit: a mark never covers what
//! nobody saw.

use std::collections::HashMap;

use super::report::{PackageReport, PatchReport, SourceReport};
use super::shown::PatchedFile;
use crate::report::{FileReport, Limits, Line, LineKind, Report, ShownHunk};

/// Context that counts on each side of what changed: enough to tell two places apart, and little
/// enough for other changes nearby not to matter.
const CONTEXT: usize = 1;

/// Where a piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the patch itself.
    Patch,
    /// In a source of this package.
    Source(String),
}

/// Whether a piece shows all that changed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// It does.
    Yes,
    /// Some is missing: lines that were too many or too long, or bytes that are no text.
    No,
}

/// A piece that somebody has to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToRead {
    /// By what it is known again.
    pub key: String,
    /// Where it is.
    pub place: Place,
    /// The file.
    pub path: String,
    /// What happened to the file.
    pub what: String,
    /// Lines, if there are.
    pub hunk: Option<ShownHunk>,
    /// Whether it shows everything.
    pub whole: Whole,
}

/// Everything that is to be read, the patch itself first; `head` is the commit that was reviewed.
/// Of sources that is what nothing explains.
pub fn to_read(report: &PatchReport, head: &str) -> Vec<ToRead> {
    let mut pieces = Pieces::default();
    for file in report.patches.iter().flat_map(|patch| &patch.files) {
        pieces.of_patch(file, head);
    }
    for package in &report.packages {
        for (source, review) in reviews(package) {
            let Ok(review) = review else {
                pieces.of_unread(&package.name, source, head);
                continue;
            };
            let bound = bytes_of(&review);
            let files = review.files.iter();
            for file in files.filter(|file| file.explanation.is_none()) {
                pieces.of_source(&package.name, file, &bound);
            }
        }
    }
    pieces.found
}

/// The reviews of a package's sources, as far as they can be read: an older Palisade may have kept
/// them.
fn reviews(
    package: &PackageReport,
) -> impl Iterator<Item = (&SourceReport, Result<Report, serde_json::Error>)> {
    let reviews = package.sources.iter();
    reviews.filter_map(|source| {
        let review = source.review.as_ref()?;
        Some((source, serde::Deserialize::deserialize(review)))
    })
}

/// The digests of both sides of a source.
fn bytes_of(review: &Report) -> String {
    let digest = |side: &crate::report::Side| {
        let outer = side.layers.first();
        outer.map(|it| it.sha256.clone()).unwrap_or_default()
    };
    format!("{}\0{}", digest(&review.old), digest(&review.new))
}

#[derive(Default)]
struct Pieces {
    found: Vec<ToRead>,
    /// How often each key was met: two pieces may be alike.
    met: HashMap<String, usize>,
}

impl Pieces {
    fn of_patch(&mut self, file: &PatchedFile, head: &str) {
        let mut what = file.change.clone();
        if let Some(former) = &file.former_path {
            what = format!("{what} from {former}");
        }
        if let Some(mode) = &file.mode {
            what = format!("{what}, mode {mode}");
        }
        let all = All {
            place: Place::Patch,
            path: &file.path,
            what,
            hunks: &file.hunks,
            is_whole: file.hidden_lines == 0 && file.change != "binary",
            bound: head,
        };
        self.add(&all);
    }

    fn of_source(&mut self, package: &str, file: &FileReport, bound: &str) {
        let all = All {
            place: Place::Source(package.to_owned()),
            path: &file.path,
            what: crate::render::what(file),
            hunks: &file.hunks,
            is_whole: file.hidden_lines == 0 && file.binary.is_none(),
            bound,
        };
        self.add(&all);
    }

    /// A source whose review cannot be read: nobody knows what is to be read of it.
    fn of_unread(&mut self, package: &str, source: &SourceReport, head: &str) {
        let file = source.new.as_ref().or(source.old.as_ref());
        let all = All {
            place: Place::Source(package.to_owned()),
            path: file.map_or("", |file| file.name.as_str()),
            what: "its review cannot be read".to_owned(),
            hunks: &[],
            is_whole: false,
            bound: head,
        };
        self.add(&all);
    }

    fn add(&mut self, all: &All<'_>) {
        for hunk in all.hunks {
            self.push(all, Some(hunk));
        }
        // What has no line is to be looked at all the same, and so is what is not shown.
        if all.hunks.is_empty() || !all.is_whole {
            self.push(all, None);
        }
    }

    fn push(&mut self, all: &All<'_>, hunk: Option<&ShownHunk>) {
        let is_whole = match hunk {
            Some(hunk) => !is_cut(hunk),
            None => all.is_whole,
        };
        let mut key = all.key(hunk, is_whole);
        let met = self.met.entry(key.clone()).or_default();
        *met += 1;
        if *met > 1 {
            key = format!("{key}-{met}");
        }
        self.found.push(ToRead {
            key,
            place: all.place.clone(),
            path: all.path.to_owned(),
            what: all.what.clone(),
            hunk: hunk.cloned(),
            whole: if is_whole { Whole::Yes } else { Whole::No },
        });
    }
}

/// What pieces of one file share.
struct All<'t> {
    place: Place,
    path: &'t str,
    what: String,
    hunks: &'t [ShownHunk],
    is_whole: bool,
    /// What stands for the bytes that are not shown.
    bound: &'t str,
}

impl All<'_> {
    fn key(&self, hunk: Option<&ShownHunk>, is_whole: bool) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut part = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        part(match &self.place {
            Place::Patch => "",
            Place::Source(package) => package,
        });
        part(self.path);
        part(&self.what);
        part(if is_whole && (hunk.is_some() || self.is_whole) {
            ""
        } else {
            self.bound
        });
        for line in hunk.map(near).unwrap_or_default() {
            part(match line.kind {
                LineKind::Same => " ",
                LineKind::Removed => "-",
                LineKind::Added => "+",
            });
            part(&line.text);
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// Whether a line of a hunk is not shown to its end, or the hunk is not.
fn is_cut(hunk: &ShownHunk) -> bool {
    let limits = Limits::default();
    let long = |line: &Line| line.text.len() >= limits.of_line;
    hunk.lines.len() >= limits.of_hunk || hunk.lines.iter().any(long)
}

/// The lines from the first that changed to the last, with a little around them.
fn near(hunk: &ShownHunk) -> &[Line] {
    let changed = |line: &Line| line.kind != LineKind::Same;
    let first = hunk.lines.iter().position(changed).unwrap_or(0);
    let last = hunk.lines.iter().rposition(changed).unwrap_or(0);
    let end = (last + CONTEXT + 1).min(hunk.lines.len());
    &hunk.lines[first.saturating_sub(CONTEXT).min(end)..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::{PATCH_FORM, PatchHead};

    fn line(text: &str) -> Line {
        let kind = match text.as_bytes().first() {
            Some(b'-') => LineKind::Removed,
            Some(b'+') => LineKind::Added,
            _ => LineKind::Same,
        };
        Line {
            kind,
            text: text[1..].to_owned(),
        }
    }

    fn hunk(start: u32, lines: &[&str]) -> ShownHunk {
        ShownHunk {
            old_start: start,
            new_start: start,
            lines: lines.iter().map(|text| line(text)).collect(),
        }
    }

    fn keys(head: &str, hidden: u64, hunks: &[ShownHunk]) -> Vec<String> {
        let file = PatchedFile {
            path: "gnu/packages/base.scm".to_owned(),
            change: "changed".to_owned(),
            hunks: hunks.to_vec(),
            hidden_lines: hidden,
            ..PatchedFile::default()
        };
        let report = PatchReport {
            form: PATCH_FORM,
            patches: vec![PatchHead {
                files: vec![file],
                ..PatchHead::default()
            }],
            partial: false,
            packages: Vec::new(),
            files: Vec::new(),
            signals: Vec::new(),
            effect: None,
        };
        let pieces = to_read(&report, head);
        pieces.into_iter().map(|piece| piece.key).collect()
    }

    #[test]
    fn a_review_that_cannot_be_read_is_left_to_read() {
        let source = SourceReport {
            review: Some(serde_json::json!({"form": 0})),
            ..SourceReport::default()
        };
        let package = serde_json::json!({
            "system": "guix", "name": "hello", "path": "a.scm", "changes": [], "sources": [source],
            "security": {"fixes": [], "loses": []},
        });
        let report = PatchReport {
            form: PATCH_FORM,
            patches: Vec::new(),
            partial: false,
            packages: vec![serde_json::from_value(package).unwrap()],
            files: Vec::new(),
            signals: Vec::new(),
            effect: None,
        };
        let pieces = to_read(&report, "head");
        assert_eq!(pieces.len(), 1);
        assert_eq!(pieces[0].whole, Whole::No);
        assert_eq!(pieces[0].place, Place::Source("hello".to_owned()));
    }

    #[test]
    fn a_hunk_is_known_again_elsewhere_and_after_other_changes() {
        let before = keys(
            "one",
            0,
            &[hunk(3, &[" far", " near", "-a", "+b", " near", " far"])],
        );
        let after = keys(
            "two",
            0,
            &[hunk(90, &[" other", " near", "-a", "+b", " near", " new"])],
        );
        assert_eq!(before, after);
    }

    #[test]
    fn another_content_or_place_is_another_hunk() {
        let one = keys("x", 0, &[hunk(1, &[" near", "-a", "+b", " near"])]);
        for lines in [
            [" near", "-a", "+c", " near"],
            [" other", "-a", "+b", " near"],
            [" near", "+a", "+b", " near"],
        ] {
            assert_ne!(one, keys("x", 0, &[hunk(1, &lines)]));
        }
    }

    #[test]
    fn two_that_are_alike_have_two_keys() {
        let twin = hunk(1, &["-a", "+b"]);
        let found = keys("x", 0, &[twin.clone(), twin]);
        assert_ne!(found[0], found[1]);
    }

    #[test]
    fn what_is_not_shown_whole_is_another_after_each_push() {
        let shown = [hunk(1, &["-a", "+b"])];
        let (one, two) = (keys("one", 7, &shown), keys("two", 7, &shown));
        assert_eq!((one.len(), &one[0]), (2, &two[0]), "what is shown stays");
        assert_ne!(one[1], two[1], "what is not shown does not");
        let long = format!("+{}", "x".repeat(3000));
        let cut = [hunk(1, &[&long])];
        assert_ne!(keys("one", 0, &cut), keys("two", 0, &cut));
    }
}
