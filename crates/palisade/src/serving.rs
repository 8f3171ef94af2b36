//! Serving pages, for every command that does: where it listens, what it says of that.

use std::io::{self, IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context;
use palisade_tracker::{Store, Views};
use palisade_web::{Live, Settings, Site};
use tokio::net::TcpListener;

use crate::commands::now;
use crate::signals::EndSignal;
use crate::ui;

/// Where pages are served unless somebody says otherwise.
pub(crate) const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// An address from the command line.
pub(crate) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("write ADDRESS:PORT, such as {ADDRESS}, not {text:?}"))
}

/// Listens at an address.
pub(crate) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "\nhint: --listen takes another port, and with port 0 one that is free"
            }
            io::ErrorKind::AddrNotAvailable => {
                "\nhint: --listen takes an address of this machine, or 0.0.0.0 for all that it has"
            }
            io::ErrorKind::PermissionDenied => {
                "\nhint: ports below 1024 are for the system; --listen takes another one"
            }
            _ => "",
        };
        anyhow::Error::from(error).context(format!("listen at {address}{hint}"))
    })
}

/// A site over a store.
pub(crate) fn site(store: &Store, live: Live) -> Site {
    Site::new(Views::new(store.clone()), live, now)
}

/// Prints the address and serves a store's pages there until the end is asked for, as much as anybody
/// likes.
pub(crate) async fn serve(
    store: &Store,
    listener: TcpListener,
    end: EndSignal,
) -> anyhow::Result<()> {
    announce(&listener)?;
    palisade_web::serve(listener, site(store, Live::new(Settings::default())), end).await;
    say_ended();
    Ok(())
}

/// Says that all has come to its end.
pub(crate) fn say_ended() {
    ui::say("ended");
}

/// Prints where the pages are: the one line on standard output, complete before anybody is served.
pub(crate) fn announce(listener: &TcpListener) -> anyhow::Result<SocketAddr> {
    let address = listener.local_addr().context("ask for the address")?;
    let address = reachable(address);
    let mut output = ui::stdout();
    writeln!(output, "Palisade is at http://{address}/")
        .and_then(|()| output.flush())
        .context("print the address")?;
    if std::io::stderr().is_terminal() {
        ui::say("End it with Ctrl-C.");
    }
    Ok(address)
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
