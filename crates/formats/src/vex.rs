//! What CSAF and OpenVEX share: statements of a supplier, each giving products a status.
//!
//! A statement speaks of the versions that it names and says nothing of others. A product that is a
//! distribution's package becomes one of that distribution's own words, a package of a language's
//! registry one of the registry; all else is left to names. What a status says of versions:
//!
//! | status | one version | no version |
//! |---|---|---|
//! | affected | this one | every one |
//! | fixed, a distribution's package | affected before it, from where its module's stream begins | no one is affected |
//! | fixed, other | this one is not affected | no one is affected |
//! | not affected | this one is not | no one is |
//! | under investigation | not known of this one | not known |
//!
//! A supplier's word is a distribution's own word only if the supplier is the distribution. Whose
//! documents are imported is the choice of whoever imports them.

mod product;
pub(crate) mod versions;

use std::collections::HashMap;
use std::io::Read;

use palisade_model::{
    Affected, Lower, Product, RangeScheme, Span, Upper, VersionRange, VersionStatus,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::container::read_whole;
use crate::feed::{FeedHead, FeedSink};
use crate::handing::Handing;
use crate::words::note;
use crate::{BadRecord, Place, ReadError, limits};

pub(crate) use product::{Known, Platform, Said};
pub(crate) use versions::Versions;

/// Notes of one product that are kept.
const NOTES: usize = 4;

/// Reads a document, or several behind each other; `take` hands over what one of them says, or tells
/// why it is passed over.
pub(crate) fn each_document(
    document: &str,
    reader: &mut dyn Read,
    sink: &mut dyn FeedSink,
    mut take: impl FnMut(&str, &mut Handing<'_>) -> Result<Result<(), ReadError>, BadRecord>,
) -> Result<(), ReadError> {
    let bytes = read_whole(document, reader, limits::WHOLE_DOCUMENT_BYTES)?;
    let mut handing = Handing::new(document, sink).of_size(bytes.len());
    let pass_over = |place, bad, handing: &mut Handing<'_>| {
        handing.begin(&FeedHead::default());
        handing.pass_over(place, bad);
    };
    if bytes.trim_ascii().is_empty() {
        pass_over(Place::Whole, BadRecord::new("it is empty"), &mut handing);
        return Ok(());
    }
    let documents = serde_json::Deserializer::from_slice(&bytes).into_iter::<&RawValue>();
    for (index, raw) in (0..).zip(documents) {
        let raw = raw.map_err(|error| handing.malformed(error.to_string()))?;
        match take(raw.get(), &mut handing) {
            Ok(handed_over) => handed_over?,
            Err(bad) => pass_over(Place::Index(index), bad, &mut handing),
        }
    }
    Ok(())
}

/// What is said of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Affected,
    Fixed,
    NotAffected,
    UnderInvestigation,
}

/// OpenVEX's and CSAF's justifications, in words.
const JUSTIFICATIONS: [(&str, &str); 5] = [
    ("component_not_present", "the component is not there"),
    (
        "vulnerable_code_not_present",
        "the vulnerable code is not there",
    ),
    (
        "vulnerable_code_not_in_execute_path",
        "the vulnerable code is never run",
    ),
    (
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "no adversary can control the vulnerable code",
    ),
    (
        "inline_mitigations_already_exist",
        "mitigations are built in",
    ),
];

/// A justification for people: its words, and the label by which other programs know it.
pub(crate) fn justification(label: &str) -> String {
    let label = label.trim();
    match JUSTIFICATIONS.iter().find(|(known, _)| *known == label) {
        Some((_, words)) => format!("{words} ({label})"),
        None => crate::secdb::shown(label),
    }
}

/// Gathers what a record says, one entry a product.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    entries: Vec<(Affected, Vec<String>)>,
    places: HashMap<String, usize>,
}

impl Gathered {
    /// Adds that a product has a status, with what is said to people of it.
    pub(crate) fn add(&mut self, said: Said, status: Status, words: Option<String>) {
        let Said {
            product,
            scheme,
            versions,
            since,
        } = said;
        // Products are few words, and their text tells them apart.
        let key = format!("{product:?}");
        let ranges = ranges(&product, scheme, versions, status, since.as_deref());
        let place = *self.places.entry(key).or_insert_with(|| {
            self.entries
                .push((Affected::of_these(product, Vec::new()), Vec::new()));
            self.entries.len() - 1
        });
        let (entry, notes) = &mut self.entries[place];
        for range in ranges {
            // A package is listed once for each architecture.
            if entry.versions.last() != Some(&range) {
                entry.versions.push(range);
            }
        }
        notes.extend(words.filter(|words| notes.len() < NOTES && !notes.contains(words)));
    }

    pub(crate) fn affected(self) -> Vec<Affected> {
        let noted = |(entry, notes): (Affected, Vec<String>)| {
            entry.with_note(note(notes.iter().map(String::as_str)))
        };
        self.entries.into_iter().map(noted).collect()
    }
}

/// What a status says of versions.
fn ranges(
    product: &Product,
    scheme: RangeScheme,
    versions: Versions,
    status: Status,
    since: Option<&str>,
) -> Vec<VersionRange> {
    let own = matches!(product, Product::Distribution { .. });
    let before = |version| match since {
        Some(since) => Span::Between(Lower::Including(since.into()), Upper::Excluding(version)),
        None => Span::before(version),
    };
    let mut ranges = Vec::new();
    for (is_meant, span) in versions.spans() {
        let (status, span) = match (status, span) {
            // A version that a range leaves out has not the status of the range.
            (Status::Affected, span) if !is_meant => (VersionStatus::Unaffected, span),
            _ if !is_meant => continue,
            (Status::Affected, span) => (VersionStatus::Affected, span),
            (Status::UnderInvestigation, span) => (VersionStatus::Unknown, span),
            (Status::Fixed, Span::Exact(version)) if own => {
                (VersionStatus::Affected, before(version))
            }
            (Status::Fixed, Span::Between(Lower::Including(version), Upper::Open)) if own => {
                (VersionStatus::Affected, before(version))
            }
            (Status::Fixed | Status::NotAffected, span) => (VersionStatus::Unaffected, span),
        };
        ranges.push(VersionRange {
            status,
            span,
            scheme,
        });
    }
    ranges
}
