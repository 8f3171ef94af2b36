//! NVD: the records of API 2.0 and of its year feeds, bare CVE objects, and curated overrides in
//! the same shape (anchore's `nvd-data-overrides`).
//!
//! An override has a name of its own, so that neither is lost. It corrects NVD's configurations, even
//! to none at all (`null:null`, not vulnerable), so where it is stored matching looks at it instead.
//!
//! A record becomes one advisory that keeps all configurations; see `configuration` for how
//! their nodes are read. The scheme of versions is never stated. What NVD copies from CVE records
//! (`affected`) is left to those records themselves.

pub(crate) mod configuration;
mod record;

use std::hint::black_box;
use std::io::Read;

use palisade_model::{
    Advisory, CvssVersion, Exploitation, InvalidIdentifier, Rating, Reference, Severity, Ssvc,
    VulnerabilityId,
};
use serde::Deserialize;

use crate::feed::{FeedHead, FeedSink, Record};
use crate::json_records::{self, Text, timestamp};
use crate::{BadRecord, ReadError};
use record::{Annotation, Cve, Description, Document, Link, Metric, Metrics};

pub(crate) use record::Description as LanguageText;

/// With what the name of an override begins; the name of the record that it corrects follows.
pub const OVERRIDE: &str = "override ";

/// Cuts a document into raw records.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    json_records::read_feed(document, reader, &["vulnerabilities"], sink, |members| {
        FeedHead {
            as_of: time_of_page(members),
            ..FeedHead::default()
        }
    })
}

fn time_of_page(members: &[u8]) -> Option<palisade_model::Timestamp> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow, default)]
        timestamp: Text<'a>,
    }
    timestamp(&serde_json::from_slice::<Page<'_>>(members).ok()?.timestamp)
}

/// What a page of the interface says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The place of its first record among all that were asked for.
    pub start: u64,
    /// The records that it holds.
    pub records: u64,
    /// All records that were asked for.
    pub total: u64,
    /// When it was made.
    pub time: Option<palisade_model::Timestamp>,
}

/// Reads what a page says of itself, without its records.
///
/// # Errors
/// When it is no page of the interface.
pub fn page(reader: &mut dyn Read) -> Result<Page, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Written {
        start_index: u64,
        total_results: u64,
        #[serde(default)]
        timestamp: String,
        vulnerabilities: Vec<serde::de::IgnoredAny>,
    }
    let page: Written = serde_json::from_reader(reader)?;
    Ok(Page {
        start: page.start_index,
        records: page.vulnerabilities.len() as u64,
        total: page.total_results,
        time: timestamp(&page.timestamp),
    })
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let (cve, annotation) = deserialize(raw)?;
    let name = match (&*cve.id, &annotation) {
        ("", Some(annotation)) => &*annotation.cve_id,
        (id, _) => id,
    };
    let id: VulnerabilityId = name.parse().map_err(|error| bad_identifier(name, &error))?;
    let mut advisory = Advisory::new(id);
    advisory.affected = configuration::affected(&cve.configurations)
        .map_err(|reason| BadRecord::new(reason).of(name))?;
    describe(&mut advisory, &cve);
    // What others add to NVD stands beside its own record, which may come again at any time.
    let mut name = advisory.id.to_string();
    if let Some(annotation) = annotation {
        annotate(&mut advisory, &annotation);
        name = format!("{OVERRIDE}{name}");
    }
    Ok(Record { name, advisory })
}

/// Parses one raw record into its typed form and no further: what parsing costs at the least.
pub fn parse_only(raw: &[u8]) -> Result<(), BadRecord> {
    deserialize(raw).map(|record| {
        black_box(&record);
    })
}

fn deserialize(raw: &[u8]) -> Result<(Cve<'_>, Option<Annotation<'_>>), BadRecord> {
    // Checking UTF-8 once is cheaper than for each string.
    let text = std::str::from_utf8(raw).map_err(|_| BadRecord::new("it is not UTF-8"))?;
    let document: Document<'_> = serde_json::from_str(text)?;
    match document.cve {
        Some(cve) => Ok((cve, document.annotation)),
        None => Ok((serde_json::from_str(text)?, None)),
    }
}

/// A record whose identifier is none; what it has instead is shown up to a readable length.
pub(crate) fn bad_identifier(text: &str, error: &InvalidIdentifier) -> BadRecord {
    let bad = BadRecord::new(format!("its identifier is bad: {error}"));
    if text.is_empty() {
        bad
    } else {
        bad.of(text.chars().take(64).collect::<String>())
    }
}

fn describe(advisory: &mut Advisory, cve: &Cve<'_>) {
    advisory.published = timestamp(&cve.published);
    advisory.modified = timestamp(&cve.last_modified);
    advisory.details = english(&cve.descriptions).map(str::to_owned);
    if cve.status.eq_ignore_ascii_case("rejected") {
        let reason = advisory.details.clone();
        advisory.withdrawn = Some(reason.unwrap_or_else(|| "rejected".to_owned()));
    }
    // Tags came in 2023; before, and in feeds of then, the description says so.
    let is_disputed = |tag: &Text<'_>| tag.eq_ignore_ascii_case("disputed");
    advisory.disputed = cve.tags.iter().flat_map(|set| &set.tags).any(is_disputed)
        || advisory
            .details
            .as_deref()
            .is_some_and(|text| text.starts_with("** DISPUTED **"));
    advisory.severities = severities(&cve.metrics);
    advisory.ssvc = ssvc(&cve.metrics);
    for weakness in cve
        .weaknesses
        .iter()
        .flat_map(|weakness| &weakness.description)
    {
        add_weakness(&mut advisory.weaknesses, &weakness.value);
    }
    advisory.references = references(&cve.references);
    advisory.exploitation = cve
        .exploit_add
        .as_deref()
        .filter(|day| !day.is_empty())
        .map(|day| Exploitation {
            added: day.to_owned(),
            due: cve.action_due.as_deref().map(str::to_owned),
            ransomware: false,
            action: cve.required_action.as_deref().map(str::to_owned),
        });
}

/// Takes what an override says beside its configurations, where the record itself says nothing.
fn annotate(advisory: &mut Advisory, annotation: &Annotation<'_>) {
    advisory.published = advisory
        .published
        .or_else(|| timestamp(&annotation.published));
    advisory.modified = advisory
        .modified
        .or_else(|| timestamp(&annotation.modified));
    if advisory.details.is_none() && !annotation.description.is_empty() {
        advisory.details = Some(annotation.description.to_string());
    }
    if advisory.references.is_empty() {
        let link = |url: &Text<'_>| Reference {
            url: url.to_string(),
            tags: Vec::new(),
        };
        advisory.references = annotation.references.iter().map(link).collect();
    }
}

/// The English text of several, or the first where none is English.
pub(crate) fn english<'a>(texts: &'a [Description<'_>]) -> Option<&'a str> {
    let is_english = |text: &&Description<'_>| {
        text.lang
            .get(..2)
            .is_some_and(|language| language.eq_ignore_ascii_case("en"))
    };
    let text = texts.iter().find(is_english).or_else(|| texts.first())?;
    Some(text.value.trim()).filter(|value| !value.is_empty())
}

/// Adds a weakness that has a CWE number; NVD's `NVD-CWE-noinfo` has none.
pub(crate) fn add_weakness(weaknesses: &mut Vec<String>, text: &str) {
    let number = text.strip_prefix("CWE-").unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    // A record names few; the bound keeps a hostile one from making this a long search.
    if is_number && weaknesses.len() < 100 && !weaknesses.iter().any(|known| known == text) {
        weaknesses.push(text.to_owned());
    }
}

fn severities(metrics: &Metrics<'_>) -> Vec<Severity> {
    let versions = [
        (CvssVersion::V4, &metrics.v40),
        (CvssVersion::V31, &metrics.v31),
        (CvssVersion::V30, &metrics.v30),
        (CvssVersion::V2, &metrics.v2),
    ];
    let rated = || {
        versions
            .iter()
            .flat_map(|(version, list)| list.iter().map(move |m| (*version, m)))
    };
    let is_primary = |metric: &Metric<'_>| metric.kind.eq_ignore_ascii_case("primary");
    let primary = rated().filter(|(_, metric)| is_primary(metric));
    let others = rated().filter(|(_, metric)| !is_primary(metric));
    primary
        .chain(others)
        .map(|(version, metric)| severity(version, metric))
        .collect()
}

fn severity(version: CvssVersion, metric: &Metric<'_>) -> Severity {
    Severity {
        scorer: metric.source.to_string(),
        rating: Rating::Cvss {
            version,
            vector: metric.data.vector.to_string(),
            score: metric.data.score,
        },
    }
}

fn ssvc(metrics: &Metrics<'_>) -> Option<Ssvc> {
    let options = &metrics.ssvc.first()?.data.options;
    let mut found = Ssvc {
        exploitation: None,
        automatable: None,
        technical_impact: None,
    };
    for option in options {
        let word = |text: &Option<Text<'_>>| text.as_deref().map(str::to_ascii_lowercase);
        found.exploitation = found.exploitation.or_else(|| word(&option.exploitation));
        found.automatable = found.automatable.or_else(|| word(&option.automatable));
        found.technical_impact = found
            .technical_impact
            .or_else(|| word(&option.technical_impact));
    }
    Some(found)
}

/// The links, each address once: since 2024 NVD repeats a link for each party that gave it.
fn references(links: &[Link<'_>]) -> Vec<Reference> {
    let mut references = References::default();
    for link in links {
        references.add(&link.url, link.tags.iter().map(|tag| &**tag));
    }
    references.list
}

/// Gathers links, each address once with the tags of all its occurrences.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// The links so far.
    pub(crate) list: Vec<Reference>,
    places: std::collections::HashMap<String, usize>,
}

impl References {
    /// Adds a link.
    pub(crate) fn add<'t>(&mut self, url: &str, tags: impl Iterator<Item = &'t str>) {
        let place = self.place(url).unwrap_or_else(|| self.push(url));
        let reference = &mut self.list[place];
        for tag in tags {
            if reference.tags.len() < 100 && !reference.tags.iter().any(|known| known == tag) {
                reference.tags.push(tag.to_owned());
            }
        }
    }

    fn place(&self, url: &str) -> Option<usize> {
        if self.list.len() <= FEW {
            self.list.iter().position(|known| known.url == url)
        } else {
            self.places.get(url).copied()
        }
    }

    fn push(&mut self, url: &str) -> usize {
        self.list.push(Reference {
            url: url.to_owned(),
            tags: Vec::new(),
        });
        if self.list.len() > FEW {
            self.index_last();
        }
        self.list.len() - 1
    }

    fn index_last(&mut self) {
        let start = if self.places.is_empty() {
            0
        } else {
            self.list.len() - 1
        };
        for (place, known) in self.list.iter().enumerate().skip(start) {
            self.places.insert(known.url.clone(), place);
        }
    }
}

/// Up to how many links a search from the beginning is cheaper than an index.
const FEW: usize = 32;
