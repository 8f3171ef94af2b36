//! How long work tells how far it is.

/// Receives how far work is. Called often; it must be quick.
pub trait Progress: Send + Sync {
    /// So many bytes of the input are read, of so many, and so many records seen.
    fn read(&self, done: u64, total: Option<u64>, records: u64);

    /// A step begins, such as "deriving findings".
    fn step(&self, what: &str);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn read(&self, _done: u64, _total: Option<u64>, _records: u64) {}

    fn step(&self, _what: &str) {}
}
