//! The lines of a change that can be shown, within bounds.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::FileReport;
use crate::compare::{Change, Hunk, split_lines, without_ending};
use crate::visible;

/// How much of the changed lines a report carries.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Lines of one hunk.
    pub of_hunk: usize,
    /// Lines of one file.
    pub of_file: usize,
    /// Lines of the whole report.
    pub of_report: usize,
    /// Bytes of one line.
    pub of_line: usize,
    /// Unchanged lines around a hunk.
    pub context: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            of_hunk: 400,
            of_file: 2_000,
            of_report: 100_000,
            of_line: 2_000,
            context: 3,
        }
    }
}

/// Lines that changed, with some around them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownHunk {
    /// Its first line in the old file, from 1.
    pub old_start: u32,
    /// Its first line in the new file, from 1.
    pub new_start: u32,
    /// The lines.
    pub lines: Vec<Line>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which side has it.
    pub kind: LineKind,
    /// What it says, with everything made visible.
    pub text: String,
}

/// Which side has a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineKind {
    /// Both.
    Same,
    /// The old one.
    Removed,
    /// The new one.
    Added,
}

impl Limits {
    /// Everything.
    pub fn none() -> Self {
        Self {
            of_hunk: usize::MAX,
            of_file: usize::MAX,
            of_report: usize::MAX,
            of_line: usize::MAX,
            context: 3,
        }
    }

    /// Drops hunks of the last files once a report has enough lines.
    pub(super) fn apply(&self, files: &mut [FileReport]) {
        let mut left = self.of_report;
        for file in files {
            let lines = || {
                file.hunks
                    .iter()
                    .map(|hunk| hunk.lines.len())
                    .sum::<usize>()
            };
            let lines = lines();
            if lines > left {
                file.hunks.clear();
                file.hidden_lines = file.added_lines + file.removed_lines;
            }
            left = left.saturating_sub(lines);
        }
    }
}

/// The hunks of a change that can be shown, and how many changed lines are not among them.
pub(super) fn hunks(change: &Change<'_>, limits: &Limits) -> (Vec<ShownHunk>, u64) {
    let Some(hunks) = change.hunks.as_deref().filter(|hunks| !hunks.is_empty()) else {
        return (Vec::new(), 0);
    };
    let old: Vec<&[u8]> = split_lines(change.old_bytes()).collect();
    let new: Vec<&[u8]> = split_lines(change.new_bytes()).collect();
    let sides = Sides {
        old: &old,
        new: &new,
        limits,
    };
    let mut shown = Vec::new();
    let mut changed = 0;
    let mut taken = 0;
    for group in grouped(hunks, limits.context) {
        if taken >= limits.of_file {
            break;
        }
        let hunk = sides.hunk(group, limits.of_hunk.min(limits.of_file - taken));
        taken += hunk.lines.len();
        let kinds = hunk.lines.iter().map(|line| line.kind);
        changed += kinds.filter(|kind| *kind != LineKind::Same).count() as u64;
        shown.push(hunk);
    }
    let (added, removed) = change.line_counts();
    (shown, (added + removed).saturating_sub(changed))
}

/// Hunks whose surroundings touch are shown as one.
fn grouped(hunks: &[Hunk], context: u32) -> Vec<&[Hunk]> {
    let apart = |a: &Hunk, b: &Hunk| b.after.start.saturating_sub(a.after.end) <= 2 * context;
    hunks.chunk_by(apart).collect()
}

struct Sides<'t> {
    old: &'t [&'t [u8]],
    new: &'t [&'t [u8]],
    limits: &'t Limits,
}

impl Sides<'_> {
    fn hunk(&self, group: &[Hunk], at_most: usize) -> ShownHunk {
        let context = self.limits.context;
        let mut lines = Vec::new();
        let first = group
            .first()
            .map_or((0, 0), |hunk| (hunk.before.start, hunk.after.start));
        // Both sides have the same lines around a hunk.
        let lead = first.0.min(first.1).min(context);
        let mut at = first.1 - lead;
        for hunk in group {
            self.push(&mut lines, LineKind::Same, at..hunk.after.start);
            self.push(&mut lines, LineKind::Removed, hunk.before.clone());
            self.push(&mut lines, LineKind::Added, hunk.after.clone());
            at = hunk.after.end;
            if lines.len() > at_most {
                break;
            }
        }
        self.push(&mut lines, LineKind::Same, at..at.saturating_add(context));
        lines.truncate(at_most);
        ShownHunk {
            old_start: first.0 - lead + 1,
            new_start: first.1 - lead + 1,
            lines,
        }
    }

    fn push(&self, lines: &mut Vec<Line>, kind: LineKind, range: Range<u32>) {
        let side = if kind == LineKind::Removed {
            self.old
        } else {
            self.new
        };
        let end = (range.end as usize).min(side.len());
        let start = (range.start as usize).min(end);
        // No more than what a file may show: a hunk is cut anyway.
        let end = end.min(start.saturating_add(self.limits.of_hunk).saturating_add(1));
        lines.extend(side[start..end].iter().map(|line| Line {
            kind,
            text: self.text(line),
        }));
    }

    fn text(&self, line: &[u8]) -> String {
        let ending = line.ends_with(b"\r\n");
        let line = without_ending(line);
        if line.len() > self.limits.of_line {
            let cut = visible::line(&line[..self.limits.of_line]);
            return format!("{cut} … {} more bytes", line.len() - self.limits.of_line);
        }
        let mut text = visible::line(line);
        if ending {
            text.push_str("<U+000D>");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Comparison;
    use crate::testing::tree;

    fn shown(old: &str, new: &str, limits: &Limits) -> (Vec<String>, u64) {
        let (old, new) = (tree(&[("a", old)]), tree(&[("a", new)]));
        let comparison = Comparison::of(&old, &new);
        let (hunks, hidden) = hunks(&comparison.changes[0], limits);
        let line = |line: &Line| format!("{:?} {}", line.kind, line.text);
        let lines = hunks.iter().flat_map(|hunk| {
            let head = format!("@ {} {}", hunk.old_start, hunk.new_start);
            std::iter::once(head).chain(hunk.lines.iter().map(line))
        });
        (lines.collect(), hidden)
    }

    #[test]
    fn a_change_is_shown_with_its_surroundings() {
        let limits = Limits {
            context: 1,
            ..Limits::default()
        };
        let (lines, hidden) = shown("1\n2\n3\n4\n5\n", "1\n2\nx\n4\n5\n", &limits);
        assert_eq!(lines, ["@ 2 2", "Same 2", "Removed 3", "Added x", "Same 4"]);
        assert_eq!(hidden, 0);
    }

    #[test]
    fn what_is_cut_is_counted() {
        let limits = Limits {
            of_hunk: 2,
            ..Limits::default()
        };
        let (lines, hidden) = shown("", "1\n2\n3\n4\n5\n", &limits);
        assert_eq!(lines, ["@ 1 1", "Added 1", "Added 2"]);
        assert_eq!(hidden, 3);
    }
}
