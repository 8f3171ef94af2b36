//! Documents of each schema, read whole.

use std::io::Read;

use super::info::{Info, Mended};
use super::manifest::Manifest;
use super::package::PackageReader;
use super::reject;
use super::signatures::{Front, read_front};
use super::stream::{BlockKind, Blocks, Schema};
use super::values::{Allowance, Fault, Slots, Value, Values};
use crate::inventory::InventoryContext;
use crate::{Place, ReadError, Reject, limits};

/// A document with the name of the key that has signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// What it holds.
    pub content: Content,
    /// The key whose signature was found good.
    pub signed_by: Option<String>,
}

/// What a document holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An index of packages.
    Index(Index),
    /// A package, whose contents were all found to be what it says.
    Package(Box<Manifest>),
    /// The packages that are installed.
    Installed(Vec<Manifest>),
}

/// An index of packages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// What it is an index of, in its maker's words.
    pub description: Option<String>,
    /// The packages.
    pub packages: Vec<Info>,
    /// How the name of a package's file is made: `${name}-${version}.apk`.
    pub file_names: Option<String>,
}

/// Reads a document of any schema.
///
/// A package that makes no sense, in an index or an installed database, is passed over.
///
/// # Errors
/// When it cannot be read to its end, lacks a signature that the context requires, or has a bad
/// one.
pub fn read_database(
    document: &str,
    reader: &mut dyn Read,
    context: &InventoryContext<'_>,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Database, ReadError> {
    let (schema, mut blocks) = Blocks::open(document, reader)?;
    if schema == Schema::Package {
        let package = PackageReader::of(blocks, context, rejects)?;
        let signed_by = package.signed_by().map(str::to_owned);
        let manifest = package.contents(&mut |_, _, _| Ok(()))?;
        return Ok(Database {
            content: Content::Package(Box::new(manifest)),
            signed_by,
        });
    }
    let front = read_front(schema, &mut blocks, context, rejects)?;
    if front.next.is_some() {
        return Err(ReadError::malformed(
            document,
            "it has contents, which only packages have",
        ));
    }
    let Front {
        values, signed_by, ..
    } = front;
    let allowance = Allowance::of(values.len());
    let mut records = Records { document, rejects };
    let read = Values::open(&values, &allowance)
        .map_err(|fault| records.failed(fault))
        .and_then(|(values, root)| match schema {
            Schema::Index => records.index(&values, root).map(Content::Index),
            _ => records.installed(&values, root).map(Content::Installed),
        });
    read.map(|content| Database { content, signed_by })
}

/// Reads records, and passes over those that make no sense.
struct Records<'d, 'r> {
    document: &'d str,
    rejects: &'r mut dyn FnMut(Reject),
}

impl Records<'_, '_> {
    fn index(&mut self, values: &Values<'_>, root: Value) -> Result<Index, ReadError> {
        let failed = |fault| self.failed(fault);
        let slots = values.slots(root).map_err(failed)?;
        let text = |place| {
            let blob = values.blob(slots.get(place)).map_err(failed)?;
            Ok(blob.map(|blob| String::from_utf8_lossy(blob).into_owned()))
        };
        let (description, file_names) = (text(1)?, text(3)?);
        let packages = values.slots(slots.get(2)).map_err(failed)?;
        Ok(Index {
            description,
            packages: self.each(
                values,
                packages,
                |value| Info::read(values, value),
                |value| name(values, value),
            )?,
            file_names,
        })
    }

    fn installed(&mut self, values: &Values<'_>, root: Value) -> Result<Vec<Manifest>, ReadError> {
        let slots = values
            .slots(root)
            .and_then(|slots| values.slots(slots.get(1)));
        let slots = slots.map_err(|fault| self.failed(fault))?;
        let read = |value| {
            let blob = values.blob(value)?;
            let blob = blob.ok_or(Fault::Broken("it is empty"))?;
            Manifest::read(&nested(blob)?, values.allowance())
        };
        self.each(values, slots, read, |_| None)
    }

    fn each<T>(
        &mut self,
        values: &Values<'_>,
        slots: Slots<'_>,
        read: impl Fn(Value) -> Result<(T, Mended), Fault>,
        name: impl Fn(Value) -> Option<String>,
    ) -> Result<Vec<T>, ReadError> {
        if slots.len() > limits::PACKAGES {
            return Err(ReadError::too_many_packages(self.document));
        }
        let mut records = Vec::new();
        for (place, value) in slots.iter().enumerate() {
            let size = size_of::<T>() + size_of::<palisade_model::Package>();
            match values.take(size).and_then(|()| read(value)) {
                Ok((record, mended)) => {
                    if let Some(reason) = mended {
                        self.reject(place, name(value), reason, true);
                    }
                    records.push(record);
                }
                Err(Fault::TooMuch) => return Err(self.failed(Fault::TooMuch)),
                Err(Fault::Broken(reason)) => self.reject(place, name(value), reason, false),
            }
        }
        Ok(records)
    }

    fn reject(&mut self, place: usize, id: Option<String>, reason: &str, mended: bool) {
        let place = Place::Index(place as u64);
        (self.rejects)(reject(self.document, place, id, reason, mended));
    }

    fn failed(&self, fault: Fault) -> ReadError {
        failed(self.document, fault)
    }
}

/// The name of a package in an index, as far as it can be read.
fn name(values: &Values<'_>, value: Value) -> Option<String> {
    let name = values.slots(value).ok()?.get(1);
    let name = values.blob(name).ok()??;
    Some(String::from_utf8_lossy(name).into_owned())
}

/// What a fault means for the document as a whole.
pub(super) fn failed(document: &str, fault: Fault) -> ReadError {
    match fault {
        Fault::Broken(reason) => ReadError::malformed(document, reason),
        Fault::TooMuch => ReadError::Limit {
            document: document.to_owned(),
            what: "the size of its values, each written out",
            limit: limits::EXPANDED_BYTES,
        },
    }
}

/// The values of a stream of blocks that is itself a value.
fn nested(blob: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut blocks = Blocks::within("", blob);
    let first = blocks.next().ok().flatten();
    first
        .filter(|block| block.kind == BlockKind::Values)
        .and_then(|_| blocks.payload(limits::WHOLE_DOCUMENT_BYTES).ok())
        .ok_or(Fault::Broken("it does not begin with its values"))
}
