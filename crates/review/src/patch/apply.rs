//! Applying patches to bytes in memory, as `git apply` does: every line of context has to be there.
//!
//! A hunk may stand elsewhere than it says, for others may have come before it; it is looked for
//! on both sides of its place. Nothing is ever guessed by leaving context out.

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};

use super::{Body, FilePatch, Hunk, Mark, Patch, PatchError};

/// The most comparisons of lines for one file: a hostile patch fits nearly everywhere.
const COMPARISONS: usize = 20_000_000;

/// A file that patches touch, before the first and after the last of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Where it is, or was.
    pub path: BString,
    /// Before; none where there was none.
    pub before: Option<Vec<u8>>,
    /// After; none where there is none.
    pub after: Option<Vec<u8>>,
    /// Its mode afterwards, if a patch tells.
    pub mode: Option<u32>,
    /// Whether a change of it is binary, and was not applied.
    pub is_binary: bool,
    /// Whether only its hunks were seen, so that more may be there than is told.
    pub is_partial: bool,
}

/// What gives a file of the tree before, if it has one.
pub type Lookup<'a> = dyn FnMut(&[u8]) -> Result<Option<Vec<u8>>, PatchError> + 'a;

/// Applies patches in their order. `base` gives the files as they were.
pub fn apply(patches: &[Patch], base: &mut Lookup<'_>) -> Result<Vec<Touched>, PatchError> {
    let mut files: BTreeMap<BString, Touched> = BTreeMap::new();
    for file in patches.iter().flat_map(|patch| &patch.files) {
        for path in file.old.iter().chain(&file.new) {
            if !files.contains_key(path) {
                let before = base(path)?;
                let touched = Touched {
                    path: path.clone(),
                    after: before.clone(),
                    before,
                    ..Touched::default()
                };
                files.insert(path.clone(), touched);
            }
        }
        apply_file(file, &mut files)?;
    }
    Ok(files.into_values().collect())
}

fn apply_file(file: &FilePatch, files: &mut BTreeMap<BString, Touched>) -> Result<(), PatchError> {
    let refuse = |reason| {
        Err(PatchError::File {
            file: file.path().to_string(),
            reason,
        })
    };
    let old = file.old.as_ref().and_then(|path| files.get(path));
    let mode = old.and_then(|old| old.mode).or(file.old_mode);
    let is_binary = file.body == Body::Binary || old.is_some_and(|old| old.is_binary);
    let content = match (&file.old, old.and_then(|old| old.after.as_ref())) {
        (Some(_), None) if !is_binary => return refuse("the tree has no such file"),
        (_, content) => content.map_or(&b""[..], Vec::as_slice),
    };
    let result = match &file.body {
        Body::Hunks(hunks) => apply_hunks(&file.path().to_string(), content, hunks)?,
        Body::Binary => Vec::new(),
    };
    let moves = file.old != file.new;
    if let Some(new) = &file.new
        && moves
        && files.get(new).is_some_and(|there| there.after.is_some())
    {
        return refuse("the tree has such a file already");
    }
    if file.new.is_none() && !result.is_empty() && file.body != Body::Binary {
        return refuse("it is to be deleted, but has more than the patch takes away");
    }
    if let Some(old) = file.old.as_ref().filter(|_| moves && !file.is_copy) {
        files.entry(old.clone()).or_default().after = None;
    }
    if let Some(new) = &file.new {
        let touched = files.entry(new.clone()).or_default();
        touched.after = Some(result);
        touched.mode = file.new_mode.or(mode);
        touched.is_binary = is_binary;
    }
    Ok(())
}

/// Applies hunks to a file's bytes.
pub(super) fn apply_hunks(
    file: &str,
    content: &[u8],
    hunks: &[Hunk],
) -> Result<Vec<u8>, PatchError> {
    let lines: Vec<&[u8]> = content.lines_with_terminator().collect();
    let mut result = Vec::with_capacity(content.len());
    let mut done = 0;
    let mut offset = 0_isize;
    let mut left = COMPARISONS;
    for (number, hunk) in hunks.iter().enumerate() {
        let wanted: Vec<&[u8]> = side(hunk, Mark::Removed).collect();
        let expected = hunk
            .old_start
            .saturating_sub(usize::from(!wanted.is_empty()));
        let start = expected.saturating_add_signed(offset);
        let found = find(&lines, &wanted, hunk, start, done, &mut left);
        let at = found.map_err(|reason| PatchError::Hunk {
            file: file.to_owned(),
            hunk: number + 1,
            line: hunk.line,
            reason,
        })?;
        offset = at.cast_signed() - expected.cast_signed();
        result.extend(lines[done..at].concat());
        result.extend(side(hunk, Mark::Added).collect::<Vec<_>>().concat());
        done = at + wanted.len();
    }
    result.extend(lines[done..].concat());
    Ok(result)
}

/// The lines of one side of a hunk.
fn side(hunk: &Hunk, mark: Mark) -> impl Iterator<Item = &[u8]> {
    let lines = hunk.lines.iter();
    let lines = lines.filter(move |line| line.mark == Mark::Context || line.mark == mark);
    lines.map(|line| line.text.as_slice())
}

/// Where the lines of a hunk stand: at the place that it names, or as near to it as may be.
fn find(
    lines: &[&[u8]],
    wanted: &[&[u8]],
    hunk: &Hunk,
    start: usize,
    done: usize,
    left: &mut usize,
) -> Result<usize, String> {
    let Some(last) = lines.len().checked_sub(wanted.len()) else {
        return Err("the file is shorter than the hunk".to_owned());
    };
    if wanted.is_empty() {
        // Without context it stands where it says, or nowhere.
        return match start {
            start if (done..=lines.len()).contains(&start) => Ok(start),
            _ => Err("it adds lines behind the file's end".to_owned()),
        };
    }
    // As git: what begins or ends without context stands at the file's beginning or end.
    let at_beginning = hunk.old_start <= 1;
    let at_end = hunk
        .lines
        .last()
        .is_some_and(|line| line.mark != Mark::Context);
    let fits_place = |at: usize| (!at_beginning || at == 0) && (!at_end || at == last);
    let mut nearest = (0, 0);
    // Where it says to stand may be far outside of where it can.
    let start = start.min(last).max(done);
    for distance in 0..=lines.len() {
        let before = start.checked_sub(distance);
        let after = (distance > 0).then(|| start.saturating_add(distance));
        if before.is_none_or(|at| at < done) && after.is_some_and(|at| at > last) {
            break;
        }
        for at in before.into_iter().chain(after) {
            if at < done || at > last || !fits_place(at) {
                continue;
            }
            let same = wanted
                .iter()
                .zip(&lines[at..])
                .take_while(|(a, b)| a == b)
                .count();
            if same == wanted.len() {
                return Ok(at);
            }
            nearest = nearest.max((same + 1, at));
            *left = left.saturating_sub(same + 1);
            if *left == 0 {
                return Err("looking for its place takes too long".to_owned());
            }
        }
    }
    let line = match nearest {
        (0, _) => start,
        (same, at) => at + same - 1,
    };
    Err(format!(
        "line {} of the file is another than the hunk's",
        line + 1
    ))
}

#[cfg(test)]
mod tests {
    use super::super::{mail, unified};
    use super::*;

    fn result(content: &str, patch: &str) -> Result<String, String> {
        let (files, _) = unified::read(patch.as_bytes(), 1).unwrap();
        let Body::Hunks(hunks) = &files[0].body else {
            panic!("no hunks");
        };
        let result = apply_hunks("x", content.as_bytes(), hunks);
        result
            .map(|it| String::from_utf8(it).unwrap())
            .map_err(|it| it.to_string())
    }

    const PATCH: &str = "--- a/x\n+++ b/x\n@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n";

    #[test]
    fn a_hunk_is_applied_where_its_context_is() {
        assert_eq!(result("a\nb\nc\nd\n", PATCH).unwrap(), "a\nb\nC\nd\n");
        assert_eq!(
            result("0\n1\n2\na\nb\nc\nd\n", PATCH).unwrap(),
            "0\n1\n2\na\nb\nC\nd\n"
        );
    }

    #[test]
    fn no_line_of_context_is_left_out() {
        let error = result("a\nb\nc\nD\n", PATCH).unwrap_err();
        let expected = "apply the patch to x: hunk 1 (line 3 of the patch): line 4 of the file is another than the hunk's";
        assert_eq!(error, expected);
    }

    #[test]
    fn a_hunk_is_found_however_far_off_it_says_to_be() {
        let far = PATCH.replace("@@ -2,3 +2,3 @@", "@@ -900,3 +900,3 @@");
        assert_eq!(result("a\nb\nc\nd\n", &far).unwrap(), "a\nb\nC\nd\n");
    }

    #[test]
    fn hunks_follow_one_another() {
        let patch = "--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n a\n+a2\n b\n@@ -4,2 +5,1 @@\n d\n-e\n";
        assert_eq!(
            result("a\nb\nc\nd\ne\n", patch).unwrap(),
            "a\na2\nb\nc\nd\n"
        );
    }

    #[test]
    fn a_series_renames_creates_and_deletes() {
        let patches = mail::read(
            b"diff --git a/x b/y\nrename from x\nrename to y\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n\
              diff --git a/n b/n\nnew file mode 100755\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+n\n\
              diff --git a/z b/z\ndeleted file mode 100644\n--- a/z\n+++ /dev/null\n@@ -1 +0,0 @@\n-z\n",
        )
        .unwrap();
        let mut base = |path: &[u8]| {
            Ok(match path {
                b"x" => Some(b"a\n".to_vec()),
                b"z" => Some(b"z\n".to_vec()),
                _ => None,
            })
        };
        let touched = apply(&patches, &mut base).unwrap();
        let after: Vec<_> = touched
            .iter()
            .map(|it| (it.path.to_string(), it.after.clone()))
            .collect();
        let expected = [
            ("n".to_owned(), Some(b"n\n".to_vec())),
            ("x".to_owned(), None),
            ("y".to_owned(), Some(b"b\n".to_vec())),
            ("z".to_owned(), None),
        ];
        assert_eq!(after, expected);
        assert_eq!(touched[0].mode, Some(0o100_755));
    }

    #[test]
    fn what_is_not_there_cannot_be_patched() {
        let patches = mail::read(PATCH.as_bytes()).unwrap();
        let error = apply(&patches, &mut |_| Ok(None)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "apply the patch to x: the tree has no such file"
        );
    }
}
