//! Every outside format, one module each: bytes to the model and, where Palisade writes too, back.
//!
//! Readers take any [`std::io::Read`], know nothing of files, sockets or databases, stop at the
//! limits of [`limits`], and never panic. One bad record is handed over as a [`Reject`] and the
//! rest goes on; only a document that cannot be read to its end is an error as a whole.

mod apk_maintainer;
mod base64;
pub mod container;
pub mod feed;
mod handing;
mod hexadecimal;
pub mod inventory;
mod json_records;
pub mod limits;
mod lines;
mod members;
pub mod purl;
mod reject;
mod releases;
mod sbom;
mod vex;
mod words;
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
pub mod avg;
pub mod cpe;
pub mod csaf;
pub mod cve5;
pub mod cyclonedx;
pub mod deb822;
pub mod debian_release;
pub mod debian_tracker;
pub mod debsecan;
pub mod dpkg;
pub mod epss;
pub mod guix_data_service;
pub mod guix_inventory;
pub mod guix_packages;
pub mod identities;
pub mod kev;
pub mod nix_packages;
pub mod nvd;
pub mod oci;
pub mod openpgp;
pub mod openvex;
pub mod osv;
pub mod pacman;
pub mod rejections;
pub mod rustsec;
pub mod secdb;
pub mod spdx;
pub mod wolfi;

pub use reject::{BadRecord, Place, ReadError, Reject};
