//! The command as a user runs it: the built program, its output, its exit status.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod admin;
mod affected_by;
mod aports;
mod compare;
mod database;
mod demo;
mod findings;
mod generate;
mod identity;
mod import;
mod inventories;
mod lint;
mod matching;
mod report;
mod review;
mod review_debian;
mod review_patch;
mod review_server;
mod review_verify;
mod rules;
mod running;
mod serve;
mod service;
mod statements;
mod support;
mod sync;
mod version;
