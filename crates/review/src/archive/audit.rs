//! A second reading of a tar stream, block by block, that accounts for every byte.
//!
//! Programs that read tar have disagreed about where members begin, and attacks live on that. This
//! walk shares no code with the library that reads the contents: both must list the same members.

use std::io::{self, Read};
use std::rc::Rc;

use bstr::ByteSlice;

use super::magic::{is_tar_header, octal};
use crate::budget::Meter;
use crate::odd::{self, Odd};

const BLOCK: usize = 512;

/// The longest extended header that is understood.
const EXTENSION: u64 = 1 << 20;

/// A file of more bytes cannot have its size in a plain header, so PAX says it alone.
const PLAIN_SIZE: u64 = 0o777_7777_7777;

/// What an extended header says of the next member, as far as it matters here.
#[derive(Default)]
struct Extended {
    size: Option<u64>,
    path: Option<Vec<u8>>,
    sparse: bool,
}

/// Where in the stream the walk is.
enum State {
    Header,
    /// Blocks of a sparse member's map follow; then data of so many bytes.
    SparseMap(u64),
    /// So many bytes of data, then so many of padding.
    Data {
        left: u64,
        padding: usize,
        extension: Option<u8>,
    },
    Ended,
    /// A header was not understood.
    Lost,
}

/// The walk.
pub(super) struct Audit {
    meter: Rc<Meter>,
    prefix: Vec<u8>,
    state: State,
    block: Vec<u8>,
    extension: Vec<u8>,
    extended: Extended,
    /// The member whose bytes are passing.
    current: Vec<u8>,
    told_padding: bool,
    told_trailing: bool,
    /// The members in their order, with the sizes that decide where the next one begins.
    pub(super) members: Vec<(Vec<u8>, u64)>,
    /// Members about whose size headers disagree: nothing inside of them is trusted.
    pub(super) disputed: bool,
    pub(super) commit: Option<String>,
}

impl Audit {
    pub(super) fn new(meter: Rc<Meter>, prefix: &[u8]) -> Self {
        Self {
            meter,
            prefix: prefix.to_vec(),
            state: State::Header,
            block: Vec::with_capacity(BLOCK),
            extension: Vec::new(),
            extended: Extended::default(),
            current: Vec::new(),
            told_padding: false,
            told_trailing: false,
            members: Vec::new(),
            disputed: false,
            commit: None,
        }
    }

    /// Takes the next bytes of the stream.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = match &self.state {
                State::Data {
                    left,
                    padding,
                    extension,
                } => {
                    let (left, padding, extension) = (*left, *padding, *extension);
                    self.feed_data(bytes, left, padding, extension)
                }
                State::Lost => bytes.len(),
                State::Header | State::SparseMap(_) | State::Ended => self.feed_block(bytes),
            };
            bytes = &bytes[taken..];
        }
    }

    /// What the end of the stream means for where the walk is.
    pub(super) fn finish(&mut self) {
        match &self.state {
            State::Header if self.block.is_empty() => self.tell(&odd::NO_END, b"", ""),
            State::Ended if self.block.iter().any(|byte| *byte != 0) => self.trailing(),
            State::Ended | State::Lost => {}
            _ => {
                let current = self.current.clone();
                self.tell(&odd::TRUNCATED, &current, "in the middle of a member");
            }
        }
    }

    fn tell(&self, odd: &Odd, path: &[u8], detail: &str) {
        let path = [&self.prefix, path].concat();
        self.meter.report(odd, &path, b"", detail);
    }

    fn feed_block(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK {
            let block = std::mem::take(&mut self.block);
            match self.state {
                State::SparseMap(size) => self.sparse_map(&block, size),
                State::Ended => self.after_end(&block),
                _ => self.header(&block),
            }
            self.block = block;
            self.block.clear();
        }
        taken
    }

    fn feed_data(
        &mut self,
        bytes: &[u8],
        left: u64,
        padding: usize,
        extension: Option<u8>,
    ) -> usize {
        if left > 0 {
            let taken = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
            if extension.is_some() {
                self.extension.extend_from_slice(&bytes[..taken]);
            }
            self.pass_data(left - taken as u64, padding, extension);
            return taken;
        }
        let taken = padding.min(bytes.len());
        if !self.told_padding && bytes[..taken].iter().any(|byte| *byte != 0) {
            self.told_padding = true;
            let current = self.current.clone();
            self.tell(&odd::NONZERO_PADDING, &current, "behind its contents");
        }
        self.pass_data(0, padding - taken, extension);
        taken
    }

    fn pass_data(&mut self, left: u64, padding: usize, extension: Option<u8>) {
        if left > 0 || padding > 0 {
            self.state = State::Data {
                left,
                padding,
                extension,
            };
            return;
        }
        self.state = State::Header;
        if let Some(kind) = extension {
            let text = std::mem::take(&mut self.extension);
            self.extend(kind, &text);
        }
    }

    fn after_end(&mut self, block: &[u8]) {
        if is_tar_header(block) && block[257..].starts_with(b"ustar") {
            self.tell(&odd::SECOND_ARCHIVE, b"", &name_of(block).to_str_lossy());
            self.state = State::Lost;
        } else if block.iter().any(|byte| *byte != 0) {
            self.block = block.to_vec();
            self.trailing();
            self.block.clear();
        }
    }

    fn trailing(&mut self) {
        if !self.told_trailing {
            self.told_trailing = true;
            let start = self.block.iter().position(|byte| *byte != 0).unwrap_or(0);
            let excerpt = &self.block[start..self.block.len().min(start + 64)];
            let path = self.prefix.clone();
            self.meter
                .report(&odd::TRAILING_DATA, &path, excerpt, "behind the end marker");
        }
    }

    fn header(&mut self, block: &[u8]) {
        if block.iter().all(|byte| *byte == 0) {
            self.state = State::Ended;
            return;
        }
        let Some(size) = size_of(block).filter(|_| is_tar_header(block)) else {
            let current = self.current.clone();
            self.tell(&odd::BAD_HEADER, &current, "after this member");
            self.state = State::Lost;
            return;
        };
        let kind = block[156];
        if matches!(kind, b'x' | b'g' | b'L' | b'K') {
            self.extension_header(kind, size);
        } else {
            self.member(block, kind, size);
        }
    }

    fn extension_header(&mut self, kind: u8, size: u64) {
        if size > EXTENSION {
            self.tell(
                &odd::BAD_HEADER,
                b"",
                "an extended header of more than a megabyte",
            );
            self.state = State::Lost;
            return;
        }
        self.begin_data(size, Some(kind));
    }

    fn member(&mut self, block: &[u8], kind: u8, plain: u64) {
        let extended = std::mem::take(&mut self.extended);
        let size = extended.size.unwrap_or(plain);
        self.current = extended.path.unwrap_or_else(|| name_of(block));
        let current = self.current.clone();
        if size != plain && size <= PLAIN_SIZE {
            self.disputed = true;
            let detail = format!("{plain} bytes by its own, {size} by the extended one");
            self.tell(&odd::SIZE_DISAGREEMENT, &current, &detail);
        }
        if size > 0 && matches!(kind, b'1'..=b'6') {
            self.disputed = true;
            self.tell(
                &odd::SIZE_DISAGREEMENT,
                &current,
                "it is no file and yet has contents",
            );
        }
        if kind == b'S' || extended.sparse {
            self.tell(&odd::SPARSE, &current, "");
        }
        self.members.push((current, size));
        if kind == b'S' && block[482] != 0 {
            self.state = State::SparseMap(size);
        } else {
            self.begin_data(size, None);
        }
    }

    fn sparse_map(&mut self, block: &[u8], size: u64) {
        if block[504] == 0 {
            self.begin_data(size, None);
        }
    }

    fn begin_data(&mut self, size: u64, extension: Option<u8>) {
        let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
        let padding = (BLOCK - over) % BLOCK;
        self.pass_data(size, padding, extension);
    }

    /// Understands an extended header.
    fn extend(&mut self, kind: u8, text: &[u8]) {
        match kind {
            b'L' => self.extended.path = Some(until_zero(text).to_vec()),
            b'K' => {}
            _ => {
                for (key, value) in records(text) {
                    self.record(kind, key, value);
                }
            }
        }
    }

    fn record(&mut self, kind: u8, key: &[u8], value: &[u8]) {
        let global = kind == b'g';
        match key {
            b"comment" if global => self.comment(value),
            b"size" | b"path" | b"linkpath" if global => {
                self.tell(&odd::GLOBAL_OVERRIDE, b"", &key.to_str_lossy());
            }
            b"size" => self.extended.size = value.to_str().ok().and_then(|size| size.parse().ok()),
            b"path" => self.extended.path = Some(value.to_vec()),
            _ if key.starts_with(b"GNU.sparse.") => self.extended.sparse = true,
            _ => {}
        }
    }

    fn comment(&mut self, value: &[u8]) {
        let is_commit = matches!(value.len(), 40 | 64) && value.iter().all(u8::is_ascii_hexdigit);
        if is_commit && self.commit.is_none() {
            let commit = value.to_str_lossy().to_ascii_lowercase();
            self.meter
                .report(&odd::PAX_COMMENT, &self.prefix, commit.as_bytes(), "");
            self.commit = Some(commit);
        }
    }
}

/// The records of an extended header; what is malformed ends them.
fn records(mut text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let blank = text.find_byte(b' ')?;
        let length: usize = text[..blank].to_str().ok()?.parse().ok()?;
        let record = text.get(blank + 1..length)?.strip_suffix(b"\n")?;
        text = &text[length..];
        record.split_once_str(b"=")
    })
}

fn until_zero(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or(field)
}

/// The name in a plain header.
fn name_of(block: &[u8]) -> Vec<u8> {
    let name = until_zero(&block[..100]);
    let prefix = until_zero(&block[345..500]);
    // GNU's own headers keep times where POSIX keeps the beginning of long names.
    if &block[257..263] == b"ustar\0" && !prefix.is_empty() {
        return [prefix, b"/", name].concat();
    }
    name.to_vec()
}

/// The size in a plain header: octal digits, or big-endian where the first bit is set.
fn size_of(block: &[u8]) -> Option<u64> {
    let field = &block[124..136];
    if field[0] & 0x80 == 0 {
        return octal(field).or_else(|| {
            field
                .iter()
                .all(|byte| matches!(byte, 0 | b' '))
                .then_some(0)
        });
    }
    let high = field[..4].iter().enumerate().any(|(at, byte)| match at {
        0 => *byte != 0x80,
        _ => *byte != 0,
    });
    let low = field[4..]
        .iter()
        .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    (!high && low < 1 << 62).then_some(low)
}

/// Shows every byte that is read to the audit.
pub(super) struct Audited<R> {
    pub(super) reader: R,
    pub(super) audit: Rc<std::cell::RefCell<Audit>>,
}

impl<R: Read> Read for Audited<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(target)?;
        self.audit.borrow_mut().feed(&target[..count]);
        Ok(count)
    }
}
