//! Rules made ready to run: one automaton finds the words of all rules in one pass over a text, and
//! only the lines with a word meet the regular expressions of the rules that named it.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use bstr::{BStr, ByteSlice};
use globset::{Glob, GlobSet, GlobSetBuilder};
use regex::bytes::{Regex, RegexBuilder};

use super::pack::{Match, Pack, RuleError};
use crate::scan::lines::{Line, Text, without_printed};
use crate::scan::{Language, Place, Role};
use crate::signal::{Severity, Specificity};

/// A compiled pattern takes this much memory at most.
const PATTERN_SIZE: usize = 1 << 20;

/// A rule tells of one file this often at most.
const HITS: usize = 12;

/// A line is looked at up to here.
const LINE: usize = 16 << 10;

/// All rules, ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    words: AhoCorasick,
    /// For each word, the patterns that name it.
    by_word: Vec<Vec<usize>>,
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    rule: &'static str,
    specificity: Specificity,
    message: String,
    why: String,
    places: Vec<(Role, Severity)>,
    languages: Vec<Language>,
    paths: Option<GlobSet>,
    except_paths: Option<GlobSet>,
    said: Regex,
    unless: Option<Regex>,
    with: Option<Regex>,
    with_line: Option<Regex>,
    comments: bool,
    outside_tests: bool,
}

/// One pattern that was found.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    pub(crate) specificity: Specificity,
    pub(crate) why: String,
    /// Where in the text it begins and ends.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The line in the text's list.
    pub(crate) line: usize,
}

impl Compiled {
    pub(crate) fn of(packs: &[Pack]) -> Result<Self, RuleError> {
        let mut patterns = Vec::new();
        let mut words: Vec<String> = Vec::new();
        let mut by_word: Vec<Vec<usize>> = Vec::new();
        for pack in packs {
            for rule in &pack.rules {
                for found in &rule.matches {
                    let pattern = Pattern::of(rule, found).map_err(|reason| RuleError::Rule {
                        file: pack.name.clone(),
                        rule: rule.id.clone(),
                        reason,
                    })?;
                    for word in &found.words {
                        let at =
                            words
                                .iter()
                                .position(|known| known == word)
                                .unwrap_or_else(|| {
                                    words.push(word.clone());
                                    by_word.push(Vec::new());
                                    words.len() - 1
                                });
                        by_word[at].push(patterns.len());
                    }
                    patterns.push(pattern);
                }
            }
        }
        let words = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(&words)
            .map_err(|error| RuleError::File {
                file: "all together".to_owned(),
                reason: format!("they have more words than can be looked for: {error}"),
            })?;
        Ok(Self {
            words,
            by_word,
            patterns,
        })
    }

    /// The patterns found in the new lines of `text`.
    pub(crate) fn hits(&self, path: &BStr, place: Place, text: &Text<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        if !text.lines.iter().any(|line| line.new) {
            return hits;
        }
        let mut seen: Vec<Option<usize>> = vec![None; self.patterns.len()];
        let applicable: Vec<bool> = self
            .patterns
            .iter()
            .map(|pattern| pattern.looks_at(path, place))
            .collect();
        let mut count = vec![0_usize; self.patterns.len()];
        // What else a text has to say is looked for once, not for each line.
        let mut also: Vec<Option<bool>> = vec![None; self.patterns.len()];
        let mut line = 0;
        for word in self.words.find_overlapping_iter(text.bytes) {
            // Matches come by their end, so the line only ever moves on, but for words that span
            // two.
            while line + 1 < text.lines.len() && text.lines[line + 1].start <= word.start() {
                line += 1;
            }
            let at = if text.lines[line].start <= word.start() {
                line
            } else {
                text.index_at(word.start())
            };
            if !text.lines[at].new {
                continue;
            }
            for &number in &self.by_word[word.pattern().as_usize()] {
                if !applicable[number] || seen[number] == Some(at) || count[number] >= HITS {
                    continue;
                }
                seen[number] = Some(at);
                let also = &mut also[number];
                if let Some(hit) = self.patterns[number].hit(place, text, at, also) {
                    count[number] += 1;
                    hits.push(hit);
                }
            }
        }
        hits
    }
}

impl Pattern {
    fn of(rule: &super::Rule, found: &Match) -> Result<Self, String> {
        Ok(Self {
            rule: intern(&rule.id),
            specificity: rule.specificity,
            message: rule.message.clone(),
            why: rule.why.clone(),
            places: found
                .places
                .iter()
                .map(|(role, severity)| (*role, *severity))
                .collect(),
            languages: found.languages.clone(),
            paths: globs(&found.paths)?,
            except_paths: globs(&found.except_paths)?,
            said: regex(&found.pattern, found.case)?,
            unless: found
                .unless
                .as_deref()
                .map(|text| regex(text, found.case))
                .transpose()?,
            with: found
                .with
                .as_deref()
                .map(|text| regex(text, found.case))
                .transpose()?,
            with_line: found
                .with_line
                .as_deref()
                .map(|text| regex(text, found.case))
                .transpose()?,
            comments: found.comments,
            outside_tests: found.outside_tests,
        })
    }

    fn looks_at(&self, path: &BStr, place: Place) -> bool {
        let inner = path
            .rfind("!/")
            .map_or(path.as_bytes(), |at| &path[at + 2..]);
        let named = |globs: &GlobSet| globs.is_match(&*inner.to_str_lossy());
        self.places.iter().any(|(role, _)| *role == place.role)
            && !(self.outside_tests && place.in_tests)
            && (self.languages.is_empty() || self.languages.contains(&place.language))
            && self.paths.as_ref().is_none_or(named)
            && !self.except_paths.as_ref().is_some_and(named)
    }

    fn hit(
        &self,
        place: Place,
        text: &Text<'_>,
        at: usize,
        also: &mut Option<bool>,
    ) -> Option<Hit> {
        let line: &Line = &text.lines[at];
        if line.comment && !self.comments {
            return None;
        }
        let statement = text.statement(at);
        let statement = &statement[..statement.len().min(LINE)];
        let blank = if self.comments {
            None
        } else {
            without_printed(statement)
        };
        let read = blank.as_deref().unwrap_or(statement);
        let found = self.said.find(read)?;
        if self
            .unless
            .as_ref()
            .is_some_and(|unless| unless.is_match(read))
            || self
                .with
                .as_ref()
                .is_some_and(|with| !*also.get_or_insert_with(|| with.is_match(text.bytes)))
            || self
                .with_line
                .as_ref()
                .is_some_and(|with| !with.is_match(read))
        {
            return None;
        }
        let severity = self.places.iter().find(|(role, _)| *role == place.role)?.1;
        Some(Hit {
            rule: self.rule,
            severity,
            specificity: self.specificity,
            why: format!("{}: {}", self.message, self.why),
            start: line.start + found.start(),
            end: line.start + found.end(),
            line: at,
        })
    }
}

fn regex(pattern: &str, case: bool) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .unicode(false)
        .case_insensitive(!case)
        .dot_matches_new_line(true)
        .multi_line(true)
        .size_limit(PATTERN_SIZE)
        .build()
        .map_err(|error| error.to_string())
}

fn globs(patterns: &[String]) -> Result<Option<GlobSet>, String> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| error.to_string())?);
    }
    set.build().map(Some).map_err(|error| error.to_string())
}

/// A rule's id for as long as the program runs. Rule files are read once, and an id that was read
/// before is found again, so no more than the ids themselves is kept.
pub(crate) fn intern(id: &str) -> &'static str {
    use std::collections::BTreeSet;
    use std::sync::{Mutex, PoisonError};
    static IDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut ids = IDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = ids.get(id) {
        return known;
    }
    let kept: &'static str = Box::leak(id.to_owned().into_boxed_str());
    ids.insert(kept);
    kept
}
