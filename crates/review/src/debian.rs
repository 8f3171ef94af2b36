//! Debian's source packages: a description, and beside it the archives that it names.
//!
//! The description says what each archive's digest is; one that differs is told. The tree is what
//! unpacking makes, without the distribution's patches applied.

use std::io::Read as _;
use std::path::Path;

use bstr::BString;

use crate::archive::Gather;
use crate::budget::{Budget, Meter};
use crate::material::{self, Error};
use crate::odd;
use crate::tree::{Digest, File, Layer, Tree};

/// The longest description that is read.
const DESCRIPTION: u64 = 1 << 20;

/// The most archives that one names.
const ARCHIVES: usize = 100;

/// A file that the description names.
struct Named {
    name: String,
    size: u64,
    sha256: Digest,
}

/// Reads the tree of a source package by its description.
pub(crate) fn read(path: &Path, budget: &Budget) -> Result<Tree, Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    let file = fs_err::File::open(path).map_err(failed)?;
    file.take(DESCRIPTION)
        .read_to_string(&mut text)
        .map_err(failed)?;
    let named = named(&text).map_err(|reason| Error::Unusable {
        name: path.display().to_string(),
        reason,
    })?;
    let mut gather = Gather::new(Meter::new(budget).into());
    for named in &named {
        add(&mut gather, path, named, budget)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(material::whole_tree(&name, gather))
}

/// The files of the `Checksums-Sha256` field. What is not understood of it could be an archive.
fn named(text: &str) -> Result<Vec<Named>, String> {
    let field = text
        .lines()
        .skip_while(|line| !line.starts_with("Checksums-Sha256:"));
    let lines = field.skip(1).take_while(|line| line.starts_with(' '));
    let read = |text: &str| {
        line(text).ok_or_else(|| format!("it names no file with its SHA-256 in {:?}", text.trim()))
    };
    let named: Vec<Named> = lines.map(read).collect::<Result<_, _>>()?;
    match named.len() {
        0 => Err("it names no archives by their SHA-256".to_owned()),
        1..=ARCHIVES => Ok(named),
        count => Err(format!("it names {count} archives, more than {ARCHIVES}")),
    }
}

fn line(line: &str) -> Option<Named> {
    let mut words = line.split_ascii_whitespace();
    let (digest, size, name) = (words.next()?, words.next()?, words.next()?);
    if name.contains('/') || name.starts_with('.') {
        return None;
    }
    let sha256 = digest_of(digest)?;
    Some(Named {
        name: name.to_owned(),
        size: size.parse().ok()?,
        sha256,
    })
}

fn digest_of(text: &str) -> Option<Digest> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut digest = Digest::default();
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(digest)
}

/// Adds what one archive brings.
fn add(
    gather: &mut Gather,
    description: &Path,
    named: &Named,
    budget: &Budget,
) -> Result<(), Error> {
    if named.name.rsplit('.').next() == Some("asc") {
        return Ok(());
    }
    let path = description.with_file_name(&named.name);
    let tree = material::read_file(&path, budget)?;
    let is_it = |layer: &Layer| layer.sha256 == named.sha256 && layer.size == named.size;
    if !tree.layers.first().is_some_and(is_it) {
        let meter = &gather.meter;
        meter.report(&odd::CHECKSUM_LIST, named.name.as_bytes(), b"", "");
    }
    gather.signals.extend(tree.signals.iter().cloned());
    gather.layers.extend(tree.layers.iter().cloned());
    gather.commit = gather.commit.take().or(tree.commit.clone());
    let folder = folder(&named.name, tree.top.as_ref());
    if named.name.contains(".debian.tar.") {
        // The distribution's own folder takes the place of upstream's.
        gather
            .files
            .retain(|file| !file.path.starts_with(b"debian/"));
    }
    gather.files.extend(tree.files.into_iter().map(|file| File {
        path: BString::from([folder.as_bytes(), &file.path].concat()),
        ..file
    }));
    Ok(())
}

/// Where an archive is unpacked; its only folder has been taken off. The distribution's is unpacked
/// over the others, so that it keeps its folder.
fn folder(name: &str, top: Option<&BString>) -> String {
    if name.contains(".debian.tar.") {
        return top.map_or(String::new(), |top| format!("{top}/"));
    }
    let component = name
        .split_once(".orig-")
        .and_then(|(_, rest)| rest.split_once(".tar."));
    component.map_or(String::new(), |(component, _)| format!("{component}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_unpacked_where_dpkg_does() {
        let debian = BString::from("debian");
        assert_eq!(folder("a_1.orig.tar.xz", None), "");
        assert_eq!(folder("a_1-1.debian.tar.xz", Some(&debian)), "debian/");
        // One that holds more than its folder is unpacked over the sources.
        assert_eq!(folder("a_1-1.debian.tar.xz", None), "");
        assert_eq!(folder("a_1.orig-docs.tar.gz", None), "docs/");
    }

    #[test]
    fn what_cannot_be_an_archive_beside_it_is_refused() {
        let digest = "0".repeat(64);
        let list = |lines: &str| named(&format!("Checksums-Sha256:\n{lines}Files:\n"));
        let good = format!(" {digest} 1 a.tar.xz\n");
        assert_eq!(list(&good).unwrap()[0].name, "a.tar.xz");
        for (lines, reason) in [
            (format!("{good} {digest} 1 ../b.tar\n"), "../b.tar"),
            (format!("{good} 00 1 b.tar\n"), "00 1 b.tar"),
            (good.repeat(101), "101 archives"),
            (String::new(), "no archives"),
        ] {
            let error = list(&lines).err().unwrap();
            assert!(error.contains(reason), "{error}");
        }
    }
}
