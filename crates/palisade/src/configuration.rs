//! The configuration file: which sources are fetched, and how.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use palisade_tracker::reviews::{Forge, Reviewer};
use palisade_tracker::sync::Source;
use serde::Deserialize;

mod aports;
mod forge;
mod git;
mod guix;
mod keys;
mod mirrors;
mod serve;
mod source;

use self::forge::{WrittenForge, WrittenReviewer};
pub(crate) use self::serve::Serving;
use self::serve::WrittenServe;
use self::source::WrittenSource;

/// What counts without a file.
pub(crate) const DEFAULT: &str = include_str!("configuration/default.toml");

/// Where a file is looked for when nobody names one.
const FILE: &str = "palisade.toml";

/// A configuration as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    fetch: Fetch,
    #[serde(default)]
    source: Vec<WrittenSource>,
    #[serde(default)]
    forge: Vec<WrittenForge>,
    #[serde(default)]
    reviewer: Vec<WrittenReviewer>,
    serve: Option<WrittenServe>,
}

/// How documents are fetched.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Fetch {
    /// Where documents are kept until they are imported.
    pub(crate) cache: PathBuf,
    /// Whom a source may tell when it wants to complain.
    pub(crate) contact: Option<String>,
}

impl Default for Fetch {
    fn default() -> Self {
        Self {
            cache: "palisade-cache".into(),
            contact: None,
        }
    }
}

/// A configuration as it is meant.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) fetch: Fetch,
    pub(crate) sources: Vec<Source>,
    pub(crate) forges: Vec<Forge>,
    pub(crate) reviewers: Vec<Reviewer>,
    pub(crate) serving: Serving,
}

impl Configuration {
    /// The file that was named, or the one in the current folder.
    pub(crate) fn file(named: Option<&Path>) -> Option<PathBuf> {
        let file = named.or(Some(Path::new(FILE)).filter(|file| file.exists()));
        file.map(Path::to_owned)
    }

    /// Reads the file that was named, or the one in the current folder, or what counts without one.
    pub(crate) fn read(named: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = Self::file(named) else {
            return Self::parse(DEFAULT).context("read the built-in configuration");
        };
        let text = fs_err::read_to_string(&file)?;
        Self::parse(&text).with_context(|| format!("read {}", file.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        keys::check(text)?;
        let written: Written = toml::from_str(text)?;
        if written.source.is_empty() && written.forge.is_empty() && written.serve.is_none() {
            bail!("it has no [[source]]; \"palisade sync --print-config\" prints some");
        }
        let mut sources = Vec::new();
        for source in written.source {
            if !is_name(&source.name) {
                bail!(
                    "{:?} is no name of a source: letters, digits, '.', '-' and '_', at most 64",
                    source.name
                );
            }
            if sources
                .iter()
                .any(|known: &Source| known.name == source.name)
            {
                bail!("two sources are called {:?}", source.name);
            }
            if source.enabled {
                let name = source.name.clone();
                let source = source
                    .meant()
                    .with_context(|| format!("the source {name:?}"))?;
                sources.push(source);
            }
        }
        Ok(Self {
            fetch: written.fetch,
            sources,
            forges: forges(written.forge)?,
            reviewers: reviewers(written.reviewer)?,
            serving: written.serve.unwrap_or_default().meant()?,
        })
    }
}

fn forges(written: Vec<WrittenForge>) -> anyhow::Result<Vec<Forge>> {
    let mut forges: Vec<Forge> = Vec::new();
    for forge in written {
        let name = forge.name();
        let forge = forge
            .meant()
            .with_context(|| format!("the forge with {name}"))?;
        if forges
            .iter()
            .any(|it| it.repository() == forge.repository())
        {
            bail!("{name} is there twice");
        }
        forges.push(forge);
    }
    Ok(forges)
}

fn reviewers(written: Vec<WrittenReviewer>) -> anyhow::Result<Vec<Reviewer>> {
    let mut reviewers: Vec<Reviewer> = Vec::new();
    for reviewer in written {
        let reviewer = reviewer.meant()?;
        if reviewers.iter().any(|known| known.name == reviewer.name) {
            bail!("two reviewers are called {:?}", reviewer.name);
        }
        reviewers.push(reviewer);
    }
    Ok(reviewers)
}

/// Whether a source may be called so: names stand in addresses, and are folders' names.
fn is_name(name: &str) -> bool {
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.chars().all(usable)
}

#[cfg(test)]
mod tests {
    use palisade_tracker::sync::{SourceKind, Trust};

    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", Configuration::parse(text).unwrap_err())
    }

    #[test]
    fn what_counts_without_a_file_is_a_configuration() {
        let configuration = Configuration::parse(DEFAULT).unwrap();
        let names: Vec<_> = configuration
            .sources
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        assert_eq!(names, ["nvd", "cve-list", "osv", "kev", "epss", "alpine"]);
        let SourceKind::Documents(parts) = &configuration.sources[5].kind else {
            panic!("Alpine has documents")
        };
        assert_eq!(parts.len(), 5 * 2 * 2);
        assert_eq!(
            parts[1].url.as_str(),
            "https://dl-cdn.alpinelinux.org/alpine/edge/main/x86_64/APKINDEX.tar.gz"
        );
        assert_eq!(
            parts[2].url.as_str(),
            "https://secdb.alpinelinux.org/edge/community.json"
        );
    }

    #[test]
    fn a_source_with_nothing_in_it_is_refused() {
        let error = |of_type: &str, rest: &str| {
            let head = "[[source]]\nname = \"a\"\nevery = \"1h\"\n";
            error(&format!(
                "{head}type = \"{of_type}\"\nunsigned = true\n{rest}"
            ))
        };
        let (mirror, branches) = (
            "mirror = \"https://example.org/\"\n",
            "branches = [\"edge\"]\n",
        );
        let repositories = "repositories = [\"main\"]\n";
        let needs = |rest: &[&str], what: &str| {
            let error = error("alpine", &rest.concat());
            assert!(error.ends_with(what), "{error}");
        };
        needs(
            &[branches, repositories],
            "it needs a mirror, for indexes, or a secdb, for fixes",
        );
        needs(&[mirror, repositories], "it needs branches");
        needs(&[mirror, branches], "it needs repositories");
        needs(&[mirror, branches, repositories], "it needs architectures");
        let osv = "[[source]]\nname = \"a\"\ntype = \"osv\"\nevery = \"1h\"\n\
                   url = \"https://example.org/\"\n";
        let osv = format!("{:#}", Configuration::parse(osv).unwrap_err());
        assert!(
            osv.ends_with("it needs ecosystems, such as \"PyPI\""),
            "{osv}"
        );
    }

    #[test]
    fn what_is_turned_off_can_be_turned_on() {
        let all = DEFAULT.replace("enabled = false", "enabled = true");
        let sources = Configuration::parse(&all).unwrap().sources;
        let archive = |name: &str| {
            let source = sources.iter().find(|it| it.name == name).unwrap();
            match &source.kind {
                SourceKind::Debian(archive) => archive,
                other => panic!("{other:?}"),
            }
        };
        let (debian, security) = (archive("debian"), archive("debian-security"));
        assert_eq!(debian.suites, ["bookworm", "trixie"]);
        assert_eq!(security.suites, ["bookworm-security", "trixie-security"]);
        for archive in [debian, security] {
            assert!(matches!(archive.trust, Trust::Keys(_)));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let source = |rest: &str| {
            format!("[[source]]\nname = \"x\"\ntype = \"documents\"\nevery = \"1h\"\n{rest}")
        };
        let typo = error(&source("evry = \"2h\"\n"));
        assert_eq!(
            typo,
            "line 5: there is no key evry; type = \"documents\" has name, type, every, enabled, \
             hosts, private, document"
        );
        let elsewhere = error(&source("document = []\nkeys = [\"/k.pub\"]\n"));
        assert_eq!(
            elsewhere,
            "line 6: keys means nothing for type = \"documents\""
        );
        let nothing = error(&source(""));
        assert!(
            nothing.ends_with("it needs documents: write [[source.document]] with url and format"),
            "{nothing}"
        );
        assert!(error("").contains("it has no [[source]]"));
        let single = error(&source("").replace("[[source]]", "[source]"));
        assert!(single.starts_with("line 1: write [[source]]"), "{single}");
        let one =
            source("[[source.document]]\nurl = \"https://example.org/x\"\nformat = \"kev\"\n");
        let twice = error(&format!("{one}{one}"));
        assert!(twice.contains("two sources are called \"x\""), "{twice}");
        let name = error(&source("").replace("\"x\"", "\"../x\""));
        assert!(name.contains("\"../x\" is no name of a source"), "{name}");
        let format = error(&source(
            "[[source.document]]\nurl = \"https://example.org/x\"\nformat = \"y\"\n",
        ));
        assert!(format.contains("there is no format \"y\""), "{format}");
        let duration = error(&source("").replace("1h", "often"));
        assert!(duration.contains("\"often\" is no duration"), "{duration}");
        let sender = |rest: &str| source(rest).replace("documents", "sender");
        let token = error(&sender(""));
        assert!(token.contains("it needs a token"), "{token}");
        let url = error("[[source]]\nname = \"n\"\ntype = \"nvd\"\nevery = \"1h\"\n");
        assert!(url.contains("it needs a url"), "{url}");
    }
}
