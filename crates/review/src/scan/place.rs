//! What a file is for, told by its name and first line. A pipe into a shell is everyday in a README
//! and an alarm in `configure.ac`, so every rule asks here first where it stands.

use bstr::{BStr, ByteSlice};
use serde::{Deserialize, Serialize};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Decides how the program is built, and runs while it is.
    Build,
    /// A distribution's recipe, or a script of its package.
    Recipe,
    /// Runs on a forge when somebody pushes.
    Ci,
    /// Belongs to the tests, but may run when they do.
    Test,
    /// Read by people.
    Documentation,
    /// The program's texts in a language of people.
    Translation,
    /// Names the exact dependencies.
    Lock,
    /// A script beside the program: runs if somebody starts it.
    Script,
    /// Nothing that runs.
    Data,
    /// The program.
    Source,
}

/// What a file is written in, as far as a rule cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Language {
    Shell,
    Make,
    M4,
    CMake,
    Meson,
    C,
    Python,
    JavaScript,
    Ruby,
    Perl,
    Rust,
    Go,
    Scheme,
    Java,
    Php,
    Lua,
    PowerShell,
    Yaml,
    Json,
    Toml,
    Xml,
    Other,
}

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it is for.
    pub role: Role,
    /// What it is written in.
    pub language: Language,
    /// Somewhere below a directory of tests, whatever its role.
    pub in_tests: bool,
    /// In a copy of somebody else's code.
    pub vendored: bool,
    /// In an archive inside the tree.
    pub nested: bool,
}

impl Place {
    /// Where the file at `path` stands; `start` is how its content begins.
    pub fn of(path: &BStr, start: &[u8]) -> Self {
        let lower = path.to_ascii_lowercase();
        let nested = lower.rfind(b"!/");
        let inner = nested.map_or(lower.as_slice(), |at| &lower[at + 2..]);
        let (directory, name) = match inner.rfind_byte(b'/') {
            Some(at) => (&inner[..at], &inner[at + 1..]),
            None => (&b""[..], inner),
        };
        let outside = nested.map_or(&b""[..], |at| &lower[..at]);
        let directories: Vec<&[u8]> = directory.split_str("/").collect();
        let language = language(name, start);
        let in_tests = directories.iter().any(|part| is_test_directory(part))
            || outside.split_str("/").any(is_test_directory)
            || is_test_name(name);
        Self {
            role: role(name, &directories, language, in_tests),
            language,
            in_tests,
            vendored: directories.iter().any(|part| VENDORED.contains(part)),
            nested: nested.is_some(),
        }
    }

    /// True for what a build, an installation or a forge runs without being asked.
    pub fn runs_unasked(self) -> bool {
        matches!(self.role, Role::Build | Role::Recipe | Role::Ci)
    }

    /// True for what a machine reads as a program, wherever it stands.
    pub fn is_code(self) -> bool {
        !matches!(
            self.role,
            Role::Documentation | Role::Translation | Role::Data | Role::Lock
        )
    }
}

const TESTS: &[&[u8]] = &[
    b"test",
    b"tests",
    b"testing",
    b"testsuite",
    b"testsuites",
    b"t",
    b"spec",
    b"specs",
    b"__tests__",
    b"fixtures",
    b"fixture",
    b"testdata",
    b"test-data",
    b"test_data",
    b"corpus",
    b"corpora",
    b"fuzz",
    b"samples",
    b"unittests",
    b"unit_tests",
    b"regress",
    b"check",
];

const VENDORED: &[&[u8]] = &[
    b"vendor",
    b"vendored",
    b"third_party",
    b"third-party",
    b"thirdparty",
    b"3rdparty",
    b"3rd-party",
    b"3rd_party",
    b"external",
    b"externals",
    b"extern",
    b"bundled",
    b"node_modules",
    b"contrib-libs",
    b"_vendor",
    b"deps",
];

fn is_test_directory(part: &[u8]) -> bool {
    TESTS.contains(&part)
        || ["test", "tests", "testdata", "_t"]
            .iter()
            .any(|end| part.ends_with(end.as_bytes()))
        || ["test-", "test_", "tests-", "tests_"]
            .iter()
            .any(|start| part.starts_with(start.as_bytes()))
}

fn is_test_name(name: &[u8]) -> bool {
    let stem = name.split_str(".").next().unwrap_or(name);
    stem.starts_with(b"test_")
        || stem.starts_with(b"test-")
        || stem.ends_with(b"_test")
        || stem.ends_with(b"_tests")
        || stem.ends_with(b"_spec")
        || stem == b"test"
        || name.contains_str(".test.")
        || name.contains_str(".spec.")
}

fn extension(name: &[u8]) -> &[u8] {
    name.rfind_byte(b'.').map_or(&[][..], |at| &name[at + 1..])
}

/// `name` without the `.in` that a build fills in.
fn without_in(name: &[u8]) -> &[u8] {
    name.strip_suffix(b".in").unwrap_or(name)
}

fn language(name: &[u8], start: &[u8]) -> Language {
    by_whole_name(name)
        .or_else(|| by_extension(extension(without_in(name))))
        .or_else(|| by_shebang(start))
        .unwrap_or(Language::Other)
}

fn by_whole_name(name: &[u8]) -> Option<Language> {
    let name = without_in(name);
    Some(match name {
        b"makefile" | b"gnumakefile" | b"makefile.am" | b"bsdmakefile" | b"rules" | b"kbuild"
        | b"justfile" => Language::Make,
        b"configure.ac" | b"configure" | b"aclocal.m4" | b"acinclude.m4" | b"config.status" => {
            Language::M4
        }
        b"cmakelists.txt" => Language::CMake,
        b"meson.build" | b"meson_options.txt" | b"meson.options" => Language::Meson,
        b"apkbuild" | b"pkgbuild" | b".envrc" | b".bashrc" | b".profile" | b".bash_profile"
        | b".zshrc" | b"preinst" | b"postinst" | b"prerm" | b"postrm" | b"bootstrap"
        | b"autogen" | b"buildconf" | b"dockerfile" | b"containerfile" => Language::Shell,
        b"sconstruct" | b"sconscript" | b"wscript" | b"build.bazel" | b"build" | b"workspace" => {
            Language::Python
        }
        b"rakefile" | b"gemfile" | b"vagrantfile" => Language::Ruby,
        b"jenkinsfile" => Language::Java,
        _ if name.starts_with(b"makefile.") => Language::Make,
        _ if name.starts_with(b"dockerfile") => Language::Shell,
        _ => return None,
    })
}

fn by_extension(extension: &[u8]) -> Option<Language> {
    Some(match extension {
        b"sh" | b"bash" | b"zsh" | b"ksh" | b"install" | b"preinst" | b"postinst" | b"prerm"
        | b"postrm" | b"pre-install" | b"post-install" | b"pre-upgrade" | b"post-upgrade"
        | b"pre-deinstall" | b"post-deinstall" | b"trigger" | b"spec" | b"ebuild" | b"eclass"
        | b"subr" | b"fish" | b"bats" | b"config" | b"at" => Language::Shell,
        b"mk" | b"mak" | b"am" => Language::Make,
        b"m4" | b"ac" => Language::M4,
        b"cmake" => Language::CMake,
        b"c" | b"h" | b"cc" | b"cpp" | b"cxx" | b"hpp" | b"hh" | b"hxx" | b"inc" | b"m" | b"mm"
        | b"cu" | b"s" | b"asm" | b"y" | b"l" | b"d" | b"zig" | b"vala" => Language::C,
        b"py" | b"pyw" | b"pyx" | b"pxd" | b"pth" | b"gyp" | b"gypi" | b"bzl" => Language::Python,
        b"js" | b"mjs" | b"cjs" | b"ts" | b"mts" | b"cts" | b"jsx" | b"tsx" | b"vue"
        | b"svelte" => Language::JavaScript,
        b"rb" | b"gemspec" | b"rake" | b"ru" => Language::Ruby,
        b"pl" | b"pm" | b"xs" | b"pod" => Language::Perl,
        b"rs" => Language::Rust,
        b"go" => Language::Go,
        b"scm" | b"ss" | b"rkt" | b"el" | b"lisp" | b"cl" | b"clj" | b"nix" => Language::Scheme,
        b"java" | b"kt" | b"kts" | b"scala" | b"groovy" | b"gradle" | b"cs" | b"swift"
        | b"dart" => Language::Java,
        b"php" | b"phtml" | b"inc.php" => Language::Php,
        b"lua" => Language::Lua,
        b"ps1" | b"psm1" | b"bat" | b"cmd" => Language::PowerShell,
        b"yml" | b"yaml" => Language::Yaml,
        b"json" | b"jsonc" | b"json5" => Language::Json,
        b"toml" | b"cfg" | b"ini" | b"conf" => Language::Toml,
        b"xml" | b"html" | b"htm" | b"svg" | b"vcxproj" | b"props" | b"targets" | b"csproj"
        | b"plist" => Language::Xml,
        _ => return None,
    })
}

fn by_shebang(start: &[u8]) -> Option<Language> {
    let line = start.strip_prefix(b"#!")?.lines().next()?;
    let has = |word: &str| line.contains_str(word);
    Some(if has("python") {
        Language::Python
    } else if has("perl") {
        Language::Perl
    } else if has("ruby") {
        Language::Ruby
    } else if has("node") || has("deno") {
        Language::JavaScript
    } else if has("make") {
        Language::Make
    } else if has("guile") || has("scheme") {
        Language::Scheme
    } else if has("lua") {
        Language::Lua
    } else if has("php") {
        Language::Php
    } else if has("sh") {
        Language::Shell
    } else {
        return None;
    })
}

fn role(name: &[u8], directories: &[&[u8]], language: Language, in_tests: bool) -> Role {
    let within = |part: &[u8]| directories.contains(&part);
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
    } else if in_tests || within(b"examples") || within(b"example") || within(b"demos") {
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
            b"gemspec" | b"cabal" | b"gyp" | b"gypi" | b"vcxproj" | b"bzl" | b"rake" | b"pth"
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
        || name == b"changelog"
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

#[cfg(test)]
mod tests {
    use super::*;

    fn role_of(path: &str) -> Role {
        Place::of(path.into(), b"").role
    }

    #[test]
    fn a_name_tells_what_a_file_is_for() {
        assert_eq!(role_of("configure.ac"), Role::Build);
        assert_eq!(role_of("m4/build-to-host.m4"), Role::Build);
        assert_eq!(role_of("tests/Makefile.am"), Role::Build);
        assert_eq!(role_of("README.md"), Role::Documentation);
        assert_eq!(role_of("man/xz.1"), Role::Documentation);
        assert_eq!(role_of("INSTALL"), Role::Documentation);
        assert_eq!(role_of("install.sh"), Role::Build);
        assert_eq!(role_of("po/he.po"), Role::Translation);
        assert_eq!(role_of("tests/run.sh"), Role::Test);
        assert_eq!(role_of("src/main.c"), Role::Source);
        assert_eq!(role_of("debian/rules"), Role::Recipe);
        assert_eq!(role_of("debian/changelog"), Role::Documentation);
        assert_eq!(role_of("APKBUILD"), Role::Recipe);
        assert_eq!(role_of("gnu/packages/base.scm"), Role::Recipe);
        assert_eq!(role_of(".github/workflows/ci.yml"), Role::Ci);
        assert_eq!(role_of("Cargo.lock"), Role::Lock);
        assert_eq!(role_of("scripts/release.py"), Role::Script);
        assert_eq!(role_of("docs/conf.py"), Role::Build);
        assert_eq!(role_of("doc/example.c"), Role::Source);
    }

    #[test]
    fn an_archive_in_the_tests_stays_in_the_tests() {
        let place = Place::of("tests/f.zip!/in/x.tar.gz!/evil.sh".into(), b"");
        assert!(place.nested && place.in_tests);
        assert_eq!(place.language, Language::Shell);
    }

    #[test]
    fn a_first_line_names_the_language_of_a_file_without_extension() {
        assert_eq!(
            Place::of("bin/x".into(), b"#!/usr/bin/env python3\n").language,
            Language::Python
        );
        assert_eq!(Place::of("bin/x".into(), b"#!/bin/sh\n").role, Role::Script);
    }
}
