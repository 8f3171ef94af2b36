//! What a project asks for and under which licence it is, before and after.
//!
//! Manifests that are data are read as data; those that are programs (`configure.ac`, Meson,
//! `CMake`) are searched for the calls that name a dependency.

use std::collections::{BTreeMap, BTreeSet};

use bstr::ByteSlice;
use serde::{Deserialize, Serialize};

use crate::compare::{Change, Comparison};

/// Longer manifests are not read.
const AT_MOST: usize = 4 << 20;

/// The head of a file, where a licence is told.
const HEAD: usize = 4 << 10;

/// A dependency that came, went or is wanted in another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependencyChange {
    /// The manifest.
    pub path: String,
    /// What is asked for.
    pub name: String,
    /// Which version before; none if it was not asked for.
    pub old: Option<String>,
    /// Which version after; none if it is not asked for any more.
    pub new: Option<String>,
}

/// A file whose licence is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceChange {
    /// The file.
    pub path: String,
    /// What changed, in words.
    pub says: String,
}

/// The dependencies that changed.
pub fn dependency_changes(comparison: &Comparison<'_>) -> Vec<DependencyChange> {
    let mut all = Vec::new();
    for change in &comparison.changes {
        let read = |bytes: &[u8]| dependencies(change.path(), bytes);
        let (Some(old), Some(new)) = (read(change.old_bytes()), read(change.new_bytes())) else {
            continue;
        };
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names
            .into_iter()
            .filter(|name| old.get(*name) != new.get(*name))
        {
            all.push(DependencyChange {
                path: change.path().to_string(),
                name: name.clone(),
                old: old.get(name).cloned(),
                new: new.get(name).cloned(),
            });
        }
    }
    all
}

/// The files whose licence changed: licence texts, and files with another SPDX line.
pub fn licence_changes(comparison: &Comparison<'_>) -> Vec<LicenceChange> {
    let change = |change: &Change<'_>| {
        let says = licence_change(change)?;
        Some(LicenceChange {
            path: change.path().to_string(),
            says,
        })
    };
    comparison.changes.iter().filter_map(change).collect()
}

fn licence_change(change: &Change<'_>) -> Option<String> {
    let path = change.path();
    let base = path
        .rsplit_str("/")
        .next()
        .unwrap_or(path)
        .to_ascii_uppercase();
    let names: [&[u8]; 5] = [b"COPYING", b"LICENSE", b"LICENCE", b"NOTICE", b"COPYRIGHT"];
    if names.iter().any(|name| base.starts_with(name)) {
        let (added, removed) = change.line_counts();
        return match (change.old, change.new) {
            (None, _) => Some("licence text added".to_owned()),
            (_, None) => Some("licence text removed".to_owned()),
            _ if added + removed == 0 => None,
            _ => Some(format!("licence text changed: +{added} -{removed} lines")),
        };
    }
    let (old, new) = (spdx(change.old_bytes()), spdx(change.new_bytes()));
    if change.old.is_none() || change.new.is_none() || old == new {
        return None;
    }
    let word = |licence: Option<String>| licence.unwrap_or_else(|| "no SPDX line".to_owned());
    Some(format!("{} became {}", word(old), word(new)))
}

/// What follows `SPDX-License-Identifier:` in a file's head.
fn spdx(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let at = head.find(b"SPDX-License-Identifier:")? + 24;
    let line = head[at..].lines().next()?;
    let end = line.find("*/").or(line.find("-->")).unwrap_or(line.len());
    Some(line[..end].trim_ascii().to_str_lossy().into_owned())
}

type Dependencies = BTreeMap<String, String>;

/// What a manifest asks for; none if it is no manifest.
fn dependencies(path: &[u8], bytes: &[u8]) -> Option<Dependencies> {
    let base = path.rsplit_str("/").next().unwrap_or(path);
    let bytes = &bytes[..bytes.len().min(AT_MOST)];
    let text = bytes.to_str_lossy();
    match base {
        b"Cargo.toml" => Some(from_cargo(&text)),
        b"package.json" => Some(from_npm(&text)),
        b"pyproject.toml" => Some(from_pyproject(&text)),
        b"requirements.txt" => Some(text.lines().filter_map(requirement).collect()),
        b"setup.cfg" => Some(from_setup_cfg(&text)),
        b"go.mod" => Some(from_go(&text)),
        b"configure.ac" | b"configure.in" => Some(calls(&text, &AUTOCONF)),
        b"meson.build" => Some(calls(&text, &MESON)),
        b"CMakeLists.txt" => Some(calls(&text, &CMAKE)),
        _ => None,
    }
}

fn from_cargo(text: &str) -> Dependencies {
    let mut all = Dependencies::new();
    let Ok(document) = text.parse::<toml::Table>() else {
        return all;
    };
    let mut tables = vec![&document];
    // What members of a workspace share.
    tables.extend(document.get("workspace").and_then(toml::Value::as_table));
    let targets = document.get("target").and_then(toml::Value::as_table);
    tables.extend(
        targets
            .into_iter()
            .flat_map(|it| it.values())
            .filter_map(toml::Value::as_table),
    );
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let wanted = table.get(kind).and_then(toml::Value::as_table);
            for (name, value) in wanted.into_iter().flatten() {
                let version = value.as_str().or_else(|| value.get("version")?.as_str());
                all.insert(name.clone(), version.unwrap_or("any").to_owned());
            }
        }
    }
    all
}

fn from_npm(text: &str) -> Dependencies {
    let document: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let kinds = [
        "dependencies",
        "devDependencies",
        "peerDependencies",
        "optionalDependencies",
    ];
    let tables = kinds
        .iter()
        .filter_map(|kind| document.get(kind)?.as_object());
    let entry = |(name, version): (&String, &serde_json::Value)| {
        (name.clone(), version.as_str().unwrap_or("any").to_owned())
    };
    tables.flatten().map(entry).collect()
}

fn from_pyproject(text: &str) -> Dependencies {
    let Ok(document) = text.parse::<toml::Table>() else {
        return Dependencies::new();
    };
    let list = |table: &str, key: &str| -> Vec<String> {
        let list = document
            .get(table)
            .and_then(|table| table.get(key)?.as_array());
        let texts = list.into_iter().flatten().filter_map(toml::Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let wanted = [
        list("project", "dependencies"),
        list("build-system", "requires"),
    ]
    .concat();
    wanted.iter().filter_map(|line| requirement(line)).collect()
}

/// `name[extra] >= 1.0 ; marker` as a name and the rest.
fn requirement(line: &str) -> Option<(String, String)> {
    let line = line.split(['#', ';']).next()?.trim();
    let ends = |c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c));
    let end = line.find(ends).unwrap_or(line.len());
    let (name, version) = line.split_at(end);
    let starts = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let version = version.trim();
    let version = if version.is_empty() { "any" } else { version };
    starts.then(|| (name.to_owned(), version.to_owned()))
}

fn from_setup_cfg(text: &str) -> Dependencies {
    let mut all = Dependencies::new();
    let mut inside = false;
    for line in text.lines() {
        let margin = !line.starts_with([' ', '\t']);
        if margin {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            inside = matches!(key.trim(), "install_requires" | "setup_requires");
            all.extend(requirement(value).filter(|_| inside));
        } else if inside {
            all.extend(requirement(line));
        }
    }
    all
}

fn from_go(text: &str) -> Dependencies {
    let mut all = Dependencies::new();
    let mut inside = false;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let line = match line.strip_prefix("require ") {
            Some("(") => {
                inside = true;
                continue;
            }
            Some(single) => single,
            None if line == ")" => {
                inside = false;
                continue;
            }
            None if inside => line,
            None => continue,
        };
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            all.insert(name.to_owned(), version.to_owned());
        }
    }
    all
}

/// A call that names a dependency: its word, and which of its arguments is the name.
struct Call {
    word: &'static str,
    argument: usize,
}

const AUTOCONF: [Call; 4] = [
    Call {
        word: "PKG_CHECK_MODULES",
        argument: 1,
    },
    Call {
        word: "PKG_CHECK_EXISTS",
        argument: 0,
    },
    Call {
        word: "AC_CHECK_LIB",
        argument: 0,
    },
    Call {
        word: "AC_SEARCH_LIBS",
        argument: 1,
    },
];
const MESON: [Call; 2] = [
    Call {
        word: "dependency",
        argument: 0,
    },
    Call {
        word: "find_library",
        argument: 0,
    },
];
const CMAKE: [Call; 2] = [
    Call {
        word: "find_package",
        argument: 0,
    },
    Call {
        word: "pkg_check_modules",
        argument: 1,
    },
];

/// The dependencies that calls name.
fn calls(text: &str, known: &[Call]) -> Dependencies {
    let mut all = Dependencies::new();
    for call in known {
        for (at, _) in text.match_indices(call.word) {
            let Some(arguments) = arguments(&text[at + call.word.len()..]) else {
                continue;
            };
            let Some(wanted) = arguments.get(call.argument) else {
                continue;
            };
            let mut words = wanted.split_whitespace();
            if let Some(name) = words.next() {
                let rest: Vec<&str> = words.collect();
                let version = if rest.is_empty() {
                    "any".to_owned()
                } else {
                    rest.join(" ")
                };
                all.insert(name.to_owned(), version);
            }
        }
    }
    all
}

/// The arguments in the brackets that follow, without quotes; at most 400 bytes are looked at.
fn arguments(text: &str) -> Option<Vec<String>> {
    let inner = text.trim_start().strip_prefix('(')?;
    let inner: String = inner.chars().take(400).take_while(|c| *c != ')').collect();
    // CMake parts arguments by blanks, the others by commas.
    let commas = inner.contains(',');
    let clean = |part: &str| {
        part.trim_matches(|c: char| c.is_whitespace() || "[]'\"".contains(c))
            .to_owned()
    };
    Some(if commas {
        inner.split(',').map(clean).collect()
    } else {
        inner.split_whitespace().map(clean).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tree;

    fn told(path: &str, old: &str, new: &str) -> Vec<String> {
        let (old, new) = (tree(&[(path, old)]), tree(&[(path, new)]));
        dependency_changes(&Comparison::of(&old, &new))
            .iter()
            .map(|it| {
                format!(
                    "{} {:?} {:?}",
                    it.name,
                    it.old.as_deref(),
                    it.new.as_deref()
                )
            })
            .collect()
    }

    #[test]
    fn manifests_are_read_as_data() {
        assert_eq!(
            told(
                "Cargo.toml",
                "[dependencies]\na = \"1\"\n",
                "[dependencies]\na = \"2\"\n"
            ),
            ["a Some(\"1\") Some(\"2\")"]
        );
        assert_eq!(
            told("package.json", "{}", "{\"dependencies\":{\"b\":\"^1\"}}"),
            ["b None Some(\"^1\")"]
        );
        assert_eq!(
            told(
                "pyproject.toml",
                "",
                "[project]\ndependencies = [\"c[x] >= 2\"]\n"
            ),
            ["c None Some(\"[x] >= 2\")"]
        );
        assert_eq!(
            told("go.mod", "", "require (\n\t// why\n\tm v1 // indirect\n)\n"),
            ["m None Some(\"v1\")"]
        );
        assert_eq!(
            told("Cargo.toml", "", "[workspace.dependencies]\nf = \"1\"\n"),
            ["f None Some(\"1\")"]
        );
        assert_eq!(
            told(
                "setup.cfg",
                "",
                "[options]\ninstall_requires =\n  d>1\n  e\n"
            ),
            ["d None Some(\">1\")", "e None Some(\"any\")"]
        );
    }

    #[test]
    fn build_programs_are_searched_for_calls() {
        assert_eq!(
            told(
                "configure.ac",
                "",
                "PKG_CHECK_MODULES([X], [libfoo >= 1.2])\n"
            ),
            ["libfoo None Some(\">= 1.2\")"]
        );
        assert_eq!(
            told("meson.build", "", "x = dependency('zlib')\n"),
            ["zlib None Some(\"any\")"]
        );
        assert_eq!(
            told("CMakeLists.txt", "", "find_package(OpenSSL REQUIRED)\n"),
            ["OpenSSL None Some(\"any\")"]
        );
    }

    #[test]
    fn another_licence_is_told() {
        let old = tree(&[
            ("a.c", "// SPDX-License-Identifier: MIT\n"),
            ("COPYING", "a\n"),
        ]);
        let new = tree(&[
            ("a.c", "/* SPDX-License-Identifier: GPL-2.0-only */\n"),
            ("COPYING", "b\n"),
        ]);
        let told: Vec<String> = licence_changes(&Comparison::of(&old, &new))
            .into_iter()
            .map(|it| it.says)
            .collect();
        assert_eq!(
            told,
            [
                "licence text changed: +1 -1 lines",
                "MIT became GPL-2.0-only"
            ]
        );
    }
}
