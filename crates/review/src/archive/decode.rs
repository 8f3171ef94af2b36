//! Decompression, piece by piece, so that what lies between and behind the pieces is seen.
//!
//! Compressed files may consist of several pieces one after the other. The decoders here read one
//! each; what follows it is another piece, padding, or bytes that nobody would ever look at.

use std::io::{self, BufRead, Read};
use std::rc::Rc;

use flate2::bufread::GzDecoder;
use lzma_rust2::{LzipReader, XzReader};
use ruzstd::decoding::StreamingDecoder;

use super::input::Input;
use super::magic::{self, Codec};
use crate::budget::Meter;
use crate::odd;

/// A window larger than this would take more memory than a worker has; `xz -9` needs 64 MiB.
const WINDOW_KIB: u32 = 160 << 10;

/// A zstd window of `--ultra --long=27`.
const ZSTD_WINDOW: u64 = 128 << 20;

/// One piece, or what is between two.
enum Piece<'a> {
    Gzip(Box<GzDecoder<Input<'a>>>),
    Bzip2(Box<bzip2::bufread::BzDecoder<Input<'a>>>),
    Xz(Box<XzReader<Input<'a>>>),
    Zstd(Box<StreamingDecoder<Input<'a>, ruzstd::decoding::FrameDecoder>>),
    Lzip(Box<LzipReader<Input<'a>>>),
    Between(Box<Input<'a>>),
    Over,
}

/// Decompresses all pieces as one stream.
pub(super) struct Decoder<'a> {
    codec: Codec,
    piece: Piece<'a>,
    pieces: usize,
    meter: Rc<Meter>,
    path: Vec<u8>,
}

impl<'a> Decoder<'a> {
    /// `path` is the file's that is read, for what is odd about it.
    pub(super) fn new(codec: Codec, input: Input<'a>, meter: Rc<Meter>, path: Vec<u8>) -> Self {
        let piece = Piece::Between(Box::new(input));
        Self {
            codec,
            piece,
            pieces: 0,
            meter,
            path,
        }
    }

    /// Starts the next piece if there is one.
    fn next_piece(&mut self, mut input: Input<'a>) -> io::Result<Piece<'a>> {
        if self.pieces > 0 && !self.another(&mut input)? {
            return Ok(Piece::Over);
        }
        self.pieces += 1;
        Ok(match self.codec {
            Codec::Gzip => Piece::Gzip(Box::new(GzDecoder::new(input))),
            Codec::Bzip2 => Piece::Bzip2(Box::new(bzip2::bufread::BzDecoder::new(input))),
            Codec::Xz => Piece::Xz(Box::new(XzReader::new_mem_limit(input, false, WINDOW_KIB))),
            Codec::Lzip => Piece::Lzip(Box::new(LzipReader::new(input))),
            Codec::Zstd => {
                if skip_frame(&mut input)? {
                    self.pieces -= 1;
                    return Ok(Piece::Between(Box::new(input)));
                }
                let decoder = StreamingDecoder::new_with_max_window_size(input, ZSTD_WINDOW);
                Piece::Zstd(Box::new(decoder.map_err(io::Error::other)?))
            }
        })
    }

    /// Whether another piece follows; tells of it, and of anything else that does.
    fn another(&mut self, input: &mut Input<'a>) -> io::Result<bool> {
        let padding = skip_zeros(input)?;
        let start = input.peek(magic::WINDOW)?;
        if start.is_empty() {
            return Ok(false);
        }
        let same = magic::format(start).codec() == Some(self.codec);
        if same && (padding == 0 || self.codec == Codec::Xz) {
            if self.pieces == 1 {
                let odd = match self.codec {
                    Codec::Gzip => &odd::MULTI_MEMBER,
                    _ => &odd::MULTI_STREAM,
                };
                self.meter.report(odd, &self.path, b"", "");
            }
            return Ok(true);
        }
        let excerpt = start[..start.len().min(64)].to_vec();
        self.meter.report(
            &odd::TRAILING_DATA,
            &self.path,
            &excerpt,
            "behind the compressed data",
        );
        input.drain()?;
        Ok(false)
    }
}

/// Skips a frame of zstd that holds no data, if the next one is such.
fn skip_frame(input: &mut Input<'_>) -> io::Result<bool> {
    let &[0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d] = input.peek(8)? else {
        return Ok(false);
    };
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    input.consume(8);
    let skipped = io::copy(&mut input.take(length), &mut io::sink())?;
    if skipped < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(true)
}

/// Skips zeros and says how many there were.
fn skip_zeros(input: &mut Input<'_>) -> io::Result<usize> {
    let mut skipped = 0;
    loop {
        let ready = input.fill_buf()?;
        let zeros = ready.iter().take_while(|byte| **byte == 0).count();
        let more = zeros > 0 && zeros == ready.len();
        input.consume(zeros);
        skipped += zeros;
        if !more {
            return Ok(skipped);
        }
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = match &mut self.piece {
                Piece::Gzip(reader) => reader.read(target)?,
                Piece::Bzip2(reader) => reader.read(target)?,
                Piece::Xz(reader) => reader.read(target)?,
                Piece::Zstd(reader) => reader.read(target)?,
                Piece::Lzip(reader) => reader.read(target)?,
                Piece::Between(_) => 0,
                Piece::Over => return Ok(0),
            };
            if count > 0 || target.is_empty() {
                return Ok(count);
            }
            let input = match std::mem::replace(&mut self.piece, Piece::Over) {
                Piece::Gzip(reader) => reader.into_inner(),
                Piece::Bzip2(reader) => reader.into_inner(),
                Piece::Xz(reader) => reader.into_inner(),
                Piece::Zstd(reader) => reader.into_inner(),
                Piece::Lzip(reader) => reader.into_inner(),
                Piece::Between(input) => *input,
                Piece::Over => return Ok(0),
            };
            self.piece = self.next_piece(input)?;
        }
    }
}
