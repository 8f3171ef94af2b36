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
use palisade_tracker::Store;
use palisade_tracker::sync::{Outcome, Ran, Source, Syncer};
use serde_json::json;

use super::{block_on, now, open_current_store, open_store};
use crate::configuration::{self, Configuration, Fetch};
use crate::ui::{self, Cell, ProgressLine};

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

    /// Fetch nothing; tell how sources went and when they are next asked
    #[arg(long, conflicts_with = "due")]
    status: bool,

    /// With --status: a table, or one JSON object
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    format: Format,

    /// Print the built-in configuration, to begin one's own with
    #[arg(long, exclusive = true)]
    print_config: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(crate) fn run(database: &str, command: &Sync) -> anyhow::Result<ExitCode> {
    if command.print_config {
        let mut output = ui::stdout();
        output.write_all(configuration::DEFAULT.as_bytes())?;
        output.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let Configuration { fetch, sources } = Configuration::read(command.config.as_deref())?;
    let sources = chosen(sources, &command.sources)?;
    block_on(async {
        if command.status {
            let store = open_store(database).await?;
            return status(&store, &sources, command.format).await;
        }
        let store = open_current_store(database).await?;
        let failed = sync(&store, &fetch, &sources, command.due).await?;
        store.optimize().await.context("tidy the database")?;
        store.close().await;
        Ok(if failed {
            ExitCode::from(2)
        } else {
            ExitCode::SUCCESS
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
    })
}

/// Asks sources one after the other; tells whether anything failed.
async fn sync(store: &Store, fetch: &Fetch, sources: &[Source], due: bool) -> anyhow::Result<bool> {
    let syncer = syncer(store, fetch)?;
    let sources = if due {
        syncer.due(sources).await.context("read how sources went")?
    } else {
        sources.iter().collect()
    };
    let mut failed = false;
    for source in sources {
        let progress = ProgressLine::new(&source.name);
        let tell = |part: &str, outcome: &Outcome| ui::say(&line(&source.name, part, outcome));
        let ran = syncer.sync(source, progress.clone(), &tell).await;
        progress.done();
        match ran.with_context(|| format!("sync {}", source.name))? {
            Ran::Done { failed: 0 } => {}
            Ran::Done { .. } => failed = true,
            Ran::Busy => ui::say(&format!("{}: somebody else is at it", source.name)),
        }
    }
    Ok(failed)
}

fn line(source: &str, part: &str, outcome: &Outcome) -> String {
    let what = match outcome {
        Outcome::Unchanged => "unchanged".to_owned(),
        Outcome::Imported(summary, rejects) => {
            let rejects = match rejects.len() {
                0 => String::new(),
                count => format!(", {count} passed over or mended"),
            };
            format!(
                "{} records, {} new, {} changed, {} withdrawn{rejects}",
                summary.records, summary.added, summary.changed, summary.withdrawn
            )
        }
        Outcome::Failed(error) => format!("failed: {}", palisade_tracker::error_line(error)),
    };
    format!("{source} {part}: {what}")
}

async fn records(store: &Store) -> anyhow::Result<Vec<SourceRecord>> {
    let mut session = store.read().await.context("read the database")?;
    session.sources().await.context("read how sources went")
}

async fn status(store: &Store, sources: &[Source], format: Format) -> anyhow::Result<ExitCode> {
    let known = records(store).await?;
    let mut output = ui::stdout();
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    let mut late = false;
    for source in sources {
        let record = known.iter().find(|record| record.name == source.name);
        let record = record.cloned().unwrap_or_default();
        let is_late = is_late(source, &record);
        late |= is_late;
        match format {
            Format::Text => rows.push(row(source, &record, is_late)),
            Format::Json => objects.push(object(store, source, &record, is_late).await?),
        }
    }
    match format {
        Format::Text => {
            let head = ["source", "last had", "expected", "next", "state"];
            ui::write_table(&mut output, &head, &rows)?;
        }
        Format::Json => writeln!(output, "{}", json!({"sources": objects}))?,
    }
    output.flush()?;
    Ok(ExitCode::from(u8::from(late)))
}

/// Whether a source was last had longer ago than three of its runs.
fn is_late(source: &Source, record: &SourceRecord) -> bool {
    let every = i64::try_from(source.every.as_micros()).unwrap_or(i64::MAX);
    let age = |had: i64| now().as_microsecond().saturating_sub(had);
    record
        .succeeded_at
        .is_none_or(|had| age(had) > every.saturating_mul(3))
}

fn row(source: &Source, record: &SourceRecord, late: bool) -> Vec<Cell> {
    let time = |time: Option<i64>| {
        let time = time.and_then(|time| Timestamp::from_microsecond(time).ok());
        time.map_or_else(
            || "never".to_owned(),
            |time| time.strftime("%Y-%m-%d %H:%M").to_string(),
        )
    };
    let next = Some(record.next_at).filter(|_| record.attempted_at.is_some());
    let state = match (&record.error, record.attempted_at, late) {
        (Some(error), ..) => error.clone(),
        (None, None, _) => "never asked".to_owned(),
        (None, Some(_), true) => "late".to_owned(),
        (None, Some(_), false) => "fine".to_owned(),
    };
    let every = jiff::SignedDuration::try_from(source.every).unwrap_or_default();
    vec![
        Cell::of(&source.name),
        Cell::of(&time(record.succeeded_at)),
        Cell::of(&format!("every {every:#}")),
        Cell::of(&next.map_or_else(|| "now".to_owned(), |next| time(Some(next)))),
        Cell::of(&state),
    ]
}

async fn object(
    store: &Store,
    source: &Source,
    record: &SourceRecord,
    late: bool,
) -> anyhow::Result<serde_json::Value> {
    let time = |time: Option<i64>| time.and_then(|it| Timestamp::from_microsecond(it).ok());
    let mut session = store.read().await.context("read the database")?;
    let parts = session.source_parts(&source.name).await?;
    let parts: Vec<_> = parts
        .into_iter()
        .map(|part| {
            json!({
                "name": part.name,
                "fetched_at": time(part.fetched_at),
                "changed_at": time(part.changed_at),
                "records": part.records,
                "rejected": part.rejected,
                "error": part.error,
            })
        })
        .collect();
    Ok(json!({
        "name": source.name,
        "every_seconds": source.every.as_secs(),
        "attempted_at": time(record.attempted_at),
        "succeeded_at": time(record.succeeded_at),
        "failures": record.failures,
        "error": record.error,
        "next_at": time(Some(record.next_at)),
        "late": late,
        "parts": parts,
    }))
}
