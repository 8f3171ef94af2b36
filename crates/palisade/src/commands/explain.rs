//! `palisade explain`: the verdict on a vulnerability in a package, with all that speaks for it and
//! against it, and what would change it.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use owo_colors::Style;
use palisade_model::{BranchName, Confidence, VerdictStatus, VulnerabilityId};
use palisade_tracker::Views;
use palisade_tracker::views::{
    Accounted, ChangeView, Conclusion, EntryView, ExplainedPlace, Explanation, ExplanationAnswer,
    ExplanationQuery, Left,
};

use super::{Format, block_on, open_existing_store, which};
use crate::terminal;
use crate::ui::{self, plain};

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The vulnerability's identifier
    vulnerability: VulnerabilityId,

    /// The source package, or one that is built from it
    package: String,

    /// Only on this branch
    #[arg(long, value_name = "DISTRIBUTION/BRANCH")]
    branch: Option<BranchName>,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What the answer comes to for a script, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Untold,
    Closed,
    Open,
}

pub(crate) fn run(database: &str, command: &Explain) -> anyhow::Result<ExitCode> {
    block_on(async {
        let store = open_existing_store(database).await?;
        let query = ExplanationQuery {
            vulnerability: command.vulnerability.clone(),
            package: command.package.clone(),
            branch: command.branch.clone(),
        };
        let answer = Views::new(store.clone()).explanation(&query).await;
        let answer = answer.context("judge the findings again")?;
        store.close().await;
        print(&answer, &query, command.format).context("write the explanation")?;
        Ok(ExitCode::from(match outcome(&answer) {
            Outcome::Closed => 0,
            Outcome::Open => 1,
            Outcome::Untold => 2,
        }))
    })
}

fn outcome(answer: &ExplanationAnswer) -> Outcome {
    let ExplanationAnswer::Explained(explanation) = answer else {
        return Outcome::Untold;
    };
    let of_place = |place: &ExplainedPlace| match place.conclusion.as_ref().map(|it| it.status) {
        Some(VerdictStatus::Affected | VerdictStatus::UnderInvestigation) => Outcome::Open,
        None if place.untold => Outcome::Untold,
        Some(VerdictStatus::Fixed | VerdictStatus::NotAffected) | None => Outcome::Closed,
    };
    let places = explanation.places.iter().map(of_place);
    places.max().unwrap_or(Outcome::Untold)
}

fn print(
    answer: &ExplanationAnswer,
    query: &ExplanationQuery,
    format: Format,
) -> anyhow::Result<()> {
    let mut output = ui::stdout();
    match (format, answer) {
        (Format::Json, _) => {
            serde_json::to_writer_pretty(&mut output, answer)?;
            output.write_all(b"\n")?;
        }
        (Format::Text, ExplanationAnswer::Explained(explanation)) => {
            print_explanation(&mut output, explanation)?;
        }
        (Format::Text, _) => say_why_not(answer, query),
    }
    Ok(output.flush()?)
}

/// Says why nothing can be explained.
fn say_why_not(answer: &ExplanationAnswer, query: &ExplanationQuery) {
    let ExplanationQuery {
        vulnerability,
        package,
        ..
    } = query;
    let package = plain(package);
    let (what, hint) = match answer {
        ExplanationAnswer::Explained(_) => return,
        ExplanationAnswer::UnknownVulnerability => (
            format!("no record of {vulnerability} is stored"),
            "import a feed that has it, or run palisade sync".to_owned(),
        ),
        ExplanationAnswer::SeveralVulnerabilities { names } => (
            format!("{vulnerability} stands for several: {}", names.join(", ")),
            "name one of them".to_owned(),
        ),
        ExplanationAnswer::UnknownBranch { branches } => (
            "no inventory of that branch is stored".to_owned(),
            which(branches),
        ),
        ExplanationAnswer::UnknownPackage => (
            format!("no package {package} is stored"),
            format!("palisade show {vulnerability} tells in which packages it is"),
        ),
        ExplanationAnswer::NotThere { left } => (
            match &query.branch {
                Some(branch) => format!("{package} is not on {branch}"),
                None => format!("{package} is on no branch now"),
            },
            left_words(left),
        ),
    };
    ui::say(&format!("error: {what}\nhint: {hint}"));
}

fn left_words(left: &[Left]) -> String {
    let words = |it: &Left| match &it.until {
        Some(until) => {
            let day = terminal::day(until.time);
            format!("{} was on {} until {day}", plain(&it.version), it.branch)
        }
        None => format!("{} is on {}", plain(&it.version), it.branch),
    };
    let words: Vec<String> = left.iter().map(words).collect();
    words.join(", ")
}

fn print_explanation(output: &mut impl Write, explanation: &Explanation) -> io::Result<()> {
    let title = explanation.title.as_deref().unwrap_or_default();
    writeln!(output, "{}  {}", explanation.vulnerability, plain(title))?;
    let score = terminal::score_words(explanation.score.as_ref());
    writeln!(output, "  score: {score}")?;
    for place in &explanation.places {
        writeln!(output)?;
        print_place(output, &explanation.package, place)?;
    }
    Ok(())
}

fn print_place(output: &mut impl Write, package: &str, place: &ExplainedPlace) -> io::Result<()> {
    let (package, version) = (plain(package), plain(&place.version));
    write!(output, "{package} {version} on {}: ", place.branch)?;
    match (&place.conclusion, &place.silence) {
        (Some(conclusion), _) => print_conclusion(output, conclusion)?,
        (None, silence) => {
            let state = if place.untold {
                "cannot be told"
            } else {
                "no finding"
            };
            let why = plain(silence.as_deref().unwrap_or_default());
            writeln!(output, "{state}: {why}")?;
        }
    }
    print_account(output, "what is said", &place.account)?;
    if let Some(graft) = &place.graft {
        let head = format!("what is said of the graft {}", plain(&graft.version));
        print_account(output, &head, graft)?;
    }
    if !place.others.is_empty() && place.silence.is_none() {
        let others: Vec<String> = place.others.iter().map(|other| plain(other)).collect();
        heading(output, "of other products")?;
        writeln!(output, "    {}", others.join(", "))?;
    }
    if let Some(conclusion) = &place.conclusion {
        heading(output, &format!("why {}", conclusion.confidence.label()))?;
        lines(output, &conclusion.confidence_because)?;
    }
    print_changes(output, &place.changes)
}

fn print_conclusion(output: &mut impl Write, conclusion: &Conclusion) -> io::Result<()> {
    let style = match (conclusion.status, conclusion.confidence) {
        (VerdictStatus::Affected, Confidence::Certain | Confidence::Likely) => {
            Style::new().red().bold()
        }
        (VerdictStatus::Affected | VerdictStatus::UnderInvestigation, _) => Style::new().yellow(),
        (VerdictStatus::Fixed | VerdictStatus::NotAffected, _) => Style::new().green(),
    };
    let status = terminal::status_words(conclusion.status);
    let fixed = terminal::fixed_words(conclusion.fixed_in.as_deref());
    writeln!(
        output,
        "{} ({}){}",
        style.style(status),
        conclusion.confidence.label(),
        fixed
    )
}

fn heading(output: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(output, "  {}", Style::new().bold().style(text))
}

fn lines(output: &mut impl Write, lines: &[String]) -> io::Result<()> {
    lines
        .iter()
        .try_for_each(|line| writeln!(output, "    {}", plain(line)))
}

fn print_account(output: &mut impl Write, head: &str, account: &Accounted) -> io::Result<()> {
    if account.entries.is_empty() && account.rules.is_empty() {
        return Ok(());
    }
    heading(output, head)?;
    for entry in &account.entries {
        print_entry(output, entry)?;
    }
    if !account.rules.is_empty() {
        heading(output, "what comes before that")?;
        lines(output, &account.rules)?;
    }
    Ok(())
}

fn print_entry(output: &mut impl Write, entry: &EntryView) -> io::Result<()> {
    let confidence = entry.confidence.map(|it| format!(" ({})", it.label()));
    writeln!(
        output,
        "    {:<10} {}: {}, entry {}, {}{}",
        entry.standing,
        plain(&entry.feed),
        plain(&entry.record),
        entry.entry,
        plain(&entry.product),
        confidence.unwrap_or_default()
    )?;
    if !matches!(entry.standing, "decides" | "agrees") {
        let says = entry
            .says
            .strip_prefix("overruled: ")
            .unwrap_or(&entry.says);
        writeln!(output, "{:15}because {}", "", plain(says))?;
    }
    for step in &entry.steps {
        let kind = terminal::step_word(step.kind);
        writeln!(output, "{:15}{kind:<13}{}", "", plain(&step.says))?;
    }
    Ok(())
}

fn print_changes(output: &mut impl Write, changes: &[ChangeView]) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    heading(output, "what would change it")?;
    for change in changes {
        writeln!(output, "    - {}", plain(&change.says))?;
        if let Some(command) = &change.command {
            writeln!(output, "        {}", plain(command))?;
        }
    }
    Ok(())
}
