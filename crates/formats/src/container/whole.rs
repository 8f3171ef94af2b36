//! Documents that have to be held in memory as a whole, within limits.

use std::fmt;
use std::io::Read;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::read_error;
use crate::{BadRecord, ReadError, limits};

/// Reads a document to its end; the mark of byte order that some editors put in front is dropped.
pub(crate) fn read_whole(
    document: &str,
    reader: &mut dyn Read,
    limit: u64,
) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let most = limit.saturating_add(1);
    reader
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(document, error))?;
    if bytes.len() as u64 > limit {
        let document = document.to_owned();
        return Err(ReadError::Limit {
            document,
            what: "its size in bytes",
            limit,
        });
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..3);
    }
    Ok(bytes)
}

/// The elements of a JSON list, not yet parsed, so that a bad one does not spoil the others.
///
/// An empty object counts as an empty list: encoders of Lua write it so.
#[derive(Debug, Default)]
pub(crate) struct Elements<'a>(pub(crate) Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementsVisitor).map(Self)
    }
}

/// The text of one element, unless it is longer than any record: what is made of a short text's
/// parts can take many times its size.
pub(crate) fn record_text(raw: &RawValue) -> Result<&str, BadRecord> {
    let text = raw.get();
    if text.len() > limits::RECORD_BYTES {
        let limit = limits::RECORD_BYTES;
        return Err(BadRecord::new(format!("it is longer than {limit} bytes")));
    }
    Ok(text)
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            if elements.len() == limits::PACKAGES {
                return Err(A::Error::custom("a list of too many elements"));
            }
            elements.push(element);
        }
        Ok(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        match map.next_key::<IgnoredAny>()? {
            None => Ok(Vec::new()),
            Some(_) => Err(A::Error::custom("an object where a list should be")),
        }
    }
}
