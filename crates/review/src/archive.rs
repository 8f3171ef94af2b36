//! Archives and compressed files, read as streams: nothing is written, no link is followed.
//!
//! What a thing is, its first bytes say, never its name. Each layer is hashed while it passes, each
//! byte is accounted for, and what is odd is a signal of the tree instead of an error.

mod audit;
mod decode;
mod input;
mod magic;
mod tape;
mod zip;

use std::collections::HashMap;
use std::io::{self, Read};
use std::rc::Rc;

use bstr::{BString, ByteSlice};

use crate::budget::Meter;
use crate::odd;
use crate::signal::{Severity, Signal};
use crate::tree::{Content, File, Kind, Layer};

pub(crate) use input::Failed;
pub(crate) use input::Input;
use input::Tally;
use magic::Format;

/// What is gathered while containers are read.
pub(crate) struct Gather {
    pub(crate) meter: Rc<Meter>,
    pub(crate) files: Vec<File>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) commit: Option<String>,
    pub(crate) signals: Vec<Signal>,
    /// How often each rule was told of archives within, by its severity there.
    told: HashMap<(&'static str, Severity), usize>,
}

impl Gather {
    pub(crate) fn new(meter: Rc<Meter>) -> Self {
        Self {
            meter,
            files: Vec::new(),
            layers: Vec::new(),
            commit: None,
            signals: Vec::new(),
            told: HashMap::new(),
        }
    }

    /// Reads whatever the bytes are; `name` is what a file is called that is no archive.
    pub(crate) fn open(&mut self, name: &[u8], reader: Box<dyn Read + '_>) -> io::Result<()> {
        let mut tallies = Vec::new();
        let result = self.unwrap_layers(name, reader, &mut tallies);
        self.layers = tallies.into_iter().map(Tally::into_layer).collect();
        self.finish(b"", result)
    }

    /// The same for sources without a file of their own, where whatever fails is damage.
    pub(crate) fn end_here(&mut self, result: io::Result<()>) {
        if let Some(stop) = self.meter.take_stop() {
            self.meter.report(stop.rule(), b"", b"", "");
        } else if let Err(error) = result {
            self.meter
                .report(&odd::TRUNCATED, b"", b"", &error.to_string());
        }
        self.signals.append(&mut self.meter.take_signals());
    }

    /// A reading that ended early is a finding; only what the system could not read is an error.
    fn finish(&mut self, path: &[u8], result: io::Result<()>) -> io::Result<()> {
        if let Some(stop) = self.meter.take_stop() {
            self.meter.report(stop.rule(), path, b"", "");
        } else if let Err(error) = result {
            if error
                .get_ref()
                .is_some_and(<dyn std::error::Error + Send + Sync>::is::<Failed>)
            {
                return Err(error);
            }
            self.meter
                .report(&odd::TRUNCATED, path, b"", &error.to_string());
        }
        self.signals.append(&mut self.meter.take_signals());
        Ok(())
    }

    fn unwrap_layers<'a>(
        &mut self,
        name: &[u8],
        reader: Box<dyn Read + 'a>,
        tallies: &mut Vec<Tally>,
    ) -> io::Result<()> {
        let mut name = name.to_vec();
        let tally = Tally::new();
        let mut input = Input::new(reader, &tally, None, &self.meter);
        tallies.push(tally);
        loop {
            let format = magic::format(input.peek(magic::WINDOW)?);
            let tally = tallies.last().expect("the first one was pushed").clone();
            tally.name(format);
            let Some(codec) = format.codec() else {
                return self.contents(format, &name, input, b"");
            };
            if tallies.len() > self.meter.budget.depth {
                self.meter
                    .report(&odd::TOO_DEEP, b"", b"", "compressed again and again");
                return input.drain();
            }
            name = magic::uncompressed_name(&name);
            let next = Tally::new();
            let decoder = decode::Decoder::new(codec, input, Rc::clone(&self.meter), Vec::new());
            input = Input::new(Box::new(decoder), &next, Some(&tally), &self.meter);
            tallies.push(next);
        }
    }

    /// Reads what no compression is around any more; names go below `prefix`.
    fn contents(
        &mut self,
        format: Format,
        name: &[u8],
        mut input: Input<'_>,
        prefix: &[u8],
    ) -> io::Result<()> {
        match format {
            Format::Tar => tape::read(self, input, prefix),
            Format::Zip => {
                let bytes = self.all_of(&mut input, prefix)?;
                zip::read(self, &bytes, prefix)
            }
            _ => {
                let path = [prefix, name].concat();
                let bytes = self.all_of(&mut input, &path)?;
                self.file(&path, Kind::Regular, 0o644, &bytes, true)
            }
        }
    }

    /// Everything that is left, within the limit of one file.
    fn all_of(&self, input: &mut Input<'_>, path: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = self.meter.budget.file;
        input.take(limit).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == limit && !input.peek(1)?.is_empty() {
            self.meter
                .report(&odd::TOO_LARGE, path, b"", "one file alone is");
            input.drain()?;
        }
        Ok(bytes)
    }

    /// Keeps an entry, and looks into it where it is an archive itself and `nested` allows it.
    pub(crate) fn file(
        &mut self,
        path: &[u8],
        kind: Kind,
        mode: u32,
        bytes: &[u8],
        nested: bool,
    ) -> io::Result<()> {
        self.meter.entry()?;
        // Names count too: an archive in archives repeats them for each of its members.
        self.meter.keep(bytes.len() + path.len())?;
        let content = match kind {
            Kind::Regular => Content::of(bytes),
            _ => Content::default(),
        };
        self.files.push(File {
            path: BString::from(path),
            kind,
            mode: mode & 0o7777,
            content,
        });
        if nested && !bytes.is_empty() {
            self.nested(path, bytes)?;
        }
        Ok(())
    }

    /// Reads an archive that is a member of another one.
    fn nested(&mut self, path: &[u8], bytes: &[u8]) -> io::Result<()> {
        let format = magic::format(&bytes[..bytes.len().min(magic::WINDOW)]);
        if format == Format::Plain {
            return Ok(());
        }
        let depth = path.find_iter("!/").count() + 1;
        if depth >= self.meter.budget.depth {
            self.meter
                .report(&odd::TOO_DEEP, path, b"", "archives in archives");
            return Ok(());
        }
        let before = self.meter.take_signals();
        self.signals.extend(before);
        let first = self.signals.len();
        let result = self.nested_layers(format, path, bytes);
        let over = self.meter.is_over();
        if over {
            return result;
        }
        self.finish(path, result)?;
        lower(path, &mut self.signals[first..]);
        self.limit_signals(first);
        Ok(())
    }

    /// Tells each rule often enough, however many archives within there are to tell it of.
    fn limit_signals(&mut self, first: usize) {
        let new = self.signals.split_off(first).into_iter().filter(|signal| {
            let told = self.told.entry((signal.rule, signal.severity)).or_default();
            *told += 1;
            *told <= odd::OF_ONE_RULE
        });
        self.signals.extend(new);
    }

    fn nested_layers(&mut self, format: Format, path: &[u8], bytes: &[u8]) -> io::Result<()> {
        let prefix = [path, b"!/"].concat();
        let base = path.rsplit_str("/").next().unwrap_or(path).to_vec();
        let tally = Tally::new();
        let input = Input::new(Box::new(bytes), &tally, None, &self.meter);
        let Some(codec) = format.codec() else {
            return self.contents(format, &base, input, &prefix);
        };
        let name = magic::uncompressed_name(&base);
        let next = Tally::new();
        let decoder = decode::Decoder::new(codec, input, Rc::clone(&self.meter), path.to_vec());
        let mut input = Input::new(Box::new(decoder), &next, Some(&tally), &self.meter);
        match magic::format(input.peek(magic::WINDOW)?) {
            inner @ (Format::Tar | Format::Zip) => self.contents(inner, &name, input, &prefix),
            // A compression within a compression is opened when its file is kept.
            _ => self.contents(Format::Plain, &name, input, &prefix),
        }
    }
}

/// A member's name without what means nothing in it; none of the folder that all members are in.
fn plain_name(name: &[u8]) -> Option<Vec<u8>> {
    let parts = name
        .split_str("/")
        .filter(|part| !matches!(*part, b"" | b"."));
    let plain = bstr::join("/", parts);
    match (plain.is_empty(), name.starts_with(b"/")) {
        (true, _) => None,
        (false, true) => Some([b"/", &plain[..]].concat()),
        (false, false) => Some(plain),
    }
}

/// An archive inside is an object of tests as often as not: its oddities ask for less, and those of
/// one that lies among tests for nothing.
fn lower(path: &[u8], signals: &mut [Signal]) {
    let tested = [&b"test"[..], b"fixture", b"corpus", b"fuzz"];
    let is_tested = tested.iter().any(|word| path.contains_str(word));
    for signal in signals {
        signal.severity = match signal.severity {
            Severity::Critical if !is_tested => Severity::Warning,
            _ => Severity::Note,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn dots_and_doubled_slashes_mean_nothing() {
        for (name, plain) in [
            ("./a/b", Some("a/b")),
            ("a//b/./c/", Some("a/b/c")),
            ("../a", Some("../a")),
            ("//etc/a", Some("/etc/a")),
            ("./", None),
            ("/", None),
        ] {
            let plain = plain.map(|plain| plain.as_bytes().to_vec());
            assert_eq!(plain_name(name.as_bytes()), plain, "{name}");
        }
    }
}
