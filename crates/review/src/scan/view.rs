//! One changed file as the detectors see it, and the sheet on which they write.

use std::collections::HashMap;

use bstr::{BStr, BString, ByteSlice};

use super::lines::{Known, Text};
use super::place::Place;
use crate::rules::Pack;
use crate::signal::{Severity, Signal, Specificity};
use crate::tree::File;

/// An excerpt is cut here.
const EXCERPT: usize = 240;

/// A detector tells of one file this often at most.
const MOST: usize = 12;

/// A file that was added or changed.
pub(crate) struct View<'a> {
    pub(crate) path: &'a BStr,
    pub(crate) place: Place,
    /// The same file of the old side, under whatever name.
    pub(crate) old: Option<&'a File>,
    pub(crate) new: &'a File,
    /// The new side's text with its new lines marked; none for what is no text.
    pub(crate) text: Option<Text<'a>>,
}

impl<'a> View<'a> {
    pub(crate) fn of(new: &'a File, old: Option<&'a File>) -> Self {
        let bytes: &'a [u8] = &new.content.bytes;
        let path = new.path.as_bstr();
        let place = Place::of(path, &bytes[..bytes.len().min(128)]);
        let known = old
            .filter(|old| is_text(&old.content.bytes))
            .map(|old| Known::of(&old.content.bytes));
        let text = is_text(bytes).then(|| Text::of(bytes, place.language, known.as_ref()));
        Self {
            path,
            place,
            old,
            new,
            text,
        }
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        &self.new.content.bytes
    }

    pub(crate) fn old_bytes(&self) -> &'a [u8] {
        self.old.map_or(&[], |old| &old.content.bytes)
    }

    /// The last part of the path, in lower case.
    pub(crate) fn name(&self) -> Vec<u8> {
        let at = self.path.rfind_byte(b'/').map_or(0, |at| at + 1);
        self.path[at..].to_ascii_lowercase()
    }

    /// The new lines, with their numbers.
    pub(crate) fn new_lines(&self) -> impl Iterator<Item = (u32, &'a [u8])> + '_ {
        self.text.iter().flat_map(|text| {
            text.lines
                .iter()
                .filter(|line| line.new)
                .map(|line| (line.number, text.slice(line)))
        })
    }

    /// The lines that only the old side has.
    pub(crate) fn removed_lines(&self) -> Vec<&'a [u8]> {
        let old = self.old_bytes();
        if old.is_empty() || !is_text(old) {
            return Vec::new();
        }
        let kept = Known::of(self.bytes());
        old.lines()
            .filter(|line| !line.trim_ascii().is_empty() && !kept.has(line))
            .collect()
    }
}

/// True for bytes that people read: no NUL in their beginning.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(8 << 10)];
    let control = start
        .iter()
        .filter(|byte| matches!(byte, 0x01..=0x07 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f))
        .count();
    !start.contains(&0) && control * 20 <= start.len() && !is_mostly_undecodable(start)
}

/// True where more than a fifth of the bytes are no UTF-8: Latin-1 texts have far fewer.
fn is_mostly_undecodable(start: &[u8]) -> bool {
    let broken: usize = start.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    broken * 5 > start.len() && start.len() > 16
}

/// What a rule says of itself.
#[derive(Debug)]
pub(crate) struct Meta {
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    pub(crate) specificity: Specificity,
    pub(crate) message: String,
    pub(crate) why: String,
}

/// All rules by id, for the detectors.
#[derive(Debug)]
pub(crate) struct Catalogue(HashMap<&'static str, Meta>);

impl Catalogue {
    pub(crate) fn of(packs: &[Pack]) -> Self {
        Self(
            packs
                .iter()
                .flat_map(|pack| &pack.rules)
                .map(|rule| {
                    let id = crate::rules::intern(&rule.id);
                    let meta = Meta {
                        id,
                        severity: rule.severity,
                        specificity: rule.specificity,
                        message: rule.message.clone(),
                        why: rule.why.clone(),
                    };
                    (id, meta)
                })
                .collect(),
        )
    }
}

/// What was found, while it is being found.
pub(crate) struct Sheet<'c> {
    catalogue: &'c Catalogue,
    pub(crate) signals: Vec<Signal>,
}

impl<'c> Sheet<'c> {
    pub(crate) fn of(catalogue: &'c Catalogue) -> Self {
        Self {
            catalogue,
            signals: Vec::new(),
        }
    }

    /// Notes a finding; a rule that no pack holds is not looked for.
    pub(crate) fn raise(&mut self, rule: &str, path: &BStr, found: Found<'_>) {
        let Some(meta) = self.catalogue.0.get(rule) else {
            return;
        };
        let told = self
            .signals
            .iter()
            .filter(|signal| signal.rule == meta.id && signal.path == path)
            .count();
        if told >= MOST {
            return;
        }
        let Found {
            severity,
            line,
            excerpt: shown,
            detail,
        } = found;
        let detail = if detail.is_empty() {
            detail
        } else {
            format!(" ({detail})")
        };
        self.signals.push(Signal {
            rule: meta.id,
            severity: severity.unwrap_or(meta.severity),
            specificity: meta.specificity,
            path: path.to_owned(),
            line,
            excerpt: excerpt(shown),
            why: format!("{}{detail}: {}", meta.message, meta.why),
        });
    }
}

/// The particulars of a finding.
#[derive(Default)]
pub(crate) struct Found<'a> {
    pub(crate) severity: Option<Severity>,
    pub(crate) line: Option<u32>,
    pub(crate) excerpt: &'a [u8],
    pub(crate) detail: String,
}

impl<'a> Found<'a> {
    pub(crate) fn at(line: u32, excerpt: &'a [u8]) -> Self {
        Self {
            line: Some(line),
            excerpt,
            ..Self::default()
        }
    }

    pub(crate) fn whole(excerpt: &'a [u8]) -> Self {
        Self {
            excerpt,
            ..Self::default()
        }
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// `text` trimmed and cut to what a reader takes in; never within a character.
pub(crate) fn excerpt(text: &[u8]) -> BString {
    let text = text.trim_ascii();
    if text.len() <= EXCERPT {
        return text.into();
    }
    let mut end = EXCERPT;
    while end > EXCERPT - 4 && text[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    let mut cut = text[..end].to_vec();
    cut.extend_from_slice("…".as_bytes());
    cut.into()
}
