//! How advisories and packages are stored in blocks, and by which digests they are known.
//!
//! The encoding is postcard's (its wire format is specified and stable). It is not
//! self-describing: [`FORMAT`] tells which shape of the types was written, and what has another is
//! refused rather than misread.

use palisade_model::Affected;
use palisade_store::{BlockSpan, Session, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::TrackerError;

/// The shape of what is written now.
pub(crate) const FORMAT: u8 = 3;

/// What matching needs of an advisory.
pub(crate) type AdvisoryFacts = Vec<Affected>;

/// Encodes a value behind the number of its shape.
pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_extend(value, vec![FORMAT]).expect("the model's types are encodable")
}

/// Decodes a value.
pub(crate) fn decode<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T, TrackerError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => {
            postcard::from_bytes(rest).map_err(|source| TrackerError::Decode {
                what: what.to_owned(),
                source,
            })
        }
        Some((&format, _)) if format > FORMAT => Err(StoreError::Newer.into()),
        _ => Err(TrackerError::Decode {
            what: what.to_owned(),
            source: postcard::Error::DeserializeBadEncoding,
        }),
    }
}

/// Decodes what stands at some places, and hands over each with its number among them, in no order
/// that means anything.
pub(crate) async fn decode_each<T: DeserializeOwned>(
    session: &mut Session,
    what: &str,
    spans: &[BlockSpan],
    mut visit: impl FnMut(usize, T),
) -> Result<(), TrackerError> {
    let mut failed = None;
    let decode = |index: usize, bytes: &[u8]| match decode(what, bytes) {
        Ok(value) => visit(index, value),
        Err(error) => failed = Some(error),
    };
    session.read_spans(spans, decode).await?;
    failed.map_or(Ok(()), Err)
}

/// The digest by which content is known: the first half of BLAKE3.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    half
}

/// Bytes as they are written: two digits each.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// A matching key as a number.
pub(crate) fn key_hash(key: &str) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(key.as_bytes()).as_bytes()[..8]);
    i64::from_le_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_is_not_taken_for_newer() {
        let of = |bytes: &[u8]| decode::<String>("a word", bytes).map_err(|it| it.to_string());
        assert_eq!(of(&encode(&"word")), Ok("word".to_owned()));
        let damaged = "decode what is stored of a word".to_owned();
        assert_eq!(of(&[]), Err(damaged.clone()));
        assert_eq!(of(&[FORMAT - 1, 0]), Err(damaged));
        let newer = of(&[FORMAT + 1, 0]).unwrap_err();
        assert!(newer.contains("newer version"), "{newer}");
    }
}
