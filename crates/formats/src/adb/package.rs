//! A package of version 3: what it says of itself, then the contents of its files.

use std::io::{self, Read};

use ring::digest::{self, Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512};

use super::database::failed;
use super::files::{Directory, File};
use super::manifest::Manifest;
use super::reject;
use super::signatures::{Front, read_front};
use super::stream::{Block, BlockKind, Blocks, Schema};
use super::values::Allowance;
use crate::inventory::InventoryContext;
use crate::{Place, ReadError, Reject};

/// Receives the contents of files: the directory, the file, and its content.
///
/// The content is checked after it was received: what was made of it counts only when the package
/// could be read to its end.
pub type Contents<'c> = dyn FnMut(&Directory, &File, &mut dyn Read) -> Result<(), ReadError> + 'c;

/// Reads a package; its contents are streamed, everything in front of them is known at once.
pub struct PackageReader<'a> {
    manifest: Manifest,
    identity: [u8; 32],
    signed_by: Option<String>,
    blocks: Blocks<'a>,
    next: Option<Block>,
}

impl<'a> PackageReader<'a> {
    /// Reads what a package says of itself, and checks its signatures when keys are given.
    ///
    /// # Errors
    /// When it is no package, makes no sense, lacks a signature that the context requires, or has
    /// a bad one.
    pub fn open(
        document: &'a str,
        reader: &'a mut dyn Read,
        context: &InventoryContext<'_>,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<Self, ReadError> {
        match Blocks::open(document, reader)? {
            (Schema::Package, blocks) => Self::of(blocks, context, rejects),
            _ => Err(ReadError::malformed(document, "it is no package")),
        }
    }

    pub(super) fn of(
        mut blocks: Blocks<'a>,
        context: &InventoryContext<'_>,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<Self, ReadError> {
        let Front {
            values,
            signed_by,
            next,
        } = read_front(Schema::Package, &mut blocks, context, rejects)?;
        let document = blocks.document();
        let (manifest, mended) = Manifest::read(&values, &Allowance::of(values.len()))
            .map_err(|fault| failed(document, fault))?;
        if let Some(reason) = mended {
            let id = Some(manifest.info.name.clone());
            rejects(reject(document, Place::Whole, id, reason, true));
        }
        let mut identity = [0; 32];
        identity.copy_from_slice(digest::digest(&SHA256, &values).as_ref());
        Ok(Self {
            manifest,
            identity,
            signed_by,
            blocks,
            next,
        })
    }

    /// What the package says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The hash by which an index knows the package, whoever signed it and however compressed.
    pub fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    /// The key whose signature was found good.
    pub fn signed_by(&self) -> Option<&str> {
        self.signed_by.as_deref()
    }

    /// Hands out the content of each file that has some, in the order of the list of files, and
    /// checks it against its hash.
    ///
    /// # Errors
    /// When a content is missing, is not what the list of files says, or nothing asked for it; and
    /// when the receiver fails.
    pub fn contents(mut self, receive: &mut Contents<'_>) -> Result<Manifest, ReadError> {
        let manifest = std::mem::take(&mut self.manifest);
        for (path, directory) in manifest.directories.iter().enumerate() {
            for (place, file) in directory.files.iter().enumerate() {
                if file.content_size() > 0 {
                    self.content(directory, file, [path + 1, place + 1], receive)?;
                }
            }
        }
        match self.next {
            None => Ok(manifest),
            Some(_) => Err(self
                .blocks
                .malformed("it has a block that nothing asks for")),
        }
    }

    fn content(
        &mut self,
        directory: &Directory,
        file: &File,
        places: [usize; 2],
        receive: &mut Contents<'_>,
    ) -> Result<(), ReadError> {
        let wrong = |what: &str, blocks: &Blocks<'_>| {
            let path = directory.path_of(file);
            blocks.malformed(format!("the content of {} {what}", path.escape_ascii()))
        };
        let expected = Block {
            kind: BlockKind::Data,
            length: file.content_size().saturating_add(DATA_HEAD as u64),
        };
        if self.next != Some(expected) {
            return Err(wrong("is not where it belongs", &self.blocks));
        }
        let mut head = [0; DATA_HEAD];
        let filled = self.blocks.data().read_exact(&mut head);
        filled.map_err(|source| self.blocks.io(source))?;
        if !is_of(&head, places) {
            return Err(wrong("is another file's", &self.blocks));
        }
        let hash = file.hash.as_deref().unwrap_or_default();
        let Some(algorithm) = algorithm(hash) else {
            return Err(wrong("has no hash that is known", &self.blocks));
        };
        let mut content = Hashing {
            reader: self.blocks.data(),
            state: digest::Context::new(algorithm),
        };
        receive(directory, file, &mut content)?;
        let rest = io::copy(&mut content, &mut io::sink());
        let state = content.state;
        rest.map_err(|source| self.blocks.io(source))?;
        if state.finish().as_ref() != hash {
            return Err(wrong("is not what the list of files says", &self.blocks));
        }
        self.next = self.blocks.next()?;
        Ok(())
    }
}

/// The places of the directory and of the file, four bytes each.
pub(super) const DATA_HEAD: usize = 8;

fn is_of(head: &[u8], places: [usize; 2]) -> bool {
    let found = head
        .chunks_exact(4)
        .map(|bytes| super::stream::word(bytes) as usize);
    found.eq(places)
}

fn algorithm(hash: &[u8]) -> Option<&'static Algorithm> {
    Some(match hash.len() {
        20 => &SHA1_FOR_LEGACY_USE_ONLY,
        32 => &SHA256,
        64 => &SHA512,
        _ => return None,
    })
}

/// Hashes what is read.
struct Hashing<R> {
    reader: R,
    state: digest::Context,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.state.update(&buffer[..count]);
        Ok(count)
    }
}
