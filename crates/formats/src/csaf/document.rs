//! A document's frame: what it says of itself (section 3.2.1), its vulnerabilities not yet parsed.

use serde::{Deserialize, Serialize};

use super::tree::ProductTree;
use crate::BadRecord;
use crate::container::Elements;
use crate::json_records::Text;
use crate::secdb::shown;
use crate::words::{note, said};

/// Bytes of a document's identifier.
const ID_BYTES: usize = 200;

#[derive(Debug, Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow, rename = "document")]
    about: About<'a>,
    #[serde(borrow, default)]
    pub(super) product_tree: ProductTree<'a>,
    #[serde(borrow, default)]
    pub(super) vulnerabilities: Elements<'a>,
}

#[derive(Debug, Deserialize)]
struct About<'a> {
    #[serde(borrow, default)]
    category: Text<'a>,
    #[serde(borrow, default)]
    csaf_version: Text<'a>,
    #[serde(borrow, default)]
    title: Text<'a>,
    #[serde(borrow)]
    publisher: Publisher<'a>,
    #[serde(borrow)]
    tracking: Tracking<'a>,
}

#[derive(Debug, Deserialize)]
struct Publisher<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    category: Text<'a>,
    #[serde(borrow, default)]
    namespace: Text<'a>,
}

#[derive(Debug, Deserialize)]
struct Tracking<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    initial_release_date: Text<'a>,
    #[serde(borrow, default)]
    current_release_date: Text<'a>,
}

/// What a record keeps of its document, each text short.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Head {
    /// The document's identifier, unique for its publisher.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) category: String,
    /// Who says it, and in which role: `vendor`, `coordinator` …
    pub(super) publisher: String,
    pub(super) role: String,
    pub(super) namespace: String,
    pub(super) version: String,
    /// `draft`, `interim` or `final`.
    pub(super) status: String,
    pub(super) published: String,
    pub(super) modified: String,
    /// Which of the document's vulnerabilities the record is.
    pub(super) index: u64,
}

impl<'a> Document<'a> {
    /// A document, and its head.
    pub(super) fn parse(text: &'a str) -> Result<(Head, Self), BadRecord> {
        let document: Self = serde_json::from_str(text)?;
        let About {
            category,
            csaf_version,
            title,
            publisher,
            tracking,
        } = &document.about;
        let id = tracking.id.trim();
        if id.is_empty() || id.len() > ID_BYTES || id.chars().any(char::is_control) {
            return Err(BadRecord::new("its tracking identifier is none"));
        }
        if !csaf_version.starts_with("2.") {
            let reason = format!("its csaf_version is {:?}, not 2", shown(csaf_version));
            return Err(BadRecord::new(reason).of(shown(id)));
        }
        let short = |text: &str| note([text]).unwrap_or_default();
        let head = Head {
            id: id.to_owned(),
            title: short(title),
            category: short(category),
            publisher: short(&publisher.name),
            role: short(&publisher.category),
            namespace: short(&publisher.namespace),
            version: short(&tracking.version),
            status: short(&tracking.status),
            published: short(&tracking.initial_release_date),
            modified: short(&tracking.current_release_date),
            index: 0,
        };
        Ok((head, document))
    }
}

impl Head {
    /// The publisher as the name of a scope: its namespace without what all of them have.
    pub(super) fn publisher_scope(&self) -> String {
        let namespace = self.namespace.trim_end_matches('/');
        let bare = namespace
            .split_once("://")
            .map_or(namespace, |(_, bare)| bare);
        let scope = said(bare).or(said(&self.publisher));
        shown(scope.unwrap_or("nobody"))
    }

    /// Why the document no longer counts (2.1, section 4.6 and 4.7).
    pub(super) fn withdrawn(&self) -> Option<String> {
        match &*self.category {
            "csaf_withdrawn" => Some("its publisher withdrew it".to_owned()),
            "csaf_superseded" => Some("its publisher replaced it by another".to_owned()),
            _ => None,
        }
    }

    /// Who says it, for people.
    pub(super) fn provenance(&self) -> String {
        let role = said(&self.role).map(|role| format!(" ({role})"));
        let status = said(&self.status).map(|status| format!(", {status}"));
        format!(
            "{}{}: {}{}",
            said(&self.publisher).unwrap_or("nobody"),
            role.unwrap_or_default(),
            said(&self.title).unwrap_or(&self.id),
            status.unwrap_or_default(),
        )
    }
}
