//! What reading a source may cost: entries, depth, bytes, ratio and time, in one account.
//!
//! Whoever reads asks the [`Meter`]; the first limit that is reached ends the reading, the tree
//! read so far is kept, and a signal says which limit it was.

use std::cell::{Cell, RefCell};
use std::io;
use std::time::{Duration, Instant};

use bstr::BString;

use crate::odd::{self, Odd};
use crate::signal::Signal;

/// How much one tree may cost to read.
#[derive(Clone, Debug)]
pub struct Budget {
    /// The most entries, those of nested archives included.
    pub entries: usize,
    /// How many bytes each entry of a compressed archive has to take up at least, on average …
    pub entry_bytes: u64,
    /// … once there are more than this.
    pub entry_bytes_from: usize,
    /// How many containers and compressions deep.
    pub depth: usize,
    /// The most bytes of all files together.
    pub expanded: u64,
    /// The most bytes of one file.
    pub file: u64,
    /// How many times larger than what came in a result may be …
    pub ratio: u64,
    /// … once it is larger than this.
    pub ratio_from: u64,
    /// The longest name in bytes.
    pub name_bytes: usize,
    /// The most directories in a name.
    pub name_parts: usize,
    /// How long reading may take.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            // Linux has 90,000 files of 1.5 GB; nothing that distributions build from is much
            // larger.
            entries: 500_000,
            // Linux has 1,500 of each; copies of one small file take up ten.
            entry_bytes: 32,
            entry_bytes_from: 50_000,
            depth: 8,
            expanded: 4 << 30,
            file: 512 << 20,
            ratio: 200,
            ratio_from: 16 << 20,
            name_bytes: 4096,
            name_parts: 255,
            time: Duration::from_mins(2),
        }
    }
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("it has more entries than may be read, or than its bytes can be worth")]
    Entries,
    #[error("its files have more bytes than may be read")]
    Expanded,
    #[error("it grows out of all proportion when it is decompressed")]
    Ratio,
    #[error("reading it takes too long")]
    Time,
}

impl Stop {
    /// The rule under which it is reported.
    pub(crate) fn rule(self) -> &'static Odd {
        match self {
            Self::Entries => &odd::TOO_MANY_ENTRIES,
            Self::Expanded => &odd::TOO_LARGE,
            Self::Ratio => &odd::RATIO,
            Self::Time => &odd::TOO_SLOW,
        }
    }

    /// Whether nothing more is read at all; a bad ratio concerns its own container only.
    fn is_final(self) -> bool {
        self != Self::Ratio
    }
}

/// What has been spent of a budget, and what was found on the way.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) budget: Budget,
    started: Instant,
    entries: Cell<usize>,
    expanded: Cell<u64>,
    stop: Cell<Option<Stop>>,
    signals: RefCell<Vec<Signal>>,
}

impl Meter {
    pub(crate) fn new(budget: &Budget) -> Self {
        Self {
            budget: budget.clone(),
            started: Instant::now(),
            entries: Cell::new(0),
            expanded: Cell::new(0),
            stop: Cell::new(None),
            signals: RefCell::default(),
        }
    }

    /// Counts an entry.
    pub(crate) fn entry(&self) -> io::Result<()> {
        self.entries.set(self.entries.get() + 1);
        if self.entries.get() > self.budget.entries {
            return Err(self.stopped(Stop::Entries));
        }
        self.clock()
    }

    /// Holds the entries of an archive against the compressed bytes that they came of.
    pub(crate) fn within_entries(&self, entries: usize, taken: u64) -> io::Result<()> {
        let least = self.budget.entry_bytes.saturating_mul(entries as u64);
        if entries > self.budget.entry_bytes_from && taken < least {
            return Err(self.stopped(Stop::Entries));
        }
        Ok(())
    }

    /// Counts bytes of a file that is kept.
    pub(crate) fn keep(&self, bytes: usize) -> io::Result<()> {
        self.expanded.set(self.expanded.get() + bytes as u64);
        self.within_total(self.expanded.get())
    }

    /// Holds a count of bytes against the limit of all.
    pub(crate) fn within_total(&self, bytes: u64) -> io::Result<()> {
        if bytes > self.budget.expanded {
            return Err(self.stopped(Stop::Expanded));
        }
        Ok(())
    }

    /// Holds what came out against what went in.
    pub(crate) fn within_ratio(&self, taken: u64, given: u64) -> io::Result<()> {
        if given > self.budget.ratio_from && given / self.budget.ratio > taken {
            return Err(self.stopped(Stop::Ratio));
        }
        Ok(())
    }

    /// Fails when the time is over.
    pub(crate) fn clock(&self) -> io::Result<()> {
        if self.started.elapsed() > self.budget.time {
            return Err(self.stopped(Stop::Time));
        }
        Ok(())
    }

    /// Notes that a limit was reached; the error only carries it out of the decoders.
    fn stopped(&self, stop: Stop) -> io::Error {
        self.stop.set(Some(stop));
        io::Error::other(stop)
    }

    /// Whether nothing more is to be read.
    pub(crate) fn is_over(&self) -> bool {
        self.stop.get().is_some_and(Stop::is_final)
    }

    /// The limit that ended a container, if one did.
    pub(crate) fn take_stop(&self) -> Option<Stop> {
        let stop = self.stop.get();
        if !self.is_over() {
            self.stop.set(None);
        }
        stop
    }

    /// Notes something odd.
    pub(crate) fn report(&self, odd: &Odd, path: &[u8], excerpt: &[u8], detail: &str) {
        let mut signals = self.signals.borrow_mut();
        // A hostile archive has as many oddities as it likes; each rule is told often enough.
        if signals
            .iter()
            .filter(|signal| signal.rule == odd.rule)
            .count()
            < odd::OF_ONE_RULE
        {
            signals.push(odd.signal(BString::from(path), BString::from(excerpt), detail));
        }
    }

    /// What was found since the last call.
    pub(crate) fn take_signals(&self) -> Vec<Signal> {
        self.signals.take()
    }
}
