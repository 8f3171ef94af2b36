//! What a file is for: tables of names and directories, asked from the most telling to the least.

use bstr::ByteSlice;

use super::{Language, Role, extension, without_in};

pub(super) fn role(name: &[u8], directories: &[&[u8]], language: Language, in_tests: bool) -> Role {
    let within = |part: &[u8]| directories.contains(&part);
    // `org/example/demo` is a name of Java's.
    let domain = |part: &[u8]| matches!(part, b"org" | b"com" | b"net" | b"io");
    let named = |two: &[&[u8]]| two[1] == b"example" && domain(two[0]);
    let is_example = within(b"example") && !directories.windows(2).any(named);
    if is_lock(name) {
        Role::Lock
    } else if is_ci(name, directories) {
        Role::Ci
    } else if is_recipe(name, directories, language) {
        Role::Recipe
    } else if is_build(name, directories, language) {
        Role::Build
    } else if is_translation(name, directories) {
        Role::Translation
    } else if is_documentation(name, directories, language) {
        Role::Documentation
    } else if in_tests || within(b"examples") || is_example || within(b"demos") {
        Role::Test
    } else if is_data(name, language) {
        Role::Data
    } else if matches!(language, Language::Shell | Language::PowerShell)
        || ["scripts", "tools", "maint", "contrib", "dev", "utils"]
            .iter()
            .any(|part| within(part.as_bytes()))
            && matches!(language, Language::Python | Language::Perl | Language::Ruby)
    {
        Role::Script
    } else {
        Role::Source
    }
}

fn is_lock(name: &[u8]) -> bool {
    [
        "cargo.lock",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "go.sum",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "pipfile.lock",
        "gemfile.lock",
        "composer.lock",
        "flake.lock",
        "mix.lock",
        "pubspec.lock",
        "packages.lock.json",
        "gradle.lockfile",
        "deno.lock",
        "pylock.toml",
        "pixi.lock",
        "cabal.project.freeze",
        "stack.yaml.lock",
        "rebar.lock",
        "manifest.toml.lock",
    ]
    .iter()
    .any(|known| name == known.as_bytes())
}

fn is_ci(name: &[u8], directories: &[&[u8]]) -> bool {
    let under = |parts: &[&[u8]]| {
        directories
            .windows(parts.len())
            .any(|window| window == parts)
    };
    under(&[b".github", b"workflows"])
        || under(&[b".github", b"actions"])
        || under(&[b".gitea", b"workflows"])
        || under(&[b".forgejo", b"workflows"])
        || directories.iter().any(|part| {
            [
                ".circleci",
                ".builds",
                ".buildkite",
                ".gitlab",
                ".gitlab-ci",
                ".woodpecker",
            ]
            .iter()
            .any(|known| *part == known.as_bytes())
        })
        || [
            ".gitlab-ci.yml",
            ".travis.yml",
            "azure-pipelines.yml",
            "appveyor.yml",
            ".appveyor.yml",
            ".cirrus.yml",
            "jenkinsfile",
            ".drone.yml",
            ".build.yml",
            "action.yml",
            "action.yaml",
            ".woodpecker.yml",
            "gitlab-ci.yml",
        ]
        .iter()
        .any(|known| name == known.as_bytes())
}

fn is_recipe(name: &[u8], directories: &[&[u8]], language: Language) -> bool {
    let last = directories.last().copied().unwrap_or_default();
    let debian = last == b"debian"
        && !matches!(extension(name), b"md" | b"txt" | b"patch")
        && !matches!(
            name,
            b"changelog" | b"copyright" | b"control" | b"watch" | b"news"
        );
    matches!(
        name,
        b"apkbuild"
            | b"pkgbuild"
            | b"guix.scm"
            | b"manifest.scm"
            | b"default.nix"
            | b"flake.nix"
            | b"shell.nix"
            | b"package.nix"
    ) || matches!(extension(name), b"ebuild" | b"eclass")
        || extension(name) == b"spec" && language == Language::Shell && last != b"spec"
        || debian
        || name == b"rules" && language == Language::Make
        || [
            "preinst",
            "postinst",
            "prerm",
            "postrm",
            "pre-install",
            "post-install",
            "pre-upgrade",
            "post-upgrade",
            "pre-deinstall",
            "post-deinstall",
        ]
        .iter()
        .any(|hook| name == hook.as_bytes() || extension(name) == hook.as_bytes())
        || extension(name) == b"install" && !directories.is_empty() && language == Language::Shell
        || extension(name) == b"install" && directories.is_empty()
        || language == Language::Scheme
            && directories
                .windows(2)
                .any(|window| window == [b"gnu".as_slice(), b"packages".as_slice()])
}

fn is_build(name: &[u8], directories: &[&[u8]], language: Language) -> bool {
    let bare = without_in(name);
    let named = [
        "build.rs",
        "setup.py",
        "setup.cfg",
        "pyproject.toml",
        "conf.py",
        "conftest_build.py",
        "package.json",
        "binding.gyp",
        "extconf.rb",
        "mkrf_conf.rb",
        "rakefile",
        "makefile.pl",
        "build.pl",
        "build.zig",
        "mix.exs",
        "rebar.config",
        "package.swift",
        "conanfile.py",
        "setup.hs",
        "setup.lhs",
        "sconstruct",
        "sconscript",
        "wscript",
        "waf",
        "build.bazel",
        "build",
        "workspace",
        "module.bazel",
        "build.gradle",
        "settings.gradle",
        "build.gradle.kts",
        "pom.xml",
        "build.xml",
        "build.sbt",
        "autogen.sh",
        "bootstrap",
        "bootstrap.sh",
        "autogen",
        "buildconf",
        "buildconf.sh",
        "configure",
        "configure.sh",
        "config.sh",
        "build.sh",
        "make.sh",
        "install.sh",
        "version-gen",
        "git-version-gen",
        "version.sh",
        "noxfile.py",
        "tox.ini",
        "composer.json",
        "meson.build",
        "meson_options.txt",
        "meson.options",
        "cmakelists.txt",
        "configure.ac",
        "configure.in",
        "gulpfile.js",
        "gruntfile.js",
        "webpack.config.js",
        "rollup.config.js",
        "vite.config.js",
        "vite.config.ts",
        "dune",
        "justfile",
        "taskfile.yml",
        "dockerfile",
        "containerfile",
        "build.py",
        "ltmain.sh",
        "config.guess",
        "config.sub",
        "config.mk",
        "configure.py",
        "hatch_build.py",
        "_build.py",
    ]
    .iter()
    .any(|known| name == known.as_bytes() || bare == known.as_bytes() && bare != b"build");
    let aux = directories.iter().any(|part| {
        ["build-aux", "build_aux", "m4", "cmake", "config-aux"]
            .iter()
            .any(|known| *part == known.as_bytes())
    });
    named
        || matches!(
            language,
            Language::Make | Language::M4 | Language::CMake | Language::Meson
        )
        || matches!(
            extension(name),
            b"gemspec"
                | b"cabal"
                | b"gradle"
                | b"opam"
                | b"rockspec"
                | b"sbt"
                | b"gyp"
                | b"gypi"
                | b"vcxproj"
                | b"bzl"
                | b"rake"
                | b"pth"
        )
        || aux
            && !matches!(extension(name), b"md" | b"txt" | b"rst")
            && matches!(
                language,
                Language::Shell | Language::Python | Language::Perl | Language::Other
            )
        || directories.last() == Some(&b".cargo".as_slice()) && name.starts_with(b"config")
}

fn is_translation(name: &[u8], directories: &[&[u8]]) -> bool {
    let inside = directories.iter().any(|part| {
        [
            "locale",
            "locales",
            "i18n",
            "l10n",
            "lang",
            "translations",
            "po",
            "_locales",
        ]
        .iter()
        .any(|known| *part == known.as_bytes())
    });
    matches!(
        extension(name),
        b"po" | b"pot" | b"gmo" | b"mo" | b"xlf" | b"xliff" | b"arb" | b"qm" | b"ftl"
    ) || inside
        && matches!(
            extension(name),
            b"json"
                | b"yml"
                | b"yaml"
                | b"properties"
                | b"xml"
                | b"ts"
                | b"strings"
                | b"txt"
                | b"toml"
                | b"ini"
        )
        || name == b"strings.xml"
}

fn is_documentation(name: &[u8], directories: &[&[u8]], language: Language) -> bool {
    let stem = name.split_str(".").next().unwrap_or(name);
    let prose = matches!(
        extension(without_in(name)),
        b"md"
            | b"markdown"
            | b"rst"
            | b"adoc"
            | b"asciidoc"
            | b"texi"
            | b"texinfo"
            | b"tex"
            | b"pod"
            | b"mdx"
            | b"info"
            | b"org"
            | b"man"
            | b"1"
            | b"2"
            | b"3"
            | b"4"
            | b"5"
            | b"6"
            | b"7"
            | b"8"
            | b"9"
            | b"sgml"
            | b"dbk"
            | b"docbook"
            | b"nro"
    );
    let named = [
        "readme",
        "changes",
        "changelog",
        "news",
        "install",
        "authors",
        "copying",
        "license",
        "licence",
        "thanks",
        "todo",
        "contributing",
        "security",
        "history",
        "notice",
        "hacking",
        "faq",
        "maintainers",
        "credits",
        "copyright",
        "bugs",
        "release-notes",
    ]
    .iter()
    .any(|known| stem == known.as_bytes())
        && matches!(language, Language::Other | Language::Xml | Language::Yaml);
    let directory = directories.iter().any(|part| {
        ["doc", "docs", "man", "documentation", "manual", "manpages"]
            .iter()
            .any(|known| *part == known.as_bytes())
    });
    prose
        || named
        || directory && matches!(language, Language::Other | Language::Xml)
        || name.starts_with(b"changelog") && language == Language::Other
}

fn is_data(name: &[u8], language: Language) -> bool {
    matches!(
        extension(name),
        b"txt"
            | b"csv"
            | b"tsv"
            | b"dat"
            | b"pem"
            | b"crt"
            | b"der"
            | b"asc"
            | b"sig"
            | b"gpg"
            | b"css"
            | b"svg"
            | b"png"
            | b"jpg"
            | b"jpeg"
            | b"gif"
            | b"ico"
            | b"pdf"
            | b"patch"
            | b"diff"
            | b"map"
    ) || language == Language::Other && name.starts_with(b".git")
}
