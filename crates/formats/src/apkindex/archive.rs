//! The archive around an index: its gzip members, its signatures, its files.

use std::io::Read;
use std::ops::Range;

use palisade_model::Timestamp;

use super::too_large;
use crate::apk_signature::{PublicKey, SignatureName};
use crate::inventory::InventoryContext;
use crate::{Place, ReadError, Reject, limits};

/// Signatures that one index may carry; Alpine's carry one.
const SIGNATURES: usize = 16;

/// An index taken out of its archive.
pub(super) struct Index {
    tar: Vec<u8>,
    text: Range<usize>,
    description: Range<usize>,
    modified: u64,
    /// The key whose signature was found good.
    pub(super) signed_by: Option<String>,
}

impl Index {
    /// The member `APKINDEX`.
    pub(super) fn text(&self) -> &[u8] {
        self.tar.get(self.text.clone()).unwrap_or_default()
    }

    /// The member `DESCRIPTION`, as far as a sane one reaches.
    pub(super) fn description(&self) -> Option<String> {
        let bytes = self.tar.get(self.description.clone())?;
        Some(String::from_utf8_lossy(&bytes[..bytes.len().min(256)]).into_owned())
    }

    /// When the index was written; synthetic archives say 0, which says nothing.
    pub(super) fn time(&self) -> Option<Timestamp> {
        let seconds = i64::try_from(self.modified)
            .ok()
            .filter(|seconds| *seconds != 0)?;
        Timestamp::from_second(seconds).ok()
    }
}

/// Opens an index, and checks its signature when keys are given.
pub(super) fn open(
    document: &str,
    bytes: &[u8],
    context: &InventoryContext<'_>,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Index, ReadError> {
    let mut first = Vec::new();
    let rest = inflate(document, bytes, &mut first)?;
    // The first member of an unsigned index may end anywhere in the archive.
    let members = members(document, &first).unwrap_or_default();
    let signatures = signatures(&members, &first);
    if signatures.len() > SIGNATURES {
        return Err(ReadError::malformed(
            document,
            format!("it has more than {SIGNATURES} signatures"),
        ));
    }
    let signed_by = check(document, &signatures, rest, context, rejects)?;
    if context.require_signature && signed_by.is_none() {
        let reason = match signatures.first() {
            None => "it is not signed, and a signature is required".to_owned(),
            Some((name, _)) => format!(
                "a signature of a known key is required; it is signed ({}) by {:?}",
                name.written, name.key
            ),
        };
        return Err(ReadError::malformed(document, reason));
    }
    // Whatever else the member of the signatures holds is not signed, so it is not looked at.
    let mut tar = if signatures.is_empty() {
        first
    } else {
        Vec::new()
    };
    inflate_all(document, rest, &mut tar)?;
    find(document, tar, signed_by)
}

/// Appends what the gzip member at the start holds; gives what stands behind the member.
fn inflate<'a>(document: &str, bytes: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], ReadError> {
    let room = limits::WHOLE_DOCUMENT_BYTES.saturating_sub(out.len() as u64);
    let mut member = flate2::bufread::GzDecoder::new(bytes);
    (&mut member)
        .take(room + 1)
        .read_to_end(out)
        .map_err(|source| ReadError::Io {
            document: document.to_owned(),
            source,
        })?;
    if out.len() as u64 > limits::WHOLE_DOCUMENT_BYTES {
        return Err(too_large(document));
    }
    Ok(member.into_inner())
}

fn inflate_all(document: &str, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ReadError> {
    // Zeros behind the last member are padding, as of a tape.
    while bytes.iter().any(|byte| *byte != 0) {
        bytes = inflate(document, bytes, out)?;
    }
    Ok(())
}

/// A regular file in a tar archive.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) place: Range<usize>,
    modified: u64,
}

/// The regular files of an archive, which may lack its end-of-archive blocks.
pub(crate) fn members(document: &str, tar: &[u8]) -> Result<Vec<Member>, ReadError> {
    let failed = |source| ReadError::Io {
        document: document.to_owned(),
        source,
    };
    let mut archive = tar::Archive::new(tar);
    let mut members = Vec::new();
    for entry in archive.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let start = usize::try_from(entry.raw_file_position()).unwrap_or(usize::MAX);
        let size = usize::try_from(entry.size()).unwrap_or(usize::MAX);
        let end = start.saturating_add(size);
        if end > tar.len() {
            return Err(ReadError::malformed(
                document,
                "a member of the archive is cut off",
            ));
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let modified = entry.header().mtime().unwrap_or(0);
        members.push(Member {
            name,
            place: start..end,
            modified,
        });
    }
    Ok(members)
}

pub(crate) type Signature<'a> = (SignatureName<'a>, &'a [u8]);

/// The signatures among the members of an archive.
pub(crate) fn signatures<'a>(members: &'a [Member], tar: &'a [u8]) -> Vec<Signature<'a>> {
    let signature = |member: &'a Member| {
        let bytes = tar.get(member.place.clone())?;
        Some((SignatureName::parse(&member.name)?, bytes))
    };
    members.iter().filter_map(signature).collect()
}

/// Checks the signatures of keys that are given; one that is bad is an error.
pub(crate) fn check(
    document: &str,
    signatures: &[Signature<'_>],
    signed: &[u8],
    context: &InventoryContext<'_>,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Option<String>, ReadError> {
    if context.keys.is_empty() {
        return Ok(None);
    }
    let mut signed_by = None;
    for (name, signature) in signatures {
        let mut unchecked = |reason: String| {
            rejects(Reject {
                document: document.to_owned(),
                place: Place::Whole,
                id: None,
                reason,
                mended: true,
            });
        };
        let Some(algorithm) = name.algorithm else {
            unchecked(format!(
                "signatures by {} are not supported: none was checked",
                name.written
            ));
            continue;
        };
        let of_name = |key: &&PublicKey| key.name == name.key;
        let mut keys = context.keys.iter().filter(of_name).peekable();
        if keys.peek().is_none() {
            unchecked(format!(
                "it is signed by {:?}, which is no key that was given",
                name.key
            ));
            continue;
        }
        if !keys.any(|key| key.verify(algorithm, signed, signature).is_ok()) {
            return Err(ReadError::malformed(
                document,
                format!("the signature by {:?} is bad", name.key),
            ));
        }
        signed_by.get_or_insert_with(|| name.key.to_owned());
    }
    Ok(signed_by)
}

fn find(document: &str, tar: Vec<u8>, signed_by: Option<String>) -> Result<Index, ReadError> {
    let (mut text, mut description) = (None, None);
    for member in members(document, &tar)? {
        let slot = match member.name.trim_start_matches("./") {
            "APKINDEX" => &mut text,
            "DESCRIPTION" => &mut description,
            _ => continue,
        };
        if slot.is_some() {
            return Err(ReadError::malformed(
                document,
                format!("it has two members {}", member.name),
            ));
        }
        *slot = Some(member);
    }
    let text = text.ok_or_else(|| ReadError::malformed(document, "it has no member APKINDEX"))?;
    let description = description.map_or(0..0, |member| member.place);
    Ok(Index {
        text: text.place,
        modified: text.modified,
        tar,
        description,
        signed_by,
    })
}
