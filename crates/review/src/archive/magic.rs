//! What bytes are, by their beginning.

/// As many bytes as are needed to tell.
pub(super) const WINDOW: usize = 512;

/// What bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    Lzip,
    Tar,
    Zip,
    /// Nothing that is opened.
    Plain,
}

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    Lzip,
}

impl Format {
    /// The compression, if it is one.
    pub(super) fn codec(self) -> Option<Codec> {
        Some(match self {
            Self::Gzip => Codec::Gzip,
            Self::Bzip2 => Codec::Bzip2,
            Self::Xz => Codec::Xz,
            Self::Zstd => Codec::Zstd,
            Self::Lzip => Codec::Lzip,
            Self::Tar | Self::Zip | Self::Plain => return None,
        })
    }

    /// What a layer is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Lzip => "lzip",
            Self::Tar => "tar",
            Self::Zip => "zip",
            Self::Plain => "file",
        }
    }
}

/// Tells what begins so.
pub(super) fn format(start: &[u8]) -> Format {
    match start {
        [0x1f, 0x8b, 8, ..] => Format::Gzip,
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] if is_bzip2(rest) => Format::Bzip2,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Format::Xz,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Format::Zstd,
        [b'L', b'Z', b'I', b'P', 0 | 1, ..] => Format::Lzip,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Format::Zip,
        _ if is_tar_header(start) => Format::Tar,
        _ => Format::Plain,
    }
}

/// A block's or the end's magic number follows the header.
fn is_bzip2(rest: &[u8]) -> bool {
    rest.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
        || rest.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
}

/// Whether a block is a header of tar: its checksum is right, and it is not all zeros.
pub(super) fn is_tar_header(block: &[u8]) -> bool {
    if block.len() < 512 || block.iter().all(|byte| *byte == 0) {
        return false;
    }
    let Some(expected) = octal(&block[148..156]) else {
        return false;
    };
    let field = 8 * u64::from(b' ');
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    sum(&block[..148]) + sum(&block[156..512]) + field == expected
}

/// A number as tar writes it: octal digits between blanks, ended by a zero or a blank.
pub(super) fn octal(field: &[u8]) -> Option<u64> {
    let start = field.iter().position(|byte| *byte != b' ')?;
    let digits = field[start..]
        .split(|byte| matches!(byte, 0 | b' '))
        .next()?;
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |sum, digit| match digit {
        b'0'..=b'7' => sum.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

/// What a compressed file is called without its compression.
pub(super) fn uncompressed_name(name: &[u8]) -> Vec<u8> {
    const ENDINGS: [&[u8]; 6] = [b".gz", b".bz2", b".xz", b".zst", b".lz", b".z"];
    let lower = name.to_ascii_lowercase();
    let Some(ending) = ENDINGS.iter().find(|ending| lower.ends_with(ending)) else {
        return name.to_vec();
    };
    match name.len() - ending.len() {
        0 => name.to_vec(),
        length => name[..length].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_told_by_its_beginning() {
        assert_eq!(format(b"\x1f\x8b\x08\0"), Format::Gzip);
        assert_eq!(format(b"BZh91AY&SY"), Format::Bzip2);
        assert_eq!(format(b"BZh9 is how a sentence may begin"), Format::Plain);
        assert_eq!(format(b"PK\x03\x04"), Format::Zip);
        assert_eq!(format(&[0; 512]), Format::Plain);
    }

    #[test]
    fn numbers_of_tar_are_octal() {
        assert_eq!(octal(b"0000644\0"), Some(0o644));
        assert_eq!(octal(b"   644 \0"), Some(0o644));
        assert_eq!(octal(b"\0\0\0\0\0\0\0\0"), None);
        assert_eq!(octal(b"0000698\0"), None);
    }
}
