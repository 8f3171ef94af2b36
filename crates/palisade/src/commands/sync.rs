//! `palisade sync`: fetches what sources have that is new, and tells how they went.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use palisade_fetch::{Client, Settings};
use palisade_model::Timestamp;
use palisade_store::SourceRecord;
use palisade_tracker::sync::{Doubtful, Outcome, Ran, Source, Syncer};
use palisade_tracker::views::{SourceState, SyncSource, SyncView};
use palisade_tracker::{ImportSummary, Store, TrackerError};

use super::{Format, block_on, now, open_current_store, open_existing_store};
use crate::configuration::{self, Configuration, Fetch};
use crate::signals::end_signal;
use crate::ui::{self, Cell, ProgressLine};

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own on the command line"
)]
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// Only these sources, by their names in the configuration
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,

    /// The configuration [default: palisade.toml in the current folder, else a built-in one]
    #[arg(long, env = "PALISADE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    /// Only sources whose time has come
    #[arg(long)]
    due: bool,

    /// Import what was held back, and what is older than what is stored or lacks half of it
    #[arg(long, requires = "sources", conflicts_with = "status")]
    believe: bool,

    /// Fetch nothing; tell how sources went and when they are next asked
    #[arg(long, conflicts_with = "due")]
    status: bool,

    /// With --status: a table, or one JSON object
    #[arg(
        long,
        default_value = "text",
        value_name = "FORMAT",
        requires = "status"
    )]
    format: Format,

    /// Print the built-in configuration, to begin one's own with
    #[arg(long, exclusive = true)]
    print_config: bool,
}

pub(crate) fn run(database: &str, command: &Sync) -> anyhow::Result<ExitCode> {
    if command.print_config {
        let mut output = ui::stdout();
        output.write_all(configuration::DEFAULT.as_bytes())?;
        output.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let Configuration { fetch, sources, .. } = Configuration::read(command.config.as_deref())?;
    let planned = sources.clone();
    let sources = chosen(sources, &command.sources)?;
    block_on(async {
        if command.status {
            let store = open_existing_store(database).await?;
            return status(&store, &sources, command.format).await;
        }
        let store = open_current_store(database).await?;
        let mut syncer = syncer(&store, &fetch)?;
        if command.believe {
            syncer.doubtful = Doubtful::Believed;
        }
        syncer
            .plan(&planned)
            .await
            .context("write what is planned")?;
        let sources = if command.due {
            let due = syncer.due(&sources).await;
            due.context("read how sources went")?
        } else {
            sources.iter().collect()
        };
        let went = sync(&syncer, &sources, !command.sources.is_empty()).await?;
        store.optimize().await.context("tidy the database")?;
        store.close().await;
        Ok(match went {
            Went::Well => ExitCode::SUCCESS,
            Went::Wrong => ExitCode::from(2),
        })
    })
}

fn chosen(sources: Vec<Source>, names: &[String]) -> anyhow::Result<Vec<Source>> {
    for name in names {
        if !sources.iter().any(|source| source.name == *name) {
            let known: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            bail!(
                "there is no source {name:?}; there are {}",
                known.join(", ")
            );
        }
    }
    let wanted = |source: &Source| names.is_empty() || names.contains(&source.name);
    Ok(sources.into_iter().filter(wanted).collect())
}

/// What fetches into a store.
pub(crate) fn syncer(store: &Store, fetch: &Fetch) -> anyhow::Result<Syncer> {
    let agent = format!("Palisade/{}", env!("CARGO_PKG_VERSION"));
    let agent = match &fetch.contact {
        Some(contact) => format!("{agent} (+{contact})"),
        None => agent,
    };
    Ok(Syncer {
        store: store.clone(),
        client: Arc::new(Client::new(Settings::new(agent, now))?),
        cache: fetch.cache.clone(),
        clock: now,
        doubtful: Doubtful::default(),
    })
}

/// How a run over sources went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Went {
    Well,
    /// Something could not be had.
    Wrong,
}

/// Asks sources one after the other, until the user or the system asks for the end. One that somebody
/// else is asking has gone wrong if it was `named`.
async fn sync(syncer: &Syncer, sources: &[&Source], named: bool) -> anyhow::Result<Went> {
    let mut end = end_signal()?;
    let mut went = Went::Well;
    for source in sources {
        let progress = ProgressLine::new(&source.name);
        let tell = |part: &str, outcome: &Outcome| ui::say(&line(&source.name, part, outcome));
        let ran = syncer.sync(source, progress.clone(), &tell, &mut end).await;
        progress.done();
        match ran.with_context(|| format!("sync {}", source.name))? {
            Ran::Done { failed: 0 } => {}
            Ran::Sends => {
                if named {
                    ui::say(&format!(
                        "{} sends by itself; nothing is asked of it",
                        source.name
                    ));
                    went = Went::Wrong;
                }
            }
            Ran::Done { .. } => went = Went::Wrong,
            Ran::Busy { since, until } => {
                ui::say(&busy(&source.name, since, until));
                if named {
                    went = Went::Wrong;
                }
            }
            Ran::Stopped => {
                ui::say("stopped; the next run goes on from here");
                return Ok(Went::Wrong);
            }
        }
    }
    Ok(went)
}

/// Who waits for a source wants to know for how long.
fn busy(source: &str, since: Option<Timestamp>, until: Option<Timestamp>) -> String {
    let since = since.map_or(String::new(), |time| format!(" since {}", second(time)));
    let until = until.map_or(String::new(), |time| {
        format!("; should they have died, it is free at {}", second(time))
    });
    format!("{source}: somebody else is asking it{since}{until}")
}

/// A time to the second: with the day, and where that is meant.
fn second(time: Timestamp) -> impl std::fmt::Display {
    time.strftime("%Y-%m-%d %H:%M:%S UTC")
}

fn line(source: &str, part: &str, outcome: &Outcome) -> String {
    let what = match outcome {
        Outcome::Unchanged => "unchanged".to_owned(),
        Outcome::StillHeldBack { reason } => format!(
            "unchanged, and still held back: {reason}; \"palisade sync --believe {source}\" takes it \
             all the same"
        ),
        Outcome::Imported(summary, _) => imported(summary),
        Outcome::Failed(error @ TrackerError::HeldBack { .. }) => {
            format!("{error}; \"palisade sync --believe {source}\" takes it all the same")
        }
        Outcome::Failed(error) => format!("failed: {}", palisade_tracker::error_line(error)),
    };
    if part.is_empty() {
        return format!("{source}: {what}");
    }
    format!("{source} {part}: {what}")
}

fn imported(summary: &ImportSummary) -> String {
    let numbers = ui::summary(summary);
    let named = summary.number.filter(|_| summary.rejected > 0);
    let named = named.map(|number| format!(", named on the page /feeds/import/{number}"));
    let remark = summary.remark.as_ref();
    let remark = remark.map(|remark| format!("; {remark}"));
    [Some(numbers), named, remark]
        .into_iter()
        .flatten()
        .collect()
}

async fn status(store: &Store, sources: &[Source], format: Format) -> anyhow::Result<ExitCode> {
    let mut known = Vec::new();
    for source in sources {
        known.push(of(store, source).await.context("read how sources went")?);
    }
    let late = known.iter().any(|source| source.late);
    let mut output = ui::stdout();
    match format {
        Format::Text => {
            let head = ["source", "last had", "expected", "next", "state"];
            let rows = sources.iter().zip(&known);
            let rows: Vec<_> = rows.map(|(source, known)| row(known, source)).collect();
            ui::write_table(&mut output, &head, &rows)?;
        }
        Format::Json => {
            let view = SyncView { sources: known };
            writeln!(output, "{}", serde_json::to_string(&view)?)?;
        }
    }
    output.flush()?;
    Ok(ExitCode::from(u8::from(late)))
}

/// How a source is, by what is configured now.
async fn of(store: &Store, source: &Source) -> anyhow::Result<SyncSource> {
    let mut session = store.read().await?;
    let records = session.sources().await?;
    let record = records.into_iter().find(|known| known.name == source.name);
    let parts = session.source_parts(&source.name).await?;
    let record = SourceRecord {
        name: source.name.clone(),
        every: i64::try_from(source.every.as_secs()).ok(),
        ..record.unwrap_or_default()
    };
    Ok(SyncSource::of(record, parts, now()))
}

fn row(source: &SyncSource, configured: &Source) -> Vec<Cell> {
    let sends = configured.sender().is_some();
    let time = |time: Option<Timestamp>, none: &str| {
        let text = time.map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string());
        Cell::of(&text.unwrap_or_else(|| none.to_owned()))
    };
    let state = match (&source.error, source.asking_since) {
        (Some(error), None) => error.clone(),
        (Some(error), Some(since)) => format!("being asked since {}; {error}", second(since)),
        (None, Some(since)) => format!("being asked since {}", second(since)),
        (None, None) => match source.state {
            SourceState::NeverAsked if sends => "has not sent yet".to_owned(),
            SourceState::NeverAsked => "never asked".to_owned(),
            SourceState::Late => "late".to_owned(),
            _ => "fine".to_owned(),
        },
    };
    let every = jiff::SignedDuration::from_secs(source.every_seconds.unwrap_or_default());
    vec![
        Cell::of(&source.name),
        time(source.succeeded_at, "never"),
        Cell::of(&format!("every {every:#}")),
        if sends {
            Cell::of("sends by itself")
        } else {
            time(source.next_at, "now")
        },
        Cell::of(&state),
    ]
}
