//! How values look in the terminal.

use std::io::{self, Write};

use owo_colors::Style;
use palisade_model::{Evidence, Level, StepKind, Timestamp, VerdictStatus};
use palisade_tracker::views::Score;

use crate::ui::{self, Cell, plain};

/// A score with its level in words; colour only repeats it.
pub(crate) fn score_cell(score: Option<&Score>) -> Cell {
    let style = match score.map(|score| score.level) {
        Some(Level::Critical) => Style::new().red().bold(),
        Some(Level::High) => Style::new().red(),
        Some(Level::Medium) => Style::new().yellow(),
        _ => Style::new(),
    };
    match score {
        Some(score) => Cell::styled(
            &format!("{:>4.1} {}", score.score, score.level.word()),
            style,
        ),
        None => Cell::of("   - unrated"),
    }
}

/// A score with its author.
pub(crate) fn score_words(score: Option<&Score>) -> String {
    match score {
        Some(score) => format!(
            "{} {:.1} (CVSS {} by {})",
            score.level.word(),
            score.score,
            score.version,
            ui::plain(&score.scorer)
        ),
        None => "unrated".to_owned(),
    }
}

pub(crate) fn status_words(status: VerdictStatus) -> String {
    status.label().replace('_', " ")
}

/// Where it is fixed, to go behind a verdict; empty if nobody says.
pub(crate) fn fixed_words(version: Option<&str>) -> String {
    version.map_or_else(String::new, |version| {
        format!(", fixed in {}", plain(version))
    })
}

pub(crate) fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

/// What a reason is about, in a word.
pub(crate) fn step_word(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Identity => "identity",
        StepKind::Range => "versions",
        StepKind::Condition => "condition",
        StepKind::Mitigation => "distribution",
        StepKind::Rule => "rule",
    }
}

/// The chain of reasons, one a line.
pub(crate) fn write_evidence(
    output: &mut impl Write,
    evidence: Option<&Evidence>,
) -> io::Result<()> {
    for step in evidence.iter().flat_map(|evidence| &evidence.0) {
        let kind = step_word(step.kind);
        let source = step.feed.as_deref().zip(step.record.as_deref());
        let source = source.map(|(feed, record)| format!(" [{feed}: {}]", ui::plain(record)));
        writeln!(
            output,
            "    {kind:<13}{}{}",
            ui::plain(&step.says),
            source.unwrap_or_default()
        )?;
    }
    Ok(())
}
