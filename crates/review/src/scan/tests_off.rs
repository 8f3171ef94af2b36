//! Tests that no longer test: a script that ends before it begins, or that cannot fail.

use bstr::ByteSlice;

use super::place::{Language, Role};
use super::view::{Found, Sheet, View};
use super::world::World;
use crate::signal::Severity;

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    if view.text.is_some() && matches!(view.place.role, Role::Recipe) {
        no_longer_counts(view, sheet);
    }
    if view.text.is_some() && (view.place.role == Role::Build || view.place.in_tests) {
        made_to_fail(view, sheet);
    }
    if view.text.is_some() && view.place.role == Role::Build {
        no_longer_listed(view, sheet);
    }
    if view.text.is_none()
        || !(view.place.role == Role::Test || view.place.in_tests && view.place.is_code())
        || view.place.nested
    {
        if view.place.is_code() && !view.place.nested {
            // Some languages have their tests beside what they test.
            guard_skipped(view, sheet);
        }
        return;
    }
    ends_early(view, sheet);
    no_longer_fails(view, sheet);
    guard_skipped(view, sheet);
    returns_at_once(view, sheet);
}

/// A test of a protection that the build knew and knows no longer.
fn no_longer_listed(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let lists = |line: &[u8]| {
        let words = ["TESTS", "check_PROGRAMS", "add_test(", "test('"];
        words.iter().any(|word| line.contains_str(word))
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    for line in view.removed_lines() {
        if !lists(line) {
            continue;
        }
        let mut names = line.split(|byte| !is_name(*byte));
        let gone = names.find(|name| {
            let lower = name.to_ascii_lowercase();
            let guards = GUARDS.iter().any(|guard| lower.contains_str(guard));
            // A signal is no signature.
            let guards =
                guards && !lower.contains_str("sigaction") && !lower.contains_str("signal");
            guards && !view.bytes().contains_str(name)
        });
        if let Some(name) = gone {
            let found = Found::whole(line)
                .severity(Severity::Warning)
                .detail(format!("{} is no longer run", name.to_str_lossy()));
            sheet.raise("test-disabled", view.path, found);
        }
    }
}

/// How a test begins.
const HEADS: &[&str] = &[
    "def test",
    "func Test",
    "fn test",
    "void test",
    "it(",
    "test(",
];

/// A test that ends with its first line.
fn returns_at_once(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let Some(text) = view.text.as_ref().filter(|_| view.old.is_some()) else {
        return;
    };
    for two in text.lines.windows(2) {
        let [head, line] = two else { continue };
        let ends = [&b"return"[..], b"return;", b"return None", b"return nil"];
        let ends = line.new && ends.contains(&text.slice(line).trim_ascii());
        let begins = HEADS.iter().any(|word| text.slice(head).contains_str(word));
        if ends && begins && !head.new {
            let found = Found::at(line.number, text.slice(line))
                .severity(Severity::Warning)
                .detail("nothing behind it runs");
            sheet.raise("test-disabled", view.path, found);
        }
    }
}

/// A recipe that runs the tests as before and no longer minds what they say.
fn no_longer_counts(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let bare = |line: &[u8]| -> Option<Vec<u8>> {
        let line = line.trim_start_with(|c| matches!(c, ' ' | '\t' | '-' | '@'));
        let line = ["|| true", "|| :", "; true"]
            .iter()
            .find_map(|end| line.trim_ascii().strip_suffix(end.as_bytes()))
            .unwrap_or(line);
        let tests = ["check", "test"].iter().any(|word| line.contains_str(word));
        tests.then(|| line.trim_ascii().to_vec())
    };
    let removed = view.removed_lines();
    for (number, line) in view.new_lines() {
        let Some(command) = bare(line) else { continue };
        let counts = |line: &[u8]| {
            let line = line.trim_ascii();
            !line.starts_with(b"-") && !line.ends_with(b"|| true") && !line.ends_with(b"|| :")
        };
        let counted = removed
            .iter()
            .any(|old| counts(old) && bare(old).as_ref() == Some(&command));
        if counted && !counts(line) {
            let found = Found::at(number, line)
                .severity(Severity::Warning)
                .detail("it cannot fail any more");
            sheet.raise("test-disabled", view.path, found);
        }
    }
}

/// A test that had to pass and has to fail now.
fn made_to_fail(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let removed = view.removed_lines();
    let bare = |line: &[u8]| -> Vec<u8> {
        line.iter()
            .filter(|byte| byte.is_ascii_alphanumeric())
            .copied()
            .collect()
    };
    for (number, line) in view.new_lines() {
        let Some(at) = line.find("should_fail") else {
            continue;
        };
        let rest = line[at..].trim_start_with(|c| c != ':' && c != '\n');
        if !rest.contains_str("true") {
            continue;
        }
        let (before, after) = (&line[..at], &rest[rest.find("true").unwrap_or(0) + 4..]);
        let same = bare(&[before, after].concat());
        if removed
            .iter()
            .any(|old| bare(old) == same && !same.is_empty())
        {
            let found = Found::at(number, line)
                .severity(Severity::Warning)
                .detail("it had to pass and has to fail now");
            sheet.raise("test-disabled", view.path, found);
        }
    }
}

/// How tests are skipped.
const SKIPS: &[&str] = &[
    "@pytest.mark.skip",
    "@unittest.skip",
    "#[ignore",
    "t.Skip(",
    "t.SkipNow(",
    ".skip(",
    "@Disabled",
    "@Ignore",
];

/// What a test that guards something is called.
const GUARDS: &[&str] = &[
    "sig", "verif", "auth", "tls", "crypt", "cert", "secur", "tamper", "forge", "perm", "login",
    "password", "hmac",
];

/// A test of a protection that is skipped.
fn guard_skipped(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let Some(text) = view.text.as_ref().filter(|_| view.old.is_some()) else {
        return;
    };
    for (index, line) in text.lines.iter().enumerate() {
        let bytes = text.slice(line);
        // Elsewhere than in tests, whatever is iterated over skips.
        let skips = |skip: &&&str| view.place.in_tests || **skip != ".skip(";
        let conditional = ["skipIf", "skipUnless", "skipif"];
        if conditional.iter().any(|word| bytes.contains_str(word)) {
            continue;
        }
        let mut skips = SKIPS.iter().filter(skips);
        if !line.new || !skips.any(|skip| bytes.contains_str(skip)) {
            continue;
        }
        let near = &text.lines[index.saturating_sub(2)..(index + 4).min(text.lines.len())];
        let named = near.iter().map(|line| text.slice(line)).any(|line| {
            let lower = line.to_ascii_lowercase();
            let names = [
                "fn ",
                "def ",
                "func ",
                "it(",
                "test(",
                "it.skip(",
                "test.skip(",
                "void ",
            ];
            names.iter().any(|word| lower.contains_str(word))
                && GUARDS.iter().any(|guard| lower.contains_str(guard))
        });
        let path = view.path.to_ascii_lowercase();
        let named = named || GUARDS.iter().any(|guard| path.contains_str(guard));
        if named {
            let found = Found::at(line.number, bytes)
                .severity(Severity::Warning)
                .detail("it tests a protection");
            sheet.raise("test-disabled", view.path, found);
        }
    }
}

/// An end at the outermost level with something left behind it.
fn ends_early(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let Some(text) = &view.text else { return };
    let mut depth = 0_i32;
    for (index, line) in text.lines.iter().enumerate() {
        let bytes = text.slice(line);
        let trimmed = bytes.trim_ascii();
        let first = trimmed
            .fields_with(|c| c.is_ascii_whitespace())
            .next()
            .unwrap_or_default();
        if view.place.language == Language::Shell {
            if matches!(first, b"fi" | b"done" | b"esac" | b"}" | b"fi;" | b"done;") {
                depth -= 1;
            }
            let opens = matches!(first, b"if" | b"for" | b"while" | b"until" | b"case")
                && !trimmed.ends_with(b"fi")
                && !trimmed.ends_with(b"done")
                && !trimmed.ends_with(b"esac");
            if opens || trimmed.ends_with(b"{") {
                depth += 1;
            }
        }
        let outermost = depth <= 0 && !bytes.starts_with(b" ") && !bytes.starts_with(b"\t");
        if !line.new || line.comment || !outermost || !is_end(trimmed, view.place.language) {
            continue;
        }
        let left = text.lines[index + 1..]
            .iter()
            .filter(|line| !line.comment && !text.slice(line).trim_ascii().is_empty())
            .count();
        // A heredoc's end, or the last words of a usage message, have little behind.
        let guarded = index > 0 && {
            let before = text.slice(&text.lines[index - 1]).trim_ascii_end();
            before.ends_with(b"||")
                || before.ends_with(b"&&")
                || before.ends_with(b"then")
                || before.ends_with(b"\\")
        };
        // `plan skip_all => "…"` goes on: the condition may stand on the next line.
        let asked = view.place.language == Language::Perl
            && !trimmed.ends_with(b";")
            && text.lines.get(index + 1).is_some_and(|line| {
                let next = text.slice(line).trim_ascii_start();
                next.starts_with(b"if ") || next.starts_with(b"unless ")
            });
        if left > 0 && !guarded && !asked && view.old.is_some() {
            sheet.raise(
                "test-disabled",
                view.path,
                Found::at(line.number, bytes)
                    .severity(Severity::Warning)
                    .detail("nothing behind it runs"),
            );
        }
    }
}

fn is_end(line: &[u8], language: Language) -> bool {
    let line = line.trim_end_with(|c| c == ';');
    match language {
        Language::Shell => matches!(
            line,
            b"exit 0" | b"exit" | b"exit 77" | b"return 0" | b"exit $?"
        ),
        Language::Python => {
            matches!(
                line,
                b"sys.exit(0)"
                    | b"sys.exit()"
                    | b"exit(0)"
                    | b"exit()"
                    | b"quit()"
                    | b"raise SystemExit(0)"
                    | b"raise SystemExit"
                    | b"os._exit(0)"
            ) || line.starts_with(b"pytestmark = pytest.mark.skip")
        }
        Language::Perl => {
            matches!(line, b"exit 0" | b"exit" | b"exit(0)")
                || line.starts_with(b"plan skip_all")
                    && !line.contains_str(" unless ")
                    && !line.contains_str(" if ")
        }
        Language::JavaScript => matches!(line, b"process.exit(0)" | b"process.exit()"),
        Language::Ruby => matches!(line, b"exit" | b"exit 0" | b"exit!"),
        Language::Php => matches!(line, b"exit" | b"exit(0)" | b"die()"),
        _ => false,
    }
}

/// `set -e` gone, or an answer thrown away that counted before.
fn no_longer_fails(view: &View<'_>, sheet: &mut Sheet<'_>) {
    if view.old.is_none()
        || view.place.language != Language::Shell && view.place.language != Language::Make
    {
        return;
    }
    let removed = view.removed_lines();
    for (number, line) in view.new_lines() {
        let trimmed = line.trim_ascii();
        let Some(command) = ["|| true", "|| :", "|| exit 0", "; true", "|| exit 77"]
            .iter()
            .find_map(|end| trimmed.strip_suffix(end.as_bytes()))
        else {
            continue;
        };
        let command = command.trim_ascii();
        let counted =
            !command.starts_with(b"cd ") && removed.iter().any(|old| old.trim_ascii() == command);
        if counted {
            sheet.raise(
                "test-disabled",
                view.path,
                Found::at(number, line)
                    .severity(Severity::Warning)
                    .detail("it cannot fail any more"),
            );
        }
    }
    let set = |line: &&&[u8]| line.trim_ascii().starts_with(b"set -e");
    if let Some(line) = removed.iter().find(set)
        && !view.bytes().contains_str("set -e")
    {
        sheet.raise(
            "test-disabled",
            view.path,
            Found::whole(line)
                .severity(Severity::Note)
                .detail("a failure no longer ends it"),
        );
    }
}

/// Tests that are gone while what they tested is still there: told once.
pub(crate) fn removed(world: &World<'_>, sheet: &mut Sheet<'_>) {
    let gone: Vec<_> = world
        .removed()
        .filter(|file| {
            let place = super::place::Place::of(file.path.as_bstr(), b"");
            place.role == Role::Test && place.language != Language::Other
        })
        .collect();
    if let Some(first) = gone.first() {
        let found = Found::whole(&first.path)
            .severity(Severity::Note)
            .detail(format!("{} files of tests are gone", gone.len()));
        sheet.raise("test-disabled", first.path.as_bstr(), found);
    }
}
