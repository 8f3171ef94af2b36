//! Arch Linux's security tracker: its groups (`AVG-1234`), as its JSON pages have them.
//!
//! A group is one or several packages that share a version and a list of CVEs; a record is a group.
//! `/issues/all.json` is an array of them, `/AVG-1234.json` one of them. What a group's status says:
//!
//! | status | here |
//! |---|---|
//! | `Fixed`, `Testing` | affected before the fixed version |
//! | `Vulnerable` | affected before the fixed version, if there is one, else in every version |
//! | `Not affected` | not affected |
//! | `Unknown` | not known |
//!
//! `affected` is the version in which somebody saw the issue, not the first that has it, so it is a
//! note and no bound. Packages are those that pacman installs; one that is built from a source
//! package of another name does not find it.

use std::io::Read;

use palisade_model::{
    Advisory, Affected, Distribution, Product, RangeScheme, Rating, Reference, Severity, Span,
    VersionRange, VersionStatus,
};
use palisade_version::Scheme;
use serde::Deserialize;

use crate::feed::{FeedHead, FeedSink, Record};
use crate::json_records::{self, Text, list};
use crate::nvd::bad_identifier;
use crate::secdb::{is_package_name, shown};
use crate::words::{is_version, note, said};
use crate::{BadRecord, ReadError};

/// A group as it is written.
#[derive(Debug, Deserialize)]
struct Group<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    severity: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    affected: Text<'a>,
    #[serde(borrow, default)]
    fixed: Text<'a>,
    #[serde(borrow, default)]
    ticket: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    packages: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    issues: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    advisories: Vec<Text<'a>>,
}

/// Cuts a document into raw records.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    json_records::read_feed(document, reader, &[], sink, |_| FeedHead::default())
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let group: Group<'_> = serde_json::from_slice(raw)?;
    let id = group
        .name
        .parse()
        .map_err(|error| bad_identifier(&group.name, &error))?;
    let mut advisory = Advisory::new(id);
    let bad = |reason: String| BadRecord::new(reason).of(&*group.name);
    let range = range(&group).map_err(bad)?;
    for package in &group.packages {
        if !is_package_name(package) {
            return Err(bad(format!("{:?} is no package", shown(package))));
        }
        advisory
            .affected
            .push(entry(&group, package, range.clone()));
    }
    let issues = group.issues.iter().filter_map(|id| id.parse().ok());
    advisory.aliases = issues.collect();
    advisory.title = said(&group.kind).map(str::to_owned);
    advisory.severities = severity(&group).into_iter().collect();
    advisory.references = references(&group);
    Ok(Record {
        name: advisory.id.to_string(),
        advisory,
    })
}

fn range(group: &Group<'_>) -> Result<VersionRange, String> {
    let scheme = RangeScheme::stated(Scheme::Pacman);
    let fixed = said(&group.fixed);
    if let Some(fixed) = fixed.filter(|fixed| !is_version(fixed)) {
        return Err(format!("its fixed version {:?} is none", shown(fixed)));
    }
    let all = |status| VersionRange::all(status, scheme);
    Ok(match (&*group.status, fixed) {
        ("Fixed" | "Testing" | "Vulnerable", Some(fixed)) => {
            VersionRange::affected(Span::before(fixed), scheme)
        }
        ("Vulnerable", None) => all(VersionStatus::Affected),
        ("Not affected", _) => all(VersionStatus::Unaffected),
        ("Unknown", _) => all(VersionStatus::Unknown),
        ("Fixed" | "Testing", None) => return Err("it is fixed, but in no version".to_owned()),
        (status, _) => return Err(format!("its status {:?} is not known", shown(status))),
    })
}

fn entry(group: &Group<'_>, package: &str, range: VersionRange) -> Affected {
    let product = Product::Distribution {
        distribution: arch(),
        branch: None,
        repository: None,
        name: package.to_owned(),
    };
    let seen = said(&group.affected).map(|version| format!("seen in {version}"));
    let status = format!("Arch's status: {}", group.status.to_lowercase());
    let note = note([&*status, seen.as_deref().unwrap_or_default()]);
    Affected::of(product, vec![range]).with_note(note)
}

/// The distribution, under the name that OSV's records of it get.
fn arch() -> Distribution {
    "archlinux".parse().expect("letters are a name")
}

fn severity(group: &Group<'_>) -> Option<Severity> {
    let word = said(&group.severity)?;
    let is_given = word != "Unknown" && word.len() <= 32;
    is_given.then(|| Severity {
        scorer: "Arch Linux".to_owned(),
        rating: Rating::Word(word.to_lowercase()),
    })
}

fn references(group: &Group<'_>) -> Vec<Reference> {
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let pages = std::iter::once(&group.name).chain(&group.advisories);
    let pages = pages.filter(|name| !name.is_empty() && plain(name));
    let mut urls: Vec<String> = pages
        .map(|name| format!("https://security.archlinux.org/{}", &**name))
        .collect();
    urls.extend(
        said(&group.ticket)
            .filter(|ticket| plain(ticket))
            .map(|ticket| format!("https://bugs.archlinux.org/task/{ticket}")),
    );
    // One advisory is sometimes listed twice.
    urls.dedup();
    let reference = |url| Reference {
        url,
        tags: Vec::new(),
    };
    urls.into_iter().map(reference).collect()
}
