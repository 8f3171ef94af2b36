//! `palisade report`: the month of branches, as a person would send it.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use owo_colors::OwoColorize as _;
use palisade_model::BranchName;
use palisade_tracker::Views;
use palisade_tracker::views::{
    BranchReport, Month, ReportAnswer, ReportView, Score, report_markdown,
};

use super::{block_on, now, open_existing_store, with_branches};
use crate::terminal;
use crate::ui::{self, Cell, plain};

/// Names in a line.
const NAMED: usize = 3;

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The month; without one, the last that is over
    #[arg(long, value_name = "YYYY-MM")]
    month: Option<Month>,

    /// A branch; may be given several times. Without any, all of which anything was stored by then
    #[arg(long = "branch", value_name = "BRANCH")]
    branches: Vec<BranchName>,

    /// How the report is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// How many of each list are printed
    #[arg(long, value_name = "NUMBER", default_value_t = 25)]
    limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// Markdown, to be sent
    Markdown,
}

pub(crate) fn run(database: &str, command: &Report) -> anyhow::Result<ExitCode> {
    let now = now();
    let month = command.month.unwrap_or_else(|| Month::of(now).before());
    block_on(async {
        let store = open_existing_store(database).await?;
        let views = Views::new(store.clone());
        let answer = views.report(month, &command.branches, command.limit, now);
        let view = match answer.await.context("read the month")? {
            ReportAnswer::Found(view) => view,
            ReportAnswer::Unknown(unknown) => {
                bail!("report {month}: {}", with_branches(&unknown))
            }
        };
        store.close().await;
        command.print(&view).context("write the report")?;
        Ok(ExitCode::SUCCESS)
    })
}

impl Report {
    fn print(&self, view: &ReportView) -> std::io::Result<()> {
        let mut output = ui::stdout();
        match self.format {
            Format::Text => text(&mut output, view)?,
            Format::Json => {
                serde_json::to_writer_pretty(&mut output, view)?;
                output.write_all(b"\n")?;
            }
            Format::Markdown => output.write_all(report_markdown(view).as_bytes())?,
        }
        output.flush()
    }
}

fn text(output: &mut impl Write, view: &ReportView) -> std::io::Result<()> {
    writeln!(output, "{}", format!("Security in {}", view.title).bold())?;
    if !view.is_over {
        let day = terminal::day(view.until);
        writeln!(output, "The month is not over: this is told up to {day}.")?;
    }
    if view.branches.is_empty() {
        writeln!(output, "Nothing is stored of any branch up to then.")?;
    }
    for branch in &view.branches {
        writeln!(output, "\n{}", branch.branch.bold())?;
        for sentence in branch.sentences(view) {
            writeln!(output, "  {sentence}")?;
        }
        totals(output, branch, view)?;
        mitigated(output, branch)?;
        new(output, branch)?;
        old(output, branch)?;
        people(output, branch)?;
    }
    writeln!(output, "\n{}", view.reading())
}

/// A table under a title, unless there is nothing in it.
fn table(
    output: &mut impl Write,
    title: &str,
    head: &[&str],
    rows: &[Vec<Cell>],
    left: Option<String>,
) -> std::io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(output, "\n{}", title.bold())?;
    ui::write_table(output, head, rows)?;
    if let Some(left) = left {
        writeln!(output, "  … and {left} (--limit)")?;
    }
    Ok(())
}

/// How many rows leave out; `what` says of what where the rows are of something else.
fn left(shown: usize, all: usize, what: &str) -> Option<String> {
    (shown < all).then(|| format!("{} more{what}", all - shown))
}

fn totals(
    output: &mut impl Write,
    branch: &BranchReport,
    view: &ReportView,
) -> std::io::Result<()> {
    let row = |(name, before, after, difference): (&str, usize, usize, String)| {
        let (before, after) = (before.to_string(), after.to_string());
        Vec::from([name, &before, &after, &difference].map(Cell::of))
    };
    let rows: Vec<Vec<Cell>> = branch.totals().into_iter().map(row).collect();
    let end = if view.is_over { "END" } else { "NOW" };
    let head = ["OPEN", "BEGINNING", end, "DIFFERENCE"];
    table(output, "TOTALS", &head, &rows, None)
}

/// A score, with whether it is known to be exploited.
fn grave(score: Option<&Score>, is_exploited: bool) -> String {
    let score = score.map_or_else(
        || "unrated".to_owned(),
        |it| format!("{:.1} {}", it.score, it.level.word()),
    );
    if is_exploited {
        format!("{score}, exploited")
    } else {
        score
    }
}

fn named(names: &[String], all: usize) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let left = all.saturating_sub(shown.len());
    match left {
        0 => shown.join(", "),
        left => format!("{} and {left} more", shown.join(", ")),
    }
}

fn mitigated(output: &mut impl Write, branch: &BranchReport) -> std::io::Result<()> {
    let rows = branch.mitigations.iter().map(|it| {
        vec![
            Cell::of(&grave(it.score.as_ref(), it.numbers.exploited > 0)),
            Cell::of(&it.package),
            Cell::of(&it.how()),
            Cell::of(&named(&it.vulnerabilities, it.numbers.all)),
            Cell::of(&it.known_for()),
            Cell::of(it.maintainer.as_deref().unwrap_or("-")),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let shown: usize = branch.mitigations.iter().map(|it| it.numbers.all).sum();
    let head = [
        "GRAVEST",
        "PACKAGE",
        "HOW",
        "VULNERABILITIES",
        "KNOWN FOR",
        "MAINTAINER",
    ];
    let left = left(shown, branch.mitigated.all, " vulnerabilities");
    table(output, "MITIGATED", &head, &rows, left)
}

fn new(output: &mut impl Write, branch: &BranchReport) -> std::io::Result<()> {
    let rows = branch.new.iter().map(|it| {
        vec![
            Cell::of(&grave(it.score.as_ref(), it.exploited_since.is_some())),
            Cell::of(&it.vulnerability),
            Cell::of(&format!("{} {}", it.package, it.version)),
            Cell::of(&it.since_words()),
            Cell::of(it.fixed_in.as_deref().unwrap_or("-")),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let head = ["SCORE", "VULNERABILITY", "PACKAGE", "SINCE", "FIXED IN"];
    let left = left(rows.len(), branch.news.open, "");
    table(output, "NEW AND OPEN", &head, &rows, left)
}

fn old(output: &mut impl Write, branch: &BranchReport) -> std::io::Result<()> {
    let stays = &branch.stays;
    let rows = stays.packages.iter().map(|it| {
        vec![
            Cell::of(&format!("{} {}", it.package, it.version)),
            Cell::of(&format!("{}: {}", it.numbers.all, it.numbers.level_words())),
            Cell::of(&format!(
                "{} ({})",
                it.gravest,
                grave(it.score.as_ref(), it.numbers.exploited > 0)
            )),
            Cell::of(it.fixed_in.as_deref().unwrap_or("-")),
            Cell::of(&it.known_for()),
            Cell::of(it.maintainer.as_deref().unwrap_or("-")),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let shown: usize = stays.packages.iter().map(|it| it.numbers.all).sum();
    let head = [
        "PACKAGE",
        "VULNERABILITIES",
        "GRAVEST",
        "FIXED IN",
        "KNOWN FOR",
        "MAINTAINER",
    ];
    let left = left(shown, stays.old.all, " vulnerabilities");
    table(output, "OPEN FOR MORE THAN 90 DAYS", &head, &rows, left)
}

fn people(output: &mut impl Write, branch: &BranchReport) -> std::io::Result<()> {
    let rows = branch.people.iter().map(|it| {
        vec![
            Cell::of(&plain(it.name.as_deref().unwrap_or("nobody"))),
            Cell::of(&it.mitigated.to_string()),
            Cell::of(&named(&it.packages, it.packages.len())),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let head = ["MAINTAINER", "MITIGATED", "PACKAGES"];
    table(output, "WHO LOOKS AFTER THESE PACKAGES", &head, &rows, None)
}
