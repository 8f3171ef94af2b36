//! What a worker does with its materials: read, compare, scan.

use palisade_review::{Budget, Change, Comparison, How, Material, Scanner, Signal, Tree};
use serde::{Deserialize, Serialize};

use super::worker::Materials;

/// What a review found, as programs read it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// What changed.
    pub(crate) files: Vec<ChangedFile>,
    /// What somebody should look at, the worst first.
    pub(crate) signals: Vec<Told>,
    /// How many files are the same on both sides.
    pub(crate) unchanged: usize,
}

/// A file that is not the same any more.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChangedFile {
    /// Where it is, or where it was.
    pub(crate) path: String,
    /// `added`, `removed`, `changed` or `renamed`.
    pub(crate) change: String,
    /// Where it was before, if that is elsewhere.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) former_path: Option<String>,
    /// Its bytes now, or before where it is gone.
    pub(crate) size: usize,
    /// Lines that came.
    pub(crate) added: u64,
    /// Lines that went.
    pub(crate) removed: u64,
}

/// A signal.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) rule: String,
    pub(crate) severity: String,
    pub(crate) specificity: String,
    pub(crate) path: String,
    pub(crate) line: Option<u32>,
    pub(crate) excerpt: String,
    pub(crate) why: String,
}

/// Reads the trees, each in a thread of its own, and says what is to be said of them.
pub(crate) fn answer(materials: Materials, budget: &Budget) -> anyhow::Result<Vec<u8>> {
    let Materials { old, new, git } = materials;
    let read = |material: Material| material.read(budget);
    let (old, new, git) = std::thread::scope(|scope| {
        let old = old.map(|old| scope.spawn(|| read(old)));
        let git = git.map(|git| scope.spawn(|| read(git)));
        let new = read(new);
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join();
        (old.map(join), new, git.map(join))
    });
    let gone = |_| anyhow::anyhow!("a reading thread ended without an answer");
    let old = old.transpose().map_err(gone)?.transpose()?;
    let git = git.transpose().map_err(gone)?.transpose()?;
    let answer = compare(old.as_ref(), &new?, git.as_ref())?;
    Ok(serde_json::to_vec(&answer)?)
}

fn compare(old: Option<&Tree>, new: &Tree, git: Option<&Tree>) -> anyhow::Result<Answer> {
    let empty = Tree::default();
    let comparison = Comparison::of(old.unwrap_or(&empty), new);
    let signals = signals(&comparison, old, git)?;
    Ok(Answer {
        files: comparison.changes.iter().map(file).collect(),
        signals: signals.iter().map(told).collect(),
        unchanged: comparison.unchanged,
    })
}

fn file(change: &Change<'_>) -> ChangedFile {
    let hunks = change.hunks.as_deref().unwrap_or_default();
    let lines = |count: &dyn Fn(&palisade_review::Hunk) -> u32| {
        hunks.iter().map(|hunk| u64::from(count(hunk))).sum()
    };
    ChangedFile {
        path: visible(change.path()),
        change: match change.how {
            How::Added => "added",
            How::Removed => "removed",
            How::Changed => "changed",
            How::Renamed(_) => "renamed",
        }
        .to_owned(),
        former_path: change.former_path().map(|path| visible(path)),
        size: change
            .new
            .or(change.old)
            .map_or(0, |file| file.content.bytes.len()),
        added: lines(&|hunk| hunk.after.end - hunk.after.start),
        removed: lines(&|hunk| hunk.before.end - hunk.before.start),
    }
}

/// What the rules and detectors find that is new.
fn signals(
    comparison: &Comparison<'_>,
    old: Option<&Tree>,
    git: Option<&Tree>,
) -> anyhow::Result<Vec<Signal>> {
    let moved = comparison.changes.iter().filter_map(|change| {
        let former = change.former_path()?;
        Some((former.to_owned(), change.path().to_owned()))
    });
    let renames: Vec<_> = moved.collect();
    let materials = palisade_review::Materials {
        old,
        new: comparison.new,
        git,
        renames: &renames,
        known: None,
    };
    Ok(Scanner::builtin()?.scan(materials).signals)
}

fn told(signal: &Signal) -> Told {
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    Told {
        rule: signal.rule.to_owned(),
        severity: word(&signal.severity),
        specificity: word(&signal.specificity),
        path: visible(&signal.path),
        line: signal.line,
        excerpt: visible(&signal.excerpt),
        why: visible(signal.why.as_bytes()),
    }
}

/// Text of others with what cannot be seen made visible.
fn visible(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    // Writing into a string does not fail.
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\t' | '\n' => text.push(character),
                _ if is_unseen(character) => {
                    let _ = write!(text, "<U+{:04X}>", u32::from(character));
                }
                _ => text.push(character),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "<{byte:02X}>");
        }
    }
    text
}

fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}
