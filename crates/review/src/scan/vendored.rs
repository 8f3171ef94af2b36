//! Copies of other projects' code: a change there that no new version of the copy explains is the
//! last place where somebody looks.

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};

use super::place::Place;
use super::view::{Found, Sheet};
use super::world::{World, same_content};
use crate::signal::Severity;
use crate::tree::{File, Kind};

/// Directories whose children are copies of others' projects.
const PARENTS: &[&str] = &[
    "vendor",
    "vendored",
    "third_party",
    "third-party",
    "thirdparty",
    "3rdparty",
    "3rd-party",
    "external",
    "externals",
    "extern",
    "bundled",
    "_vendor",
    "deps",
    "node_modules",
    "3rd_party",
];

#[derive(Default)]
struct Copy<'a> {
    /// A new copy brought its licence or its author's words along.
    whole: bool,
    changed: Vec<&'a File>,
    added: Vec<&'a File>,
    version: bool,
    present: usize,
}

pub(crate) fn detect(world: &World<'_>, sheet: &mut Sheet<'_>) {
    checksums(world, sheet);
    if !world.has_old {
        return;
    }
    let mut copies: BTreeMap<BString, Copy<'_>> = BTreeMap::new();
    for path in world.old.keys() {
        if let Some(root) = root(path) {
            copies.entry(root).or_default().present += 1;
        }
    }
    for (file, old) in world.changed() {
        let Some(root) = root(file.path.as_bstr()) else {
            continue;
        };
        if file.kind != Kind::Regular || old.is_some_and(|old| same_content(old, file)) {
            continue;
        }
        let copy = copies.entry(root.clone()).or_default();
        copy.version |= names_version(file, old, &root);
        copy.whole |= old.is_none() && is_paper(&file.path, &root);
        let place = Place::of(
            file.path.as_bstr(),
            &file.content.bytes[..file.content.bytes.len().min(64)],
        );
        if place.is_code() && !place.in_tests {
            if old.is_some() {
                copy.changed.push(file);
            } else {
                copy.added.push(file);
            }
        }
    }
    for (root, copy) in copies {
        tell(&root, &copy, sheet);
    }
}

fn tell(root: &BString, copy: &Copy<'_>, sheet: &mut Sheet<'_>) {
    if copy.present == 0 {
        let Some(file) = copy.added.first() else {
            return;
        };
        let severity = if copy.whole {
            Severity::Note
        } else {
            Severity::Warning
        };
        let found = Found::whole(root)
            .severity(severity)
            .detail(format!("{} files, new here", copy.added.len()));
        sheet.raise("vendored-code-changed", file.path.as_bstr(), found);
        return;
    }
    let Some(file) = copy.changed.first().or(copy.added.first()) else {
        return;
    };
    let many = copy.changed.len() + copy.added.len();
    let (severity, detail) = if copy.version {
        (Severity::Note, format!("{many} files, with a new version"))
    } else {
        (
            Severity::Warning,
            format!("{many} files, and no new version of the copy"),
        )
    };
    sheet.raise(
        "vendored-code-changed",
        file.path.as_bstr(),
        Found::whole(root).severity(severity).detail(detail),
    );
}

/// The directory of one copy: the parent directory and the name below it.
fn root(path: &bstr::BStr) -> Option<BString> {
    let parts: Vec<&[u8]> = path.split_str("/").collect();
    let at = parts.iter().position(|part| {
        PARENTS
            .iter()
            .any(|known| part.eq_ignore_ascii_case(known.as_bytes()))
    })?;
    // A file directly below belongs to the copies as a whole.
    let end = (at + 2).min(parts.len() - 1);
    (parts.len() > at + 1).then(|| parts[..end.max(at + 1)].join(&b"/"[..]).into())
}

/// True for what a project puts beside its code and somebody who hides something does not.
fn is_paper(path: &BString, root: &BString) -> bool {
    let name = path.get(root.len() + 1..).unwrap_or_default();
    let name = name.to_ascii_lowercase();
    ["license", "licence", "copying", "readme", "authors"]
        .iter()
        .any(|known| name.starts_with(known.as_bytes()))
}

/// True where a change says that the copy was renewed.
fn names_version(file: &File, old: Option<&File>, root: &BString) -> bool {
    let name = file
        .path
        .get(root.len() + 1..)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let marker = [
        "version",
        "changelog",
        "changes",
        "news",
        "readme",
        "package.json",
        "cargo.toml",
        "metadata",
        "modules.txt",
        "vendor.txt",
        "vendor.json",
        "configure.ac",
        "cmakelists.txt",
        "metainfo",
        "update",
    ]
    .iter()
    .any(|known| name.contains_str(known));
    let before = old.map(|old| old.content.bytes.to_ascii_lowercase());
    let defined = file.content.bytes.lines().take(400).any(|line| {
        let line = line.to_ascii_lowercase();
        line.contains_str("version")
            && line.iter().any(u8::is_ascii_digit)
            && !before
                .as_ref()
                .is_some_and(|before| before.contains_str(&line))
    });
    marker || defined
}

/// Cargo writes beside each copy what its files hash to.
fn checksums(world: &World<'_>, sheet: &mut Sheet<'_>) {
    for (path, list) in &world.new {
        if !path.ends_with(b".cargo-checksum.json") {
            continue;
        }
        let Ok(document) = serde_json::from_slice::<serde_json::Value>(&list.content.bytes) else {
            continue;
        };
        let directory = &path[..path.len() - ".cargo-checksum.json".len()];
        for (name, sum) in document
            .get("files")
            .and_then(serde_json::Value::as_object)
            .into_iter()
            .flatten()
        {
            let inner = [directory, name.as_bytes()].concat();
            let Some(file) = world.new.get(inner.as_bstr()) else {
                continue;
            };
            let is = hexadecimal(&file.content.sha256);
            let known = world
                .before(file.path.as_bstr())
                .is_some_and(|old| same_content(old, file));
            if sum.as_str().is_some_and(|sum| sum != is) && !known {
                sheet.raise(
                    "vendored-checksum-mismatch",
                    file.path.as_bstr(),
                    Found::whole(is.as_bytes()),
                );
            }
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
