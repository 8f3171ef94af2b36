//! `palisade import`: feeds and inventories from files or standard input.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use palisade_formats::apk_signature::PublicKey;
use palisade_model::{BranchName, Timestamp};
use palisade_tracker::{Document, Input, Kind};

use super::{block_on, now, open_current_store, read_keys};
use crate::arguments::Unsaid;
use crate::naming::{as_given, naming};
use crate::ui::{self, ProgressLine};

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[arg(help = format!("The format: {}", Kind::names()))]
    kind: Kind,

    /// Files, compressed or not, or archives of such; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The branch of which the input speaks, such as alpine/v3.22
    #[arg(long, value_name = "DISTRIBUTION/BRANCH")]
    branch: Option<BranchName>,

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

    /// Import what is older than what is stored, or lacks half of it, instead of holding it back
    #[arg(long)]
    believe: bool,
}

pub(crate) fn run(database: &str, command: &Import) -> anyhow::Result<ExitCode> {
    let keys = read_keys(&command.unsaid.keys)?;
    block_on(async {
        let store = open_current_store(database).await?;
        for file in &command.files {
            let document = Document::of(file);
            let progress = ProgressLine::new(&document.given_name());
            let input = command.input(document.clone(), &keys);
            let imported = input.import(&store, now(), progress.clone()).await;
            progress.done();
            let (summary, rejects) = imported.map_err(|error| naming(error.into(), &document))?;
            ui::say_rejects(&as_given(rejects, &document));
            let name = document.given_name();
            ui::say(&format!("{name}: {}", ui::summary(&summary)));
            if let Some(remark) = &summary.remark {
                ui::say(&format!("{name}: {remark}"));
                if command.time.is_none() {
                    ui::say("hint: say when it was made with --time");
                }
            }
        }
        store.optimize().await.context("tidy the database")?;
        store.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

impl Import {
    fn input(&self, document: Document, keys: &[PublicKey]) -> Input {
        Input {
            branch: self.branch.clone(),
            repository: self.unsaid.repository.clone(),
            revision: self.revision.clone(),
            time: self.time,
            keys: keys.to_vec(),
            require_signature: self.require_signature,
            believe: self.believe,
            ..Input::new(self.kind, document)
        }
    }
}
