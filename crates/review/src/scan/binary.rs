//! Files that no reviewer can read: programs that nobody compiled here, archives and data among the
//! tests, and files that are not what their names say.

use std::io::{self, Read};

use bstr::{BStr, ByteSlice};

use super::magic::{Type, embedded, end_of_image, entropy, pickle_calls, promised};
use super::place::{Place, Role};
use super::view::{Found, Sheet, View, is_text};
use super::world::World;
use crate::signal::Severity;
use crate::tree::Kind;

/// So much of compressed test data is unpacked to see whether it can be.
const UNPACKED: u64 = 1 << 20;

/// What asks for a larger window is not.
const WINDOW_KIB: u32 = 64 << 10;

pub(crate) fn detect(view: &View<'_>, world: &World<'_>, sheet: &mut Sheet<'_>) {
    if view.new.kind != Kind::Regular || view.bytes().is_empty() || view.bytes() == view.old_bytes()
    {
        return;
    }
    let name = view.name();
    let kind = Type::of(view.bytes());
    prebuilt(view, &name, kind, world, sheet);
    pickle(view, &name, kind, sheet);
    mismatch(view, &name, kind, sheet);
    unreadable(view, &name, kind, sheet);
    archive(view, &name, kind, world, sheet);
    hidden(view, kind, sheet);
    fixture(view, kind, sheet);
}

fn prebuilt(view: &View<'_>, name: &[u8], kind: Type, world: &World<'_>, sheet: &mut Sheet<'_>) {
    let what = match kind.runs() {
        Some(what) => what,
        None if matches!(kind, Type::Archive("zip"))
            && [".jar", ".war", ".apk", ".egg", ".whl", ".nupkg", ".xpi"]
                .iter()
                .any(|end| name.ends_with(end.as_bytes())) =>
        {
            "archive of compiled code"
        }
        None => return,
    };
    let before = view
        .old
        .is_some_and(|old| Type::of(&old.content.bytes) == kind);
    let (severity, detail) = match (before, before && changed_alone(view, world)) {
        // Whoever renews test data renews the tests.
        (_, true) => (Severity::Warning, format!("{what}, and no test changed")),
        // A new version of what was there before is for its own reviewer to say.
        (true, _) => (Severity::Note, what.to_owned()),
        _ => (Severity::Warning, what.to_owned()),
    };
    let found = || {
        Found::whole(&view.bytes()[..view.bytes().len().min(4)])
            .severity(severity)
            .detail(detail.clone())
    };
    if kind == Type::Elf {
        sheet.raise("elf-added", view.path, found());
        // The more telling of the two alarms.
        let said = found().severity(Severity::Note);
        sheet.raise("prebuilt-binary-added", view.path, said);
    } else {
        sheet.raise("prebuilt-binary-added", view.path, found());
    }
}

/// True for a file of the tests that changed while nothing else of them did.
fn changed_alone(view: &View<'_>, world: &World<'_>) -> bool {
    let of_tests = |path: &BStr| {
        let place = Place::of(path, b"");
        place.in_tests || place.role == Role::Test
    };
    let others = world.changed().map(|(file, _)| file).chain(world.removed());
    of_tests(view.path)
        && !others
            .map(|file| file.path.as_bstr())
            .any(|path| path != view.path && of_tests(path))
}

fn pickle(view: &View<'_>, name: &[u8], kind: Type, sheet: &mut Sheet<'_>) {
    let named = [".pkl", ".pickle", ".p", ".joblib", ".pt", ".pth", ".ckpt"]
        .iter()
        .any(|end| name.ends_with(end.as_bytes()))
        && view.text.is_none();
    let calls = if kind == Type::Pickle || named {
        pickle_calls(view.bytes())
    } else {
        Vec::new()
    };
    let clearly = [".pkl", ".pickle", ".joblib"]
        .iter()
        .any(|end| name.ends_with(end.as_bytes()));
    if calls.is_empty() && !(kind == Type::Pickle || clearly) {
        return;
    }
    let found = Found::whole(view.bytes());
    sheet.raise(
        "pickle-added",
        view.path,
        if calls.is_empty() {
            found
        } else {
            found
                .severity(Severity::Critical)
                .detail(format!("loading it calls {}", calls.join(", ")))
        },
    );
}

fn mismatch(view: &View<'_>, name: &[u8], kind: Type, sheet: &mut Sheet<'_>) {
    let Some(promise) = promised(name) else {
        return;
    };
    let same = match (promise, kind) {
        (Type::Archive(_), Type::Archive(_))
        | (Type::Image(_), Type::Image(_))
        | (Type::Audio | Type::Font, _) => true,
        (promise, kind) => promise == kind,
    };
    if same {
        return;
    }
    let what = describe(view, kind);
    let severity = if kind.runs().is_some()
        || view.bytes().starts_with(b"#!")
        || matches!(kind, Type::Archive(_))
        || has_script(view.bytes())
    {
        Severity::Critical
    } else {
        // Broken files are what tests of readers are made of.
        Severity::Note
    };
    let found = Found::whole(&view.bytes()[..view.bytes().len().min(16)])
        .severity(severity)
        .detail(format!("it is {what}"));
    sheet.raise("type-mismatch", view.path, found);
}

/// What texts are called.
const TEXTS: &[&str] = &[
    ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".xml", ".yml", ".yaml", ".toml", ".ini",
    ".conf", ".cfg", ".html", ".svg", ".sh", ".c", ".h", ".py", ".js", ".log",
];

/// A text by its name whose bytes are as random as what is compressed or encrypted. In encodings of
/// old, texts have far fewer bits a byte.
fn unreadable(view: &View<'_>, name: &[u8], kind: Type, sheet: &mut Sheet<'_>) {
    let bytes = view.bytes();
    let text = TEXTS.iter().any(|end| name.ends_with(end.as_bytes()));
    if !text || kind != Type::Other || view.text.is_some() || bytes.len() < 1 << 10 {
        return;
    }
    let entropy = entropy(bytes);
    if entropy > 7.5 && !is_said_to_be_faulty(view.path) {
        let found = Found::whole(&bytes[..16])
            .severity(Severity::Warning)
            .detail(format!("no text has {entropy:.1} bits a byte"));
        sheet.raise("type-mismatch", view.path, found);
    }
}

/// What people call the data with which they test that errors are found.
const FAULTS: &[&str] = &[
    "bad", "broken", "corrupt", "invalid", "trunc", "malform", "fuzz", "corpus", "crash", "err",
    "fail", "damage", "illegal", "poc", "cve", "hostile", "garbage", "random", "bug", "issue",
    "wrong", "overflow", "overrun", "leak",
];

fn is_said_to_be_faulty(path: &BStr) -> bool {
    let path = path.to_ascii_lowercase();
    FAULTS.iter().any(|word| path.contains_str(word))
}

fn describe(view: &View<'_>, kind: Type) -> &'static str {
    match kind {
        Type::Archive(name) | Type::Image(name) => name,
        Type::Pickle => "a pickle",
        Type::Other if view.text.is_some() => "text",
        Type::Other => "nothing known",
        other => other.runs().unwrap_or("something else"),
    }
}

/// The beginning of a program in a text that says to be a picture.
fn has_script(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4 << 10)];
    ["<?php", "<script", "#!/", "eval(", "function(", "import os"]
        .iter()
        .any(|word| start.contains_str(word))
}

fn archive(view: &View<'_>, name: &[u8], kind: Type, world: &World<'_>, sheet: &mut Sheet<'_>) {
    let Type::Archive(format) = kind else { return };
    let prefix = [view.path.as_bytes(), b"!/"].concat();
    let inside = || {
        world
            .new
            .range(prefix.as_bstr()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .map(|(_, file)| *file)
    };
    let deep = inside().any(|file| {
        file.path[prefix.len()..].contains_str("!/")
            || matches!(Type::of(&file.content.bytes), Type::Archive(_))
    });
    let runs = inside().any(|file| {
        file.mode & 0o111 != 0
            || file.content.bytes.starts_with(b"#!")
            || file.path.ends_with(b".sh")
            || Type::of(&file.content.bytes).runs().is_some()
    });
    let outer = !view.place.nested;
    let (severity, detail) = match (deep, runs) {
        (true, true) => (Severity::Warning, "it holds another archive, and programs"),
        (true, false) => (Severity::Warning, "it holds another archive"),
        (false, true) if view.place.in_tests => (Severity::Note, "it holds programs"),
        (false, true) => (Severity::Warning, "it holds programs"),
        (false, false) => (Severity::Note, format),
    };
    let severity = if outer { severity } else { Severity::Note };
    // A gzip of one file is a compressed file, such as a manual page.
    if !deep && !runs && view.old.is_some() || name.ends_with(b".gmo") {
        return;
    }
    sheet.raise(
        "nested-archive-added",
        view.path,
        Found::whole(format.as_bytes())
            .severity(severity)
            .detail(detail),
    );
}

/// What is behind the end of a picture, or in the middle of what is nothing known.
fn hidden(view: &View<'_>, kind: Type, sheet: &mut Sheet<'_>) {
    let bytes = view.bytes();
    if let Some(end) = end_of_image(bytes) {
        let rest = &bytes[end..];
        let harmless = rest
            .iter()
            .all(|byte| matches!(byte, 0 | b'\n' | b'\r' | b' ' | 0xff));
        if !harmless {
            let found = Found::whole(rest).detail(format!("{} bytes behind the end", rest.len()));
            let told = embedded(bytes).is_some_and(|(at, _)| at >= end) || has_script(rest);
            sheet.raise(
                "data-behind-end",
                view.path,
                found.severity(if told {
                    Severity::Critical
                } else {
                    Severity::Note
                }),
            );
        }
    }
    polyglot(view, kind, sheet);
    if view.text.is_some()
        || matches!(
            kind,
            Type::Archive(_)
                | Type::Elf
                | Type::Pe
                | Type::MachO
                | Type::ObjectArchive
                | Type::JavaClass
                | Type::Font
        )
    {
        return;
    }
    if let Some((at, what)) = embedded(bytes) {
        // A picture's or sound's bytes hold any three others; only long magics are looked for.
        let severity = if matches!(what, "shell script" | "script" | "ELF")
            || matches!(kind, Type::Image(_) | Type::Pdf)
        {
            Severity::Warning
        } else {
            Severity::Note
        };
        let severity = if kind == Type::Other && !view.place.in_tests {
            severity.max(Severity::Warning)
        } else {
            severity
        };
        let found = Found::whole(&bytes[at..bytes.len().min(at + 32)])
            .severity(severity)
            .detail(format!("{what} at byte {at}"));
        sheet.raise("embedded-archive-in-binary", view.path, found);
    }
}

/// A file that is two things at once.
fn polyglot(view: &View<'_>, kind: Type, sheet: &mut Sheet<'_>) {
    let bytes = view.bytes();
    let tail = &bytes[bytes.len().saturating_sub(66 << 10)..];
    let zip_at_end = tail
        .rfind(b"PK\x05\x06")
        .is_some_and(|at| tail.len() - at <= 22 + 512)
        && kind != Type::Archive("zip");
    let picture_script = matches!(kind, Type::Image(_))
        && bytes.get(6..64.min(bytes.len())).is_some_and(|start| {
            start.contains_str("=") && start.contains_str("/*")
                || start.contains_str("<?php")
                || start.contains_str("<script")
        });
    let script_and_more = bytes.starts_with(b"#!") && (view.text.is_none() || zip_at_end)
        || bytes.starts_with(b"MZ")
            && bytes
                .get(2..256.min(bytes.len()))
                .is_some_and(|start| start.contains_str("#!") || start.contains_str("\n#'"));
    let late_pdf = kind != Type::Pdf
        && view.text.is_none()
        && bytes[..bytes.len().min(1 << 10)].contains_str("%PDF-");
    let archive_and_script = matches!(kind, Type::Archive(_) | Type::Image(_) | Type::Pdf)
        && bytes.len() < 1 << 20
        && bytes.contains_str("\n#!/bin/");
    let what = if zip_at_end {
        "a zip archive ends it"
    } else if picture_script {
        "a picture that is a script"
    } else if script_and_more {
        "a script with something else behind"
    } else if late_pdf {
        "a PDF begins inside of it"
    } else if archive_and_script {
        "a script stands inside of it"
    } else {
        return;
    };
    sheet.raise(
        "polyglot-file",
        view.path,
        Found::whole(&bytes[..bytes.len().min(64)]).detail(what),
    );
}

/// Data without a known form among the tests: where a payload waits to be read.
fn fixture(view: &View<'_>, kind: Type, sheet: &mut Sheet<'_>) {
    if view.text.is_some() || is_text(view.bytes()) || kind.runs().is_some() {
        return;
    }
    let tests = view.place.in_tests || view.place.role == Role::Test;
    if !tests {
        return;
    }
    if let Some(detail) = spoilt(view, kind) {
        let found = Found::whole(&view.bytes()[..view.bytes().len().min(16)])
            .severity(Severity::Warning)
            .detail(detail);
        sheet.raise("binary-test-fixture-added", view.path, found);
        return;
    }
    let entropy = entropy(view.bytes());
    let broken =
        promised(&view.name()).is_some_and(|promise| promise != kind) || kind == Type::Other;
    let detail = match (broken, entropy > 7.2) {
        (true, true) => format!("not of the form its name says, and {entropy:.1} bits a byte"),
        (true, false) => "of no known form".to_owned(),
        (false, _) => format!("{entropy:.1} bits a byte"),
    };
    let found = Found::whole(&view.bytes()[..view.bytes().len().min(16)]).detail(detail);
    sheet.raise("binary-test-fixture-added", view.path, found);
}

/// Why compressed test data cannot be unpacked although it should: it could before, or nothing says that
/// a reader is tested with it.
fn spoilt(view: &View<'_>, kind: Type) -> Option<String> {
    let Type::Archive(format) = kind else {
        return None;
    };
    let broken = |bytes: &[u8]| unpacks(format, bytes) == Some(false);
    match view.old {
        _ if !broken(view.bytes()) => None,
        Some(old) if unpacks(format, &old.content.bytes) == Some(true) => Some(format!(
            "{format} that could be unpacked before and cannot any more"
        )),
        None if !is_said_to_be_faulty(view.path) => Some(format!(
            "it begins as {format}, cannot be unpacked, and its name does not say so"
        )),
        _ => None,
    }
}

/// Whether the beginning of compressed data can be unpacked; what is only cut off can. Nothing for formats that
/// are not asked.
fn unpacks(format: &str, bytes: &[u8]) -> Option<bool> {
    let reader: Box<dyn Read> = match format {
        "gzip" => Box::new(flate2::bufread::GzDecoder::new(bytes)),
        "bzip2" => Box::new(bzip2::bufread::BzDecoder::new(bytes)),
        "xz" => Box::new(lzma_rust2::XzReader::new_mem_limit(
            bytes, false, WINDOW_KIB,
        )),
        _ => return None,
    };
    match io::copy(&mut reader.take(UNPACKED), &mut io::sink()) {
        Ok(_) => Some(true),
        Err(error) => Some(error.kind() == io::ErrorKind::UnexpectedEof),
    }
}
