//! The `# secfixes:` comment block: what it lists, and how it departs from what abuild checks.

use std::collections::HashSet;

use palisade_version::Scheme;

use super::{Problem, ProblemKind};
use crate::secdb::{Item, split_comment};

/// What a block lists, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Secfixes {
    /// The line of the block's header, if there is a block.
    pub header: Option<u64>,
    /// The versions, in the block's order.
    pub entries: Vec<Entry>,
    /// The lines that are not as they should be, in order.
    pub problems: Vec<Problem>,
}

/// A version and what it fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line of the version.
    pub line: u64,
    /// The version as written.
    pub version: String,
    /// What is listed under it.
    pub items: Vec<Listed>,
}

/// One entry of the list under a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its line.
    pub line: u64,
    /// Its text behind the dash, as written.
    pub text: String,
}

impl Listed {
    /// The text without a comment behind it.
    pub fn without_comment(&self) -> &str {
        split_comment(&self.text).0.trim()
    }
}

/// Reads the block of an APKBUILD's text.
///
/// It begins with a header line, with or without the colon, and ends at the first line that is
/// empty or no comment.
pub fn secfixes(text: &str) -> Secfixes {
    let mut reader = Reader::default();
    let mut inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(behind) = header(line) {
            reader.close();
            inside = true;
            reader.begin(number, line, behind);
        } else if inside && let Some(comment) = line.strip_prefix('#') {
            reader.line(number, line, comment);
        } else {
            inside = false;
        }
    }
    reader.close();
    reader.block
}

/// A block as far as it was read.
#[derive(Default)]
struct Reader {
    block: Secfixes,
    versions: HashSet<String>,
}

/// What stands behind the header's word and colon, if the line is a header.
pub(super) fn header(line: &str) -> Option<&str> {
    let comment = line.strip_prefix('#')?.trim_start();
    let word = comment.get(.."secfixes".len())?;
    let behind = word
        .eq_ignore_ascii_case("secfixes")
        .then(|| &comment[word.len()..])?
        .trim();
    if behind.is_empty() {
        Some("")
    } else {
        behind.strip_prefix(':').map(str::trim)
    }
}

impl Reader {
    fn begin(&mut self, number: u64, line: &str, behind: &str) {
        if self.block.header.is_some() {
            self.problem(number, ProblemKind::SecondBlock, line, None);
        }
        self.block.header.get_or_insert(number);
        if line != "# secfixes:" {
            let instead = behind.is_empty().then(|| "# secfixes:".to_owned());
            self.problem(number, ProblemKind::Header, line, instead);
        }
        if !behind.is_empty() {
            self.version(number, line, behind);
        }
    }

    fn line(&mut self, number: u64, line: &str, comment: &str) {
        let content = comment.trim();
        if content.is_empty() {
            self.problem(number, ProblemKind::Blank, line, None);
            return;
        }
        if comment.contains('\t') {
            self.problem(
                number,
                ProblemKind::Tab,
                line,
                Some(line.replace('\t', " ")),
            );
        }
        let indent = comment.len() - comment.trim_start().len();
        match comment.trim_start().strip_prefix('-') {
            Some(item) => self.item(number, line, indent, item),
            None => {
                if self.version(number, line, content) && indent != 3 {
                    let instead = format!("#   {content}");
                    self.problem(number, ProblemKind::Indent, line, Some(instead));
                }
            }
        }
    }

    fn item(&mut self, number: u64, line: &str, indent: usize, item: &str) {
        let text = item.trim_start();
        if indent != 5 || !item.starts_with(' ') {
            let instead = format!("#     - {}", text.trim_end());
            self.problem(number, ProblemKind::Indent, line, Some(instead));
        }
        if self.block.entries.is_empty() {
            self.problem(number, ProblemKind::Stray, line, None);
            return;
        }
        self.judge_item(number, text);
        self.list(number, text);
    }

    fn list(&mut self, line: u64, text: &str) {
        if let Some(entry) = self.block.entries.last_mut() {
            // Quotes are YAML's, not the entry's.
            let text = unquoted(text).to_owned();
            entry.items.push(Listed { line, text });
        }
    }

    fn judge_item(&mut self, number: u64, text: &str) {
        let item = Item::read(text);
        let common = matches!(&item.ids[..], [id] if is_common(id.as_str()));
        let canonical = item.canonical();
        if common && text == canonical {
            return;
        }
        let kept = if item.comment.is_some() {
            item.text.trim_end()
        } else {
            item.text
        };
        let better = !item.ids.is_empty() && kept != canonical;
        let comment = item
            .comment
            .map(|comment| format!(" {comment}"))
            .unwrap_or_default();
        let instead = better.then(|| format!("{canonical}{comment}"));
        self.problem(number, ProblemKind::Id, text, instead);
    }

    /// Reads `VERSION:`; a list behind it on the same line is read as YAML would.
    fn version(&mut self, number: u64, line: &str, content: &str) -> bool {
        let content = split_comment(content).0.trim_end();
        let key_end = content
            .find(": ")
            .or(content.strip_suffix(':').map(str::len));
        let (key, list) = match key_end {
            Some(end) => (&content[..end], content[end + 1..].trim()),
            None => (content, ""),
        };
        let version = unquoted(key);
        if !version.starts_with(|c: char| c.is_ascii_digit())
            || version.contains(char::is_whitespace)
        {
            self.problem(number, ProblemKind::Stray, line, None);
            return false;
        }
        self.close();
        if !is_canonical(version) || key_end.is_none() || version != key {
            let instead = is_canonical(version).then(|| format!("#   {version}:"));
            self.problem(number, ProblemKind::Version, line, instead);
        }
        let version = version.to_owned();
        if !self.versions.insert(version.clone()) {
            self.problem(number, ProblemKind::Repeated, line, None);
        }
        self.block.entries.push(Entry {
            line: number,
            version,
            items: Vec::new(),
        });
        if !list.is_empty() {
            self.problem(number, ProblemKind::Id, line, None);
            let items = list
                .trim_start_matches('[')
                .trim_end_matches(']')
                .split(',');
            for item in items.map(str::trim).filter(|item| !item.is_empty()) {
                self.list(number, item);
            }
        }
        true
    }

    /// Notes a version under which nothing was listed.
    fn close(&mut self) {
        if let Some(entry) = self
            .block
            .entries
            .last()
            .filter(|entry| entry.items.is_empty())
        {
            let (line, text) = (entry.line, format!("#   {}:", entry.version));
            self.problem(line, ProblemKind::Empty, &text, None);
        }
    }

    fn problem(&mut self, line: u64, kind: ProblemKind, text: &str, instead: Option<String>) {
        self.block.problems.push(Problem {
            line,
            kind,
            text: text.to_owned(),
            instead,
        });
    }
}

/// Whether the authority is one whose identifiers Alpine lists by themselves; Xen's own come
/// before CVE's.
fn is_common(id: &str) -> bool {
    ["CVE-", "GHSA-", "XSA-"]
        .iter()
        .any(|authority| id.starts_with(authority))
}

pub(super) fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// `0`, or a version with its package release, as abuild makes them.
pub(super) fn is_canonical(version: &str) -> bool {
    let release = version.rsplit_once("-r").is_some_and(|(_, release)| {
        !release.is_empty() && release.bytes().all(|byte| byte.is_ascii_digit())
    });
    version == "0" || (release && Scheme::Apk.is_valid(version))
}
