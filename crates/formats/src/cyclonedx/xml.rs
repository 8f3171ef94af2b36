//! The XML form: the same members, lists wrapped in an element of their own.
//!
//! Entities other than XML's five are not resolved, nor is anything outside the document.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{Bill, DEPTH, Described, Reference, patch};
use crate::json_records::timestamp;
use crate::sbom::{Told, said};
use crate::{BadRecord, Place, ReadError};

/// Elements within elements; components within components need three for each level.
const ELEMENTS: usize = 64;

/// Text of one element that is kept.
const TEXT_BYTES: usize = 64 << 10;

/// Elements that hold components that are none of the bill's, or nothing of interest.
const SKIPPED: [&str; 12] = [
    "ancestors",
    "annotations",
    "compositions",
    "declarations",
    "definitions",
    "descendants",
    "evidence",
    "formulation",
    "services",
    "tools",
    "variants",
    "vulnerabilities",
];

/// An element that is open.
struct Element {
    name: String,
    /// Its attribute `type`, `alg` or `name`; of a dependency `ref`.
    attribute: String,
}

struct Walk<'b, 'd, 'r> {
    bill: &'b mut Bill<'d, 'r>,
    path: Vec<Element>,
    /// Components that are open, with their places.
    open: Vec<(Place, Described)>,
    /// The text of the innermost element.
    text: String,
    /// The diff's address and the issues of the patch that is open.
    patch: (String, Vec<String>),
    index: u64,
}

pub(super) fn read(document: &str, bytes: &[u8], bill: &mut Bill<'_, '_>) -> Result<(), ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        ReadError::malformed(document, "it is not UTF-8; other encodings are not read")
    })?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut walk = Walk {
        bill,
        path: Vec::new(),
        open: Vec::new(),
        text: String::new(),
        patch: (String::new(), Vec::new()),
        index: 0,
    };
    let mut is_bom = false;
    loop {
        let at = reader.buffer_position();
        let failed = |error: quick_xml::Error| {
            ReadError::malformed(document, format!("at byte {at}: {error}"))
        };
        match reader.read_event().map_err(failed)? {
            Event::Start(start) if walk.path.is_empty() => {
                if !is_cyclonedx(&start) {
                    return Err(ReadError::malformed(
                        document,
                        "it does not say that it is CycloneDX",
                    ));
                }
                is_bom = true;
                walk.start(&start);
            }
            Event::Start(start) if SKIPPED.contains(&start.local_name().as_ref()) => {
                reader.read_to_end(start.name()).map_err(failed)?;
            }
            Event::Start(_) if walk.path.len() >= ELEMENTS => {
                return Err(ReadError::malformed(
                    document,
                    format!("at byte {at}: it is nested too deeply"),
                ));
            }
            Event::Start(start) => walk.start(&start),
            Event::End(_) => walk.end()?,
            Event::Text(text) => walk.add(&text.xml10_content()),
            Event::CData(text) => walk.add(&text.xml10_content()),
            Event::GeneralRef(reference) => walk.add(resolved(&reference).as_deref().unwrap_or("")),
            Event::Eof => break,
            Event::Comment(_)
            | Event::Decl(_)
            | Event::DocType(_)
            | Event::Empty(_)
            | Event::PI(_) => {}
        }
    }
    if !is_bom || !walk.path.is_empty() {
        return Err(ReadError::malformed(
            document,
            "it ends before its last element does",
        ));
    }
    Ok(())
}

fn is_cyclonedx(start: &BytesStart<'_>) -> bool {
    let namespace = |name: &str, value: &str| {
        (name == "xmlns" || name.starts_with("xmlns:"))
            && value.contains("cyclonedx.org/schema/bom")
    };
    let mut attributes = start.attributes();
    // Looking for a second one of each name takes the square of their number.
    let mut attributes = attributes.with_checks(false).flatten();
    start.local_name().as_ref() == "bom"
        && attributes.any(|it| namespace(it.key.as_ref(), &it.value))
}

fn resolved(reference: &BytesRef<'_>) -> Option<String> {
    if reference.is_char_ref() {
        return Some(reference.resolve_char_ref().ok()??.to_string());
    }
    resolve_xml_entity(&reference.xml10_content()).map(str::to_owned)
}

impl Walk<'_, '_, '_> {
    fn add(&mut self, text: &str) {
        let room = TEXT_BYTES.saturating_sub(self.text.len());
        let end = text.floor_char_boundary(room.min(text.len()));
        self.text.push_str(&text[..end]);
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        self.text.clear();
        let (mut attribute, mut reference) = (String::new(), String::new());
        for found in start.attributes().with_checks(false).flatten() {
            let Ok(value) = found.normalized_value(XmlVersion::Implicit1_0) else {
                continue;
            };
            match found.key.as_ref() {
                "type" | "alg" | "name" => attribute = value.into_owned(),
                "bom-ref" | "ref" => reference = value.into_owned(),
                _ => {}
            }
        }
        let name = start.local_name().as_ref().to_owned();
        match name.as_str() {
            "component" => {
                let place = Place::Index(self.index);
                self.index += 1;
                let mut described = Described {
                    kind: attribute.clone(),
                    ..Described::default()
                };
                described.component.id = reference;
                self.open.push((place, described));
            }
            "patch" => self.patch = (String::new(), Vec::new()),
            "dependency" => {
                if let Some(package) = self.path.last().filter(|it| it.name == "dependency") {
                    let relations = &mut self.bill.assembly;
                    relations.relate(&package.attribute, Told::DependsOn, &reference);
                }
                attribute = reference;
            }
            _ => {}
        }
        self.path.push(Element { name, attribute });
    }

    fn end(&mut self) -> Result<(), ReadError> {
        let Some(element) = self.path.pop() else {
            return Ok(());
        };
        let text = said(Some(std::mem::take(&mut self.text)));
        if element.name == "component" {
            return self.component();
        }
        let parent = self.path.last().map_or("", |parent| parent.name.as_str());
        let above = self
            .path
            .len()
            .checked_sub(2)
            .map(|at| self.path[at].name.as_str());
        let Some((_, described)) = self.open.last_mut() else {
            if (parent, element.name.as_str()) == ("metadata", "timestamp") {
                self.bill.about.time = text.as_deref().and_then(timestamp);
            }
            return Ok(());
        };
        let component = &mut described.component;
        match (parent, element.name.as_str()) {
            ("component", "name") => component.name = text.unwrap_or_default(),
            ("component", "version") => component.version = text,
            ("component", "group") => component.group = text,
            ("component", "publisher") => component.supplier = text,
            ("component", "author") => component.supplier = component.supplier.take().or(text),
            ("supplier", "name") if above == Some("component") => {
                component.supplier = component.supplier.take().or(text);
            }
            ("component", "description") => component.description = text,
            ("component", "scope") => described.scope = text.unwrap_or_default(),
            ("component", "purl") => component.purls.extend(text),
            ("component", "cpe") => component.cpes.extend(text),
            ("license", "id" | "name") | ("licenses", "expression") => {
                component.licenses.extend(text);
            }
            ("hashes", "hash") if above == Some("component") => {
                component
                    .hashes
                    .extend(text.map(|text| (element.attribute, text)));
            }
            ("reference", "url") => {
                let kind = self.path.last().map(|it| it.attribute.clone());
                let kind = kind.unwrap_or_default();
                described
                    .references
                    .extend(text.map(|url| Reference { kind, url }));
            }
            ("properties", "property") if above == Some("component") => {
                described
                    .properties
                    .extend(text.map(|text| (element.attribute, text)));
            }
            ("diff", "url") => self.patch.0 = text.unwrap_or_default(),
            ("issue", "id") => self.patch.1.extend(text),
            ("patches", "patch") => {
                let (url, resolves) = std::mem::take(&mut self.patch);
                component
                    .patches
                    .push(patch(&element.attribute, &url, &resolves));
            }
            _ => {}
        }
        Ok(())
    }

    fn component(&mut self) -> Result<(), ReadError> {
        let Some((place, described)) = self.open.pop() else {
            return Ok(());
        };
        let names: Vec<&str> = self.path.iter().map(|it| it.name.as_str()).collect();
        if names == ["bom", "metadata"] {
            self.bill.describe(described);
            return Ok(());
        }
        if self.open.len() > DEPTH {
            let reason = format!("components within more than {DEPTH} others");
            self.bill.assembly.pass_over(place, BadRecord::new(reason));
            return Ok(());
        }
        self.bill.take(place, described)
    }
}
