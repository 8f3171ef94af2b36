//! The behaviour of the store: one suite, run on SQLite and, when `PALISADE_TEST_POSTGRES` names a
//! server, on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod advisories;
mod blocks;
mod comparison;
mod coverage;
mod database;
mod enrichment;
mod events;
mod findings;
mod grafts;
mod history;
mod identities;
mod listings;
mod makers;
mod mistakes;
mod reviews;
mod revisions;
mod sessions;
mod sources;
mod statements;
mod upkeep;
mod vulnerabilities;
