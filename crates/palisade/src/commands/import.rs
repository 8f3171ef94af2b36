//! `palisade import`: feeds and inventories from files or standard input.

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context;
use clap::Args;
use palisade_formats::Reject;
use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::inventory::InventoryKind;
use palisade_model::Timestamp;
use palisade_tracker::{
    Document, FeedImport, ImportSummary, InventoryImport, Store, import_epss, import_feed,
    import_inventory,
};

use super::{block_on, now, open_store, read_keys};
use crate::arguments::Unsaid;
use crate::ui::{self, ProgressLine};

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[arg(
        help = "The format: nvd, cve5, osv, secdb, apkbuild, kev, epss; apkindex, guix_inventory, dpkg"
    )]
    kind: Kind,

    /// Files, compressed or not, or archives of such; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    unsaid: Unsaid,

    /// The revision's name, when the inventory does not say it
    #[arg(long, value_name = "NAME")]
    revision: Option<String>,

    /// When the inventory was made, when it does not say it: 2026-02-20T12:00:00Z
    #[arg(long, value_name = "TIME")]
    time: Option<Timestamp>,

    /// Refuse an index without a good signature of one of the given keys
    #[arg(long, requires = "keys")]
    require_signature: bool,
}

/// What can be imported.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Feed(FeedKind),
    Inventory(InventoryKind),
    Epss,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "epss" {
            return Ok(Self::Epss);
        }
        let feed = text.parse().map(Self::Feed);
        feed.or_else(|()| text.parse().map(Self::Inventory))
            .map_err(|()| {
                let feeds = FeedKind::ALL.map(FeedKind::name).join(", ");
                let inventories = InventoryKind::ALL.map(InventoryKind::name).join(", ");
                format!("there is no format {text:?}; there are {feeds}, epss; {inventories}")
            })
    }
}

pub(crate) fn run(database: &str, command: &Import) -> anyhow::Result<ExitCode> {
    let keys = read_keys(&command.unsaid.keys)?;
    block_on(async {
        let store = open_store(database).await?;
        for file in &command.files {
            let document = Document::of(file);
            let progress = ProgressLine::new(&document.name());
            let done = one(&store, command, document.clone(), &keys, &progress).await;
            progress.done();
            let (summary, rejects) = done.map_err(|error| naming(error, &document))?;
            ui::say_rejects(&rejects);
            ui::say(&summary_line(&summary));
        }
        store.optimize().await.context("tidy the database")?;
        store.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

async fn one(
    store: &Store,
    command: &Import,
    document: Document,
    keys: &[palisade_formats::apk_signature::PublicKey],
    progress: &std::sync::Arc<ProgressLine>,
) -> anyhow::Result<(ImportSummary, Vec<Reject>)> {
    let progress = std::sync::Arc::clone(progress);
    let unsaid = &command.unsaid;
    let imported = match command.kind {
        Kind::Epss => import_epss(store, document, now().as_microsecond()).await?,
        Kind::Feed(kind) => {
            let context = FeedContext {
                branch: unsaid.branch.clone(),
                repository: unsaid.repository.clone(),
            };
            let import = FeedImport {
                kind,
                document,
                context,
                now: now().as_microsecond(),
            };
            import_feed(store, import, progress).await?
        }
        Kind::Inventory(kind) => {
            let import = InventoryImport {
                kind,
                document,
                branch: unsaid.branch.clone(),
                repository: unsaid.repository.clone(),
                revision: command.revision.clone(),
                time: command.time,
                keys: keys.to_vec(),
                require_signature: command.require_signature,
                now: now(),
            };
            import_inventory(store, import, progress).await?
        }
    };
    Ok(imported)
}

/// The error with the document's name, unless it has it already.
fn naming(error: anyhow::Error, document: &Document) -> anyhow::Error {
    let name = document.name();
    let named = error.chain().any(|cause| cause.to_string().contains(&name));
    if named {
        error
    } else {
        error.context(format!("import {name}"))
    }
}

fn summary_line(summary: &ImportSummary) -> String {
    let ImportSummary {
        document,
        records,
        added,
        changed,
        withdrawn,
        rejected,
        ..
    } = summary;
    let mut parts = vec![
        format!("{records} records"),
        format!("{added} new"),
        format!("{changed} changed"),
    ];
    if *withdrawn > 0 {
        parts.push(format!("{withdrawn} withdrawn"));
    }
    if *rejected > 0 {
        parts.push(format!("{rejected} passed over or mended"));
    }
    format!("{document}: {}", parts.join(", "))
}
