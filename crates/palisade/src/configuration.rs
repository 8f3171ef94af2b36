//! The configuration file: which sources are fetched, and how.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use palisade_fetch::Url;
use palisade_model::BranchName;
use palisade_tracker::Kind;
use palisade_tracker::sync::{
    CveReleases, DocumentPart, NvdApi, OsvBucket, Sender, Source, SourceKind, Trust, Unready,
};
use serde::{Deserialize, Deserializer};

use self::mirrors::AlpineIndex;

mod keys;
mod mirrors;
mod serve;

pub(crate) use self::serve::Serving;
use self::serve::WrittenServe;

/// What counts without a file.
pub(crate) const DEFAULT: &str = include_str!("configuration/default.toml");

/// Where a file is looked for when nobody names one.
const FILE: &str = "palisade.toml";

/// Characters that a token has at least.
const TOKEN_LENGTH: usize = 20;

/// A configuration as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    fetch: Fetch,
    #[serde(default)]
    source: Vec<WrittenSource>,
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenSource {
    name: String,
    r#type: Type,
    #[serde(deserialize_with = "duration")]
    every: Duration,
    #[serde(default = "yes")]
    enabled: bool,
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
    mirror: Option<Url>,
    secdb: Option<Url>,
    #[serde(default)]
    branches: Vec<String>,
    #[serde(default)]
    repositories: Vec<String>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    index: AlpineIndex,
    #[serde(default)]
    suites: Vec<String>,
    #[serde(default)]
    components: Vec<String>,
    branch: Option<BranchName>,
    /// Whether what nobody signed is believed.
    #[serde(default)]
    unsigned: bool,
    #[serde(default)]
    keys: Vec<PathBuf>,
    #[serde(default)]
    document: Vec<WrittenDocument>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Type {
    Nvd,
    CveList,
    Osv,
    Documents,
    Alpine,
    Debian,
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

/// A configuration as it is meant.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) fetch: Fetch,
    pub(crate) sources: Vec<Source>,
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
        if written.source.is_empty() && written.serve.is_none() {
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
            serving: written.serve.unwrap_or_default().meant()?,
        })
    }
}

impl WrittenSource {
    fn meant(self) -> anyhow::Result<Source> {
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

/// Whether a source may be called so: names stand in addresses, and are folders' names.
fn is_name(name: &str) -> bool {
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.chars().all(usable)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the environment, for secrets here"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn yes() -> bool {
    true
}

/// A duration in words, such as `2h` or `90 minutes`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
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
    use palisade_formats::inventory::InventoryKind;

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
    fn alpines_index_is_of_version_2_unless_another_is_asked_for() {
        let source = |rest: &str| {
            let text = format!(
                "[[source]]\nname = \"a\"\ntype = \"alpine\"\nevery = \"1h\"\n\
                 mirror = \"https://example.org/alpine/\"\nbranches = [\"edge\"]\n\
                 repositories = [\"main\"]\narchitectures = [\"x86_64\"]\nunsigned = true\n{rest}"
            );
            let configuration = Configuration::parse(&text)?;
            let SourceKind::Documents(parts) = &configuration.sources[0].kind else {
                bail!("Alpine has documents")
            };
            Ok((parts[0].url.path().to_owned(), parts[0].kind))
        };
        let two = source("").unwrap();
        assert_eq!(two.0, "/alpine/edge/main/x86_64/APKINDEX.tar.gz");
        assert!(matches!(two.1, Kind::Inventory(InventoryKind::Apkindex)));
        let three = source("index = \"adb\"\n").unwrap();
        assert_eq!(three.0, "/alpine/edge/main/x86_64/Packages.adb");
        assert!(matches!(three.1, Kind::Inventory(InventoryKind::Adb)));
        let other = source("index = \"zip\"\n").unwrap_err();
        assert!(other.to_string().contains("unknown variant `zip`"));
    }

    #[test]
    fn a_mirror_of_alpine_keeps_its_folder_with_a_slash_at_its_end_and_without() {
        for slash in ["", "/"] {
            let text = format!(
                "[[source]]\nname = \"a\"\ntype = \"alpine\"\nevery = \"1h\"\n\
                 mirror = \"http://example.org/alpine{slash}\"\n\
                 secdb = \"http://example.org/sec/db{slash}\"\nbranches = [\"edge\"]\n\
                 repositories = [\"main\"]\narchitectures = [\"x86_64\"]\nunsigned = true\n"
            );
            let configuration = Configuration::parse(&text).unwrap();
            let SourceKind::Documents(parts) = &configuration.sources[0].kind else {
                panic!("Alpine has documents")
            };
            let paths: Vec<_> = parts.iter().map(|part| part.url.path()).collect();
            assert_eq!(
                paths,
                [
                    "/sec/db/edge/main.json",
                    "/alpine/edge/main/x86_64/APKINDEX.tar.gz"
                ]
            );
        }
    }

    #[test]
    fn an_archive_of_debian_needs_keys_unless_it_says_that_it_has_none() {
        let source = |rest: &str| {
            let text = format!(
                "[[source]]\nname = \"d\"\ntype = \"debian\"\nevery = \"1h\"\n\
                 mirror = \"https://example.org/debian\"\ncomponents = [\"main\"]\n\
                 architectures = [\"source\"]\n{rest}"
            );
            match Configuration::parse(&text)?.sources.remove(0).kind {
                SourceKind::Debian(archive) => Ok(archive),
                other => bail!("{other:?}"),
            }
        };
        let error = |rest: &str| format!("{:#}", source(rest).unwrap_err());
        let suites = "suites = [\"bookworm\"]\n";
        assert!(error(suites).contains("it needs keys"));
        assert!(error("unsigned = true\n").contains("it needs suites"));
        assert!(error("unsigned = true\nsuites = [\"../x\"]\n").contains("is none of its suites"));
        let keys = "keys = [\"/absent.gpg\"]\n";
        assert!(error(&format!("{suites}{keys}unsigned = true\n")).contains("only one"));
        // The file is not read before the archive is asked.
        let archive = source(&format!("{suites}{keys}branch = \"debian/12\"\n")).unwrap();
        assert!(matches!(archive.trust, Trust::Keys(_)));
        assert_eq!(archive.branch.unwrap().to_string(), "debian/12");
        let unsigned = source(&format!("{suites}unsigned = true\n")).unwrap();
        assert!(matches!(unsigned.trust, Trust::Anybody));
    }

    #[test]
    fn a_mirror_of_alpine_needs_keys_unless_it_says_that_it_has_none() {
        let source = |rest: &str| {
            let text = format!(
                "[[source]]\nname = \"a\"\ntype = \"alpine\"\nevery = \"1h\"\n\
                 branches = [\"edge\"]\nrepositories = [\"main\"]\n{rest}"
            );
            match Configuration::parse(&text)?.sources.remove(0).kind {
                SourceKind::Documents(parts) => {
                    Ok(parts.into_iter().map(|part| part.trust).collect::<Vec<_>>())
                }
                other => bail!("{other:?}"),
            }
        };
        let mirror = "mirror = \"https://example.org/\"\narchitectures = [\"x86_64\"]\n";
        let error = format!("{:#}", source(mirror).unwrap_err());
        assert!(
            error.ends_with("it needs keys, or unsigned = true to believe whoever answers"),
            "{error}"
        );
        let keys = "keys = [\"/absent.rsa.pub\"]\n";
        let both = source(&format!("{mirror}{keys}unsigned = true\n"));
        assert!(format!("{:#}", both.unwrap_err()).contains("only one"));
        assert_eq!(
            source(&format!("{mirror}unsigned = true\n")).unwrap(),
            [Trust::Anybody]
        );
        // The file is not read before the mirror is asked; nobody signs the security database.
        let secdb = "secdb = \"https://example.org/\"\n";
        let key = Trust::Keys(vec!["/absent.rsa.pub".into()]);
        assert_eq!(
            source(&format!("{mirror}{keys}{secdb}")).unwrap(),
            [Trust::Anybody, key]
        );
        assert_eq!(source(secdb).unwrap(), [Trust::Anybody]);
    }

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
