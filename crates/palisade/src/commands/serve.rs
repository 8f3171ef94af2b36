//! `palisade serve`: pages and JSON over HTTP.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use palisade_tracker::Store;
use palisade_tracker::sync::Receiver;

use super::sync::syncer;
use super::{block_on, open_current_store};
use crate::configuration::Configuration;
use crate::serving;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The address to listen at; port 0 takes one that is free
    #[arg(
        long, default_value_t = serving::ADDRESS, value_name = "ADDRESS:PORT",
        value_parser = serving::parse_address
    )]
    listen: SocketAddr,

    /// Fetch what configured sources have that is new, whenever their time has come
    #[arg(long)]
    sync: bool,

    /// The configuration [default: palisade.toml in the current folder, else a built-in one]
    #[arg(long, env = "PALISADE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(crate) fn run(database: &str, command: &Serve) -> anyhow::Result<ExitCode> {
    block_on(async {
        let store = open_current_store(database).await?;
        let served = serve(&store, command).await;
        store.close().await;
        served.map(|()| ExitCode::SUCCESS)
    })
}

async fn serve(store: &Store, command: &Serve) -> anyhow::Result<()> {
    let end = serving::end_signal()?;
    let listener = serving::listen(command.listen).await?;
    let Configuration { fetch, sources } = Configuration::read(command.config.as_deref())?;
    let syncer = syncer(store, &fetch)?;
    let may_send = sources.iter().any(|source| source.sender().is_some());
    let receiver = may_send.then(|| Receiver::new(syncer.clone(), &sources));
    if command.sync || receiver.is_some() {
        syncer
            .plan(&sources)
            .await
            .context("write what is planned")?;
    }
    let served = serving::serve(store, receiver, listener, end);
    if !command.sync {
        return served.await;
    }
    // A source that is being asked is given back before the program ends.
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = async {
        let served = served.await;
        drop(stop);
        served
    };
    let keeping_up = syncer.keep_up(&sources, async {
        let _ = stopped.await;
    });
    let (served, ()) = tokio::join!(served, keeping_up);
    served
}
