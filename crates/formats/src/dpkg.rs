//! Debian's lists of packages: dpkg's status file, `Packages` and `Sources`.
//!
//! They are told apart by their fields. Of a status file only what is installed counts. Of
//! whose state a list is, is read from the packages themselves.

use std::collections::BTreeMap;
use std::io::Read;

use palisade_model::{Hash, Inventory, Package, SourceKind, SourceOrigin};
use serde_json::Value;

use crate::deb822::{Paragraph, Paragraphs};
use crate::{BadRecord, Place, ReadError, Reject, limits};

mod head;

/// Reads an inventory.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let text = crate::container::decompress(document, reader)?;
    let mut paragraphs = Paragraphs::new(document, text);
    let mut paragraph = Paragraph::default();
    let mut packages = Vec::new();
    let mut origins = head::Votes::default();
    let mut any = false;
    while paragraphs.read(&mut paragraph)? {
        let kind = Kind::of(&paragraph);
        any |= kind.is_some();
        if matches!(kind, Some(Kind::Status { installed: false })) {
            continue;
        }
        let mut reject = |line, id: Option<String>, reason, mended| {
            let (document, place) = (document.to_owned(), Place::Line(line));
            rejects(Reject {
                document,
                place,
                id,
                reason,
                mended,
            });
        };
        let name = paragraph.get("Package").filter(|name| !name.is_empty());
        for problem in paragraph.problems() {
            reject(
                problem.line,
                name.map(str::to_owned),
                problem.reason.clone(),
                kind.is_some(),
            );
        }
        let read = match kind {
            None => Err(BadRecord::new("it is no paragraph of a package")),
            Some(Kind::Source) => source(&paragraph),
            Some(Kind::Binary | Kind::Status { .. }) => binary(&paragraph),
        };
        match read {
            Ok(package) => {
                if packages.len() == limits::PACKAGES {
                    return Err(ReadError::too_many_packages(document));
                }
                origins.count(&package, paragraph.get("Origin"));
                packages.push(package);
            }
            Err(bad) => reject(paragraph.line(), bad.id, bad.reason, false),
        }
    }
    if !any {
        let reason = "it has no paragraph of a package";
        return Err(ReadError::malformed(document, reason));
    }
    Ok(Inventory {
        head: origins.head(&packages),
        packages,
    })
}

/// What a paragraph describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A package in dpkg's status file.
    Status { installed: bool },
    /// A package that a repository offers.
    Binary,
    /// A source package.
    Source,
}

impl Kind {
    fn of(paragraph: &Paragraph) -> Option<Self> {
        paragraph.get("Package")?;
        if let Some(status) = paragraph.get("Status") {
            // Wanted action, error flag, state: "hold ok installed".
            let installed = status.split_ascii_whitespace().nth(2) == Some("installed");
            return Some(Self::Status { installed });
        }
        let has = |name| paragraph.get(name).is_some();
        let source = has("Directory") && (has("Files") || has("Checksums-Sha256"));
        Some(if source && !has("Filename") {
            Self::Source
        } else {
            Self::Binary
        })
    }
}

fn binary(paragraph: &Paragraph) -> Result<Package, BadRecord> {
    let mut package = common(paragraph)?;
    if let Some(source) = text(paragraph, "Source") {
        let (name, version) = match source.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.trim_end_matches(')').trim()),
            None => (source.as_str(), ""),
        };
        name.clone_into(&mut package.source_name);
        if !version.is_empty() {
            version.clone_into(&mut package.source_version);
        }
    }
    package.architecture = text(paragraph, "Architecture");
    package.synopsis = paragraph
        .get("Description")
        .and_then(|text| text.lines().next())
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned);
    package.depends = list(paragraph, "Pre-Depends");
    package.depends.extend(list(paragraph, "Depends"));
    package.provides = list(paragraph, "Provides");
    package.checksum = text(paragraph, "SHA256");
    Ok(package)
}

fn source(paragraph: &Paragraph) -> Result<Package, BadRecord> {
    let mut package = common(paragraph)?;
    let mut properties = BTreeMap::new();
    let binaries = list(paragraph, "Binary");
    if !binaries.is_empty() {
        properties.insert("binaries".to_owned(), Value::from(binaries).to_string());
    }
    for field in paragraph.fields() {
        let name = field.name.to_ascii_lowercase().replace('-', "_");
        if name.starts_with("vcs_") || name == "extra_source_only" {
            properties.insert(name, Value::from(field.value).to_string());
        }
    }
    package.properties = properties;
    let directory = text(paragraph, "Directory").unwrap_or_default();
    let sums = paragraph.get("Checksums-Sha256").unwrap_or_default();
    package.sources = sums
        .lines()
        .filter_map(|line| file(&directory, line))
        .collect();
    Ok(package)
}

/// A line of `Checksums-Sha256`: sum, size, name.
fn file(directory: &str, line: &str) -> Option<SourceOrigin> {
    let mut words = line.split_ascii_whitespace();
    let (sum, _size, name) = (words.next()?, words.next()?, words.next()?);
    let hexadecimal = sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit());
    let hash = || Hash {
        algorithm: "sha256".to_owned(),
        hex: sum.to_ascii_lowercase(),
    };
    let url = if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    };
    Some(SourceOrigin {
        kind: SourceKind::Url,
        urls: vec![url],
        file_name: Some(name.to_owned()),
        hash: hexadecimal.then(hash),
        ..SourceOrigin::default()
    })
}

fn common(paragraph: &Paragraph) -> Result<Package, BadRecord> {
    let name = text(paragraph, "Package").ok_or_else(|| BadRecord::new("it has no name"))?;
    let Some(version) = text(paragraph, "Version") else {
        return Err(BadRecord::new("it has no version").of(name));
    };
    let is_word = |text: &str| !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if !is_word(&name) || !is_word(&version) {
        return Err(
            BadRecord::new("its name or version has blanks or control characters").of(name),
        );
    }
    Ok(Package {
        source_name: name.clone(),
        source_version: version.clone(),
        name,
        version,
        maintainer: text(paragraph, "Maintainer"),
        homepage: text(paragraph, "Homepage"),
        ..Package::default()
    })
}

fn text(paragraph: &Paragraph, name: &str) -> Option<String> {
    let value = paragraph.get(name)?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// The elements of a list with commas, each on one line.
fn list(paragraph: &Paragraph, name: &str) -> Vec<String> {
    let value = paragraph.get(name).unwrap_or_default();
    value
        .split(',')
        .map(|element| {
            element
                .split_ascii_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .filter(|element| !element.is_empty())
        .collect()
}
