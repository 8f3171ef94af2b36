//! Sources that are the mirror of a distribution: from what is written to what is fetched.

use anyhow::{Context, bail};
use palisade_fetch::Url;
use palisade_formats::feed::FeedKind;
use palisade_formats::inventory::InventoryKind;
use palisade_model::BranchName;
use palisade_tracker::Kind;
use palisade_tracker::sync::{DebianArchive, DocumentPart, Trust};
use serde::Deserialize;

use super::source::WrittenSource;

/// Which of its indexes a mirror of Alpine is asked for.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AlpineIndex {
    #[default]
    Apkindex,
    Adb,
}

impl WrittenSource {
    /// The indexes and security databases of Alpine's branches.
    pub(super) fn alpine(&self) -> anyhow::Result<Vec<DocumentPart>> {
        if self.mirror.is_none() && self.secdb.is_none() {
            bail!("it needs a mirror, for indexes, or a secdb, for fixes");
        }
        needed(&[
            ("branches", &self.branches),
            ("repositories", &self.repositories),
        ])?;
        let mut parts = Vec::new();
        for name in &self.branches {
            let branch: BranchName = format!("alpine/{name}")
                .parse()
                .with_context(|| format!("{name:?} is no branch"))?;
            for repository in &self.repositories {
                parts.extend(self.secdb_of(&branch, repository));
                parts.extend(self.indexes_of(&branch, repository)?);
            }
        }
        Ok(parts)
    }

    /// The security database of a branch's repository, which nobody signs.
    fn secdb_of(&self, branch: &BranchName, repository: &str) -> Option<DocumentPart> {
        let place = format!("{}/{repository}", branch.name());
        Some(DocumentPart {
            name: format!("secdb/{place}"),
            url: below(self.secdb.as_ref()?, &format!("{place}.json")),
            kind: Kind::Feed(FeedKind::Secdb),
            branch: Some(branch.clone()),
            repository: Some(repository.to_owned()),
            trust: Trust::Anybody,
        })
    }

    /// The indexes of a branch's repository, one for each architecture.
    fn indexes_of(
        &self,
        branch: &BranchName,
        repository: &str,
    ) -> anyhow::Result<Vec<DocumentPart>> {
        let Some(mirror) = &self.mirror else {
            return Ok(Vec::new());
        };
        needed(&[("architectures", &self.architectures)])?;
        let trust = self.trust()?;
        let (file, kind) = self.index.file();
        let part = |architecture: &String| {
            let place = format!("{}/{repository}/{architecture}", branch.name());
            DocumentPart {
                url: below(mirror, &format!("{place}/{file}")),
                name: place,
                kind: Kind::Inventory(kind),
                branch: Some(branch.clone()),
                repository: Some(repository.to_owned()),
                trust: trust.clone(),
            }
        };
        Ok(self.architectures.iter().map(part).collect())
    }

    /// Who is believed. Nobody is without being named, or being told that it is anybody.
    fn trust(&self) -> anyhow::Result<Trust> {
        match (self.keys.is_empty(), self.unsigned) {
            (false, false) => Ok(Trust::Keys(self.keys.clone())),
            (true, true) => Ok(Trust::Anybody),
            (true, false) => bail!("it needs keys, or unsigned = true to believe whoever answers"),
            (false, true) => bail!("it has keys and unsigned = true; only one of them counts"),
        }
    }

    /// An archive of Debian's form.
    pub(super) fn debian(&self) -> anyhow::Result<DebianArchive> {
        let trust = self.trust()?;
        needed(&[
            ("suites", &self.suites),
            ("components", &self.components),
            ("architectures", &self.architectures),
        ])?;
        Ok(DebianArchive {
            url: self.mirror.clone().context("it needs a mirror")?,
            suites: self.suites.clone(),
            components: self.components.clone(),
            architectures: self.architectures.clone(),
            trust,
            branch: self.branch.clone(),
        })
    }
}

impl AlpineIndex {
    /// Its file in the folder of an architecture, and its format.
    fn file(self) -> (&'static str, InventoryKind) {
        match self {
            Self::Apkindex => ("APKINDEX.tar.gz", InventoryKind::Apkindex),
            Self::Adb => ("Packages.adb", InventoryKind::Adb),
        }
    }
}

/// The address of a path below a mirror's root, which people write with a slash at its end and without.
fn below(root: &Url, path: &str) -> Url {
    let mut url = root.clone();
    // An address of https or http has a path; the client refuses any other.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    url
}

/// Checks lists of names that become parts of addresses: that there are some, and that none leads
/// elsewhere.
fn needed(lists: &[(&str, &[String])]) -> anyhow::Result<()> {
    for (what, names) in lists {
        if names.is_empty() {
            bail!("it needs {what}");
        }
        if let Some(name) = names.iter().find(|name| !is_path(name)) {
            bail!("{name:?} is none of its {what}: letters, digits, '-', '.', '_' and '/'");
        }
    }
    Ok(())
}

/// Whether a name can be a part of an address without leading elsewhere.
fn is_path(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '+' | '~');
    name.split('/')
        .all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(allowed))
}

#[cfg(test)]
mod tests {
    use palisade_tracker::sync::SourceKind;

    use super::super::Configuration;
    use super::*;

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
}
