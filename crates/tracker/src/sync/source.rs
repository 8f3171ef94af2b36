//! What a source is.

use std::time::Duration;

use palisade_fetch::Url;
use palisade_formats::apk_signature::PublicKey;
use palisade_model::BranchName;

use super::receive::Sender;
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
    /// None: it sends by itself.
    Sender(Sender),
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
    /// Keys with which its signature is checked.
    pub keys: Vec<PublicKey>,
    /// Whether it is refused without a good signature.
    pub require_signature: bool,
}

impl DocumentPart {
    /// What is to be imported when the document was fetched.
    pub(super) fn input(&self, document: Document) -> Input {
        Input {
            branch: self.branch.clone(),
            repository: self.repository.clone(),
            keys: self.keys.clone(),
            require_signature: self.require_signature,
            ..Input::new(self.kind, document)
        }
    }
}
