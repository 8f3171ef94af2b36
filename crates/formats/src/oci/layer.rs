//! A layer: the files in it that matter, and what it takes away from the layers below.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use super::{Budget, Counted, io_error};
use crate::container::{Expansion, for_each_document_within};
use crate::{ReadError, limits};

/// Files by their paths.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Files that are read.
const WANTED: [&str; 6] = [
    "etc/apk/repositories",
    "etc/os-release",
    "lib/apk/db/installed",
    "usr/lib/apk/db/installed",
    "usr/lib/os-release",
    "var/lib/dpkg/status",
];

/// Folders of which files are read.
pub(super) const DPKG_PIECES: &str = "var/lib/dpkg/status.d/";
pub(super) const PACMAN: &str = "var/lib/pacman/local/";

/// What whiteouts are called (OCI image specification, "Image Layer Filesystem Changeset").
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

/// A layer as far as it matters.
#[derive(Debug, Default)]
pub(super) struct Layer {
    files: Files,
    /// Files and folders that go.
    gone: Vec<String>,
    /// Folders of which nothing stays that was in them.
    emptied: Vec<String>,
}

/// Looks through a layer.
pub(super) fn read(name: &str, reader: impl Read, budget: &Budget) -> Result<Layer, ReadError> {
    let mut layer = Layer::default();
    let expansion = Expansion {
        bytes: budget.bytes.get(),
        ..Expansion::default()
    };
    let reader = Counted { reader, budget };
    for_each_document_within(
        expansion,
        name,
        reader,
        &|path| is_wanted(path) || whiteout(path).is_some(),
        &mut |document: &str, reader: &mut dyn Read| {
            let path = document
                .strip_prefix(name)
                .and_then(|it| it.strip_prefix('!'));
            let Some(path) = path else { return Ok(()) };
            match whiteout(path) {
                Some(Whiteout::Of(path)) if concerns(&path) => {
                    budget.keep(document, path.len())?;
                    layer.gone.push(path);
                }
                Some(Whiteout::Within(folder)) if concerns(&folder) => {
                    budget.keep(document, folder.len())?;
                    layer.emptied.push(folder);
                }
                Some(_) => {}
                None => {
                    let bytes = content(document, reader)?;
                    budget.keep(document, bytes.len() + path.len())?;
                    layer.files.insert(path.to_owned(), bytes);
                }
            }
            Ok(())
        },
        // Links, devices and odd names are no lists of packages.
        &mut |_| {},
    )?;
    Ok(layer)
}

fn content(document: &str, reader: &mut dyn Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let limit = limits::WHOLE_DOCUMENT_BYTES;
    reader
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(io_error(document))?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::Limit {
            document: document.to_owned(),
            what: "its size in bytes",
            limit,
        });
    }
    Ok(bytes)
}

fn is_wanted(path: &str) -> bool {
    let piece = path.strip_prefix(DPKG_PIECES);
    let piece = piece.is_some_and(|name| !name.contains('/') && !name.ends_with(".md5sums"));
    let desc = path
        .strip_prefix(PACMAN)
        .and_then(|rest| rest.strip_suffix("/desc"));
    WANTED.contains(&path) || piece || desc.is_some_and(|name| !name.contains('/'))
}

enum Whiteout {
    Of(String),
    Within(String),
}

fn whiteout(path: &str) -> Option<Whiteout> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    if file == OPAQUE {
        return Some(Whiteout::Within(folder.to_owned()));
    }
    let name = file.strip_prefix(WHITEOUT)?;
    Some(Whiteout::Of(if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }))
}

/// Whether what goes may be something that is read, or holds it.
fn concerns(path: &str) -> bool {
    let folders = [DPKG_PIECES, PACMAN];
    let mut all = WANTED.into_iter().chain(folders);
    all.any(|wanted| is_within(wanted, path))
        || folders.iter().any(|folder| path.starts_with(folder))
}

/// Whether a path is that of a folder or file, or of something within it.
fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Layers on each other, put together from the top.
#[derive(Debug, Default)]
pub(super) struct Stack {
    /// The files that are seen from above.
    pub(super) files: Files,
    /// Files and folders that no lower layer shows.
    hidden: HashSet<String>,
}

impl Stack {
    /// Puts a layer below those that are there.
    pub(super) fn put_below(&mut self, layer: Layer) {
        for (path, bytes) in layer.files {
            if !self.hides(&path) {
                self.files.entry(path).or_insert(bytes);
            }
        }
        self.hidden.extend(layer.gone);
        self.hidden.extend(layer.emptied);
    }

    /// Whether a path, or a folder that it is in, is hidden from lower layers.
    fn hides(&self, path: &str) -> bool {
        let slashes = path.match_indices('/').map(|(at, _)| at);
        let mut ends = [0, path.len()].into_iter().chain(slashes);
        !self.hidden.is_empty() && ends.any(|end| self.hidden.contains(&path[..end]))
    }
}
