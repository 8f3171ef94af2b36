//! Members of zip archives, in the order of the archive's directory.
//!
//! The directory stands at the end and what precedes a member may not know the member's size, so a
//! zip archive cannot be streamed: it needs a reader that can go back and forth. One within another
//! (the CVE List's baseline is such) is first copied to where the caller says.

use std::io::{self, BufReader, Read, Seek};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::archive::{Visit, member_name, name_limit};
use super::{Expansion, TooLarge, read_error};
use crate::{Place, ReadError, Reject};

/// Archives within archives beyond this are not opened.
const DEPTH: usize = 2;

/// Something that can be read from any place.
pub trait Seekable: Read + Seek {}

impl<T: Read + Seek> Seekable for T {}

/// Copies a stream to a place from which it can be read from its beginning.
type Spool<'a> = dyn FnMut(&mut dyn Read) -> io::Result<Box<dyn Seekable>> + 'a;

/// Whether a stream begins as a zip archive does.
pub fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Visits each member whose name passes `wanted`, and those of archives within the archive, under
/// the name `FILE!MEMBER`. `spool` keeps an inner archive while its members are read.
///
/// Links, encrypted members and those with absolute or climbing paths go to `passed_over`.
///
/// # Errors
/// When the archive is damaged, ends too early or goes beyond a limit, or `visit` fails.
pub fn for_each_zipped_document(
    expansion: Expansion,
    file: &str,
    archive: Box<dyn Seekable>,
    wanted: &dyn Fn(&str) -> bool,
    spool: &mut Spool<'_>,
    visit: &mut Visit<'_>,
    passed_over: &mut dyn FnMut(Reject),
) -> Result<(), ReadError> {
    Members {
        left: expansion,
        most: expansion,
        wanted,
        spool,
        visit,
        passed_over,
    }
    .walk(file, archive, DEPTH)
}

struct Members<'a, 's, 'v> {
    /// What may still come.
    left: Expansion,
    most: Expansion,
    wanted: &'a dyn Fn(&str) -> bool,
    spool: &'a mut Spool<'s>,
    visit: &'a mut Visit<'v>,
    passed_over: &'a mut dyn FnMut(Reject),
}

impl Members<'_, '_, '_> {
    fn walk(
        &mut self,
        file: &str,
        archive: Box<dyn Seekable>,
        depth: usize,
    ) -> Result<(), ReadError> {
        let mut archive =
            ZipArchive::new(BufReader::new(archive)).map_err(|error| zip_error(file, error))?;
        let members = archive.len() as u64;
        self.left.members =
            self.left
                .members
                .checked_sub(members)
                .ok_or_else(|| ReadError::Limit {
                    document: file.to_owned(),
                    what: "its members",
                    limit: self.most.members,
                })?;
        for index in 0..archive.len() {
            let member = archive.by_index(index);
            self.member(file, member.map_err(|error| zip_error(file, error))?, depth)?;
        }
        Ok(())
    }

    fn member<R: Read>(
        &mut self,
        file: &str,
        mut member: ZipFile<'_, R>,
        depth: usize,
    ) -> Result<(), ReadError> {
        if member.is_dir() {
            return Ok(());
        }
        let name = member.name().map(std::borrow::Cow::into_owned);
        let shown = name.as_deref().unwrap_or("?").escape_debug().take(256);
        let document = format!("{file}!{}", shown.collect::<String>());
        let usable = match &name {
            _ if member.encrypted() => Err("it is encrypted"),
            _ if !member.is_file() => Err("it is no regular file"),
            Ok(name) => member_name(name),
            Err(_) => Err("its name cannot be read"),
        };
        let name = match usable {
            Ok(name) => name,
            Err(reason) => {
                (self.passed_over)(Reject {
                    document,
                    place: Place::Whole,
                    id: None,
                    reason: reason.to_owned(),
                    mended: false,
                });
                return Ok(());
            }
        };
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        let is_archive = ending == Some("zip") && depth > 1;
        if !is_archive && !(self.wanted)(name) {
            return Ok(());
        }
        let mut body = Limited {
            reader: &mut member,
            left: &mut self.left.bytes,
            most: self.most.bytes,
        };
        if is_archive {
            let inner = (self.spool)(&mut body).map_err(|error| read_error(&document, error))?;
            return self.walk(&document, inner, depth - 1);
        }
        (self.visit)(&document, &mut body).map_err(|error| name_limit(&document, error))?;
        // The checksum is looked at when the end is reached.
        io::copy(&mut body, &mut io::sink()).map_err(|error| read_error(&document, error))?;
        Ok(())
    }
}

fn zip_error(file: &str, error: ZipError) -> ReadError {
    match error {
        ZipError::Io(error) => read_error(file, error),
        other => ReadError::Malformed {
            document: file.to_owned(),
            reason: format!("it is no readable zip archive: {other}"),
        },
    }
}

/// Decompressed bytes, of which all members together have a limit.
struct Limited<'a, R> {
    reader: R,
    left: &'a mut u64,
    most: u64,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        *self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other(TooLarge(self.most)))?;
        Ok(count)
    }
}
