//! Layers of compression around a stream.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use super::{Expansion, TooLarge, read_error};
use crate::{ReadError, limits};

/// What liblzma may use: twice the largest window that zstd may ask for; `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 2 << limits::ZSTD_WINDOW_LOG;

/// Enough of a stream's beginning to know compression and tar by.
const HEAD_BYTES: usize = 512;

const BUFFER_BYTES: usize = 64 << 10;

/// A document without its compression.
///
/// It is [`Send`] where the reader it was made from is.
pub struct Expanded<R: Read>(BufReader<Peeked<Limited<Layer<Within<R>>>>>);

/// The outer layer, as the inner one sees it.
type Within<R> = BufReader<Peeked<Limited<Layer<BufReader<Peeked<R>>>>>>;

/// Sees through at most two layers of gzip, xz or zstd.
///
/// # Errors
/// When the beginning cannot be read, or a third layer shows up.
pub fn decompress<R: Read>(document: &str, reader: R) -> Result<Expanded<R>, ReadError> {
    decompress_within(Expansion::default(), document, reader)
}

/// Does what [`decompress`] does with limits of the caller's.
///
/// # Errors
/// As [`decompress`].
pub fn decompress_within<R: Read>(
    expansion: Expansion,
    document: &str,
    reader: R,
) -> Result<Expanded<R>, ReadError> {
    let limit = expansion.bytes;
    let open = || {
        let outer = Limited::new(Layer::open(Peeked::new(reader)?)?, limit);
        let inner = Limited::new(Layer::open(Peeked::new(outer)?)?, limit);
        Peeked::new(inner)
    };
    let peeked = open().map_err(|error| read_error(document, error))?;
    if Compression::of(peeked.head()).is_some() {
        return Err(ReadError::Malformed {
            document: document.to_owned(),
            reason: "it is compressed more than twice".to_owned(),
        });
    }
    Ok(Expanded(BufReader::with_capacity(BUFFER_BYTES, peeked)))
}

impl<R: Read> Expanded<R> {
    /// The first bytes of the document: 512, or all if there are fewer.
    pub(crate) fn head(&self) -> &[u8] {
        self.0.get_ref().head()
    }
}

impl<R: Read> Read for Expanded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> BufRead for Expanded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    Gzip,
    Xz,
    Zstd,
}

impl Compression {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            // A frame, or a skippable frame before it as pzstd writes (RFC 8878, 3.1.2).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// One layer of compression, or none.
enum Layer<R: BufRead> {
    Plain(R),
    Gzip(Box<MultiGzDecoder<R>>),
    Xz(XzDecoder<R>),
    Zstd(Box<zstd::Decoder<'static, R>>),
}

impl<R: Read> Layer<BufReader<Peeked<R>>> {
    fn open(reader: Peeked<R>) -> io::Result<Self> {
        let compression = Compression::of(reader.head());
        let reader = BufReader::with_capacity(BUFFER_BYTES, reader);
        Ok(match compression {
            None => Self::Plain(reader),
            Some(Compression::Gzip) => Self::Gzip(Box::new(MultiGzDecoder::new(reader))),
            Some(Compression::Xz) => {
                let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
                Self::Xz(XzDecoder::new_stream(reader, stream))
            }
            Some(Compression::Zstd) => {
                let mut decoder = zstd::Decoder::with_buffer(reader)?;
                decoder.window_log_max(limits::ZSTD_WINDOW_LOG)?;
                Self::Zstd(Box::new(decoder))
            }
        })
    }
}

impl<R: BufRead> Read for Layer<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(buffer),
            Self::Gzip(reader) => reader.read(buffer),
            Self::Xz(reader) => reader.read(buffer),
            Self::Zstd(reader) => reader.read(buffer),
        }
    }
}

/// A reader whose first bytes are known before they are read.
struct Peeked<R> {
    head: Box<[u8]>,
    position: usize,
    reader: R,
}

impl<R: Read> Peeked<R> {
    fn new(mut reader: R) -> io::Result<Self> {
        let mut head = Vec::with_capacity(HEAD_BYTES);
        reader
            .by_ref()
            .take(HEAD_BYTES as u64)
            .read_to_end(&mut head)?;
        Ok(Self {
            head: head.into(),
            position: 0,
            reader,
        })
    }

    fn head(&self) -> &[u8] {
        &self.head
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.head[self.position..];
        if rest.is_empty() {
            return self.reader.read(buffer);
        }
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.position += count;
        Ok(count)
    }
}

/// A reader that fails, rather than ends, beyond a number of bytes.
pub(crate) struct Limited<R> {
    reader: R,
    limit: u64,
    left: u64,
}

impl<R: Read> Limited<R> {
    pub(super) fn new(reader: R, limit: u64) -> Self {
        Self {
            reader,
            limit,
            left: limit,
        }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return match self.reader.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::other(TooLarge(self.limit))),
            };
        }
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let count = self.reader.read(&mut buffer[..most])?;
        self.left -= count as u64;
        Ok(count)
    }
}
