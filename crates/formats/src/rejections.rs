//! Alpine's security rejections: vulnerabilities that do not concern a package, by its maintainers.
//!
//! A YAML map of packages to lists of identifiers (the `security-rejections` repository, one file
//! for `main` and one for `community`). A file names neither branch nor version and is meant for
//! every branch, so the importer says of which one it is read. Why a vulnerability was rejected
//! stands in a comment: behind the entry, or above it, or so at the package for all its entries.
//!
//! A record has the form of [`crate::secdb`] with the version `0`, "never affected", and its
//! reason. The document is the whole of its scope: an entry that is gone was withdrawn.

mod remarks;

use std::collections::HashMap;
use std::io::Read;

use crate::container::read_whole;
use crate::feed::{FeedContext, FeedHead, FeedSink, Record};
use crate::handing::Handing;
use crate::secdb::{Fixes, Scope, is_package_name, shown};
use crate::yaml::{self, Part};
use crate::{BadRecord, Place, ReadError, apkbuild};

use remarks::Remarks;

/// The version that secdb writes where a package was never affected.
const NEVER_AFFECTED: &str = "0";

const NO_MAP: &str = "it is no map of packages";

/// Cuts a document into raw records, one for each vulnerability in each package.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    context: &FeedContext,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    let bytes = read_whole(document, reader, yaml::BYTES)?;
    let mut handing = Handing::new(document, sink);
    let text = std::str::from_utf8(&bytes).map_err(|_| handing.malformed("it is not UTF-8"))?;
    let branch = context.branch.clone();
    let branch =
        branch.ok_or_else(|| handing.malformed("it names no branch, so that must be given"))?;
    let repository = context.repository.clone().or_else(|| repository(document));
    if repository
        .as_deref()
        .is_some_and(|name| !is_package_name(name))
    {
        return Err(handing.malformed("its repository has no name that repositories have"));
    }
    let scope = Scope { branch, repository };
    let packages = packages(document, text, &mut handing)?;
    handing.begin(&FeedHead {
        scope: Some(scope.name()),
        complete: true,
        as_of: None,
    });
    for Rejected { name, fixes } in packages {
        fixes.hand_over(&scope, &name, &mut handing)?;
    }
    Ok(())
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    crate::secdb::parse(raw)
}

/// The repository that a file is named for: `main.yaml`.
fn repository(document: &str) -> Option<String> {
    let file = document.rsplit(['/', '!']).next()?;
    let name = file.split('.').next()?;
    apkbuild::is_repository(name).then(|| name.to_owned())
}

/// A package and what was rejected for it.
struct Rejected {
    name: String,
    fixes: Fixes,
}

/// The packages of a document; two entries of one name become one.
fn packages(
    document: &str,
    text: &str,
    handing: &mut Handing<'_>,
) -> Result<Vec<Rejected>, ReadError> {
    let mut reader = Reader {
        remarks: Remarks::of(text),
        packages: Vec::new(),
        by_name: HashMap::new(),
        at: At::Document,
        deeper: 0,
        any: false,
        of_package: None,
        of_line: (0, None),
        handing,
    };
    yaml::walk(document, text, &mut |line, part| reader.part(line, part))?;
    let Reader { any, packages, .. } = reader;
    if any {
        return Ok(packages);
    }
    Err(handing.malformed(NO_MAP))
}

/// Where in a document the next part stands.
#[derive(Clone, Copy)]
enum At {
    Document,
    /// Where the next key of the map should be.
    Key,
    /// Behind the name of a package with this place in the list; `None` when it was none.
    Value(Option<usize>),
    /// In a package's list.
    List(Option<usize>),
}

struct Reader<'a, 'h> {
    remarks: Remarks<'a>,
    packages: Vec<Rejected>,
    by_name: HashMap<String, usize>,
    at: At,
    /// Lists and maps that are open where none should be.
    deeper: u64,
    any: bool,
    /// What the comment at the package says.
    of_package: Option<String>,
    /// What the comment at this line says; a list may stand on one long line.
    of_line: (u64, Option<String>),
    handing: &'a mut Handing<'h>,
}

impl Reader<'_, '_> {
    fn part(&mut self, line: u64, part: Part<'_>) -> Result<(), String> {
        if self.deeper > 0 {
            match part {
                Part::List | Part::Map => self.deeper += 1,
                Part::End => self.deeper -= 1,
                Part::Scalar(_) => {}
            }
            return Ok(());
        }
        self.at = match (self.at, part) {
            (At::Document, Part::Map) => {
                self.any = true;
                At::Key
            }
            (At::Document, _) => return Err(NO_MAP.to_owned()),
            (At::Key, Part::Scalar(name)) => {
                At::Value(self.package(line, &name.unwrap_or_default()))
            }
            (At::Key, Part::End) => At::Document,
            (At::Key, _) => return Err("a list or a map stands where a name should".to_owned()),
            (At::Value(package), Part::List) => At::List(package),
            (At::List(_), Part::End) => At::Key,
            (At::Value(package), Part::Scalar(item)) => {
                if let Some(item) = item {
                    self.item(line, package, &item);
                }
                At::Key
            }
            (At::List(package), Part::Scalar(item)) => {
                self.item(line, package, &item.unwrap_or_default());
                self.at
            }
            (at, _) => {
                self.deeper = 1;
                let bad = BadRecord::new("a list or a map stands where an identifier should");
                self.handing.pass_over(Place::Line(line), bad);
                if matches!(at, At::Value(_)) {
                    At::Key
                } else {
                    at
                }
            }
        };
        Ok(())
    }

    fn package(&mut self, line: u64, name: &str) -> Option<usize> {
        if !is_package_name(name) {
            let bad = BadRecord::new("its name is not that of a package").of(shown(name));
            self.handing.pass_over(Place::Line(line), bad);
            return None;
        }
        let next = self.packages.len();
        let index = *self.by_name.entry(name.to_owned()).or_insert(next);
        if index == next {
            self.packages.push(Rejected {
                name: name.to_owned(),
                fixes: Fixes::default(),
            });
        }
        self.of_package = self.remarks.at(line);
        Some(index)
    }

    fn item(&mut self, line: u64, package: Option<usize>, item: &str) {
        let Some(index) = package else { return };
        if self.of_line.0 != line {
            self.of_line = (line, self.remarks.at(line));
        }
        let reason = self.of_line.1.as_deref().or(self.of_package.as_deref());
        let Rejected { name, fixes } = &mut self.packages[index];
        let place = Place::Line(line);
        let report = &mut self.handing.report(place);
        fixes.add_because(place, name, NEVER_AFFECTED, item, reason, report);
    }
}
