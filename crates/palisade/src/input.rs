//! A document to be imported, described: which format it has, and what it does not say of itself.

use std::str::FromStr;
use std::sync::Arc;

use palisade_formats::Reject;
use palisade_formats::apk_signature::PublicKey;
use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::inventory::InventoryKind;
use palisade_model::{BranchName, Timestamp};
use palisade_tracker::{
    Document, FeedImport, ImportSummary, InventoryImport, Progress, Store, TrackerError,
    import_epss, import_feed, import_inventory,
};

use crate::commands::now;

/// What can be imported.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Feed(FeedKind),
    Inventory(InventoryKind),
    Epss,
}

/// A document with all that has to be known to import it.
pub(crate) struct Input {
    pub(crate) kind: Kind,
    pub(crate) document: Document,
    pub(crate) branch: Option<BranchName>,
    pub(crate) repository: Option<String>,
    /// The revision's name; feeds have none, nor what follows.
    pub(crate) revision: Option<String>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) require_signature: bool,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "epss" {
            return Ok(Self::Epss);
        }
        let feed = text.parse().map(Self::Feed);
        feed.or_else(|()| text.parse().map(Self::Inventory))
            .map_err(|()| {
                let feeds = FeedKind::ALL.map(FeedKind::name).join(", ");
                let inventories = InventoryKind::ALL.map(InventoryKind::name).join(", ");
                format!("there is no format {text:?}; there are {feeds}, epss; {inventories}")
            })
    }
}

impl Input {
    /// A document that says everything itself.
    pub(crate) fn new(kind: Kind, document: Document) -> Self {
        Self {
            kind,
            document,
            branch: None,
            repository: None,
            revision: None,
            time: None,
            keys: Vec::new(),
            require_signature: false,
        }
    }

    /// Imports it, and gives what that did and what was passed over.
    pub(crate) async fn import(
        self,
        store: &Store,
        progress: Arc<dyn Progress>,
    ) -> Result<(ImportSummary, Vec<Reject>), TrackerError> {
        match self.kind {
            Kind::Epss => import_epss(store, self.document, now().as_microsecond()).await,
            Kind::Feed(kind) => import_feed(store, self.feed(kind), progress).await,
            Kind::Inventory(kind) => import_inventory(store, self.inventory(kind), progress).await,
        }
    }

    fn feed(self, kind: FeedKind) -> FeedImport {
        FeedImport {
            kind,
            document: self.document,
            context: FeedContext {
                branch: self.branch,
                repository: self.repository,
            },
            now: now().as_microsecond(),
        }
    }

    fn inventory(self, kind: InventoryKind) -> InventoryImport {
        InventoryImport {
            kind,
            document: self.document,
            branch: self.branch,
            repository: self.repository,
            revision: self.revision,
            time: self.time,
            keys: self.keys,
            require_signature: self.require_signature,
            now: now(),
        }
    }
}

/// An error with the document as the user named it, unless it has that already: what is stored and
/// published of a document has only its short name.
pub(crate) fn naming(error: anyhow::Error, document: &Document) -> anyhow::Error {
    let name = document.given_name();
    let named = error.chain().any(|cause| cause.to_string().contains(&name));
    if named { error } else { error.context(name) }
}

/// What was passed over in a document, with the document as the user named it.
pub(crate) fn as_given(mut rejects: Vec<Reject>, document: &Document) -> Vec<Reject> {
    let name = document.name();
    for reject in &mut rejects {
        if let Some(member) = reject.document.strip_prefix(&name) {
            reject.document = document.given_name() + member;
        }
    }
    rejects
}
