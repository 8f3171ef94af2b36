//! CycloneDX bills of materials, JSON and XML, versions 1.2 to 1.7 (ECMA-424).
//!
//! Components are packages, those within components too. What the bill describes
//! (`metadata.component`) is not among them: it gives the inventory its name. Components that are
//! no software (files, data, containers, devices) are passed over in silence, as are those that
//! are said to be left out of what is delivered. Known to be lenient about: `version` may be
//! missing since 1.4, and such a component cannot be matched.

use std::io::Read;

use palisade_model::{Inventory, Patch};

use crate::container::{decompress, read_whole};
use crate::releases::Release;
use crate::sbom::{About, Assembly, Component, said};
use crate::{ReadError, Reject, limits};

mod json;
mod xml;

/// Components within components that are followed.
const DEPTH: usize = 16;

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
    };
    match bytes.trim_ascii_start().first() {
        Some(b'{') => json::read(document, &bytes, &mut bill)?,
        Some(b'<') => xml::read(document, &bytes, &mut bill)?,
        _ => return Err(ReadError::malformed(document, "it is neither JSON nor XML")),
    }
    Ok(bill.assembly.finish(&bill.about))
}

/// What has been read so far.
struct Bill<'d, 'r> {
    assembly: Assembly<'d, 'r>,
    about: About,
}

/// A component with what only CycloneDX says of it.
#[derive(Default)]
struct Described {
    /// `library`, `operating-system` …
    kind: String,
    scope: String,
    component: Component,
    references: Vec<Reference>,
    properties: Vec<(String, String)>,
}

/// An address somewhere else.
struct Reference {
    kind: String,
    url: String,
}

impl Described {
    /// The name of what the whole document describes; a path's says where a machine keeps it.
    fn subject(self) -> Option<String> {
        let is_path = self.component.name.starts_with(['/', '.']);
        said(Some(self.component.name)).filter(|_| !is_path)
    }

    /// The operating system that it is.
    fn system(&self) -> Option<Release> {
        let property = |name| self.property(name).map(str::to_owned);
        let id = property("syft:distro:id").unwrap_or_else(|| self.component.name.clone());
        let version = property("syft:distro:versionID").or_else(|| self.component.version.clone());
        Release::new(&id, version.as_deref().unwrap_or_default())
    }

    fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The component with what its references and properties say.
    fn complete(mut self) -> Component {
        let mut component = std::mem::take(&mut self.component);
        component.homepage = self
            .address("website")
            .or_else(|| self.address("distribution"));
        component.repository = self.address("vcs");
        component.download = self.address("source-distribution");
        component.source = self.source();
        if let Some(group) = said(component.group.take()) {
            let name = &component.name;
            component.name = format!("{group}/{name}");
        }
        component
    }

    fn address(&self, kind: &str) -> Option<String> {
        let found = self
            .references
            .iter()
            .find(|reference| reference.kind == kind);
        said(found.map(|reference| reference.url.clone()))
    }

    /// The source package, which Trivy and older Syft tell by properties.
    fn source(&self) -> Option<(String, Option<String>)> {
        let trivy = |name: &str| self.property(&format!("aquasecurity:trivy:{name}"));
        if let Some(name) = trivy("SrcName") {
            let version = trivy("SrcVersion").map(|version| {
                let epoch = trivy("SrcEpoch").filter(|epoch| *epoch != "0");
                let epoch = epoch.map_or(String::new(), |epoch| format!("{epoch}:"));
                let release = trivy("SrcRelease").map_or(String::new(), |it| format!("-{it}"));
                format!("{epoch}{version}{release}")
            });
            return Some((name.to_owned(), version));
        }
        let syft = self.property("syft:metadata:originPackage");
        if let Some(name) = syft.or_else(|| self.property("syft:metadata:source")) {
            let version = self
                .property("syft:metadata:sourceVersion")
                .map(str::to_owned);
            return Some((name.to_owned(), version));
        }
        None
    }
}

impl Bill<'_, '_> {
    /// Takes what the whole document describes.
    fn describe(&mut self, described: Described) {
        if described.kind == "operating-system" {
            self.about.system = described.system();
        } else {
            self.about.subject = described.subject();
        }
    }

    /// Takes a component if it is software that is delivered, or the operating system.
    fn take(&mut self, place: crate::Place, described: Described) -> Result<(), ReadError> {
        match described.kind.as_str() {
            "operating-system" => {
                self.about.system = self.about.system.take().or_else(|| described.system());
                Ok(())
            }
            "application" | "framework" | "library" | "platform" | "firmware" | "device-driver"
            | "" if described.scope != "excluded" => {
                self.assembly.take(place, described.complete())
            }
            _ => Ok(()),
        }
    }
}

/// A patch of a component's pedigree: the name of its file, or its kind, and what it resolves.
fn patch(kind: &str, url: &str, resolves: &[String]) -> Patch {
    let file = url.split(['?', '#']).next().unwrap_or_default();
    let file = file.rsplit('/').find(|part| !part.is_empty());
    Patch {
        name: file.unwrap_or(kind).to_owned(),
        hash: None,
        vulnerabilities: resolves.iter().filter_map(|id| id.parse().ok()).collect(),
    }
}
