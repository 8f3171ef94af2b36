//! What an APKBUILD says of the package, from what its variables hold.

use std::collections::{HashMap, HashSet};

use palisade_model::Hash;

use super::shell::{Script, Value};
use crate::secdb::is_package_name;

/// Words of a list that are kept.
const MOST_WORDS: usize = 10_000;

/// What is said of the package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipe {
    /// `pkgdesc`.
    pub description: Option<String>,
    /// `url`.
    pub url: Option<String>,
    /// `license`.
    pub license: Option<String>,
    /// Whoever maintains it: the variable, or else the comment `# Maintainer:`.
    pub maintainer: Option<String>,
    /// `arch`.
    pub architectures: Vec<String>,
    /// The names of `subpackages`.
    pub subpackages: Vec<String>,
    /// `source`, with its checksums.
    pub sources: Vec<Source>,
    /// What could not be told.
    pub untold: Vec<Untold>,
}

/// An entry of `source`. What could not be told of it stands there as written: `$CARCH.tar.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file's name.
    pub name: String,
    /// The address from which it is fetched; none where the file lies beside the APKBUILD.
    pub url: Option<String>,
    /// Its SHA-512, or SHA-256.
    pub hash: Option<Hash>,
}

/// Something that could not be told without running the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The line that sets it, or 0.
    pub line: u64,
    /// The variable; empty where it is the script as a whole.
    pub variable: &'static str,
    /// Why.
    pub reason: &'static str,
}

impl Source {
    fn of(entry: &str) -> Self {
        let (name, url) = match entry.split_once("::") {
            Some((name, url)) => (name, Some(url)),
            None if entry.contains("://") => {
                (entry.rsplit('/').next().unwrap_or(entry), Some(entry))
            }
            None => (entry, None),
        };
        Self {
            name: name.to_owned(),
            url: url.map(str::to_owned),
            hash: None,
        }
    }

    /// Whether it is a patch, by its name. abuild applies those that end in `.patch`.
    pub fn is_patch(&self) -> bool {
        let name = self
            .name
            .strip_suffix(".gz")
            .or(self.name.strip_suffix(".xz"));
        let name = name.unwrap_or(&self.name);
        matches!(name.rsplit_once('.'), Some((_, "patch" | "diff")))
    }
}

/// Reads the variables of a script that were looked for, and notes what is doubtful.
pub(super) struct Fields<'a> {
    script: &'a Script,
    pub(super) untold: Vec<Untold>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(script: &'a Script) -> Self {
        let untold = script.doubts.iter().map(|doubt| Untold {
            line: doubt.line,
            variable: "",
            reason: doubt.reason.words(),
        });
        Self {
            script,
            untold: untold.collect(),
        }
    }

    fn get(&mut self, variable: &'static str) -> Option<&'a Value> {
        let value = self.script.get(variable)?;
        if let Some(doubt) = value.doubt {
            self.untold.push(Untold {
                line: doubt.line,
                variable,
                reason: doubt.reason.words(),
            });
        }
        Some(value)
    }

    /// A variable's text, when it is certain and not empty.
    pub(super) fn text(&mut self, variable: &'static str) -> Option<String> {
        let value = self.get(variable).filter(|value| value.doubt.is_none())?;
        let text = value
            .text
            .split_ascii_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        (!text.is_empty()).then_some(text)
    }

    /// The words of a list, each once.
    fn words(&mut self, variable: &'static str) -> Vec<&'a str> {
        let text = self.get(variable).map_or("", |value| &value.text);
        let mut seen = HashSet::new();
        let words = text
            .split_ascii_whitespace()
            .filter(|word| seen.insert(*word));
        words.take(MOST_WORDS).collect()
    }

    /// All that is said of the package.
    pub(super) fn recipe(mut self, text: &str) -> Recipe {
        let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
        Recipe {
            description: self.text("pkgdesc"),
            url: self.text("url"),
            license: self.text("license"),
            maintainer: self.text("maintainer").or_else(|| maintainer(text)),
            architectures: owned(self.words("arch")),
            subpackages: self.subpackages(),
            sources: self.sources(),
            untold: self.untold,
        }
    }

    fn subpackages(&mut self) -> Vec<String> {
        let words = self.words("subpackages").into_iter();
        let names = words.filter_map(|word| word.split(':').next());
        let is_name = |name: &&str| is_package_name(name) || name.contains('$');
        names.filter(is_name).map(str::to_owned).collect()
    }

    fn sources(&mut self) -> Vec<Source> {
        let mut sums = HashMap::new();
        for (variable, algorithm, digits) in
            [("sha256sums", "sha256", 64), ("sha512sums", "sha512", 128)]
        {
            let text = self.script.get(variable).map_or("", |value| &value.text);
            let mut words = text.split_ascii_whitespace();
            while let (Some(sum), Some(name)) = (words.next(), words.next()) {
                if sum.len() == digits && sum.bytes().all(|b| b.is_ascii_hexdigit()) {
                    let hex = sum.to_ascii_lowercase();
                    let algorithm = algorithm.to_owned();
                    sums.insert(name, Hash { algorithm, hex });
                }
            }
        }
        let sources = self.words("source").into_iter().map(Source::of);
        let with_sum = |source: Source| Source {
            hash: sums.remove(&*source.name),
            ..source
        };
        let mut sources: Vec<Source> = sources.map(with_sum).collect();
        if !self.script.doubts.is_empty() {
            // A function may have added to the list; abuild has a sum for each file.
            let mut more: Vec<_> = sums.into_iter().collect();
            more.sort_unstable_by_key(|(name, _)| *name);
            sources.extend(more.into_iter().map(|(name, hash)| Source {
                name: name.to_owned(),
                url: None,
                hash: Some(hash),
            }));
        }
        sources
    }
}

/// Whom the comment at the top names.
fn maintainer(text: &str) -> Option<String> {
    let mut lines = text
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with('#'));
    let comment = lines.find_map(|line| {
        let comment = line.trim_start_matches('#').trim_start();
        comment.strip_prefix("Maintainer:")
    });
    let name = comment?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
