//! Serving pages, for every command that does: where it listens, what it says of that, when it ends.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context;
use palisade_tracker::sync::Receiver;
use palisade_tracker::{Store, Views};
use palisade_web::Site;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::commands::now;
use crate::ui;

/// Where pages are served unless somebody says otherwise.
pub(crate) const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Done when the user or the system asks the program to end.
pub(crate) type EndSignal = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Watches for Ctrl-C and for a service manager's request to end; from now on neither ends the
/// program by itself.
pub(crate) fn end_signal() -> anyhow::Result<EndSignal> {
    let mut interrupt = signal(SignalKind::interrupt()).context("watch for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("watch for the end")?;
    Ok(Box::pin(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }))
}

/// An address from the command line.
pub(crate) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("write ADDRESS:PORT, such as {ADDRESS}, not {text:?}"))
}

/// Listens at an address.
pub(crate) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listen at {address}"))
}

/// Prints the address and serves a store's pages there until the end is asked for.
pub(crate) async fn serve(
    store: &Store,
    receiver: Option<Receiver>,
    listener: TcpListener,
    end: EndSignal,
) -> anyhow::Result<()> {
    announce(&listener)?;
    let site = Site {
        views: Views::new(store.clone()),
        receiver: receiver.map(Arc::new),
        clock: now,
    };
    palisade_web::serve(listener, site, end)
        .await
        .context("serve pages")?;
    ui::say("ended");
    Ok(())
}

/// Prints where the pages are: the one line on standard output, complete before anybody is served.
fn announce(listener: &TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr().context("ask for the address")?;
    let mut output = ui::stdout();
    writeln!(output, "Palisade is at http://{}/", reachable(address))
        .and_then(|()| output.flush())
        .context("print the address")?;
    ui::say("End it with Ctrl-C.");
    Ok(())
}

/// The address to open for one that is listened at: all interfaces are no place to go to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_interfaces_are_reached_through_the_machines_own() {
        for (listened, opened) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            let listened: SocketAddr = listened.parse().unwrap();
            assert_eq!(reachable(listened).to_string(), opened);
        }
    }
}
