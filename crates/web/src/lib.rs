//! Pages and JSON over HTTP: the only crate that knows HTML and serving.
//!
//! Every page is also JSON, by the suffix `.json` or by `Accept: application/json`, and every page
//! is of use without a script; none is sent. What feeds say is hostile until shown otherwise:
//! templates escape it, links are made of `http` and `https` addresses only, and characters that
//! reorder text are replaced in every page. No page asks any other host for anything.

mod access;
mod api;
mod assets;
mod atom;
mod client;
mod components;
mod conduct;
mod error;
mod format;
mod guix_data;
mod headers;
mod hooks;
mod kept;
mod limits;
mod listening;
mod live;
mod metrics;
mod osv;
mod pages;
mod parameters;
mod ready;
mod receive;
mod redirect;
mod respond;
mod secfixes;
mod security_txt;
mod serve;
mod signing;
mod table;
mod timescale;
mod traffic;
mod words;

pub use conduct::{Conduct, ConnectionLimits, Limits, Proxies, ProxyHeader, Security};
pub use live::{Live, Settings};
pub use serve::{Site, router, serve};
