//! What a recipe says a package is made of, whichever distribution's it is.

use bstr::{BStr, BString, ByteSlice};
use palisade_model::Hash;
use serde::{Deserialize, Serialize};

use super::{Patch, Touched, aports, guix, hunks};

/// Whose recipe it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// A package definition of Guix.
    Guix,
    /// An APKBUILD of aports.
    Alpine,
}

/// What a recipe says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Whose it is.
    pub system: System,
    /// What distinguishes it within its file: Guix's variable, aports' package.
    pub key: String,
    /// The package's name.
    pub name: String,
    /// The line in which it begins, from 1.
    pub line: u32,
    /// The version, as far as it can be told without running anything.
    pub version: Option<String>,
    /// aports' `pkgrel`.
    pub release: Option<String>,
    /// What it is built from, the main source first.
    pub sources: Vec<Source>,
    /// Patches that it applies, by file name.
    pub patches: Vec<String>,
    /// The variable that it inherits from.
    pub inherits: Option<String>,
    /// The variable that is grafted in its place.
    pub replacement: Option<String>,
    /// Inputs by name.
    pub inputs: Vec<String>,
    /// Whether it is built without its tests.
    pub without_tests: bool,
    /// What its comment says that it fixed: version and vulnerability.
    pub fixes: Vec<(String, String)>,
}

/// Something that a package is built from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file's name, or the repository's.
    pub name: String,
    /// How it is got: `url`, `git`, `file` …
    pub method: String,
    /// Where from; the first one counts, the others are mirrors.
    pub urls: Vec<String>,
    /// The commit or tag of a repository.
    pub revision: Option<String>,
    /// What it has to be.
    pub hash: Option<Hash>,
    /// In which line it stands, from 1; 0 where that is not known.
    pub line: u32,
}

/// A package's recipe before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The recipe's file.
    pub path: String,
    /// Before; none for a new package.
    pub old: Option<Recipe>,
    /// After; none for one that is removed.
    pub new: Option<Recipe>,
    /// Whether only hunks were seen, so that more may be there than is told.
    pub partial: bool,
}

impl Pair {
    /// The recipe after, or before where there is none.
    pub fn recipe(&self) -> Option<&Recipe> {
        self.new.as_ref().or(self.old.as_ref())
    }
}

impl Source {
    /// The host that it is got from; for a list of mirrors, the list.
    pub fn host(&self) -> Option<&str> {
        host(self.urls.first()?)
    }

    /// Whether it lies in the distribution's own repository.
    pub fn is_beside(&self) -> bool {
        self.method == "file"
    }

    /// Whether it is a file that can be had by its digest.
    pub fn is_file(&self) -> bool {
        self.method == "url"
    }
}

/// The host of an address.
pub(super) fn host(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if scheme == "mirror" {
        return Some(&url[..scheme.len() + 3 + authority.len()]);
    }
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    (!host.is_empty()).then_some(host)
}

/// Whose recipes a file holds, by its path.
pub(super) fn system_of(path: &BStr) -> Option<System> {
    let name = path
        .rsplit_once_str("/")
        .map_or(path.as_bytes(), |(_, name)| name);
    if name == b"APKBUILD" {
        return Some(System::Alpine);
    }
    name.ends_with(b".scm").then_some(System::Guix)
}

/// The recipes of a file.
pub(super) fn recipes(system: System, path: &BStr, text: &str) -> Vec<Recipe> {
    match system {
        System::Guix => guix::recipes(text),
        System::Alpine => aports::recipe(path, text).into_iter().collect(),
    }
}

/// The recipes that patches change, told from whole files.
pub fn pairs(touched: &[Touched]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for file in touched {
        let Some(system) = system_of(file.path.as_bstr()) else {
            continue;
        };
        let read = |bytes: &Option<Vec<u8>>| {
            let text = bytes.as_ref().map(|bytes| bytes.to_str_lossy());
            text.map(|text| recipes(system, file.path.as_bstr(), &text))
                .unwrap_or_default()
        };
        pairs.extend(paired(&file.path, read(&file.before), read(&file.after)));
    }
    moved(&mut pairs);
    pairs
}

/// The recipes that patches change, as far as their hunks show them.
pub fn partial_pairs(patches: &[Patch]) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    for file in patches.iter().flat_map(|patch| &patch.files) {
        let Some(system) = system_of(file.path()) else {
            continue;
        };
        let (old, new) = hunks::recipes(system, file);
        for mut pair in paired(file.path(), old, new) {
            pair.partial = true;
            pairs.push(pair);
        }
    }
    moved(&mut pairs);
    pairs
}

/// Pairs the recipes of one file by their keys, and leaves out those that say the same.
fn paired(path: &[u8], old: Vec<Recipe>, mut new: Vec<Recipe>) -> Vec<Pair> {
    let path = BString::from(path).to_string();
    let pair = |old, new| Pair {
        path: path.clone(),
        old,
        new,
        partial: false,
    };
    let mut pairs = Vec::new();
    for old in old {
        let same = new.iter().position(|new| new.key == old.key);
        let new = same.map(|at| new.remove(at));
        if !new.as_ref().is_some_and(|new| says_the_same(&old, new)) {
            pairs.push(pair(Some(old), new));
        }
    }
    pairs.extend(new.into_iter().map(|new| pair(None, Some(new))));
    pairs
}

/// Lines are where things stand, not what they say.
fn says_the_same(old: &Recipe, new: &Recipe) -> bool {
    let still = |recipe: &Recipe| {
        let mut recipe = recipe.clone();
        recipe.line = 0;
        recipe.sources.iter_mut().for_each(|source| source.line = 0);
        recipe
    };
    still(old) == still(new)
}

/// A recipe that went from one file and came in another has moved.
fn moved(pairs: &mut Vec<Pair>) {
    let gone: Vec<Recipe> = pairs
        .iter()
        .filter(|pair| pair.new.is_none())
        .filter_map(|pair| pair.old.clone())
        .collect();
    for old in gone {
        let is_it = |pair: &Pair| {
            pair.old.is_none()
                && pair.new.as_ref().is_some_and(|new| {
                    new.system == old.system && new.name == old.name && new.key == old.key
                })
        };
        if let Some(at) = pairs.iter().position(is_it) {
            let is_gone = |pair: &Pair| pair.new.is_none() && pair.old.as_ref() == Some(&old);
            let gone = pairs.iter().position(is_gone);
            pairs[at].old = Some(old);
            gone.map(|at| pairs.remove(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_of_any_address() {
        for (url, expected) in [
            ("https://a@example.org:8080/x", Some("example.org")),
            ("mirror://gnu/hello", Some("mirror://gnu")),
            ("mirror://a\u{e9}@bc/hello", Some("mirror://a\u{e9}@bc")),
            ("https:///x", None),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }

    #[test]
    fn of_two_recipes_of_one_key_that_go_one_has_moved() {
        let recipe = |name: &str| format!("pkgname={name}\npkgver=1.0\npkgrel=0\n");
        let file = |path: &str, before: Option<&str>, after: Option<&str>| Touched {
            path: path.into(),
            before: before.map(|name| recipe(name).into_bytes()),
            after: after.map(|name| recipe(name).into_bytes()),
            ..Touched::default()
        };
        let pairs = pairs(&[
            file("community/hello/APKBUILD", Some("hello"), None),
            file("main/hello/APKBUILD", None, Some("hello")),
            file("testing/hello/APKBUILD", Some("other"), None),
        ]);
        let sides: Vec<(bool, bool)> = pairs
            .iter()
            .map(|pair| (pair.old.is_some(), pair.new.is_some()))
            .collect();
        assert_eq!(sides, [(true, true), (true, false)]);
    }
}
