//! What a file is for, told by its name and first line. A pipe into a shell is everyday in a README
//! and an alarm in `configure.ac`, so every rule asks here first where it stands.

mod language;
mod role;

use bstr::{BStr, ByteSlice};
use serde::{Deserialize, Serialize};

use self::language::language;
use self::role::role;

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
            // Deeper, it is what checks something: a sum, a password.
            || directories[0] == b"check"
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
    b"fuzzer",
    b"fuzzers",
    b"fuzzing",
    b"selftest",
    b"selftests",
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
        || stem.len() > 4
            && stem.ends_with(b"test")
            && ![
                &b"latest"[..],
                b"attest",
                b"contest",
                b"fastest",
                b"conftest",
            ]
            .contains(&stem)
        || name.contains_str(".test.")
        || name.contains_str(".spec.")
        || name.contains_str("selftest")
        || name.contains_str("self-test")
        || name.contains_str("self_test")
}

fn extension(name: &[u8]) -> &[u8] {
    name.rfind_byte(b'.').map_or(&[][..], |at| &name[at + 1..])
}

/// `name` without the `.in` that a build fills in.
fn without_in(name: &[u8]) -> &[u8] {
    name.strip_suffix(b".in").unwrap_or(name)
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
        assert_eq!(role_of("check/main.c"), Role::Test);
        assert_eq!(role_of("src/liblzma/check/crc32_table.c"), Role::Source);
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
