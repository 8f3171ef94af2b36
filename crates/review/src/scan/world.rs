//! The whole change: both trees by path, and which file of the new one was which of the old.

use std::collections::{BTreeMap, HashMap, HashSet};

use bstr::{BStr, BString, ByteSlice};

use super::layout::Source;
use super::place::{Place, Role};
use crate::tree::{File, Kind, Tree};

/// Larger files are not asked what they said.
const LARGEST_ASKED: usize = 4 << 20;

/// Both trees, and what is asked of them as a whole.
pub(crate) struct World<'a> {
    pub(crate) old: BTreeMap<&'a BStr, &'a File>,
    pub(crate) new: BTreeMap<&'a BStr, &'a File>,
    /// False where there is no old side: then nothing is known to have changed.
    pub(crate) has_old: bool,
    /// New path to the old file, for what kept neither name nor place.
    renamed: HashMap<&'a BStr, &'a File>,
    /// For each stem of a script (`semver` of `semver.min.js`), the files of that stem that people write, and
    /// whether they changed.
    sources: HashMap<Vec<u8>, Vec<(&'a BStr, Source)>>,
}

impl<'a> World<'a> {
    pub(crate) fn of(old: Option<&'a Tree>, new: &'a Tree, renames: &[(BString, BString)]) -> Self {
        let by_path = |tree: &'a Tree| -> BTreeMap<&'a BStr, &'a File> {
            tree.files
                .iter()
                .map(|file| (file.path.as_bstr(), file))
                .collect()
        };
        let new = by_path(new);
        let mut world = Self {
            has_old: old.is_some(),
            old: old.map(by_path).unwrap_or_default(),
            new,
            renamed: HashMap::new(),
            sources: HashMap::new(),
        };
        world.pair(renames);
        world.find_sources();
        world
    }

    /// Files that only moved: the renames that were found, and equal contents.
    fn pair(&mut self, renames: &[(BString, BString)]) {
        for (from, to) in renames {
            if let (Some(&file), Some((&path, _))) = (
                self.old.get(from.as_bstr()),
                self.new.get_key_value(to.as_bstr()),
            ) {
                self.renamed.insert(path, file);
            }
        }
        let mut by_blob: HashMap<_, &'a File> = HashMap::new();
        for (path, file) in &self.old {
            if file.kind == Kind::Regular
                && !self.new.contains_key(path)
                && !file.content.bytes.is_empty()
            {
                by_blob.insert(file.content.blob, file);
            }
        }
        for (path, file) in &self.new {
            if file.kind == Kind::Regular
                && !self.old.contains_key(path)
                && !self.renamed.contains_key(path)
                && let Some(&old) = by_blob.get(&file.content.blob)
            {
                self.renamed.insert(path, old);
            }
        }
    }

    /// The old side of the new file at `path`.
    pub(crate) fn before(&self, path: &BStr) -> Option<&'a File> {
        self.old
            .get(path)
            .or_else(|| self.renamed.get(path))
            .copied()
    }

    /// The new files that are not as they were, by path.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&'a File, Option<&'a File>)> + '_ {
        self.new.values().filter_map(|file| {
            let old = self.before(file.path.as_bstr());
            let same = old.is_some_and(|old| {
                old.kind == file.kind
                    && old.mode == file.mode
                    && same_content(old, file)
                    && old.path == file.path
            });
            (!same).then_some((*file, old))
        })
    }

    /// Old files that are gone and came back under no other name.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &'a File> + '_ {
        let moved: HashSet<&BStr> = self
            .renamed
            .values()
            .map(|file| file.path.as_bstr())
            .collect();
        self.old
            .iter()
            .filter(move |(path, _)| !self.new.contains_key(**path) && !moved.contains(**path))
            .map(|(_, file)| *file)
    }

    /// An old file for the same purpose that holds `said`, whatever its quotes and white space.
    pub(crate) fn said_before(&self, role: Role, said: &[u8]) -> Option<&'a BStr> {
        let wanted = bare(said);
        let anchor = said
            .split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
            .max_by_key(|word| word.len())
            .filter(|word| word.len() >= 3)?;
        let finder = bstr::Finder::new(anchor);
        self.old.iter().find_map(|(path, file)| {
            let bytes: &[u8] = &file.content.bytes;
            (bytes.len() <= LARGEST_ASKED
                && finder.find(bytes).is_some()
                && Place::of(path, &bytes[..bytes.len().min(128)]).role == role
                && bare(bytes).contains_str(&wanted))
            .then_some(*path)
        })
    }

    fn find_sources(&mut self) {
        for (path, file) in &self.new {
            let Some(stem) = script_stem(path) else {
                continue;
            };
            let changed = self.before(path).is_none_or(|old| !same_content(old, file));
            let state = if changed {
                Source::Changed
            } else {
                Source::Unchanged
            };
            self.sources.entry(stem).or_default().push((path, state));
        }
    }

    /// What became of the source of the minified file at `path`.
    pub(crate) fn source_of(&self, path: &BStr) -> Source {
        let name = path
            .rfind_byte(b'/')
            .map_or(path.as_bytes(), |at| &path[at + 1..]);
        let stem = name
            .split_str(".")
            .next()
            .unwrap_or(name)
            .to_ascii_lowercase();
        let stem = stem.strip_suffix(b"-min").unwrap_or(&stem).to_vec();
        let others = self.sources.get(&stem).map_or(&[][..], Vec::as_slice);
        let mut states = others
            .iter()
            .filter(|(other, _)| *other != path)
            .map(|(_, state)| *state);
        // One that changed explains the minified form, whatever the others did.
        match states.next() {
            None => Source::Absent,
            Some(Source::Changed) => Source::Changed,
            Some(first) => states
                .find(|state| *state == Source::Changed)
                .unwrap_or(first),
        }
    }
}

/// `text` without white space, quotes and backslashes.
fn bare(text: &[u8]) -> Vec<u8> {
    text.iter()
        .filter(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'\\'))
        .map(u8::to_ascii_lowercase)
        .collect()
}

/// The stem of a script that people write.
fn script_stem(path: &BStr) -> Option<Vec<u8>> {
    let name = path
        .rfind_byte(b'/')
        .map_or(path.as_bytes(), |at| &path[at + 1..])
        .to_ascii_lowercase();
    let (stem, extension) = name.split_once_str(".")?;
    let written = [
        "js", "ts", "mjs", "cjs", "jsx", "tsx", "css", "scss", "sass", "less", "coffee", "mts",
        "vue", "src.js",
    ]
    .iter()
    .any(|known| extension == known.as_bytes());
    (written && !stem.ends_with(b"-min")).then(|| stem.to_vec())
}

pub(crate) fn same_content(old: &File, new: &File) -> bool {
    old.kind == new.kind && old.content.bytes == new.content.bytes
}
