//! What is wrong with the `# secfixes:` comment of an APKBUILD, and what to write instead.
//!
//! Three readers have to understand the block: abuild, which checks its lines one by one; the
//! generator of the security database, to which it is YAML, so that one bad block costs all of
//! its repository; and those who read the database and often take the first word of an entry. A
//! block without findings of level warning or error passes abuild's check and gives readers of
//! YAML what it seems to say. Notes are of what is allowed but not read alike by everybody.

mod entry;
mod listings;
mod readers;
mod rewrite;

use std::collections::{HashMap, HashSet};

use palisade_version::Scheme;

use listings::Listings;

use super::block::{Entry, Secfixes, is_canonical, secfixes};
use super::{Apkbuild, Problem, ProblemKind};
use crate::secdb::{Item, shown_up_to};

/// Findings in one file that are told.
const MOST_FINDINGS: usize = 10_000;

/// Something that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, counted from 1.
    pub line: u64,
    /// How bad it is.
    pub level: Level,
    /// Which rule it breaks, as one word.
    pub rule: &'static str,
    /// The line as it is.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub advice: Advice,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Allowed, but not read alike by everybody.
    Note,
    /// Some readers misunderstand it.
    Warning,
    /// abuild refuses it, or a fix is lost or never counts.
    Error,
}

/// What to do about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// Write these lines in its place; none of them, if there are none.
    Write(Vec<String>),
    /// Only somebody who knows more can tell: what to find out, or where to put it.
    Decide(String),
}

impl Level {
    /// The level as one word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A fix's version as apk has it, when one can be made of what is written.
pub fn mended_version(version: &str) -> Option<String> {
    rewrite::mended(version)
}

/// Looks an APKBUILD's comment through. Findings come in the order of lines.
pub fn lint(text: &str) -> Vec<Finding> {
    let block = secfixes(text);
    let mut linter = Linter {
        lines: text.lines().collect(),
        findings: Vec::new(),
        errors: HashSet::new(),
        listed: Listings::of(&block),
    };
    for problem in &block.problems {
        linter.problem(problem, &block);
    }
    linter.twice();
    linter.contradictions(&block);
    linter.ahead_of_package(text, &block);
    linter.abuild();
    linter.outside();
    linter.yaml(&block);
    let Linter { mut findings, .. } = linter;
    findings.sort_by_key(|finding| (finding.line, std::cmp::Reverse(finding.level)));
    findings
}

struct Linter<'a> {
    lines: Vec<&'a str>,
    findings: Vec<Finding>,
    /// The lines that are known to be errors.
    errors: HashSet<u64>,
    listed: Listings,
}

impl Linter<'_> {
    fn line(&self, number: u64) -> &str {
        let index = usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_sub(1));
        index
            .and_then(|index| self.lines.get(index))
            .copied()
            .unwrap_or_default()
    }

    fn find(
        &mut self,
        line: u64,
        level: Level,
        rule: &'static str,
        message: impl Into<String>,
        advice: Advice,
    ) {
        if self.findings.len() == MOST_FINDINGS {
            return;
        }
        if level == Level::Error {
            self.errors.insert(line);
        }
        let text = shown_up_to(400, self.line(line).trim_end());
        self.findings.push(Finding {
            line,
            level,
            rule,
            text,
            message: message.into(),
            advice,
        });
    }

    /// Whether a line is known to be wrong already.
    fn is_error(&self, line: u64) -> bool {
        self.errors.contains(&line)
    }

    /// The canonical lines in place of a line, or else what to find out.
    fn rewritten(&self, line: u64, otherwise: &str) -> Advice {
        match rewrite::line(self.line(line)) {
            Some(lines) => Advice::Write(lines),
            None => Advice::Decide(otherwise.to_owned()),
        }
    }

    /// What to do about a line that is neither a version nor an entry under one.
    fn placed(&self, line: u64) -> Advice {
        let decide = |what: &str| Advice::Decide(what.to_owned());
        if rewrite::item_text(self.line(line)).is_some() {
            return decide("put it below the version that fixed it");
        }
        let lines = rewrite::line(self.line(line)).map(Advice::Write);
        lines.unwrap_or_else(|| decide("move it above the block, with an empty line between"))
    }

    fn problem(&mut self, problem: &Problem, block: &Secfixes) {
        let Problem { line, kind, .. } = *problem;
        let rule = kind.label();
        let known = block.header.unwrap_or_default();
        let (level, advice) = match kind {
            ProblemKind::Id => {
                let (level, message, advice) = entry::judge(self.line(line));
                let advice = self.without_repetition(line, advice);
                return self.find(line, level, rule, message, advice);
            }
            ProblemKind::Version => {
                let message = rewrite::version_fault(self.line(line));
                let advice = self.rewritten(line, "write the version as apk has it, with its -rN");
                return self.find(line, Level::Warning, rule, message, advice);
            }
            ProblemKind::Header => (Level::Error, self.rewritten(line, "write # secfixes:")),
            ProblemKind::Tab => (Level::Error, self.rewritten(line, "write blanks")),
            ProblemKind::Indent => (Level::Note, self.rewritten(line, "indent it as the others")),
            ProblemKind::Blank => (Level::Note, Advice::Write(Vec::new())),
            ProblemKind::SecondBlock => {
                let advice =
                    format!("move what is below it to the block that begins in line {known}");
                (Level::Error, Advice::Decide(advice))
            }
            ProblemKind::Repeated => {
                let first = self.listed.first_of(block, line).unwrap_or_default();
                let advice = format!("move its entries below line {first}, and remove the line");
                (Level::Error, Advice::Decide(advice))
            }
            ProblemKind::Empty => {
                let advice = "list below it what it fixed, or remove the line";
                (Level::Error, Advice::Decide(advice.to_owned()))
            }
            ProblemKind::Stray => (Level::Error, self.placed(line)),
        };
        self.find(line, level, rule, kind.reason(), advice);
    }

    /// Advice without the names that stand under the version already, as those of an advisory
    /// that is about several CVEs do.
    fn without_repetition(&self, line: u64, advice: Advice) -> Advice {
        let again = self.listed.again(line);
        let Advice::Write(lines) = advice else {
            return advice;
        };
        let is_again = |text: &String| again.iter().any(|id| text.ends_with(&format!("- {id}")));
        let new: Vec<String> = lines
            .iter()
            .filter(|line| !is_again(line))
            .cloned()
            .collect();
        Advice::Write(if new.is_empty() { lines } else { new })
    }

    /// Entries that say nothing that is not said above under the same version.
    fn twice(&mut self) {
        for (line, first) in self.listed.repeated() {
            let message = format!("it stands in line {first} already");
            self.find(
                line,
                Level::Note,
                "twice",
                message,
                Advice::Write(Vec::new()),
            );
        }
    }

    /// Identifiers that both never affected the package and were fixed in it.
    fn contradictions(&mut self, block: &Secfixes) {
        let (never, fixed): (Vec<_>, Vec<_>) =
            block.entries.iter().partition(|entry| entry.version == "0");
        let ids = |entries: &[&Entry]| {
            let items = entries
                .iter()
                .flat_map(|entry| entry.items.iter().map(|item| (entry.version.clone(), item)));
            let ids = items.flat_map(|(version, item)| {
                let ids = Item::read(&item.text).ids;
                ids.into_iter()
                    .map(move |id| (id, (version.clone(), item.line)))
            });
            ids.collect::<Vec<_>>()
        };
        if never.is_empty() {
            return;
        }
        let fixed: HashMap<_, _> = ids(&fixed).into_iter().collect();
        for (id, (_, line)) in ids(&never) {
            if let Some((version, other)) = fixed.get(&id) {
                let message = format!(
                    "{id} never affected the package, and {version} fixed it (line {other})"
                );
                let advice = "keep the one that is true, and remove the other".to_owned();
                self.find(
                    line,
                    Level::Warning,
                    "contradiction",
                    message,
                    Advice::Decide(advice),
                );
            }
        }
    }

    /// Fixes in versions that the package has not reached.
    fn ahead_of_package(&mut self, text: &str, block: &Secfixes) {
        if block.entries.is_empty() {
            return;
        }
        let Some(own) = Apkbuild::parse(text).full_version() else {
            return;
        };
        for entry in &block.entries {
            let order = Scheme::Apk.compare(&entry.version, &own);
            if is_canonical(&entry.version) && order.is_some_and(std::cmp::Ordering::is_gt) {
                let message = format!(
                    "the package is only at {own}: by this it stays vulnerable until it reaches {}",
                    entry.version
                );
                let advice = match rewrite::reached(&entry.version, &own) {
                    Some(likely) => format!("the version that fixed it, perhaps {likely}"),
                    None => format!("the version that fixed it, {own} at the latest"),
                };
                self.find(
                    entry.line,
                    Level::Error,
                    "ahead",
                    message,
                    Advice::Decide(advice),
                );
            }
        }
    }
}
