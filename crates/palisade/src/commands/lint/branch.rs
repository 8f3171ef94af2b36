//! `palisade lint branch`: the mistakes of a branch's packagers, as its page tells them.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use palisade_model::BranchName;
use palisade_tracker::Views;
use palisade_tracker::views::{MistakeLevel, MistakeView, MistakesView};

use super::LevelWord;
use crate::commands::{Format, block_on, not_found, open_existing_store};
use crate::ui::{self, plain};

#[derive(Debug, Args)]
pub(super) struct Branch {
    /// The branch, such as guix/master
    #[arg(value_name = "DISTRIBUTION/BRANCH")]
    name: BranchName,

    /// A revision of it; else its present state
    #[arg(long, value_name = "NAME")]
    revision: Option<String>,

    /// The least level that is told
    #[arg(long, value_enum, default_value_t = LevelWord::Warning)]
    level: LevelWord,

    /// How mistakes are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(database: &str, command: &Branch) -> anyhow::Result<ExitCode> {
    let Branch {
        name: branch,
        revision,
        ..
    } = command;
    let mut view = block_on(async {
        let store = open_existing_store(database).await?;
        let views = Views::new(store.clone());
        let view = views.mistakes(branch, revision.as_deref()).await;
        let Some(view) = view.context("look for mistakes")? else {
            return Err(not_found(&views, branch, revision.as_deref()).await);
        };
        store.close().await;
        Ok(view)
    })?;
    let all = view.mistakes.len();
    let least = command.level.of_branch();
    view.mistakes.retain(|mistake| mistake.level >= least);
    let mut output = ui::stdout();
    match command.format {
        Format::Text => text(&mut output, &view),
        Format::Json => serde_json::to_writer_pretty(&mut output, &view)
            .map_err(io::Error::from)
            .and_then(|()| output.write_all(b"\n")),
    }
    .and_then(|()| output.flush())
    .context("write the mistakes")?;
    if command.format == Format::Text {
        say(&view, all - view.mistakes.len());
    }
    Ok(ExitCode::from(u8::from(!view.mistakes.is_empty())))
}

impl LevelWord {
    fn of_branch(self) -> MistakeLevel {
        match self {
            Self::Note => MistakeLevel::Note,
            Self::Warning => MistakeLevel::Warning,
            Self::Error => MistakeLevel::Error,
        }
    }
}

/// Says beside the list how many there are, and what has to be known of it.
fn say(view: &MistakesView, below: usize) {
    for remark in &view.remarks {
        ui::say(&plain(remark));
    }
    let found = match view.mistakes.len() {
        0 => "nothing found".to_owned(),
        1 => "1 mistake".to_owned(),
        number => format!("{number} mistakes"),
    };
    ui::say(&format!("{}: {found}", view.branch));
    if below > 0 {
        ui::say(&format!(
            "{below} more below that level; --level note tells them"
        ));
    }
}

fn text(output: &mut impl Write, view: &MistakesView) -> io::Result<()> {
    view.mistakes
        .iter()
        .try_for_each(|mistake| print(output, mistake))
}

fn print(output: &mut impl Write, mistake: &MistakeView) -> io::Result<()> {
    let package = match &mistake.version {
        Some(version) => format!("{}@{version}", mistake.package),
        None => mistake.package.clone(),
    };
    let place = match &mistake.location {
        Some(location) => format!("{location}: {package}"),
        None => package,
    };
    let (level, rule) = (mistake.level.label(), mistake.rule);
    let message = plain(&mistake.message);
    writeln!(output, "{}: {level}: {message} [{rule}]", plain(&place))?;
    if !mistake.text.is_empty() {
        writeln!(output, "    {}", plain(&mistake.text))?;
    }
    match (&mistake.write, &mistake.decide) {
        (Some(write), _) => {
            writeln!(output, "  write")?;
            writeln!(output, "    {}", plain(write))
        }
        (None, Some(decide)) => writeln!(output, "  needed: {}", plain(decide)),
        (None, None) => Ok(()),
    }
}
