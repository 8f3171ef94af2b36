//! Which of the files that came are files that went.
//!
//! First by content, which costs nothing. Then by likeness, measured as git does: how many bytes
//! of chunks (a line, or 64 bytes of a longer one) both have, against the larger of the two. Only
//! pairs that share a name or some of a sketch of their chunks are measured.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, DefaultHasher, Hasher};

use bstr::ByteSlice;
use rayon::prelude::*;

use super::{How, Sides};
use crate::tree::{BlobId, File, Kind};

/// How many files that came, and how many that went, are measured for likeness.
const PAIRED_AT_MOST: usize = 2_000;

/// Files beyond this are not measured.
const MEASURED_AT_MOST: usize = 4 << 20;

/// Files below this are alike by chance.
const MEASURED_AT_LEAST: usize = 32;

/// So much must be the same, in per cent.
const ALIKE: u64 = 50;

/// How many chunks of a file stand for it.
const SKETCH: usize = 48;

/// A chunk that more files have than this (a licence's lines) tells nothing.
const COMMON: usize = 64;

/// How many candidates are measured for one file.
const CANDIDATES: usize = 8;

/// What was paired.
pub(super) struct Renames<'t> {
    pub(super) found: Vec<Sides<'t>>,
    pub(super) not_paired: usize,
}

/// Pairs files and takes them off both lists.
pub(super) fn find<'t>(removed: &mut Vec<&'t File>, added: &mut Vec<&'t File>) -> Renames<'t> {
    let mut found = by_content(removed, added);
    let measurable = |files: &[&File]| files.iter().filter(|file| is_measurable(file)).count();
    let (old, new) = (measurable(removed), measurable(added));
    let over = |count: usize| count.saturating_sub(PAIRED_AT_MOST);
    let not_paired = if old == 0 || new == 0 {
        0
    } else {
        over(old) + over(new)
    };
    found.extend(by_likeness(removed, added));
    Renames { found, not_paired }
}

/// Equal content; the same base name is preferred, then the order of paths.
fn by_content<'t>(removed: &mut Vec<&'t File>, added: &mut Vec<&'t File>) -> Vec<Sides<'t>> {
    let mut gone: HashMap<BlobId, Vec<&'t File>> = HashMap::new();
    let mut named: HashMap<(BlobId, &'t [u8]), Vec<&'t File>> = HashMap::new();
    for &file in removed.iter().rev().filter(|file| has_content(file)) {
        let blob = file.content.blob;
        gone.entry(blob).or_default().push(file);
        named.entry((blob, base(file))).or_default().push(file);
    }
    let mut found = Vec::new();
    let mut taken: HashSet<*const File> = HashSet::new();
    added.retain(|&new| {
        let blob = new.content.blob;
        let namesake = named.get_mut(&(blob, base(new)));
        let namesake = namesake.and_then(|same| next_free(same, &taken));
        let same = || next_free(gone.get_mut(&blob)?, &taken);
        let Some(old) = namesake.or_else(same).filter(|_| has_content(new)) else {
            return true;
        };
        taken.insert(std::ptr::from_ref(old));
        found.push(Sides::both(How::Renamed(100), old, new));
        false
    });
    removed.retain(|&old| !taken.contains(&std::ptr::from_ref(old)));
    found
}

/// The last that is not taken; those behind it are of no more use.
fn next_free<'t>(files: &mut Vec<&'t File>, taken: &HashSet<*const File>) -> Option<&'t File> {
    while let Some(file) = files.pop() {
        if !taken.contains(&std::ptr::from_ref(file)) {
            return Some(file);
        }
    }
    None
}

fn by_likeness<'t>(removed: &mut Vec<&'t File>, added: &mut Vec<&'t File>) -> Vec<Sides<'t>> {
    let old = measured(removed);
    let new = measured(added);
    if old.is_empty() || new.is_empty() {
        return Vec::new();
    }
    let mut pairs = alike(&old, &new);
    // The most alike first; among equals those of one name, then by place, so that the result
    // does not depend on chance.
    pairs.sort_by_key(|pair| {
        (
            std::cmp::Reverse((pair.alike, pair.named)),
            pair.new,
            pair.old,
        )
    });
    let mut used = (HashSet::new(), HashSet::new());
    let mut found = Vec::new();
    for pair in pairs {
        if used.0.contains(&pair.old) || used.1.contains(&pair.new) {
            continue;
        }
        used.0.insert(pair.old);
        used.1.insert(pair.new);
        let (old, new) = (old[pair.old].file, new[pair.new].file);
        found.push(Sides::both(How::Renamed(pair.alike), old, new));
    }
    let taken: HashSet<*const File> = found
        .iter()
        .flat_map(|sides| sides.old.into_iter().chain(sides.new))
        .map(std::ptr::from_ref)
        .collect();
    removed.retain(|&file| !taken.contains(&std::ptr::from_ref(file)));
    added.retain(|&file| !taken.contains(&std::ptr::from_ref(file)));
    found
}

struct Measured<'t> {
    file: &'t File,
    /// Chunks with the bytes that they stand for, ascending.
    chunks: Vec<(u64, u32)>,
}

struct Pair {
    old: usize,
    new: usize,
    alike: u8,
    named: bool,
}

fn measured<'t>(files: &[&'t File]) -> Vec<Measured<'t>> {
    let chosen: Vec<&'t File> = files
        .iter()
        .copied()
        .filter(|file| is_measurable(file))
        .take(PAIRED_AT_MOST)
        .collect();
    chosen
        .into_par_iter()
        .map(|file| Measured {
            file,
            chunks: chunks(&file.content.bytes),
        })
        .collect()
}

/// The pairs that are alike enough.
fn alike(old: &[Measured<'_>], new: &[Measured<'_>]) -> Vec<Pair> {
    let mut by_chunk: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut by_name: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (index, old) in old.iter().enumerate() {
        for chunk in sketch(&old.chunks) {
            by_chunk.entry(chunk).or_default().push(index);
        }
        by_name.entry(base(old.file)).or_default().push(index);
    }
    let of_new = |(index, measured): (usize, &Measured<'_>)| {
        let mut shared: HashMap<usize, usize> = HashMap::new();
        for chunk in sketch(&measured.chunks) {
            let having = by_chunk.get(&chunk).filter(|having| having.len() <= COMMON);
            for &candidate in having.into_iter().flatten() {
                *shared.entry(candidate).or_default() += 1;
            }
        }
        let mut candidates: Vec<(usize, usize)> = shared.into_iter().collect();
        candidates.sort_by_key(|&(candidate, count)| (std::cmp::Reverse(count), candidate));
        candidates.truncate(CANDIDATES);
        let mut candidates: Vec<usize> = candidates.into_iter().map(|(index, _)| index).collect();
        let namesakes = by_name.get(base(measured.file)).into_iter().flatten();
        candidates.extend(namesakes.take(CANDIDATES));
        candidates.sort_unstable();
        candidates.dedup();
        let pair = |candidate: usize| {
            let alike = likeness(&old[candidate], measured)?;
            let named = base(old[candidate].file) == base(measured.file);
            Some(Pair {
                old: candidate,
                new: index,
                alike,
                named,
            })
        };
        candidates.into_iter().filter_map(pair).collect::<Vec<_>>()
    };
    new.par_iter().enumerate().flat_map_iter(of_new).collect()
}

/// How many per cent of the larger file are in the other; none if too few.
fn likeness(old: &Measured<'_>, new: &Measured<'_>) -> Option<u8> {
    let (a, b) = (old.file.content.bytes.len(), new.file.content.bytes.len());
    let (small, large) = (a.min(b) as u64, a.max(b) as u64);
    if small * 100 < large * ALIKE {
        return None;
    }
    let mut common = 0;
    let mut others = new.chunks.iter().peekable();
    for (hash, bytes) in &old.chunks {
        while others.next_if(|(other, _)| other < hash).is_some() {}
        if let Some((_, other)) = others.next_if(|(other, _)| other == hash) {
            common += u64::from(*bytes.min(other));
        }
    }
    let score = common * 100 / large;
    // What is wholly alike was paired by content: these differ somewhere.
    (score >= ALIKE).then(|| u8::try_from(score.min(99)).unwrap_or(99))
}

/// A text's chunks by their hash, with the bytes of all that have it.
fn chunks(bytes: &[u8]) -> Vec<(u64, u32)> {
    let hasher = std::hash::BuildHasherDefault::<DefaultHasher>::new();
    let mut all: Vec<(u64, u32)> = bytes
        .lines_with_terminator()
        .flat_map(|line| line.chunks(64))
        .map(|chunk| {
            let mut hash = hasher.build_hasher();
            hash.write(chunk);
            (hash.finish(), u32::try_from(chunk.len()).unwrap_or(0))
        })
        .collect();
    all.sort_unstable();
    all.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        same
    });
    all
}

/// The smallest hashes: a sample that two like files draw alike. Short chunks are in every file.
fn sketch(chunks: &[(u64, u32)]) -> impl Iterator<Item = u64> {
    let telling = chunks.iter().filter(|(_, bytes)| *bytes >= 8);
    telling.take(SKETCH).map(|(hash, _)| *hash)
}

fn has_content(file: &File) -> bool {
    file.kind == Kind::Regular && !file.content.bytes.is_empty()
}

fn is_measurable(file: &File) -> bool {
    let size = file.content.bytes.len();
    file.kind == Kind::Regular && (MEASURED_AT_LEAST..=MEASURED_AT_MOST).contains(&size)
}

fn base(file: &File) -> &[u8] {
    file.path.rsplit_str("/").next().unwrap_or(&file.path)
}

#[cfg(test)]
mod tests {
    use crate::compare::{Comparison, How};
    use crate::testing::tree;

    fn lines(from: u32, to: u32) -> String {
        (from..to).fold(String::new(), |text, n| {
            text + &format!("line number {n}\n")
        })
    }

    #[test]
    fn a_file_moved_with_changes_is_found_by_its_lines() {
        let old = tree(&[
            ("old/one.c", &lines(0, 100)),
            ("old/two.c", &lines(500, 600)),
        ]);
        let new = tree(&[
            ("new/three.c", &lines(505, 600)),
            ("new/x.c", &lines(10, 100)),
        ]);
        let comparison = Comparison::of(&old, &new);
        let renamed: Vec<_> = comparison
            .changes
            .iter()
            .map(|change| {
                (
                    change.former_path().unwrap().to_string(),
                    change.path().to_string(),
                )
            })
            .collect();
        assert_eq!(
            renamed,
            [
                ("old/two.c".to_owned(), "new/three.c".to_owned()),
                ("old/one.c".to_owned(), "new/x.c".to_owned())
            ]
        );
        assert!(matches!(comparison.changes[0].how, How::Renamed(90..=99)));
    }

    #[test]
    fn files_that_share_less_than_half_are_two_files() {
        let old = tree(&[("a/x.c", &lines(0, 100))]);
        let new = tree(&[("b/x.c", &lines(60, 160))]);
        assert_eq!(Comparison::of(&old, &new).changes.len(), 2);
    }

    #[test]
    fn very_many_copies_are_paired_in_one_pass() {
        let names = |folder: &str| -> Vec<String> {
            (0..100_000)
                .map(|n| format!("{folder}/{folder}{n:06}"))
                .collect()
        };
        let (old, new) = (names("a"), names("b"));
        let tree = |names: &[String]| {
            let one = crate::testing::file("", "the same\n");
            let files = names.iter().map(|name| crate::tree::File {
                path: name.as_str().into(),
                ..one.clone()
            });
            crate::tree::Tree {
                files: files.collect(),
                ..crate::tree::Tree::default()
            }
        };
        let (old, new) = (tree(&old), tree(&new));
        let comparison = Comparison::of(&old, &new);
        assert_eq!(comparison.changes.len(), 100_000);
        let first = &comparison.changes[0];
        assert_eq!(first.former_path().unwrap(), "a/a000000");
        assert_eq!(first.path(), "b/b000000");
    }

    #[test]
    fn of_two_copies_the_one_of_the_same_name_moved() {
        let old = tree(&[("a/x.c", "the same\n"), ("a/y.c", "the same\n")]);
        let new = tree(&[("b/y.c", "the same\n")]);
        let comparison = Comparison::of(&old, &new);
        let moved = comparison
            .changes
            .iter()
            .find(|change| change.new.is_some());
        assert_eq!(moved.unwrap().former_path().unwrap(), "a/y.c");
    }
}
