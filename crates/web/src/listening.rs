//! Connections: how many there may be, how long one may keep silent, and how they end.
//!
//! HTTP/1.1 alone is spoken: whoever speaks more to the world does so in front of this server, with
//! TLS. A client that sends its headers slowly, or nothing at all, is left after a while; so is one
//! that does not take its answer.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tower::Layer;
use tower::util::MapRequestLayer;

use crate::conduct::is_within;
use crate::limits::client_network;
use crate::live::Live;
use crate::traffic::Traffic;

/// How long requests that are under way may take once the server is to end.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// How long the headers of a request may take to come, the pause before them included.
const SILENCE: Duration = Duration::from_secs(20);

/// Milliseconds that an answer may lie unsent, since the client does not take it.
const UNSENT: u32 = 30_000;

/// Bytes of all headers of a request at the most.
const HEADER_BYTES: usize = 32 << 10;

/// The pause after a connection could not be taken, such as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves connections until `shutdown`, then takes no more; those that are open end with the request
/// that is under way, but not later than after `grace`.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    live: Live,
    traffic: Traffic,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) {
    let connections = Connections::default();
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let all = live.current().settings.conduct.connections.all;
        let next = async {
            connections.wait_below(all).await;
            listener.accept().await
        };
        let accepted = tokio::select! {
            accepted = next => accepted,
            () = shutdown.as_mut() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let open = connections.open(peer, &live);
                let Some(open) = open else {
                    traffic.refuse();
                    continue;
                };
                let counted = traffic.connect();
                let connection = connection(stream, peer, router.clone(), graceful.watcher());
                tokio::spawn(async move {
                    connection.await;
                    drop((open, counted));
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests that took too long were cut off");
    }
}

/// Serves one connection to its end.
async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, watcher: Watcher) {
    // Neither is worth refusing a client that is there.
    let _ = stream.set_nodelay(true);
    let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, UNSENT);
    let with_peer = MapRequestLayer::new(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let service = TowerToHyperService::new(with_peer.layer(router));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(SILENCE)
        .max_buf_size(HEADER_BYTES);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, client = %peer.ip(), "a connection broke");
    }
}

/// The connections that are open, by client.
#[derive(Clone, Default)]
struct Connections(Arc<Open>);

#[derive(Default)]
struct Open {
    clients: Mutex<Counts>,
    one_ended: Notify,
}

#[derive(Default)]
struct Counts {
    all: usize,
    each: HashMap<IpNet, usize>,
}

/// An open connection; dropped, it is counted no longer.
struct Place {
    connections: Connections,
    client: IpNet,
}

impl Connections {
    fn counts<T>(&self, with: impl FnOnce(&mut Counts) -> T) -> T {
        with(
            &mut self
                .0
                .clients
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    async fn wait_below(&self, most: usize) {
        loop {
            let ended = self.0.one_ended.notified();
            if self.counts(|counts| counts.all) < most.max(1) {
                return;
            }
            ended.await;
        }
    }

    /// A place for one more connection of a client, unless it has all that it may; a proxy that is
    /// believed has those of many, and who has no limits has as many as there are.
    fn open(&self, peer: SocketAddr, live: &Live) -> Option<Place> {
        let current = live.current();
        let conduct = &current.settings.conduct;
        let is_free = is_within(&conduct.proxies.networks, peer.ip())
            || is_within(&conduct.unlimited, peer.ip());
        let client = client_network(peer.ip());
        self.counts(|counts| {
            let of_client = counts.each.entry(client).or_default();
            if *of_client >= conduct.connections.each && !is_free {
                return None;
            }
            *of_client += 1;
            counts.all += 1;
            Some(Place {
                connections: self.clone(),
                client,
            })
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.counts(|counts| {
            counts.all -= 1;
            if let Some(of_client) = counts.each.get_mut(&self.client) {
                *of_client -= 1;
                if *of_client == 0 {
                    counts.each.remove(&self.client);
                }
            }
        });
        self.connections.0.one_ended.notify_one();
    }
}
