//! Indexes and packages, written as apk writes them, to be read by apk and by this crate.

use std::io::{self, Write};

use ring::digest::{SHA256, digest};

use super::database::Index;
use super::files::{Directory, File};
use super::info::Info;
use super::manifest::{Manifest, Script};
use super::package::DATA_HEAD;
use super::signatures::{head, message};
use super::stream::{ALIGNMENT, Schema};
use crate::apk_signature::KeyId;

mod records;
mod values;

use records::Records;

/// How a document is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    None,
    /// With deflate, which apk uses unless it is told otherwise.
    #[default]
    Deflate,
    /// With zstd of this level. Alpine's own apk is built without it.
    Zstd(u8),
}

/// Signs for the owner of a key, who keeps it.
pub struct Signer<'a> {
    /// The key's identifier.
    pub id: KeyId,
    /// Signs a message with SHA-512: by PKCS #1 version 1.5, or by ECDSA in DER.
    pub sign: &'a dyn Fn(&[u8]) -> Option<Vec<u8>>,
}

/// Why something cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A dependency is none.
    #[error("write the dependency {0:?}, which is none")]
    Dependency(String),
    /// The values are larger than places can tell.
    #[error("write more values than the format can hold")]
    TooLarge,
    /// There are not as many contents as files that have one.
    #[error("write contents that are not one for each file")]
    Contents,
    /// A key's owner did not sign.
    #[error("sign")]
    Unsigned,
    /// The compression failed.
    #[error("compress")]
    Compression(#[from] io::Error),
}

/// Writes an index; its packages are sorted, as apk expects.
///
/// # Errors
/// As [`WriteError`] tells.
pub fn write_index(
    index: &Index,
    signers: &[Signer<'_>],
    compression: Compression,
) -> Result<Vec<u8>, WriteError> {
    let mut packages: Vec<&Info> = index.packages.iter().collect();
    packages.sort_by(|one, other| records::order(one, other));
    let mut records = Records::default();
    let values = [
        records.text(index.description.as_deref())?,
        records.infos(&packages)?,
        records.text(index.file_names.as_deref())?,
    ];
    let root = records.values.object(&values)?;
    let values = records.values.finish(root);
    let mut out = Blocks::begin(Schema::Index, &values, signers)?;
    out.compress(compression)
}

/// Writes a package. Its identity, and hashes and sizes of the files that have a content, are put
/// in; the contents are those of all other files than links and devices, in their order. apk has
/// directories and files sorted by name.
///
/// # Errors
/// As [`WriteError`] tells.
pub fn write_package(
    manifest: &Manifest,
    contents: &[&[u8]],
    signers: &[Signer<'_>],
    compression: Compression,
) -> Result<Vec<u8>, WriteError> {
    let mut manifest = manifest.clone();
    fill_in(&mut manifest.directories, contents)?;
    let values = package_values(&manifest)?;
    let mut out = Blocks::begin(Schema::Package, &values, signers)?;
    let mut contents = contents.iter();
    for (path, directory) in manifest.directories.iter().enumerate() {
        for (place, file) in directory.files.iter().enumerate() {
            let content = file.target.is_none().then(|| contents.next()).flatten();
            if let Some(content) = content.filter(|content| !content.is_empty()) {
                let mut head = [0; DATA_HEAD];
                head[..4].copy_from_slice(&number(path + 1)?.to_le_bytes());
                head[4..].copy_from_slice(&number(place + 1)?.to_le_bytes());
                out.block(2, &[&head, content]);
            }
        }
    }
    out.compress(compression)
}

/// Puts sizes and hashes of the contents in.
fn fill_in(directories: &mut [Directory], contents: &[&[u8]]) -> Result<(), WriteError> {
    let mut contents = contents.iter();
    let files = directories.iter_mut().flat_map(|it| &mut it.files);
    for file in files.filter(|file| file.target.is_none()) {
        let content = contents.next().ok_or(WriteError::Contents)?;
        file.size = Some(content.len() as u64);
        file.hash = Some(digest(&SHA256, content).as_ref().to_vec());
    }
    match contents.next() {
        None => Ok(()),
        Some(_) => Err(WriteError::Contents),
    }
}

/// The values of a package, with its identity: the beginning of their own hash.
fn package_values(manifest: &Manifest) -> Result<Vec<u8>, WriteError> {
    const IDENTITY: u8 = 20;
    let mut records = Records::default();
    let (identity, place) = records.values.room(IDENTITY)?;
    let values = [
        records.info(&manifest.info, identity)?,
        records.directories(&manifest.directories)?,
        records.scripts(&manifest.scripts)?,
        records.triggers(&manifest.triggers)?,
        records.number(manifest.replaces_priority)?,
    ];
    let root = records.values.object(&values)?;
    let mut values = records.values.finish(root);
    let hash = digest(&SHA256, &values);
    let identity = &mut values[place..place + usize::from(IDENTITY)];
    identity.copy_from_slice(&hash.as_ref()[..usize::from(IDENTITY)]);
    Ok(values)
}

fn number(place: usize) -> Result<u32, WriteError> {
    u32::try_from(place).map_err(|_| WriteError::TooLarge)
}

/// A stream of blocks as it grows.
struct Blocks(Vec<u8>);

impl Blocks {
    fn begin(schema: Schema, values: &[u8], signers: &[Signer<'_>]) -> Result<Self, WriteError> {
        let mut blocks = Self([*b"ADB.", schema.magic()].concat());
        blocks.block(0, &[values]);
        for signer in signers {
            let head = head(&signer.id);
            let signature = (signer.sign)(&message(schema, &head, values));
            blocks.block(1, &[&head, &signature.ok_or(WriteError::Unsigned)?]);
        }
        Ok(blocks)
    }

    fn block(&mut self, kind: u32, parts: &[&[u8]]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let size = u32::try_from(length + 4).ok();
        if let Some(size) = size.filter(|size| size >> 30 == 0) {
            self.0.extend((kind << 30 | size).to_le_bytes());
        } else {
            self.0.extend((3 << 30 | kind).to_le_bytes());
            self.0.extend([0; 4]);
            self.0.extend((length as u64 + 16).to_le_bytes());
        }
        self.0.extend(parts.iter().copied().flatten());
        self.0
            .resize(self.0.len().next_multiple_of(ALIGNMENT.into()), 0);
    }

    fn compress(&mut self, compression: Compression) -> Result<Vec<u8>, WriteError> {
        let raw = std::mem::take(&mut self.0);
        match compression {
            Compression::None => Ok(raw),
            Compression::Deflate => {
                let out = b"ADBd".to_vec();
                let mut encoder =
                    flate2::write::DeflateEncoder::new(out, flate2::Compression::default());
                encoder.write_all(&raw)?;
                Ok(encoder.finish()?)
            }
            Compression::Zstd(level) => {
                let mut out = b"ADBc\x02".to_vec();
                out.push(level);
                zstd::stream::copy_encode(&raw[..], &mut out, level.into())?;
                Ok(out)
            }
        }
    }
}
