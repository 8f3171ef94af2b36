//! Bytes of one layer on their way: looked ahead at, counted, hashed, and held against the budget.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use super::magic::Format;
use crate::budget::Meter;
use crate::tree::Layer;

/// As much as is read at once.
const CHUNK: usize = 64 << 10;

/// The system could not read what was to be reviewed; whoever reads from it wraps the error so.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failed(pub(crate) io::Error);

/// What has passed of a layer.
#[derive(Clone)]
pub(super) struct Tally(Rc<Passed>);

struct Passed {
    format: Cell<&'static str>,
    size: Cell<u64>,
    digest: RefCell<Sha256>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self(Rc::new(Passed {
            format: Cell::new("file"),
            size: Cell::new(0),
            digest: RefCell::default(),
        }))
    }

    /// Says what these bytes turned out to be.
    pub(super) fn name(&self, format: Format) {
        self.0.format.set(format.name());
    }

    fn size(&self) -> u64 {
        self.0.size.get()
    }

    fn pass(&self, bytes: &[u8]) {
        self.0.size.set(self.size() + bytes.len() as u64);
        self.0.digest.borrow_mut().update(bytes);
    }

    /// Its digest and size, once all has passed.
    pub(super) fn into_layer(self) -> Layer {
        Layer {
            format: self.0.format.get(),
            sha256: self.0.digest.take().finalize().into(),
            size: self.size(),
        }
    }
}

/// A layer's bytes.
pub(crate) struct Input<'a> {
    reader: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    tally: Tally,
    /// What these bytes are decompressed from.
    source: Option<Tally>,
    meter: Rc<Meter>,
}

impl<'a> Input<'a> {
    pub(super) fn new(
        reader: Box<dyn Read + 'a>,
        tally: &Tally,
        source: Option<&Tally>,
        meter: &Rc<Meter>,
    ) -> Self {
        Self {
            reader,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            tally: tally.clone(),
            source: source.cloned(),
            meter: Rc::clone(meter),
        }
    }

    /// The next bytes without taking them: so many, or as many as there are.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.start > 0 && self.buffer.len() - self.start < count {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < count && self.refill()? > 0 {}
        let end = self.end.min(self.start + count);
        Ok(&self.buffer[self.start..end])
    }

    /// How many compressed bytes it has come of so far, if it has.
    pub(super) fn compressed(&self) -> impl Fn() -> Option<u64> + use<> {
        let source = self.source.clone();
        move || source.as_ref().map(Tally::size)
    }

    /// Reads to the end and forgets it, so that the digest is of all.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        while !self.fill_buf()?.is_empty() {
            self.start = self.end;
        }
        Ok(())
    }

    /// Reads behind what is buffered.
    fn refill(&mut self) -> io::Result<usize> {
        let count = loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.tally.pass(&self.buffer[self.end..self.end + count]);
        self.end += count;
        self.meter.clock()?;
        if let Some(source) = &self.source {
            self.meter.within_total(self.tally.size())?;
            self.meter.within_ratio(source.size(), self.tally.size())?;
        }
        Ok(count)
    }
}

impl Read for Input<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(target.len());
        target[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.refill()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }
}
