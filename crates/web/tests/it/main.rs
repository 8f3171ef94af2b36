//! Pages and JSON, asked for as a browser or a program would, without a socket.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod comparison;
mod conduct;
mod connections;
mod epss;
mod grafts;
mod guix_data;
mod guix_routes;
mod history;
mod hostile;
mod lists;
mod mistakes;
mod osv;
mod pages;
mod protocol;
mod readiness;
mod receive;
mod reviews;
mod secfixes;
mod support;
