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
use crate::commands::read_key;

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
        let keys = self.keys.iter().map(|path| read_key(path));
        let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
        let (file, kind) = self.index.file();
        let mut parts = Vec::new();
        for name in &self.branches {
            let branch: BranchName = format!("alpine/{name}")
                .parse()
                .with_context(|| format!("{name:?} is no branch"))?;
            for repository in &self.repositories {
                let part = |name: String, url: Url, kind: Kind| DocumentPart {
                    name,
                    url,
                    kind,
                    branch: Some(branch.clone()),
                    repository: Some(repository.clone()),
                    keys: keys.clone(),
                    require_signature: !keys.is_empty(),
                };
                if let Some(secdb) = &self.secdb {
                    parts.push(DocumentPart {
                        require_signature: false,
                        ..part(
                            format!("secdb/{name}/{repository}"),
                            below(secdb, &format!("{name}/{repository}.json")),
                            Kind::Feed(FeedKind::Secdb),
                        )
                    });
                }
                for architecture in &self.architectures {
                    let Some(mirror) = &self.mirror else {
                        continue;
                    };
                    let place = format!("{name}/{repository}/{architecture}");
                    let url = below(mirror, &format!("{place}/{file}"));
                    parts.push(part(place, url, Kind::Inventory(kind)));
                }
            }
        }
        Ok(parts)
    }

    /// An archive of Debian's form.
    pub(super) fn debian(&self) -> anyhow::Result<DebianArchive> {
        let trust = match (self.keys.is_empty(), self.unsigned) {
            (false, false) => Trust::Keyrings(self.keys.clone()),
            (true, true) => Trust::Anybody,
            (true, false) => bail!("it needs keys, or unsigned = true to believe whoever answers"),
            (false, true) => bail!("it has keys and unsigned = true; only one of them counts"),
        };
        for (what, names) in [
            ("suites", &self.suites),
            ("components", &self.components),
            ("architectures", &self.architectures),
        ] {
            if names.is_empty() {
                bail!("it needs {what}");
            }
            if let Some(name) = names.iter().find(|name| !is_path(name)) {
                bail!("{name:?} is none of its {what}: letters, digits, '-', '.', '_' and '/'");
            }
        }
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

/// Whether a name can be a part of an address without leading elsewhere.
fn is_path(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '+' | '~');
    name.split('/')
        .all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(allowed))
}
