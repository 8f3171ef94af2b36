//! Sources that are the mirror of a distribution: from what is written to what is fetched.

use anyhow::{Context, bail};
use palisade_fetch::Url;
use palisade_formats::feed::FeedKind;
use palisade_formats::inventory::InventoryKind;
use palisade_model::BranchName;
use palisade_tracker::Kind;
use palisade_tracker::sync::{DebianArchive, DocumentPart, Trust};
use serde::Deserialize;

use super::WrittenSource;

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
