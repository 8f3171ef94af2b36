//! Version 3 of Alpine's formats, ADB: package indexes, packages, and installed databases.
//!
//! A document is a stream of blocks, raw or compressed as a whole: one of values, then signatures
//! over it, then the contents of files. Values refer to each other by place, so that what is alike
//! is stored once; what they mean, a schema says that is not in the document (apk's manual page
//! apk-v3(5), and apk-tools 3.0.8 where it is silent).
//!
//! Traps of the format, as apk-tools writes it:
//! - arrays bear the tag of objects;
//! - a signature names its key by an identifier, never by name, and covers neither contents (the
//!   list of files has their hashes) nor compression;
//! - raw deflate has no checksum: only its own end tells that nothing is missing;
//! - a package's `hashes` in an index is the SHA-256 of its block of values, and inside the
//!   package the beginning of what that would be with zeros in this very place;
//! - in an installed database each package is a stream of blocks within a value;
//! - `apk convndx` leaves an error in place of a value that it does not accept, such as the version
//!   `0.99f7-r1`, and of a whole list of provides when the version of one is such.

use std::io::Read;

use palisade_model::Inventory;

use crate::inventory::InventoryContext;
use crate::{Place, ReadError, Reject, apkindex};

mod database;
mod dependency;
mod files;
mod info;
mod manifest;
mod package;
mod signatures;
mod stream;
mod values;
mod write;

pub use database::{Content, Database, Index, read_database};
pub use files::{Access, DeviceKind, Directory, File, Target};
pub use info::Info;
pub use manifest::{Manifest, Script};
pub use package::{Contents, PackageReader};
pub use write::{Compression, Signer, WriteError, write_index, write_package};

/// Reads an inventory: of an index, of an installed database, or of a single package.
///
/// Signatures are checked when keys are given. One that is bad is an error; one of a key that is
/// not given counts as none.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    context: &InventoryContext<'_>,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let Database { content, signed_by } = read_database(document, reader, context, rejects)?;
    let (description, packages) = match content {
        Content::Index(index) => (index.description, index.packages),
        Content::Package(manifest) => (None, vec![manifest.info]),
        Content::Installed(manifests) => {
            let infos = manifests.into_iter().map(|manifest| manifest.info);
            (None, infos.collect())
        }
    };
    let packages: Vec<_> = packages.into_iter().map(Info::into_package).collect();
    let mut head = apkindex::head(document, description.as_deref(), &packages, rejects);
    head.signed_by = signed_by;
    Ok(Inventory { head, packages })
}

/// What is said of a record, or of the whole document.
fn reject(
    document: &str,
    place: Place,
    id: Option<String>,
    reason: impl Into<String>,
    mended: bool,
) -> Reject {
    Reject {
        document: document.to_owned(),
        place,
        id,
        reason: reason.into(),
        mended,
    }
}
