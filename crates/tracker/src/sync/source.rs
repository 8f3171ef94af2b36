//! What a source is.

use std::path::PathBuf;
use std::time::Duration;

use palisade_fetch::Url;
use palisade_formats::apk_signature::PublicKey;
use palisade_model::BranchName;

use super::receive::Sender;
use super::trust::Trust;
use crate::TrackerError;
use crate::input::{Input, Kind};
use crate::sources::Document;

/// Somebody who publishes feeds or inventories.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, unique in the configuration.
    pub name: String,
    /// What it has, and how it is asked.
    pub kind: SourceKind,
    /// The time from one run to the next.
    pub every: Duration,
    /// Other hosts to which it may send us on.
    pub hosts: Vec<String>,
    /// Whether it is in the own network.
    pub private: bool,
}

impl Source {
    /// Who sends by itself, and is never asked.
    pub fn sender(&self) -> Option<&Sender> {
        match &self.kind {
            SourceKind::Sender(sender) => Some(sender),
            _ => None,
        }
    }
}

/// The ways in which sources are asked.
#[derive(Debug, Clone)]
pub enum SourceKind {
    /// Documents, each at an address of its own.
    Documents(Vec<DocumentPart>),
    /// NVD's interface 2.0.
    Nvd(super::nvd::NvdApi),
    /// The releases of the CVE List.
    CveList(super::cve_list::CveReleases),
    /// OSV's bucket.
    Osv(super::osv::OsvBucket),
    /// An archive of Debian's form.
    Debian(super::debian::DebianArchive),
    /// A channel of Guix, by its Git history.
    Guix(super::guix::GuixChannel),
    /// Alpine's aports, by their Git history.
    Aports(super::aports::AportsBranch),
    /// None: it sends by itself.
    Sender(Sender),
    /// It cannot be asked, nor send, until its key is there.
    Unready(Unready),
}

/// Why a source is not ready.
#[derive(Debug, Clone)]
pub enum Unready {
    /// A file with its key cannot be used.
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Anything else.
    Other(String),
}

impl Unready {
    /// What is told of a source of this name.
    pub(super) fn error(&self, source: &str) -> TrackerError {
        match self {
            Self::File { file, reason } => TrackerError::key(file, reason),
            Self::Other(reason) => TrackerError::Source {
                source_name: source.to_owned(),
                reason: reason.clone(),
            },
        }
    }
}

/// A document of a source.
#[derive(Debug, Clone)]
pub struct DocumentPart {
    /// Its name within the source.
    pub name: String,
    /// Where it is.
    pub url: Url,
    /// Its format.
    pub kind: Kind,
    /// The branch of which it speaks, if it does not say so.
    pub branch: Option<BranchName>,
    /// The repository within the branch.
    pub repository: Option<String>,
    /// Who is believed; a format that nobody signs is taken from anybody.
    pub trust: Trust,
}

impl DocumentPart {
    /// What is to be imported when the document was fetched, checked with `keys`.
    pub(super) fn input(&self, document: Document, keys: Vec<PublicKey>) -> Input {
        Input {
            branch: self.branch.clone(),
            repository: self.repository.clone(),
            keys,
            require_signature: matches!(self.trust, Trust::Keys(_)),
            ..Input::new(self.kind, document)
        }
    }

    /// A digest of all that decides what a document means here: when it changes, what was had counts
    /// for nothing, and the document is had anew.
    pub(super) fn terms(&self, keys: &[PublicKey]) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        add(self.url.as_str().as_bytes());
        add(self.kind.name().as_bytes());
        let branch = self.branch.as_ref().map(ToString::to_string);
        add(branch.unwrap_or_default().as_bytes());
        add(self.repository.as_deref().unwrap_or_default().as_bytes());
        add(match self.trust {
            Trust::Keys(_) => b"keys",
            Trust::Anybody => b"anybody",
        });
        for key in keys {
            add(key.name.as_bytes());
            add(key.id());
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}
