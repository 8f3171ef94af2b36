//! Gets bytes from outside: politely, within limits, and taken up where it stopped.
//!
//! A [`Client`] asks only for what changed since the last time, waits as long as a server wants it
//! to, tries again with growing pauses, and writes what comes into a file that a later request goes
//! on with. It trusts nobody: bodies have a limit and a deadline, redirects go to hosts that were
//! named beforehand, and no name leads to an address within the own network unless the caller said
//! that it may.

mod address;
mod call;
mod client;
mod download;
mod error;
mod pace;
mod request;
mod retry;

pub use address::refuse_private;
pub use call::{Call, Method};
pub use client::{Client, Settings, Stage};
pub use error::FetchError;
pub use request::{Answer, Body, Request, Validators};
pub use url::Url;
