//! What is asked for, and what came.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// By what a server tells one state of a document from another (RFC 9110, section 8.8).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Validators {
    /// `ETag`, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The address.
    pub url: Url,
    /// Of the state that is known already; nothing is sent again that is still in it.
    pub known: Validators,
    /// Headers that only the address's own host gets, such as keys.
    pub secrets: Vec<(&'static str, String)>,
    /// Other hosts to which the server may send us on.
    pub hosts: Vec<String>,
    /// Whether the host may be in the own network.
    pub private: bool,
    /// Bytes of the body at the most.
    pub max_bytes: u64,
    /// The time from one request to the host to the next.
    pub pace: Duration,
    /// Whether the host says "forbidden" when it means "too often", as NVD's does.
    pub forbidden_means_wait: bool,
    /// The SHA-256 that was published for the body, in hexadecimal digits.
    pub sha256: Option<String>,
}

impl Request {
    /// A request without anything special.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            known: Validators::default(),
            secrets: Vec::new(),
            hosts: Vec::new(),
            private: false,
            max_bytes: 4 << 30,
            pace: Duration::ZERO,
            forbidden_means_wait: false,
            sha256: None,
        }
    }
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What is known is still the state.
    NotModified,
    /// Another state.
    Body(Body),
}

/// A document that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The file that has it.
    pub path: PathBuf,
    /// Its length in bytes.
    pub length: u64,
    /// By what the server will know it again.
    pub validators: Validators,
    /// When the server says that it last changed.
    pub modified: Option<Timestamp>,
}
