//! A report in the forms that people and programs read.

mod html;
mod markdown;
mod marked;
mod sarif;
mod terminal;
mod words;

pub use html::html;
pub use markdown::markdown;
pub use marked::{Marked, MarkedPiece, marked};
pub use sarif::sarif;
pub use terminal::{Style, terminal};

use std::fmt::Write as _;

use crate::report::{FileReport, Report};
use crate::scan::Advice;

/// The report as JSON, for scripts; `docs/review.md` describes it.
///
/// # Errors
///
/// Where it cannot be written as JSON, which its form does not let happen.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(report)
}

/// What happened to a file, in words.
pub(crate) fn what(file: &FileReport) -> String {
    use crate::report::ChangeKind;
    let mut words = match file.change {
        ChangeKind::Added => "added".to_owned(),
        ChangeKind::Removed => "removed".to_owned(),
        ChangeKind::Changed => "changed".to_owned(),
        ChangeKind::Renamed => format!(
            "renamed from {}{}",
            file.former_path.as_deref().unwrap_or_default(),
            file.similarity
                .map_or_else(String::new, |alike| format!(" ({alike} % alike)"))
        ),
    };
    if let Some((old, new)) = &file.modes {
        let _ = write!(words, ", mode {old} became {new}");
    }
    if let Some((old, new)) = &file.kinds {
        let _ = write!(words, ", {} became {}", or_nothing(old), or_nothing(new));
    }
    words
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

/// What is told of a binary file, in words.
fn binary_words(file: &FileReport) -> Option<String> {
    let binary = file.binary.as_ref()?;
    let side = |facts: &crate::explain::binary::Facts| {
        let elf = facts.elf.as_ref().map_or_else(String::new, |elf| {
            format!(
                ", for {}, needs {}, {} exports",
                elf.machine,
                elf.needs.join(" "),
                elf.exports
            )
        });
        format!(
            "{}, {} bytes, {}.{:02} bits a byte{elf}",
            facts.kind,
            facts.size,
            facts.entropy / 100,
            facts.entropy % 100
        )
    };
    Some(match (&binary.old, &binary.new) {
        (Some(old), Some(new)) => format!("{} → {}", side(old), side(new)),
        (None, Some(only)) | (Some(only), None) => side(only),
        (None, None) => String::new(),
    })
}

/// The counts in a sentence.
fn summary(report: &Report) -> String {
    let counts = &report.counts;
    let mut text = format!(
        "{} files differ (+{} -{} lines): {} added, {} removed, {} changed, {} renamed; {} are the \
         same. {} lines in {} files are left to read",
        counts.files,
        counts.added_lines,
        counts.removed_lines,
        counts.added,
        counts.removed,
        counts.changed,
        counts.renamed,
        counts.unchanged,
        counts.unexplained_lines,
        counts.unexplained_files,
    );
    if counts.unexplained_binaries > 0 {
        let _ = write!(
            text,
            ", {} of them without lines",
            counts.unexplained_binaries
        );
    }
    text.push('.');
    if counts.not_paired > 0 {
        let _ = write!(
            text,
            " {} files were too many to be looked at for having moved with changes.",
            counts.not_paired
        );
    }
    text
}

/// What to do with the change, with every reason and what it weighs; nothing where none is there.
pub(crate) fn advice(report: &Report) -> Option<String> {
    let judgement = &report.judgement;
    let says = match judgement.advice {
        Advice::ReadAsUsual => return None,
        Advice::SecondReader => "Somebody else should read it too",
        Advice::DoNotTake => "Not to be taken before somebody has explained it",
    };
    let reasons = judgement.reasons.iter().map(|reason| {
        let times = match reason.count {
            1 => String::new(),
            count => format!(", {count} times"),
        };
        format!("{} (weighs {}{times})", reason.rule, reason.weight)
    });
    let reasons: Vec<String> = reasons.collect();
    Some(format!("{says}: {}", reasons.join(", ")))
}
