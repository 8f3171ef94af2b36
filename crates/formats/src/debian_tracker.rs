//! Debian's security tracker: the JSON of all its issues (`/tracker/data/json`).
//!
//! One object of packages, each an object of issues (`CVE-…`, `TEMP-…`), each with its releases by
//! code name. The document is all that the tracker knows. A record is one issue of one source
//! package, in all releases; its ranges are in the words of each release:
//!
//! | status | fixed version | here |
//! |---|---|---|
//! | `resolved` | `0`, or none | never affected |
//! | `resolved` | a version | affected before it |
//! | `open` | | affected in every version |
//! | `undetermined` | | not known |
//!
//! A release's `nodsa` (why there is no security update) and an urgency that says more than its
//! degree (`unimportant`, `end-of-life`) are kept as notes: Debian calls such an issue open, and so
//! do we. Ratings are the urgencies of all releases.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use palisade_model::{
    Advisory, Affected, Distribution, Product, RangeScheme, Rating, Reference, Severity, Span,
    VersionRange, VersionStatus,
};
use palisade_version::Scheme;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::container::read_whole;
use crate::feed::{FeedHead, FeedSink, Record};
use crate::handing::Handing;
use crate::json_records::Text;
use crate::secdb::{is_package_name, shown};
use crate::words::{is_version, note, said};
use crate::{BadRecord, Place, ReadError, limits, releases};

/// Releases of one issue; Debian supports five or six at a time.
const RELEASES: usize = 64;

/// Packages, or the issues of one, by their names in the document's order; a name may stand twice.
type Members<'a> = crate::members::Members<'a>;

/// Palisade's own text of a record.
#[derive(Debug, Serialize, Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    package: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    issue: &'a RawValue,
}

/// An issue as it is written.
#[derive(Debug, Deserialize)]
struct Issue<'a> {
    #[serde(borrow, default)]
    description: Text<'a>,
    #[serde(borrow, default, rename = "debianbug")]
    bug: Text<'a>,
    #[serde(borrow, default)]
    releases: BTreeMap<Cow<'a, str>, Release<'a>>,
}

#[derive(Debug, Deserialize)]
struct Release<'a> {
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    fixed_version: Text<'a>,
    #[serde(borrow, default)]
    urgency: Text<'a>,
    #[serde(borrow, default)]
    nodsa: Text<'a>,
    #[serde(borrow, default)]
    nodsa_reason: Text<'a>,
}

/// Cuts a document into raw records.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    let bytes = read_whole(document, reader, limits::WHOLE_DOCUMENT_BYTES)?;
    let mut handing = Handing::new(document, sink);
    let packages: Members<'_> =
        serde_json::from_slice(&bytes).map_err(|error| handing.malformed(error.to_string()))?;
    if packages.0.is_empty() {
        // Debian has issues; an empty answer must not withdraw them all.
        return Err(handing.malformed("it holds no package"));
    }
    handing.begin(&FeedHead {
        complete: true,
        ..FeedHead::default()
    });
    for (index, (package, issues)) in (0..).zip(packages.0) {
        let place = Place::Index(index);
        match serde_json::from_str::<Members<'_>>(issues.get()) {
            Ok(issues) => {
                for (id, issue) in issues.0 {
                    let package = Cow::Borrowed(&*package);
                    handing.json(place, &Raw { package, id, issue })?;
                }
            }
            Err(error) => {
                let bad = BadRecord::new(format!("its issues cannot be read: {error}"));
                handing.pass_over(place, bad.of(shown(&package)));
            }
        }
    }
    Ok(())
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let raw: Raw<'_> = serde_json::from_slice(raw)?;
    let name = format!("{}/{}", shown(&raw.package), shown(&raw.id));
    let bad = |reason: String| BadRecord::new(reason).of(&name);
    if !is_package_name(&raw.package) {
        return Err(bad("its package has no name that packages have".to_owned()));
    }
    let issue: Issue<'_> =
        serde_json::from_str(raw.issue.get()).map_err(|error| bad(error.to_string()))?;
    if issue.releases.len() > RELEASES {
        return Err(bad(format!("it has more than {RELEASES} releases")));
    }
    let id = raw.id.parse();
    let mut advisory = Advisory::new(id.map_err(|error| bad(format!("{error}")))?);
    advisory.details = said(&issue.description).map(str::to_owned);
    for (release, state) in &issue.releases {
        advisory
            .affected
            .push(entry(&raw.package, release, state).map_err(bad)?);
        let rated = urgency(&state.urgency);
        if !rated
            .iter()
            .all(|rated| advisory.severities.contains(rated))
        {
            advisory.severities.extend(rated);
        }
    }
    advisory.references = references(&advisory, &issue);
    let name = format!("{}/{}", raw.package, advisory.id);
    Ok(Record { name, advisory })
}

/// What is said of one release.
fn entry(package: &str, release: &str, state: &Release<'_>) -> Result<Affected, String> {
    let scheme = RangeScheme::stated(Scheme::Deb);
    let all = |status| VersionRange::all(status, scheme);
    let range = match (&*state.status, &*state.fixed_version) {
        ("resolved", "0" | "") => all(VersionStatus::Unaffected),
        ("resolved", fixed) if is_version(fixed) => {
            VersionRange::affected(Span::before(fixed), scheme)
        }
        ("resolved", fixed) => {
            return Err(format!("{:?} is no version", shown(fixed)));
        }
        ("open", _) => all(VersionStatus::Affected),
        ("undetermined", _) => all(VersionStatus::Unknown),
        (status, _) => return Err(format!("its status {:?} is not known", shown(status))),
    };
    let product = Product::Distribution {
        distribution: Distribution::debian(),
        branch: Some(releases::debian(release).to_owned()),
        repository: None,
        name: package.to_owned(),
    };
    Ok(Affected::of(product, vec![range]).with_note(words(state)))
}

/// Why there is no update, and urgencies that are no degrees.
fn words(state: &Release<'_>) -> Option<String> {
    if &*state.status == "resolved" {
        return None;
    }
    let reason = said(&state.nodsa_reason).unwrap_or("no update of its own");
    let nodsa = match said(&state.nodsa) {
        Some(why) => format!("{reason}: {why}"),
        None if state.nodsa_reason.is_empty() => String::new(),
        None => reason.to_owned(),
    };
    let urgency = match &*state.urgency {
        urgency @ ("unimportant" | "end-of-life") => urgency,
        _ => "",
    };
    note([urgency, &nodsa])
}

/// A degree that somebody has given.
pub(crate) fn urgency(word: &str) -> Option<Severity> {
    let is_given = matches!(word, "unimportant" | "low" | "medium" | "high");
    is_given.then(|| Severity {
        scorer: "Debian".to_owned(),
        rating: Rating::Word(word.to_owned()),
    })
}

fn references(advisory: &Advisory, issue: &Issue<'_>) -> Vec<Reference> {
    let page = format!(
        "https://security-tracker.debian.org/tracker/{}",
        advisory.id
    );
    let is_number = !issue.bug.is_empty() && issue.bug.bytes().all(|b| b.is_ascii_digit());
    let bug = is_number.then(|| format!("https://bugs.debian.org/{}", &*issue.bug));
    let links = std::iter::once(page).chain(bug);
    links
        .map(|url| Reference {
            url,
            tags: Vec::new(),
        })
        .collect()
}
