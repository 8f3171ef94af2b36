//! Why something could not be fetched.

use std::io;
use std::time::Duration;

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is none that is fetched from.
    #[error("fetch {url}: {reason}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The server sends us where we do not go.
    #[error("fetch {url}: it leads to {to}, {reason}")]
    Redirect {
        /// The address.
        url: String,
        /// Where to.
        to: String,
        /// Why not.
        reason: &'static str,
    },
    /// The server answers with a status that has no body for us.
    #[error("fetch {url}: the server says {status}")]
    Status {
        /// The address.
        url: String,
        /// The status and what it means.
        status: String,
        /// The status's number.
        code: u16,
        /// How long the server wants us to wait.
        wait: Option<Duration>,
    },
    /// The body is longer than it may be.
    #[error("fetch {url}: the body is longer than {limit} bytes")]
    TooLong {
        /// The address.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// The server takes too long.
    #[error("fetch {url}: nothing came for {seconds} s, or all took too long")]
    Slow {
        /// The address.
        url: String,
        /// How long a pause may be.
        seconds: u64,
    },
    /// The connection could not be made, or broke.
    #[error("fetch {url}: the connection failed")]
    Connection {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The server goes on from another place than where the last attempt stopped.
    #[error("fetch {url}: the server does not go on where the last attempt stopped")]
    Elsewhere {
        /// The address.
        url: String,
    },
    /// The body is another than was published.
    #[error("fetch {url}: its SHA-256 is {found}, not {published} as published")]
    Digest {
        /// The address.
        url: String,
        /// What came.
        found: String,
        /// What was published.
        published: String,
    },
    /// The body cannot be kept.
    #[error("keep what was fetched")]
    Keep(#[from] io::Error),
    /// The client cannot be made.
    #[error("prepare for fetching")]
    Client(#[source] reqwest::Error),
}

impl FetchError {
    /// Whether the same request may succeed a while later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Slow { .. } | Self::Elsewhere { .. } => true,
            Self::Connection { source, .. } => !is_private_name(source),
            Self::Address { .. }
            | Self::Redirect { .. }
            | Self::TooLong { .. }
            | Self::Digest { .. }
            | Self::Keep(_)
            | Self::Client(_) => false,
        }
    }

    /// How long the server wants us to wait before we ask again.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Status { wait, .. } => *wait,
            _ => None,
        }
    }
}

/// Whether a connection was not made because the name leads into the own network.
fn is_private_name(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<crate::address::PrivateName>() {
            return true;
        }
        cause = error.source();
    }
    false
}
