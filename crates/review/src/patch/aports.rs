//! An APKBUILD as a recipe.

use bstr::{BStr, ByteSlice};
use palisade_formats::apkbuild::{self, Apkbuild, Listed};

use super::recipe::{Recipe, Source, System};

/// Reads what an APKBUILD says, if it is one. Nothing of it runs.
pub(super) fn recipe(path: &BStr, text: &str) -> Option<Recipe> {
    let build = Apkbuild::parse(text);
    let folder = path
        .rsplit_str("/")
        .nth(1)
        .map(|name| name.to_str_lossy().into_owned());
    let name = build.name.clone().or_else(|| folder.clone())?;
    let sources: Vec<Source> = build
        .recipe
        .sources
        .iter()
        .map(|it| source(it, text))
        .collect();
    let patches = build
        .recipe
        .sources
        .iter()
        .filter(|source| source.is_patch());
    Some(Recipe {
        system: System::Alpine,
        key: folder.unwrap_or_else(|| name.clone()),
        name,
        line: line_of(text, "pkgname="),
        version: build.version,
        release: build.release,
        patches: patches.map(|source| source.name.clone()).collect(),
        sources,
        inherits: None,
        replacement: None,
        inputs: inputs(text),
        without_tests: without_tests(text),
        fixes: fixes(&build.secfixes),
    })
}

fn source(source: &apkbuild::Source, text: &str) -> Source {
    let method = match source.url.as_deref() {
        None => "file",
        Some(url) if url.starts_with("git") => "git",
        Some(_) => "url",
    };
    // Where its digest stands is where a change of it shows.
    let line = source
        .hash
        .as_ref()
        .map_or(0, |hash| line_of(text, &hash.hex));
    Source {
        name: source.name.clone(),
        method: method.to_owned(),
        urls: source.url.iter().cloned().collect(),
        revision: None,
        hash: source.hash.clone(),
        line,
    }
}

/// The line in which something stands, from 1; 0 where it does not.
pub(super) fn line_of(text: &str, what: &str) -> u32 {
    let at = text.lines().position(|line| line.contains(what));
    at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(0)
}

/// The words of `depends`, `makedepends` and `checkdepends` that stand there plainly.
fn inputs(text: &str) -> Vec<String> {
    let mut inputs = Vec::new();
    let mut within = false;
    for line in text.lines() {
        let line = line.trim();
        let value = match line.split_once("depends") {
            Some((_, rest)) if !within && !line.starts_with('#') => {
                let rest = rest.split_once('=').map(|(_, value)| value);
                rest.and_then(|value| value.strip_prefix('"'))
            }
            _ => None,
        };
        let Some(value) = value.or(within.then_some(line)) else {
            continue;
        };
        within = !value.contains('"');
        let words = value
            .split('"')
            .next()
            .unwrap_or_default()
            .split_ascii_whitespace();
        inputs.extend(words.filter(|word| !word.contains('$')).map(str::to_owned));
    }
    inputs.sort_unstable();
    inputs.dedup();
    inputs
}

/// Whether `options` has `!check`.
pub(super) fn without_tests(text: &str) -> bool {
    let options = text
        .lines()
        .map(str::trim)
        .filter_map(|line| line.strip_prefix("options="));
    options
        .flat_map(|value| value.split(['"', ' ', '\'']))
        .any(|word| word == "!check")
}

pub(super) fn fixes(secfixes: &apkbuild::Secfixes) -> Vec<(String, String)> {
    let entries = secfixes.entries.iter();
    let fixes = entries.flat_map(|entry| {
        let ids = entry.items.iter().map(Listed::without_comment);
        ids.flat_map(str::split_ascii_whitespace)
            .map(|id| (entry.version.clone(), id.to_owned()))
    });
    fixes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apkbuild_is_read_without_running_it() {
        let sum = "a".repeat(128);
        let text = format!(
            "# Maintainer: A <a@example.org>\npkgname=hello\npkgver=1.2\npkgrel=3\n\
             makedepends=\"autoconf\n\tautomake\n\t\"\noptions=\"!check net\"\n\
             source=\"https://example.org/$pkgname-$pkgver.tar.gz\n\tCVE-2026-1.patch\n\t\"\n\
             # secfixes:\n#   1.2-r3:\n#     - CVE-2026-1\n\
             sha512sums=\"\n{sum}  hello-1.2.tar.gz\n\"\n"
        );
        let recipe = recipe("main/hello/APKBUILD".into(), &text).unwrap();
        assert_eq!(recipe.version.as_deref(), Some("1.2"));
        assert_eq!(
            recipe.sources[0].urls,
            ["https://example.org/hello-1.2.tar.gz"]
        );
        assert_eq!(recipe.sources[0].hash.as_ref().unwrap().hex, sum);
        assert_eq!(recipe.patches, ["CVE-2026-1.patch"]);
        assert_eq!(recipe.inputs, ["autoconf", "automake"]);
        assert_eq!(
            recipe.fixes,
            [("1.2-r3".to_owned(), "CVE-2026-1".to_owned())]
        );
        assert!(recipe.without_tests);
    }
}
