//! Nixpkgs' list of a channel, `packages.json`, and what `nix-env --query --available --json` prints:
//! an object with a member for each attribute.
//!
//! A channel publishes it compressed with brotli, which is seen through. The list is long, so it is
//! read as a stream. An attribute is the package, the derivation's name its source: the same
//! derivation may stand under several attributes. Which channel it is of, it does not say.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use palisade_model::{Inventory, InventoryHead, Package};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::container::{Expansion, decompress_object, read_error};
use crate::{Place, ReadError, Reject, limits};

mod names;
mod record;

/// The list of nixos-unstable has about 200 MB.
const DOCUMENT_BYTES: u64 = 512 << 20;

/// Reads an inventory.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let expansion = Expansion {
        bytes: DOCUMENT_BYTES,
        ..Expansion::default()
    };
    let object = decompress_object(expansion, document, reader)?;
    let mut reading = Reading {
        document,
        rejects,
        packages: Vec::new(),
        index: 0,
        first: None,
        full: false,
    };
    let mut json = serde_json::Deserializer::from_reader(std::io::BufReader::new(object));
    let read = Document(&mut reading).deserialize(&mut json);
    let read = read.and_then(|()| json.end());
    if reading.full {
        return Err(ReadError::too_many_packages(document));
    }
    read.map_err(|error| {
        if error.is_io() {
            read_error(document, error.into())
        } else {
            ReadError::malformed(document, format!("not a list of packages: {error}"))
        }
    })?;
    if reading.packages.is_empty() {
        return Err(ReadError::no_package(document, reading.first.as_deref()));
    }
    let head = InventoryHead {
        distribution: Some("nixpkgs".to_owned()),
        architecture: architecture(&reading.packages),
        ..InventoryHead::default()
    };
    Ok(Inventory {
        head,
        packages: reading.packages,
    })
}

fn architecture(packages: &[Package]) -> Option<String> {
    let mut named = packages.iter().filter_map(|it| it.architecture.as_deref());
    let first = named.next()?;
    named.all(|other| other == first).then(|| first.to_owned())
}

struct Reading<'d, 'r> {
    document: &'d str,
    rejects: &'r mut dyn FnMut(Reject),
    packages: Vec<Package>,
    index: u64,
    /// What is wrong with the first one that cannot be read.
    first: Option<String>,
    full: bool,
}

impl Reading<'_, '_> {
    /// Takes the value of an attribute; tells whether there is room for more.
    fn take(&mut self, attribute: &str, raw: &RawValue) -> bool {
        let place = Place::Index(self.index);
        self.index += 1;
        match record::package(attribute, raw) {
            Ok(package) => {
                self.full = self.packages.len() == limits::PACKAGES;
                if !self.full {
                    self.packages.push(package);
                }
            }
            Err(bad) => {
                let first = || format!("{place}: {}", bad.reason);
                self.first.get_or_insert_with(first);
                (self.rejects)(Reject::of(self.document, place, bad, false));
            }
        }
        !self.full
    }
}

/// The document: the attributes, or an object that has them in its member `packages`.
struct Document<'s, 'd, 'r>(&'s mut Reading<'d, 'r>);

/// The attributes.
struct Attributes<'s, 'd, 'r>(&'s mut Reading<'d, 'r>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "packages" => map.next_value_seed(Attributes(self.0))?,
                "version" => drop(map.next_value::<IgnoredAny>()?),
                attribute => take(self.0, attribute, &mut map)?,
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Attributes<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Attributes<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a member for each package")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(attribute) = map.next_key::<String>()? {
            take(self.0, &attribute, &mut map)?;
        }
        Ok(())
    }
}

fn take<'de, A: MapAccess<'de>>(
    reading: &mut Reading<'_, '_>,
    attribute: &str,
    map: &mut A,
) -> Result<(), A::Error> {
    let raw = map.next_value::<Box<RawValue>>()?;
    if reading.take(attribute, &raw) {
        Ok(())
    } else {
        Err(A::Error::custom("too many packages"))
    }
}

/// Names of members whose values say nothing, such as an object's outputs.
#[derive(Default)]
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = BTreeMap::<String, IgnoredAny>::deserialize(deserializer)?;
        Ok(Self(members.into_keys().collect()))
    }
}
