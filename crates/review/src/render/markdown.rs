//! A summary for a merge request: no more than a reviewer wants to see before opening the rest.

use std::fmt::Write as _;

use super::words::some;
use super::{summary, what};
use crate::report::Report;
use crate::signal::Severity;

/// How many rows a table has at most.
const ROWS: usize = 30;

/// The summary in Markdown. Text of others stands in code spans, so that it marks up nothing and
/// calls nobody.
pub fn markdown(report: &Report) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write!(
        text,
        "## Review of {} → {}\n\n{}\n",
        code(&report.old.name),
        code(&report.new.name),
        summary(report)
    );
    signals(report, &mut text);
    if let Some(advice) = super::advice(report) {
        let _ = writeln!(text, "\n**{advice}.**");
    }
    if !report.dependencies.is_empty() {
        text.push_str("\n| dependency | before | after | in |\n|---|---|---|---|\n");
    }
    for change in report.dependencies.iter().take(ROWS) {
        let side = |side: &Option<String>| side.as_deref().map_or("none".to_owned(), code);
        let (name, path) = (code(&change.name), code(&change.path));
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {path} |",
            side(&change.old),
            side(&change.new)
        );
    }
    for (says, paths) in report.licences_by_change().iter().take(ROWS) {
        let _ = write!(
            text,
            "\n- licence of {}: {}\n",
            code(&some(paths)),
            code(says)
        );
    }
    let open: Vec<_> = report
        .files
        .iter()
        .filter(|file| file.explanation.is_none())
        .collect();
    if !open.is_empty() {
        text.push_str("\n| left to read | lines | what |\n|---|--:|---|\n");
    }
    for file in open.iter().take(ROWS) {
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            code(&file.path),
            file.unexplained_lines,
            code(&what(file))
        );
    }
    if open.len() > ROWS {
        let _ = writeln!(text, "\n… and {} more files.", open.len() - ROWS);
    }
    if !report.folded.is_empty() {
        text.push_str("\n| folded | files | lines |\n|---|--:|--:|\n");
    }
    for group in &report.folded {
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            group.reason.title(),
            group.files,
            group.lines
        );
    }
    text
}

fn signals(report: &Report, text: &mut String) {
    if report.signals.is_empty() {
        text.push_str("\nNothing was noticed by the rules.\n");
        return;
    }
    text.push_str("\n| severity | rule | place | why |\n|---|---|---|---|\n");
    for signal in report.signals.iter().take(ROWS) {
        let severity = match signal.severity {
            Severity::Critical => "**critical**",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let line = signal
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        let place = code(&format!("{}{line}", signal.path));
        let accepted = if signal.suppression.is_some() {
            " (accepted)"
        } else {
            ""
        };
        let why = code(&signal.why);
        let _ = writeln!(
            text,
            "| {severity}{accepted} | `{}` | {place} | {why} |",
            signal.rule
        );
    }
    if report.signals.len() > ROWS {
        let _ = writeln!(text, "\n… and {} more.", report.signals.len() - ROWS);
    }
}

/// A code span that ends where it should: with more backticks around it than are in it.
fn code(text: &str) -> String {
    let text: String = text.chars().take(200).collect();
    // A bar would end the cell even within a span.
    let text = text.replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}
