//! `palisade findings`: what affects the packages of a branch.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use palisade_model::{BranchName, Confidence, Level};
use palisade_tracker::Views;
use palisade_tracker::views::{
    BranchView, FindingFilter, FindingItem, FindingQuery, RevisionRef, StatusFilter,
};

use super::{block_on, not_found, now, open_existing_store};
use crate::terminal;
use crate::ui::{self, Cell};

#[derive(Debug, Args)]
pub(crate) struct Findings {
    /// The branch, such as alpine/v3.22
    #[arg(long, value_name = "DISTRIBUTION/BRANCH")]
    branch: BranchName,

    /// Its state at this revision; without it, now
    #[arg(long, value_name = "NAME")]
    revision: Option<String>,

    /// Which state
    #[arg(long, value_enum, default_value_t = Status::Affected)]
    status: Status,

    /// Only those scored at least so
    #[arg(long, value_enum, value_name = "LEVEL")]
    minimum_level: Option<LevelWord>,

    /// Only those that are at least so sure
    #[arg(long, value_enum)]
    confidence: Option<ConfidenceWord>,

    /// Only packages whose name contains this
    #[arg(long, value_name = "NAME")]
    package: Option<String>,

    /// Only those that are known to be exploited
    #[arg(long)]
    exploited: bool,

    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Tell with each finding why it is so
    #[arg(long)]
    evidence: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Status {
    /// What to act on
    Affected,
    /// The triage queue: a person has to look
    UnderInvestigation,
    /// Both
    Open,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LevelWord {
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ConfidenceWord {
    Possible,
    Likely,
    Certain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    Text,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a head
    Csv,
}

pub(crate) fn run(database: &str, command: &Findings) -> anyhow::Result<ExitCode> {
    block_on(async {
        let store = open_existing_store(database).await?;
        let views = Views::new(store.clone());
        let (query, revision) = (command.query(), command.revision.as_deref());
        let view = views.branch(&command.branch, revision, &query, now());
        let view = view.await.context("read the findings")?;
        let Some(mut view) = view else {
            return Err(not_found(&views, &command.branch, revision).await);
        };
        if command.evidence {
            views
                .explain(&mut view.findings)
                .await
                .context("judge the findings again")?;
        }
        let unheard = views.is_unheard(&command.branch).await;
        let unheard = unheard.context("read which feeds there are")?;
        store.close().await;
        print(&view, command).context("write the findings")?;
        if unheard {
            ui::say(&format!(
                "no feed speaks of {} itself; only upstream's records were compared",
                command.branch
            ));
        }
        Ok(ExitCode::from(u8::from(!view.findings.is_empty())))
    })
}

impl Findings {
    fn query(&self) -> FindingQuery {
        let filter = FindingFilter {
            status: match self.status {
                Status::Affected => StatusFilter::Affected,
                Status::UnderInvestigation => StatusFilter::UnderInvestigation,
                Status::Open => StatusFilter::Open,
            },
            minimum_level: self.minimum_level.map(|level| match level {
                LevelWord::Low => Level::Low,
                LevelWord::Medium => Level::Medium,
                LevelWord::High => Level::High,
                LevelWord::Critical => Level::Critical,
            }),
            minimum_confidence: self.confidence.map(|confidence| match confidence {
                ConfidenceWord::Possible => Confidence::Possible,
                ConfidenceWord::Likely => Confidence::Likely,
                ConfidenceWord::Certain => Confidence::Certain,
            }),
            exploited: self.exploited,
            package: self.package.clone(),
            ..FindingFilter::default()
        };
        FindingQuery {
            filter,
            limit: usize::MAX,
            ..FindingQuery::default()
        }
    }
}

fn print(view: &BranchView, command: &Findings) -> io::Result<()> {
    let mut output = ui::stdout();
    match command.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut output, view)?;
            output.write_all(b"\n")?;
        }
        Format::Jsonl => {
            for finding in &view.findings {
                serde_json::to_writer(&mut output, finding)?;
                output.write_all(b"\n")?;
            }
        }
        Format::Csv => print_csv(&mut output, &view.findings)?,
        Format::Text => print_text(&mut output, &view.findings)?,
    }
    output.flush()?;
    if command.format == Format::Text {
        say_counts(view, command.status);
        say_epss(view);
    }
    Ok(())
}

fn print_text(output: &mut impl Write, findings: &[FindingItem]) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    if findings.iter().any(|finding| finding.evidence.is_some()) {
        for finding in findings {
            print_explained(output, finding)?;
        }
        return Ok(());
    }
    let head = [
        "SCORE",
        "VULNERABILITY",
        "PACKAGE",
        "STATE",
        "SURE",
        "FIXED IN",
        "EPSS",
        "SINCE",
    ];
    let rows: Vec<Vec<Cell>> = findings.iter().map(row).collect();
    ui::write_table(output, &head, &rows)
}

fn row(finding: &FindingItem) -> Vec<Cell> {
    let known = |text: Option<String>| Cell::of(text.as_deref().unwrap_or("-"));
    let exploited = if finding.exploited_since.is_some() {
        " (exploited)"
    } else {
        ""
    };
    vec![
        terminal::score_cell(finding.score.as_ref()),
        Cell::of(&format!("{}{exploited}", finding.vulnerability)),
        Cell::of(&package(finding)),
        Cell::of(&terminal::status_words(finding.status)),
        Cell::of(finding.confidence.label()),
        known(finding.fixed_in.clone()),
        known(finding.epss.map(|epss| format!("{:.1} %", epss * 100.0))),
        known(finding.since.as_ref().map(since_words)),
    ]
}

/// The day of a revision with which something began; before the first one nothing is known.
fn since_words(since: &RevisionRef) -> String {
    let day = terminal::day(since.time);
    if since.is_first {
        format!("≤ {day}")
    } else {
        day
    }
}

/// A package with its version, and where it is if another of that version is elsewhere.
fn package(finding: &FindingItem) -> String {
    let (name, version) = (&finding.package, &finding.version);
    match &finding.repository {
        Some(repository) => format!("{name} {version} (in {repository})"),
        None => format!("{name} {version}"),
    }
}

fn print_explained(output: &mut impl Write, finding: &FindingItem) -> io::Result<()> {
    writeln!(
        output,
        "{} in {}: {} ({}), {}{}",
        finding.vulnerability,
        ui::plain(&package(finding)),
        terminal::status_words(finding.status),
        finding.confidence.label(),
        terminal::score_words(finding.score.as_ref()),
        terminal::fixed_words(finding.fixed_in.as_deref()),
    )?;
    terminal::write_evidence(output, finding.evidence.as_ref())?;
    writeln!(output)
}

/// Tells beside the list how many there are, and of the queue that is not shown.
fn say_counts(view: &BranchView, status: Status) {
    let queue = view.under_investigation;
    match status {
        Status::Affected if queue > 0 => ui::say(&format!(
            "{} affected; {queue} more under investigation: --status under_investigation",
            view.affected
        )),
        Status::Affected => ui::say(&format!("{} affected", view.affected)),
        Status::UnderInvestigation => ui::say(&format!("{queue} under investigation")),
        Status::Open => ui::say(&format!(
            "{} affected, {queue} under investigation",
            view.affected
        )),
    }
}

/// Of which day the scores in the table are.
fn say_epss(view: &BranchView) {
    let is_told = view.findings.iter().any(|it| it.epss.is_some());
    let Some(epss) = view.epss.as_ref().filter(|_| is_told) else {
        return;
    };
    let over = if epss.is_old {
        ": the 30 days of which they speak are over"
    } else {
        ""
    };
    ui::say(&format!("EPSS scores are of {}{over}", epss.day));
}

fn print_csv(output: &mut impl Write, findings: &[FindingItem]) -> io::Result<()> {
    writeln!(
        output,
        "branch,package,version,vulnerability,status,confidence,level,score,cvss,scorer,epss,\
         exploited_since,fixed_in,since,since_time,first_seen,evidence,repository"
    )?;
    for finding in findings {
        let text = |text: Option<&str>| text.map(csv_field).unwrap_or_default();
        let score = finding.score.as_ref();
        let since = finding.since.as_ref();
        let fields = [
            csv_field(&finding.branch.to_string()),
            csv_field(&finding.package),
            csv_field(&finding.version),
            csv_field(&finding.vulnerability),
            finding.status.label().to_owned(),
            finding.confidence.label().to_owned(),
            score
                .map(|score| score.level.word().to_owned())
                .unwrap_or_default(),
            score
                .map(|score| format!("{:.1}", score.score))
                .unwrap_or_default(),
            text(score.map(|score| score.version.as_str())),
            text(score.map(|score| score.scorer.as_str())),
            finding
                .epss
                .map(|epss| epss.to_string())
                .unwrap_or_default(),
            text(finding.exploited_since.as_deref()),
            text(finding.fixed_in.as_deref()),
            text(since.map(|since| since.name.as_str())),
            since
                .map(|since| since.time.to_string())
                .unwrap_or_default(),
            finding.first_seen.to_string(),
            text(finding.evidence.as_ref().map(evidence_text).as_deref()),
            text(finding.repository.as_deref()),
        ];
        writeln!(output, "{}", fields.join(","))?;
    }
    Ok(())
}

fn evidence_text(evidence: &palisade_model::Evidence) -> String {
    evidence
        .0
        .iter()
        .map(|step| step.says.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}

/// A field by RFC 4180. One that a spreadsheet would take for a formula gets an apostrophe in
/// front: versions and names come from others.
fn csv_field(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if guarded.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_neither_break_the_line_nor_compute() {
        assert_eq!(csv_field("1.2-3"), "1.2-3");
        assert_eq!(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv_field("=1+1"), "'=1+1");
        assert_eq!(csv_field("\r=1+1"), "\"'\r=1+1\"");
    }
}
