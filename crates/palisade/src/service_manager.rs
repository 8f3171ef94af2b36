//! What is told to the service manager (systemd) that started the program, and what it hands over.
//! Without one all of this does nothing.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::Context;
use listenfd::ListenFd;
use sd_notify::NotifyState;

/// The socket that the service manager listens at for us. To be asked for before there are threads, as
/// the environment is changed so that no program started by us takes it, too.
pub(crate) fn socket() -> anyhow::Result<Option<TcpListener>> {
    let listener = ListenFd::from_env()
        .take_tcp_listener(0)
        .context("take the socket of the service manager")?;
    if let Some(listener) = &listener {
        let nonblocking = listener.set_nonblocking(true);
        nonblocking.context("use the socket of the service manager")?;
    }
    Ok(listener)
}

/// Requests are served from now on.
pub(crate) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The configuration is being read again, until [`ready`] is told.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the service manager wants a time"),
    }
}

/// The program is about to end.
pub(crate) fn stopping() {
    let status = NotifyState::Status("letting requests end that are under way");
    tell(&[NotifyState::Stopping, status]);
}

/// Says that the program lives, as often as the service manager wants to hear it. A runtime that hangs
/// does not get to say so.
pub(crate) async fn keep_telling() {
    let Some(patience) = sd_notify::watchdog_enabled() else {
        return;
    };
    let mut beat = tokio::time::interval((patience / 2).max(Duration::from_millis(10)));
    loop {
        beat.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager does not listen");
    }
}
