//! Zip, by its directory at the end, with each member's own header held against it.
//!
//! Written here and not left to a library, because those keep one of two members of the same name
//! and believe one of two headers: what they pass over is what a reviewer must see.

use std::io::{self, Read};

use bstr::{BString, ByteSlice};

use super::{Gather, plain_name};
use crate::odd;
use crate::tree::Kind;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const ENCRYPTED: u64 = 1;
const SIZES_FOLLOW: u64 = 1 << 3;

/// A member, as one of its headers describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member<'a> {
    name: &'a [u8],
    flags: u64,
    method: u64,
    checksum: u64,
    packed: u64,
    size: u64,
    /// Unix's mode, from the directory.
    mode: u32,
    /// Where its own header is.
    start: u64,
}

/// Where the directory is.
struct End {
    at: usize,
    directory: usize,
    entries: u64,
    comment: usize,
}

/// Reads all members; names go below `prefix`.
pub(super) fn read(gather: &mut Gather, bytes: &[u8], prefix: &[u8]) -> io::Result<()> {
    let Some(end) = end(bytes) else {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "no directory at the end of the zip",
        ));
    };
    let tail = end.at + 22 + end.comment;
    if tail < bytes.len() {
        let more = &bytes[tail..bytes.len().min(tail + 64)];
        gather
            .meter
            .report(&odd::TRAILING_DATA, prefix, more, "behind the directory");
    }
    if bytes[..end.at]
        .rfind(END)
        .is_some_and(|at| is_end(bytes, at))
    {
        gather
            .meter
            .report(&odd::SECOND_ARCHIVE, prefix, b"", "it has two directories");
    }
    let mut spans = Vec::new();
    let mut at = end.directory;
    let mut count = 0;
    while let Some((member, next)) = central(bytes, at) {
        at = next;
        count += 1;
        let span = self::member(gather, bytes, &member, prefix)?;
        spans.extend(span);
    }
    if count != end.entries {
        let detail = format!("{} members are promised, {count} are there", end.entries);
        gather.meter.report(&odd::ZIP_HEADERS, prefix, b"", &detail);
    }
    account(gather, bytes, spans, end.directory, prefix);
    let between = bytes.get(at..end.at).unwrap_or_default();
    if !is_large_end(between) {
        let excerpt = &between[..between.len().min(64)];
        let detail = "between the directory and its end";
        gather
            .meter
            .report(&odd::TRAILING_DATA, prefix, excerpt, detail);
    }
    Ok(())
}

/// Tells of bytes that belong to no member, and of bytes that belong to two.
fn account(
    gather: &Gather,
    bytes: &[u8],
    mut spans: Vec<(usize, usize)>,
    directory: usize,
    prefix: &[u8],
) {
    spans.sort_unstable();
    spans.push((directory, directory));
    let mut reached = 0;
    for (start, end) in spans {
        if start < reached {
            gather.meter.report(&odd::OVERLAPPING, prefix, b"", "");
        } else if let Some(gap) = bytes.get(reached..start).filter(|gap| !is_descriptor(gap)) {
            let excerpt = &gap[..gap.len().min(64)];
            let (odd, detail) = if gap.starts_with(LOCAL) {
                (&odd::ZIP_HEADERS, "a member is not in the directory")
            } else if reached == 0 {
                (&odd::LEADING_DATA, "")
            } else {
                (&odd::TRAILING_DATA, "between two members")
            };
            gather.meter.report(odd, prefix, excerpt, detail);
        }
        reached = reached.max(end);
    }
}

/// Nothing, or the record of sizes beyond 4 GiB and the one that says where it is.
fn is_large_end(between: &[u8]) -> bool {
    let record = number(between, 4, 8).and_then(|length| length.checked_add(12 + 20));
    between.is_empty() || between.starts_with(END64) && record == Some(between.len() as u64)
}

/// Nothing, or the checksum and sizes that follow a member.
fn is_descriptor(gap: &[u8]) -> bool {
    let signed = gap.starts_with(b"PK\x07\x08") && matches!(gap.len(), 16 | 24);
    gap.is_empty() || signed || matches!(gap.len(), 12 | 20)
        // Aligned archives fill up with zeros.
        || gap.iter().all(|byte| *byte == 0)
}

/// Reads a member and says where its bytes lie.
fn member(
    gather: &mut Gather,
    bytes: &[u8],
    member: &Member<'_>,
    prefix: &[u8],
) -> io::Result<Option<(usize, usize)>> {
    let name = plain_name(member.name).unwrap_or_else(|| member.name.to_vec());
    let path = [prefix, &name].concat();
    let Some((own, start)) = local(bytes, member.start) else {
        gather
            .meter
            .report(&odd::ZIP_HEADERS, &path, b"", "it has no header of its own");
        return Ok(None);
    };
    let disagreement = disagreement(member, &own);
    if let Some(detail) = &disagreement {
        gather
            .meter
            .report(&odd::ZIP_HEADERS, &path, own.name, detail);
    }
    let Some(packed) = usize::try_from(member.packed)
        .ok()
        .and_then(|length| bytes.get(start..start.checked_add(length)?))
    else {
        gather.meter.report(
            &odd::TRUNCATED,
            &path,
            b"",
            "a member reaches beyond the end",
        );
        return Ok(None);
    };
    let header = usize::try_from(member.start).unwrap_or(start);
    let span = Some((header, start + packed.len()));
    if member.name.ends_with(b"/") {
        if !packed.is_empty() {
            let detail = "it is no file and yet has contents";
            gather
                .meter
                .report(&odd::SIZE_DISAGREEMENT, &path, b"", detail);
        }
        gather.file(&path, Kind::Directory, member.mode, b"", false)?;
        return Ok(span);
    }
    let contents = contents(gather, member, packed, &path)?;
    let kind = match member.mode & 0o170_000 {
        0o120_000 => Kind::Symlink(BString::from(contents.clone())),
        0o010_000 => Kind::Special("pipe"),
        0o020_000 => Kind::Special("character device"),
        0o060_000 => Kind::Special("block device"),
        _ => Kind::Regular,
    };
    let nested = kind == Kind::Regular && disagreement.is_none();
    let mode = if member.mode == 0 { 0o644 } else { member.mode };
    gather.file(&path, kind, mode, &contents, nested)?;
    Ok(span)
}

/// How a member's two headers differ, if they do.
fn disagreement(central: &Member<'_>, own: &Member<'_>) -> Option<String> {
    if central.name != own.name {
        let names = (central.name.to_str_lossy(), own.name.to_str_lossy());
        return Some(format!(
            "it is called {:?} in the one, {:?} in the other",
            names.0, names.1
        ));
    }
    if central.method != own.method {
        return Some("they name different compressions".to_owned());
    }
    if (central.flags ^ own.flags) & ENCRYPTED != 0 {
        return Some("only one says that it is encrypted".to_owned());
    }
    let sizes = |member: &Member<'_>| (member.packed, member.size, member.checksum);
    let left_open = own.flags & SIZES_FOLLOW != 0 && sizes(own) == (0, 0, 0);
    if sizes(central) != sizes(own) && !left_open {
        return Some(format!(
            "{} bytes in the one, {} in the other",
            central.size, own.size
        ));
    }
    None
}

/// A member's contents; what cannot be read is told and empty.
fn contents(
    gather: &Gather,
    member: &Member<'_>,
    packed: &[u8],
    path: &[u8],
) -> io::Result<Vec<u8>> {
    let meter = &gather.meter;
    if member.flags & ENCRYPTED != 0 {
        meter.report(&odd::ENCRYPTED, path, b"", "");
        return Ok(Vec::new());
    }
    if member.size > meter.budget.file {
        meter.report(&odd::TOO_LARGE, path, b"", "so it is left out");
        return Ok(Vec::new());
    }
    let mut bytes = Vec::new();
    let result = match member.method {
        0 => (&mut &*packed).read_to_end(&mut bytes).map(drop),
        8 => expand(
            gather,
            flate2::bufread::DeflateDecoder::new(packed),
            packed,
            &mut bytes,
        ),
        12 => expand(
            gather,
            bzip2::bufread::BzDecoder::new(packed),
            packed,
            &mut bytes,
        ),
        93 => match ruzstd::decoding::StreamingDecoder::new(packed) {
            Ok(decoder) => expand(gather, decoder, packed, &mut bytes),
            Err(error) => Err(io::Error::other(error)),
        },
        95 => {
            let decoder = lzma_rust2::XzReader::new_mem_limit(packed, false, 160 << 10);
            expand(gather, decoder, packed, &mut bytes)
        }
        method => {
            meter.report(&odd::UNKNOWN_METHOD, path, b"", &format!("method {method}"));
            return Ok(bytes);
        }
    };
    if let Some(stop) = meter.take_stop() {
        meter.report(stop.rule(), path, b"", "");
        return if meter.is_over() {
            result.map(|()| bytes)
        } else {
            // It was work all the same, and there may be a hundred thousand such members.
            meter.keep(bytes.len()).map(|()| Vec::new())
        };
    }
    if let Err(error) = result {
        meter.report(&odd::TRUNCATED, path, b"", &error.to_string());
    } else if u64::from(checksum(&bytes)) != member.checksum || bytes.len() as u64 != member.size {
        meter.report(&odd::CHECKSUM, path, b"", "");
    }
    Ok(bytes)
}

/// Decompresses piece by piece within the budget.
fn expand(
    gather: &Gather,
    mut decoder: impl Read,
    packed: &[u8],
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    let mut chunk = vec![0; 64 << 10];
    loop {
        let count = decoder.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&chunk[..count]);
        gather
            .meter
            .within_ratio(packed.len() as u64, bytes.len() as u64)?;
        gather.meter.within_total(bytes.len() as u64)?;
        gather.meter.clock()?;
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut checksum = flate2::Crc::new();
    checksum.update(bytes);
    checksum.sum()
}

/// The end of the directory: the last one that fits.
fn end(bytes: &[u8]) -> Option<End> {
    let lowest = bytes
        .len()
        .saturating_sub(22 + usize::from(u16::MAX) + (1 << 16));
    let mut upto = bytes.len();
    loop {
        let at = lowest + bytes[lowest..upto].rfind(END)?;
        if is_end(bytes, at) {
            return read_end(bytes, at);
        }
        upto = at;
    }
}

fn is_end(bytes: &[u8], at: usize) -> bool {
    read_end(bytes, at).is_some_and(|end| {
        let found = bytes.get(end.directory..).unwrap_or_default();
        end.directory <= at && (end.entries == 0 || found.starts_with(CENTRAL))
    })
}

fn read_end(bytes: &[u8], at: usize) -> Option<End> {
    let mut end = End {
        at,
        entries: number(bytes, at + 10, 2)?,
        directory: usize::try_from(number(bytes, at + 16, 4)?).ok()?,
        comment: usize::try_from(number(bytes, at + 20, 2)?).ok()?,
    };
    if (end.directory == 0xffff_ffff || end.entries == 0xffff)
        && let Some(large) = large_end(bytes, at)
    {
        end.entries = number(bytes, large + 32, 8)?;
        end.directory = usize::try_from(number(bytes, large + 48, 8)?).ok()?;
    }
    Some(end)
}

/// The record of sizes beyond 4 GiB, which stands right before the end but for what extends it.
fn large_end(bytes: &[u8], at: usize) -> Option<usize> {
    let from = at.saturating_sub(1 << 16);
    Some(from + bytes[from..at].rfind(END64)?)
}

/// A member in the directory, and where the next one is.
fn central(bytes: &[u8], at: usize) -> Option<(Member<'_>, usize)> {
    let header = bytes
        .get(at..)
        .filter(|header| header.starts_with(CENTRAL))?;
    let (name_length, extra_length) = (number(header, 28, 2)?, number(header, 30, 2)?);
    let name_end = 46 + usize::try_from(name_length).ok()?;
    let extra_end = name_end + usize::try_from(extra_length).ok()?;
    let end = extra_end + usize::try_from(number(header, 32, 2)?).ok()?;
    header.get(..end)?;
    let mut member = Member {
        name: &header[46..name_end],
        flags: number(header, 8, 2)?,
        method: number(header, 10, 2)?,
        checksum: number(header, 16, 4)?,
        packed: number(header, 20, 4)?,
        size: number(header, 24, 4)?,
        mode: u32::try_from(number(header, 38, 4)? >> 16).ok()?,
        start: number(header, 42, 4)?,
    };
    large(&mut member, &header[name_end..extra_end], true);
    Some((member, at + end))
}

/// A member's own header, and where its bytes begin.
fn local(bytes: &[u8], at: u64) -> Option<(Member<'_>, usize)> {
    let at = usize::try_from(at).ok()?;
    let header = bytes.get(at..).filter(|header| header.starts_with(LOCAL))?;
    let name_end = 30 + usize::try_from(number(header, 26, 2)?).ok()?;
    let extra_end = name_end + usize::try_from(number(header, 28, 2)?).ok()?;
    let mut member = Member {
        name: header.get(30..name_end)?,
        flags: number(header, 6, 2)?,
        method: number(header, 8, 2)?,
        checksum: number(header, 14, 4)?,
        packed: number(header, 18, 4)?,
        size: number(header, 22, 4)?,
        mode: 0,
        start: at as u64,
    };
    large(&mut member, header.get(name_end..extra_end)?, false);
    Some((member, at + extra_end))
}

/// Sizes and places beyond 4 GiB stand in an extra field, in this order, where the plain one is
/// full.
fn large(member: &mut Member<'_>, mut extra: &[u8], with_start: bool) {
    while let (Some(id), Some(length)) = (number(extra, 0, 2), number(extra, 2, 2)) {
        let end = usize::try_from(length).map_or(usize::MAX, |length| length.saturating_add(4));
        let Some(field) = extra.get(4..end) else {
            return;
        };
        if id == 1 {
            let mut values = field
                .chunks_exact(8)
                .filter_map(|value| number(value, 0, 8));
            let mut fields = vec![&mut member.size, &mut member.packed];
            if with_start {
                fields.push(&mut member.start);
            }
            for field in fields.into_iter().filter(|field| **field == 0xffff_ffff) {
                *field = values.next().unwrap_or(*field);
            }
        }
        extra = &extra[end..];
    }
}

/// A number of so many bytes, little-endian.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(length)?)?;
    Some(
        field
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}
