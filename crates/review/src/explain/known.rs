//! Files that build tools copy into other people's releases, by git's name of their content.

use std::collections::HashMap;

use crate::tree::BlobId;

/// Made by `cargo xtask known-blobs`; `data/known-blobs.md` tells from what.
const SHIPPED: &[u8] = include_bytes!("../../data/known-blobs.bin");

const MAGIC: &[u8] = b"palisade known blobs 1\n";

/// An id, the number of its package and that of its name.
const RECORD: usize = 24;

/// Longer lists are read so far and no further.
const LIST_AT_MOST: usize = 1_000_000;

/// Contents that are known.
#[derive(Debug, Default)]
pub struct KnownBlobs {
    origins: Vec<&'static str>,
    names: Vec<&'static str>,
    records: &'static [u8],
    more: HashMap<BlobId, (String, String)>,
}

/// What is known of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known<'t> {
    /// The file's base name where it is from.
    pub name: &'t str,
    /// The package and its version.
    pub origin: &'t str,
}

impl KnownBlobs {
    /// The table that Palisade brings.
    pub fn shipped() -> Self {
        Self::read(SHIPPED).unwrap_or_default()
    }

    fn read(bytes: &'static [u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let mut line = || {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let line = std::str::from_utf8(&rest[..end]).ok()?;
            rest = &rest[end + 1..];
            Some(line)
        };
        let mut counts = line()?.split(' ').map(str::parse::<usize>);
        let (origins, names, records) = (
            counts.next()?.ok()?,
            counts.next()?.ok()?,
            counts.next()?.ok()?,
        );
        let origins = (0..origins).map(|_| line()).collect::<Option<_>>()?;
        let names = (0..names).map(|_| line()).collect::<Option<_>>()?;
        let records = rest.get(..records.checked_mul(RECORD)?)?;
        Some(Self {
            origins,
            names,
            records,
            more: HashMap::new(),
        })
    }

    /// Adds a list of one's own: lines of an id, a file name and where it is from, with tabs
    /// between; lines that begin with `#` are not read. Gives how many were added.
    pub fn add_list(&mut self, list: &str) -> usize {
        let before = self.more.len();
        for line in list
            .lines()
            .filter(|line| !line.starts_with('#'))
            .take(LIST_AT_MOST)
        {
            let mut columns = line.split('\t');
            let id = columns.next().and_then(blob_id);
            let (Some(id), Some(name)) = (id, columns.next()) else {
                continue;
            };
            let origin = columns.next().unwrap_or("a list given").to_owned();
            self.more.insert(id, (name.to_owned(), origin));
        }
        self.more.len() - before
    }

    /// How many contents are known.
    pub fn len(&self) -> usize {
        self.records.len() / RECORD + self.more.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is known of a content.
    pub fn get(&self, blob: &BlobId) -> Option<Known<'_>> {
        let (records, _) = self.records.as_chunks::<RECORD>();
        if let Ok(at) = records.binary_search_by(|record| record[..20].cmp(blob)) {
            let record = &records[at];
            let number = |high: usize| u16::from_be_bytes([record[high], record[high + 1]]);
            return Some(Known {
                origin: self.origins.get(usize::from(number(20)))?,
                name: self.names.get(usize::from(number(22)))?,
            });
        }
        let (name, origin) = self.more.get(blob)?;
        Some(Known { name, origin })
    }

    /// Whether some known content has this base name.
    pub fn has_name(&self, name: &str) -> bool {
        // Names are sorted, for they come from an ordered set.
        self.names.binary_search(&name).is_ok()
            || self.more.values().any(|(known, _)| known == name)
    }
}

impl crate::scan::KnownBlobs for KnownBlobs {
    fn contains(&self, blob: &BlobId) -> bool {
        self.get(blob).is_some()
    }
}

/// Forty hexadecimal digits as an id.
pub(crate) fn blob_id(text: &str) -> Option<BlobId> {
    let digits = text.as_bytes();
    let mut id = [0; 20];
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    if pairs.len() != id.len() {
        return None;
    }
    for (byte, [high, low]) in id.iter_mut().zip(pairs) {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        *byte = u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?;
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_can_be_read_whole() {
        let known = KnownBlobs::shipped();
        assert!(known.len() > 10_000, "{}", known.len());
        let (records, rest) = known.records.as_chunks::<RECORD>();
        assert!(rest.is_empty());
        assert!(records.is_sorted());
        let first: BlobId = records[0][..20].try_into().unwrap();
        assert!(known.get(&first).is_some());
        assert!(known.has_name("config.guess"));
    }

    #[test]
    fn a_list_of_ones_own_adds_to_it() {
        let mut known = KnownBlobs::default();
        let id = "a4b32403007fb91857b35a64df943bf3e045f947";
        let list = format!("# id\tname\tfrom\n{id}\tx.m4\there\nbroken\tx\n");
        assert_eq!(known.add_list(&list), 1);
        let found = known.get(&blob_id(id).unwrap()).unwrap();
        assert_eq!((found.name, found.origin), ("x.m4", "here"));
        assert_eq!(known.get(&[0; 20]), None);
    }
}
