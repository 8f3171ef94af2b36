//! Signals: what the user or the system asks of the program while it runs.

use std::fs::File;
use std::pin::Pin;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Done when the user or the system asks the program to end.
pub(crate) type EndSignal = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Watches for Ctrl-C, for a terminal that is closed and for a service manager's request to end; from
/// now on none of them ends the program by itself.
pub(crate) fn end_signal() -> anyhow::Result<EndSignal> {
    let mut signals = Signals::watch(Hangup::Ends)?;
    Ok(Box::pin(async move {
        signals.next().await;
    }))
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To end.
    End,
    /// To read the configuration again.
    Reload,
}

/// What SIGHUP means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hangup {
    /// The terminal was closed.
    Ends,
    /// The configuration is to be read again, unless the terminal was closed.
    Reloads,
}

/// The signals that a program hears.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
    meaning: Hangup,
    had_terminal: bool,
}

impl Signals {
    /// From now on none of them ends the program by itself.
    pub(crate) fn watch(meaning: Hangup) -> anyhow::Result<Self> {
        let hangup = if ignores_hangup() {
            None
        } else {
            Some(signal(SignalKind::hangup()).context("watch for the terminal's end")?)
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("watch for Ctrl-C")?,
            terminate: signal(SignalKind::terminate()).context("watch for the end")?,
            hangup,
            meaning,
            had_terminal: has_terminal(),
        })
    }

    /// Waits for what is asked next.
    pub(crate) async fn next(&mut self) -> Asked {
        let hung_up = async {
            match &mut self.hangup {
                Some(hangup) => _ = hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Asked::End,
            _ = self.terminate.recv() => Asked::End,
            () = hung_up => match self.meaning {
                // Linux takes a terminal that is closed away before it says so.
                Hangup::Reloads if !self.had_terminal || has_terminal() => Asked::Reload,
                Hangup::Reloads | Hangup::Ends => Asked::End,
            },
        }
    }
}

/// Whether the program runs in a terminal, wherever its output goes.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing is read, and why it cannot be opened does not matter"
)]
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
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
}
