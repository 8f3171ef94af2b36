//! Pages and JSON over HTTP: the only crate that knows HTML and serving.
//!
//! Every page is also JSON, by the suffix `.json` or by `Accept: application/json`, and every page
//! is of use without a script; none is sent. What feeds say is hostile until shown otherwise:
//! templates escape it, links are made of `http` and `https` addresses only, and characters that
//! reorder text are replaced in every page. No page asks any other host for anything.

mod api;
mod assets;
mod atom;
mod components;
mod error;
mod format;
mod guix_data;
mod headers;
mod kept;
mod metrics;
mod osv;
mod pages;
mod parameters;
mod receive;
mod respond;
mod secfixes;
mod serve;
mod table;
mod words;

pub use serve::{Site, router, serve};
