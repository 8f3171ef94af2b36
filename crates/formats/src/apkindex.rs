//! Alpine's package index of version 2: `APKINDEX.tar.gz`, or the text inside it.
//!
//! The archive is a row of gzip members. The first of a signed index holds nothing but
//! signatures, which cover the raw bytes of the others; those together are a tar archive of
//! `DESCRIPTION` and `APKINDEX`. Indexes of version 3 are read by [`crate::adb`].

use std::io::Read;

use palisade_model::{Inventory, InventoryHead, Package};

use crate::inventory::InventoryContext;
use crate::{Place, ReadError, Reject, limits};

pub(crate) mod archive;
mod text;
mod write;

pub(crate) use text::{Listing, read as read_text};
pub use write::write_text;

/// Reads an inventory from an index, or from its bare text.
///
/// A signature is checked when keys are given. One that is bad is an error; one of a key that is
/// not given counts as none.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    context: &InventoryContext<'_>,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let bytes = whole(document, reader)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let index = archive::open(document, &bytes, context, rejects)?;
        let packages = text::read(
            &format!("{document}!APKINDEX"),
            index.text(),
            Listing::Index,
            rejects,
        )?;
        let mut head = head(document, index.description().as_deref(), &packages, rejects);
        head.time = index.time();
        head.signed_by = index.signed_by;
        return Ok(Inventory { head, packages });
    }
    if context.require_signature {
        return Err(ReadError::malformed(
            document,
            "it is not signed, and a signature is required",
        ));
    }
    if !looks_like_text(&bytes) {
        return Err(ReadError::malformed(document, what_it_is_instead(&bytes)));
    }
    let packages = text::read(document, &bytes, Listing::Index, rejects)?;
    if packages.is_empty() {
        return Err(ReadError::malformed(document, "it lists no package"));
    }
    Ok(Inventory {
        head: head(document, None, &packages, rejects),
        packages,
    })
}

fn whole(document: &str, reader: &mut dyn Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    reader
        .take(limits::WHOLE_DOCUMENT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| ReadError::Io {
            document: document.to_owned(),
            source,
        })?;
    if bytes.len() as u64 > limits::WHOLE_DOCUMENT_BYTES {
        return Err(too_large(document));
    }
    Ok(bytes)
}

pub(crate) fn looks_like_text(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    matches!(start, [letter, b':', ..] if letter.is_ascii_alphabetic())
}

fn what_it_is_instead(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'A', b'D', b'B', ..] => "it is an index of version 3, whose kind is adb",
        [] => "it is empty",
        _ => "it is neither gzip nor the text of an index",
    }
}

fn too_large(document: &str) -> ReadError {
    ReadError::Limit {
        document: document.to_owned(),
        what: "the size in bytes",
        limit: limits::WHOLE_DOCUMENT_BYTES,
    }
}

/// What packages say of the inventory that lists them.
pub(crate) fn head(
    document: &str,
    description: Option<&str>,
    packages: &[Package],
    rejects: &mut dyn FnMut(Reject),
) -> InventoryHead {
    let description = description.map(str::trim).filter(|text| !text.is_empty());
    InventoryHead {
        distribution: Some("alpine".to_owned()),
        branch: description.and_then(branch),
        repository: None,
        architecture: architecture(document, packages, rejects),
        revision: description
            .filter(|text| names_a_state(text))
            .map(str::to_owned),
        time: None,
        signed_by: None,
    }
}

/// The architecture that all packages but those for any share.
fn architecture(
    document: &str,
    packages: &[Package],
    rejects: &mut dyn FnMut(Reject),
) -> Option<String> {
    let mut named = packages
        .iter()
        .filter_map(|package| package.architecture.as_deref())
        .filter(|architecture| *architecture != "noarch");
    let first = named.next()?;
    let Some(other) = named.find(|architecture| *architecture != first) else {
        return Some(first.to_owned());
    };
    rejects(Reject {
        document: document.to_owned(),
        place: Place::Whole,
        id: None,
        reason: format!("its packages are for several architectures: {first:?}, {other:?}"),
        mended: true,
    });
    None
}

/// The branch from which aports was described: `v3.17.3-216-g54a39ace82a` is of `v3.17`.
///
/// Tags that bear a date, and tags of an alpha, are made on edge. A release candidate's may be
/// of either, so it tells nothing.
fn branch(description: &str) -> Option<String> {
    let tag = tag(description)?;
    let number = tag.strip_prefix('v').unwrap_or(tag);
    if is_date(number)
        || number
            .split_once("_alpha")
            .is_some_and(|(_, date)| is_date(date))
    {
        return Some("edge".to_owned());
    }
    let mut parts = number.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let patch = parts.next().is_none_or(is_number);
    let released = is_number(major) && is_number(minor) && patch && parts.next().is_none();
    (released && tag.starts_with('v')).then(|| format!("v{major}.{minor}"))
}

/// Whether a description is a tag of aports or counts from one, and so names one state of it.
fn names_a_state(description: &str) -> bool {
    let counted = tag(description).is_some_and(|tag| !description.ends_with(tag));
    counted || branch(description).is_some()
}

/// The tag of a description by `git describe`, which may stand behind a repository's name.
fn tag(description: &str) -> Option<&str> {
    let last = description.split_ascii_whitespace().next_back()?;
    let counted = last.rsplit_once("-g").and_then(|(rest, commit)| {
        let (tag, count) = rest.rsplit_once('-')?;
        let is_commit = commit.len() >= 4 && commit.bytes().all(|b| b.is_ascii_hexdigit());
        (is_commit && is_number(count)).then_some(tag)
    });
    Some(counted.unwrap_or(last))
}

fn is_number(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_date(text: &str) -> bool {
    text.len() == 8 && text.starts_with("20") && is_number(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_tells_the_branch_only_where_it_is_certain() {
        for (description, expected) in [
            ("v3.17.3-216-g54a39ace82a", Some("v3.17")),
            ("main v3.17.3-216-g54a39ace82a", Some("v3.17")),
            ("v3.22.0", Some("v3.22")),
            ("v3.22", Some("v3.22")),
            ("20230901-123-gabcd", Some("edge")),
            ("v20230901-2500-gabcdef0", Some("edge")),
            ("v3.19.0_alpha20230901-12-gabcdef0", Some("edge")),
            ("v3.19.0_rc1-12-gabcdef0", None),
            ("3.17.3-216-g54a39ace82a", None),
            ("v3", None),
            ("v3.17.3.4", None),
            ("v99999999999.1", None),
            ("synthetic", None),
            ("alpine repository", None),
        ] {
            assert_eq!(branch(description).as_deref(), expected, "{description}");
        }
    }

    #[test]
    fn a_description_that_is_no_tag_names_no_revision() {
        for (description, expected) in [
            ("v3.17.3-216-g54a39ace82a", true),
            ("v3.19.0_rc1-12-gabcdef0", true),
            ("v3.22.0", true),
            ("synthetic", false),
            ("my-great-idea", false),
        ] {
            assert_eq!(names_a_state(description), expected, "{description}");
        }
    }
}
