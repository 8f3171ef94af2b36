//! The lines of a patch itself, as they are shown.

use serde::{Deserialize, Serialize};

use super::{Body, FilePatch, Hunk, Mark, Patch};
use crate::report::{Limits, Line, LineKind, ShownHunk};
use crate::visible;

/// What one patch does to one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchedFile {
    /// Where it is, or was.
    pub path: String,
    /// What happens to it: `added`, `removed`, `changed`, `renamed`, `copied` or `binary`.
    pub change: String,
    /// Where it was, if that is elsewhere.
    pub former_path: Option<String>,
    /// Its new mode in octal digits, where that is told.
    pub mode: Option<String>,
    /// Its lines.
    pub hunks: Vec<ShownHunk>,
    /// Lines that came or went and are not in `hunks`.
    pub hidden_lines: u64,
}

impl PatchedFile {
    /// The files of a patch, until no line is left of how many may be shown.
    pub(super) fn of_patch(patch: &Patch, left: &mut usize) -> Vec<Self> {
        let files = patch.files.iter();
        files.map(|file| Self::of(file, left)).collect()
    }

    fn of(file: &FilePatch, left: &mut usize) -> Self {
        let limits = Limits::default();
        let mut shown = Self {
            path: visible::name(file.path()),
            change: change(file).to_owned(),
            former_path: former_path(file),
            mode: file.new_mode.map(|mode| format!("{mode:o}")),
            ..Self::default()
        };
        let Body::Hunks(hunks) = &file.body else {
            return shown;
        };
        let mut of_file = limits.of_file.min(*left);
        for hunk in hunks {
            // A part of a hunk would be taken for the whole of it.
            if hunk.lines.len() > of_file {
                let changed = hunk.lines.iter().filter(|line| line.mark != Mark::Context);
                shown.hidden_lines += changed.count() as u64;
                continue;
            }
            of_file -= hunk.lines.len();
            *left -= hunk.lines.len();
            shown.hunks.push(lines(hunk, limits.of_line));
        }
        shown
    }
}

fn change(file: &FilePatch) -> &'static str {
    match (&file.old, &file.new) {
        _ if file.body == Body::Binary => "binary",
        (None, _) => "added",
        (_, None) => "removed",
        (Some(old), Some(new)) if old == new => "changed",
        _ if file.is_copy => "copied",
        _ => "renamed",
    }
}

fn former_path(file: &FilePatch) -> Option<String> {
    let (old, new) = (file.old.as_ref()?, file.new.as_ref()?);
    (old != new).then(|| visible::name(old))
}

fn lines(hunk: &Hunk, of_line: usize) -> ShownHunk {
    let start = u32::try_from(hunk.old_start).unwrap_or(u32::MAX);
    let lines = hunk.lines.iter().map(|line| {
        let kind = match line.mark {
            Mark::Context => LineKind::Same,
            Mark::Removed => LineKind::Removed,
            Mark::Added => LineKind::Added,
        };
        let text = line.text.strip_suffix(b"\n").unwrap_or(&line.text);
        let text = if text.len() > of_line {
            let cut = visible::line(&text[..of_line]);
            format!("{cut} … {} more bytes", text.len() - of_line)
        } else {
            visible::line(text)
        };
        Line { kind, text }
    });
    ShownHunk {
        old_start: start,
        // Where it comes to stand depends on what else is applied; people look for the old place.
        new_start: start,
        lines: lines.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::read;

    const PATCH: &str = "\
--- a/x
+++ b/x
@@ -1,3 +1,3 @@
 one
-two
+tw\u{202e}o
 three
";

    #[test]
    fn lines_of_a_patch_are_shown_with_everything_visible() {
        let patches = read(PATCH.as_bytes()).unwrap();
        let files = PatchedFile::of_patch(&patches[0], &mut 100);
        let texts: Vec<_> = files[0].hunks[0].lines.iter().map(|it| &it.text).collect();
        assert_eq!(texts, ["one", "two", "tw<U+202E>o", "three"]);
        assert_eq!(
            (files[0].change.as_str(), files[0].hidden_lines),
            ("changed", 0)
        );
    }

    #[test]
    fn a_hunk_that_does_not_fit_is_counted_and_not_cut() {
        let patches = read(PATCH.as_bytes()).unwrap();
        let files = PatchedFile::of_patch(&patches[0], &mut 3);
        assert_eq!((files[0].hunks.len(), files[0].hidden_lines), (0, 2));
    }
}
