//! Scores as JSON: `{"score_date": …, "data": [{"cve": …, "epss": …, "percentile": …}, …]}`.

use std::borrow::Cow;
use std::io::Read;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{EpssHead, Scores};
use crate::container::{Elements, read_whole};
use crate::secdb::shown;
use crate::{Place, ReadError, limits};

#[derive(Debug, Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    score_date: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Elements<'a>,
}

#[derive(Debug, Deserialize)]
struct Element<'a> {
    #[serde(borrow, alias = "id")]
    cve: Cow<'a, str>,
    #[serde(borrow)]
    epss: &'a RawValue,
    #[serde(borrow)]
    percentile: Option<&'a RawValue>,
}

pub(super) fn read(
    reader: &mut dyn Read,
    on_head: &mut dyn FnMut(EpssHead),
    scores: &mut Scores<'_, '_>,
) -> Result<(), ReadError> {
    let bytes = read_whole(scores.document, reader, limits::WHOLE_DOCUMENT_BYTES)?;
    let document: Document<'_> =
        serde_json::from_slice(&bytes).map_err(|error| scores.malformed(error.to_string()))?;
    let date = document
        .score_date
        .as_deref()
        .and_then(|text| scores.day(text));
    on_head(EpssHead {
        date,
        model: document.model_version.as_deref().map(shown),
    });
    for (index, raw) in (0..).zip(document.data.0) {
        let place = Place::Index(index);
        match serde_json::from_str::<Element<'_>>(raw.get()) {
            Ok(element) => {
                let percentile = element.percentile.map(number);
                scores.add(place, &element.cve, number(element.epss), percentile)?;
            }
            Err(error) => scores.reject(place, None, error.to_string(), false),
        }
    }
    Ok(())
}

/// A number's text; FIRST's interface puts numbers in quotes.
fn number(raw: &RawValue) -> &str {
    raw.get().trim_matches('"')
}
