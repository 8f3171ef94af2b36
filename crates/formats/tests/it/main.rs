//! Behaviour of the readers, seen from outside: on small files of our own and on real ones.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod shared_data;
mod shared_vuln;
mod support;

mod adb;
mod apk_installed;
mod apk_package;
mod apk_signature;
mod apkbuild;
mod apkindex;
mod aports;
mod avg;
mod container;
mod csaf;
mod cve5;
mod cyclonedx;
mod deb822;
mod debian_release;
mod debian_tracker;
mod debsecan;
mod dpkg;
mod epss;
mod guix_data_service;
mod guix_inventory;
mod guix_packages;
mod json_records;
mod kev;
mod nix_packages;
mod nvd;
mod oci;
mod openpgp;
mod openvex;
mod osv;
mod osv_write;
mod pacman;
mod purl;
mod rejections;
mod rustsec;
mod secdb;
mod secfixes_lint;
mod spdx;
mod vex;
mod wolfi;
mod zipped;
