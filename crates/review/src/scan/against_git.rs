//! What a release holds that version control does not: for build scripts that is an alarm of its
//! own, since the build of the release is the one that everybody runs.

use bstr::ByteSlice;

use super::place::{Language, Role};
use super::view::{Found, Sheet, View};
use crate::signal::Severity;
use crate::tree::{File, Kind, Tree};

/// Tells of build scripts that are not as version control has them.
pub(crate) fn detect(release: &Tree, git: &Tree, sheet: &mut Sheet<'_>) {
    for file in release
        .files
        .iter()
        .filter(|file| file.kind == Kind::Regular)
    {
        let Ok(at) = git
            .files
            .binary_search_by(|other| other.path.cmp(&file.path))
        else {
            continue;
        };
        let other: &File = &git.files[at];
        if other.content.bytes == file.content.bytes {
            continue;
        }
        let view = View::of(file, Some(other));
        if view.place.role != Role::Build {
            continue;
        }
        let line = commands(&view).next().or_else(|| view.new_lines().next());
        let Some((number, line)) = line else { continue };
        // A version stamp is what making a release writes.
        let stamp = view.new_lines().all(|(_, line)| {
            let lower = line.to_ascii_lowercase();
            lower.contains_str("version")
                || lower.contains_str("ac_init")
                || lower.contains_str("release")
                || lower.contains_str("date")
                || lower.starts_with(b"#")
        });
        let severity = if stamp {
            Severity::Note
        } else {
            Severity::Critical
        };
        let found = Found::at(number, line)
            .severity(severity)
            .detail("the release has it, version control does not");
        sheet.raise("build-system-change", view.path, found);
    }
}

/// New lines of a build script that make a build run something.
pub(crate) fn commands<'v>(view: &'v View<'_>) -> impl Iterator<Item = (u32, &'v [u8])> {
    let looks = view.place.role == Role::Build;
    view.new_lines()
        .filter(move |(_, line)| looks && runs(view.place.language, line))
}

fn runs(language: Language, line: &[u8]) -> bool {
    let lower = line.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains_str(word));
    match language {
        Language::M4 => has(&[
            "ac_config_commands",
            "m4_esyscmd",
            "m4_syscmd",
            "m4_esyscmd_s",
            "eval ",
            "ac_try_run",
            "ac_run_ifelse",
        ]),
        Language::CMake => has(&[
            "execute_process",
            "add_custom_command",
            "exec_program",
            "externalproject_add",
            "fetchcontent",
            "add_custom_target",
            "install(code",
            "install(script",
            "try_run",
        ]),
        Language::Meson => has(&[
            "run_command",
            "custom_target",
            "add_install_script",
            "add_postconf_script",
            "add_dist_script",
        ]),
        Language::Make => has(&["$(shell", "-hook:", "-local:"]),
        Language::Python => has(&["subprocess", "os.system", "exec(", "eval(", "popen"]),
        Language::Rust => has(&["command::new"]),
        Language::JavaScript => has(&["child_process", "execsync", "spawn("]),
        _ => false,
    }
}
