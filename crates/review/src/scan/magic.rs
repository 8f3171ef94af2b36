//! What bytes are, told by how they begin, and what is hidden behind a harmless beginning.

use bstr::ByteSlice;

/// What a file's first bytes say that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Elf,
    Pe,
    MachO,
    JavaClass,
    PythonBytecode,
    Wasm,
    Lua,
    Dex,
    Archive(&'static str),
    Image(&'static str),
    Font,
    Pdf,
    Pickle,
    ObjectArchive,
    Audio,
    Database,
    Other,
}

impl Type {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let starts = |magic: &[u8]| bytes.starts_with(magic);
        let at = |offset: usize, magic: &[u8]| {
            bytes
                .get(offset..)
                .is_some_and(|rest| rest.starts_with(magic))
        };
        if starts(b"\x7fELF") {
            Self::Elf
        } else if starts(b"MZ") && bytes.len() > 64 && is_pe(bytes) {
            Self::Pe
        } else if starts(b"\xca\xfe\xba\xbe")
            && bytes
                .get(4..8)
                .is_some_and(|version| version[..2] == [0, 0] && version[3] >= 45)
        {
            Self::JavaClass
        } else if starts(b"\xfe\xed\xfa\xce")
            || starts(b"\xfe\xed\xfa\xcf")
            || starts(b"\xcf\xfa\xed\xfe")
            || starts(b"\xce\xfa\xed\xfe")
            || starts(b"\xca\xfe\xba\xbe")
        {
            Self::MachO
        } else if starts(b"\0asm") {
            Self::Wasm
        } else if starts(b"\x1bLua") || starts(b"\x1bLJ") {
            Self::Lua
        } else if starts(b"dex\n") {
            Self::Dex
        } else if starts(b"!<arch>\n") {
            Self::ObjectArchive
        } else if bytes.len() > 8 && bytes[2..4] == *b"\r\n" && bytes[1] <= 0x0f {
            Self::PythonBytecode
        } else if let Some(archive) = archive(bytes) {
            Self::Archive(archive)
        } else if at(257, b"ustar") {
            Self::Archive("tar")
        } else if let Some(image) = image(bytes) {
            Self::Image(image)
        } else if starts(b"%PDF-") {
            Self::Pdf
        } else if starts(b"wOFF")
            || starts(b"wOF2")
            || starts(b"OTTO")
            || starts(b"\0\x01\0\0\0")
            || starts(b"ttcf")
        {
            Self::Font
        } else if starts(b"OggS")
            || starts(b"ID3")
            || starts(b"fLaC")
            || starts(b"RIFF")
            || at(4, b"ftyp")
            || starts(b"\x1aE\xdf\xa3")
            || starts(b"FWS")
            || starts(b"MThd")
        {
            Self::Audio
        } else if starts(b"SQLite format 3\0")
            || starts(b"\xde\x12\x04\x95")
            || starts(b"\x95\x04\x12\xde")
        {
            Self::Database
        } else if is_pickle(bytes) {
            Self::Pickle
        } else {
            Self::Other
        }
    }

    /// What a machine runs without compiling it.
    pub(crate) fn runs(self) -> Option<&'static str> {
        Some(match self {
            Self::Elf => "ELF",
            Self::Pe => "Windows program",
            Self::MachO => "Mach-O",
            Self::JavaClass => "Java class",
            Self::PythonBytecode => "Python bytecode",
            Self::Wasm => "WebAssembly",
            Self::Lua => "Lua bytecode",
            Self::Dex => "Dalvik bytecode",
            Self::ObjectArchive => "archive of objects",
            _ => return None,
        })
    }
}

fn is_pe(bytes: &[u8]) -> bool {
    let Some(at) = bytes.get(0x3c..0x40) else {
        return false;
    };
    let at = u32::from_le_bytes([at[0], at[1], at[2], at[3]]) as usize;
    bytes
        .get(at..)
        .is_some_and(|rest| rest.starts_with(b"PE\0\0"))
}

fn archive(bytes: &[u8]) -> Option<&'static str> {
    ARCHIVES
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, name)| *name)
}

/// Beginnings long enough not to occur by chance.
const ARCHIVES: &[(&[u8], &str)] = &[
    (b"\xfd7zXZ\0", "xz"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"LZIP\x01", "lzip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"070701", "cpio"),
    (b"MSCF\0\0\0\0", "cab"),
    (b"\xed\xab\xee\xdb", "rpm"),
    (b"hsqs", "squashfs"),
];

fn image(bytes: &[u8]) -> Option<&'static str> {
    [
        (b"\x89PNG\r\n\x1a\n".as_slice(), "png"),
        (b"\xff\xd8\xff", "jpeg"),
        (b"GIF87a", "gif"),
        (b"GIF89a", "gif"),
        (b"BM", "bmp"),
        (b"II*\0", "tiff"),
        (b"MM\0*", "tiff"),
        (b"\0\0\x01\0", "ico"),
    ]
    .iter()
    .find(|(magic, name)| {
        bytes.starts_with(magic) && (*name != "bmp" || bytes.len() > 26 && bytes[6..10] == [0; 4])
    })
    .map(|(_, name)| *name)
    .or_else(|| (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")).then_some("webp"))
}

/// Python's serialised objects: a frame of protocol 2 and up, or a text that calls something.
fn is_pickle(bytes: &[u8]) -> bool {
    let framed =
        bytes.len() > 2 && bytes[0] == 0x80 && (2..=5).contains(&bytes[1]) && bytes.ends_with(b".");
    framed || is_text_pickle(bytes)
}

/// Protocol 0: `c` module, name, and `R` that calls it.
fn is_text_pickle(bytes: &[u8]) -> bool {
    if bytes.len() > 1 << 20 || !bytes.trim_ascii_end().ends_with(b".") {
        return false;
    }
    let mut lines = bytes.lines();
    let Some(first) = lines.next() else {
        return false;
    };
    let Some(second) = lines.next() else {
        return false;
    };
    let name = |text: &[u8]| {
        !text.is_empty()
            && text.len() < 64
            && text
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
    };
    let first = first.trim_start_with(|c| c == '(');
    first.strip_prefix(b"c").is_some_and(name)
        && name(second)
        && (bytes.contains_str("tR") || bytes.contains_str("R."))
}

/// What calls a pickle makes when it is loaded: module and name.
pub(crate) fn pickle_calls(bytes: &[u8]) -> Vec<String> {
    const DANGEROUS: &[&str] = &[
        "os\nsystem",
        "posix\nsystem",
        "nt\nsystem",
        "subprocess\n",
        "builtins\neval",
        "builtins\nexec",
        "__builtin__\neval",
        "__builtin__\nexec",
        "os\npopen",
        "pty\nspawn",
        "runpy\n",
        "socket\n",
        "builtins\n__import__",
        "os\nexecv",
        "webbrowser\nopen",
        "importlib\nimport_module",
    ];
    let mut calls: Vec<String> = DANGEROUS
        .iter()
        .filter(|call| bytes.contains_str(call))
        .map(|call| call.trim_ascii_end().replace('\n', "."))
        .collect();
    // Since protocol 4 the names are strings on the stack.
    for (module, name) in [
        ("posix", "system"),
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("subprocess", "check_output"),
        ("subprocess", "call"),
        ("nt", "system"),
    ] {
        let counted = |word: &str| {
            [
                &[0x8c, u8::try_from(word.len()).unwrap_or(0)],
                word.as_bytes(),
            ]
            .concat()
        };
        if bytes.contains_str(counted(module)) && bytes.contains_str(counted(name)) {
            calls.push(format!("{module}.{name}"));
        }
    }
    calls
}

/// An archive or program that begins inside of `bytes`, not at their start.
pub(crate) fn embedded(bytes: &[u8]) -> Option<(usize, &'static str)> {
    const SURE: &[(&[u8], &str)] = &[
        (b"\xfd7zXZ\0\0", "xz"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"\x1f\x8b\x08\x08", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"LZIP\x01", "lzip"),
        (b"Rar!\x1a\x07", "rar"),
        (b"\x7fELF\x02\x01\x01", "ELF"),
        (b"\x7fELF\x01\x01\x01", "ELF"),
        (b"BZh91AY&SY", "bzip2"),
        (b"#!/bin/sh\n", "shell script"),
        (b"#!/bin/bash\n", "shell script"),
        (b"#!/usr/bin/env ", "script"),
    ];
    SURE.iter()
        .filter_map(|(magic, name)| bytes.get(4..)?.find(magic).map(|at| (at + 4, *name)))
        .min()
}

/// Where an image that can be walked ends; none when it is broken or of another kind.
pub(crate) fn end_of_image(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        let mut at = 8_usize;
        while let Some(head) = bytes.get(at..at + 8) {
            let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let next = at.checked_add(size)?.checked_add(12)?;
            if &head[4..8] == b"IEND" {
                return (next <= bytes.len()).then_some(next);
            }
            at = next;
        }
        None
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        bytes.rfind(b"\xff\xd9").map(|at| at + 2)
    } else if bytes.starts_with(b"GIF8") {
        end_of_gif(bytes)
    } else {
        None
    }
}

fn end_of_gif(bytes: &[u8]) -> Option<usize> {
    let flags = *bytes.get(10)?;
    let mut at = 13 + table(flags);
    loop {
        match bytes.get(at)? {
            0x3b => return Some(at + 1),
            0x2c => {
                let flags = *bytes.get(at + 9)?;
                at = blocks(bytes, at + 10 + table(flags) + 1)?;
            }
            0x21 => at = blocks(bytes, at + 2)?,
            _ => return None,
        }
    }
}

/// The bytes of a GIF's colour table.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

fn blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let size = *bytes.get(at)? as usize;
        at += 1 + size;
        if size == 0 {
            return Some(at);
        }
    }
}

/// How many bits a byte carries, from 0 to 8.
pub(crate) fn entropy(bytes: &[u8]) -> f64 {
    if bytes.is_empty() {
        return 0.0;
    }
    let mut counts = [0_u32; 256];
    let sample = &bytes[..bytes.len().min(1 << 20)];
    for &byte in sample {
        counts[byte as usize] += 1;
    }
    let total = f64::from(u32::try_from(sample.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / total;
            -share * share.log2()
        })
        .sum()
}

/// What a file's extension promises that its bytes are.
pub(crate) fn promised(name: &[u8]) -> Option<Type> {
    let extension = &name[name.rfind_byte(b'.')? + 1..];
    Some(match extension {
        b"png" => Type::Image("png"),
        b"jpg" | b"jpeg" => Type::Image("jpeg"),
        b"gif" => Type::Image("gif"),
        b"bmp" => Type::Image("bmp"),
        b"ico" => Type::Image("ico"),
        b"tif" | b"tiff" => Type::Image("tiff"),
        b"webp" => Type::Image("webp"),
        b"pdf" => Type::Pdf,
        b"xz" | b"txz" => Type::Archive("xz"),
        b"gz" | b"tgz" => Type::Archive("gzip"),
        b"bz2" => Type::Archive("bzip2"),
        b"zst" => Type::Archive("zstd"),
        b"zip" | b"jar" | b"whl" | b"docx" | b"xlsx" | b"odt" | b"apk" | b"war" => {
            Type::Archive("zip")
        }
        b"lz" => Type::Archive("lzip"),
        b"7z" => Type::Archive("7z"),
        b"ttf" | b"otf" | b"woff" | b"woff2" => Type::Font,
        b"wav" | b"mp3" | b"ogg" | b"flac" | b"mp4" | b"webm" | b"mid" => Type::Audio,
        b"wasm" => Type::Wasm,
        b"class" => Type::JavaClass,
        _ => return None,
    })
}
