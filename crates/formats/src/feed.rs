//! Feeds of advisories: which there are, how a document falls into records, how a record is parsed.
//!
//! Reading has two steps, so that an unchanged record costs no parsing: a kind cuts a document into
//! raw records ([`FeedKind::read`]), and parses one of them when asked ([`FeedKind::parse`]).

use std::io::Read;
use std::str::FromStr;

use palisade_model::{Advisory, BranchName, Timestamp};

use crate::{
    BadRecord, Place, ReadError, Reject, apkbuild, avg, csaf, cve5, debian_tracker, debsecan, kev,
    nvd, openvex, osv, rejections, releases, rustsec, secdb, wolfi,
};

/// A format of advisories; its name is its module's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FeedKind {
    /// NVD API 2.0 and its year feeds.
    Nvd,
    /// CVE JSON 5.x.
    Cve5,
    /// Open Source Vulnerability format.
    Osv,
    /// Alpine's security database.
    Secdb,
    /// The `# secfixes:` comments of APKBUILD files.
    Apkbuild,
    /// Alpine's security rejections.
    Rejections,
    /// Debian's security tracker.
    DebianTracker,
    /// What debsecan fetches of Debian's security tracker.
    Debsecan,
    /// Advisories of Wolfi and Chainguard.
    Wolfi,
    /// Groups of Arch Linux's security tracker.
    Avg,
    /// RustSec's advisory database.
    Rustsec,
    /// CSAF security advisories and VEX documents.
    Csaf,
    /// OpenVEX documents.
    Openvex,
    /// CISA's catalogue of known exploited vulnerabilities.
    Kev,
}

/// What an importer knows that a document does not say.
#[derive(Debug, Clone, Default)]
pub struct FeedContext {
    /// The branch of which the document speaks.
    pub branch: Option<BranchName>,
    /// The repository within that branch.
    pub repository: Option<String>,
    /// That the documents are, together, the whole of each scope that they speak of, and of when that
    /// is, where no document of the kind says so itself.
    pub whole_at: Option<Timestamp>,
}

/// What a document says of itself before its records come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedHead {
    /// The part of the world that the document speaks of, when the kind has several, such as
    /// `alpine/v3.17/main`; records of one scope never replace those of another.
    pub scope: Option<String>,
    /// Whether the document is the whole of its scope, so that a record that is missing from it
    /// was withdrawn.
    pub complete: bool,
    /// When the document was made, if it says so.
    pub as_of: Option<Timestamp>,
}

/// A record before it is parsed.
#[derive(Debug, Clone, Copy)]
pub struct RawRecord<'a> {
    /// Where it stands.
    pub place: Place,
    /// Its text, as the source wrote it; for a format whose records are no text of their own
    /// (secdb), JSON that says the same.
    pub bytes: &'a [u8],
}

/// A parsed record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its name, unique within kind and scope.
    pub name: String,
    /// What it says.
    pub advisory: Advisory,
}

/// Receives what a document holds.
pub trait FeedSink {
    /// A document begins. Called once for each, before its records.
    fn begin(&mut self, head: &FeedHead);

    /// A record. An error stops the reading.
    fn record(&mut self, raw: RawRecord<'_>) -> Result<(), Stop>;

    /// A record that could not be cut out, or had to be mended.
    fn reject(&mut self, reject: Reject);
}

/// Asks a reader to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

impl FeedKind {
    /// All kinds.
    pub const ALL: [Self; 14] = [
        Self::Nvd,
        Self::Cve5,
        Self::Osv,
        Self::Secdb,
        Self::Apkbuild,
        Self::Rejections,
        Self::DebianTracker,
        Self::Debsecan,
        Self::Wolfi,
        Self::Avg,
        Self::Rustsec,
        Self::Csaf,
        Self::Openvex,
        Self::Kev,
    ];

    /// The kind's name, which is its module's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nvd => "nvd",
            Self::Cve5 => "cve5",
            Self::Osv => "osv",
            Self::Secdb => "secdb",
            Self::Apkbuild => "apkbuild",
            Self::Rejections => "rejections",
            Self::DebianTracker => "debian_tracker",
            Self::Debsecan => "debsecan",
            Self::Wolfi => "wolfi",
            Self::Avg => "avg",
            Self::Rustsec => "rustsec",
            Self::Csaf => "csaf",
            Self::Openvex => "openvex",
            Self::Kev => "kev",
        }
    }

    /// Whether a member of an archive may be a document of this kind, by its name.
    pub fn reads_member(self, member: &str) -> bool {
        let file = member.rsplit('/').next().unwrap_or_default();
        let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
        match self {
            Self::Apkbuild => file == "APKBUILD",
            Self::Secdb => matches!(ending, "json" | "yaml" | "yml"),
            Self::Rejections => matches!(ending, "yaml" | "yml"),
            Self::Debsecan => releases::is_debian(file.split('.').next().unwrap_or_default()),
            Self::Rustsec => rustsec::is_advisory(file),
            Self::Wolfi if file.ends_with(".advisories.yaml") => true,
            _ => matches!(ending, "json" | "jsonl"),
        }
    }

    /// Cuts a document, already decompressed, into raw records.
    ///
    /// # Errors
    /// When the document cannot be read to its end, or is not of this kind at all.
    pub fn read(
        self,
        document: &str,
        reader: &mut dyn Read,
        context: &FeedContext,
        sink: &mut dyn FeedSink,
    ) -> Result<(), ReadError> {
        match self {
            Self::Nvd => nvd::read(document, reader, sink),
            Self::Cve5 => cve5::read(document, reader, sink),
            Self::Osv => osv::read(document, reader, sink),
            Self::Secdb => secdb::read(document, reader, context, sink),
            Self::Apkbuild => apkbuild::read(document, reader, context, sink),
            Self::Rejections => rejections::read(document, reader, context, sink),
            Self::DebianTracker => debian_tracker::read(document, reader, sink),
            Self::Debsecan => debsecan::read(document, reader, context, sink),
            Self::Wolfi => wolfi::read(document, reader, context, sink),
            Self::Avg => avg::read(document, reader, sink),
            Self::Rustsec => rustsec::read(document, reader, sink),
            Self::Csaf => csaf::read(document, reader, sink),
            Self::Openvex => openvex::read(document, reader, sink),
            Self::Kev => kev::read(document, reader, sink),
        }
    }

    /// Parses one raw record.
    ///
    /// # Errors
    /// When the record is not of this kind or lacks what makes it one.
    pub fn parse(self, raw: &[u8]) -> Result<Record, BadRecord> {
        match self {
            Self::Nvd => nvd::parse(raw),
            Self::Cve5 => cve5::parse(raw),
            Self::Osv => osv::parse(raw),
            Self::Secdb => secdb::parse(raw),
            Self::Apkbuild => apkbuild::parse(raw),
            Self::Rejections => rejections::parse(raw),
            Self::DebianTracker => debian_tracker::parse(raw),
            Self::Debsecan => debsecan::parse(raw),
            Self::Wolfi => wolfi::parse(raw),
            Self::Avg => avg::parse(raw),
            Self::Rustsec => rustsec::parse(raw),
            Self::Csaf => csaf::parse(raw),
            Self::Openvex => openvex::parse(raw),
            Self::Kev => kev::parse(raw),
        }
    }
}

impl FromStr for FeedKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let name = match text {
            "secfixes" => "apkbuild",
            "cve" | "cvelist" => "cve5",
            "security-rejections" => "rejections",
            other => other,
        };
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or(())
    }
}
