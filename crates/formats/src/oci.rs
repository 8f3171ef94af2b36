//! Images of containers in an archive: the OCI image layout, and what `docker save` writes.
//!
//! Layers are put on each other with their whiteouts, and of what results the lists of packages are
//! read: apk's, dpkg's with the pieces in `status.d` of images without dpkg, and pacman's local
//! database; `os-release` tells distribution and branch. What languages' own tools installed is not
//! looked for. An archive may hold its members in any order, so every member that is a layer is
//! looked through as it comes, and only those few files are kept.
//!
//! Digests are not checked. Links to lists of packages are not followed.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read};

use palisade_model::Inventory;

use crate::container::{
    Expansion, decompress_within, for_each_document, is_tar, read_error, read_whole,
};
use crate::{ReadError, Reject, limits};

mod layer;
mod lists;
mod manifest;

use layer::Layer;
use manifest::Image;

/// A manifest, an index or a configuration; most have a few KB, and registries take no larger one.
const JSON_BYTES: u64 = 4 << 20;

/// Members of an archive, most of them layers of images.
const MEMBERS: usize = 20_000;

/// Layers of one image; the most that a kernel can put on each other is about 500.
const LAYERS: usize = 1000;

/// Reads an inventory of the one image in an archive.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let archive = Archive::read(document, reader)?;
    let image = archive.image()?;
    let files = archive.put_together(&image)?;
    let found = lists::read(document, &files, rejects)?;
    let mut inventory = lists::join(found, lists::release(&files));
    let head = &mut inventory.head;
    head.repository = image.name.as_deref().and_then(crate::sbom::label);
    head.revision = Some(image.digest);
    head.time = image.created;
    head.architecture = head.architecture.take().or(image.architecture);
    Ok(inventory)
}

/// What matters of an archive's members.
struct Archive<'d> {
    document: &'d str,
    json: HashMap<String, Vec<u8>>,
    layers: HashMap<String, Layer>,
    /// Members that are links, as `docker save` once wrote for layers that are there twice.
    links: HashSet<String>,
}

impl<'d> Archive<'d> {
    fn read(document: &'d str, reader: &mut dyn Read) -> Result<Self, ReadError> {
        let mut archive = Self {
            document,
            json: HashMap::new(),
            layers: HashMap::new(),
            links: HashSet::new(),
        };
        let mut links = HashSet::new();
        let budget = Budget::default();
        for_each_document(
            document,
            reader,
            &|_| true,
            &mut |name: &str, reader: &mut dyn Read| {
                let member = name
                    .strip_prefix(document)
                    .and_then(|rest| rest.strip_prefix('!'));
                match member {
                    Some(member) => archive.member(member, name, reader, &budget),
                    None => Err(ReadError::malformed(document, "it is no archive")),
                }
            },
            &mut |reject| {
                let member = reject
                    .document
                    .strip_prefix(document)
                    .map(|it| it[1..].to_owned());
                links.extend(member);
            },
        )?;
        archive.links = links;
        Ok(archive)
    }

    /// Keeps what matters of a member: all of a JSON text, the lists of packages of a layer.
    fn member(
        &mut self,
        member: &str,
        name: &str,
        reader: &mut dyn Read,
        budget: &Budget,
    ) -> Result<(), ReadError> {
        if self.json.len() + self.layers.len() >= MEMBERS {
            return Err(ReadError::Limit {
                document: self.document.to_owned(),
                what: "its members",
                limit: MEMBERS as u64,
            });
        }
        let expansion = Expansion {
            bytes: budget.bytes.get(),
            ..Expansion::default()
        };
        let mut expanded = decompress_within(expansion, name, reader)?;
        let begins = expanded.head();
        if is_tar(begins) {
            let layer = layer::read(name, expanded, budget)?;
            self.layers.insert(member.to_owned(), layer);
        } else if begins.trim_ascii_start().starts_with(b"{")
            || begins.trim_ascii_start().starts_with(b"[")
        {
            let bytes = read_whole(name, &mut expanded, JSON_BYTES)?;
            budget.keep(name, bytes.len())?;
            self.json.insert(member.to_owned(), bytes);
        }
        Ok(())
    }

    fn image(&self) -> Result<Image, ReadError> {
        let mut images = manifest::images(&self.json)
            .map_err(|reason| ReadError::malformed(self.document, reason))?;
        match (images.len(), images.pop()) {
            (1, Some(image)) => Ok(image),
            (0, _) => Err(ReadError::malformed(self.document, "it holds no image")),
            (count, _) => Err(ReadError::malformed(
                self.document,
                format!("it holds {count} images; an inventory is of one"),
            )),
        }
    }

    /// The files that are there when all layers of an image lie on each other.
    fn put_together(mut self, image: &Image) -> Result<layer::Files, ReadError> {
        if image.layers.len() > LAYERS {
            return Err(ReadError::Limit {
                document: self.document.to_owned(),
                what: "the number of layers",
                limit: LAYERS as u64,
            });
        }
        let (mut stack, mut done) = (layer::Stack::default(), HashSet::new());
        for name in image.layers.iter().rev() {
            // What a layer has, it has already where it lies higher up once more.
            if !done.insert(name) {
                continue;
            }
            match self.layers.remove(name) {
                Some(layer) => stack.put_below(layer),
                // An empty layer has no member to be known as an archive by.
                None if self.links.contains(name) || image.may_be_empty(name) => {}
                None => {
                    return Err(ReadError::malformed(
                        self.document,
                        format!("the layer {name} is missing"),
                    ));
                }
            }
        }
        Ok(stack.files)
    }
}

/// What may still be read and kept, for all layers together.
struct Budget {
    bytes: Cell<u64>,
    kept: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            bytes: Cell::new(limits::DOCUMENT_BYTES),
            kept: Cell::new(limits::WHOLE_DOCUMENT_BYTES),
        }
    }
}

impl Budget {
    fn keep(&self, name: &str, bytes: usize) -> Result<(), ReadError> {
        match self.kept.get().checked_sub(bytes as u64) {
            Some(left) => {
                self.kept.set(left);
                Ok(())
            }
            None => Err(ReadError::Limit {
                document: name.to_owned(),
                what: "the size of its lists of packages in bytes",
                limit: limits::WHOLE_DOCUMENT_BYTES,
            }),
        }
    }
}

/// Counts what is read against the budget.
struct Counted<'b, R> {
    reader: R,
    budget: &'b Budget,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let left = self.budget.bytes.get().saturating_sub(count as u64);
        self.budget.bytes.set(left);
        Ok(count)
    }
}

fn io_error(document: &str) -> impl Fn(io::Error) -> ReadError + '_ {
    move |error| read_error(document, error)
}
