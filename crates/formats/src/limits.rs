//! How much a reader takes before it gives up, so that hostile input costs little.

/// The decompressed size of one document, in bytes.
pub const DOCUMENT_BYTES: u64 = 16 << 30;

/// The size of one record, in bytes. The largest of NVD's is under 3 MB.
pub const RECORD_BYTES: usize = 32 << 20;

/// The size of a document that has to be held in memory as a whole, in bytes.
pub const WHOLE_DOCUMENT_BYTES: u64 = 256 << 20;

/// Records in one document.
pub const RECORDS: u64 = 20_000_000;

/// Members of one archive.
pub const MEMBERS: u64 = 5_000_000;

/// Packages in one inventory.
pub const PACKAGES: usize = 2_000_000;

/// Implicit inputs in one inventory of Guix: a set of them is written out for each package that names
/// it. A revision of 2026 has 800,000.
pub const IMPLICIT_INPUTS: usize = 4_000_000;

/// The window that a zstd frame may ask for, as a power of two: 128 MiB, as `zstd --long=27` does.
pub const ZSTD_WINDOW_LOG: u32 = 27;

/// Replacements of replacements that are followed.
pub const REPLACEMENT_DEPTH: usize = 8;

/// What the values of a database may amount to when each is written out, in bytes: many of them may
/// share one place.
pub const EXPANDED_BYTES: u64 = 1 << 30;
