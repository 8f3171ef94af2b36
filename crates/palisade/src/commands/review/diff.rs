//! `palisade review diff` and `scan`: what changed, and what of it somebody should look at.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use owo_colors::OwoColorize as _;
use palisade_review::render::{self, Style};
use palisade_review::report::Report;

use super::beside::Beside;
use super::cache::Cache;
use super::worker::{self, Job, Sandbox};
use crate::ui;

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// What there was before: an archive, a .dsc, a directory, or REPOSITORY@REVISION
    old: String,

    /// What there is now
    new: String,

    /// What version control says that there should be
    #[arg(long, value_name = "TREE")]
    git: Option<String>,

    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// An archive, a .dsc, a directory, or REPOSITORY@REVISION
    path: String,

    #[command(flatten)]
    how: How,
}

/// How reviews run and are printed.
#[derive(Debug, Args)]
struct How {
    #[command(flatten)]
    beside: Beside,

    /// How the report is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Read hostile bytes without protection, where the kernel offers none
    #[arg(long)]
    without_sandbox: bool,

    /// Neither take a report from the cache nor put it there
    #[arg(long)]
    no_cache: bool,

    /// Keep reports here instead of the user's own cache
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,

    /// The most seconds that a review may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    time: u64,

    /// The most MiB of memory that a review may take
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    memory: u64,
}

pub(crate) fn run(command: &Diff) -> anyhow::Result<ExitCode> {
    let job = command
        .how
        .job(Some(&command.old), &command.new, command.git.as_ref())?;
    finish(&job, &command.how)
}

pub(crate) fn scan(command: &Scan) -> anyhow::Result<ExitCode> {
    let job = command.how.job(None, &command.path, None)?;
    finish(&job, &command.how)
}

impl How {
    fn job(&self, old: Option<&String>, new: &str, git: Option<&String>) -> anyhow::Result<Job> {
        let sandbox = if self.without_sandbox {
            Sandbox::Without
        } else {
            Sandbox::Required
        };
        Ok(Job {
            old: old.cloned(),
            new: new.to_owned(),
            git: git.cloned(),
            beside: self.beside.texts()?,
            sandbox,
            memory: self.memory.saturating_mul(1 << 20),
            seconds: self.time,
        })
    }

    fn cache(&self) -> Option<Cache> {
        (!self.no_cache)
            .then(|| Cache::open(self.cache.clone()))
            .flatten()
    }
}

fn finish(job: &Job, how: &How) -> anyhow::Result<ExitCode> {
    let cache = how
        .cache()
        .and_then(|cache| Some((Cache::key(job)?, cache)));
    let kept = cache.as_ref().and_then(|(key, cache)| cache.take(key));
    let bytes = if let Some(bytes) = kept {
        bytes
    } else {
        let bytes = worker::ask(job)?;
        if let Some((key, cache)) = &cache {
            cache.keep(key, &bytes);
        }
        bytes
    };
    let report: Report = serde_json::from_slice(&bytes).context("read the worker's answer")?;
    let mut output = ui::stdout();
    match how.format {
        Format::Text => render::terminal(&report, &mut output, &paint)?,
        Format::Json => writeln!(output, "{}", render::json(&report)?)?,
        Format::Sarif => writeln!(output, "{:#}", render::sarif(&report))?,
        Format::Markdown => write!(output, "{}", render::markdown(&report))?,
        Format::Html => write!(output, "{}", render::html(&report))?,
    }
    output.flush()?;
    Ok(ExitCode::from(u8::from(report.alarms())))
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// For programs that show findings beside code
    Sarif,
    /// A summary for a merge request
    Markdown,
    /// A page that needs nothing beside it
    Html,
}

/// Colours; where the output has none, they are taken out on the way.
fn paint(text: &str, style: Style) -> String {
    match style {
        Style::Plain => text.to_owned(),
        Style::Strong => text.bold().to_string(),
        Style::Dim => text.dimmed().to_string(),
        Style::Added => text.green().to_string(),
        Style::Removed => text.red().to_string(),
        Style::Critical => text.red().bold().to_string(),
        Style::Warning => text.yellow().to_string(),
    }
}
