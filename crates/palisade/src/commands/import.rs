//! `palisade import`: feeds and inventories from files or standard input.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use palisade_formats::apk_signature::PublicKey;
use palisade_formats::inventory::InventoryKind;
use palisade_model::{BranchName, Timestamp};
use palisade_tracker::{AportsImport, Document, Imported, Input, Kind, Store, import_aports};

use super::{block_on, must_be_there, now, open_current_store, read_keys};
use crate::arguments::Unsaid;
use crate::naming::{as_given, naming};
use crate::ui::{self, ProgressLine};

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[arg(help = format!("The format: {}", Kind::names()))]
    kind: Kind,

    /// Files, compressed or not, or archives of such; `-` is standard input. Of aports also folders:
    /// Git repositories, of which a commit is read, and others as they lie
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

    /// Of a Git repository of aports: the commit, or a branch's or a tag's name [default: what is
    /// checked out]
    #[arg(long, value_name = "COMMIT")]
    commit: Option<String>,

    /// Refuse an index without a good signature of one of the given keys
    #[arg(long, requires = "keys")]
    require_signature: bool,

    /// Import what is older than what is stored, or lacks half of it, instead of holding it back
    #[arg(long)]
    believe: bool,
}

pub(crate) fn run(database: &str, command: &Import) -> anyhow::Result<ExitCode> {
    let keys = read_keys(&command.unsaid.keys)?;
    if command.commit.is_some() && !command.files.iter().all(|file| command.is_tree(file)) {
        bail!("--commit is for folders of aports that are Git repositories");
    }
    command
        .files
        .iter()
        .try_for_each(|file| must_be_there(file))?;
    block_on(async {
        let store = open_current_store(database).await?;
        let imported = command.import_all(&store, &keys).await;
        store.close().await;
        imported.map(|()| ExitCode::SUCCESS)
    })
}

impl Import {
    async fn import_all(&self, store: &Store, keys: &[PublicKey]) -> anyhow::Result<()> {
        for file in &self.files {
            if self.is_tree(file) {
                self.import_tree(store, file).await?;
            } else {
                self.import_document(store, file, keys).await?;
            }
        }
        store.optimize().await.context("tidy the database")
    }

    /// Whether a file is a tree of packages instead.
    fn is_tree(&self, file: &Path) -> bool {
        matches!(self.kind, Kind::Inventory(InventoryKind::Aports)) && file.is_dir()
    }

    async fn import_document(
        &self,
        store: &Store,
        file: &Path,
        keys: &[PublicKey],
    ) -> anyhow::Result<()> {
        let document = Document::of(file);
        let name = document.given_name();
        let progress = ProgressLine::new(&name);
        let input = self.input(document.clone(), keys);
        let imported = input.import(store, now(), progress.clone()).await;
        progress.done();
        let imported = imported.map_err(|error| naming(error.into(), &document))?;
        let (summary, rejects) = imported;
        self.tell(&name, &(summary, as_given(rejects, &document)));
        Ok(())
    }

    async fn import_tree(&self, store: &Store, folder: &Path) -> anyhow::Result<()> {
        let branch = self.branch.clone();
        let import = AportsImport {
            path: folder.to_owned(),
            branch: branch.context("say of which branch it is, with --branch alpine/edge")?,
            repository: self.unsaid.repository.clone(),
            commit: self.commit.clone(),
            revision: self.revision.clone(),
            time: self.time,
            present: None,
            believe: self.believe,
            now: now(),
        };
        let name = folder.display().to_string();
        let progress = ProgressLine::new(&name);
        let imported = import_aports(store, import, progress.clone()).await;
        progress.done();
        let imported = imported.with_context(|| format!("import {name}"))?;
        self.tell(&name, &imported.packages);
        let fixes = format!("{name}, secfixes");
        match imported.fixes {
            Some((summary, _)) => ui::say(&format!("{fixes}: {}", ui::summary(&summary))),
            None => ui::say(&format!(
                "{fixes}: those that are stored are of a later commit"
            )),
        }
        Ok(())
    }

    fn tell(&self, name: &str, (summary, rejects): &Imported) {
        ui::say_rejects(rejects);
        ui::say(&format!("{name}: {}", ui::summary(summary)));
        if let Some(remark) = &summary.remark {
            ui::say(&format!("{name}: {remark}"));
            if self.time.is_none() {
                ui::say("hint: say when it was made with --time");
            }
        }
    }

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
