//! Values as they are written: each stands behind those that it refers to, and what is alike is
//! written once.

use std::collections::HashMap;

use super::WriteError;

/// The word for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u32);

impl Word {
    pub(super) const NULL: Self = Self(0);
}

/// A block of values as it grows.
#[derive(Debug)]
pub(super) struct Values {
    bytes: Vec<u8>,
    /// Where what has been written stands.
    places: HashMap<Vec<u8>, usize>,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            bytes: vec![0; 8],
            places: HashMap::new(),
        }
    }
}

impl Values {
    /// A row of bytes; an empty one is null.
    pub(super) fn blob(&mut self, blob: &[u8]) -> Result<Word, WriteError> {
        let length = u32::try_from(blob.len()).map_err(|_| WriteError::TooLarge)?;
        let (tag, width) = match length {
            0 => return Ok(Word::NULL),
            1..=0xff => (0x8, 1),
            0x100..=0xffff => (0x9, 2),
            _ => (0xa, 4),
        };
        let data = [&length.to_le_bytes()[..width], blob].concat();
        self.place(tag, data, width)
    }

    /// A row of bytes that is to be filled in, with the place where: nothing else refers to it.
    pub(super) fn room(&mut self, length: u8) -> Result<(Word, usize), WriteError> {
        let place = self.bytes.len();
        self.bytes.push(length);
        self.bytes.resize(place + 1 + usize::from(length), 0);
        Ok((word(0x8, place)?, place + 1))
    }

    pub(super) fn number(&mut self, number: u64) -> Result<Word, WriteError> {
        match u32::try_from(number) {
            Ok(small @ 0..=0x0fff_ffff) => Ok(Word(1 << 28 | small)),
            Ok(number) => self.place(0x2, number.to_le_bytes().to_vec(), 4),
            Err(_) => self.place(0x3, number.to_le_bytes().to_vec(), 8),
        }
    }

    /// An object or an array, without the nulls at its end; an empty one is null.
    pub(super) fn object(&mut self, members: &[Word]) -> Result<Word, WriteError> {
        let nulls = members.iter().rev().take_while(|it| **it == Word::NULL);
        let members = &members[..members.len() - nulls.count()];
        if members.is_empty() {
            return Ok(Word::NULL);
        }
        let count = u32::try_from(members.len() + 1).map_err(|_| WriteError::TooLarge)?;
        let words = std::iter::once(count).chain(members.iter().map(|word| word.0));
        let data = words.flat_map(u32::to_le_bytes).collect();
        // Arrays, too: apk has a tag of their own for them, and does not use it.
        self.place(0xe, data, 4)
    }

    pub(super) fn finish(mut self, root: Word) -> Vec<u8> {
        self.bytes[4..8].copy_from_slice(&root.0.to_le_bytes());
        self.bytes
    }

    fn place(&mut self, tag: u32, data: Vec<u8>, alignment: usize) -> Result<Word, WriteError> {
        let known = self.places.get(&data).copied();
        if let Some(place) = known.filter(|place| place.is_multiple_of(alignment)) {
            return word(tag, place);
        }
        let place = self.bytes.len().next_multiple_of(alignment);
        self.bytes.resize(place, 0);
        self.bytes.extend_from_slice(&data);
        self.places.insert(data, place);
        word(tag, place)
    }
}

fn word(tag: u32, place: usize) -> Result<Word, WriteError> {
    match u32::try_from(place) {
        Ok(place @ 0..=0x0fff_ffff) => Ok(Word(tag << 28 | place)),
        _ => Err(WriteError::TooLarge),
    }
}
