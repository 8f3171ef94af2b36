//! The report of a patch as Markdown for a merge request, and as text for a terminal.

use std::fmt::Write as _;

use super::report::{PackageReport, PatchReport, SourceReport};
use crate::report::Finding;
use crate::signal::Severity;

/// How many signals Markdown has at most.
const ROWS: usize = 50;

/// How others' text is set off.
#[derive(Clone, Copy)]
enum Style {
    Markdown,
    Text,
}

/// The report in Markdown. Text of others stands in code spans, so that it marks up nothing.
pub fn patch_markdown(report: &PatchReport) -> String {
    written(report, Style::Markdown)
}

/// The report as text.
pub fn patch_text(report: &PatchReport) -> String {
    written(report, Style::Text)
}

fn written(report: &PatchReport, style: Style) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    for patch in &report.patches {
        let subject = patch
            .subject
            .as_deref()
            .unwrap_or("a patch without a subject");
        let author = patch.author.as_deref().unwrap_or("nobody named");
        let _ = writeln!(
            text,
            "{}{}, by {}",
            style.title(),
            style.quoted(subject),
            style.quoted(author)
        );
    }
    if report.partial {
        text.push_str("\nSeen without the tree that it applies to: this is what its hunks show, and there may be more.\n");
    }
    signals(report, style, &mut text);
    for package in &report.packages {
        of_package(package, style, &mut text);
    }
    effect(report, style, &mut text);
    if report.packages.is_empty() {
        let _ = writeln!(
            text,
            "\nNo recipe changes, in {} files.",
            report.files.len()
        );
    }
    text
}

fn effect(report: &PatchReport, style: Style, text: &mut String) {
    let Some(effect) = &report.effect else { return };
    let _ = writeln!(
        text,
        "\n{}What it does to {}",
        style.title(),
        style.quoted(&effect.branch)
    );
    if let Some(why) = &effect.not_compared {
        let _ = writeln!(text, "- not compared: {}", style.quoted(why));
    } else if !effect.unknown.is_empty() {
        let names = effect.unknown.join(", ");
        let _ = writeln!(text, "- not in it yet: {}", style.quoted(&names));
    }
    if let (Style::Markdown, Some(markdown)) = (style, &effect.markdown) {
        let _ = writeln!(text, "\n{markdown}");
    }
}

fn signals(report: &PatchReport, style: Style, text: &mut String) {
    let (loud, quiet): (Vec<&Finding>, Vec<&Finding>) =
        report.signals.iter().partition(|it| it.alarms());
    if loud.is_empty() {
        text.push_str("\nNothing above a note.\n");
    } else {
        text.push('\n');
    }
    for signal in loud.iter().take(ROWS) {
        let severity = match signal.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let place = match signal.line {
            Some(line) => format!("{}:{line}", signal.path),
            None => signal.path.clone(),
        };
        let _ = writeln!(
            text,
            "- {severity}: {} at {}: {}",
            signal.rule,
            style.quoted(&place),
            style.quoted(&signal.why)
        );
        if !signal.excerpt.is_empty() {
            let _ = writeln!(text, "  {}", style.quoted(&signal.excerpt));
        }
    }
    if loud.len() > ROWS {
        let _ = writeln!(text, "- and {} more", loud.len() - ROWS);
    }
    if !quiet.is_empty() {
        let mut rules: Vec<&str> = quiet.iter().map(|it| it.rule.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        let _ = writeln!(text, "- notes: {} ({})", quiet.len(), rules.join(", "));
    }
}

fn of_package(package: &PackageReport, style: Style, text: &mut String) {
    let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
    let versions = match (&package.old_version, &package.new_version) {
        (old, new) if old == new => version(new),
        (old, new) => format!("{} → {}", version(old), version(new)),
    };
    let _ = writeln!(
        text,
        "\n{}{} {}",
        style.title(),
        style.quoted(&package.name),
        style.quoted(&versions)
    );
    for change in &package.changes {
        let side = |side: &Option<String>| {
            side.as_deref()
                .map_or_else(|| "none".to_owned(), |it| style.quoted(it))
        };
        let _ = writeln!(
            text,
            "- {}: {} → {}",
            change.what,
            side(&change.old),
            side(&change.new)
        );
    }
    for source in &package.sources {
        of_source(source, style, text);
    }
    if !package.security.fixes.is_empty() {
        let _ = writeln!(
            text,
            "- says to fix {}",
            style.quoted(&package.security.fixes.join(", "))
        );
    }
    if !package.security.loses.is_empty() {
        let _ = writeln!(
            text,
            "- no longer mitigates by itself {}",
            style.quoted(&package.security.loses.join(", "))
        );
    }
}

fn of_source(source: &SourceReport, style: Style, text: &mut String) {
    let name = source
        .new
        .as_ref()
        .or(source.old.as_ref())
        .map_or("", |it| it.name.as_str());
    if let Some(why) = &source.not_compared {
        let _ = writeln!(
            text,
            "- {} was not compared: {}",
            style.quoted(name),
            style.quoted(why)
        );
    }
    let Some(review) = &source.review else {
        return;
    };
    let count = |name: &str| review["counts"][name].as_u64();
    let files = count("files").or_else(|| review["files"].as_array().map(|it| it.len() as u64));
    let _ = write!(
        text,
        "- {}: {} files differ",
        style.quoted(name),
        files.unwrap_or(0)
    );
    if let Some(lines) = count("unexplained_lines") {
        let _ = write!(text, ", {lines} lines left to read");
    }
    text.push('\n');
    for place in &source.from {
        let _ = writeln!(text, "  from {}", style.quoted(place));
    }
}

impl Style {
    fn title(self) -> &'static str {
        match self {
            Self::Markdown => "## ",
            Self::Text => "",
        }
    }

    /// Text of others; a code span is longer than any run of its own marks within.
    fn quoted(self, text: &str) -> String {
        match self {
            Self::Text => text.to_owned(),
            Self::Markdown => {
                let longest = text.split(|it| it != '`').map(str::len).max().unwrap_or(0);
                let fence = "`".repeat(longest + 1);
                let space = if longest > 0 { " " } else { "" };
                format!("{fence}{space}{text}{space}{fence}")
            }
        }
    }
}
