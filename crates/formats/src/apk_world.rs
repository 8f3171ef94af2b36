//! What somebody asked apk for: `/etc/apk/world` (apk-world(5)).
//!
//! Words of the form `[!]NAME[@TAG][OPERATOR VERSION]`, one a line as apk writes them. `><` pins a
//! package by its identity instead of a version.

/// Operators, the longest first.
const OPERATORS: [&str; 11] = ["~=", "=~", "<=", ">=", "<~", ">~", "><", "~", "=", "<", ">"];

/// Words that are read.
const WORDS: usize = 100_000;

/// A list of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct World {
    /// What was asked for, in the file's order.
    pub list: Vec<Wanted>,
    /// The words that apk would refuse, with their lines, counted from 1.
    pub problems: Vec<(u64, String)>,
}

/// A package that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The line, counted from 1.
    pub line: u64,
    /// Whether the package must *not* be installed.
    pub conflict: bool,
    /// The package's name, or what it provides.
    pub name: String,
    /// The tag of the repositories from which it may come.
    pub tag: Option<String>,
    /// The operator and what stands behind it.
    pub constraint: Option<(String, String)>,
}

impl World {
    /// Reads a file's text.
    pub fn parse(text: &str) -> Self {
        let mut world = Self::default();
        let lines = (1..).zip(text.lines());
        let words = lines
            .flat_map(|(line, text)| text.split_ascii_whitespace().map(move |word| (line, word)));
        for (line, word) in words.take(WORDS) {
            match Wanted::parse(line, word) {
                Some(wanted) => world.list.push(wanted),
                None => world.problems.push((line, word.to_owned())),
            }
        }
        world
    }
}

impl Wanted {
    fn parse(line: u64, word: &str) -> Option<Self> {
        let conflict = word.starts_with('!');
        let word = word.strip_prefix('!').unwrap_or(word);
        let end = word.find(['<', '>', '=', '~']).unwrap_or(word.len());
        let (subject, constraint) = word.split_at(end);
        let (name, tag) = match subject.split_once('@') {
            Some((name, tag)) => (name, Some(tag)),
            None => (subject, None),
        };
        if name.is_empty() || tag == Some("") {
            return None;
        }
        let constraint = if constraint.is_empty() {
            None
        } else {
            let operator = OPERATORS
                .iter()
                .find(|operator| constraint.starts_with(**operator))?;
            let version = &constraint[operator.len()..];
            let odd = version.is_empty() || version.starts_with(['<', '>', '=', '~']);
            Some((*operator, version)).filter(|_| !odd)?.into()
        };
        Some(Self {
            line,
            conflict,
            name: name.to_owned(),
            tag: tag.map(str::to_owned),
            constraint: constraint
                .map(|(operator, version)| (operator.to_owned(), version.to_owned())),
        })
    }
}
