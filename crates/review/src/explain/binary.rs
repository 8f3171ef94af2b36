//! What can be said of bytes that are no text: their type, how dense they are, the words in them,
//! and of programs for Linux what they need and offer.

use std::collections::BTreeSet;

use object::read::{Object as _, ObjectSymbol as _};
use serde::{Deserialize, Serialize};

/// How many words, needs or symbols are listed.
const LISTED: usize = 40;

/// How much of a file is searched for words.
const SEARCHED: usize = 4 << 20;

/// Facts of a binary file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What its first bytes say that it is.
    pub kind: String,
    /// Its size in bytes.
    pub size: u64,
    /// Bits that a byte carries, times 100: 800 is noise, or well compressed.
    pub entropy: u32,
    /// What is known of a program or library.
    pub elf: Option<Elf>,
}

/// What an ELF file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elf {
    /// The machine that it is for.
    pub machine: String,
    /// Libraries that it needs.
    pub needs: Vec<String>,
    /// How many symbols it offers.
    pub exports: usize,
    /// Symbols whose place is decided by code that runs when it is loaded.
    pub ifuncs: Vec<String>,
}

impl Facts {
    /// Looks at bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            kind: kind(bytes).to_owned(),
            size: bytes.len() as u64,
            entropy: entropy(bytes),
            elf: bytes.starts_with(b"\x7fELF").then(|| elf(bytes)).flatten(),
        }
    }
}

/// Words of at least eight characters that are in `new` and not in `old`.
pub fn new_strings(old: &[u8], new: &[u8]) -> Vec<String> {
    let known: BTreeSet<&[u8]> = strings(old).collect();
    let mut seen = BTreeSet::new();
    strings(new)
        .filter(|word| !known.contains(word) && seen.insert(*word))
        .take(LISTED)
        .map(|word| String::from_utf8_lossy(&word[..word.len().min(120)]).into_owned())
        .collect()
}

fn strings(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes[..bytes.len().min(SEARCHED)]
        .split(|byte| !(byte.is_ascii_graphic() || *byte == b' '))
        .filter(|word| word.len() >= 8)
}

/// Shannon's measure over single bytes, in hundredths of a bit.
fn entropy(bytes: &[u8]) -> u32 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] = counts[usize::from(*byte)].saturating_add(1);
    }
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let size = bytes.len() as f64;
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / size)
        .map(|share| -share * share.log2())
        .sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 800"
    )]
    let hundredths = (bits * 100.0).round() as u32;
    hundredths
}

const MAGIC: [(&[u8], &str); 34] = [
    (b"\x7fELF", "ELF program or library"),
    (b"MZ", "Windows program"),
    (b"\xca\xfe\xba\xbe", "Java class or Mach-O"),
    (b"\xfe\xed\xfa\xce", "Mach-O"),
    (b"\xcf\xfa\xed\xfe", "Mach-O"),
    (b"\0asm", "WebAssembly"),
    (b"!<arch>\n", "static library or ar archive"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"LZIP", "lzip"),
    (b"\x5d\0\0", "lzma"),
    (b"PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"RIFF", "RIFF (WebP, WAV)"),
    (b"\0\0\x01\0", "icon"),
    (b"BM", "bitmap image"),
    (b"%PDF", "PDF"),
    (b"OggS", "Ogg"),
    (b"ID3", "MP3"),
    (b"fLaC", "FLAC"),
    (b"wOFF", "WOFF font"),
    (b"wOF2", "WOFF2 font"),
    (b"\0\x01\0\0\0", "TrueType font"),
    (b"OTTO", "OpenType font"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"\xde\x12\x04\x95", "message catalogue"),
    (b"\x95\x04\x12\xde", "message catalogue"),
    (b"\x80\x04\x95", "Python pickle"),
];

fn kind(bytes: &[u8]) -> &'static str {
    let known = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
    if let Some((_, name)) = known {
        return name;
    }
    if bytes.get(257..262) == Some(b"ustar") {
        "tar"
    } else if bytes.starts_with(b"\x30\x82") {
        "DER (certificate or key)"
    } else if bytes.get(2..4) == Some(b"\r\n") {
        "Python byte code"
    } else {
        "unknown"
    }
}

fn elf(bytes: &[u8]) -> Option<Elf> {
    let file = object::File::parse(bytes).ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let libraries = file.import_libraries().into_iter().flatten();
    let needs: BTreeSet<String> = libraries
        .filter_map(|library| Some(text(library.ok()?.name())))
        .take(LISTED)
        .collect();
    let ifuncs = file
        .symbols()
        .chain(file.dynamic_symbols())
        .filter(is_ifunc)
        .filter_map(|symbol| symbol.name_bytes().ok().map(text));
    let ifuncs: BTreeSet<String> = ifuncs.take(LISTED).collect();
    Some(Elf {
        machine: format!("{:?}", file.architecture()),
        needs: needs.into_iter().collect(),
        exports: file.exports().map_or(0, Iterator::count),
        ifuncs: ifuncs.into_iter().collect(),
    })
}

fn is_ifunc(symbol: &object::Symbol<'_, '_>) -> bool {
    let object::SymbolFlags::Elf { st_info, .. } = symbol.flags() else {
        return false;
    };
    st_info.st_type() == object::elf::STT_GNU_IFUNC
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_and_density_are_told() {
        let facts = Facts::of(b"\x89PNG\r\n\x1a\n....");
        assert_eq!(facts.kind, "PNG image");
        assert_eq!(Facts::of(&[7; 100]).entropy, 0);
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(Facts::of(&all).entropy, 800);
        assert_eq!(Facts::of(b"").entropy, 0);
    }

    #[test]
    fn only_words_that_are_new_are_listed() {
        let words = new_strings(
            b"\0old-words\0",
            b"\0old-words\0new-words\0short\0new-words",
        );
        assert_eq!(words, ["new-words"]);
    }

    #[test]
    fn the_running_program_is_an_elf_file_that_needs_libraries() {
        let own = std::env::current_exe().and_then(fs_err::read).unwrap();
        let elf = Facts::of(&own).elf.unwrap();
        assert!(!elf.machine.is_empty());
    }

    #[test]
    fn a_broken_elf_file_has_no_facts() {
        assert_eq!(Facts::of(b"\x7fELF\x02\x01\x01").elf, None);
    }
}
