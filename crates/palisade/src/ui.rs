//! Everything that goes to the terminal: standard output is data, standard error is talk.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use palisade_formats::Reject;
use palisade_tracker::{ImportSummary, Progress};

/// Standard output, without colours unless it is a terminal that has them.
pub(crate) fn stdout() -> io::BufWriter<anstream::AutoStream<io::Stdout>> {
    io::BufWriter::with_capacity(64 << 10, anstream::AutoStream::auto(io::stdout()))
}

/// Text of others for the terminal: without characters that would move the cursor, change colours
/// or the order of what is read.
pub(crate) fn plain(text: &str) -> String {
    let bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    text.replace(bad, "\u{fffd}")
}

/// A cell of a table: what it says, and how it looks where colours are shown.
pub(crate) struct Cell {
    text: String,
    style: owo_colors::Style,
}

impl Cell {
    pub(crate) fn of(text: &str) -> Self {
        Self {
            text: plain(text),
            style: owo_colors::Style::new(),
        }
    }

    pub(crate) fn styled(text: &str, style: owo_colors::Style) -> Self {
        Self {
            text: plain(text),
            style,
        }
    }
}

/// Writes rows in columns that are as wide as their widest cell; the last one is not filled up.
pub(crate) fn write_table(
    output: &mut impl Write,
    head: &[&str],
    rows: &[Vec<Cell>],
) -> io::Result<()> {
    let width = |text: &str| text.chars().count();
    let mut widths: Vec<usize> = head.iter().map(|title| width(title)).collect();
    for row in rows {
        for (known, cell) in widths.iter_mut().zip(row) {
            *known = (*known).max(width(&cell.text));
        }
    }
    let titles = head
        .iter()
        .map(|title| Cell::styled(title, owo_colors::Style::new().bold()));
    let titles: Vec<Cell> = titles.collect();
    for row in std::iter::once(&titles).chain(rows) {
        for (place, (cell, &wide)) in row.iter().zip(&widths).enumerate() {
            write!(output, "{}", cell.style.style(&cell.text))?;
            if place + 1 < row.len() {
                write!(output, "{:fill$}", "", fill = wide - width(&cell.text) + 2)?;
            }
        }
        writeln!(output)?;
    }
    Ok(())
}

/// Whether what is said goes into the log.
static TALKS_IN_LOG: AtomicBool = AtomicBool::new(false);

/// From now on what is said goes into the log, which has a form that plain lines would break.
pub(crate) fn talk_in_the_log() {
    TALKS_IN_LOG.store(true, Ordering::Relaxed);
}

/// Says something on standard error.
pub(crate) fn say(text: &str) {
    if TALKS_IN_LOG.load(Ordering::Relaxed) {
        tracing::info!("{text}");
    } else {
        let _ = writeln!(anstream::stderr(), "{text}");
    }
}

/// What a hint begins with, on a line of its own behind what is wrong.
const HINT: &str = "\nhint: ";

/// Prints an error with its causes, and behind them the hints that they have.
pub(crate) fn print_error(error: &anyhow::Error) {
    let text = error_text(error);
    if TALKS_IN_LOG.load(Ordering::Relaxed) {
        tracing::error!("{text}");
    } else {
        say(&format!("error: {text}"));
    }
}

fn error_text(error: &anyhow::Error) -> String {
    let (mut causes, mut hints) = (Vec::<String>::new(), String::new());
    for cause in error.chain().map(ToString::to_string) {
        let cause = match cause.split_once(HINT) {
            Some((cause, hint)) => {
                hints.push_str(HINT);
                hints.push_str(hint);
                cause.to_owned()
            }
            None => cause,
        };
        if !causes.last().is_some_and(|last| last.contains(&cause)) {
            causes.push(cause);
        }
    }
    causes.join(": ") + &hints
}

/// Whether the reader of our output has gone away, as `head` does.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// What an import did, in numbers.
pub(crate) fn summary(summary: &ImportSummary) -> String {
    let mut parts = vec![
        counted(summary.records, "record", "records"),
        format!("{} new", summary.added),
        format!("{} changed", summary.changed),
    ];
    if summary.withdrawn > 0 {
        parts.push(format!("{} withdrawn", summary.withdrawn));
    }
    if summary.rejected > 0 {
        parts.push(format!("{} passed over or mended", summary.rejected));
    }
    parts.join(", ")
}

/// A number with its noun: `1 record`, `2 records`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{number} {noun}")
}

/// Rejects printed one by one; the rest is counted.
const REJECTS_SHOWN: usize = 20;

/// Tells of records that were passed over or mended.
pub(crate) fn say_rejects(rejects: &[Reject]) {
    for reject in rejects.iter().take(REJECTS_SHOWN) {
        let what = if reject.mended {
            "mended"
        } else {
            "passed over"
        };
        say(&format!("{what}: {reject}"));
    }
    if rejects.len() > REJECTS_SHOWN {
        say(&format!("… and {} more", rejects.len() - REJECTS_SHOWN));
    }
}

/// Says each step in a line of its own: for work that reads no document.
pub(crate) struct Steps;

impl Progress for Steps {
    fn read(&self, _done: u64, _total: Option<u64>, _records: u64) {}

    fn step(&self, what: &str) {
        say(what);
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
        let bar = if terminal {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template(
            "{prefix} [{bar:24}] {bytes}/{total_bytes} {msg} {eta} left",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Arc::new(Self {
            bar,
            label: label.to_owned(),
            terminal,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_stand_behind_all_causes() {
        let error = anyhow::anyhow!("it is taken");
        let error = error.context("listen at 1\nhint: listen elsewhere");
        assert_eq!(
            error_text(&error),
            "listen at 1: it is taken\nhint: listen elsewhere"
        );
        let whole = anyhow::anyhow!("there is none\nhint: make one");
        assert_eq!(error_text(&whole), "there is none\nhint: make one");
    }
}
