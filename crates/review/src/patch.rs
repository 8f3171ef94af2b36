//! Review of a patch to a distribution's recipes: which packages' sources it changes, and how.
//!
//! Patches are read and applied in memory with their exact context; recipes are read, never
//! evaluated. Nothing here fetches: whoever does hands the files in.

mod aports;
mod apply;
mod base;
mod changes;
mod digest;
mod guix;
mod hunks;
mod mail;
mod nix32;
mod places;
mod recipe;
mod report;
mod scheme;
mod show;
mod shown;
mod to_read;
mod unified;

use bstr::BString;

pub use apply::{Lookup, Touched, apply};
pub use base::Base;
pub use changes::{PATCH_RULES, RecipeChange};
pub use digest::is_what_it_should_be;
pub use hunks::seen;
pub use mail::read;
pub use places::{Mirrors, STORES, Wanted, page_of_request};
pub use recipe::{Pair, Recipe, Source, System, pairs, partial_pairs};

pub use report::{
    Effect, PATCH_FORM, PackageReport, PatchHead, PatchReport, Security, SourceReport, TouchedFile,
};
pub use show::{patch_markdown, patch_text};
pub use shown::PatchedFile;
pub use to_read::{Place, ToRead, Whole, to_read};

/// The most bytes of a patch; Guix's largest series have 20 MB.
pub const PATCH_BYTES: u64 = 64 << 20;

/// One patch: a mail of a series, or all there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// What it says to do, without `[PATCH 1/2]`.
    pub subject: Option<String>,
    /// Who says to have written it. Nothing proves that.
    pub author: Option<String>,
    /// Why, as written.
    pub message: String,
    /// What it does to files.
    pub files: Vec<FilePatch>,
}

/// What a patch does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePatch {
    /// Where it was; none where it is created.
    pub old: Option<BString>,
    /// Where it will be; none where it is deleted.
    pub new: Option<BString>,
    /// Whether the old one stays where it was.
    pub is_copy: bool,
    /// Its mode before, if told.
    pub old_mode: Option<u32>,
    /// Its mode after, if told.
    pub new_mode: Option<u32>,
    /// What changes in it.
    pub body: Body,
}

/// What changes in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Lines; none where only its name or mode changes.
    Hunks(Vec<Hunk>),
    /// Bytes that are no lines. They are named and not applied.
    Binary,
}

/// Lines that change, with those around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// Where it stands in the patch, from 1.
    pub line: usize,
    /// The first line that it is about, from 1; 0 in an empty file.
    pub old_start: usize,
    /// What git says it is within, such as `(define-public hello`.
    pub heading: BString,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What happens to it.
    pub mark: Mark,
    /// The line with its ending, if it has one.
    pub text: BString,
}

/// What happens to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It stays.
    Context,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

/// Why a patch cannot be read or applied.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// It is longer than may be.
    #[error("read the patch: it has more than {0} bytes")]
    TooLong(u64),
    /// It has more of something than may be.
    #[error("read the patch: it has more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many may be.
        limit: usize,
    },
    /// It cannot be understood.
    #[error("read the patch, line {line}: {reason}")]
    Malformed {
        /// Where, from 1.
        line: usize,
        /// Why not.
        reason: String,
    },
    /// Nothing in it is a patch.
    #[error("read the patch: there is no change of a file in it")]
    Empty,
    /// It does not fit the tree.
    #[error("apply the patch to {file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// Why not.
        reason: &'static str,
    },
    /// One of its hunks does not fit the file.
    #[error("apply the patch to {file}: hunk {hunk} (line {line} of the patch): {reason}")]
    Hunk {
        /// The file.
        file: String,
        /// Which of the file's hunks, from 1.
        hunk: usize,
        /// Where it stands in the patch.
        line: usize,
        /// Why not.
        reason: String,
    },
    /// The tree cannot be read.
    #[error("read {file} of {tree}: {reason}")]
    Base {
        /// The tree.
        tree: String,
        /// The file.
        file: String,
        /// Why not.
        reason: String,
    },
}

impl FilePatch {
    /// Where it will be, or was.
    pub fn path(&self) -> &bstr::BStr {
        let path = self.new.as_ref().or(self.old.as_ref());
        path.map_or(bstr::BStr::new(""), |path| bstr::BStr::new(path.as_slice()))
    }
}
