//! The report for a terminal: what was noticed, what is left to read, what was folded.

use std::io::{self, Write};

use super::words::some;
use super::{binary_words, summary, what};
use crate::report::{FileReport, LineKind, Report};
use crate::signal::Severity;

/// How a piece of text looks; whoever prints decides whether it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// A heading or a name.
    Strong,
    /// Of less interest.
    Dim,
    /// A line that came.
    Added,
    /// A line that went.
    Removed,
    /// A critical signal.
    Critical,
    /// A warning.
    Warning,
}

/// Writes a report; `paint` gives a text its style, with escape sequences or without.
///
/// # Errors
///
/// Where the output cannot be written to.
pub fn terminal(
    report: &Report,
    output: &mut dyn Write,
    paint: &dyn Fn(&str, Style) -> String,
) -> io::Result<()> {
    let head = format!("{} → {}", report.old.name, report.new.name);
    writeln!(output, "{}", paint(&head, Style::Strong))?;
    writeln!(output, "{}", summary(report))?;
    signals(report, output, paint)?;
    if let Some(advice) = super::advice(report) {
        writeln!(output, "  {}", paint(&advice, Style::Strong))?;
    }
    lists(report, output, paint)?;
    let open: Vec<&FileReport> = report
        .files
        .iter()
        .filter(|file| file.explanation.is_none())
        .collect();
    if !open.is_empty() {
        writeln!(output, "\n{}", paint("Left to read", Style::Strong))?;
    }
    for file in open {
        one(file, output, paint)?;
    }
    if !report.folded.is_empty() {
        writeln!(output, "\n{}", paint("Folded", Style::Strong))?;
    }
    for group in &report.folded {
        let title = group.reason.title();
        writeln!(
            output,
            "  {title:<32}{:>7} files{:>9} lines",
            group.files, group.lines
        )?;
    }
    Ok(())
}

fn signals(
    report: &Report,
    output: &mut dyn Write,
    paint: &dyn Fn(&str, Style) -> String,
) -> io::Result<()> {
    if report.signals.is_empty() {
        return Ok(());
    }
    writeln!(output, "\n{}", paint("Noticed", Style::Strong))?;
    let width = report
        .signals
        .iter()
        .map(|signal| signal.rule.len())
        .max()
        .unwrap_or(0);
    for signal in &report.signals {
        let (word, style) = match signal.severity {
            Severity::Critical => ("critical", Style::Critical),
            Severity::Warning => ("warning", Style::Warning),
            Severity::Note => ("note", Style::Dim),
        };
        let line = signal
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        let accepted = signal.suppression.as_ref().map_or_else(String::new, |it| {
            format!(
                " (accepted by {} until {}: {})",
                it.owner, it.until, it.reason
            )
        });
        let word = paint(&format!("{word:<9}"), style);
        writeln!(
            output,
            "  {word}{:<width$}  {}{line}{accepted}",
            signal.rule, signal.path
        )?;
        if !signal.excerpt.is_empty() {
            let excerpt: String = signal.excerpt.chars().take(160).collect();
            writeln!(output, "           {}", paint(excerpt.trim(), Style::Dim))?;
        }
        writeln!(output, "           {}", signal.why)?;
    }
    Ok(())
}

fn lists(
    report: &Report,
    output: &mut dyn Write,
    paint: &dyn Fn(&str, Style) -> String,
) -> io::Result<()> {
    if !report.dependencies.is_empty() {
        writeln!(output, "\n{}", paint("Dependencies", Style::Strong))?;
    }
    for change in &report.dependencies {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
        let (old, new) = (side(&change.old), side(&change.new));
        writeln!(
            output,
            "  {}: {} → {}  ({})",
            change.name, old, new, change.path
        )?;
    }
    if !report.licences.is_empty() {
        writeln!(output, "\n{}", paint("Licences", Style::Strong))?;
    }
    for (says, paths) in report.licences_by_change() {
        writeln!(output, "  {}: {says}", some(&paths))?;
    }
    Ok(())
}

fn one(
    file: &FileReport,
    output: &mut dyn Write,
    paint: &dyn Fn(&str, Style) -> String,
) -> io::Result<()> {
    let counts = format!("+{} -{}", file.added_lines, file.removed_lines);
    let path = paint(&file.path, Style::Strong);
    writeln!(output, "\n{path}  {}, {counts}", what(file))?;
    if let Some(words) = binary_words(file) {
        writeln!(output, "  {words}")?;
    }
    for hunk in &file.hunks {
        let place = format!("@@ -{} +{} @@", hunk.old_start, hunk.new_start);
        writeln!(output, "{}", paint(&place, Style::Dim))?;
        for line in &hunk.lines {
            let (sign, style) = match line.kind {
                LineKind::Same => (' ', Style::Plain),
                LineKind::Removed => ('-', Style::Removed),
                LineKind::Added => ('+', Style::Added),
            };
            writeln!(output, "{}", paint(&format!("{sign}{}", line.text), style))?;
        }
    }
    if file.hidden_lines > 0 {
        writeln!(output, "  … {} more lines, not shown", file.hidden_lines)?;
    }
    Ok(())
}
