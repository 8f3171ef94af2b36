//! pacman's databases: of a repository (`core.db.tar.zst`, `core.files.tar.gz`), and the local one of
//! what is installed (`/var/lib/pacman/local`), as an archive of it or all its `desc` files one
//! behind another.
//!
//! A database has for each package a folder with a file `desc`; its fields are a line `%NAME%`, the
//! values, one a line, and an empty line (`alpm-repo-db(7)`, `alpm-lib-desc(5)`). A package's source
//! is its `%BASE%`. Which distribution it is of, only packagers' addresses tell.

use std::cell::Cell;
use std::io::Read;

use palisade_model::{Inventory, InventoryHead, Package};

use crate::container::for_each_document;
use crate::{ReadError, Reject};

mod desc;

/// Reads an inventory.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let mut packages = Vec::new();
    let (is_archive, mut odd) = (Cell::new(false), Vec::new());
    for_each_document(
        document,
        reader,
        &|member| {
            is_archive.set(true);
            member == "desc" || member.ends_with("/desc")
        },
        &mut |name: &str, reader: &mut dyn Read| desc::read(name, reader, &mut packages, rejects),
        &mut |reject| odd.push(reject),
    )?;
    odd.into_iter().for_each(rejects);
    if packages.is_empty() {
        let reason = if is_archive.get() {
            "it is no database of packages"
        } else {
            "it lists no package"
        };
        return Err(ReadError::malformed(document, reason));
    }
    let head = head(document, &packages);
    Ok(Inventory { head, packages })
}

fn head(document: &str, packages: &[Package]) -> InventoryHead {
    InventoryHead {
        distribution: Some("archlinux".to_owned()),
        branch: is_arch(packages).then(|| "rolling".to_owned()),
        repository: repository(document).map(str::to_owned),
        architecture: architecture(packages),
        ..InventoryHead::default()
    }
}

/// Whether most packages that say who built them were built at Arch.
fn is_arch(packages: &[Package]) -> bool {
    let builders = || packages.iter().filter_map(|it| it.maintainer.as_deref());
    let arch = builders().filter(|it| it.contains("@archlinux.org"));
    arch.count() * 2 > builders().count()
}

/// `core` of a file `core.db.tar.gz`.
fn repository(document: &str) -> Option<&str> {
    let file = document.rsplit(['/', '\\', '!']).next()?;
    let (name, rest) = file
        .split_once(".db")
        .or_else(|| file.split_once(".files"))?;
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+');
    let is_database = rest.is_empty() || rest.starts_with('.');
    (is_database && !name.is_empty() && name.bytes().all(word)).then_some(name)
}

/// The architecture that all packages share but those for any.
fn architecture(packages: &[Package]) -> Option<String> {
    let mut named = packages
        .iter()
        .filter_map(|package| package.architecture.as_deref())
        .filter(|architecture| *architecture != "any");
    let first = named.next()?;
    named.all(|other| other == first).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_databases_name_is_its_repositorys() {
        for (document, expected) in [
            ("core.db.tar.gz", Some("core")),
            ("/srv/core-testing.files", Some("core-testing")),
            ("extra.db", Some("extra")),
            ("local.tar", None),
            (".db", None),
            ("a.dbx", None),
        ] {
            assert_eq!(repository(document), expected, "{document}");
        }
    }
}
