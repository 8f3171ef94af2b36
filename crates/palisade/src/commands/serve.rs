//! `palisade serve`: pages and JSON over HTTP.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use palisade_tracker::{Store, Views};
use tokio::net::TcpListener;

use super::block_on;
use crate::ui;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The address to listen at; port 0 takes one that is free
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
}

pub(crate) fn run(database: &str, command: &Serve) -> anyhow::Result<ExitCode> {
    block_on(async {
        let store = Store::open(database).await.context("open the database")?;
        serve(store, command.listen).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Serves a store's pages until the process is told to end, and closes it.
pub(crate) async fn serve(store: Store, listen: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("listen at {listen}"))?;
    let address = listener.local_addr().context("ask for the address")?;
    let mut output = ui::stdout();
    writeln!(output, "http://{address}/")
        .and_then(|()| output.flush())
        .context("say where")?;
    drop(output);
    palisade_web::serve(listener, Views::new(store.clone()), told_to_end())
        .await
        .context("serve pages")?;
    ui::say("ended");
    store.close().await;
    Ok(())
}

/// Completes when somebody presses Ctrl-C or the service manager asks for the end.
async fn told_to_end() {
    let interrupt = async {
        // Without a handler the signal ends the process by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
