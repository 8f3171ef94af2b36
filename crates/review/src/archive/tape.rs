//! Tar: the members by the `tar` crate, and beside it our own walk over the same bytes.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

use bstr::{BString, ByteSlice};
use tar::EntryType;

use super::audit::{Audit, Audited};
use super::{Gather, Input, plain_name};
use crate::budget::Meter;
use crate::odd;
use crate::tree::Kind;

/// A member whose map claims this much more than is stored is not filled up with zeros.
const SPARSE: u64 = 16 << 20;

/// Reads all members; names go below `prefix`.
pub(super) fn read(gather: &mut Gather, input: Input<'_>, prefix: &[u8]) -> io::Result<()> {
    let audit = Rc::new(RefCell::new(Audit::new(Rc::clone(&gather.meter), prefix)));
    let compressed = input.compressed();
    let audited = Audited {
        reader: input,
        audit: Rc::clone(&audit),
    };
    let mut archive = tar::Archive::new(audited);
    let mut listed = Listed {
        members: Vec::new(),
        compressed,
    };
    let result = members(gather, &mut archive, prefix, &audit, &mut listed);
    let listed = listed.members;
    let lost = result.is_err();
    // What follows the end must pass the audit too; after a limit nothing may.
    let rest = if gather.meter.is_over() {
        Ok(())
    } else {
        io::copy(&mut archive.into_inner(), &mut io::sink()).map(drop)
    };
    let mut audit = audit.borrow_mut();
    if rest.is_ok() && !gather.meter.is_over() {
        audit.finish();
        compare(gather, &audit, &listed, lost, prefix);
    }
    if prefix.is_empty() {
        gather.commit = gather.commit.take().or(audit.commit.take());
    }
    result.and(rest)
}

/// The members of an archive as the `tar` crate reads them, with their sizes.
struct Listed<F> {
    members: Vec<(Vec<u8>, u64)>,
    /// How many compressed bytes they have come of so far.
    compressed: F,
}

impl<F: Fn() -> Option<u64>> Listed<F> {
    fn push(&mut self, meter: &Meter, name: Vec<u8>, size: u64) -> io::Result<()> {
        self.members.push((name, size));
        let taken = (self.compressed)();
        taken.map_or(Ok(()), |taken| {
            meter.within_entries(self.members.len(), taken)
        })
    }
}

/// Both readings must list the same members; one that gave up lists the beginning of them.
fn compare(gather: &Gather, audit: &Audit, listed: &[(Vec<u8>, u64)], lost: bool, prefix: &[u8]) {
    let known = audit.members.len().min(listed.len());
    let differs = (0..known)
        .find(|at| audit.members[*at].0 != listed[*at].0 || audit.members[*at].1 != listed[*at].1);
    let at = differs.or_else(|| {
        let same =
            audit.members.len() == listed.len() || (lost && listed.len() < audit.members.len());
        (!same).then_some(known)
    });
    if let Some(at) = at {
        let name = |list: &[(Vec<u8>, u64)]| {
            list.get(at).map_or("nothing".into(), |(name, size)| {
                format!("{} ({size} bytes)", name.to_str_lossy())
            })
        };
        let detail = format!("{} or {}", name(listed), name(&audit.members));
        gather
            .meter
            .report(&odd::PARSERS_DISAGREE, prefix, b"", &detail);
    }
}

fn members<R: Read>(
    gather: &mut Gather,
    archive: &mut tar::Archive<R>,
    prefix: &[u8],
    audit: &RefCell<Audit>,
    listed: &mut Listed<impl Fn() -> Option<u64>>,
) -> io::Result<()> {
    for entry in archive.entries()? {
        let entry = entry?;
        if entry.header().entry_type() == EntryType::XGlobalHeader {
            gather.meter.entry()?;
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let sparse = entry.header().entry_type() == EntryType::GNUSparse;
        let size = if sparse {
            entry.header().entry_size()?
        } else {
            entry.size()
        };
        listed.push(&gather.meter, name.clone(), size)?;
        let disputed = std::mem::take(&mut audit.borrow_mut().disputed);
        let Some(path) = plain_name(&name) else {
            // The directory that everything is in.
            continue;
        };
        member(gather, entry, &[prefix, &path].concat(), disputed)?;
    }
    Ok(())
}

fn member<R: Read>(
    gather: &mut Gather,
    mut entry: tar::Entry<'_, R>,
    path: &[u8],
    disputed: bool,
) -> io::Result<()> {
    let mode = entry.header().mode().unwrap_or(0o644);
    let link = || {
        let link = entry.link_name_bytes().unwrap_or_default();
        BString::from(link.into_owned())
    };
    let kind = match entry.header().entry_type() {
        EntryType::Symlink => Kind::Symlink(link()),
        EntryType::Link => {
            let link = link();
            Kind::Hardlink(plain_name(&link).map_or(link, BString::from))
        }
        EntryType::Directory => Kind::Directory,
        EntryType::Char => Kind::Special("character device"),
        EntryType::Block => Kind::Special("block device"),
        EntryType::Fifo => Kind::Special("pipe"),
        // Whatever is unknown is unpacked as a file, as POSIX wants it.
        _ => Kind::Regular,
    };
    let bytes = if kind == Kind::Regular {
        contents(gather, &mut entry, path)?
    } else {
        Vec::new()
    };
    gather.file(path, kind, mode, &bytes, !disputed)
}

fn contents<R: Read>(
    gather: &Gather,
    entry: &mut tar::Entry<'_, R>,
    path: &[u8],
) -> io::Result<Vec<u8>> {
    let size = entry.size();
    let stored = entry.header().entry_size().unwrap_or(size);
    let budget = &gather.meter.budget;
    if size > budget.file || size > stored.max(size.min(SPARSE)) {
        gather.meter.report(
            &odd::TOO_LARGE,
            path,
            b"",
            &format!("{size} bytes, so it is left out"),
        );
        return Ok(Vec::new());
    }
    let capacity = usize::try_from(size).unwrap_or_default().min(1 << 20);
    let mut bytes = Vec::with_capacity(capacity);
    entry.read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}
