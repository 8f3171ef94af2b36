//! Raw deflate whose end is certain.
//!
//! flate2's own reader takes the end of the input for the end of the stream.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// Decompresses raw deflate; a stream that is cut off, or followed by anything, is an error.
pub(super) struct Inflate<R> {
    reader: R,
    state: Decompress,
    ended: bool,
}

impl<R: BufRead> Inflate<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            state: Decompress::new(false),
            ended: false,
        }
    }
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let input = self.reader.fill_buf()?;
            let (taken, given) = (self.state.total_in(), self.state.total_out());
            let status = self
                .state
                .decompress(input, buffer, FlushDecompress::None)?;
            let taken = self.state.total_in() - taken;
            let given = self.state.total_out() - given;
            // Both are at most the length of a slice.
            self.reader.consume(usize::try_from(taken).unwrap_or(0));
            if status == Status::StreamEnd {
                self.ended = true;
                if !self.reader.fill_buf()?.is_empty() {
                    let reason = "something stands behind the compressed stream";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
                }
            }
            if given > 0 {
                return Ok(usize::try_from(given).unwrap_or(0));
            }
            if taken == 0 && !self.ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}
