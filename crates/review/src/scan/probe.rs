//! Probes of a build system: small programs that are compiled to learn what the machine has. One
//! that no longer compiles turns a protection off without anybody saying so.

use bstr::ByteSlice;

use super::lines::normalised;
use super::place::{Language, Role};
use super::view::{Found, Sheet, View};
use crate::signal::Severity;

/// A probe's program is not longer.
const LONGEST: usize = 16 << 10;

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let Some(text) = &view.text else { return };
    if view.bytes() == view.old_bytes() {
        return;
    }
    if is_probe_file(view) {
        let reason = broken(text.bytes).filter(|it| broken(view.old_bytes()).as_ref() != Some(it));
        if let Some(reason) = reason {
            raise(view, 1, text.bytes, reason, sheet);
        }
        return;
    }
    if view.place.role != Role::Build && view.place.role != Role::Recipe {
        return;
    }
    let before: Vec<Vec<u8>> = programs(view.old_bytes(), view.place.language)
        .map(|(_, program)| normalised(program))
        .collect();
    let old_programs: Vec<&[u8]> = programs(view.old_bytes(), view.place.language)
        .map(|(_, program)| program)
        .collect();
    let now: Vec<Vec<u8>> = programs(view.bytes(), view.place.language)
        .map(|(_, program)| normalised(program))
        .collect();
    // A probe that only fails asks for nothing that another asked for before.
    let meant = now.len() > before.len()
        || programs(view.old_bytes(), view.place.language)
            .any(|(_, program)| asks_nothing(program) && !now.contains(&normalised(program)));
    // Some probes are meant to fail, and then others of the file did so before.
    let known: Vec<String> = programs(view.old_bytes(), view.place.language)
        .filter_map(|(_, program)| broken(program))
        .collect();
    for (at, program) in programs(view.bytes(), view.place.language) {
        if before.contains(&normalised(program)) {
            continue;
        }
        let line = text.number_at(at);
        let excused = meant && program.contains_str("#error") && asks_nothing(program);
        if let Some(reason) = broken(program).filter(|it| !excused && !known.contains(it)) {
            raise(view, line, program, reason, sheet);
        } else if let Some(old) = old_programs
            .iter()
            .find(|old| is_misspelt(old, program) && !now.contains(&normalised(old)))
        {
            let found = Found::at(line, program)
                .severity(Severity::Warning)
                .detail(format!("one letter from {}", shown(old, program)));
            sheet.raise("feature-check-sabotage", view.path, found);
        } else if view.old.is_some() && !before.is_empty() {
            sheet.raise("feature-check-changed", view.path, Found::at(line, program));
        }
    }
    forced(view, sheet);
}

fn raise(view: &View<'_>, line: u32, program: &[u8], reason: String, sheet: &mut Sheet<'_>) {
    let severity = if view.old.is_some() {
        Severity::Critical
    } else {
        Severity::Warning
    };
    sheet.raise(
        "feature-check-sabotage",
        view.path,
        Found::at(line, program).severity(severity).detail(reason),
    );
}

/// A file that is itself the program of a probe.
fn is_probe_file(view: &View<'_>) -> bool {
    view.place.language == Language::C
        && (view.path.split_str("/").any(|part| {
            matches!(
                part,
                b"cmake"
                    | b"CMake"
                    | b"config-tests"
                    | b"config.tests"
                    | b"probes"
                    | b"configure-tests"
                    | b"feature"
                    | b"build-probes"
                    | b"compile-tests"
            )
        }) && !view.path.ends_with(b".h")
            && view.path.ends_with(b".c")
                | view.path.ends_with(b".cpp")
                | view.path.ends_with(b".cc"))
}

/// The programs within a build file, with where they begin.
fn programs(bytes: &[u8], language: Language) -> impl Iterator<Item = (usize, &[u8])> {
    let openings: &[(&str, Quote)] = match language {
        Language::CMake => &[
            ("check_c_source_compiles", Quote::Argument),
            ("check_cxx_source_compiles", Quote::Argument),
            ("check_c_source_runs", Quote::Argument),
            ("check_cxx_source_runs", Quote::Argument),
            ("check_source_compiles", Quote::Argument),
            ("check_source_runs", Quote::Argument),
            ("check_fortran_source_compiles", Quote::Argument),
            ("file(write", Quote::Argument),
        ],
        Language::M4 => &[
            ("ac_lang_program", Quote::Brackets),
            ("ac_lang_source", Quote::Brackets),
            ("ac_try_compile", Quote::Brackets),
            ("ac_try_link", Quote::Brackets),
            ("ac_try_run", Quote::Brackets),
            ("ac_egrep_cpp", Quote::Brackets),
            (">conftest.$ac_ext", Quote::HereDocument),
        ],
        Language::Meson => &[
            (".compiles(", Quote::Triple),
            (".links(", Quote::Triple),
            (".run(", Quote::Triple),
            ("_code = '''", Quote::TripleHere),
            ("_src = '''", Quote::TripleHere),
            ("_prog = '''", Quote::TripleHere),
            ("_test = '''", Quote::TripleHere),
            ("code = '''", Quote::TripleHere),
        ],
        Language::Python => &[
            ("try_compile(", Quote::Argument),
            ("check_code(", Quote::Triple),
            ("compile_snippet(", Quote::Triple),
            ("TryCompile(", Quote::Triple),
            ("trycompile(", Quote::Triple),
            ("trylink(", Quote::Triple),
            ("check_cc(", Quote::Triple),
            ("fragment=", Quote::Argument),
        ],
        Language::Ruby => &[
            ("try_compile(", Quote::Argument),
            ("try_link(", Quote::Argument),
            ("try_run(", Quote::Argument),
        ],
        Language::Shell => &[
            (">conftest.c", Quote::HereDocument),
            ("> conftest.c", Quote::HereDocument),
            ("> $tmpc", Quote::HereDocument),
            (">$tmpc", Quote::HereDocument),
            ("> \"$tmpc\"", Quote::HereDocument),
            ("> $test.c", Quote::HereDocument),
            (">$test.c", Quote::HereDocument),
        ],
        Language::Make => &[("printf '", Quote::Skip), ("echo '#include", Quote::Skip)],
        _ => &[],
    };
    let lower = if openings.is_empty() {
        Vec::new()
    } else {
        bytes.to_ascii_lowercase()
    };
    let mut found: Vec<(usize, &[u8])> = Vec::new();
    for (opening, quote) in openings {
        for at in lower
            .find_iter(opening.to_ascii_lowercase().as_str())
            .take(4_000)
            .collect::<Vec<_>>()
        {
            if let Some((start, end)) = quote.program(bytes, at + opening.len()) {
                found.push((start, &bytes[start..end]));
            }
        }
    }
    found.sort_unstable_by_key(|(at, _)| *at);
    found.into_iter()
}

#[derive(Clone, Copy)]
enum Quote {
    /// The first `"…"` or `[[…]]` within the parenthesis.
    Argument,
    /// From the opening parenthesis of the macro to its fellow; m4 quotes are taken off later.
    Brackets,
    /// `'''…'''` soon after.
    Triple,
    /// `'''` just before.
    TripleHere,
    /// From the next line to the word that `<<` named.
    HereDocument,
    /// Nothing that can be cut out.
    Skip,
}

impl Quote {
    fn program(self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let rest = bytes.get(from..(from + LONGEST).min(bytes.len()))?;
        match self {
            Self::Argument => argument(rest),
            Self::Brackets => brackets(rest),
            Self::Triple => {
                let open = rest[..rest.len().min(200)].find("'''")? + 3;
                Some((open, open + rest[open..].find("'''")?))
            }
            Self::TripleHere => Some((0, rest.find("'''")?)),
            Self::HereDocument => here_document(bytes, from),
            Self::Skip => None,
        }
        .map(|(start, end)| (from + start, from + end))
    }
}

fn argument(rest: &[u8]) -> Option<(usize, usize)> {
    let near = &rest[..rest.len().min(160)];
    let double = near.find_byte(b'"');
    let long = near.find("[[").or_else(|| near.find("[=["));
    let triple = near.find("\"\"\"").or_else(|| near.find("'''"));
    if let Some(open) = triple {
        let mark = &near[open..open + 3];
        return Some((open + 3, open + 3 + rest[open + 3..].find(mark)?));
    }
    match (double, long) {
        (Some(open), long) if long.is_none_or(|long| open < long) => {
            let mut at = open + 1;
            while let Some(&byte) = rest.get(at) {
                match byte {
                    b'\\' => at += 1,
                    b'"' => return Some((open + 1, at)),
                    _ => {}
                }
                at += 1;
            }
            None
        }
        (_, Some(open)) => {
            let start = open + near[open + 1..].find_byte(b'[')? + 2;
            Some((
                start,
                start
                    + rest[start..]
                        .find("]]")
                        .or_else(|| rest[start..].find("]=]"))?,
            ))
        }
        _ => None,
    }
}

fn brackets(rest: &[u8]) -> Option<(usize, usize)> {
    if rest.first() != Some(&b'(') {
        return None;
    }
    let (mut depth, mut round) = (0_i32, 0_i32);
    for (at, &byte) in rest.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            // What is not quoted may hold calls of its own.
            b'(' if depth == 0 => round += 1,
            b')' if depth == 0 && round == 1 => return Some((1, at)),
            b')' if depth == 0 => round -= 1,
            _ => {}
        }
    }
    None
}

fn here_document(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let line_start = bytes[..from].rfind_byte(b'\n').map_or(0, |at| at + 1);
    let line_end = from + bytes[from..].find_byte(b'\n')?;
    let line = &bytes[line_start..line_end];
    let word = line[line.find("<<")? + 2..]
        .trim_start_with(|c| matches!(c, '-' | ' ' | '\\' | '\'' | '"'));
    let end = word
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .unwrap_or(word.len());
    let marker = [b"\n", &word[..end]].concat();
    let body = line_end + 1;
    let close = bytes
        .get(line_end..(line_end + LONGEST).min(bytes.len()))?
        .find(&marker)?;
    (end > 0 && close > 0).then(|| (body - from, (line_end + close).max(body) - from))
}

/// Why a probe's program can never compile.
fn broken(program: &[u8]) -> Option<String> {
    let program = without_comments(program);
    let program = program.as_slice();
    for line in program.lines() {
        let line = line.trim_ascii();
        let alone = matches!(
            line,
            b"." | b"-"
                | b"+"
                | b"="
                | b"*"
                | b"?"
                | b"!"
                | b"/"
                | b"@"
                | b"$"
                | b"`"
                | b"~"
                | b".."
        );
        if alone {
            return Some(format!("a lone {} stands in it", line.to_str_lossy()));
        }
        if line.starts_with(b"#error")
            && !program.contains_str("#if")
            && !program.contains_str("#elif")
            && !program.contains_str("# if")
        {
            return Some("it always ends in an error".into());
        }
        let directive = line.strip_prefix(b"#").map(<[u8]>::trim_ascii_start);
        if directive.is_some_and(|rest| {
            rest.starts_with(b"include")
                && !rest.contains(&b'<')
                && !rest.contains(&b'"')
                && rest.len() > 8
                && !rest.contains(&b'@')
                && !rest.contains(&b'$')
                && !rest.contains(&b'_')
                && !rest.contains(&b'(')
                && rest[7] == b' '
        }) {
            return Some("an include of nothing stands in it".into());
        }
        if directive.is_some_and(|rest| rest.starts_with(b"include <") && !rest.contains(&b'>')) {
            return Some("an include is not closed".into());
        }
    }
    unbalanced(program)
}

/// The words of a program.
fn words(program: &[u8]) -> Vec<&[u8]> {
    program
        .split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .filter(|word| !word.is_empty())
        .collect()
}

/// True where a program is as it was but for one name, which differs by a letter.
fn is_misspelt(old: &[u8], new: &[u8]) -> bool {
    let (old, new) = (words(old), words(new));
    if old.len() != new.len() {
        return false;
    }
    let mut differ = old.iter().zip(&new).filter(|(a, b)| a != b);
    match (differ.next(), differ.next()) {
        (Some((a, b)), None) => {
            a.len() > 4 && !a.iter().all(u8::is_ascii_digit) && one_letter_apart(a, b)
        }
        _ => false,
    }
}

fn one_letter_apart(a: &[u8], b: &[u8]) -> bool {
    // A mark in front or behind makes another name of the same family.
    if a.contains(&b'_') != b.contains(&b'_')
        || a.find_iter("_").count() != b.find_iter("_").count()
    {
        return false;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 => short[same + 1..] == long[same + 1..],
        1 => short[same..] == long[same + 1..],
        _ => false,
    }
}

/// The name that was there before.
fn shown(old: &[u8], new: &[u8]) -> String {
    let (old, new) = (words(old), words(new));
    let differs = old.iter().zip(&new).find(|(a, b)| a != b);
    differs.map_or_else(String::new, |(a, _)| a.to_str_lossy().into_owned())
}

/// True for a program that holds nothing that could be asked for: no header, no call. It is there to
/// learn what a failure looks like.
fn asks_nothing(program: &[u8]) -> bool {
    let program = without_comments(program);
    !program.contains_str("include")
        && program
            .lines()
            .filter(|line| !line.trim_ascii().starts_with(b"#error"))
            .all(|line| !line.contains(&b';') || line.contains_str("return"))
}

/// A program of C without its comments, in as many lines.
fn without_comments(program: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(program.len());
    let mut rest = program;
    while let Some(at) = rest.find(b"/*") {
        kept.extend_from_slice(&rest[..at]);
        let body = &rest[at + 2..];
        let Some(end) = body.find(b"*/") else {
            // It is never closed: what follows is for the compiler to say.
            kept.extend_from_slice(&rest[at..]);
            return kept;
        };
        kept.extend(body[..end].iter().filter(|byte| **byte == b'\n'));
        rest = &body[end + 2..];
    }
    kept.extend_from_slice(rest);
    kept
}

fn unbalanced(program: &[u8]) -> Option<String> {
    let (mut round, mut curly) = (0_i32, 0_i32);
    let mut bytes = program.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' | b'\'' => {
                // Up to its fellow on the same line; an apostrophe in a comment has none.
                let mut ahead = bytes.clone();
                if ahead
                    .by_ref()
                    .take_while(|next| *next != b'\n')
                    .any(|next| next == byte)
                {
                    bytes = ahead;
                }
            }
            b'(' => round += 1,
            b')' => round -= 1,
            b'{' => curly += 1,
            b'}' => curly -= 1,
            _ => {}
        }
    }
    // Where a placeholder is filled in later, or branches open twice, nothing can be counted.
    let filled_in = program.contains_str("ifelse(")
        || program.contains_str("m4_")
        || program
            .windows(2)
            .any(|pair| pair[0] == b'$' && pair[1].is_ascii_alphanumeric());
    if filled_in
        || program.contains_str("#if")
        || program.contains_str("${")
        || program.contains_str("@")
        || program.contains_str("$(")
    {
        return None;
    }
    if curly != 0 {
        Some("its braces do not match".into())
    } else if round != 0 {
        Some("its parentheses do not match".into())
    } else {
        None
    }
}

/// Protections whose probe decides whether they exist at all.
const PROTECTIONS: &[&str] = &[
    "landlock",
    "seccomp",
    "capsicum",
    "pledge",
    "unveil",
    "sandbox",
    "stack_protector",
    "stack-protector",
    "fortify",
    "getrandom",
    "explicit_bzero",
    "memset_s",
    "relro",
    "hardening",
    "harden",
    "arc4random",
    "apparmor",
    "selinux",
    "signature",
    "verify",
    "privsep",
    "rlimit",
    "aslr",
    "pie",
    "cet",
    "safestack",
    "cfi",
];

/// An answer that is given instead of asked for.
fn forced(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let removed = view.removed_lines();
    if removed.is_empty() {
        return;
    }
    let still: Vec<Vec<u8>> = view
        .bytes()
        .lines()
        .filter(|line| asks(line))
        .map(<[u8]>::to_ascii_lowercase)
        .collect();
    for (number, line) in view.new_lines() {
        let lower = line.to_ascii_lowercase();
        let Some(protection) = PROTECTIONS.iter().find(|word| contains_word(&lower, word)) else {
            continue;
        };
        let answered = [
            "=no", "=0", " 0)", " off)", " false)", "= false", "\"no\"", "'no'", "=false", "=off",
            " no)", "[no]",
        ]
        .iter()
        .any(|no| lower.trim_ascii_end().ends_with(no.as_bytes()))
            || lower.contains_str("#undef");
        // The answer is put where the probe looks for one that it found before.
        if answered && lower.trim_ascii_start().starts_with(b"ac_cv_") {
            let found = Found::at(number, line)
                .severity(Severity::Warning)
                .detail(format!("{protection} is answered before it is asked for"));
            sheet.raise("feature-check-sabotage", view.path, found);
            continue;
        }
        let asked = removed
            .iter()
            .any(|line| asks(line) && contains_word(&line.to_ascii_lowercase(), protection));
        let asks_still = still.iter().any(|line| contains_word(line, protection));
        if answered && asked && !asks_still {
            let found = Found::at(number, line)
                .severity(Severity::Warning)
                .detail(format!("{protection} is answered, not asked for"));
            sheet.raise("feature-check-sabotage", view.path, found);
        }
    }
}

/// A line that asks the machine, or a person, for a feature.
fn asks(line: &[u8]) -> bool {
    let line = line.to_ascii_lowercase();
    [
        "check_",
        "ac_check",
        "ac_try",
        "try_compile",
        "compiles(",
        "has_function",
        "has_header",
        "links(",
        "ac_compile",
        "ac_link",
        "=yes",
        " on)",
        " 1)",
        "= true",
        "ac_arg",
        "true)",
        "pkg_check",
        "dependency(",
    ]
    .iter()
    .any(|word| line.contains_str(word))
}

/// True where `word` stands in `line` and no letter stands at either side of it.
fn contains_word(line: &[u8], word: &str) -> bool {
    line.find_iter(word).any(|at| {
        let before = at.checked_sub(1).and_then(|at| line.get(at));
        let after = line.get(at + word.len());
        !before.is_some_and(u8::is_ascii_alphabetic) && !after.is_some_and(u8::is_ascii_alphabetic)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_cannot_compile_says_why() {
        assert!(broken(b"#include <a.h>\n.\nint main(void) { return 0; }").is_some());
        assert!(broken(b"int main(void) { return f(0; }").is_some());
        assert!(broken(b"int main(void) { return 0; ").is_some());
        assert!(broken(b"#include <a.h\nint main(void){}").is_some());
        assert_eq!(
            broken(b"#include <a.h>\nint main(void) { char c = '('; return 0; }"),
            None
        );
        assert_eq!(
            broken(b"#ifndef A\n#error no A\n#endif\nint main(void) { return 0; }"),
            None
        );
    }

    #[test]
    fn a_name_that_lost_its_letter_is_seen() {
        let old = b"#include <linux/filter.h>\nint a = LANDLOCK_VERSION;";
        assert!(is_misspelt(
            old,
            b"#include <linux/filters.h>\nint a = LANDLOCK_VERSION;"
        ));
        assert!(is_misspelt(
            old,
            b"#include <linux/filter.h>\nint a = LANDLOCK_VERSI0N;"
        ));
        assert!(!is_misspelt(
            old,
            b"#include <linux/filter.h>\nint a = SECCOMP_VERSION;"
        ));
        assert!(!is_misspelt(old, old));
    }

    #[test]
    fn a_probe_that_only_fails_was_made_to_fail() {
        assert!(asks_nothing(b"[[\n]],[[\n#error stop here\n]]"));
        assert!(!asks_nothing(b"#include <linux/landlock.h>\n#error stop\n"));
        assert!(!asks_nothing(b"#error stop\nint a = f();\n"));
    }

    #[test]
    fn a_program_that_m4_does_not_quote_ends_with_its_macro() {
        let text = b"AC_LANG_SOURCE(#include <a.h>\nint main() { return f(0); })";
        let (_, program) = programs(text, Language::M4).next().unwrap();
        assert_eq!(broken(program), None);
    }

    #[test]
    fn programs_are_cut_out_of_each_build_system() {
        let count = |text: &[u8], language| programs(text, language).count();
        assert_eq!(
            count(
                b"check_c_source_compiles(\"int main(void){return 0;}\" X)",
                Language::CMake
            ),
            1
        );
        assert_eq!(
            count(
                b"AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <a.h>]], [[return 0;]])],[a])",
                Language::M4
            ),
            1
        );
        assert_eq!(
            count(
                b"cc.compiles('''int main(void){return 0;}''', name: 'x')",
                Language::Meson
            ),
            1
        );
        assert_eq!(
            count(
                b"cat confdefs.h - <<_ACEOF >conftest.$ac_ext\nint main;\n_ACEOF\n",
                Language::M4
            ),
            1
        );
    }
}
