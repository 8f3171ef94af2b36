//! EPSS: how likely a vulnerability is to be exploited within thirty days.
//!
//! Two forms: the daily CSV, whose first line is a comment with the model and the day, and JSON
//! with a list of scores, as FIRST's interface and some mirrors give it. Scores are no advisories
//! and so have a reader of their own.

mod csv;
mod json;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};

use jiff::civil::Date;
use palisade_model::VulnerabilityId;

use crate::container::read_error;
use crate::secdb::shown;
use crate::{Place, ReadError, Reject};

/// Vulnerabilities in one document; there were 300,000 in 2025.
const MOST_SCORES: usize = 4_000_000;

/// What a document says of all its scores.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EpssHead {
    /// The day of the scores.
    pub date: Option<Date>,
    /// The version of the model, such as `v2025.03.14`.
    pub model: Option<String>,
}

/// The score of one vulnerability.
#[derive(Debug, Clone, PartialEq)]
pub struct EpssScore {
    /// The vulnerability.
    pub id: VulnerabilityId,
    /// The probability of exploitation, 0 to 1.
    pub score: f64,
    /// The share of vulnerabilities with the same score or a lower one, 0 to 1.
    pub percentile: Option<f64>,
}

/// Reads a document, already decompressed: its head, then its scores.
///
/// # Errors
/// When the document cannot be read to its end, or is of neither form.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    on_head: &mut dyn FnMut(EpssHead),
    on_score: &mut dyn FnMut(EpssScore),
    rejects: &mut dyn FnMut(Reject),
) -> Result<(), ReadError> {
    let mut reader = BufReader::new(reader);
    let first = first_byte(&mut reader).map_err(|error| read_error(document, error))?;
    let mut scores = Scores {
        document,
        seen: HashSet::new(),
        on_score,
        rejects,
    };
    match first {
        Some(b'{') => json::read(&mut reader, on_head, &mut scores),
        Some(_) => csv::read(&mut reader, on_head, &mut scores),
        None => Err(scores.malformed("it is empty")),
    }
}

/// The first byte that is neither blank nor part of a mark of byte order.
fn first_byte(reader: &mut impl BufRead) -> std::io::Result<Option<u8>> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let skipped = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf);
        let start = buffer.iter().position(|byte| !skipped(byte));
        let first = start.map(|at| buffer[at]);
        let blanks = start.unwrap_or(buffer.len());
        reader.consume(blanks);
        if first.is_some() {
            return Ok(first);
        }
    }
}

/// Judges scores and hands them over.
struct Scores<'a, 'f> {
    document: &'a str,
    seen: HashSet<VulnerabilityId>,
    on_score: &'a mut (dyn FnMut(EpssScore) + 'f),
    rejects: &'a mut (dyn FnMut(Reject) + 'f),
}

impl Scores<'_, '_> {
    fn add(
        &mut self,
        place: Place,
        id: &str,
        score: &str,
        percentile: Option<&str>,
    ) -> Result<(), ReadError> {
        if self.seen.len() >= MOST_SCORES {
            return Err(ReadError::Limit {
                document: self.document.to_owned(),
                what: "the number of its scores",
                limit: MOST_SCORES as u64,
            });
        }
        match self.judge(id, score, percentile) {
            Ok(score) => {
                self.seen.insert(score.id.clone());
                (self.on_score)(score);
            }
            Err(reason) => self.reject(place, Some(id), reason, false),
        }
        Ok(())
    }

    fn judge(&self, id: &str, score: &str, percentile: Option<&str>) -> Result<EpssScore, String> {
        let id: VulnerabilityId = id.parse().map_err(|error| format!("{error}"))?;
        if !id.is_cve() {
            return Err("it is no CVE identifier".to_owned());
        }
        if self.seen.contains(&id) {
            return Err("it has a score already".to_owned());
        }
        let score = probability("score", score)?;
        let percentile = percentile
            .map(|text| probability("percentile", text))
            .transpose()?;
        Ok(EpssScore {
            id,
            score,
            percentile,
        })
    }

    fn reject(&mut self, place: Place, id: Option<&str>, reason: String, mended: bool) {
        let id = id.map(shown).filter(|id| !id.is_empty());
        let document = self.document.to_owned();
        (self.rejects)(Reject {
            document,
            place,
            id,
            reason,
            mended,
        });
    }

    fn malformed(&self, reason: impl Into<String>) -> ReadError {
        ReadError::Malformed {
            document: self.document.to_owned(),
            reason: reason.into(),
        }
    }

    /// The day in a time such as `2021-08-31T00:00:00+0000`.
    fn day(&mut self, text: &str) -> Option<Date> {
        let date = text.get(..10).and_then(|day| day.parse().ok());
        if date.is_none() {
            let reason = format!("its date {:?} cannot be read", shown(text));
            self.reject(Place::Whole, None, reason, true);
        }
        date
    }
}

fn probability(what: &str, text: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| format!("its {what} {:?} is no number", shown(text)))?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(format!(
            "its {what} {:?} is not between 0 and 1",
            shown(text)
        ))
    }
}
