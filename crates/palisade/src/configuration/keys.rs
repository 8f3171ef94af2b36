//! Which keys mean something for which type of source: one that does not is refused, since whoever wrote
//! it thinks that it does.

use std::collections::BTreeMap;

use anyhow::bail;
use serde::Deserialize;
use toml::{Spanned, Value};

/// Keys that all types have.
const ALL: &[&str] = &["name", "type", "every", "enabled"];

/// Keys of all that is asked for something.
const ASKED: &[&str] = &["hosts", "private"];

/// Keys of each type beside those that all have.
const TYPES: &[(&str, &[&[&str]])] = &[
    (
        "nvd",
        &[ASKED, &["url", "pace", "key-file", "key-environment"]],
    ),
    ("cve-list", &[ASKED, &["url"]]),
    ("osv", &[ASKED, &["url", "ecosystems"]]),
    ("documents", &[ASKED, &["document"]]),
    (
        "alpine",
        &[
            ASKED,
            &[
                "mirror",
                "secdb",
                "branches",
                "repositories",
                "architectures",
            ],
            &["index", "keys", "unsigned"],
        ],
    ),
    (
        "debian",
        &[
            ASKED,
            &["mirror", "suites", "components", "architectures", "branch"],
            &["keys", "unsigned"],
        ],
    ),
    (
        "guix",
        &[
            &["private", "repository", "git-branch", "branch"],
            &["loader", "from"],
            &["one-of", "one-in", "time-limit", "output-limit", "attempts"],
        ],
    ),
    (
        "aports",
        &[
            &[
                "private",
                "repository",
                "git-branch",
                "branch",
                "only",
                "from",
            ],
            &["one-of", "one-in", "attempts"],
        ],
    ),
    ("sender", &[&["key-file", "key-environment", "formats"]]),
];

/// A configuration as far as keys go.
#[derive(Deserialize)]
struct Outline {
    #[serde(default)]
    source: Vec<BTreeMap<Spanned<String>, Value>>,
}

/// Checks the keys of all sources; what is wrong otherwise is found by whoever reads the values.
pub(super) fn check(text: &str) -> anyhow::Result<()> {
    refuse_single(text)?;
    let Ok(outline) = toml::from_str::<Outline>(text) else {
        return Ok(());
    };
    for source in &outline.source {
        let of_type = source.iter().find(|(key, _)| key.as_ref() == "type");
        let Some(of_type) = of_type.and_then(|(_, value)| value.as_str()) else {
            continue;
        };
        let Some(known) = keys_of(of_type) else {
            continue;
        };
        for key in source.keys() {
            let line = line_of(text, key.span().start);
            let key = key.as_ref().as_str();
            if known.contains(&key) {
                continue;
            }
            if TYPES
                .iter()
                .any(|(_, groups)| groups.concat().contains(&key))
            {
                bail!("line {line}: {key} means nothing for type = {of_type:?}");
            }
            bail!(
                "line {line}: there is no key {key}; type = {of_type:?} has {}",
                known.join(", ")
            );
        }
    }
    Ok(())
}

/// One source is a list of one.
fn refuse_single(text: &str) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Single {
        source: Spanned<toml::Table>,
    }
    if let Ok(Single { source }) = toml::from_str(text) {
        let line = line_of(text, source.span().start);
        bail!("line {line}: write [[source]], with two brackets: there may be several");
    }
    Ok(())
}

fn keys_of(of_type: &str) -> Option<Vec<&'static str>> {
    let (_, groups) = TYPES.iter().find(|(name, _)| *name == of_type)?;
    Some([ALL, &groups.concat()].concat())
}

fn line_of(text: &str, place: usize) -> usize {
    let before = text.as_bytes().iter().take(place);
    before.filter(|byte| **byte == b'\n').count() + 1
}
