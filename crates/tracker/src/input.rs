//! A document to be imported, described: which format it has, and what it does not say of itself.

use std::str::FromStr;
use std::sync::Arc;

use palisade_formats::Reject;
use palisade_formats::apk_signature::PublicKey;
use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::inventory::InventoryKind;
use palisade_model::{BranchName, Timestamp};
use palisade_store::{ImportSummary, Store};

use crate::sources::Document;
use crate::{
    FeedImport, InventoryImport, Present, Progress, TrackerError, import_epss, import_feed,
    import_inventory,
};

/// What can be imported.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A feed of advisories.
    Feed(FeedKind),
    /// An inventory of packages.
    Inventory(InventoryKind),
    /// EPSS scores.
    Epss,
}

/// A document with all that has to be known to import it.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its format.
    pub kind: Kind,
    /// The document.
    pub document: Document,
    /// The branch of which it speaks, if it does not say so.
    pub branch: Option<BranchName>,
    /// The repository within the branch.
    pub repository: Option<String>,
    /// The repository's architecture, where packages of one for all do not tell it.
    pub architecture: Option<String>,
    /// Who signed for an inventory, where that was checked beforehand.
    pub signed_by: Option<String>,
    /// The revision's name; feeds have none, nor what follows.
    pub revision: Option<String>,
    /// When the revision was made.
    pub time: Option<Timestamp>,
    /// That an inventory is what its source has now, unless it says its time itself.
    pub present: Option<Present>,
    /// Keys with which signatures are checked.
    pub keys: Vec<PublicKey>,
    /// Whether an inventory without a good signature is refused.
    pub require_signature: bool,
    /// Whether it is believed even if it is older than what is stored, or half of that is missing.
    pub believe: bool,
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
                let names = Self::names();
                format!("there is no format {text:?}; there are {names}")
            })
    }
}

impl Kind {
    /// The names of all that can be imported: feeds, then inventories.
    pub fn names() -> String {
        let feeds = FeedKind::ALL.map(FeedKind::name).join(", ");
        let inventories = InventoryKind::ALL.map(InventoryKind::name).join(", ");
        format!("{feeds}, epss; {inventories}")
    }

    /// Its name in commands, addresses and the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Feed(kind) => kind.name(),
            Self::Inventory(kind) => kind.name(),
            Self::Epss => "epss",
        }
    }
}

impl Input {
    /// A document that says everything itself.
    pub fn new(kind: Kind, document: Document) -> Self {
        Self {
            kind,
            document,
            branch: None,
            repository: None,
            architecture: None,
            signed_by: None,
            revision: None,
            time: None,
            present: None,
            keys: Vec::new(),
            require_signature: false,
            believe: false,
        }
    }

    /// Imports it, and gives what that did and what was passed over.
    ///
    /// # Errors
    /// When it cannot be read to its end, is not believed, or the database refuses; then nothing is
    /// changed.
    pub async fn import(
        self,
        store: &Store,
        now: Timestamp,
        progress: Arc<dyn Progress>,
    ) -> Result<(ImportSummary, Vec<Reject>), TrackerError> {
        match self.kind {
            Kind::Epss => import_epss(store, self.document, now.as_microsecond()).await,
            Kind::Feed(kind) => import_feed(store, self.feed(kind, now), progress).await,
            Kind::Inventory(kind) => {
                import_inventory(store, self.inventory(kind, now), progress).await
            }
        }
    }

    fn feed(self, kind: FeedKind, now: Timestamp) -> FeedImport {
        FeedImport {
            kind,
            document: self.document,
            context: FeedContext {
                branch: self.branch,
                repository: self.repository,
                whole_at: None,
            },
            believe: self.believe,
            now: now.as_microsecond(),
        }
    }

    pub(crate) fn inventory(self, kind: InventoryKind, now: Timestamp) -> InventoryImport {
        InventoryImport {
            kind,
            document: self.document,
            branch: self.branch,
            repository: self.repository,
            architecture: self.architecture,
            signed_by: self.signed_by,
            revision: self.revision,
            time: self.time,
            present: self.present,
            keys: self.keys,
            require_signature: self.require_signature,
            believe: self.believe,
            now,
        }
    }
}
