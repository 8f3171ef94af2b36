//! `Release` and `InRelease`: what a suite of a Debian archive has (deb822; "DebianRepository/Format"
//! in Debian's wiki).
//!
//! It lists each index with its size and SHA-256, so whoever believes it believes them. Only
//! SHA-256 is read; the older sums prove nothing. The signature is [`crate::openpgp`]'s matter.

use std::collections::HashMap;

use jiff::fmt::rfc2822;
use palisade_model::{BranchName, Distribution, Timestamp};

use crate::deb822::{Paragraph, Paragraphs};
use crate::{ReadError, releases};

/// The size of a `Release`, in bytes; Debian's have 150 KB, Ubuntu's 300.
pub const MOST_BYTES: u64 = 16 << 20;

/// What a suite has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Whose archive it is: `Debian`.
    pub origin: Option<String>,
    /// Its role when the file was made: `stable`, `oldstable-security`.
    pub suite: Option<String>,
    /// Its name for ever: `bookworm`, `bookworm-security`.
    pub codename: Option<String>,
    /// Its number, which a suite has that was released: `12.15`.
    pub version: Option<String>,
    /// When it was made.
    pub date: Timestamp,
    /// Until when it is to be believed.
    pub valid_until: Option<Timestamp>,
    /// Whether indexes are to be had by their sums, too.
    pub by_hash: bool,
    indexes: HashMap<String, Listed>,
}

/// A file that a `Release` lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// In bytes.
    pub size: u64,
    /// In hexadecimal digits.
    pub sha256: String,
}

impl Release {
    /// Reads a `Release` whose signature, if it has one, was taken off.
    ///
    /// # Errors
    /// When it has no date, or lists nothing.
    pub fn read(document: &str, text: &[u8]) -> Result<Self, ReadError> {
        let malformed = |reason| ReadError::malformed(document, reason);
        let mut fields = Paragraph::default();
        if !Paragraphs::new(document, text).read(&mut fields)? {
            return Err(malformed("it is empty"));
        }
        let field = |name: &str| {
            let value = fields.get(name).map(str::trim);
            value.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        let date = field("Date").as_deref().and_then(time);
        let until = field("Valid-Until");
        let valid_until = until.as_deref().map(|text| {
            // A limit that cannot be read is no reason to believe it for ever.
            time(text).ok_or_else(|| malformed("its field Valid-Until is no time"))
        });
        Ok(Self {
            origin: field("Origin"),
            suite: field("Suite"),
            codename: field("Codename"),
            version: field("Version"),
            date: date.ok_or_else(|| malformed("its field Date is no time"))?,
            valid_until: valid_until.transpose()?,
            by_hash: field("Acquire-By-Hash").as_deref() == Some("yes"),
            indexes: indexes(fields.get("SHA256").unwrap_or_default())
                .ok_or_else(|| malformed("its field SHA256 lists no files"))?,
        })
    }

    /// What is listed of a file, by its path below the suite.
    pub fn listed(&self, path: &str) -> Option<&Listed> {
        self.indexes.get(path)
    }

    /// Whether it is of the suite that was asked for, by either of its names.
    pub fn is_of(&self, suite: &str) -> bool {
        [&self.suite, &self.codename]
            .into_iter()
            .any(|name| name.as_deref() == Some(suite))
    }

    /// The branch that the suite belongs to: of Debian by its number, `debian/12`, as advisories
    /// name it; the one that is never released by its name, `debian/sid`. Ubuntu's numbers have two
    /// parts. Of other archives nothing is known.
    pub fn branch(&self) -> Option<BranchName> {
        let origin = self.origin.as_deref()?.to_ascii_lowercase();
        let distribution: Distribution = origin.parse().ok()?;
        let version = self.version.as_deref();
        let name = match origin.as_str() {
            "debian" => {
                if let Some(version) = version {
                    version.split('.').next()?
                } else {
                    let (name, _) = self.codename_and_pocket()?;
                    // Advisories speak of testing by the number that it will have.
                    releases::debian(name)
                }
            }
            "ubuntu" => version?,
            _ => return None,
        };
        BranchName::new(distribution, name).ok()
    }

    /// What tells the suite from others of its branch: `security` of `bookworm-security`.
    pub fn pocket(&self) -> Option<&str> {
        // Ubuntu's code name is that of the release; only its suite names the pocket.
        let suite = self
            .suite
            .as_deref()
            .and_then(|suite| suite.split_once('-'));
        let pocket = self.codename_and_pocket().and_then(|(_, pocket)| pocket);
        pocket.or(suite.map(|(_, pocket)| pocket))
    }

    fn codename_and_pocket(&self) -> Option<(&str, Option<&str>)> {
        let codename = self.codename.as_deref()?;
        Some(match codename.split_once('-') {
            Some((name, pocket)) => (name, Some(pocket)),
            None => (codename, None),
        })
    }
}

/// Reads lines of sum, size and path; `None` when there is no such line.
fn indexes(lines: &str) -> Option<HashMap<String, Listed>> {
    let listed = lines.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (sum, size, path) = (words.next()?, words.next()?, words.next()?);
        let is_sum = sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit());
        let size = size.parse().ok().filter(|_| is_sum)?;
        let sha256 = sum.to_ascii_lowercase();
        Some((path.to_owned(), Listed { size, sha256 }))
    });
    let listed: HashMap<_, _> = listed.collect();
    (!listed.is_empty()).then_some(listed)
}

/// A time as archives write it, which mail does with another name for its zone.
fn time(text: &str) -> Option<Timestamp> {
    let text = match text.strip_suffix("UTC") {
        Some(time) => format!("{time}+0000"),
        None => text.to_owned(),
    };
    rfc2822::parse(&text).ok().map(|zoned| zoned.timestamp())
}
