//! What the typed records of JSON feeds share: text that borrows, lists that may be `null`, dates.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use palisade_model::Timestamp;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// Items of one list of a record. The longest seen has 30,000.
const LIST_ITEMS: usize = 500_000;

/// Text that borrows from the record unless it has escapes; `null` is empty, a number its digits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Text)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }
}

/// Deserialises a list that may be `null` and is not endless.
///
/// An item of a list costs more memory than its text: without a bound, 32 MB of `{},{},…` would
/// ask for gigabytes.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(ListVisitor(PhantomData))
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            if list.len() == LIST_ITEMS {
                return Err(A::Error::custom("a list has more than 500000 items"));
            }
            list.push(item);
        }
        Ok(list)
    }
}

/// Reads a time; without a zone it is UTC, as NVD means it. One before 1970 is none: programs
/// write the beginning of their calendar, such as `0001-01-01T00:00:00Z`, where they know none.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    written(text).filter(|time| *time > Timestamp::UNIX_EPOCH)
}

fn written(text: &str) -> Option<Timestamp> {
    let has_zone = text
        .get(10..)
        .is_some_and(|time| time.contains(['Z', 'z', '+', '-']));
    if has_zone {
        text.parse().ok()
    } else {
        Offset::UTC
            .to_timestamp(text.parse::<DateTime>().ok()?)
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_calendar_is_no_time() {
        assert_eq!(timestamp("0001-01-01T00:00:00Z"), None);
        assert_eq!(timestamp("1970-01-01T00:00:00Z"), None);
        assert!(timestamp("1988-10-01T04:00:00.000").is_some());
    }

    #[test]
    fn a_time_without_a_zone_is_utc() {
        let zoned = timestamp("2023-10-12T19:15:11.747Z");
        assert!(zoned.is_some());
        assert_eq!(timestamp("2023-10-12T19:15:11.747"), zoned);
        assert_eq!(timestamp("2023-10-12T21:15:11.747+02:00"), zoned);
        assert_eq!(timestamp("2023-10-12"), timestamp("2023-10-12T00:00:00Z"));
        assert_eq!(timestamp("yesterday"), None);
        assert_eq!(timestamp(""), None);
    }
}
