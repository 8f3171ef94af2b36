//! How often a host may be asked.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// When each host may be asked again.
#[derive(Debug, Default)]
pub(crate) struct Paces(Mutex<HashMap<String, Instant>>);

impl Paces {
    /// Waits for a host's next turn, and takes it.
    pub(crate) async fn wait(&self, host: &str, pace: Duration) {
        let turn = {
            let mut turns = self.0.lock().await;
            let now = Instant::now();
            let turn = turns.get(host).map_or(now, |turn| (*turn).max(now));
            turns.insert(host.to_owned(), turn + pace);
            turn
        };
        tokio::time::sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_host_has_its_own_turns() {
        let paces = Paces::default();
        let pace = Duration::from_millis(60);
        let started = Instant::now();
        paces.wait("a", pace).await;
        paces.wait("b", pace).await;
        assert!(started.elapsed() < pace);
        paces.wait("a", pace).await;
        paces.wait("a", pace).await;
        assert!(started.elapsed() >= 2 * pace);
    }
}
