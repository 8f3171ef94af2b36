//! Why a change needs no reading: explanations that fold it away and keep it countable.
//!
//! An explanation never says that a change is good, only that its lines follow from something
//! else: that they are known, were generated, or say the same as before. What none of them covers
//! is the review. Scanning looks at folded files all the same.

pub mod binary;
mod generated;
pub mod known;
pub mod lock;
pub mod manifest;

use std::collections::BTreeSet;

use bstr::ByteSlice;
use serde::{Deserialize, Serialize};

use crate::compare::{Change, Comparison, How};
use crate::lexer::{Language, Likeness, likeness, same_but_for_line_ends};
use crate::tree::{File, Kind};
pub use generated::header;
pub use known::KnownBlobs;

/// Why a change needs no reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Which of the reasons it is.
    pub kind: Reason,
    /// The same in words, with the proof: a count, a generator, a package.
    pub says: String,
}

/// The reasons, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Only its place changed.
    Moved,
    /// Only its mode changed.
    ModeOnly,
    /// Byte for byte a file that a build tool copies into releases.
    KnownBlob,
    /// Only line endings and blanks at the ends of lines changed.
    LineEndings,
    /// Only the layout changed: all tokens are the same.
    FormatOnly,
    /// Only comments changed: all tokens of code are the same.
    CommentsOnly,
    /// A tool wrote it from other files of the tree.
    Generated,
    /// Messages for people in another language.
    Translation,
    /// A list of fetched packages, shown by what it means.
    LockFile,
    /// Code that a tool made small: nobody can read it as it is.
    Minified,
    /// Only version numbers and dates changed.
    VersionStamp,
}

impl Reason {
    /// What a folded group of files is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Moved => "moved, content unchanged",
            Self::ModeOnly => "mode only",
            Self::KnownBlob => "known upstream files",
            Self::LineEndings => "line endings only",
            Self::FormatOnly => "reformatted, tokens identical",
            Self::CommentsOnly => "comments only",
            Self::Generated => "generated",
            Self::Translation => "translations",
            Self::LockFile => "lock files",
            Self::Minified => "minified",
            Self::VersionStamp => "version stamps",
        }
    }
}

/// What is needed to explain.
#[derive(Debug)]
pub struct Explainer<'t> {
    known: &'t KnownBlobs,
    /// Paths of the new tree, to see whether a generated file's source is there.
    paths: BTreeSet<&'t [u8]>,
}

impl<'t> Explainer<'t> {
    /// An explainer for one comparison.
    pub fn new(comparison: &Comparison<'t>, known: &'t KnownBlobs) -> Self {
        let files = comparison.new.files.iter().chain(&comparison.old.files);
        Self {
            known,
            paths: files.map(|file| file.path.as_slice()).collect(),
        }
    }

    /// Why a change needs no reading, if anything says so.
    pub fn explain(&self, change: &Change<'_>) -> Option<Explanation> {
        match (change.old, change.new) {
            (Some(old), Some(new)) => self.changed(change, old, new),
            (None, Some(file)) | (Some(file), None) => self.alone(file),
            (None, None) => None,
        }
    }

    fn changed(&self, change: &Change<'_>, old: &File, new: &File) -> Option<Explanation> {
        if old.kind != Kind::Regular || new.kind != Kind::Regular {
            return None;
        }
        if old.content.blob == new.content.blob {
            return Some(match change.how {
                How::Renamed(_) => explanation(Reason::Moved, "the content is the same"),
                _ => explanation(Reason::ModeOnly, "the content is the same"),
            });
        }
        self.known_blob(new)
            .or_else(|| same_to_a_compiler(change, old, new))
            .or_else(|| self.by_origin(new, Some(old)))
            .or_else(|| version_stamp(change))
    }

    /// A file that came or went.
    fn alone(&self, file: &File) -> Option<Explanation> {
        if file.kind != Kind::Regular {
            return None;
        }
        self.known_blob(file).or_else(|| self.by_origin(file, None))
    }

    /// What a file is by itself, whatever it was before.
    pub(crate) fn by_origin(&self, file: &File, old: Option<&File>) -> Option<Explanation> {
        generated::explain(file, old, &self.paths)
            .or_else(|| translation(file))
            .or_else(|| lock::explain(file, old))
            .or_else(|| minified(file))
    }

    pub(crate) fn known_blob(&self, file: &File) -> Option<Explanation> {
        let known = self.known.get(&file.content.blob)?;
        Some(explanation(
            Reason::KnownBlob,
            &format!("byte for byte {} of {}", known.name, known.origin),
        ))
    }
}

fn explanation(kind: Reason, says: &str) -> Explanation {
    Explanation {
        kind,
        says: says.to_owned(),
    }
}

fn same_to_a_compiler(change: &Change<'_>, old: &File, new: &File) -> Option<Explanation> {
    if !change.is_text() {
        return None;
    }
    let (before, after) = (&old.content.bytes, &new.content.bytes);
    if same_but_for_line_ends(before, after) {
        let says = "the same but for line endings and blanks at the ends of lines";
        return Some(explanation(Reason::LineEndings, says));
    }
    let language = Language::of_path(&new.path)
        .filter(|language| Language::of_path(&old.path) == Some(*language))?;
    let name = language.name();
    match likeness(language, before, after) {
        Likeness::Layout { tokens } => Some(explanation(
            Reason::FormatOnly,
            &format!("{tokens} tokens of {name}, the same on both sides"),
        )),
        Likeness::Comments { tokens } => Some(explanation(
            Reason::CommentsOnly,
            &format!("{tokens} tokens of {name}, the same on both sides; comments differ"),
        )),
        Likeness::Code => None,
    }
}

fn translation(file: &File) -> Option<Explanation> {
    let path = &file.path;
    let bytes = &file.content.bytes;
    let catalogue = path.ends_with(b".gmo") || path.ends_with(b".mo");
    let magic = bytes.starts_with(b"\xde\x12\x04\x95") || bytes.starts_with(b"\x95\x04\x12\xde");
    if catalogue && magic {
        return Some(explanation(
            Reason::Translation,
            "a compiled message catalogue",
        ));
    }
    let messages = path.ends_with(b".po") || path.ends_with(b".pot");
    if messages && bytes.contains_str("msgid ") && bytes.contains_str("msgstr ") {
        return Some(explanation(Reason::Translation, "a message catalogue"));
    }
    None
}

/// Scripts and styles whose lines are too long for people.
fn minified(file: &File) -> Option<Explanation> {
    let path = &file.path;
    let kinds = [".js", ".mjs", ".cjs", ".css"];
    if !kinds.iter().any(|ending| path.ends_with(ending.as_bytes())) {
        return None;
    }
    let bytes = &file.content.bytes;
    let lines = bytes.lines().count().max(1);
    let longest = bytes.lines().map(<[u8]>::len).max().unwrap_or(0);
    let blanks = bytes
        .iter()
        .filter(|byte| byte.is_ascii_whitespace())
        .count();
    let dense = blanks * 100 < bytes.len() * 12;
    // What a tool made small says so in its name; else nobody knows why it is dense.
    let named = path.contains_str(".min.");
    let small = named && dense && (bytes.len() / lines > 300 || longest > 5_000);
    small.then(|| {
        let says = format!("made small by a tool: {lines} lines, the longest of {longest} bytes");
        explanation(Reason::Minified, &says)
    })
}

/// Lines that differ in nothing but digits: at most as many as a stamp has.
fn version_stamp(change: &Change<'_>) -> Option<Explanation> {
    let hunks = change.hunks.as_ref()?;
    let lines: usize = hunks.iter().map(|hunk| hunk.after.len()).sum();
    let paired = hunks
        .iter()
        .all(|hunk| hunk.before.len() == hunk.after.len());
    if !paired || lines > 6 || hunks.is_empty() {
        return None;
    }
    let (old, new) = (change.removed_lines(), change.added_lines());
    let stamps = old
        .iter()
        .zip(&new)
        .all(|((_, old), (_, new))| is_stamp(old, new));
    let says = format!("{lines} lines differ in a version or a date only");
    stamps.then(|| explanation(Reason::VersionStamp, &says))
}

/// Whether two lines speak of versions or dates and differ in their numbers only.
fn is_stamp(old: &[u8], new: &[u8]) -> bool {
    let digits_out = |line: &[u8]| -> Vec<u8> {
        let mut out: Vec<u8> = Vec::with_capacity(line.len());
        for &byte in line {
            if !byte.is_ascii_digit() {
                out.push(byte);
            } else if out.last() != Some(&b'0') {
                out.push(b'0');
            }
        }
        out
    };
    let lower = new.to_ascii_lowercase();
    let speaks = [
        "version",
        "date",
        "timestamp",
        "copyright",
        "release",
        "ac_init",
        "(c)",
    ];
    let speaks = speaks.iter().any(|word| lower.contains_str(word));
    speaks && digits_out(old) == digits_out(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tree;

    fn reasons(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<Option<Reason>> {
        let (old, new) = (tree(old), tree(new));
        let comparison = Comparison::of(&old, &new);
        let known = KnownBlobs::shipped();
        let explainer = Explainer::new(&comparison, &known);
        let changes = comparison.changes.iter();
        changes
            .map(|change| explainer.explain(change).map(|it| it.kind))
            .collect()
    }

    #[test]
    fn what_says_the_same_folds() {
        assert_eq!(
            reasons(&[("a.c", "int  a;\n")], &[("a.c", "int a;\n")]),
            [Some(Reason::FormatOnly)]
        );
        assert_eq!(
            reasons(&[("a.txt", "a\r\nb\r\n")], &[("a.txt", "a\nb\n")]),
            [Some(Reason::LineEndings)]
        );
        assert_eq!(
            reasons(&[("a.c", "int a;\n")], &[("a.c", "int b;\n")]),
            [None]
        );
    }

    #[test]
    fn a_version_stamp_is_numbers_and_nothing_else() {
        let old = [("x.h", "#define VERSION \"1.2.3\"\nint a = 1;\n")];
        let new = [("x.h", "#define VERSION \"1.3.0\"\nint a = 1;\n")];
        assert_eq!(reasons(&old, &new), [Some(Reason::VersionStamp)]);
        let other = [("x.h", "#define VERSION \"1.2.3\"\nint a = 2;\n")];
        assert_eq!(reasons(&old, &other), [None]);
    }

    #[test]
    fn a_script_without_line_breaks_is_not_minified_unless_it_says_so() {
        let dense = "a".repeat(6000);
        assert_eq!(
            reasons(&[], &[("x.min.js", &dense)]),
            [Some(Reason::Minified)]
        );
        assert_eq!(reasons(&[], &[("x.js", &dense)]), [None]);
    }
}
