//! container

use std::io::{self, BufRead, BufReader, Read};

use crate::{ReadError, limits};

/// Sees through gzip, xz and zstd.
pub fn decompress<'a>(
    document: &str,
    reader: &'a mut dyn Read,
) -> Result<Box<dyn BufRead + 'a>, ReadError> {
    let failed = |source: io::Error| ReadError::Io {
        document: document.to_owned(),
        source,
    };
    let mut reader = BufReader::with_capacity(128 << 10, reader);
    let start = reader.fill_buf().map_err(failed)?;
    let text: Box<dyn Read + 'a> = if start.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::bufread::MultiGzDecoder::new(reader))
    } else if start.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(reader))
    } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(reader).map_err(failed)?;
        decoder
            .window_log_max(limits::ZSTD_WINDOW_LOG)
            .map_err(failed)?;
        Box::new(decoder)
    } else {
        Box::new(reader)
    };
    Ok(Box::new(BufReader::with_capacity(
        128 << 10,
        text.take(limits::DOCUMENT_BYTES),
    )))
}
