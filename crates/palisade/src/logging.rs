//! The log, on standard error: lines for people on a terminal, one JSON object a line for whoever
//! collects them.

use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::ui;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// Text on a terminal, else JSON
    Auto,
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

/// What of the log a server writes, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct ServiceLog {
    /// How the log is written
    #[arg(
        long,
        env = "PALISADE_LOG_FORMAT",
        default_value = "auto",
        value_name = "FORMAT",
        help_heading = "Log"
    )]
    log_format: LogFormat,

    /// What is written: error, warn, info, debug or trace, for all or by part (info,sqlx=debug)
    #[arg(
        long, env = "PALISADE_LOG", value_name = "FILTER", value_parser = parse_filter,
        help_heading = "Log"
    )]
    log: Option<String>,
}

fn parse_filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{error}; write a level, such as info or debug")),
    }
}

/// Starts the log of a command, in which only what goes wrong stands unless more is asked for.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => "warn,sqlx=error",
        1 => "info,sqlx=warn",
        _ => "debug,sqlx=info",
    };
    start_text(filter(None, level));
}

/// Starts the log of a server, in which every request has a line.
pub(crate) fn start_service(log: &ServiceLog, verbose: u8) {
    let level = match verbose {
        0 => "info,sqlx=warn",
        1 => "debug,sqlx=info",
        _ => "trace,sqlx=debug",
    };
    let filter = filter(log.log.as_deref(), level);
    let json = match log.log_format {
        LogFormat::Auto => !io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    if json {
        start_json(filter);
    } else {
        start_text(filter);
    }
}

/// What was asked for by option, or by the variable that programs of this kind share, or the level.
fn filter(asked: Option<&str>, level: &str) -> EnvFilter {
    let asked = asked.and_then(|asked| EnvFilter::try_new(asked).ok());
    let asked = asked.or_else(|| EnvFilter::try_from_default_env().ok());
    asked.unwrap_or_else(|| EnvFilter::new(level))
}

fn start_text(filter: EnvFilter) {
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(AutoStream::choice(&io::stderr()) != ColorChoice::Never)
        .init();
}

fn start_json(filter: EnvFilter) {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_span_events(FmtSpan::NONE)
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    // Nothing but JSON may come between the lines.
    ui::talk_in_the_log();
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(panic = %panic, "this program is wrong");
    }));
}
