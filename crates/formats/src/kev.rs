//! CISA's catalogue of known exploited vulnerabilities.
//!
//! Two forms: the catalogue as published, which is complete, and JSON Lines of its entries, which
//! need not be. Entries say that a vulnerability is exploited, not which versions are affected.

use std::io::Read;

use jiff::civil::Date;
use palisade_model::{Advisory, Exploitation, Reference, Timestamp};
use serde::Deserialize;

use crate::container::{Elements, read_whole};
use crate::feed::{FeedHead, FeedSink, Record};
use crate::handing::Handing;
use crate::{BadRecord, Place, ReadError, limits};

/// The catalogue around its entries.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue<'a> {
    date_released: Option<String>,
    count: Option<u64>,
    #[serde(borrow)]
    vulnerabilities: Elements<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "cveID")]
    cve_id: String,
    vulnerability_name: Option<String>,
    short_description: Option<String>,
    date_added: String,
    due_date: Option<String>,
    known_ransomware_campaign_use: Option<String>,
    required_action: Option<String>,
    notes: Option<String>,
    cwes: Option<Vec<String>>,
}

/// Cuts a document into raw records.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    let bytes = read_whole(document, reader, limits::WHOLE_DOCUMENT_BYTES)?;
    let mut handing = Handing::new(document, sink);
    match serde_json::from_slice::<Catalogue<'_>>(&bytes) {
        Ok(catalogue) => read_catalogue(&catalogue, &mut handing),
        Err(_) if is_lines(&bytes) => read_lines(&bytes, &mut handing),
        Err(error) => Err(handing.malformed(format!(
            "it is neither the catalogue nor lines of its entries: {error}"
        ))),
    }
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let entry: Entry = serde_json::from_slice(raw)?;
    let bad = |reason: String| BadRecord::new(reason).of(&entry.cve_id);
    let mut advisory = Advisory::new(
        entry
            .cve_id
            .parse()
            .map_err(|error| bad(format!("{error}")))?,
    );
    if !is_day(&entry.date_added) {
        return Err(bad(format!("dateAdded {:?} is no day", entry.date_added)));
    }
    let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    advisory.title = said(entry.vulnerability_name);
    advisory.details = said(entry.short_description);
    advisory.weaknesses = entry.cwes.unwrap_or_default();
    advisory.references = links(entry.notes.as_deref().unwrap_or_default());
    advisory.exploitation = Some(Exploitation {
        added: entry.date_added,
        due: entry.due_date.filter(|date| is_day(date)),
        ransomware: entry
            .known_ransomware_campaign_use
            .is_some_and(|known| known == "Known"),
        action: said(entry.required_action),
    });
    Ok(Record {
        name: advisory.id.to_string(),
        advisory,
    })
}

fn read_catalogue(catalogue: &Catalogue<'_>, handing: &mut Handing<'_>) -> Result<(), ReadError> {
    let held = catalogue.vulnerabilities.0.len() as u64;
    // A catalogue that lost entries on its way must not make them look withdrawn.
    let complete = catalogue.count.is_none_or(|count| count == held);
    let as_of = catalogue
        .date_released
        .as_deref()
        .map(str::parse::<Timestamp>);
    let unread_date = matches!(as_of, Some(Err(_)));
    handing.begin(&FeedHead {
        scope: None,
        complete,
        as_of: as_of.and_then(Result::ok),
    });
    if !complete {
        let count = catalogue.count.unwrap_or(0);
        let reason = format!("it holds {held} entries but counts {count}");
        handing.mend(Place::Whole, BadRecord::new(reason));
    }
    if unread_date {
        let bad = BadRecord::new("its dateReleased is no time");
        handing.mend(Place::Whole, bad);
    }
    for (index, entry) in (0..).zip(&catalogue.vulnerabilities.0) {
        handing.record(Place::Index(index), entry.get().as_bytes())?;
    }
    Ok(())
}

fn read_lines(bytes: &[u8], handing: &mut Handing<'_>) -> Result<(), ReadError> {
    handing.begin(&FeedHead::default());
    for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
        let line = line.trim_ascii();
        if !line.is_empty() {
            handing.record(Place::Line(number), line)?;
        }
    }
    Ok(())
}

/// Whether one of the first lines is an entry by itself.
fn is_lines(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "cveID")]
        _cve_id: serde::de::IgnoredAny,
    }
    let lines = bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let mut first = lines.filter(|line| !line.is_empty()).take(3);
    first.any(|line| serde_json::from_slice::<Named>(line).is_ok())
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<Date>().is_ok()
}

/// The links in `notes`, which are separated by semicolons and mixed with prose.
fn links(notes: &str) -> Vec<Reference> {
    let words = notes.split(|c: char| c.is_whitespace() || c == ';');
    let links = words.filter(|word| word.starts_with("https://") || word.starts_with("http://"));
    links
        .map(|url| Reference {
            url: url.to_owned(),
            tags: Vec::new(),
        })
        .collect()
}
