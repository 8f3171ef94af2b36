//! What a version control system and a file system do with files: permissions, links, submodules,
//! attributes, names that hide.

use bstr::ByteSlice;

use super::place::{Language, Place, Role};
use super::view::{Found, Sheet, View};
use crate::signal::Severity;
use crate::tree::Kind;

/// Hidden files that projects have.
const KNOWN_HIDDEN: &[&str] = &[
    ".git",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    ".gitkeep",
    ".mailmap",
    ".editorconfig",
    ".clang-format",
    ".clang-tidy",
    ".clangd",
    ".github",
    ".gitlab",
    ".gitlab-ci.yml",
    ".travis",
    ".cirrus.yml",
    ".circleci",
    ".appveyor.yml",
    ".azure-pipelines",
    ".npmignore",
    ".npmrc",
    ".nvmrc",
    ".eslintrc",
    ".eslintrc.js",
    ".eslintrc.json",
    ".eslintignore",
    ".prettierrc",
    ".prettierignore",
    ".babelrc",
    ".flake8",
    ".pylintrc",
    ".coveragerc",
    ".pre-commit-config.yaml",
    ".readthedocs.yml",
    ".readthedocs.yaml",
    ".rubocop.yml",
    ".rspec",
    ".cargo",
    ".cargo_vcs_info.json",
    ".cargo-ok",
    ".cargo-checksum.json",
    ".rustfmt.toml",
    ".tarball-version",
    ".version",
    ".dockerignore",
    ".indent.pro",
    ".dir-locals.el",
    ".vscode",
    ".devcontainer",
    ".idea",
    ".tx",
    ".lvimrc",
    ".exrc",
    ".vimrc",
    ".envrc",
    ".codespellrc",
    ".codecov.yml",
    ".lgtm.yml",
    ".yarnrc",
    ".yarnrc.yml",
    ".bumpversion.cfg",
    ".htaccess",
    ".well-known",
    ".deps",
    ".libs",
    ".dirstamp",
    ".placeholder",
    ".keep",
    ".empty",
    ".gitreview",
    ".hgignore",
    ".hgtags",
    ".bzrignore",
    ".cvsignore",
    ".checkpatch.conf",
    ".shellcheckrc",
    ".ort.yml",
    ".reuse",
    ".packit.yaml",
    ".fmf",
    ".tool-versions",
    ".python-version",
    ".ruby-version",
    ".node-version",
    ".builds",
    ".gitea",
    ".forgejo",
    ".git-blame-ignore-revs",
    ".git_archival.txt",
    ".markdownlint.json",
    ".yamllint",
    ".cmake-format",
    ".cppcheck",
    ".ci",
    ".obs",
    ".release-plz.toml",
    ".mdlrc",
    ".license",
    ".gersemirc",
    ".cmakelintrc",
    ".dcignore",
    ".perltidyrc",
    ".perlcriticrc",
    ".proselintrc",
    ".typos.toml",
    ".uncrustify.cfg",
    ".vimrc",
    ".gdbinit",
    ".lldbinit",
    ".husky",
    ".githooks",
];

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    mode(view, sheet);
    link(view, sheet);
    hidden(view, sheet);
    match view.name().as_slice() {
        b".gitmodules" => submodules(view, sheet),
        b".gitattributes" => attributes(view, sheet),
        _ => {}
    }
}

fn mode(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let now = view.new.mode;
    let before = view.old.map_or(0, |old| old.mode);
    if matches!(
        view.new.kind,
        Kind::Symlink(_) | Kind::Hardlink(_) | Kind::Submodule(_)
    ) {
        return;
    }
    let gained = now & 0o6000 & !before;
    if gained != 0 {
        let what = if gained & 0o4000 != 0 {
            "setuid"
        } else {
            "setgid"
        };
        sheet.raise(
            "setuid-bit",
            view.path,
            Found::whole(format!("{now:04o}").as_bytes()).detail(what),
        );
    }
    if view
        .old
        .is_some_and(|old| old.mode & 0o7111 != now & 0o7111)
    {
        let shown = format!("{before:04o} -> {now:04o}");
        let severity = if gained == 0 {
            Severity::Note
        } else {
            Severity::Warning
        };
        sheet.raise(
            "mode-change",
            view.path,
            Found::whole(shown.as_bytes()).severity(severity),
        );
    }
}

fn link(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let Kind::Symlink(target) = &view.new.kind else {
        return;
    };
    if view.old.is_some_and(|old| old.kind == view.new.kind) {
        return;
    }
    let mut depth = i64::try_from(view.path.split_str("/").count()).unwrap_or(0) - 1;
    let mut escapes = target.starts_with(b"/");
    for part in target.split_str("/") {
        match part {
            b".." => depth -= 1,
            b"" | b"." => {}
            _ => depth += 1,
        }
        escapes |= depth < 0;
    }
    if escapes {
        sheet.raise("symlink-escapes-tree", view.path, Found::whole(target));
    }
}

fn hidden(view: &View<'_>, sheet: &mut Sheet<'_>) {
    if view.old.is_some() || view.place.nested {
        return;
    }
    let odd = view.path.split_str("/").find(|part| {
        part.starts_with(b".")
            && !KNOWN_HIDDEN
                .iter()
                .any(|known| part.starts_with(known.as_bytes()))
    });
    let Some(part) = odd else { return };
    // Names that a listing shows as nothing.
    let deceives = part.starts_with(b"...")
        || part.iter().all(|byte| matches!(byte, b'.' | b' '))
        || part.starts_with(b". ");
    let runs = view.new.mode & 0o111 != 0 || view.bytes().starts_with(b"#!");
    let severity = if deceives || runs && !view.place.in_tests {
        Severity::Warning
    } else {
        Severity::Note
    };
    sheet.raise(
        "hidden-file-added",
        view.path,
        Found::whole(part).severity(severity),
    );
}

fn submodules(view: &View<'_>, sheet: &mut Sheet<'_>) {
    for (number, line) in view.new_lines() {
        if line.trim_ascii_start().starts_with(b"url") {
            // One below the same forge is told and no more.
            let near = line.contains_str("= ../") || line.contains_str("= ./");
            let found = Found::at(number, line);
            let found = if near {
                found.severity(Severity::Note)
            } else {
                found
            };
            sheet.raise("submodule-url-added", view.path, found);
        } else if line.trim_ascii_start().starts_with(b"update") && line.contains(&b'!') {
            sheet.raise(
                "submodule-url-added",
                view.path,
                Found::at(number, line)
                    .severity(Severity::Critical)
                    .detail("git runs a command"),
            );
        }
    }
}

/// True where the pattern is the path of one file of code that nothing generates.
fn hides_source(line: &[u8]) -> bool {
    let path = line.fields().next().unwrap_or_default();
    let place = Place::of(path.as_bstr(), b"");
    let generated = [
        "generated",
        "data",
        ".min.",
        "vendor",
        "dist/",
        ".pb.",
        "_pb2",
        "/gen",
        "bindings",
    ]
    .iter()
    .any(|word| path.contains_str(word));
    place.role == Role::Source
        && place.language != Language::Other
        && !path.iter().any(|byte| matches!(byte, b'*' | b'?' | b'['))
        && !generated
}

fn attributes(view: &View<'_>, sheet: &mut Sheet<'_>) {
    for (number, line) in view.new_lines() {
        if line.trim_ascii_start().starts_with(b"#") {
            continue;
        }
        let changes_content = line.contains_str("export-subst")
            || line.contains_str("export-ignore")
            || line.contains_str("merge=ours");
        let severity = if changes_content
            || line.contains_str("filter=") && !line.contains_str("filter=lfs")
        {
            Severity::Warning
        } else if line.contains_str("-diff")
            || line.contains_str("linguist-generated")
            || line.contains_str("binary")
        {
            // Forges do not show the diff of such files. Of one that people write, everybody looks at it.
            if hides_source(line) {
                Severity::Warning
            } else {
                Severity::Note
            }
        } else {
            continue;
        };
        // What keeps a forge's own files out of an archive is everyday.
        let everyday = [
            ".gitignore",
            ".gitattributes",
            ".github",
            ".gitlab-ci",
            ".travis",
            ".mailmap",
            ".editorconfig",
            ".circleci",
            ".cirrus",
            ".clang-format",
        ]
        .iter()
        .any(|known| {
            line.trim_start_with(|c| c == '/' || c == '*' || c == ' ')
                .starts_with(known.as_bytes())
        }) || line.fields().next().is_some_and(|path| {
            // So is what keeps papers out.
            [
                ".md", ".rst", ".txt", "/doc", "/docs", ".ico", ".png", ".svg", ".jpg",
            ]
            .iter()
            .any(|known| path.ends_with(known.as_bytes()))
        });
        let severity = if everyday { Severity::Note } else { severity };
        sheet.raise(
            "export-attributes-changed",
            view.path,
            Found::at(number, line).severity(severity),
        );
    }
}
