//! Everything that goes to the terminal: standard output is data, standard error is talk.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use palisade_formats::Reject;
use palisade_tracker::Progress;

/// Standard output, without colours unless it is a terminal that has them.
pub(crate) fn stdout() -> io::BufWriter<anstream::AutoStream<io::Stdout>> {
    io::BufWriter::with_capacity(64 << 10, anstream::AutoStream::auto(io::stdout()))
}

/// Says something on standard error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints an error with its causes, and a hint if there is one.
pub(crate) fn print_error(error: &anyhow::Error) {
    let mut causes: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if !causes.last().is_some_and(|last| last.contains(&cause)) {
            causes.push(cause);
        }
    }
    say(&format!("error: {}", causes.join(": ")));
}

/// Whether the reader of our output has gone away, as `head` does.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// Starts the log on standard error.
pub(crate) fn start_logging(verbose: u8) {
    let level = match verbose {
        0 => "warn,sqlx=error",
        1 => "info,sqlx=warn",
        _ => "debug,sqlx=info",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

/// Rejects printed one by one; the rest is counted.
const REJECTS_SHOWN: usize = 20;

/// Tells of records that were passed over or mended.
pub(crate) fn say_rejects(rejects: &[Reject]) {
    for reject in rejects.iter().take(REJECTS_SHOWN) {
        let what = if reject.mended { "mended" } else { "passed over" };
        say(&format!("{what}: {reject}"));
    }
    if rejects.len() > REJECTS_SHOWN {
        say(&format!("… and {} more", rejects.len() - REJECTS_SHOWN));
    }
}

/// A line that shows how far work is: a bar on a terminal, one line a step elsewhere.
pub(crate) struct ProgressLine {
    bar: ProgressBar,
    label: String,
    terminal: bool,
}

impl ProgressLine {
    pub(crate) fn new(label: &str) -> Arc<Self> {
        let terminal = io::stderr().is_terminal();
        let bar = if terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template(
            "{prefix} [{bar:24}] {bytes}/{total_bytes} {msg} {eta} left",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Arc::new(Self { bar, label: label.to_owned(), terminal })
    }

    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for ProgressLine {
    fn read(&self, done: u64, total: Option<u64>, records: u64) {
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        self.bar.set_message(format!("{records} records"));
    }

    fn step(&self, what: &str) {
        if self.terminal {
            self.bar.set_message(what.to_owned());
        } else {
            say(&format!("{}: {what}", self.label));
        }
    }
}
