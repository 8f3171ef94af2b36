//! The archive into which APKBUILDs and patches of a tree are copied, within limits.

use std::io;
use std::path::PathBuf;

use palisade_formats::{Place, Reject};
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use crate::git::Commit;
use crate::rejects::Rejects;

/// The largest file that is copied whole. Of a larger one only the beginning is, and whoever reads the
/// archive tells that it is too large; a patch's text stands at its beginning.
const FILE_BYTES: u64 = (1 << 20) + 1;

/// Files that are copied; aports has 30,000 of them.
const FILES: u64 = 1_000_000;

/// Bytes that are copied; of aports they are 130 MB.
const BYTES: u64 = 4 << 30;

/// Entries of folders that are looked at.
const ENTRIES: u64 = 5_000_000;

/// Folders within one another that are gone into: `main/linux-lts/patches` are three.
pub(super) const DEPTH: usize = 6;

/// An archive that is being written.
pub(super) struct Pack {
    folder: TempDir,
    file: PathBuf,
    archive: Builder<io::BufWriter<fs_err::File>>,
    files: u64,
    bytes: u64,
    entries: u64,
    told: Rejects,
}

/// An archive of a tree.
pub(super) struct Packed {
    /// Goes with this.
    _folder: TempDir,
    pub(super) file: PathBuf,
    pub(super) commit: Option<Commit>,
    /// What could not be copied.
    pub(super) told: Vec<Reject>,
}

/// What a file of a tree is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// It is copied up to so many bytes.
    UpTo(u64),
    Nothing,
}

impl Pack {
    /// Begins an archive of this name.
    pub(super) fn new(name: &str) -> io::Result<Self> {
        let folder = TempDir::new()?;
        let file = folder.path().join(format!("{name}.tar"));
        let archive = Builder::new(io::BufWriter::new(fs_err::File::create(&file)?));
        Ok(Self {
            folder,
            file,
            archive,
            files: 0,
            bytes: 0,
            entries: 0,
            told: Rejects::default(),
        })
    }

    /// What a file of this name is to us.
    pub(super) fn wanted(name: &str) -> Wanted {
        let is_patch = [".patch", ".diff"]
            .iter()
            .any(|ending| name.ends_with(ending));
        if name == "APKBUILD" || is_patch {
            Wanted::UpTo(FILE_BYTES)
        } else {
            Wanted::Nothing
        }
    }

    /// Counts an entry that was looked at.
    pub(super) fn look(&mut self) -> Result<(), String> {
        self.entries += 1;
        if self.entries > ENTRIES {
            return Err(format!("it has more than {ENTRIES} files and folders"));
        }
        Ok(())
    }

    /// Copies a file, or as much of it as was read.
    pub(super) fn add(&mut self, path: &str, bytes: &[u8]) -> Result<(), String> {
        self.files += 1;
        self.bytes += bytes.len() as u64;
        if self.files > FILES || self.bytes > BYTES {
            return Err(format!(
                "its APKBUILDs and patches are more than {FILES}, or more than {BYTES} bytes"
            ));
        }
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        let added = self.archive.append_data(&mut header, path, bytes);
        added.map_err(|error| not_kept(&error))
    }

    /// Notes a link, which nobody follows.
    pub(super) fn add_link(&mut self, path: &str) -> Result<(), String> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        let added = self.archive.append_link(&mut header, path, "elsewhere");
        added.map_err(|error| not_kept(&error))
    }

    /// Tells of something that is passed over.
    pub(super) fn tell(&mut self, path: &str, reason: &str) {
        // The fixes of a package that is not read must not count as withdrawn; its folder names it.
        let folder = path.strip_suffix("/APKBUILD");
        let package = folder.and_then(|folder| folder.rsplit('/').next());
        self.told.add(Reject {
            document: path.to_owned(),
            place: Place::Whole,
            id: package.map(str::to_owned),
            reason: reason.to_owned(),
            mended: false,
        });
    }

    /// Ends the archive.
    pub(super) fn finish(self, commit: Option<Commit>) -> Result<Packed, String> {
        let written = self.archive.into_inner().and_then(|writer| {
            let file = writer.into_inner().map_err(io::IntoInnerError::into_error);
            file.map(drop)
        });
        written.map_err(|error| not_kept(&error))?;
        if self.files == 0 {
            return Err("there is no APKBUILD in it".to_owned());
        }
        Ok(Packed {
            _folder: self.folder,
            file: self.file,
            commit,
            told: self.told.into_told(),
        })
    }
}

fn not_kept(error: &io::Error) -> String {
    format!("what is read of it cannot be kept: {error}")
}

/// Whether a name within a tree can be told and packed: hostile ones climb out of it, or hide what they
/// are.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !matches!(name, "." | "..")
        && name.len() <= 255
        && !name.contains(|c: char| c == '/' || c == '\\' || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_climb_or_hide_are_not_packed() {
        for name in ["", ".", "..", "a/b", "a\\b", "a\nb", "\u{1b}[31m"] {
            assert!(!is_plain(name), "{name:?}");
        }
        for name in ["APKBUILD", "gtk+3.0", "..a", "ä.patch"] {
            assert!(is_plain(name), "{name:?}");
        }
    }

    #[test]
    fn apkbuilds_and_patches_are_wanted() {
        for name in ["APKBUILD", "a.patch", "b.diff"] {
            assert_eq!(Pack::wanted(name), Wanted::UpTo(FILE_BYTES), "{name}");
        }
        for name in ["APKBUILD.orig", "a.initd", "patch"] {
            assert_eq!(Pack::wanted(name), Wanted::Nothing, "{name}");
        }
    }
}
