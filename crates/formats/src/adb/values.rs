//! Values: words whose upper four bits tell a type, and the others a number or a place.
//!
//! Values are read as a schema in code asks for them, to a depth that it knows; nothing follows
//! them by itself. Since many may share one place, what they amount to is limited, not only what
//! they take in the document.

use std::cell::Cell;

use super::stream::word;
use crate::limits;

/// The bits of a word that hold a number or a place.
const PLACE: u32 = 0x0fff_ffff;

/// Why a value cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// This value makes no sense.
    #[error("{0}")]
    Broken(&'static str),
    /// All values together are too much.
    #[error("its values are too much when each is written out")]
    TooMuch,
}

/// A value, whose meaning a schema knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value(u32);

impl Value {
    pub(super) const NULL: Self = Self(0);

    pub(super) fn is_null(self) -> bool {
        self == Self::NULL
    }

    /// Whether apk left an error here, in place of a value that it did not accept.
    pub(super) fn is_refused(self) -> bool {
        self.kind() == 0xf
    }

    fn kind(self) -> u32 {
        self.0 >> 28
    }

    fn place(self) -> usize {
        (self.0 & PLACE) as usize
    }
}

/// How much the values of a document may still amount to.
#[derive(Debug)]
pub(super) struct Allowance(Cell<u64>);

impl Allowance {
    /// What a document of so many bytes may amount to. An index of Alpine amounts to some 15 times
    /// its size.
    pub(super) fn of(bytes: usize) -> Self {
        let most = (bytes as u64).saturating_mul(256);
        Self(Cell::new(most.clamp(16 << 20, limits::EXPANDED_BYTES)))
    }

    pub(super) fn take(&self, bytes: usize) -> Result<(), Fault> {
        let left = self.0.get().checked_sub(bytes as u64);
        self.0.set(left.ok_or(Fault::TooMuch)?);
        Ok(())
    }
}

/// The values of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    bytes: &'a [u8],
    allowance: &'a Allowance,
}

/// The members of an object, or the elements of an array; their places count from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slots<'a>(&'a [u8]);

impl<'a> Values<'a> {
    /// Opens a block, and gives the value that all others hang on.
    pub(super) fn open(bytes: &'a [u8], allowance: &'a Allowance) -> Result<(Self, Value), Fault> {
        let Some(([compatible, _version, _, _], rest)) = bytes.split_first_chunk() else {
            return Err(Fault::Broken("its block of values has no head"));
        };
        if *compatible != 0 {
            return Err(Fault::Broken(
                "its values are of a version that is not known",
            ));
        }
        let Some((root, _)) = rest.split_first_chunk::<4>() else {
            return Err(Fault::Broken("its block of values has no head"));
        };
        Ok((Self { bytes, allowance }, Value(word(root))))
    }

    /// Takes from what all values may amount to.
    pub(super) fn take(&self, bytes: usize) -> Result<(), Fault> {
        self.allowance.take(bytes)
    }

    pub(super) fn allowance(&self) -> &'a Allowance {
        self.allowance
    }

    /// An object or an array; null is one without members.
    pub(super) fn slots(&self, value: Value) -> Result<Slots<'a>, Fault> {
        if value.is_null() {
            return Ok(Slots(&[]));
        }
        // apk writes arrays with the tag of objects.
        if !matches!(value.kind(), 0xd | 0xe) {
            return Err(Fault::Broken("a value is no object where one belongs"));
        }
        let count = word(self.bytes(value.place(), 4)?) as usize;
        let members = count
            .checked_sub(1)
            .and_then(|count| count.checked_mul(4))
            .ok_or(Fault::Broken("an object has no room for its own size"))?;
        let members = self.bytes(value.place() + 4, members)?;
        self.take(members.len())?;
        Ok(Slots(members))
    }

    /// A row of bytes.
    pub(super) fn blob(&self, value: Value) -> Result<Option<&'a [u8]>, Fault> {
        if value.is_null() {
            return Ok(None);
        }
        let width = match value.kind() {
            0x8 => 1,
            0x9 => 2,
            0xa => 4,
            _ => return Err(Fault::Broken("a value is no text where some belongs")),
        };
        let length = word(self.bytes(value.place(), width)?) as usize;
        let bytes = self.bytes(value.place() + width, length)?;
        self.take(length + size_of::<String>())?;
        Ok(Some(bytes))
    }

    /// A number.
    pub(super) fn number(&self, value: Value) -> Result<Option<u64>, Fault> {
        Ok(Some(match value.kind() {
            _ if value.is_null() => return Ok(None),
            0x1 => u64::from(value.0 & PLACE),
            0x2 => u64::from(word(self.bytes(value.place(), 4)?)),
            0x3 => {
                let bytes = self.bytes(value.place(), 8)?;
                u64::from(word(bytes)) | u64::from(word(&bytes[4..])) << 32
            }
            _ => return Err(Fault::Broken("a value is no number where one belongs")),
        }))
    }

    fn bytes(&self, place: usize, length: usize) -> Result<&'a [u8], Fault> {
        let end = place.checked_add(length);
        end.and_then(|end| self.bytes.get(place..end))
            .ok_or(Fault::Broken("a value lies outside its block"))
    }
}

impl<'a> Slots<'a> {
    /// The value in a place; null where there is none.
    pub(super) fn get(&self, place: usize) -> Value {
        let bytes = place
            .checked_sub(1)
            .and_then(|place| self.0.chunks_exact(4).nth(place));
        bytes.map_or(Value::NULL, |bytes| Value(word(bytes)))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len() / 4
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Value> + use<'a> {
        self.0.chunks_exact(4).map(|bytes| Value(word(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(bytes: &[u8]) -> Values<'_> {
        let allowance = Box::leak(Box::new(Allowance::of(0)));
        Values { bytes, allowance }
    }

    #[test]
    fn numbers_are_of_three_sizes() {
        let values = values(&[0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(values.number(Value(0)), Ok(None));
        assert_eq!(values.number(Value(0x1fff_ffff)), Ok(Some(0x0fff_ffff)));
        assert_eq!(values.number(Value(0x2000_0004)), Ok(Some(0x0403_0201)));
        let long = values.number(Value(0x3000_0004));
        assert_eq!(long, Ok(Some(0x0807_0605_0403_0201)));
        for broken in [0x2000_0009, 0x3000_0005, 0x2fff_ffff, 0x8000_0004, 1] {
            assert!(values.number(Value(broken)).is_err(), "{broken:x}");
        }
    }

    #[test]
    fn blobs_have_their_length_in_front() {
        let values = values(&[2, 0, b'a', b'b', 3, 0, 0, 0, b'c', b'd', b'e']);
        assert_eq!(values.blob(Value(0x8000_0000)), Ok(Some(&[0, b'a'][..])));
        assert_eq!(values.blob(Value(0x9000_0000)), Ok(Some(&b"ab"[..])));
        assert_eq!(values.blob(Value(0xa000_0004)), Ok(Some(&b"cde"[..])));
        for broken in [
            0xa000_0003,
            0x8000_000a,
            0x9000_000a,
            0xa000_0008,
            0xe000_0000,
        ] {
            assert!(values.blob(Value(broken)).is_err(), "{broken:x}");
        }
    }

    #[test]
    fn objects_and_arrays_count_themselves() {
        let values = values(&[3, 0, 0, 0, 5, 0, 0, 0x10, 0, 0, 0, 0]);
        for tag in [0xd000_0000, 0xe000_0000] {
            let slots = values.slots(Value(tag)).unwrap();
            assert_eq!(slots.len(), 2);
            assert_eq!(slots.get(1), Value(0x1000_0005));
            let none = [0, 2, 3, usize::MAX].map(|place| slots.get(place).is_null());
            assert_eq!(none, [true; 4]);
        }
        for broken in [0xe000_0004, 0xe000_0008, 0xe000_000c, 0x8000_0000] {
            assert!(values.slots(Value(broken)).is_err(), "{broken:x}");
        }
    }

    #[test]
    fn what_values_amount_to_is_limited() {
        let allowance = Allowance::of(100);
        assert_eq!(allowance.take(16 << 20), Ok(()));
        assert_eq!(allowance.take(1), Err(Fault::TooMuch));
    }
}
