//! How the formats behave on files, small ones of our own and real ones.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod apk_signature;
mod apkindex;
mod deb822;
mod dpkg;
mod guix_inventory;
mod shared_data;
