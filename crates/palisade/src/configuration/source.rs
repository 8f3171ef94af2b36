//! One source: from what is written to what is fetched.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use palisade_fetch::Url;
use palisade_model::BranchName;
use palisade_tracker::Kind;
use palisade_tracker::sync::{
    CveReleases, DocumentPart, NvdApi, OsvBucket, Sender, Source, SourceKind, Trust, Unready,
};
use serde::{Deserialize, Deserializer};

use super::mirrors::AlpineIndex;

/// Characters that a token has at least.
const TOKEN_LENGTH: usize = 20;

/// A source as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenSource {
    pub(super) name: String,
    r#type: Type,
    #[serde(deserialize_with = "duration")]
    every: Duration,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    #[serde(default)]
    hosts: Vec<String>,
    /// Whether it is in the own network.
    #[serde(default)]
    private: bool,
    #[serde(default)]
    formats: Vec<String>,
    url: Option<Url>,
    #[serde(default, deserialize_with = "optional_duration")]
    pace: Option<Duration>,
    key_file: Option<PathBuf>,
    key_environment: Option<String>,
    #[serde(default)]
    ecosystems: Vec<String>,
    pub(super) mirror: Option<Url>,
    pub(super) secdb: Option<Url>,
    #[serde(default)]
    pub(super) branches: Vec<String>,
    #[serde(default)]
    pub(super) repositories: Vec<String>,
    #[serde(default)]
    pub(super) architectures: Vec<String>,
    #[serde(default)]
    pub(super) index: AlpineIndex,
    #[serde(default)]
    pub(super) suites: Vec<String>,
    #[serde(default)]
    pub(super) components: Vec<String>,
    pub(super) branch: Option<BranchName>,
    /// Whether what nobody signed is believed.
    #[serde(default)]
    pub(super) unsigned: bool,
    #[serde(default)]
    pub(super) keys: Vec<PathBuf>,
    #[serde(default)]
    document: Vec<WrittenDocument>,
    pub(super) repository: Option<String>,
    pub(super) git_branch: Option<String>,
    pub(super) only: Option<String>,
    pub(super) loader: Option<Vec<String>>,
    pub(super) from: Option<String>,
    pub(super) one_of: Option<u32>,
    #[serde(default, deserialize_with = "optional_duration")]
    pub(super) one_in: Option<Duration>,
    #[serde(default, deserialize_with = "optional_duration")]
    pub(super) time_limit: Option<Duration>,
    pub(super) output_limit: Option<u64>,
    pub(super) attempts: Option<u32>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Type {
    Aports,
    Nvd,
    CveList,
    Osv,
    Documents,
    Alpine,
    Debian,
    Guix,
    Sender,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenDocument {
    name: Option<String>,
    url: Url,
    format: String,
    branch: Option<String>,
    repository: Option<String>,
}

impl WrittenSource {
    /// The source that is meant.
    pub(super) fn meant(self) -> anyhow::Result<Source> {
        let kind = match self.r#type {
            Type::Nvd => {
                let url = self.url()?;
                let pace = self.pace.unwrap_or(Duration::from_secs(6));
                match self.key() {
                    Ok(key) => SourceKind::Nvd(NvdApi { url, key, pace }),
                    Err(unready) => SourceKind::Unready(unready),
                }
            }
            Type::CveList => SourceKind::CveList(CveReleases { url: self.url()? }),
            Type::Osv => {
                if self.ecosystems.is_empty() {
                    bail!("it needs ecosystems, such as \"PyPI\"");
                }
                SourceKind::Osv(OsvBucket {
                    url: self.url()?,
                    ecosystems: self.ecosystems.clone(),
                })
            }
            Type::Documents => {
                if self.document.is_empty() {
                    bail!("it needs documents: write [[source.document]] with url and format");
                }
                let documents = self.document.iter().map(WrittenDocument::meant);
                SourceKind::Documents(documents.collect::<anyhow::Result<_>>()?)
            }
            Type::Alpine => SourceKind::Documents(self.alpine()?),
            Type::Debian => SourceKind::Debian(self.debian()?),
            Type::Guix => SourceKind::Guix(self.guix()?),
            Type::Aports => SourceKind::Aports(self.aports()?),
            Type::Sender => self.sender()?,
        };
        Ok(Source {
            name: self.name,
            kind,
            every: self.every,
            hosts: self.hosts,
            private: self.private,
        })
    }

    fn url(&self) -> anyhow::Result<Url> {
        self.url.clone().context("it needs a url")
    }

    /// The key, from where it is kept; it never stands in the configuration itself.
    fn key(&self) -> Result<Option<String>, Unready> {
        if let Some(file) = &self.key_file {
            let key = fs_err::read_to_string(file).map_err(|error| Unready::File {
                file: file.clone(),
                reason: match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    other => other.to_string(),
                },
            })?;
            return Ok(Some(key.trim().to_owned()));
        }
        let key = self.key_environment.as_deref().and_then(environment);
        Ok(key.filter(|key| !key.is_empty()))
    }

    /// Who sends by itself, known by a token. One whose token is not there keeps no other source from
    /// being asked.
    fn sender(&self) -> anyhow::Result<SourceKind> {
        for format in &self.formats {
            format.parse::<Kind>().map_err(anyhow::Error::msg)?;
        }
        if self.key_file.is_none() && self.key_environment.is_none() {
            bail!(
                "it needs a token: name a file with key-file, or a variable with key-environment"
            );
        }
        Ok(match self.token() {
            Ok(token) => SourceKind::Sender(Sender::new(&token, self.formats.clone())),
            Err(unready) => SourceKind::Unready(unready),
        })
    }

    fn token(&self) -> Result<String, Unready> {
        let token = self.key()?.ok_or_else(|| {
            let variable = self.key_environment.as_deref().unwrap_or_default();
            Unready::Other(format!(
                "the variable {variable} is not set, which has its token"
            ))
        })?;
        if token.len() < TOKEN_LENGTH {
            return Err(Unready::Other(format!(
                "its token has less than {TOKEN_LENGTH} characters, so it can be guessed"
            )));
        }
        Ok(token)
    }
}

impl WrittenDocument {
    fn meant(&self) -> anyhow::Result<DocumentPart> {
        let last = self.url.path_segments().and_then(|mut it| it.next_back());
        let name = self.name.clone().or(last.map(str::to_owned));
        let branch = self.branch.as_ref().map(|branch| branch.parse());
        Ok(DocumentPart {
            name: name.unwrap_or_else(|| self.url.to_string()),
            url: self.url.clone(),
            kind: self.format.parse().map_err(anyhow::Error::msg)?,
            branch: branch.transpose().context("its branch")?,
            repository: self.repository.clone(),
            trust: Trust::Anybody,
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the environment, for secrets here"
)]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn yes() -> bool {
    true
}

/// A duration in words, such as `2h` or `90 minutes`.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration = text.parse::<jiff::SignedDuration>().ok();
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    duration.ok_or_else(|| {
        serde::de::Error::custom(format!("{text:?} is no duration; write 2h or 30m or 6s"))
    })
}

fn optional_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::super::Configuration;
    use super::*;

    #[test]
    fn a_key_that_is_not_there_stops_its_own_source() {
        let unready = |of_type: &str, rest: &str| {
            let text =
                format!("[[source]]\nname = \"x\"\ntype = \"{of_type}\"\nevery = \"1h\"\n{rest}");
            match Configuration::parse(&text).unwrap().sources.remove(0).kind {
                SourceKind::Unready(Unready::File { file, reason }) => {
                    format!("{}: {reason}", file.display())
                }
                SourceKind::Unready(Unready::Other(reason)) => reason,
                other => panic!("{other:?}"),
            }
        };
        let absent = "key-file = \"/absent\"\n";
        assert_eq!(unready("sender", absent), "/absent: there is no such file");
        let nvd = format!("{absent}url = \"https://example.org/\"\n");
        assert_eq!(unready("nvd", &nvd), "/absent: there is no such file");
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "guess\n").unwrap();
        let short = unready("sender", &format!("key-file = {:?}\n", file.path()));
        assert!(short.contains("less than 20 characters"), "{short}");
        let unset = unready("sender", "key-environment = \"PALISADE_TEST_NEVER_SET\"\n");
        assert!(unset.starts_with("the variable PALISADE_TEST_NEVER_SET is not set"));
    }
}
