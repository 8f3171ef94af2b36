//! CVE records, JSON 5.0 to 5.2: what the CNA says and what each ADP adds.
//!
//! All containers are read alike and keep their author where the model has one. Entries that name
//! nothing (`n/a` throughout) are left out, as are `modules`, `programFiles` and the copies of
//! older formats (`x_legacyV4Record`).

mod entry;
mod record;
mod versions;
mod words;

use std::hint::black_box;
use std::io::Read;

use palisade_model::{
    Advisory, CvssVersion, Exploitation, Rating, Severity, Ssvc, VulnerabilityId,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::feed::{FeedHead, FeedSink, Record};
use crate::json_records::{self, Text, timestamp};
use crate::nvd::{References, add_weakness, bad_identifier, configuration, english};
use crate::{BadRecord, ReadError};
pub(crate) use words::spans;

use record::{Container, Document, KevContent, Metric, Other, Source, SsvcContent, WordContent};

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
    let document = deserialize(raw)?;
    let metadata = &document.metadata;
    let id: VulnerabilityId = metadata
        .cve_id
        .parse()
        .map_err(|error| bad_identifier(&metadata.cve_id, &error))?;
    let mut advisory = Advisory::new(id);
    advisory.published = timestamp(&metadata.date_published);
    advisory.modified = timestamp(&metadata.date_updated);
    let mut references = References::default();
    if let Some(cna) = &document.containers.cna {
        describe(&mut advisory, cna);
    }
    for container in document
        .containers
        .cna
        .iter()
        .chain(&document.containers.adp)
    {
        let scorer = match &*container.provider_metadata.short_name {
            "" => &*metadata.assigner_short_name,
            name => name,
        };
        add(&mut advisory, &mut references, container, scorer)
            .map_err(|reason| BadRecord::new(reason).of(&*metadata.cve_id))?;
    }
    advisory.references = references.list;
    if metadata.state.eq_ignore_ascii_case("rejected") {
        let reasons = document
            .containers
            .cna
            .as_ref()
            .map(|cna| &*cna.rejected_reasons);
        let reason = reasons.and_then(english).unwrap_or("rejected");
        advisory.withdrawn = Some(reason.to_owned());
    }
    Ok(Record {
        name: advisory.id.to_string(),
        advisory,
    })
}

/// Parses one raw record into its typed form and no further: what parsing costs at the least.
pub fn parse_only(raw: &[u8]) -> Result<(), BadRecord> {
    deserialize(raw).map(|record| {
        black_box(&record);
    })
}

fn deserialize(raw: &[u8]) -> Result<Document<'_>, BadRecord> {
    // Checking UTF-8 once is cheaper than for each string.
    let text = std::str::from_utf8(raw).map_err(|_| BadRecord::new("it is not UTF-8"))?;
    Ok(serde_json::from_str(text)?)
}

/// What only the CNA says.
fn describe(advisory: &mut Advisory, cna: &Container<'_>) {
    advisory.title = Some(cna.title.trim())
        .filter(|title| !title.is_empty())
        .map(str::to_owned);
    advisory.disputed = cna
        .tags
        .iter()
        .any(|tag| tag.eq_ignore_ascii_case("disputed"));
    let replacements = cna.replaced_by.iter().filter_map(|id| id.parse().ok());
    advisory.related.extend(replacements);
    let named = content::<Source<'_>>(cna.source).map(|source| source.advisory);
    // Other sources' numbers are those of bulletins, which may tell of several issues.
    advisory.aliases.extend(
        named
            .filter(|name| name.starts_with("GHSA-"))
            .and_then(|name| name.trim().parse().ok()),
    );
}

fn add(
    advisory: &mut Advisory,
    references: &mut References,
    container: &Container<'_>,
    scorer: &str,
) -> Result<(), String> {
    if advisory.details.is_none() {
        advisory.details = english(&container.descriptions).map(str::to_owned);
    }
    for metric in &container.metrics {
        rate(advisory, metric, scorer);
    }
    for problem in container
        .problem_types
        .iter()
        .flat_map(|list| &list.descriptions)
    {
        let cwe = match &*problem.cwe {
            "" => problem
                .description
                .split([' ', ':'])
                .next()
                .unwrap_or_default(),
            cwe => cwe,
        };
        add_weakness(&mut advisory.weaknesses, cwe);
    }
    for link in &container.references {
        // Tags with x_ are the converter's notes of where a link came from.
        let tags = link
            .tags
            .iter()
            .map(|tag| &**tag)
            .filter(|tag| !tag.starts_with("x_"));
        references.add(&link.url, tags);
    }
    advisory
        .affected
        .extend(container.affected.iter().filter_map(entry::affected));
    advisory
        .affected
        .extend(configuration::affected(&container.cpe_applicability)?);
    Ok(())
}

fn rate(advisory: &mut Advisory, metric: &Metric<'_>, scorer: &str) {
    for (version, cvss) in [
        (CvssVersion::V4, &metric.v40),
        (CvssVersion::V31, &metric.v31),
        (CvssVersion::V30, &metric.v30),
        (CvssVersion::V2, &metric.v2),
    ] {
        advisory
            .severities
            .extend(cvss.as_ref().map(|cvss| Severity {
                scorer: scorer.to_owned(),
                rating: Rating::Cvss {
                    version,
                    vector: cvss.vector_string.to_string(),
                    score: cvss.base_score,
                },
            }));
    }
    let Some(other) = &metric.other else { return };
    match &*other.kind {
        "ssvc" => advisory.ssvc = advisory.ssvc.take().or_else(|| ssvc(other)),
        "kev" => advisory.exploitation = advisory.exploitation.take().or_else(|| kev(other)),
        _ => advisory.severities.extend(word(other).map(|word| Severity {
            scorer: scorer.to_owned(),
            rating: Rating::Word(word),
        })),
    }
}

fn ssvc(other: &Other<'_>) -> Option<Ssvc> {
    let options = content::<SsvcContent<'_>>(other.content)?.options;
    let mut found = Ssvc {
        exploitation: None,
        automatable: None,
        technical_impact: None,
    };
    for option in &options {
        let word = |text: &Option<Text<'_>>| text.as_deref().map(str::to_ascii_lowercase);
        found.exploitation = found.exploitation.or_else(|| word(&option.exploitation));
        found.automatable = found.automatable.or_else(|| word(&option.automatable));
        found.technical_impact = found
            .technical_impact
            .or_else(|| word(&option.technical_impact));
    }
    Some(found)
}

fn kev(other: &Other<'_>) -> Option<Exploitation> {
    let added = content::<KevContent<'_>>(other.content)?.added;
    (!added.is_empty()).then(|| Exploitation {
        added: added.to_string(),
        due: None,
        ransomware: false,
        action: None,
    })
}

/// A rating in a word: Red Hat and Apache give theirs so.
fn word(other: &Other<'_>) -> Option<String> {
    let WordContent { value, text } = content(other.content)?;
    let word = if value.is_empty() { text } else { value };
    let is_word = !word.is_empty() && word.len() <= 32;
    is_word.then(|| word.trim().to_owned())
}

/// Reads a part of which the schema prescribes no shape; another shape is none of ours.
fn content<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}
