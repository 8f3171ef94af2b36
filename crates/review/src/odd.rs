//! What can be odd about an archive: the rules, each with how much it asks of a reader and why.

use bstr::BString;

use crate::signal::{Severity, Signal, Specificity};

/// How often one rule is told of one tree.
pub(crate) const OF_ONE_RULE: usize = 100;

/// A rule about containers and names.
#[derive(Debug)]
pub struct Odd {
    /// Its id.
    pub rule: &'static str,
    /// What it asks of a reader.
    pub severity: Severity,
    /// How seldom it meets something harmless.
    pub specificity: Specificity,
    /// Why it matters.
    pub why: &'static str,
}

impl Odd {
    /// One observation, with what is particular to it.
    pub(crate) fn signal(&self, path: BString, excerpt: BString, detail: &str) -> Signal {
        let why = if detail.is_empty() {
            self.why.to_owned()
        } else {
            format!("{}: {detail}", self.why)
        };
        Signal {
            rule: self.rule,
            severity: self.severity,
            specificity: self.specificity,
            path,
            line: None,
            excerpt,
            why,
        }
    }
}

/// The worst first, then by place.
pub(crate) fn order(signals: &mut [Signal]) {
    signals.sort_by(|one, other| {
        let key = |signal: &Signal| (std::cmp::Reverse(signal.severity), signal.rule);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.path.cmp(&other.path))
    });
}

macro_rules! odd {
    ($($name:ident $rule:literal $severity:ident $specificity:ident $why:literal)*) => {
        $(pub(crate) static $name: Odd = Odd {
            rule: $rule,
            severity: Severity::$severity,
            specificity: Specificity::$specificity,
            why: $why,
        };)*

        /// All of them, for documentation and for those who map ids.
        pub static ARCHIVE_RULES: &[&Odd] = &[$(&$name),*];
    };
}

odd! {
    ABSOLUTE_NAME "absolute-name" Critical High
        "a member has an absolute name and would be written outside of where the archive is unpacked"
    PARENT_NAME "parent-name" Critical High
        "a member's name climbs out of where the archive is unpacked"
    ODD_FILE_NAME "odd-file-name" Warning High
        "a name holds characters that cannot be seen or that change how the rest is shown"
    NAME_ENCODING "name-encoding" Note Low
        "a name is no UTF-8, so programs disagree about what it is"
    TOO_DEEP "too-deep" Warning High
        "it is nested deeper than a source has reason to be"
    DUPLICATE_NAME "duplicate-name" Warning High
        "a name is there more than once with different contents, and programs disagree about which one counts"
    REPEATED_NAME "repeated-name" Note Low
        "a name is there more than once, with the same contents"
    CASE_TWINS "case-twins" Warning Medium
        "two names differ in letter case or in how Unicode is composed only, and are one file on some systems"
    SYMLINK_ESCAPES "symlink-escapes-tree" Warning High
        "a symbolic link points out of the tree"
    HARDLINK_ESCAPES "hardlink-escapes-tree" Critical High
        "a hard link points out of the tree"
    HARDLINK_DANGLING "hardlink-dangling" Warning Medium
        "a hard link names no earlier member"
    THROUGH_SYMLINK "through-symlink" Critical High
        "a member would be written through a symbolic link of the same archive"
    SPECIAL_FILE "special-file" Critical High
        "it holds a device, a pipe or the like, which no source needs"
    SETUID_BIT "setuid-bit" Warning High
        "a member would be unpacked with the rights of its owner or group for everybody who runs it"
    TRAILING_DATA "trailing-data" Critical High
        "bytes follow the end that no program shows"
    LEADING_DATA "leading-data" Critical High
        "bytes stand before the beginning that no program shows"
    SECOND_ARCHIVE "second-archive" Critical High
        "another archive follows the end of the first, and programs disagree about which one they read"
    NONZERO_PADDING "nonzero-padding" Warning Medium
        "bytes that should be zero carry something"
    SIZE_DISAGREEMENT "size-disagreement" Critical High
        "headers name different sizes, so programs disagree about where the next member begins"
    PARSERS_DISAGREE "parsers-disagree" Critical High
        "two independent readings of the archive list different members"
    BAD_HEADER "bad-header" Warning Medium
        "a header cannot be understood, so nothing after it was read"
    ZIP_HEADERS "zip-headers-disagree" Critical High
        "the directory and the members' own headers say different things"
    OVERLAPPING "overlapping-members" Critical High
        "members share bytes, as only bombs and tricks do"
    ENCRYPTED "encrypted-member" Warning High
        "a member is encrypted and cannot be reviewed"
    UNKNOWN_METHOD "unknown-compression" Warning Medium
        "a member is compressed in a way that cannot be read here"
    CHECKSUM "checksum-mismatch" Warning High
        "a member is not what its checksum says"
    TRUNCATED "truncated" Warning High
        "it ends before its time or is damaged; what was read until then is shown"
    NO_END "missing-end-marker" Note Low
        "the archive has no end marker"
    MULTI_MEMBER "multi-member" Warning Medium
        "it consists of several compressed pieces, and some programs read the first one only"
    MULTI_STREAM "multi-stream" Note Low
        "it consists of several compressed pieces, as parallel compressors write them"
    SPARSE "sparse" Warning High
        "a member is stored sparsely, which sources are not, and may claim to be of any size"
    GLOBAL_OVERRIDE "global-override" Critical High
        "a global header overrides names or sizes of all members that follow"
    PAX_COMMENT "pax-comment" Note Low
        "the archive names the git commit that it was made from"
    TOO_MANY_ENTRIES "too-many-entries" Critical High
        "it has more entries than a source has reason to have"
    EMPTY_ENTRIES "too-many-entries" Warning High
        "nearly all of its very many entries are empty"
    TOO_LARGE "too-large" Critical Medium
        "it is larger than may be read"
    RATIO "ratio" Critical High
        "it grows out of all proportion when it is decompressed"
    TOO_SLOW "too-slow" Critical Medium
        "reading it takes too long"
    CHECKSUM_LIST "checksum-list-mismatch" Critical High
        "a file is not the one that the source package's description names"
}
