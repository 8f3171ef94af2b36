//! Texts that hide bytes: long runs of base64, hexadecimal, escapes or numbers. Many are test
//! vectors and certificates; what decodes them, or what they decode to, tells the others.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bstr::ByteSlice;

use super::magic::Type;
use super::place::{Language, Role};
use super::view::{Found, Sheet, View};
use crate::signal::Severity;

/// Shorter runs are names and digests.
const LONG: usize = 60;

/// Where something on the same line decodes, less is enough.
const BESIDE_DECODER: usize = 20;

/// A run is decoded up to here.
const DECODED: usize = 64 << 10;

/// Test vectors like to begin with the four bytes that a Mach-O file begins with; its header alone is
/// this long.
const SMALLEST_MACH_O: usize = 28;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let skipped = matches!(view.place.role, Role::Translation | Role::Lock)
        || matches!(view.place.language, Language::Xml)
        || view.path.ends_with(b".svg")
        || view.path.ends_with(b".map")
        || view.path.ends_with(b".ipynb");
    let Some(text) = view.text.as_ref().filter(|_| !skipped) else {
        return;
    };
    let decodes = speaks_of_decoding(text.bytes);
    let mut armour = false;
    for (number, line) in view.new_lines() {
        if line.starts_with(b"-----BEGIN ") {
            armour = true;
        } else if line.starts_with(b"-----END ") {
            armour = false;
        }
        if armour || line.len() < BESIDE_DECODER {
            continue;
        }
        let beside = speaks_of_decoding(line);
        let shortest = if beside { BESIDE_DECODER } else { LONG };
        if let Some((run, kind)) = longest_run(line, shortest) {
            tell(
                view,
                number,
                line,
                run,
                kind,
                Nearby { beside, decodes },
                sheet,
            );
        }
    }
}

#[derive(Clone, Copy)]
struct Nearby {
    /// The same line decodes.
    beside: bool,
    /// The file does.
    decodes: bool,
}

fn tell(
    view: &View<'_>,
    number: u32,
    line: &[u8],
    run: &[u8],
    kind: Kind,
    nearby: Nearby,
    sheet: &mut Sheet<'_>,
) {
    if is_everyday(line) {
        return;
    }
    let holds = inside(run, kind);
    let code = view.place.is_code();
    let severity = match (holds, nearby.beside, code) {
        (Some(_), _, true)
            if !view.place.in_tests || nearby.decodes && view.place.language != Language::Other =>
        {
            Severity::Warning
        }
        (_, true, true) if !view.place.in_tests || view.place.language == Language::Shell => {
            Severity::Warning
        }
        _ => Severity::Note,
    };
    let detail = holds.map_or_else(
        || format!("{} characters", run.len()),
        |what| format!("{} characters that decode to {what}", run.len()),
    );
    sheet.raise(
        "encoded-payload",
        view.path,
        Found::at(number, line).severity(severity).detail(detail),
    );
}

/// Digests of dependencies, pictures within pages, keys of hosts: long by nature.
fn is_everyday(line: &[u8]) -> bool {
    [
        "sha512-",
        "sha384-",
        "sha256-",
        "data:image/",
        "data:font/",
        "ssh-rsa ",
        "ssh-ed25519 ",
        "integrity",
        "sha512sums",
        "sha256sums",
        "b2sums",
    ]
    .iter()
    .any(|known| line.contains_str(known))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Base64,
    Hexadecimal,
    Escapes,
}

/// Printing with escapes is decoding where something takes what is printed.
fn prints_for_another(text: &[u8]) -> bool {
    ["printf '\\x", "printf \"\\x", "echo -e"]
        .iter()
        .any(|word| text.contains_str(word))
        && (text.iter().any(|byte| matches!(byte, b'|' | b'`' | b'>'))
            || text.contains_str("$(")
            || text.contains_str("eval"))
}

fn speaks_of_decoding(text: &[u8]) -> bool {
    prints_for_another(text)
        || [
            "base64",
            "b64decode",
            "frombase64",
            "atob(",
            "unhexlify",
            "fromhex",
            "xxd -r",
            "base32",
            "decode64",
            "decodestring",
            "zlib.decompress",
            "a85decode",
            "b85decode",
            "unpack(",
            "marshal.loads",
            "from_hex",
            "Buffer.from(",
            "uudecode",
            "openssl enc",
            "codecs.decode",
            "decodeURIComponent",
            "unescape(",
        ]
        .iter()
        .any(|word| text.contains_str(word))
}

/// The longest run of one kind that a line holds.
fn longest_run(line: &[u8], shortest: usize) -> Option<(&[u8], Kind)> {
    if let Some(run) = escapes(line, shortest.min(16) / 4) {
        return Some((run, Kind::Escapes));
    }
    let run = line
        .split(|byte| {
            !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_'))
        })
        .max_by_key(|run| run.len())?;
    if run.len() < shortest {
        return None;
    }
    if run.iter().all(u8::is_ascii_hexdigit) {
        // As long as a digest, and nothing else: it is one.
        let digest = matches!(run.len(), 32 | 40 | 56 | 64 | 96 | 128);
        return (!digest
            && run.len() >= shortest.max(32)
            && run.len() % 2 == 0
            && run.len() > 128.min(shortest + 24))
        .then_some((run, Kind::Hexadecimal));
    }
    // A short run without a digit is a name.
    let named = run.len() < LONG && !run.iter().any(u8::is_ascii_digit);
    (!named && is_base64(run)).then_some((run, Kind::Base64))
}

/// Base64 mixes cases and digits; a path or a name of constants does not.
fn is_base64(run: &[u8]) -> bool {
    let count = |what: fn(&u8) -> bool| run.iter().filter(|byte| what(byte)).count();
    let (upper, lower) = (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let slashes = count(|byte| *byte == b'/');
    let joined = count(|byte| matches!(byte, b'_' | b'-'));
    upper * 8 > run.len()
        && lower * 8 > run.len()
        && slashes * 12 < run.len()
        && joined * 12 < run.len()
        && turns(run) * 5 > run.len()
}

/// How often the case turns from one letter to the next: in base64 all the time.
fn turns(run: &[u8]) -> usize {
    run.windows(2)
        .filter(|pair| {
            pair[0].is_ascii_uppercase() != pair[1].is_ascii_uppercase()
                || pair[0].is_ascii_digit() != pair[1].is_ascii_digit()
        })
        .count()
}

/// A run of `\x41`, `\101` or `\u0041` of at least `count`.
fn escapes(line: &[u8], count: usize) -> Option<&[u8]> {
    let shortest = count.max(8);
    let mut from = 0;
    while let Some(at) = line[from..].find_byte(b'\\').map(|at| from + at) {
        let mut end = at;
        let mut escapes = 0;
        while let Some(size) = escape(&line[end..]) {
            end += size;
            escapes += 1;
        }
        if escapes >= shortest {
            return Some(&line[at..end]);
        }
        from = end.max(at + 1);
    }
    None
}

fn escape(text: &[u8]) -> Option<usize> {
    let hexadecimal = |range: std::ops::Range<usize>| {
        text.get(range)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    match (text.first()?, text.get(1)?) {
        (b'\\', b'x') if hexadecimal(2..4) => Some(4),
        (b'\\', b'u') if hexadecimal(2..6) => Some(6),
        (b'\\', b'0'..=b'3')
            if text
                .get(2..4)
                .is_some_and(|digits| digits.iter().all(|digit| (b'0'..=b'7').contains(digit))) =>
        {
            Some(4)
        }
        _ => None,
    }
}

/// What the run holds when it is decoded.
fn inside(run: &[u8], kind: Kind) -> Option<&'static str> {
    let run = &run[..run.len().min(DECODED)];
    let bytes = match kind {
        Kind::Base64 => {
            let trimmed = run.trim_end_with(|c| c == '=');
            let whole = &trimmed[..trimmed.len() - usize::from(trimmed.len() % 4 == 1)];
            [STANDARD, URL_SAFE]
                .iter()
                .find_map(|alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(whole).ok())?
        }
        Kind::Hexadecimal => run
            .chunks_exact(2)
            .map(|pair| (nibble(pair[0]) << 4) | nibble(pair[1]))
            .collect(),
        Kind::Escapes => run
            .split_str("\\x")
            .filter(|part| part.len() == 2)
            .map(|pair| (nibble(pair[0]) << 4) | nibble(pair[1]))
            .collect(),
    };
    holds(&bytes)
}

fn nibble(digit: u8) -> u8 {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
        .unwrap_or(0)
}

fn holds(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x78\x9c") || bytes.starts_with(b"\x78\xda") {
        return Some("compressed data");
    }
    match Type::of(bytes) {
        Type::Archive(name) => return Some(name),
        Type::Pickle => return Some("a pickle"),
        kind if kind.runs().is_some()
            && kind != Type::PythonBytecode
            && (kind != Type::MachO || bytes.len() >= SMALLEST_MACH_O) =>
        {
            return kind.runs();
        }
        _ => {}
    }
    let text = bytes.len() >= 8
        && bytes
            .iter()
            .all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e));
    let program = [
        "#!/",
        "import ",
        "exec(",
        "eval(",
        "echo ",
        "curl ",
        "wget ",
        "bash",
        "/bin/sh",
        "require(",
        "subprocess",
        "os.system",
        "powershell",
        "function",
        "<?php",
        "http://",
        "https://",
        "chmod ",
        "nc -",
        "/dev/tcp",
    ]
    .iter()
    .any(|word| bytes.contains_str(word));
    (text && program).then_some("a program")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_told_from_paths_and_names() {
        assert!(is_base64(
            b"ovLxEAbTOxt5t/R39MZiykDpbtB+Ie1/LgLN7r1N0rHFJps8U9xRdVzIyJgUgzJk"
        ));
        assert!(!is_base64(
            b"usr/share/doc/packages/something/examples/with/a/long/path/to/File"
        ));
        assert!(!is_base64(
            b"SOME_LONG_CONSTANT_NAME_OF_A_HEADER_FILE_THAT_IS_VERY_LONG_INDEED"
        ));
    }

    #[test]
    fn a_run_says_what_it_holds() {
        assert_eq!(
            inside(b"ZWNobyBpbmVydCAjIHBhZGRpbmcgcGFkZGluZw==", Kind::Base64),
            Some("a program")
        );
        assert_eq!(
            inside(b"7f454c460201010000", Kind::Hexadecimal),
            Some("ELF")
        );
        assert_eq!(inside(b"AAAAAAAAAAAAAAAAAAAAAAAAAAAA", Kind::Base64), None);
    }
}
