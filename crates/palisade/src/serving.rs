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

/// Watches for Ctrl-C, for a terminal that is closed and for a service manager's request to end; from
/// now on none of them ends the program by itself.
pub(crate) fn end_signal() -> anyhow::Result<EndSignal> {
    let mut interrupt = signal(SignalKind::interrupt()).context("watch for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("watch for the end")?;
    let mut hangup = if ignores_hangup() {
        None
    } else {
        Some(signal(SignalKind::hangup()).context("watch for the terminal's end")?)
    };
    Ok(Box::pin(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => _ = hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = hung_up => {}
        }
    }))
}

/// Whether whoever started the program made it ignore the end of its terminal, as `nohup` does;
/// watching for that would undo it.
fn ignores_hangup() -> bool {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_signals(&status).is_some_and(|ignored| ignored & 1 == 1)
}

/// The signals that a process ignores, the first in the lowest bit, as Linux tells of it.
fn ignored_signals(status: &str) -> Option<u64> {
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
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
    fn what_is_ignored_is_read_from_what_linux_tells() {
        let status = |mask: &str| format!("SigBlk:\t0000000000000001\nSigIgn:\t{mask}\n");
        assert_eq!(ignored_signals(&status("0000000000001001")), Some(0x1001));
        assert_eq!(ignored_signals(&status("0000000000001000")), Some(0x1000));
        assert_eq!(ignored_signals(""), None);
    }

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
