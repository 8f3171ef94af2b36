//! The bytes that were signed, and what they hold once decompressed.
//!
//! An archive may be large: it is read as a stream, once for each layer, and never held.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::{LzipReader, XzReader};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// What a compressed file may hold; the kernel's sources have 1.5 GB.
const INNER_BYTES: u64 = 8 << 30;

/// By how much it may grow, once it is past what small files may.
const INNER_RATIO: u64 = 200;

/// What a decompressor of xz may need of memory, in KiB.
const XZ_MEMORY: u32 = 256 << 10;

/// What a decompressor of zstd may need of memory.
const ZSTD_WINDOW: u64 = 128 << 20;

/// Bytes that somebody signed.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// Bytes in memory.
    Bytes(&'a [u8]),
    /// A file.
    File(&'a Path),
}

/// Data that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read; the error names it.
    #[error("read what was signed")]
    Read(#[from] io::Error),
    /// There is none, and the signature holds none.
    #[error("the signature is a detached one; the file that it is over is needed")]
    Missing,
    /// It is of a kind that is not understood, so nothing is said of its worth.
    #[error("{0} are not understood")]
    Unsupported(&'static str),
    /// The authorities of Sigstore cannot be used, so nothing is said of a bundle's worth.
    #[error(transparent)]
    Root(#[from] crate::sigstore::RootError),
    /// A file is larger than anything of its kind.
    #[error("{name}: it has more than {most} bytes")]
    TooLarge {
        /// The file.
        name: String,
        /// The most that it may have.
        most: u64,
    },
}

impl<'a> Data<'a> {
    /// Begins to read it.
    pub fn open(&self) -> io::Result<Box<dyn Read + 'a>> {
        match self {
            Self::Bytes(bytes) => Ok(Box::new(Cursor::new(*bytes))),
            Self::File(path) => Ok(Box::new(fs_err::File::open(path)?)),
        }
    }

    /// Hands all of it on, piece by piece.
    pub(crate) fn each(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        pieces(&mut self.open()?, &mut take)
    }

    /// Hands on what it holds once decompressed; `false` if it is not compressed.
    pub(crate) fn each_inner(&self, mut take: impl FnMut(&[u8])) -> io::Result<bool> {
        let Some(mut inner) = self.inner()? else {
            return Ok(false);
        };
        pieces(&mut inner, &mut take)?;
        Ok(true)
    }

    /// Begins to read what it holds once decompressed; none if it is not compressed.
    pub fn inner(&self) -> io::Result<Option<Box<dyn Read + 'a>>> {
        let mut outer = BufReader::with_capacity(64 << 10, self.open()?);
        let size = match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(path) => fs_err::metadata(path)?.len(),
        };
        let begin = outer.fill_buf()?;
        let begin = &begin[..begin.len().min(6)];
        let inner: Box<dyn Read + 'a> = match begin {
            [0x1f, 0x8b, 8, ..] => Box::new(MultiGzDecoder::new(outer)),
            b"\xfd7zXZ\0" => Box::new(XzReader::new_mem_limit(outer, true, XZ_MEMORY)),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Box::new(MultiBzDecoder::new(outer)),
            [b'L', b'Z', b'I', b'P', ..] => Box::new(LzipReader::new(outer)),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(Frames::Between(outer)),
            _ => return Ok(None),
        };
        let most = INNER_BYTES.min(size.saturating_mul(INNER_RATIO).max(64 << 20));
        Ok(Some(Box::new(Limited { inner, left: most })))
    }

    /// All of it, when it has no more than `most` bytes.
    pub fn whole(&self, most: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.open()?.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            let name = self.name();
            return Err(Error::TooLarge { name, most });
        }
        Ok(bytes)
    }

    fn name(&self) -> String {
        match self {
            Self::Bytes(_) => "the input".to_owned(),
            Self::File(path) => PathBuf::from(path).display().to_string(),
        }
    }
}

fn pieces(reader: &mut dyn Read, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; 128 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => take(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// All frames of zstd one after the other: the library's decoder ends with the first.
enum Frames<R: Read> {
    /// Where one begins, or the file ends.
    Between(R),
    Within(Box<StreamingDecoder<R, FrameDecoder>>),
    /// The file has ended, or something was wrong with it.
    Over,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            *self = match std::mem::replace(self, Self::Over) {
                Self::Between(mut outer) => {
                    if outer.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new_with_max_window_size(outer, ZSTD_WINDOW);
                    Self::Within(Box::new(decoder.map_err(io::Error::other)?))
                }
                Self::Within(mut decoder) => {
                    let read = decoder.read(buffer)?;
                    if read > 0 || buffer.is_empty() {
                        *self = Self::Within(decoder);
                        return Ok(read);
                    }
                    Self::Between(decoder.into_inner())
                }
                Self::Over => return Ok(0),
            };
        }
    }
}

/// Fails, instead of ending early, where more comes than is allowed.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("it grows beyond what is allowed"))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn what_is_compressed_is_seen_by_its_first_bytes() {
        let packed = gzip(b"inside");
        let mut inner = String::new();
        let mut reader = Data::Bytes(&packed).inner().unwrap().unwrap();
        reader.read_to_string(&mut inner).unwrap();
        assert_eq!(inner, "inside");
        assert!(Data::Bytes(b"plain").inner().unwrap().is_none());
        assert!(Data::Bytes(b"").inner().unwrap().is_none());
    }

    #[test]
    fn what_follows_the_first_frame_is_read_too() {
        // Two frames that hold a byte each, as they are.
        let frame = |byte| [0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 0x09, 0, 0, byte];
        let inner = |packed: &[u8]| {
            let mut inner = Vec::new();
            let read = Data::Bytes(packed).each_inner(|piece| inner.extend_from_slice(piece));
            read.map(|_| inner)
        };
        assert_eq!(inner(&[frame(b'a'), frame(b'b')].concat()).unwrap(), b"ab");
        assert!(inner(&[&frame(b'a')[..], b"and more"].concat()).is_err());
    }

    #[test]
    fn what_grows_without_end_is_refused() {
        let packed = gzip(&vec![0; 70 << 20]);
        let mut read = 0;
        let error = Data::Bytes(&packed).each_inner(|piece| read += piece.len());
        assert!(error.unwrap_err().to_string().contains("allowed"));
        assert!(read <= 64 << 20);
    }
}
