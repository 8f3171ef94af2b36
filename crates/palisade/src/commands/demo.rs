//! `palisade demo`: loads the sample and serves it, with no network and nothing to configure.
//!
//! The sample stands in the outside formats and goes the way that real feeds go, so what the demo
//! shows is what Palisade does. Its files are part of the program.

mod sample;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use palisade_tracker::{NoProgress, Store};
use tokio::net::TcpListener;

use self::sample::Part;
use super::{block_on, now, open_current_store};
use crate::signals::{EndSignal, end_signal};
use crate::{serving, ui};

/// The file of the database within its folder.
const DATABASE: &str = "palisade.sqlite";

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to serve [default: 127.0.0.1:8080, or another port if that one is taken]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = serving::parse_address)]
    listen: Option<SocketAddr>,

    /// Keep the database in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

pub(crate) fn run(command: &Demo) -> anyhow::Result<ExitCode> {
    block_on(async {
        // Whoever ends the demo while it still loads wants the temporary database gone, too.
        let end = end_signal()?;
        let listener = listen(command.listen).await?;
        let folder = Folder::open(command.keep.as_deref())?;
        let result = open_and_serve(&folder, listener, end).await;
        folder.close()?;
        result.map(|()| ExitCode::SUCCESS)
    })
}

async fn open_and_serve(
    folder: &Folder,
    listener: TcpListener,
    end: EndSignal,
) -> anyhow::Result<()> {
    let database = folder.path().join(DATABASE);
    let database = database
        .to_str()
        .context("the folder's name is not UTF-8")?;
    let store = open_current_store(database).await?;
    let result = load_and_serve(&store, listener, end).await;
    store.close().await;
    result
}

async fn load_and_serve(
    store: &Store,
    listener: TcpListener,
    mut end: EndSignal,
) -> anyhow::Result<()> {
    tokio::select! {
        loaded = load(store) => loaded?,
        () = &mut end => return Ok(()),
    }
    serving::serve(store, listener, end).await
}

/// Imports the sample, one line a part.
async fn load(store: &Store) -> anyhow::Result<()> {
    let parts = sample::parts()?;
    let count = parts.len();
    for (number, Part { title, input }) in (1..).zip(parts) {
        let unit = sample::unit(input.kind);
        let imported = input.import(store, now(), Arc::new(NoProgress)).await;
        let (summary, rejects) = imported.with_context(|| format!("load the sample, {title}"))?;
        let records = summary.records;
        ui::say(&format!("{number}/{count} {title}: {records} {unit}"));
        if !rejects.is_empty() {
            ui::say("  meant to be so, to show what becomes of a record that is broken:");
        }
        ui::say_rejects(&rejects);
    }
    store.optimize().await.context("tidy the database")
}

/// Listens at the address that was given, or at the usual one or another port beside it.
async fn listen(given: Option<SocketAddr>) -> anyhow::Result<TcpListener> {
    let usual = serving::ADDRESS;
    match serving::listen(given.unwrap_or(usual)).await {
        Err(error) if given.is_none() && is_taken(&error) => {
            let port = usual.port();
            ui::say(&format!("port {port} is taken, so another one is used"));
            serving::listen(SocketAddr::new(usual.ip(), 0)).await
        }
        result => result,
    }
}

fn is_taken(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::AddrInUse)
}

/// Where the database is.
enum Folder {
    Temporary(tempfile::TempDir),
    Kept(PathBuf),
}

impl Folder {
    fn open(keep: Option<&Path>) -> anyhow::Result<Self> {
        let Some(folder) = keep else {
            let folder = tempfile::Builder::new().prefix("palisade-demo-").tempdir();
            return folder
                .map(Self::Temporary)
                .context("make a temporary folder");
        };
        let database = folder.join(DATABASE);
        if database.exists() {
            anyhow::bail!(
                "{database} is there already, and the sample goes into an empty database only\n\
                 hint: palisade serve --database {database} serves it",
                database = database.display()
            );
        }
        fs_err::create_dir_all(folder)?;
        Ok(Self::Kept(folder.to_owned()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }

    fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Temporary(folder) => folder.close().context("remove the temporary database"),
            Self::Kept(_) => Ok(()),
        }
    }
}
