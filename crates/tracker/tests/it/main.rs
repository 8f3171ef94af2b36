//! What the tracker does, seen from outside: imports, matching, derived findings, views.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod documents;
mod signer;
mod tracker;

mod alpine_cases;
mod aports_sync;
mod aports_trees;
mod checked_cases;
mod comparison;
mod comparison_of_lists;
mod debian_sync;
mod ecosystem_cases;
mod edits;
mod every_inventory;
mod explanations;
mod git_server;
mod grafts;
mod guix_cases;
mod guix_sync;
mod history;
mod identities;
mod import;
mod leases;
mod mistakes;
mod order;
mod present;
mod real_revision;
mod rules;
mod senders;
mod sync;
mod trust;
mod views;
