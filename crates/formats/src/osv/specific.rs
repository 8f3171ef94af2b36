//! What two databases say in `database_specific`.
//!
//! GitHub's (`GHSA-…`): the severity in a word, CWE numbers, and for an entry the range of versions
//! that are known to be affected where there is no fix: `< 3.0.0`, `<= 1.2`. Without it such an entry
//! would affect every later version. Whether GitHub reviewed the record is not kept: those that it
//! did not review name no package. RustSec's: that an entry is no vulnerability (`informational`).

use palisade_model::{Advisory, Lower, RangeScheme, Rating, Severity, Span, Upper, VersionRange};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::add_severity;
use super::record::Entry;
use crate::json_records::{Text, list};
use crate::nvd::add_weakness;
use crate::words::is_version;

/// Members of a record's own.
#[derive(Debug, Deserialize)]
struct OfRecord<'a> {
    #[serde(borrow, default)]
    severity: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    cwe_ids: Vec<Text<'a>>,
}

/// Members of an entry's own.
#[derive(Debug, Default, Deserialize)]
struct OfEntry<'a> {
    #[serde(borrow, default, rename = "last_known_affected_version_range")]
    last_known: Text<'a>,
    #[serde(borrow, default)]
    informational: Text<'a>,
}

impl<'a> OfEntry<'a> {
    /// Another shape is another database's, and says nothing here.
    fn of(entry: &Entry<'a>) -> Self {
        let raw = entry.database_specific;
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default()
    }
}

/// Adds what is said of the whole record.
pub(super) fn describe(advisory: &mut Advisory, raw: &RawValue, scorer: &str) {
    let Ok(specific) = serde_json::from_str::<OfRecord<'_>>(raw.get()) else {
        return;
    };
    for cwe in &specific.cwe_ids {
        add_weakness(&mut advisory.weaknesses, cwe);
    }
    let word = specific.severity.to_ascii_lowercase();
    if matches!(&*word, "low" | "moderate" | "medium" | "high" | "critical") {
        let severity = Severity {
            scorer: scorer.to_owned(),
            rating: Rating::Word(word),
        };
        add_severity(&mut advisory.severities, Some(severity));
    }
}

/// Whether an entry tells of a crate that nobody maintains, or the like: no vulnerability of any
/// version, as in RustSec's own form of the record.
pub(super) fn is_informational(entry: &Entry<'_>) -> bool {
    matches!(
        &*OfEntry::of(entry).informational,
        "unmaintained" | "notice"
    )
}

/// Ends ranges without an end where the database knows the last affected versions.
pub(super) fn bound(ranges: &mut [VersionRange], entry: &Entry<'_>) {
    let specific = OfEntry::of(entry);
    let Some(end) = upper(&specific.last_known) else {
        return;
    };
    for range in ranges {
        if range.scheme == RangeScheme::Git {
            continue;
        }
        match &mut range.span {
            Span::All => range.span = Span::Between(Lower::Open, end.clone()),
            Span::Between(_, upper @ Upper::Open) => *upper = end.clone(),
            _ => {}
        }
    }
}

fn upper(text: &str) -> Option<Upper> {
    let text = text.trim();
    let (version, is_included) = match text.strip_prefix("<=") {
        Some(version) => (version.trim(), true),
        None => (text.strip_prefix('<')?.trim(), false),
    };
    let upper = if is_included {
        Upper::Including(version.to_owned())
    } else {
        Upper::Excluding(version.to_owned())
    };
    is_version(version).then_some(upper)
}
