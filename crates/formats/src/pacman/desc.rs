//! A `desc` file, or several one behind another.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use palisade_model::Package;
use serde_json::Value;

use crate::container::read_error;
use crate::lines::Lines;
use crate::{BadRecord, Place, ReadError, Reject, limits};

/// Fields of one package; there are about thirty.
const FIELDS: usize = 256;

/// What a package's fields may take.
const PACKAGE_BYTES: usize = 4 << 20;

/// A package as far as it was read.
#[derive(Default)]
struct Draft {
    line: u64,
    fields: BTreeMap<String, Vec<String>>,
    /// The field whose values are read.
    open: Option<String>,
    bytes: usize,
    problem: Option<&'static str>,
}

/// Appends the packages that a text describes.
pub(super) fn read(
    document: &str,
    reader: &mut dyn Read,
    packages: &mut Vec<Package>,
    rejects: &mut dyn FnMut(Reject),
) -> Result<(), ReadError> {
    let mut lines = Lines::new(BufReader::new(reader), limits::RECORD_BYTES);
    let mut draft = Draft::default();
    while let Some(line) = lines.next().map_err(|error| read_error(document, error))? {
        let text = String::from_utf8_lossy(line.bytes);
        let text = text.trim_end_matches('\r');
        let header = text
            .strip_prefix('%')
            .and_then(|text| text.strip_suffix('%'));
        let header = header.filter(|name| is_field(name));
        // A file name comes first in a repository's database, a name in a local one's.
        if let Some("FILENAME" | "NAME") = header
            && header.is_some_and(|name| draft.fields.contains_key(name))
        {
            finish(document, std::mem::take(&mut draft), packages, rejects)?;
        } else if header == Some("FILENAME") && draft.fields.contains_key("NAME") {
            finish(document, std::mem::take(&mut draft), packages, rejects)?;
        }
        if !line.terminated && !text.trim().is_empty() {
            return Err(ReadError::cut_off(document, line.number));
        }
        draft.add(line.number, header, text);
    }
    finish(document, draft, packages, rejects)
}

fn is_field(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

impl Draft {
    fn add(&mut self, line: u64, header: Option<&str>, text: &str) {
        self.bytes += text.len();
        if self.bytes > PACKAGE_BYTES {
            self.problem = Some("it is too long; the rest was passed over");
            return;
        }
        if let Some(name) = header {
            if self.line == 0 {
                self.line = line;
            }
            if self.fields.contains_key(name) {
                self.problem = Some("a field is repeated; the first one counts");
                self.open = None;
            } else if self.fields.len() < FIELDS {
                self.fields.insert(name.to_owned(), Vec::new());
                self.open = Some(name.to_owned());
            } else {
                self.open = None;
            }
            return;
        }
        if text.is_empty() {
            self.open = None;
            return;
        }
        match self
            .open
            .as_ref()
            .and_then(|name| self.fields.get_mut(name))
        {
            Some(values) => values.push(text.to_owned()),
            None if self.line == 0 => {
                self.line = line;
                self.problem = Some("a line belongs to no field and was passed over");
            }
            None => self.problem = Some("a line belongs to no field and was passed over"),
        }
    }

    fn one(&mut self, name: &str) -> Option<String> {
        let value = self.fields.remove(name)?.into_iter().next()?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn many(&mut self, name: &str) -> Vec<String> {
        self.fields.remove(name).unwrap_or_default()
    }
}

fn finish(
    document: &str,
    mut draft: Draft,
    packages: &mut Vec<Package>,
    rejects: &mut dyn FnMut(Reject),
) -> Result<(), ReadError> {
    if draft.line == 0 {
        return Ok(());
    }
    let mut reject = |line, id: Option<String>, reason: &str, mended| {
        rejects(Reject {
            document: document.to_owned(),
            place: Place::Line(line),
            id,
            reason: reason.to_owned(),
            mended,
        });
    };
    let (line, problem) = (draft.line, draft.problem);
    match package(&mut draft) {
        Ok(_) if packages.len() == limits::PACKAGES => {
            return Err(ReadError::too_many_packages(document));
        }
        Ok(package) => {
            if let Some(problem) = problem {
                reject(line, Some(package.name.clone()), problem, true);
            }
            packages.push(package);
        }
        Err(bad) => reject(line, bad.id, &bad.reason, false),
    }
    Ok(())
}

fn package(draft: &mut Draft) -> Result<Package, BadRecord> {
    let is_word = |text: &str| !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let name = draft
        .one("NAME")
        .ok_or_else(|| BadRecord::new("it has no name"))?;
    let Some(version) = draft.one("VERSION") else {
        return Err(BadRecord::new("it has no version").of(name));
    };
    if !is_word(&name) || !is_word(&version) {
        let bad = BadRecord::new("its name or version has blanks or control characters");
        return Err(bad.of(name));
    }
    let mut properties = BTreeMap::new();
    for (field, property) in [
        ("CSIZE", "size"),
        ("ISIZE", "installed_size"),
        ("SIZE", "installed_size"),
    ] {
        let number = draft.one(field).and_then(|text| text.parse::<u64>().ok());
        properties.extend(number.map(|number| (property.to_owned(), number.to_string())));
    }
    for (field, property) in [
        ("GROUPS", "groups"),
        ("REPLACES", "replaces"),
        ("CONFLICTS", "conflicts"),
    ] {
        let values = draft.many(field);
        if !values.is_empty() {
            properties.insert(property.to_owned(), Value::from(values).to_string());
        }
    }
    let packager = draft
        .one("PACKAGER")
        .filter(|text| text != "Unknown Packager");
    Ok(Package {
        source_name: draft
            .one("BASE")
            .filter(|base| is_word(base))
            .unwrap_or_else(|| name.clone()),
        source_version: version.clone(),
        name,
        version,
        architecture: draft.one("ARCH"),
        maintainer: packager,
        homepage: draft.one("URL"),
        synopsis: draft.one("DESC"),
        licenses: draft.many("LICENSE"),
        depends: draft.many("DEPENDS"),
        provides: draft.many("PROVIDES"),
        checksum: draft.one("SHA256SUM"),
        built: draft.one("BUILDDATE").and_then(|text| text.parse().ok()),
        properties,
        ..Package::default()
    })
}
