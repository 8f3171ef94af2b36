//! `palisade serve`: pages and JSON over HTTP.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use palisade_tracker::Store;

use super::{block_on, open_current_store};
use crate::serving;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The address to listen at; port 0 takes one that is free
    #[arg(
        long, default_value_t = serving::ADDRESS, value_name = "ADDRESS:PORT",
        value_parser = serving::parse_address
    )]
    listen: SocketAddr,
}

pub(crate) fn run(database: &str, command: &Serve) -> anyhow::Result<ExitCode> {
    block_on(async {
        let store = open_current_store(database).await?;
        let served = serve(&store, command.listen).await;
        store.close().await;
        served.map(|()| ExitCode::SUCCESS)
    })
}

async fn serve(store: &Store, address: SocketAddr) -> anyhow::Result<()> {
    let end = serving::end_signal()?;
    let listener = serving::listen(address).await?;
    serving::serve(store, listener, end).await
}
