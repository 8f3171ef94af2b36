//! The stream in a document without its compression, and the blocks in it.
//!
//! `ADB.` begins a raw stream, `ADBd` stands before one in raw deflate, and `ADBc` with a byte for
//! the algorithm and one for the level before one in that. A stream is its magic number, its
//! schema, and blocks aligned to eight bytes, each with its type and size in front.

use std::io::{self, BufRead, BufReader, Read};

use crate::{ReadError, limits};

mod inflate;

use inflate::Inflate;

/// What the values of a document mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    Index,
    Package,
    Installed,
}

impl Schema {
    pub(super) fn magic(self) -> [u8; 4] {
        match self {
            Self::Index => *b"indx",
            Self::Package => *b"pckg",
            Self::Installed => *b"idb\0",
        }
    }

    fn of(magic: [u8; 4]) -> Option<Self> {
        let all = [Self::Index, Self::Package, Self::Installed];
        all.into_iter().find(|schema| schema.magic() == magic)
    }
}

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    Values,
    Signature,
    Data,
}

/// The head of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// Bytes of the payload.
    pub(super) length: u64,
}

/// Every block begins at a multiple of this.
pub(super) const ALIGNMENT: u8 = 8;

/// A block whose type is this has its real type where others have their size, and a long head.
const EXTENDED: u32 = 3;

/// The bits of a block's first word that hold its size.
const SIZE: u32 = 0x3fff_ffff;

/// Reads the blocks of a document one after the other.
pub(super) struct Blocks<'a> {
    document: &'a str,
    reader: Box<dyn Read + 'a>,
    /// What is left of the payload of the current block.
    left: u64,
    /// What fills the current block up to the next.
    padding: u64,
    /// All blocks so far.
    total: u64,
}

impl<'a> Blocks<'a> {
    /// Opens a document.
    pub(super) fn open(
        document: &'a str,
        reader: &'a mut dyn Read,
    ) -> Result<(Schema, Self), ReadError> {
        let mut blocks = Self::of(document, BufReader::new(reader));
        let mut magic = blocks.head()?;
        if magic != *b"ADB." {
            let reader = std::mem::replace(&mut blocks.reader, Box::new(io::empty()));
            blocks.reader = decompress(document, magic, reader)?;
            magic = blocks.head()?;
        }
        if magic != *b"ADB." {
            return Err(ReadError::malformed(
                document,
                "it has no ADB under its compression",
            ));
        }
        let schema = blocks.head()?;
        let known = Schema::of(schema).ok_or_else(|| {
            let schema = schema.escape_ascii();
            ReadError::malformed(document, format!("its schema is not known: {schema}"))
        })?;
        Ok((known, blocks))
    }

    /// The blocks in a value, which have neither magic number nor schema.
    pub(super) fn within(document: &'a str, bytes: &'a [u8]) -> Self {
        Self::of(document, bytes)
    }

    fn of(document: &'a str, reader: impl Read + 'a) -> Self {
        Self {
            document,
            reader: Box::new(reader),
            left: 0,
            padding: 0,
            total: 0,
        }
    }

    /// The head of the next block; what is left of the current one is passed over.
    pub(super) fn next(&mut self) -> Result<Option<Block>, ReadError> {
        self.skip(self.left + self.padding)?;
        (self.left, self.padding) = (0, 0);
        let mut head = [0; 16];
        if !self.fill_or_end(&mut head[..4])? {
            return Ok(None);
        }
        let word = word(&head);
        let (kind, size, taken) = if word >> 30 == EXTENDED {
            self.fill(&mut head[4..])?;
            let size = head[8..].iter().rev();
            let size = size.fold(0, |size, byte| size << 8 | u64::from(*byte));
            (word & SIZE, size, 16)
        } else {
            (word >> 30, u64::from(word & SIZE), 4)
        };
        let kind = match kind {
            0 => BlockKind::Values,
            1 => BlockKind::Signature,
            2 => BlockKind::Data,
            other => return Err(self.malformed(format!("it has a block of unknown type {other}"))),
        };
        let length = size
            .checked_sub(taken)
            .ok_or_else(|| self.malformed("a block is smaller than its own head"))?;
        self.total = self.total.saturating_add(size);
        if self.total > limits::DOCUMENT_BYTES {
            return Err(ReadError::Limit {
                document: self.document.to_owned(),
                what: "its decompressed size in bytes",
                limit: limits::DOCUMENT_BYTES,
            });
        }
        self.left = length;
        self.padding = size.next_multiple_of(ALIGNMENT.into()) - size;
        Ok(Some(Block { kind, length }))
    }

    /// The payload of the current block, which may have at most so many bytes.
    pub(super) fn payload(&mut self, most: u64) -> Result<Vec<u8>, ReadError> {
        if self.left > most {
            return Err(ReadError::Limit {
                document: self.document.to_owned(),
                what: "the size of a block",
                limit: most,
            });
        }
        let mut bytes = Vec::new();
        Payload(self)
            .read_to_end(&mut bytes)
            .map_err(|source| self.io(source))?;
        Ok(bytes)
    }

    /// Reads what is left of the payload of the current block.
    pub(super) fn data(&mut self) -> Payload<'_, 'a> {
        Payload(self)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ReadError> {
        self.reader
            .read_exact(bytes)
            .map_err(|source| self.io(source))
    }

    /// Fills the bytes, or tells that the stream has ended before them.
    fn fill_or_end(&mut self, bytes: &mut [u8]) -> Result<bool, ReadError> {
        let mut filled = 0;
        while filled < bytes.len() {
            match self.reader.read(&mut bytes[filled..]) {
                Ok(0) if filled == 0 => return Ok(false),
                Ok(0) => return Err(self.io(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.io(error)),
            }
        }
        Ok(true)
    }

    fn head(&mut self) -> Result<[u8; 4], ReadError> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn skip(&mut self, count: u64) -> Result<(), ReadError> {
        let skipped = io::copy(&mut self.reader.by_ref().take(count), &mut io::sink());
        match skipped {
            Ok(skipped) if skipped == count => Ok(()),
            Ok(_) => Err(self.io(io::ErrorKind::UnexpectedEof.into())),
            Err(source) => Err(self.io(source)),
        }
    }

    pub(super) fn document(&self) -> &'a str {
        self.document
    }

    pub(super) fn malformed(&self, reason: impl Into<String>) -> ReadError {
        ReadError::malformed(self.document, reason)
    }

    pub(super) fn io(&self, source: io::Error) -> ReadError {
        if source.kind() == io::ErrorKind::UnexpectedEof {
            return self.malformed("it ends early");
        }
        ReadError::Io {
            document: self.document.to_owned(),
            source,
        }
    }
}

/// The first four bytes as a number.
pub(super) fn word(bytes: &[u8]) -> u32 {
    let first = bytes.iter().take(4).rev();
    first.fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// Reads the payload of a block; that it is cut off is an error, not an end.
pub(super) struct Payload<'b, 'a>(&'b mut Blocks<'a>);

impl Read for Payload<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.0.left).unwrap_or(usize::MAX);
        let most = left.min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.0.reader.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.0.left -= count as u64;
        Ok(count)
    }
}

/// Sees through the compression that the first bytes of a document tell.
fn decompress<'a>(
    document: &str,
    magic: [u8; 4],
    mut reader: Box<dyn Read + 'a>,
) -> Result<Box<dyn Read + 'a>, ReadError> {
    let failed = |source| ReadError::Io {
        document: document.to_owned(),
        source,
    };
    let algorithm = match &magic {
        b"ADBd" => 1,
        b"ADBc" => {
            // The level, behind it, is for whoever compresses anew.
            let mut specification = [0; 2];
            reader.read_exact(&mut specification).map_err(failed)?;
            specification[0]
        }
        _ => return Err(ReadError::malformed(document, "it is no ADB")),
    };
    let reader = BufReader::with_capacity(64 << 10, reader);
    Ok(match algorithm {
        0 => Box::new(reader),
        1 => Box::new(Inflate::new(reader)),
        2 => Box::new(unzstd(reader).map_err(failed)?),
        other => {
            return Err(ReadError::malformed(
                document,
                format!("its compression is not known: {other}"),
            ));
        }
    })
}

fn unzstd<R: BufRead>(reader: R) -> io::Result<zstd::Decoder<'static, R>> {
    let mut decoder = zstd::Decoder::with_buffer(reader)?;
    decoder.window_log_max(limits::ZSTD_WINDOW_LOG)?;
    Ok(decoder)
}
