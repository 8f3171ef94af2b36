//! What changes while the server runs: what is configured, and whether it is about to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use palisade_tracker::reviews::Desk;
use palisade_tracker::sync::Receiver;

use crate::conduct::Conduct;
use crate::limits::Limiter;

/// What is configured of a server.
#[derive(Clone, Default)]
pub struct Settings {
    /// What takes documents, where somebody may send.
    pub receiver: Option<Arc<Receiver>>,
    /// Where reviews are asked for and spoken of.
    pub desk: Option<Arc<Desk>>,
    /// How clients are treated.
    pub conduct: Conduct,
}

/// The handle by which settings are replaced while requests are served; clones share one state.
#[derive(Clone)]
pub struct Live(Arc<Shared>);

struct Shared {
    current: RwLock<Arc<Current>>,
    /// What pages need is being made for the first time.
    preparing: AtomicBool,
    stopping: AtomicBool,
}

/// The settings of one request, from its beginning to its end.
pub(crate) struct Current {
    /// Tells these settings from those before and after.
    pub(crate) number: u64,
    pub(crate) settings: Settings,
    pub(crate) limiter: Option<Arc<Limiter>>,
}

impl Live {
    /// Begins with these settings.
    pub fn new(settings: Settings) -> Self {
        let limits = settings.conduct.limits.clone();
        let limiter = limits.map(|limits| Arc::new(Limiter::new(limits)));
        Self(Arc::new(Shared {
            current: RwLock::new(Arc::new(Current {
                number: 0,
                settings,
                limiter,
            })),
            preparing: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        }))
    }

    /// Replaces the settings for all requests that begin from now on. Limits that are the same go on
    /// counting where they are.
    pub fn replace(&self, settings: Settings) {
        let before = self.current();
        let limiter = settings.conduct.limits.clone().map(|limits| {
            let known = before.limiter.as_ref();
            let known = known.filter(|known| known.limits == limits).cloned();
            known.unwrap_or_else(|| Arc::new(Limiter::new(limits)))
        });
        let number = before.number + 1;
        let current = Arc::new(Current {
            number,
            settings,
            limiter,
        });
        *self
            .0
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner) = current;
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Settings {
        self.current().settings.clone()
    }

    /// Says that the server is about to end, for those who ask whether it is ready.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Says whether what pages need is being made for the first time.
    pub(crate) fn set_preparing(&self, preparing: bool) {
        self.0.preparing.store(preparing, Ordering::Relaxed);
    }

    pub(crate) fn is_preparing(&self) -> bool {
        self.0.preparing.load(Ordering::Relaxed)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn current(&self) -> Arc<Current> {
        Arc::clone(
            &self
                .0
                .current
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}
