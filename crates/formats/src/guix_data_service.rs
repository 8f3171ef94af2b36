//! Lists of packages from a Guix Data Service: `/revision/COMMIT/packages.json` and
//! `/repository/ID/branch/NAME/latest-processed-revision/packages.json`.
//!
//! The service answers with pages of 100 unless it is asked for `all_results=on`, and with names
//! alone unless it is asked for `field=version`. Pages of one revision may stand one behind another
//! in a file; pages of two revisions are an error. It knows nothing of sources, patches, grafts or
//! properties.

use std::collections::HashSet;
use std::io::Read;

use palisade_model::{Inventory, InventoryHead, Package};
use serde::Deserialize;

use crate::container::{Elements, decompress, read_whole};
use crate::json_records::{Text, list};
use crate::sbom::said;
use crate::{BadRecord, Place, ReadError, Reject, limits};

/// How many packages the service puts on a page unless it is told.
const PAGE: usize = 100;

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    revision: Option<Revision<'a>>,
    #[serde(borrow)]
    packages: Option<Elements<'a>>,
    #[serde(borrow, default)]
    error: Text<'a>,
}

#[derive(Deserialize)]
struct Revision<'a> {
    #[serde(borrow, default)]
    commit: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Record<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow)]
    synopsis: Option<Rendered<'a>>,
    #[serde(borrow, default)]
    home_page: Text<'a>,
    #[serde(borrow)]
    location: Option<Location<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    licenses: Vec<License<'a>>,
}

/// A text in several forms.
#[derive(Deserialize)]
struct Rendered<'a> {
    #[serde(borrow, default)]
    plain: Text<'a>,
    #[serde(borrow, default)]
    source: Text<'a>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow, default)]
    file: Text<'a>,
    /// Numbers, as its database's client hands them on: in texts.
    #[serde(borrow, default)]
    line: Text<'a>,
    #[serde(borrow, default)]
    column: Text<'a>,
}

#[derive(Deserialize)]
struct License<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
}

/// Reads an inventory.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let mut expanded = decompress(document, reader)?;
    let bytes = read_whole(document, &mut expanded, limits::WHOLE_DOCUMENT_BYTES)?;
    let mut reading = Reading {
        document,
        rejects,
        commit: None,
        packages: Vec::new(),
        known: HashSet::new(),
        index: 0,
        first: None,
    };
    let mut pages = 0;
    for page in serde_json::Deserializer::from_slice(&bytes).into_iter::<Page<'_>>() {
        let page = page.map_err(|error| reading.malformed(format!("not a page: {error}")))?;
        pages += 1;
        reading.page(page)?;
    }
    if reading.packages.is_empty() {
        return Err(ReadError::no_package(document, reading.first.as_deref()));
    }
    if pages == 1 && reading.index == PAGE as u64 {
        let reason = "it may be one page of many: ask for all_results=on, or put all pages one \
                      behind another";
        reading.reject(Place::Whole, BadRecord::new(reason), true);
    }
    let head = InventoryHead {
        distribution: Some("guix".to_owned()),
        revision: reading.commit,
        ..InventoryHead::default()
    };
    Ok(Inventory {
        head,
        packages: reading.packages,
    })
}

struct Reading<'d, 'r> {
    document: &'d str,
    rejects: &'r mut dyn FnMut(Reject),
    commit: Option<String>,
    packages: Vec<Package>,
    /// Pages that were asked for at different times may overlap.
    known: HashSet<(String, String, Option<String>)>,
    index: u64,
    /// What is wrong with the first one that cannot be read.
    first: Option<String>,
}

impl Reading<'_, '_> {
    fn page(&mut self, page: Page<'_>) -> Result<(), ReadError> {
        let Some(packages) = page.packages else {
            let reason = match &*page.error {
                "" => "it has no packages".to_owned(),
                error => format!("the service answered: {error}"),
            };
            return Err(self.malformed(reason));
        };
        let commit = page
            .revision
            .and_then(|it| said(Some(it.commit.to_string())));
        let commit = commit.filter(|commit| {
            (7..=64).contains(&commit.len()) && commit.bytes().all(|b| b.is_ascii_hexdigit())
        });
        match (&self.commit, commit) {
            (Some(known), Some(commit)) if *known != commit => {
                return Err(self.malformed(format!("it has pages of {known} and of {commit}")));
            }
            (None, commit) => self.commit = commit,
            (Some(_), _) => {}
        }
        for raw in packages.0 {
            let place = Place::Index(self.index);
            self.index += 1;
            let record = serde_json::from_str::<Record<'_>>(raw.get());
            let record = record.map_err(|error| BadRecord::new(format!("not a package: {error}")));
            match record.and_then(|record| package(&record)) {
                Ok(package) => self.add(package)?,
                Err(bad) => self.reject(place, bad, false),
            }
        }
        Ok(())
    }

    fn add(&mut self, package: Package) -> Result<(), ReadError> {
        let Package {
            name,
            version,
            location,
            ..
        } = &package;
        if !self
            .known
            .insert((name.clone(), version.clone(), location.clone()))
        {
            return Ok(());
        }
        if self.packages.len() == limits::PACKAGES {
            return Err(ReadError::too_many_packages(self.document));
        }
        self.packages.push(package);
        Ok(())
    }

    fn reject(&mut self, place: Place, bad: BadRecord, mended: bool) {
        if !mended {
            let first = || format!("{place}: {}", bad.reason);
            self.first.get_or_insert_with(first);
        }
        (self.rejects)(Reject::of(self.document, place, bad, mended));
    }

    fn malformed(&self, reason: impl Into<String>) -> ReadError {
        ReadError::malformed(self.document, reason)
    }
}

fn package(record: &Record<'_>) -> Result<Package, BadRecord> {
    let own = |text: &Text<'_>| said(Some(text.to_string()));
    let word = |text: &Text<'_>| {
        own(text).filter(|text| !text.contains(|c: char| c.is_whitespace() || c.is_control()))
    };
    let name = word(&record.name).ok_or_else(|| BadRecord::new("it has no name"))?;
    let Some(version) = word(&record.version) else {
        let reason = "it has no version; the service gives it for field=version";
        return Err(BadRecord::new(reason).of(name));
    };
    let synopsis = record.synopsis.as_ref();
    let location = record.location.as_ref().and_then(|location| {
        let file = own(&location.file)?;
        Some(match (&*location.line, &*location.column) {
            ("", _) => file,
            (line, "") => format!("{file}:{line}:0"),
            (line, column) => format!("{file}:{line}:{column}"),
        })
    });
    Ok(Package {
        source_name: name.clone(),
        source_version: version.clone(),
        name,
        version,
        homepage: own(&record.home_page),
        synopsis: synopsis.and_then(|it| own(&it.plain).or_else(|| own(&it.source))),
        licenses: record
            .licenses
            .iter()
            .filter_map(|it| own(&it.name))
            .collect(),
        location,
        ..Package::default()
    })
}
