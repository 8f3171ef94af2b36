//! Members of tar archives, one after the other.
//!
//! The `tar` crate cuts the archive into raw entries; names longer than a header holds are put
//! together here, because the crate would read a record with a name of any size into memory.

use std::cell::Cell;
use std::io::{self, Read};

use tar::{Archive, EntryType, Header};

use super::{Expanded, Expansion, decompress_within, exceeded, read_error};
use crate::{Place, ReadError, Reject};

/// Long names and extended headers beyond this are not read.
const EXTENSION_BYTES: u64 = 64 << 10;

/// POSIX pax, "ustar Interchange Format": two blocks of zeros end an archive.
const END_OF_ARCHIVE: u64 = 1024;

/// What becomes of each document that a file holds.
pub(super) type Visit<'a> = dyn FnMut(&str, &mut dyn Read) -> Result<(), ReadError> + 'a;

/// Visits the document that a file is, or, when the file is a tar archive, each regular member
/// whose name passes `wanted`, under the name `FILE!MEMBER`. Compression around it is removed.
///
/// Links, devices, and members with absolute or climbing paths go to `passed_over`.
///
/// # Errors
/// When the file is damaged, ends too early or goes beyond a limit, or `visit` fails.
pub fn for_each_document<R: Read>(
    file: &str,
    reader: R,
    wanted: &dyn Fn(&str) -> bool,
    visit: &mut Visit<'_>,
    passed_over: &mut dyn FnMut(Reject),
) -> Result<(), ReadError> {
    for_each_document_within(
        Expansion::default(),
        file,
        reader,
        wanted,
        visit,
        passed_over,
    )
}

/// Does what [`for_each_document`] does with limits of the caller's.
///
/// # Errors
/// As [`for_each_document`].
pub fn for_each_document_within<R: Read>(
    expansion: Expansion,
    file: &str,
    reader: R,
    wanted: &dyn Fn(&str) -> bool,
    visit: &mut Visit<'_>,
    passed_over: &mut dyn FnMut(Reject),
) -> Result<(), ReadError> {
    let mut expanded = decompress_within(expansion, file, reader)?;
    if is_tar(expanded.head()) {
        return Members {
            file,
            wanted,
            visit,
            passed_over,
        }
        .walk(expanded, expansion.members);
    }
    visit(file, &mut expanded).map_err(|error| name_limit(file, error))?;
    // A checksum stands behind the data, and a visitor may stop at the last brace.
    io::copy(&mut expanded, &mut io::sink()).map_err(|error| read_error(file, error))?;
    Ok(())
}

/// Whether a stream begins as a tar archive does, POSIX or GNU; both write `ustar`.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// Readers of formats report an exceeded limit as the I/O error that they saw.
pub(super) fn name_limit(document: &str, error: ReadError) -> ReadError {
    match error {
        ReadError::Io { source, .. } if exceeded(&source).is_some() => read_error(document, source),
        other => other,
    }
}

struct Members<'a, 'v> {
    file: &'a str,
    wanted: &'a dyn Fn(&str) -> bool,
    visit: &'a mut Visit<'v>,
    passed_over: &'a mut dyn FnMut(Reject),
}

impl Members<'_, '_> {
    fn walk<R: Read>(mut self, expanded: Expanded<R>, most: u64) -> Result<(), ReadError> {
        let zeros = Cell::new(0);
        let mut archive = Archive::new(TrailingZeros {
            reader: expanded,
            zeros: &zeros,
        });
        // Archives that were put behind each other, each with an end of its own.
        archive.set_ignore_zeros(true);
        let failed = |error| read_error(self.file, error);
        let entries = archive.entries().map_err(failed)?.raw(true);
        let mut ahead = Ahead::default();
        let mut count = 0;
        for entry in entries {
            let mut entry = entry.map_err(failed)?;
            count += 1;
            if count > most {
                let document = self.file.to_owned();
                return Err(ReadError::Limit {
                    document,
                    what: "its members",
                    limit: most,
                });
            }
            let header = entry.header().clone();
            let size = header.entry_size().map_err(failed)?;
            let mut body = Exact {
                reader: &mut entry,
                left: size,
            };
            if !ahead.take(&header, &mut body).map_err(failed)? {
                let name = std::mem::take(&mut ahead).name(self.file, &header, size)?;
                self.member(&header, name, &mut body)?;
            }
        }
        if zeros.get() < END_OF_ARCHIVE {
            return Err(ReadError::Malformed {
                document: self.file.to_owned(),
                reason: "the archive ends without its end mark and may be cut".to_owned(),
            });
        }
        Ok(())
    }

    fn member(
        &mut self,
        header: &Header,
        name: Result<String, Odd>,
        body: &mut dyn Read,
    ) -> Result<(), ReadError> {
        let reason = match (name, header.entry_type()) {
            (Ok(name), EntryType::Regular | EntryType::Continuous) if !name.ends_with('/') => {
                if !(self.wanted)(&name) {
                    return Ok(());
                }
                let document = format!("{}!{name}", self.file);
                return (self.visit)(&document, body).map_err(|error| name_limit(&document, error));
            }
            (Ok(_), EntryType::Directory | EntryType::Regular | EntryType::Continuous) => {
                return Ok(());
            }
            (Ok(name), kind) => Odd {
                name,
                reason: special(kind),
            },
            (Err(odd), _) => odd,
        };
        (self.passed_over)(Reject {
            document: format!("{}!{}", self.file, reason.name),
            place: Place::Whole,
            id: None,
            reason: reason.reason.to_owned(),
            mended: false,
        });
        Ok(())
    }
}

/// A member's name without `./` in front.
///
/// # Errors
/// Why a member of that name is only named.
pub(super) fn member_name(name: &str) -> Result<&str, &'static str> {
    let name = name.trim_start_matches("./");
    if name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return Err("its path leads out of the archive");
    }
    if name.contains(|c: char| c.is_control() || c == '\\') {
        return Err("its name holds a character that names of files should not");
    }
    Ok(name)
}

fn special(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Symlink => "it is a symbolic link, which is not followed",
        EntryType::Link => "it is a hard link, which is not followed",
        EntryType::Char | EntryType::Block => "it is a device",
        EntryType::Fifo => "it is a pipe",
        EntryType::GNUSparse => "it is a sparse file",
        _ => "it is no regular file",
    }
}

/// A member that is only named, and why.
struct Odd {
    name: String,
    reason: &'static str,
}

/// What the records in front of a member say of it.
#[derive(Default)]
struct Ahead {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
    unreadable: bool,
}

impl Ahead {
    /// Takes a record that describes the next member; otherwise leaves the body alone.
    fn take(&mut self, header: &Header, body: &mut dyn Read) -> io::Result<bool> {
        match header.entry_type() {
            EntryType::XGlobalHeader | EntryType::GNULongLink => {}
            EntryType::GNULongName => {
                if let Some(mut name) = self.extension(body)? {
                    let end = name
                        .iter()
                        .position(|&byte| byte == 0)
                        .unwrap_or(name.len());
                    name.truncate(end);
                    self.name = Some(name);
                }
            }
            EntryType::XHeader => {
                if let Some(records) = self.extension(body)? {
                    self.unreadable |= self.pax(&records).is_none();
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn extension(&mut self, body: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        body.take(EXTENSION_BYTES + 1).read_to_end(&mut bytes)?;
        let fits = bytes.len() as u64 <= EXTENSION_BYTES;
        self.unreadable |= !fits;
        Ok(fits.then_some(bytes))
    }

    /// Reads records of the form `LENGTH KEY=VALUE\n`, the length being the record's own; the
    /// crate's reader looks for line ends instead, which may stand in a value.
    fn pax(&mut self, mut records: &[u8]) -> Option<()> {
        while !records.is_empty() {
            let blank = records.iter().position(|&byte| byte == b' ')?;
            let length: usize = std::str::from_utf8(&records[..blank]).ok()?.parse().ok()?;
            let record = records.get(blank + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|&byte| byte == b'=')?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => self.size = Some(std::str::from_utf8(value).ok()?.parse().ok()?),
                _ => self.sparse |= key.starts_with(b"GNU.sparse."),
            }
            records = &records[length..];
        }
        Some(())
    }

    /// The member's name, without `./` in front.
    ///
    /// # Errors
    /// When a record gives a size other than the header's: readers that believe the one see other
    /// members than those that believe the other.
    fn name(
        self,
        file: &str,
        header: &Header,
        size: u64,
    ) -> Result<Result<String, Odd>, ReadError> {
        let bytes = self
            .name
            .unwrap_or_else(|| header.path_bytes().into_owned());
        let shown = || {
            String::from_utf8_lossy(&bytes)
                .escape_debug()
                .take(256)
                .collect::<String>()
        };
        if self.size.is_some_and(|stated| stated != size) {
            return Err(ReadError::Malformed {
                document: file.to_owned(),
                reason: format!("the member {} has two different sizes", shown()),
            });
        }
        let odd = |reason| {
            Ok(Err(Odd {
                name: shown(),
                reason,
            }))
        };
        if self.unreadable {
            return odd("its extended header cannot be read");
        }
        if self.sparse {
            return odd(special(EntryType::GNUSparse));
        }
        let Ok(name) = std::str::from_utf8(&bytes) else {
            return odd("its name is not UTF-8");
        };
        match member_name(name) {
            Ok(name) => Ok(Ok(name.to_owned())),
            Err(reason) => odd(reason),
        }
    }
}

/// A member's data, all of it: an archive that ends within is an error.
struct Exact<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.left > 0 {
            let reason = format!(
                "the archive ends {} bytes before its member does",
                self.left
            );
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

/// Counts the zeros at the end of what was read so far.
struct TrailingZeros<'a, R> {
    reader: R,
    zeros: &'a Cell<u64>,
}

impl<R: Read> Read for TrailingZeros<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let read = &buffer[..count];
        let zeros = read.iter().rev().take_while(|&&byte| byte == 0).count();
        let before = if zeros == count { self.zeros.get() } else { 0 };
        self.zeros.set(before.saturating_add(zeros as u64));
        Ok(count)
    }
}
