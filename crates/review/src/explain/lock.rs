//! Lock files by what they mean: which packages, which versions, from where, with which checksum.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Explanation, Reason, explanation};
use crate::tree::File;

/// Longer files are not read.
const AT_MOST: usize = 16 << 20;

/// A package that a lock file pins.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Locked {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it is fetched from, if the file says so.
    pub source: String,
    /// What it has to hash to, if the file says so.
    pub checksum: String,
}

/// What a change of a lock file means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockChange {
    /// The package.
    pub name: String,
    /// What happened to it.
    pub what: LockChangeKind,
    /// Version, source or checksum before.
    pub old: String,
    /// The same after.
    pub new: String,
}

/// What happened to a locked package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another version.
    Version,
    /// The same version comes from elsewhere.
    Source,
    /// The same version has to hash to something else.
    Checksum,
}

/// The packages of a lock file; none if it is no lock file that can be read whole.
pub fn read(path: &[u8], bytes: &[u8]) -> Option<BTreeSet<Locked>> {
    let base = path.rsplit(|byte| *byte == b'/').next()?;
    if bytes.len() > AT_MOST {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let packages = match base {
        b"Cargo.lock" | b"poetry.lock" | b"uv.lock" => from_toml(text)?,
        b"package-lock.json" | b"npm-shrinkwrap.json" => from_npm(text)?,
        b"composer.lock" => from_composer(text)?,
        b"yarn.lock" => from_yarn(text),
        b"go.sum" => from_go(text)?,
        b"Gemfile.lock" => from_gems(text),
        _ => return None,
    };
    // One that has text and no packages is not understood.
    (!packages.is_empty() || text.len() < 200).then_some(packages)
}

/// What changed between two lists of packages.
pub fn changes(old: &BTreeSet<Locked>, new: &BTreeSet<Locked>) -> Vec<LockChange> {
    let by_name = |all: &BTreeSet<Locked>| {
        let mut map: BTreeMap<String, Vec<Locked>> = BTreeMap::new();
        for locked in all {
            map.entry(locked.name.clone())
                .or_default()
                .push(locked.clone());
        }
        map
    };
    let (old, new) = (by_name(old), by_name(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let empty = Vec::new();
    let mut changes = Vec::new();
    for name in names {
        let before = old.get(name).unwrap_or(&empty);
        let after = new.get(name).unwrap_or(&empty);
        of_name(name, before, after, &mut changes);
    }
    changes
}

/// Several versions of a package may be locked at once.
fn of_name(name: &str, before_all: &[Locked], after: &[Locked], changes: &mut Vec<LockChange>) {
    let mut change = |what, old: &str, new: &str| {
        changes.push(LockChange {
            name: name.to_owned(),
            what,
            old: old.to_owned(),
            new: new.to_owned(),
        });
    };
    let (mut gone, mut come): (Vec<&Locked>, Vec<&Locked>) = (Vec::new(), Vec::new());
    // Both sides are in the order of their versions.
    let (mut before, mut after) = (before_all.iter().peekable(), after.iter().peekable());
    while let (Some(old), Some(new)) = (before.peek(), after.peek()) {
        match old.version.cmp(&new.version) {
            Ordering::Less => gone.extend(before.next()),
            Ordering::Greater => come.extend(after.next()),
            Ordering::Equal => {
                if old.source != new.source {
                    change(LockChangeKind::Source, &old.source, &new.source);
                }
                if old.checksum != new.checksum {
                    change(LockChangeKind::Checksum, &old.checksum, &new.checksum);
                }
                before.next();
                after.next();
            }
        }
    }
    gone.extend(before);
    come.extend(after);
    // One more entry of a version that was there before would do in place of the first.
    let known: HashMap<&str, &Locked> = before_all
        .iter()
        .map(|old| (old.version.as_str(), old))
        .collect();
    come.retain(|new| {
        let Some(old) = known.get(new.version.as_str()) else {
            return true;
        };
        if old.source == new.source {
            change(LockChangeKind::Checksum, &old.checksum, &new.checksum);
        } else {
            change(LockChangeKind::Source, &old.source, &new.source);
        }
        false
    });
    let mut come = come.into_iter();
    for old in gone {
        match come.next() {
            Some(new) => change(LockChangeKind::Version, &old.version, &new.version),
            None => change(LockChangeKind::Removed, &old.version, ""),
        }
    }
    for new in come {
        change(LockChangeKind::Added, "", &new.version);
    }
}

/// A lock file whose packages can be told folds, unless the same version hashes to something else
/// or comes from elsewhere: that has to be read.
pub(super) fn explain(file: &File, old: Option<&File>) -> Option<Explanation> {
    let new = read(&file.path, &file.content.bytes)?;
    let Some(old) = old else {
        let says = format!("{} packages", new.len());
        return Some(explanation(Reason::LockFile, &says));
    };
    let old = read(&old.path, &old.content.bytes)?;
    let changes = changes(&old, &new);
    let count = |kind| changes.iter().filter(|change| change.what == kind).count();
    if count(LockChangeKind::Checksum) + count(LockChangeKind::Source) > 0 {
        return None;
    }
    let says = format!(
        "{} packages came, {} went, {} have another version",
        count(LockChangeKind::Added),
        count(LockChangeKind::Removed),
        count(LockChangeKind::Version),
    );
    Some(explanation(Reason::LockFile, &says))
}

/// The way of Cargo, Poetry and uv: an array of tables `package`.
fn from_toml(text: &str) -> Option<BTreeSet<Locked>> {
    let document: toml::Table = text.parse().ok()?;
    let packages = document.get("package")?.as_array()?;
    let field = |package: &toml::Value, name: &str| match package.get(name) {
        Some(toml::Value::String(text)) => text.clone(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    };
    // Cargo until 2020 and Poetry until 2022 had the hashes of all packages in a table of their
    // own.
    let metadata = document.get("metadata");
    let files = metadata.and_then(|metadata| metadata.get("files"));
    let apart = |table: Option<&toml::Value>, name: &str| {
        table.map_or_else(String::new, |table| field(table, name))
    };
    let locked = |package: &toml::Value| {
        let text = |name: &str| field(package, name);
        let (name, version, source) = (text("name"), text("version"), text("source"));
        // Poetry and uv list files with their hashes.
        let mut checksum: String = ["checksum", "files", "sdist", "wheels"].map(text).concat();
        checksum += &apart(metadata, &format!("checksum {name} {version} ({source})"));
        checksum += &apart(files, &name);
        Locked {
            name,
            version,
            source,
            checksum,
        }
    };
    Some(packages.iter().map(locked).collect())
}

/// Text of a field of JSON.
fn text_of(value: &Value, name: &str) -> String {
    let field = value.get(name).and_then(Value::as_str);
    field.unwrap_or_default().to_owned()
}

/// The packages of both forms: `packages` by their paths, and `dependencies` within one another,
/// which npm before version 7 reads.
fn from_npm(text: &str) -> Option<BTreeSet<Locked>> {
    let document: Value = serde_json::from_str(text).ok()?;
    let list = |name: &str| document.get(name).and_then(Value::as_object);
    let (packages, dependencies) = (list("packages"), list("dependencies"));
    if packages.is_none() && dependencies.is_none() {
        return None;
    }
    // The empty path is the project itself.
    let fetched = packages.into_iter().flatten();
    let fetched = fetched.filter(|(path, _)| !path.is_empty());
    let mut all: BTreeSet<Locked> = fetched
        .map(|(path, package)| {
            let name = path.rsplit("node_modules/").next().unwrap_or(path);
            of_npm(name, package)
        })
        .collect();
    let mut levels = vec![dependencies];
    while let Some(level) = levels.pop() {
        for (name, package) in level.into_iter().flatten() {
            all.insert(of_npm(name, package));
            levels.push(package.get("dependencies").and_then(Value::as_object));
        }
    }
    Some(all)
}

fn of_npm(name: &str, package: &Value) -> Locked {
    Locked {
        name: name.to_owned(),
        version: text_of(package, "version"),
        source: text_of(package, "resolved"),
        checksum: text_of(package, "integrity"),
    }
}

fn from_composer(text: &str) -> Option<BTreeSet<Locked>> {
    let document: Value = serde_json::from_str(text).ok()?;
    let lists = ["packages", "packages-dev"];
    let packages = lists
        .iter()
        .filter_map(|list| document.get(list)?.as_array());
    let none = Value::Null;
    let locked = |package: &Value| {
        let dist = package.get("dist").unwrap_or(&none);
        Locked {
            name: text_of(package, "name"),
            version: text_of(package, "version"),
            source: text_of(dist, "url"),
            checksum: text_of(dist, "shasum"),
        }
    };
    Some(packages.flatten().map(locked).collect())
}

/// Entries that begin at the margin with what was asked for, and fields below.
fn from_yarn(text: &str) -> BTreeSet<Locked> {
    let mut all = BTreeSet::new();
    let mut current = Locked::default();
    let unquoted = |text: &str| text.trim().trim_matches('"').to_owned();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if !line.starts_with(' ') {
            if !current.version.is_empty() {
                all.insert(std::mem::take(&mut current));
            }
            let asked = line.trim_start_matches('"');
            // A scope's `@` is part of the name.
            let at = asked.char_indices().skip(1).find(|(_, c)| *c == '@');
            let name = at.map_or("", |(at, _)| &asked[..at]);
            current = Locked {
                name: name.to_owned(),
                ..Locked::default()
            };
            continue;
        }
        let (key, value) = line
            .trim()
            .split_once([' ', ':'])
            .unwrap_or((line.trim(), ""));
        match key.trim_end_matches(':') {
            "version" => current.version = unquoted(value),
            "resolved" | "resolution" => current.source = unquoted(value),
            "integrity" | "checksum" => current.checksum = unquoted(value),
            _ => {}
        }
    }
    if !current.version.is_empty() {
        all.insert(current);
    }
    all
}

fn from_go(text: &str) -> Option<BTreeSet<Locked>> {
    let locked = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, version, checksum) = (words.next()?, words.next()?, words.next()?);
        Some(Locked {
            name: name.to_owned(),
            version: version.to_owned(),
            source: String::new(),
            checksum: checksum.to_owned(),
        })
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(locked).collect()
}

/// `    name (version)` below a `remote:`; checksums in a part of their own.
fn from_gems(text: &str) -> BTreeSet<Locked> {
    let mut source = String::new();
    let mut part = "";
    let mut all: BTreeMap<(String, String), Locked> = BTreeMap::new();
    for line in text.lines() {
        if !line.starts_with(' ') {
            part = line;
            continue;
        }
        if let Some(remote) = line.trim().strip_prefix("remote: ") {
            remote.clone_into(&mut source);
        }
        // The commit of a repository stands behind its address.
        if let Some(revision) = line.trim().strip_prefix("revision: ") {
            source = format!("{source}#{revision}");
        }
        let gem = line
            .strip_prefix("    ")
            .or(line.strip_prefix("  ").filter(|_| part == "CHECKSUMS"));
        let Some((name, rest)) = gem
            .filter(|gem| !gem.starts_with(' '))
            .and_then(|gem| gem.split_once(" ("))
        else {
            continue;
        };
        let (version, checksum) = rest.split_once(')').unwrap_or((rest, ""));
        let locked = all
            .entry((name.to_owned(), version.to_owned()))
            .or_insert_with(|| Locked {
                name: name.to_owned(),
                version: version.to_owned(),
                source: source.clone(),
                checksum: String::new(),
            });
        if part == "CHECKSUMS" {
            checksum.trim().clone_into(&mut locked.checksum);
        }
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, old: &str, new: &str) -> Vec<String> {
        let read = |text: &str| read(path.as_bytes(), text.as_bytes()).unwrap();
        changes(&read(old), &read(new))
            .iter()
            .map(|it| format!("{} {:?} {} {}", it.name, it.what, it.old, it.new))
            .collect()
    }

    #[test]
    fn cargos_packages_are_compared_by_version_and_checksum() {
        let package = |version: &str, sum: &str| {
            format!("[[package]]\nname = \"a\"\nversion = \"{version}\"\nchecksum = \"{sum}\"\n")
        };
        let old = package("1.0.0", "aa");
        assert_eq!(
            told("Cargo.lock", &old, &package("1.1.0", "bb")),
            ["a Version 1.0.0 1.1.0"]
        );
        assert_eq!(
            told("Cargo.lock", &old, &package("1.0.0", "bb")),
            ["a Checksum aa bb"]
        );
    }

    #[test]
    fn npms_packages_are_compared_by_address() {
        let lock = |host: &str| {
            format!(
                "{{\"packages\":{{\"\":{{}},\"node_modules/a\":{{\"version\":\"1\",\
                 \"resolved\":\"https://{host}/a/-/a-1.tgz\",\"integrity\":\"x\"}}}}}}"
            )
        };
        assert_eq!(
            told(
                "package-lock.json",
                &lock("one.example"),
                &lock("two.example")
            ),
            ["a Source https://one.example/a/-/a-1.tgz https://two.example/a/-/a-1.tgz"]
        );
    }

    #[test]
    fn other_lists_are_read() {
        let yarn = "\"@s/a@^1\":\n  version \"1.0\"\n  resolved \"https://h/x\"\n  integrity i\n";
        assert_eq!(told("yarn.lock", "", yarn), ["@s/a Added  1.0"]);
        assert_eq!(
            told("go.sum", "m v1 h1:a=\n", "m v1 h1:b=\n"),
            ["m Checksum h1:a= h1:b="]
        );
        let gems = "GEM\n  remote: https://r/\n  specs:\n    a (1.0)\n      b (~> 1)\n";
        assert_eq!(told("Gemfile.lock", "", gems), ["a Added  1.0"]);
    }

    type Lock<'l> = &'l dyn Fn(&str) -> String;

    #[test]
    fn other_sources_and_sums_of_a_version_are_seen_wherever_they_stand() {
        let nested = |sum: &str| {
            let inner = format!("\"b\":{{\"version\":\"1\",\"integrity\":\"{sum}\"}}");
            format!(
                "{{\"dependencies\":{{\"a\":{{\"version\":\"1\",\"dependencies\":{{{inner}}}}}}},\
                 \"packages\":{{}}}}"
            )
        };
        let git = |commit: &str| {
            format!(
                "{{\"packages\":{{\"node_modules/b\":{{\"version\":\"1\",\
                 \"resolved\":\"git+ssh://git@h/b.git#{commit}\"}}}}}}"
            )
        };
        let composer = |commit: &str| {
            format!(
                "{{\"packages\":[{{\"name\":\"b\",\"version\":\"1\",\"dist\":{{\
                 \"url\":\"https://h/zip/{commit}\",\"shasum\":\"\"}}}}]}}"
            )
        };
        let gems = |commit: &str| {
            format!("GIT\n  remote: https://h/b\n  revision: {commit}\n  specs:\n    b (1)\n")
        };
        let package = "[[package]]\nname = \"b\"\nversion = \"1\"\nsource = \"s\"\n";
        let cargo = |sum: &str| format!("{package}[metadata]\n\"checksum b 1 (s)\" = \"{sum}\"\n");
        let poetry = |sum: &str| format!("{package}[metadata.files]\nb = [{{hash = \"{sum}\"}}]\n");
        let yarn = |commit: &str| {
            format!("\"b@x\":\n  version: 1\n  resolution: \"b@https://h/b#commit={commit}\"\n")
        };
        let cases: [(&str, Lock<'_>, &str); 7] = [
            ("package-lock.json", &nested, "b Checksum"),
            ("package-lock.json", &git, "b Source"),
            ("composer.lock", &composer, "b Source"),
            ("Gemfile.lock", &gems, "b Source"),
            ("Cargo.lock", &cargo, "b Checksum"),
            ("poetry.lock", &poetry, "b Checksum"),
            ("yarn.lock", &yarn, "b Source"),
        ];
        for (path, lock, expected) in cases {
            let found = told(path, &lock("one"), &lock("two"));
            let [one] = &found[..] else {
                panic!("{path}: {found:?}");
            };
            assert!(one.starts_with(expected), "{path}: {one}");
        }
    }

    #[test]
    fn one_more_sum_for_a_version_is_another_sum() {
        let both = "m v1 h1:a=\nm v1 h1:b=\n";
        assert_eq!(
            told("go.sum", "m v1 h1:a=\n", both),
            ["m Checksum h1:a= h1:b="]
        );
    }

    #[test]
    fn a_name_with_very_many_versions_takes_no_longer() {
        let lock = |from: u32| {
            (from..from + 60_000).fold(String::new(), |text, n| text + &format!("m v{n} h1:a=\n"))
        };
        let changes = told("go.sum", &lock(100_000), &lock(200_000));
        assert_eq!(changes.len(), 60_000);
    }

    #[test]
    fn what_cannot_be_read_is_none() {
        assert_eq!(read(b"Cargo.lock", b"[["), None);
        assert_eq!(read(b"README", b""), None);
    }
}
