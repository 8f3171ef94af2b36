//! The rule file: what a person writes and reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::scan::{Language, Role};
use crate::signal::{Severity, Specificity};

/// A rule file is not larger than this.
const LARGEST: usize = 1 << 20;

/// Rules of one family, with the digest of the file that they were read from.
#[derive(Clone, Debug)]
pub struct Pack {
    /// What the file calls itself.
    pub name: String,
    /// Raised when a rule of it changes.
    pub version: u32,
    /// BLAKE3 of the file, in hexadecimal.
    pub digest: String,
    /// In the file's order.
    pub rules: Vec<Rule>,
}

/// One thing to look for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Stands in reports and suppressions; never reused for something else.
    pub id: String,
    /// What kind of thing it is about.
    pub family: String,
    /// What a hit asks of a reader, unless the place says otherwise.
    #[serde(deserialize_with = "severity")]
    pub severity: Severity,
    /// How seldom it meets something harmless.
    #[serde(deserialize_with = "specificity")]
    pub specificity: Specificity,
    /// One line: what was found.
    pub message: String,
    /// Why it matters, for somebody who does not know the trick.
    pub why: String,
    /// True where the program looks by itself, not by a pattern.
    #[serde(default)]
    pub detector: bool,
    /// What to look for: any of these.
    #[serde(default, rename = "match")]
    pub matches: Vec<Match>,
    /// Changes that it must find.
    #[serde(default, rename = "example")]
    pub examples: Vec<Example>,
    /// Changes of which it must not say more than a note.
    #[serde(default, rename = "counter_example")]
    pub counter_examples: Vec<Example>,
}

/// One pattern, and where it counts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The severity for each role in which it looks at all.
    #[serde(rename = "in", deserialize_with = "severities")]
    pub places: BTreeMap<Role, Severity>,
    /// Only in these languages; any when empty.
    #[serde(default)]
    pub languages: Vec<Language>,
    /// Only in files that one of these patterns names; any when empty.
    #[serde(default)]
    pub paths: Vec<String>,
    /// And none of these.
    #[serde(default)]
    pub except_paths: Vec<String>,
    /// One of these words, in any case, stands in the line: what makes looking cheap.
    pub words: Vec<String>,
    /// What the line says, as a regular expression without regard to case.
    pub pattern: String,
    /// What the line must not say.
    #[serde(default)]
    pub unless: Option<String>,
    /// What else the file must say somewhere.
    #[serde(default)]
    pub with: Option<String>,
    /// What has to stand on the same line as well.
    #[serde(default)]
    pub with_line: Option<String>,
    /// True where the case of letters counts.
    #[serde(default)]
    pub case: bool,
    /// True where a file below a directory of tests is left out.
    #[serde(default)]
    pub outside_tests: bool,
    /// True where comments are looked at too.
    #[serde(default)]
    pub comments: bool,
}

/// A change of one file, or of several, that shows what a rule is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The file.
    pub path: String,
    /// Before; none when it was added.
    #[serde(default)]
    pub old: Option<String>,
    /// After; none when it was removed.
    #[serde(default)]
    pub new: Option<String>,
    /// After, in hexadecimal, for what is no text; repeated `times`.
    #[serde(default)]
    pub hex: Option<String>,
    /// Before, in hexadecimal.
    #[serde(default)]
    pub old_hex: Option<String>,
    /// Permission bits after, `0o644` unless said.
    #[serde(default)]
    pub mode: Option<u32>,
    /// Permission bits before.
    #[serde(default)]
    pub old_mode: Option<u32>,
    /// Other files of the same change.
    #[serde(default)]
    pub also: Vec<Example>,
}

/// Why a rule file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// Not the form of a rule file.
    #[error("rule file {file}: {reason}")]
    File {
        /// Its name.
        file: String,
        /// What is wrong, with the line.
        reason: String,
    },
    /// One rule cannot be used.
    #[error("rule file {file}, rule {rule}: {reason}")]
    Rule {
        /// The file's name.
        file: String,
        /// The rule's id.
        rule: String,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackFile {
    name: String,
    version: u32,
    #[serde(rename = "rule")]
    rules: Vec<Rule>,
}

impl Pack {
    /// Reads the rule file called `file`.
    pub fn parse(file: &str, text: &str) -> Result<Self, RuleError> {
        let broken = |reason: String| RuleError::File {
            file: file.to_owned(),
            reason,
        };
        if text.len() > LARGEST {
            return Err(broken(format!("is larger than {LARGEST} bytes")));
        }
        let read: PackFile = toml::from_str(text).map_err(|error| broken(error.to_string()))?;
        for rule in &read.rules {
            check(rule).map_err(|reason| RuleError::Rule {
                file: file.to_owned(),
                rule: rule.id.clone(),
                reason,
            })?;
        }
        let mut ids: Vec<&str> = read.rules.iter().map(|rule| rule.id.as_str()).collect();
        ids.sort_unstable();
        if let Some(twice) = ids
            .iter()
            .zip(ids.iter().skip(1))
            .find(|(one, next)| one == next)
        {
            return Err(broken(format!("has the rule {} twice", twice.0)));
        }
        let digest = blake3::hash(text.as_bytes()).to_hex().to_string();
        Ok(Self {
            name: read.name,
            version: read.version,
            digest,
            rules: read.rules,
        })
    }
}

fn check(rule: &Rule) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if rule.id.is_empty() || rule.id.len() > 64 || !rule.id.chars().all(plain) {
        return Err("an id has lower-case letters, digits and hyphens, 64 at most".into());
    }
    if rule.message.trim().is_empty() || rule.why.trim().is_empty() {
        return Err("says neither what it found nor why that matters".into());
    }
    if rule.detector && !rule.matches.is_empty() {
        return Err("has patterns, but says that the program looks by itself".into());
    }
    if !rule.detector && rule.matches.is_empty() {
        return Err("has nothing to look for".into());
    }
    if rule.examples.is_empty() || rule.counter_examples.is_empty() {
        return Err("needs an example and a counter-example".into());
    }
    for pattern in &rule.matches {
        if pattern.words.is_empty() || pattern.words.iter().any(String::is_empty) {
            return Err("each pattern needs words".into());
        }
        if pattern
            .words
            .iter()
            .any(|word| word.chars().any(|c| c.is_ascii_uppercase()))
        {
            return Err("words are in lower case".into());
        }
        if pattern.places.is_empty() {
            return Err("a pattern says in which places it counts".into());
        }
    }
    Ok(())
}

/// The rules that come with Palisade.
pub fn builtin() -> Result<Vec<Pack>, RuleError> {
    BUILTIN
        .iter()
        .map(|(file, text)| Pack::parse(file, text))
        .collect()
}

macro_rules! packs {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../rules/", $name)))),*]
    };
}

const BUILTIN: &[(&str, &str)] = packs![
    "binary.toml",
    "build.toml",
    "ci.toml",
    "conditions.toml",
    "dependencies.toml",
    "execution.toml",
    "hidden.toml",
    "hooks.toml",
    "keys.toml",
    "network.toml",
    "obfuscation.toml",
    "repository.toml",
    "theft.toml",
    "weakening.toml",
];

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Note,
    Warning,
    Critical,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Note => Self::Note,
            Level::Warning => Self::Warning,
            Level::Critical => Self::Critical,
        }
    }
}

fn severity<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Severity, D::Error> {
    Level::deserialize(deserializer).map(Into::into)
}

fn severities<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Role, Severity>, D::Error> {
    let levels: BTreeMap<Role, Level> = BTreeMap::deserialize(deserializer)?;
    Ok(levels
        .into_iter()
        .map(|(role, level)| (role, level.into()))
        .collect())
}

fn specificity<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Specificity, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        Low,
        Medium,
        High,
    }
    Ok(match Level::deserialize(deserializer)? {
        Level::Low => Specificity::Low,
        Level::Medium => Specificity::Medium,
        Level::High => Specificity::High,
    })
}
