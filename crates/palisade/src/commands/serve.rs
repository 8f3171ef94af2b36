//! `palisade serve`: pages and JSON over HTTP, until the end is asked for.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use palisade_fetch::Client;
use palisade_tracker::Store;
use palisade_tracker::reviews::{Desk, Patience, attend};
use palisade_tracker::sync::{Plan, Receiver, keep_up};
use palisade_web::{Live, Settings};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::sync::syncer;
use super::{block_on, now, open_current_store};
use crate::configuration::{Configuration, Serving};
use crate::logging::ServiceLog;
use crate::reviewing::Examiner;
use crate::signals::{Asked, Hangup, Signals};
use crate::{service_manager, serving};

/// How long the start waits for others who write, to write down which sources there are.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The address to listen at; port 0 takes one that is free
    #[arg(
        long, env = "PALISADE_LISTEN", default_value_t = serving::ADDRESS,
        value_name = "ADDRESS:PORT", value_parser = serving::parse_address
    )]
    listen: SocketAddr,

    /// Fetch what configured sources have that is new, whenever their time has come
    #[arg(long)]
    sync: bool,

    /// The configuration [default: palisade.toml in the current folder, else a built-in one]
    #[arg(long, env = "PALISADE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) log: ServiceLog,
}

pub(crate) fn run(database: &str, command: &Serve) -> anyhow::Result<ExitCode> {
    let socket = service_manager::socket()?;
    block_on(async {
        let store = open_current_store(database).await?;
        let listener = match socket {
            Some(socket) => TcpListener::from_std(socket).context("use a socket")?,
            None => serving::listen(command.listen).await?,
        };
        let served = Box::pin(serve(database, &store, listener, command)).await;
        store.close().await;
        served.map(|()| ExitCode::SUCCESS)
    })
}

async fn serve(
    database: &str,
    store: &Store,
    listener: TcpListener,
    command: &Serve,
) -> anyhow::Result<()> {
    let mut signals = Signals::watch(Hangup::Reloads)?;
    let (
        mut service,
        Followed {
            planned,
            desks,
            client,
        },
    ) = Service::start(store, command).await?;
    let site = serving::site(store, service.live.clone());
    let address = serving::announce(&listener)?;
    let status = format!("serving http://{address}/");
    service_manager::ready(&status);
    let alive = tokio::spawn(service_manager::keep_telling());
    // A source that is being asked is given back before the program ends.
    let (stop, stopped) = watch::channel(());
    let served = async {
        palisade_web::serve(listener, site, service.until_end(&mut signals, &status)).await;
        drop(stop);
    };
    let ended = || {
        let mut stopped = stopped.clone();
        // It is never sent anything: it ends.
        async move { while stopped.changed().await.is_ok() {} }
    };
    let keeping_up = keep_up(planned, ended());
    let patience = Patience::default();
    let examiner = Examiner {
        database: database.to_owned(),
    };
    let reviewing = attend(desks, &client, &examiner, &patience, ended());
    tokio::join!(served, keeping_up, reviewing);
    alive.abort();
    serving::say_ended();
    Ok(())
}

/// What follows the configuration.
struct Service<'a> {
    store: &'a Store,
    config: Option<PathBuf>,
    asks: bool,
    live: Live,
    drain: Duration,
    plans: watch::Sender<Arc<Plan>>,
    desks: watch::Sender<Option<Arc<Desk>>>,
}

/// What follows the service.
struct Followed {
    planned: watch::Receiver<Arc<Plan>>,
    desks: watch::Receiver<Option<Arc<Desk>>>,
    /// What asks forges.
    client: Arc<Client>,
}

/// What one reading of the configuration means.
struct Configured {
    settings: Settings,
    drain: Duration,
    plan: Arc<Plan>,
    client: Arc<Client>,
}

impl<'a> Service<'a> {
    async fn start(store: &'a Store, command: &Serve) -> anyhow::Result<(Self, Followed)> {
        // A file that was there is not left out silently when it is gone at a reload.
        let config = Configuration::file(command.config.as_deref());
        let read = configured(store, config.as_deref(), command.sync, &Settings::default())?;
        // Who looks at once finds the sources; who has to wait for an import does not wait for that.
        let written = tokio::time::timeout(PATIENCE, read.plan.write()).await;
        if let Ok(written) = written {
            written.context("write what is planned")?;
        }
        let (plans, planned) = watch::channel(read.plan);
        let (desks, followed) = watch::channel(read.settings.desk.clone());
        let service = Self {
            store,
            config,
            asks: command.sync,
            live: Live::new(read.settings),
            drain: read.drain,
            plans,
            desks,
        };
        let followed = Followed {
            planned,
            desks: followed,
            client: read.client,
        };
        Ok((service, followed))
    }

    /// Reads the configuration again as often as that is asked for, until the end is. Then requests
    /// are still taken for as long as balancers may need to send them elsewhere.
    async fn until_end(&mut self, signals: &mut Signals, status: &str) {
        while signals.next().await == Asked::Reload {
            service_manager::reloading();
            self.reload();
            service_manager::ready(status);
        }
        service_manager::stopping();
        self.live.stop();
        let drain = self.drain;
        if drain.is_zero() {
            return;
        }
        tracing::info!(?drain, "about to end; requests are still taken");
        let again = async { while signals.next().await == Asked::Reload {} };
        tokio::select! {
            () = tokio::time::sleep(drain) => {}
            () = again => {}
        }
    }

    /// Takes what the configuration says now, or keeps what it said before when it cannot be read.
    fn reload(&mut self) {
        let before = self.live.settings();
        match configured(self.store, self.config.as_deref(), self.asks, &before) {
            Ok(read) => {
                self.desks.send_replace(read.settings.desk.clone());
                self.live.replace(read.settings);
                self.drain = read.drain;
                self.plans.send_replace(read.plan);
                tracing::info!("the configuration was read again");
            }
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "the configuration cannot be read; the one before it stays"
            ),
        }
    }
}

fn configured(
    store: &Store,
    file: Option<&std::path::Path>,
    asks: bool,
    before: &Settings,
) -> anyhow::Result<Configured> {
    let configuration = Configuration::read(file)?;
    let Configuration {
        fetch,
        sources,
        forges,
        reviewers,
        serving: Serving { conduct, drain },
    } = configuration;
    if let Some(security) = &conduct.security
        && conduct.security_at(now()).is_none()
    {
        tracing::warn!(expires = %security.expires, "security.txt has expired and is not served");
    }
    let syncer = syncer(store, &fetch)?;
    let may_send = sources.iter().any(|source| source.sender().is_some());
    let receiver = may_send.then(|| match &before.receiver {
        Some(before) => before.replaced(syncer.clone(), &sources),
        None => Receiver::new(syncer.clone(), &sources),
    });
    let client = Arc::clone(&syncer.client);
    let is_told = !forges.is_empty() || !reviewers.is_empty();
    let desk = is_told.then(|| {
        let site = conduct.address.clone();
        let desk = Desk::new(store.clone(), forges, reviewers, site, now);
        match &before.desk {
            Some(before) => before.replaced(desk),
            None => desk,
        }
    });
    let settings = Settings {
        receiver: receiver.map(Arc::new),
        desk: desk.map(Arc::new),
        conduct,
    };
    let plan = if asks {
        Plan::asking(syncer, sources)
    } else {
        Plan::knowing(syncer, sources)
    };
    Ok(Configured {
        settings,
        drain,
        plan: Arc::new(plan),
        client,
    })
}
