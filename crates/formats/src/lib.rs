//! Every outside format, one module each: bytes to the model and, where Palisade writes too, back.
//!
//! Readers take any [`std::io::Read`], know nothing of files, sockets or databases, stop at the
//! limits of [`limits`], and never panic. One bad record is handed over as a [`Reject`] and the
//! rest goes on; only a document that cannot be read to its end is an error as a whole.

pub mod container;
pub mod feed;
pub mod inventory;
mod json_records;
pub mod limits;
mod lines;
mod reject;
mod yaml;

pub mod adb;
pub mod apk_installed;
pub mod apk_package;
pub mod apk_repositories;
pub mod apk_signature;
pub mod apk_world;
pub mod apkbuild;
pub mod apkindex;
pub mod aports;
pub mod cpe;
pub mod cve5;
pub mod deb822;
pub mod debian_release;
pub mod dpkg;
pub mod epss;
pub mod guix_inventory;
pub mod kev;
pub mod nvd;
pub mod openpgp;
pub mod osv;
pub mod rejections;
pub mod secdb;

pub use reject::{BadRecord, Place, ReadError, Reject};
