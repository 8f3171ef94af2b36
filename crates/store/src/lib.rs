//! The only crate that knows SQL: SQLite embedded or PostgreSQL.
