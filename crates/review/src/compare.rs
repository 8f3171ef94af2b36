//! What differs between two trees: which files, and which lines of them.
//!
//! Nothing here judges; it only says what is not the same any more. Files are told apart by path
//! and by git's name of their content, so equal files cost nothing; whatever came and went is then
//! paired as moved where the content says so.

mod lines;
mod rename;

use bstr::{BStr, ByteSlice};
use rayon::prelude::*;

pub(crate) use lines::without_ending;
pub use lines::{Hunk, is_text, split_lines};

use crate::tree::{File, Kind, Tree};

/// What differs between an old and a new tree.
#[derive(Debug)]
pub struct Comparison<'t> {
    /// The tree before.
    pub old: &'t Tree,
    /// The tree after.
    pub new: &'t Tree,
    /// Every difference, by path.
    pub changes: Vec<Change<'t>>,
    /// How many files are the same in both.
    pub unchanged: usize,
    /// Where there were too many files that came and went, how many of them were not looked at
    /// for having moved with changes.
    pub not_paired: usize,
}

/// One file that is not the same any more.
#[derive(Debug)]
pub struct Change<'t> {
    /// What happened to it.
    pub how: How,
    /// The file before; none where it was added.
    pub old: Option<&'t File>,
    /// The file after; none where it was removed.
    pub new: Option<&'t File>,
    /// Which lines went and came, where both sides (or the only one) are text; all of them for a
    /// file that was added or removed. Empty where only the mode or the place changed.
    pub hunks: Option<Vec<Hunk>>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its content, kind or mode is another.
    Changed,
    /// It has another path; how much of its content is the same, in per cent.
    Renamed(u8),
}

/// The bits of a mode that mean something: who may execute it does not, that it can be does, as
/// do setuid, setgid and sticky. The rest is the packer's umask.
pub fn meaning_of_mode(mode: u32) -> u32 {
    let executable = if mode & 0o111 == 0 { 0 } else { 0o111 };
    mode & 0o7000 | executable
}

impl<'t> Comparison<'t> {
    /// Compares two trees.
    pub fn of(old: &'t Tree, new: &'t Tree) -> Self {
        let mut paired = Paired::by_path(old, new);
        let renames = rename::find(&mut paired.removed, &mut paired.added);
        let not_paired = renames.not_paired;
        let mut sides: Vec<Sides<'t>> = paired.changed;
        sides.extend(renames.found);
        sides.extend(paired.removed.into_iter().map(Sides::removed));
        sides.extend(paired.added.into_iter().map(Sides::added));
        let mut changes: Vec<Change<'t>> = sides.par_iter().map(Change::of).collect();
        changes.sort_by(|a, b| a.path().cmp(b.path()));
        Self {
            old,
            new,
            changes,
            unchanged: paired.unchanged,
            not_paired,
        }
    }
}

impl<'t> Change<'t> {
    fn of(sides: &Sides<'t>) -> Self {
        Self {
            how: sides.how,
            old: sides.old,
            new: sides.new,
            hunks: lines::hunks(sides.old, sides.new),
        }
    }

    /// Where it is now, or where it was if it was removed.
    pub fn path(&self) -> &'t BStr {
        let file = self.new.or(self.old);
        file.map_or(BStr::new(""), |file| file.path.as_bstr())
    }

    /// Where it was, if that is elsewhere.
    pub fn former_path(&self) -> Option<&'t BStr> {
        let (old, new) = (self.old?, self.new?);
        (old.path != new.path).then_some(old.path.as_bstr())
    }

    /// The modes before and after, if they differ in what they mean.
    pub fn modes(&self) -> Option<(u32, u32)> {
        let (old, new) = (self.old?, self.new?);
        let differ = old.kind == Kind::Regular
            && new.kind == Kind::Regular
            && meaning_of_mode(old.mode) != meaning_of_mode(new.mode);
        differ.then_some((old.mode, new.mode))
    }

    /// The bytes before: empty where there were none.
    pub fn old_bytes(&self) -> &'t [u8] {
        self.old.map_or(&[], |file| &file.content.bytes)
    }

    /// The bytes after: empty where there are none.
    pub fn new_bytes(&self) -> &'t [u8] {
        self.new.map_or(&[], |file| &file.content.bytes)
    }

    /// The lines that came, with their numbers from 1 in the new file and without line endings.
    /// None where the file is no text.
    pub fn added_lines(&self) -> Vec<(u32, &'t [u8])> {
        let hunks = self.hunks.iter().flatten();
        lines::pick(self.new_bytes(), hunks.map(|hunk| hunk.after.clone()))
    }

    /// The lines that went, with their numbers from 1 in the old file and without line endings.
    pub fn removed_lines(&self) -> Vec<(u32, &'t [u8])> {
        let hunks = self.hunks.iter().flatten();
        lines::pick(self.old_bytes(), hunks.map(|hunk| hunk.before.clone()))
    }

    /// How many lines came and how many went.
    pub fn line_counts(&self) -> (u64, u64) {
        let hunks = self.hunks.iter().flatten();
        hunks.fold((0, 0), |(added, removed), hunk| {
            let added = added + hunk.after.len() as u64;
            (added, removed + hunk.before.len() as u64)
        })
    }

    /// Whether its content is text on each side that there is.
    pub fn is_text(&self) -> bool {
        self.hunks.is_some()
    }
}

/// A change whose lines have not been looked at.
#[derive(Debug)]
struct Sides<'t> {
    how: How,
    old: Option<&'t File>,
    new: Option<&'t File>,
}

impl<'t> Sides<'t> {
    fn removed(old: &'t File) -> Self {
        Self {
            how: How::Removed,
            old: Some(old),
            new: None,
        }
    }

    fn added(new: &'t File) -> Self {
        Self {
            how: How::Added,
            old: None,
            new: Some(new),
        }
    }

    fn both(how: How, old: &'t File, new: &'t File) -> Self {
        Self {
            how,
            old: Some(old),
            new: Some(new),
        }
    }
}

/// What paths alone tell.
#[derive(Default)]
struct Paired<'t> {
    changed: Vec<Sides<'t>>,
    removed: Vec<&'t File>,
    added: Vec<&'t File>,
    unchanged: usize,
}

impl<'t> Paired<'t> {
    /// Merges two sorted lists. A name that is there twice meets the other side's in order.
    fn by_path(old: &'t Tree, new: &'t Tree) -> Self {
        let mut paired = Self::default();
        let mut before = old.files.iter().peekable();
        let mut after = new.files.iter().peekable();
        loop {
            let order = match (before.peek(), after.peek()) {
                (Some(old), Some(new)) => old.path.cmp(&new.path),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return paired,
            };
            if order.is_eq() {
                paired.meet(before.next(), after.next());
            } else if order.is_lt() {
                paired.removed.extend(before.next());
            } else {
                paired.added.extend(after.next());
            }
        }
    }

    fn meet(&mut self, old: Option<&'t File>, new: Option<&'t File>) {
        let (Some(old), Some(new)) = (old, new) else {
            return;
        };
        if same(old, new) {
            self.unchanged += 1;
        } else {
            self.changed.push(Sides::both(How::Changed, old, new));
        }
    }
}

/// Whether two files of one path are the same in all that means something.
fn same(old: &File, new: &File) -> bool {
    let mode = old.kind != Kind::Regular || meaning_of_mode(old.mode) == meaning_of_mode(new.mode);
    old.kind == new.kind && mode && old.content.blob == new.content.blob
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{file, tree};

    fn summary(comparison: &Comparison<'_>) -> Vec<String> {
        let line = |change: &Change<'_>| {
            let (added, removed) = change.line_counts();
            format!("{:?} {} +{added} -{removed}", change.how, change.path())
        };
        comparison.changes.iter().map(line).collect()
    }

    #[test]
    fn files_come_go_and_change() {
        let old = tree(&[("a", "1\n2\n3\n"), ("b", "x\n"), ("c", "same\n")]);
        let new = tree(&[("a", "1\n2!\n3\n"), ("c", "same\n"), ("d", "new\nfile\n")]);
        let comparison = Comparison::of(&old, &new);
        assert_eq!(
            summary(&comparison),
            ["Changed a +1 -1", "Removed b +0 -1", "Added d +2 -0"]
        );
        assert_eq!(comparison.unchanged, 1);
        assert_eq!(comparison.changes[0].added_lines(), [(2, &b"2!"[..])]);
        assert_eq!(comparison.changes[0].removed_lines(), [(2, &b"2"[..])]);
    }

    #[test]
    fn a_moved_file_is_no_new_one() {
        let old = tree(&[("lib/a.c", "int a;\nint b;\n"), ("x", "y")]);
        let new = tree(&[("src/a.c", "int a;\nint b;\n"), ("x", "y")]);
        let comparison = Comparison::of(&old, &new);
        assert_eq!(summary(&comparison), ["Renamed(100) src/a.c +0 -0"]);
        assert_eq!(comparison.changes[0].former_path().unwrap(), "lib/a.c");
    }

    #[test]
    fn the_packers_umask_is_no_change_but_an_executable_bit_is() {
        let mut old = tree(&[("a", "1"), ("b", "2")]);
        let mut new = tree(&[("a", "1"), ("b", "2")]);
        old.files[0].mode = 0o664;
        new.files[0].mode = 0o644;
        new.files[1].mode = 0o755;
        let comparison = Comparison::of(&old, &new);
        assert_eq!(summary(&comparison), ["Changed b +0 -0"]);
        assert_eq!(comparison.changes[0].modes(), Some((0o644, 0o755)));
    }

    #[test]
    fn a_link_that_points_elsewhere_is_a_change() {
        let mut old = tree(&[("a", "")]);
        let mut new = tree(&[("a", "")]);
        old.files[0].kind = Kind::Symlink("x".into());
        new.files[0].kind = Kind::Symlink("/etc/passwd".into());
        let comparison = Comparison::of(&old, &new);
        assert_eq!(comparison.changes.len(), 1);
        assert!(!comparison.changes[0].is_text());
    }

    #[test]
    fn a_name_that_is_there_twice_is_compared_in_order() {
        let mut old = tree(&[("a", "1\n")]);
        old.files.push(file("a", "2\n"));
        let mut new = tree(&[("a", "1\n")]);
        new.files.push(file("a", "3\n"));
        let comparison = Comparison::of(&old, &new);
        assert_eq!(summary(&comparison), ["Changed a +1 -1"]);
    }

    #[test]
    fn binary_files_have_no_lines() {
        let old = tree(&[("a", "\0\u{1}")]);
        let new = tree(&[("a", "\0\u{2}")]);
        assert!(Comparison::of(&old, &new).changes[0].hunks.is_none());
    }
}
