//! `palisade admin`: what whoever runs Palisade needs beside it: copies, and whether all is well.

mod backup;
mod check;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use palisade_tracker::Store;

use super::{Format, block_on, must_exist, not_opened};

#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Copy the database into a file, while it is in use
    ///
    /// The copy is the state of one moment, compacted, and is itself a database. What is imported
    /// meanwhile is not in it. A database on a PostgreSQL server is copied with
    /// `pg_dump`.
    Backup {
        /// The copy; a file that is there is not overwritten
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Look whether the database is whole: its structures, its schema, what points at what, its blocks
    ///
    /// Nothing is changed. The status is 0 when all is well, 1 when something is wrong, and 2 when it
    /// could not be told.
    Check {
        /// How the result is printed
        #[arg(long, default_value = "text", value_name = "FORMAT")]
        format: Format,
    },
}

pub(crate) fn run(database: &str, command: &Admin) -> anyhow::Result<ExitCode> {
    must_exist(database)?;
    block_on(async {
        let store = open(database).await?;
        let done = match command {
            Admin::Backup { file } => backup::run(&store, file).await,
            Admin::Check { format } => check::run(&store, *format).await,
        };
        store.close().await;
        done
    })
}

/// Opens a database without bringing its schema up to date: before that a copy is made.
async fn open(address: &str) -> anyhow::Result<Store> {
    let opened = Store::open_as_it_is(address).await;
    opened.map_err(|error| not_opened(address, error))
}
