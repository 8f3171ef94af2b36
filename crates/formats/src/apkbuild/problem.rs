//! What can be wrong with a line of a `# secfixes:` block.

/// A line that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line.
    pub line: u64,
    /// What is wrong with it.
    pub kind: ProblemKind,
    /// The text that is wrong: of an entry its text behind the dash, else the whole line.
    pub text: String,
    /// What to write instead, where that is plain.
    pub instead: Option<String>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The header is not exactly `# secfixes:`.
    Header,
    /// There is a second block.
    SecondBlock,
    /// A bare `#` within the block.
    Blank,
    /// Other than three blanks before a version, or five before an entry.
    Indent,
    /// A tab, which abuild refuses.
    Tab,
    /// The version is none of apk's, or lacks its `-rN`.
    Version,
    /// A version without entries.
    Empty,
    /// The version stands further up already; readers of YAML keep only one of the two.
    Repeated,
    /// The entry is not one identifier of CVE's, GHSA's or Xen's and nothing else.
    Id,
    /// The line belongs to nothing.
    Stray,
}

impl ProblemKind {
    /// The kind as one lower-case word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::SecondBlock => "second-block",
            Self::Blank => "blank",
            Self::Indent => "indent",
            Self::Tab => "tab",
            Self::Version => "version",
            Self::Empty => "empty",
            Self::Repeated => "repeated",
            Self::Id => "id",
            Self::Stray => "stray",
        }
    }

    /// The kind in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Header => {
                "the header is not exactly \"# secfixes:\", so abuild does not check it"
            }
            Self::SecondBlock => "there is a secfixes comment above already",
            Self::Blank => "a bare # stands within the block",
            Self::Indent => "versions are indented by 3 blanks and entries by 5",
            Self::Tab => "a tab stands where blanks should",
            Self::Version => "the version is not of the form VERSION-rN",
            Self::Empty => "nothing is listed under the version",
            Self::Repeated => "the version stands further up already, and readers of YAML lose one",
            Self::Id => "the entry is not one CVE, GHSA or XSA identifier alone",
            Self::Stray => "the line is neither a version nor an entry under one",
        }
    }
}

impl Problem {
    /// Whether the line could be misread, rather than only looks odd. What is doubtful about
    /// versions and entries is told where they are made into records.
    pub(super) fn is_doubtful(&self) -> bool {
        use ProblemKind::{Empty, Header, Repeated, SecondBlock, Stray};
        matches!(self.kind, Empty | Header | Repeated | SecondBlock | Stray)
    }
}
