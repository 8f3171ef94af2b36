//! Probes of a build system: small programs that are compiled to learn what the machine has. One
//! that no longer compiles turns a protection off without anybody saying so.

mod broken;
mod misspelt;
mod programs;

use bstr::ByteSlice;

use self::broken::{asks_nothing, broken};
use self::misspelt::{is_misspelt, lost_mark, shown};
use self::programs::programs;
use super::lines::normalised;
use super::place::{Language, Role};
use super::view::{Found, Sheet, View};
use crate::signal::Severity;

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
        } else if old_programs
            .iter()
            .any(|old| lost_mark(old, program) && !now.contains(&normalised(old)))
        {
            let found = Found::at(line, program)
                .severity(Severity::Warning)
                .detail("one mark from what it was");
            sheet.raise("feature-check-sabotage", view.path, found);
        } else if view.old.is_some() && !before.is_empty() {
            sheet.raise("feature-check-changed", view.path, Found::at(line, program));
        }
    }
    asked_for_wrongly(view, sheet);
    forced(view, sheet);
    defined_away(view, sheet);
}

/// How build systems ask for a header, a function or a library by its name.
const ASKS: &[&str] = &[
    "AC_CHECK_",
    "AC_SEARCH_LIBS",
    "PKG_CHECK",
    "check_symbol_exists",
    "check_function_exists",
    "check_include_file",
    "check_library_exists",
    "has_header",
    "has_function",
    "dependency(",
];

/// A name that was asked for and that is asked for with another letter.
fn asked_for_wrongly(view: &View<'_>, sheet: &mut Sheet<'_>) {
    // A call of it: macros that are made of it have its name too.
    let asks = |line: &[u8]| {
        ASKS.iter().any(|asks| {
            line.find(asks).is_some_and(|at| {
                let rest = &line[at..];
                rest[word(rest).len()..]
                    .trim_ascii_start()
                    .starts_with(b"(")
            })
        })
    };
    let removed = view.removed_lines();
    for (number, line) in view.new_lines().filter(|(_, line)| asks(line)) {
        let before = removed.iter().filter(|old| asks(old));
        let mut before = before.filter(|old| is_misspelt(old, line));
        let is_name = |name: &str| {
            let is_macro = !name.bytes().any(|byte| byte.is_ascii_lowercase());
            !is_macro && !contains_word(view.bytes(), name)
        };
        if let Some(old) = before.find(|old| is_name(&shown(old, line))) {
            let found = Found::at(number, line)
                .severity(Severity::Warning)
                .detail(format!("one letter from {}", shown(old, line)));
            sheet.raise("feature-check-sabotage", view.path, found);
        }
    }
}

/// A flag that makes something else of what a probe asked for before.
fn defined_away(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let language = view.place.language;
    for (number, line) in view.new_lines() {
        // Where each build system says what a probe is compiled with.
        let for_probes = match language {
            Language::Meson => line.contains_str("args"),
            Language::CMake => line.contains_str("CMAKE_REQUIRED"),
            Language::M4 => line.contains_str("FLAGS="),
            _ => return,
        };
        let names = line.find_iter("-D").map(|at| word(&line[at + 2..]));
        let name = names
            .filter(|name| for_probes && name.len() > 3 && !name.starts_with(b"_"))
            .find(|name| {
                let name = name.to_str_lossy();
                programs(view.old_bytes(), language).any(|(_, program)| asks_for(program, &name))
            });
        if let Some(name) = name {
            let detail = format!("-D{} hides what it asks for", name.to_str_lossy());
            let found = Found::at(number, line).detail(detail);
            sheet.raise("feature-check-sabotage", view.path, found);
            return;
        }
    }
}

/// True where a program uses a name other than to ask whether it is defined.
fn asks_for(program: &[u8], name: &str) -> bool {
    program
        .lines()
        .any(|line| !line.trim_ascii_start().starts_with(b"#") && contains_word(line, name))
}

/// The name with which a text begins.
fn word(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    &text[..end.unwrap_or(text.len())]
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
