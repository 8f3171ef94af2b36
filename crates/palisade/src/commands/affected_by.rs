//! `palisade affected-by`: who gets a package's fix by grafting alone, or is touched by what is open in
//! it.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use palisade_tracker::Views;
use palisade_tracker::views::{
    AffectedByAnswer, AffectedByView, DependentView, GraftFinding, PassedOn, StateRef,
    TouchingPackage,
};

use super::{Format, block_on, open_existing_store, which, with_branches};
use crate::terminal;
use crate::ui::{self, Cell, plain};

#[derive(Debug, Args)]
pub(crate) struct AffectedBy {
    /// A package's name, or NAME@VERSION
    #[arg(value_name = "PACKAGE")]
    package: String,

    /// The branch; may be left out where only one is stored, and the distribution where only one has a
    /// branch of that name
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,

    /// A revision by its name or the beginning of it, or a day; without one, the present state
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// How many dependents of each package are printed
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
}

pub(crate) fn run(database: &str, command: &AffectedBy) -> anyhow::Result<ExitCode> {
    block_on(async {
        let store = open_existing_store(database).await?;
        let views = Views::new(store.clone());
        let state = command.state(&views).await?;
        let answer = views.affected_by(&state, command.named(), command.limit);
        let view = match answer.await.context("look who uses the package")? {
            AffectedByAnswer::Found(view) => view,
            AffectedByAnswer::Unknown(unknown) => bail!("{}", with_branches(&unknown)),
        };
        store.close().await;
        print(command.format, &view).context("write who uses the package")?;
        Ok(ExitCode::from(u8::from(view.touches())))
    })
}

impl AffectedBy {
    /// The package's name, and its version if that is given. A name may begin with an `@`.
    fn named(&self) -> (&str, Option<&str>) {
        match self.package.rsplit_once('@') {
            Some((name, version)) if !name.is_empty() && !version.is_empty() => {
                (name, Some(version))
            }
            _ => (&self.package, None),
        }
    }

    async fn state(&self, views: &Views) -> anyhow::Result<StateRef> {
        let branch = match &self.branch {
            Some(branch) => branch.clone(),
            None => only_branch(views).await?,
        };
        let text = match &self.revision {
            Some(revision) => format!("{branch}@{revision}"),
            None => branch,
        };
        Ok(text.parse()?)
    }
}

async fn only_branch(views: &Views) -> anyhow::Result<String> {
    let branches = views.branch_names().await.context("read the branches")?;
    let mut of_guix = branches
        .iter()
        .filter(|branch| branch.distribution().as_str() == "guix");
    match (branches.as_slice(), of_guix.next(), of_guix.next()) {
        ([only], ..) | (_, Some(only), None) => Ok(only.to_string()),
        _ => bail!(
            "which branch is meant? name one with --branch\nhint: {}",
            which(&branches)
        ),
    }
}

fn print(format: Format, view: &AffectedByView) -> std::io::Result<()> {
    let mut output = ui::stdout();
    match format {
        Format::Text => text(&mut output, view)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut output, view)?;
            output.write_all(b"\n")?;
        }
    }
    output.flush()
}

fn text(output: &mut impl Write, view: &AffectedByView) -> std::io::Result<()> {
    writeln!(
        output,
        "{}@{} ({})",
        view.branch,
        plain(&view.revision.name),
        terminal::day(view.revision.time)
    )?;
    if !view.implicit_inputs {
        writeln!(
            output,
            "  what build systems use is not told: compiler and C library are used by more"
        )?;
    }
    view.packages
        .iter()
        .try_for_each(|package| one(output, package))
}

fn one(output: &mut impl Write, package: &TouchingPackage) -> std::io::Result<()> {
    writeln!(
        output,
        "\n{} {}: {}",
        plain(&package.name),
        plain(&package.version),
        plain(&package.says)
    )?;
    if let Some(graft) = &package.graft {
        passed_on(output, graft)?;
    }
    let reach = &package.reach;
    writeln!(
        output,
        "  used by {}: {} directly, {} only to be built",
        reach.all, reach.direct, reach.build_only
    )?;
    if package.dependents.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<Cell>> = package.dependents.iter().map(row).collect();
    ui::write_table(output, &["PACKAGE", "VERSION", "STEPS", "WAY"], &rows)?;
    match reach.all.saturating_sub(package.dependents.len()) {
        0 => Ok(()),
        more => writeln!(output, "… and {more} more (--limit)"),
    }
}

fn passed_on(output: &mut impl Write, graft: &PassedOn) -> std::io::Result<()> {
    let since = graft.since.as_ref().map(|since| {
        let before = if since.is_first { " or before" } else { "" };
        let (revision, day) = (plain(&since.name), terminal::day(since.time));
        format!(" since {revision} ({day}{before})")
    });
    writeln!(
        output,
        "  graft {}{}",
        plain(&graft.version),
        since.unwrap_or_default()
    )?;
    let names = |list: &[GraftFinding]| {
        let names: Vec<&str> = list.iter().map(|it| it.vulnerability.as_str()).collect();
        plain(&names.join(", "))
    };
    if !graft.names.is_empty() {
        writeln!(
            output,
            "  its patches name {}",
            plain(&graft.names.join(", "))
        )?;
    }
    if !graft.fixes.is_empty() {
        writeln!(output, "  fixes {}", names(&graft.fixes))?;
    }
    if !graft.leaves.is_empty() {
        writeln!(output, "  leaves open {}", names(&graft.leaves))?;
    }
    Ok(())
}

fn row(it: &DependentView) -> Vec<Cell> {
    let steps = if it.build_only {
        format!("{} (to be built)", it.distance)
    } else {
        it.distance.to_string()
    };
    vec![
        Cell::of(&it.name),
        Cell::of(&it.version),
        Cell::of(&steps),
        Cell::of(&it.path.join(" -> ")),
    ]
}
