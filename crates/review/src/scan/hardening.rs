//! Protections that a compiler puts in when asked: a flag that vanishes asks no more.

use bstr::ByteSlice;

use super::place::Role;
use super::view::{Found, Sheet, View};
use super::world::World;
use crate::signal::Severity;

/// What asks for a protection.
const FLAGS: &[&str] = &[
    "-fstack-protector",
    "stack-protector-strong",
    "_FORTIFY_SOURCE",
    "-z,relro",
    "-z,now",
    "-zrelro",
    "-znow",
    "z relro",
    "z now",
    "-fPIE",
    "-fpie",
    "-pie",
    "-fstack-clash-protection",
    "-fcf-protection",
    "-mbranch-protection",
    "-z,noexecstack",
    "noexecstack",
    "-Wformat-security",
    "-Werror=format-security",
    "-ftrivial-auto-var-init",
    "-fsanitize=safe-stack",
    "-fsanitize=cfi",
    "-D_GLIBCXX_ASSERTIONS",
    "AX_HARDEN",
    "AX_APPEND_COMPILE_FLAGS([-fstack",
    "POSITION_INDEPENDENT_CODE ON",
    "CheckPIESupported",
    "b_pie=true",
    "-buildmode=pie",
    "hardening=+all",
    "harden-",
    "overflow-checks = true",
    "/guard:cf",
    "/GS",
    "DYNAMICBASE",
];

pub(crate) fn detect(view: &View<'_>, world: &World<'_>, sheet: &mut Sheet<'_>) {
    let looks = matches!(view.place.role, Role::Build | Role::Recipe | Role::Ci)
        || view.path.ends_with(b"Cargo.toml");
    if !looks
        || view.place.in_tests
        || view.old.is_none()
        || view.text.is_none()
        || view.bytes() == view.old_bytes()
    {
        return;
    }
    // A generated file says again what its source says.
    let generated = view.bytes()[..view.bytes().len().min(2_000)].contains_str("enerated by")
        || view.bytes()[..view.bytes().len().min(2_000)].contains_str("enerated automatically");
    for flag in FLAGS {
        let (before, now) = (count(view.old_bytes(), flag), count(view.bytes(), flag));
        if now >= before {
            continue;
        }
        let Some(line) = view
            .removed_lines()
            .into_iter()
            .find(|line| count(line, flag) > 0)
        else {
            continue;
        };
        let moved = world.changed().any(|(file, old)| {
            file.path != view.path
                && count(&file.content.bytes, flag)
                    > old.map_or(0, |old| count(&old.content.bytes, flag))
        });
        let elsewhere = now > 0;
        // Neither is a protection by itself.
        let library = flag.starts_with("POSITION_INDEPENDENT_CODE") || *flag == "-Wformat-security";
        let severity = if moved || elsewhere || generated || library || is_comment(line) {
            Severity::Note
        } else {
            Severity::Warning
        };
        sheet.raise(
            "hardening-flag-removed",
            view.path,
            Found::whole(line).severity(severity).detail(*flag),
        );
    }
}

fn is_comment(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    line.starts_with(b"#") || line.starts_with(b"dnl") || line.starts_with(b"//")
}

fn count(bytes: &[u8], flag: &str) -> usize {
    if bytes.len() > 4 << 20 {
        0
    } else {
        bytes
            .find_iter(flag)
            .filter(|at| !bytes[..*at].ends_with(b"-U"))
            .count()
    }
}
