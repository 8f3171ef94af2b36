//! Rules of make whose prerequisite lies among the tests and whose commands take it apart: the path
//! stands on one line, and what is done to it on the next.

use bstr::ByteSlice;

use super::place::Language;
use super::view::{Found, Sheet, View};

/// What takes a file apart or runs it.
const TAKES_APART: &[&str] = &[
    "tail", "head", "sed", "awk", "tr", "xz", "gzip", "bzip2", "cut", "dd", "openssl", "base64",
    "od", "xxd", "sh", "bash", "python", "python3", "perl", "objcopy", "unxz", "gunzip", "zcat",
    "xzcat", "cat",
];

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let Some(text) = view.text.as_ref() else {
        return;
    };
    if view.place.language != Language::Make || view.place.in_tests {
        return;
    }
    let mut lines = text.lines.iter().peekable();
    while let Some(line) = lines.next() {
        let rule = text.slice(line);
        let mut new = line.new;
        let mut takes = false;
        while let Some(next) = lines.peek() {
            let command = text.slice(next);
            if !command.starts_with(b"\t") {
                break;
            }
            new |= next.new;
            takes |= uses_prerequisite(command);
            lines.next();
        }
        if new && takes && among_tests(rule) {
            sheet.raise(
                "build-reads-test-data",
                view.path,
                Found::at(line.number, rule),
            );
        }
    }
}

/// A rule for something outside the tests with a prerequisite inside.
fn among_tests(rule: &[u8]) -> bool {
    let Some((target, needed)) = rule.split_once_str(":") else {
        return false;
    };
    if rule.starts_with(b"\t") || needed.starts_with(b"=") || target.contains(&b'=') {
        return false;
    }
    let inside = |text: &[u8]| {
        text.split(|byte| matches!(byte, b'/' | b' ' | b'\t' | b'$' | b'(' | b')'))
            .any(|part| {
                [
                    &b"test"[..],
                    b"tests",
                    b"testdata",
                    b"fixtures",
                    b"testsuite",
                ]
                .contains(&part)
            })
    };
    let of_tests = [
        "check",
        "test",
        "distcheck",
        "coverage",
        "bench",
        ".PHONY",
        "fuzz",
    ]
    .iter()
    .any(|name| target.trim_ascii().starts_with(name.as_bytes()));
    !of_tests
        && !inside(target)
        && needed
            .split_str(" ")
            .any(|word| inside(word) && word.contains(&b'.'))
}

/// A command that reads `$<` or `$^` with a program that takes it apart.
fn uses_prerequisite(command: &[u8]) -> bool {
    (command.contains_str("$<") || command.contains_str("$^"))
        && command
            .split(|byte| matches!(byte, b' ' | b'\t' | b'|' | b';' | b'@' | b'(' | b'`'))
            .any(|word| TAKES_APART.iter().any(|known| word == known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prerequisite_among_the_tests_is_seen() {
        assert!(among_tests(b"tbl.o: $(top_srcdir)/tests/data/broken.bin"));
        assert!(!among_tests(b"tests/run.log: tests/run.sh"));
        assert!(!among_tests(b"check-local: tests/run.sh"));
        assert!(!among_tests(b"TESTS := tests/run.sh"));
        assert!(uses_prerequisite(b"\ttail -c +1025 $< | xz -dc > $@"));
        assert!(!uses_prerequisite(b"\t$(CC) -c $< -o $@"));
    }
}
