//! `palisade compare`: what the way from one state of a branch to another does to security, and what
//! became of the packages.

pub(super) mod text;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use palisade_formats::inventory::InventoryKind;
use palisade_model::Level;
use palisade_tracker::views::{ComparisonAnswer, ComparisonView, StateRef, markdown};
use palisade_tracker::{Document, InventoryImport, Views, read_inventory};

use super::{block_on, now, open_existing_store, read_keys, with_branches};
use crate::arguments::Unsaid;
use crate::naming::{as_given, naming};
use crate::ui;

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The first state: BRANCH is its present one, BRANCH@REVISION that of a revision,
    /// BRANCH@2026-02-20 that of a day's end. The distribution may be left out, and so may the branch
    /// of a revision, where only one can be meant
    #[arg(value_name = "FROM")]
    from: StateRef,

    /// The second state
    #[arg(
        value_name = "TO",
        required_unless_present = "with",
        conflicts_with = "with"
    )]
    to: Option<StateRef>,

    /// An inventory in the place of the second state, such as that of a proposed change; it is judged
    /// and not stored
    #[arg(long, value_name = "FILE")]
    with: Option<PathBuf>,

    /// The format of that inventory
    #[arg(long, value_name = "KIND", value_parser = kind, default_value = "guix_inventory")]
    kind: InventoryKind,

    /// How the comparison is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// How grave what is introduced must be for the status to be 1
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Any)]
    fail_on: FailOn,

    /// How many of each list are printed
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,

    #[command(flatten)]
    unsaid: Unsaid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// Markdown, to be put into the review of a change
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Any finding that affects a package, scored or not
    Any,
    Low,
    Medium,
    High,
    Critical,
}

impl FailOn {
    fn least(self) -> Option<Level> {
        match self {
            Self::Any => None,
            Self::Low => Some(Level::Low),
            Self::Medium => Some(Level::Medium),
            Self::High => Some(Level::High),
            Self::Critical => Some(Level::Critical),
        }
    }
}

/// The format of a name.
fn kind(name: &str) -> Result<InventoryKind, String> {
    let known = InventoryKind::ALL.map(InventoryKind::name).join(", ");
    name.parse()
        .map_err(|()| format!("there is no format {name:?}; there are {known}"))
}

pub(crate) fn run(database: &str, command: &Compare) -> anyhow::Result<ExitCode> {
    block_on(async {
        let store = open_existing_store(database).await?;
        let views = Views::new(store.clone());
        let view = match command.ask(&views).await? {
            ComparisonAnswer::Found(view) => view,
            ComparisonAnswer::Unknown(unknown) => {
                bail!("compare {}: {}", command.words(), with_branches(&unknown))
            }
        };
        store.close().await;
        command.print(&view).context("write the comparison")?;
        let is_worse = view.is_worse(command.fail_on.least());
        Ok(ExitCode::from(u8::from(is_worse)))
    })
}

impl Compare {
    async fn ask(&self, views: &Views) -> anyhow::Result<ComparisonAnswer> {
        match (&self.to, &self.with) {
            (Some(to), None) => {
                let answer = views.compare(&self.from, to, self.limit).await;
                answer.context("compare the states")
            }
            (None, Some(file)) => self.ask_proposed(views, file).await,
            _ => bail!("give a second state, or a file with --with"),
        }
    }

    async fn ask_proposed(&self, views: &Views, file: &Path) -> anyhow::Result<ComparisonAnswer> {
        let document = Document::of(file);
        let import = InventoryImport {
            kind: self.kind,
            document: document.clone(),
            branch: None,
            repository: self.unsaid.repository.clone(),
            architecture: None,
            signed_by: None,
            revision: None,
            time: None,
            present: None,
            keys: read_keys(&self.unsaid.keys)?,
            require_signature: false,
            believe: true,
            now: now(),
        };
        let mut rejects = Vec::new();
        let inventory = read_inventory(&import, &mut |reject| rejects.push(reject))
            .map_err(|error| naming(error.into(), &document))?;
        if inventory.packages.is_empty() {
            bail!(
                "compare with {}: there is no package in it",
                document.given_name()
            );
        }
        ui::say_rejects(&as_given(rejects, &document));
        let answer = views.compare_proposed(&self.from, &import, inventory, self.limit);
        answer.await.context("compare with the inventory")
    }

    /// The two states as they were given.
    fn words(&self) -> String {
        match (&self.to, &self.with) {
            (Some(to), _) => format!("{} with {to}", self.from),
            (None, Some(file)) => format!("{} with {}", self.from, file.display()),
            (None, None) => self.from.to_string(),
        }
    }

    fn print(&self, view: &ComparisonView) -> std::io::Result<()> {
        let mut output = ui::stdout();
        match self.format {
            Format::Text => text::write(&mut output, view)?,
            Format::Json => {
                serde_json::to_writer_pretty(&mut output, view)?;
                output.write_all(b"\n")?;
            }
            Format::Markdown => output.write_all(markdown(view).as_bytes())?,
        }
        output.flush()
    }
}
