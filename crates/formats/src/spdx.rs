//! SPDX bills of materials: 2.2 and 2.3 as JSON and as tags and values, 3.0 as JSON-LD.
//!
//! Packages are packages, but for those whose purpose is another: files, containers, devices,
//! operating systems; and for what the document describes when nothing but its name is told of it.
//! `GENERATED_FROM` and `GENERATES` between packages tell the source of a binary package.

use std::collections::HashSet;
use std::io::Read;

use palisade_model::Inventory;

use crate::container::{decompress, read_whole};
use crate::releases::Release;
use crate::sbom::{About, Assembly, Component, Told, said};
use crate::{Place, ReadError, Reject, limits};

mod json2;
mod json3;
mod tags;

/// Reads an inventory.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let mut expanded = decompress(document, reader)?;
    let bytes = read_whole(document, &mut expanded, limits::WHOLE_DOCUMENT_BYTES)?;
    let mut bill = Bill {
        assembly: Assembly::new(document, rejects),
        about: About::default(),
        described: HashSet::new(),
    };
    let packages = match bytes.trim_ascii_start().first() {
        Some(b'{') if json3::is_it(&bytes) => json3::read(document, &bytes, &mut bill)?,
        Some(b'{') => json2::read(document, &bytes, &mut bill)?,
        _ => tags::read(document, &bytes, &mut bill)?,
    };
    for package in packages {
        bill.take(package)?;
    }
    Ok(bill.assembly.finish(&bill.about))
}

/// What has been read so far.
struct Bill<'d, 'r> {
    assembly: Assembly<'d, 'r>,
    about: About,
    /// What the document describes.
    described: HashSet<String>,
}

/// A package with what only SPDX says of it.
struct Described {
    place: Place,
    /// In small letters and without `_` and `-`.
    purpose: String,
    component: Component,
}

/// A purpose in the one spelling of all versions.
fn purpose(text: &str) -> String {
    text.to_ascii_lowercase().replace(['_', '-'], "")
}

/// A person or organisation without the word for which of the two it is.
fn agent(text: &str) -> Option<String> {
    let text = text.trim();
    let name = ["Person:", "Organization:", "Tool:"]
        .into_iter()
        .find_map(|kind| text.strip_prefix(kind));
    said(Some(name.unwrap_or(text).to_owned()))
}

impl Bill<'_, '_> {
    /// Notes what a relationship between two elements says.
    fn relate(&mut self, from: &str, kind: &str, to: &str) {
        match purpose(kind).as_str() {
            "describes" => {
                self.described.insert(to.to_owned());
            }
            "describedby" => {
                self.described.insert(from.to_owned());
            }
            "generatedfrom" => self.assembly.relate(from, Told::GeneratedFrom, to),
            "generates" => self.assembly.relate(to, Told::Generates, from),
            _ => {}
        }
    }

    fn take(&mut self, described: Described) -> Result<(), ReadError> {
        let Described {
            place,
            purpose,
            component,
        } = described;
        let is_described = self.described.contains(&component.id);
        let bare = component.purls.is_empty() && component.version.is_none();
        let is_path = component.name.starts_with(['/', '.']);
        if purpose == "operatingsystem" {
            let version = component.version.as_deref().unwrap_or_default();
            let system = Release::new(&component.name, version);
            self.about.system = self.about.system.take().or(system);
        } else if is_described && self.about.subject.is_none() && !is_path {
            self.about.subject = said(Some(component.name.clone()));
        }
        let is_software = matches!(
            purpose.as_str(),
            "" | "application"
                | "archive"
                | "executable"
                | "firmware"
                | "framework"
                | "install"
                | "library"
                | "module"
                | "other"
                | "patch"
                | "platform"
                | "source"
                | "devicedriver"
        );
        if is_software && !(is_described && bare) {
            self.assembly.take(place, component)?;
        }
        Ok(())
    }
}
