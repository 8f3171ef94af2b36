//! Palisade's own format for Guix: every package of a revision, one JSON object a line.
//!
//! `docs/guix-inventory.md` describes it. A file may begin with a header, and then has to end
//! with a trailer that agrees with what was read; one without is taken as it is.

use std::io::Read;

use palisade_model::{Inventory, InventoryHead, Package};

use crate::lines::{Line, Lines};
use crate::{Place, ReadError, Reject, hexadecimal, limits};

mod common;
mod control;
mod package;
mod properties;
mod record;
mod shared;
mod write;

use control::Control;
pub use properties::{is_known, misspelt};
pub(crate) use record::OneOrMany;
pub use write::write;

/// Reads an inventory.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let text = crate::container::decompress(document, reader)?;
    let mut lines = Lines::new(text, limits::RECORD_BYTES);
    let mut reading = Reading::new(document, rejects);
    while let Some(line) = lines.next().map_err(|source| ReadError::Io {
        document: document.to_owned(),
        source,
    })? {
        reading.line(&line)?;
    }
    reading.finish()
}

/// What the first line of an inventory says, if it is a header.
pub fn head(line: &[u8]) -> Option<InventoryHead> {
    match Control::parse(line) {
        Some(Ok(Control::Header(head, _))) => Some(head),
        _ => None,
    }
}

struct Reading<'d, 'r> {
    document: &'d str,
    rejects: &'r mut dyn FnMut(Reject),
    head: InventoryHead,
    packages: Vec<Package>,
    /// Lines that should be packages, whether they could be read or not.
    lines: u64,
    common: common::Common,
    /// The sum over the package lines, when there is a header and so a trailer to compare with.
    sum: Option<ring::digest::Context>,
    ended: bool,
}

impl<'d, 'r> Reading<'d, 'r> {
    fn new(document: &'d str, rejects: &'r mut dyn FnMut(Reject)) -> Self {
        let head = InventoryHead {
            distribution: Some("guix".to_owned()),
            revision: commit_in_name(document).map(str::to_owned),
            ..InventoryHead::default()
        };
        let (packages, lines, sum, ended) = (Vec::new(), 0, None, false);
        let common = common::Common::default();
        Self {
            document,
            rejects,
            head,
            packages,
            lines,
            common,
            sum,
            ended,
        }
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), ReadError> {
        if self.ended && !line.bytes.trim_ascii().is_empty() {
            return Err(self.malformed(format!("line {} stands behind the end", line.number)));
        }
        match Control::parse(line.bytes) {
            None => self.package_line(line),
            Some(Err(reason)) => Err(self.malformed(format!("line {}: {reason}", line.number))),
            Some(Ok(control)) => self.control(line, control),
        }
    }

    fn control(&mut self, line: &Line<'_>, control: Control) -> Result<(), ReadError> {
        match control {
            Control::Header(head, usual_systems) if self.lines == 0 && self.sum.is_none() => {
                self.sum = Some(ring::digest::Context::new(&ring::digest::SHA256));
                self.head.revision = head.revision.or(self.head.revision.take());
                self.head.branch = head.branch;
                self.head.time = head.time;
                self.common.usual_systems = usual_systems;
                Ok(())
            }
            Control::Header(..) => {
                Err(self.malformed(format!("a header out of place in line {}", line.number)))
            }
            Control::Inputs { set, inputs } => {
                self.sum(line);
                let known = self.common.add(set, inputs);
                known.map_err(|reason| self.malformed(format!("line {}: {reason}", line.number)))
            }
            Control::Error(unevaluated) => {
                self.sum(line);
                (self.rejects)(Reject {
                    document: self.document.to_owned(),
                    place: Place::Line(line.number),
                    id: unevaluated.id(),
                    reason: unevaluated.reason(),
                    mended: unevaluated.kept,
                });
                Ok(())
            }
            Control::End { packages, sha256 } => self.end(packages, &sha256),
        }
    }

    fn package_line(&mut self, line: &Line<'_>) -> Result<(), ReadError> {
        self.sum(line);
        if line.bytes.trim_ascii().is_empty() {
            return Ok(());
        }
        self.package(line)
    }

    /// Adds a line to the sum that the trailer tells.
    fn sum(&mut self, line: &Line<'_>) {
        let Some(sum) = &mut self.sum else { return };
        sum.update(line.bytes);
        if line.terminated {
            sum.update(b"\n");
        }
    }

    fn package(&mut self, line: &Line<'_>) -> Result<(), ReadError> {
        self.lines += 1;
        if self.packages.len() == limits::PACKAGES {
            return Err(ReadError::too_many_packages(self.document));
        }
        let document = self.document;
        let rejects = &mut *self.rejects;
        let mut reject = |id: Option<String>, reason: String, mended: bool| {
            let place = Place::Line(line.number);
            rejects(Reject {
                document: document.to_owned(),
                place,
                id,
                reason,
                mended,
            });
        };
        if line.cut {
            let limit = limits::RECORD_BYTES;
            reject(
                None,
                format!("the line is longer than {limit} bytes"),
                false,
            );
            return Ok(());
        }
        let record: record::Record<'_> = match serde_json::from_slice(line.bytes) {
            Ok(record) => record,
            Err(error) if error.is_eof() && !line.terminated => {
                return Err(self.malformed(format!("it is cut off in line {}", line.number)));
            }
            Err(error) => {
                reject(
                    record::name(line.bytes),
                    format!("not a package: {error}"),
                    false,
                );
                return Ok(());
            }
        };
        let complain = &mut |id: &str, reason| reject(Some(id.to_owned()), reason, true);
        match package::package(record, &mut self.common, complain) {
            Ok(package) => self.packages.push(package),
            Err(bad) => reject(bad.id, bad.reason, false),
        }
        if self.common.are_too_many() {
            let limit = limits::IMPLICIT_INPUTS;
            return Err(self.malformed(format!("it has more than {limit} implicit inputs")));
        }
        Ok(())
    }

    fn end(&mut self, packages: u64, sha256: &str) -> Result<(), ReadError> {
        self.ended = true;
        let Some(sum) = self.sum.take() else {
            return Err(self.malformed("it has a trailer but no header"));
        };
        if packages != self.lines {
            let lines = self.lines;
            return Err(self.malformed(format!(
                "the trailer says {packages} packages, but there are {lines}"
            )));
        }
        let found = hexadecimal::encode(sum.finish().as_ref());
        if !found.eq_ignore_ascii_case(sha256) {
            return Err(self.malformed("the trailer's checksum is not that of the packages"));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Inventory, ReadError> {
        if self.sum.is_some() {
            return Err(self.malformed("it is cut off: it has a header but no trailer"));
        }
        if self.packages.is_empty() && (!self.ended || self.lines > 0) {
            return Err(self.malformed("it holds no package"));
        }
        shared::mark(&mut self.packages);
        Ok(Inventory {
            head: self.head,
            packages: self.packages,
        })
    }

    fn malformed(&self, reason: impl Into<String>) -> ReadError {
        ReadError::malformed(self.document, reason)
    }
}

/// The commit in the name of a file such as `packages-d659fe8666c4.jsonl.zst`.
fn commit_in_name(document: &str) -> Option<&str> {
    let name = document.rsplit(['/', '\\', '!']).next()?;
    let (commit, _) = name.strip_prefix("packages-")?.split_once(".jsonl")?;
    let hexadecimal = commit
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    ((7..=64).contains(&commit.len()) && hexadecimal).then_some(commit)
}

/// The beginning of a text from outside, quoted, for a message.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(80) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?} …", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commit_is_read_from_a_files_name_only_if_it_is_one() {
        assert_eq!(
            commit_in_name("/a/packages-d659fe8666c4.jsonl.zst"),
            Some("d659fe8666c4")
        );
        assert_eq!(
            commit_in_name("packages-d659fe8666c4.jsonl"),
            Some("d659fe8666c4")
        );
        assert_eq!(commit_in_name("packages-today.jsonl"), None);
        assert_eq!(commit_in_name("packages-.jsonl"), None);
        assert_eq!(commit_in_name("d659fe8666c4.jsonl"), None);
    }
}
