//! `palisade demo`: loads the sample and serves it, with no network and nothing to configure.
//!
//! The sample stands in the outside formats and goes the way that real feeds go, so what the demo
//! shows is what Palisade does. Its files are part of the program.

mod sample;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use palisade_tracker::{
    FeedImport, ImportSummary, InventoryImport, NoProgress, Store, Views, import_epss, import_feed,
    import_inventory,
};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use self::sample::{Format, Part};
use super::{block_on, now, open_store};
use crate::ui;

/// Where the demo is served unless somebody says otherwise.
const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// The file of the database within its folder.
const DATABASE: &str = "palisade.sqlite";

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to serve [default: 127.0.0.1:8080, or another port if that one is taken]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = parse_address)]
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
        let result = load_and_serve(&folder, listener, end).await;
        folder.close()?;
        result.map(|()| ExitCode::SUCCESS)
    })
}

async fn load_and_serve(
    folder: &Folder,
    listener: TcpListener,
    mut end: EndSignal,
) -> anyhow::Result<()> {
    let database = folder.path().join(DATABASE);
    let database = database
        .to_str()
        .context("the folder's name is not UTF-8")?;
    let store = open_store(database).await?;
    let result = tokio::select! {
        loaded = load(&store) => loaded.map(|()| true),
        () = &mut end => Ok(false),
    };
    let result = match result {
        Ok(true) => serve(&store, listener, end).await,
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };
    store.close().await;
    result
}

/// Imports the sample, one line a part.
async fn load(store: &Store) -> anyhow::Result<()> {
    let parts = sample::parts()?;
    let count = parts.len();
    for (number, part) in (1..).zip(parts) {
        let (title, unit) = (part.title, part.format.unit());
        let (summary, rejects) = import(store, part)
            .await
            .with_context(|| format!("load the sample, {title}"))?;
        ui::say(&format!(
            "{number}/{count} {title}: {} {unit}",
            summary.records
        ));
        ui::say_rejects(&rejects);
    }
    store.optimize().await.context("tidy the database")
}

async fn import(
    store: &Store,
    part: Part,
) -> anyhow::Result<(ImportSummary, Vec<palisade_formats::Reject>)> {
    let Part {
        format,
        document,
        branch,
        repository,
        revision,
        time,
        ..
    } = part;
    let now = now();
    let imported = match format {
        Format::Epss => import_epss(store, document, now.as_microsecond()).await?,
        Format::Feed(kind) => {
            let context = palisade_formats::feed::FeedContext { branch, repository };
            let import = FeedImport {
                kind,
                document,
                context,
                now: now.as_microsecond(),
            };
            import_feed(store, import, Arc::new(NoProgress)).await?
        }
        Format::Inventory(kind) => {
            let import = InventoryImport {
                kind,
                document,
                branch,
                repository,
                revision,
                time,
                keys: Vec::new(),
                require_signature: false,
                now,
            };
            import_inventory(store, import, Arc::new(NoProgress)).await?
        }
    };
    Ok(imported)
}

async fn serve(store: &Store, listener: TcpListener, end: EndSignal) -> anyhow::Result<()> {
    let address = listener.local_addr().context("look up the address")?;
    let mut output = ui::stdout();
    writeln!(output, "Palisade is at http://{}/", reachable(address))
        .context("print the address")?;
    output.flush().context("print the address")?;
    ui::say("End it with Ctrl-C.");
    palisade_web::serve(listener, Views::new(store.clone()), end)
        .await
        .context("serve")
}

/// The address to open for one that is listened on: all interfaces are no place to go to.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => address,
        IpAddr::V4(_) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(_) => SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port()),
    }
}

/// Listens at the address that was given, or at the usual one or another port beside it.
async fn listen(given: Option<SocketAddr>) -> anyhow::Result<TcpListener> {
    let address = given.unwrap_or(ADDRESS);
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if given.is_none() && error.kind() == io::ErrorKind::AddrInUse => {
            ui::say(&format!(
                "port {} is taken, so another one is used",
                address.port()
            ));
            let any = SocketAddr::new(address.ip(), 0);
            TcpListener::bind(any)
                .await
                .with_context(|| format!("listen at {any}"))
        }
        Err(error) => Err(error).with_context(|| format!("listen at {address}")),
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("write ADDRESS:PORT, such as {ADDRESS}, not {text:?}"))
}

/// Done when the user or the system asks the program to end.
type EndSignal = Pin<Box<dyn Future<Output = ()> + Send>>;

fn end_signal() -> anyhow::Result<EndSignal> {
    let mut interrupt = signal(SignalKind::interrupt()).context("watch for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("watch for the end")?;
    Ok(Box::pin(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }))
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
