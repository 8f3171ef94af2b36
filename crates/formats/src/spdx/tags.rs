//! SPDX 2.2 and 2.3 as tags and values: a line each, `Tag: value`; a value between `<text>` and
//! `</text>` may go over several lines.

use super::{Bill, Described, agent, purpose};
use crate::json_records::timestamp;
use crate::lines::Lines;
use crate::sbom::{Component, said};
use crate::{Place, ReadError, limits};

const TEXT: &str = "<text>";
const END: &str = "</text>";

pub(super) fn read(
    document: &str,
    bytes: &[u8],
    bill: &mut Bill<'_, '_>,
) -> Result<Vec<Described>, ReadError> {
    let mut packages: Vec<Described> = Vec::new();
    let mut section = Section::Document;
    let (mut is_spdx, mut inside_text) = (false, false);
    let mut lines = Lines::new(bytes, limits::RECORD_BYTES);
    let failed = |source| ReadError::Io {
        document: document.to_owned(),
        source,
    };
    while let Some(line) = lines.next().map_err(failed)? {
        let text = String::from_utf8_lossy(line.bytes);
        let text = text.trim();
        if inside_text {
            inside_text = !text.contains(END);
            continue;
        }
        let Some((tag, value)) = text.split_once(':').filter(|_| !text.starts_with('#')) else {
            continue;
        };
        let value = value.trim();
        inside_text = value.contains(TEXT) && !value.contains(END);
        let value = value.trim_start_matches(TEXT).trim_end_matches(END).trim();
        match tag.trim() {
            "SPDXVersion" => is_spdx |= value.starts_with("SPDX-2."),
            "Created" => bill.about.time = timestamp(value),
            "Relationship" => relate(value, bill),
            "PackageName" => {
                section = Section::Package;
                packages.push(Described {
                    place: Place::Line(line.number),
                    purpose: String::new(),
                    component: Component {
                        name: value.to_owned(),
                        ..Component::default()
                    },
                });
            }
            "FileName" | "SnippetSPDXID" | "LicenseID" | "Annotator" | "Reviewer" => {
                section = Section::Other;
            }
            tag => {
                if let (Section::Package, Some(package)) = (section, packages.last_mut()) {
                    set(package, tag, value);
                }
            }
        }
    }
    if !is_spdx {
        return Err(ReadError::malformed(
            document,
            "it is SPDX neither as JSON, JSON-LD nor as tags and values",
        ));
    }
    Ok(packages)
}

/// To what the lines belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Document,
    Package,
    Other,
}

fn relate(value: &str, bill: &mut Bill<'_, '_>) {
    let mut words = value.split_ascii_whitespace();
    if let (Some(from), Some(kind), Some(to)) = (words.next(), words.next(), words.next()) {
        bill.relate(from, kind, to);
    }
}

fn set(package: &mut Described, tag: &str, value: &str) {
    let component = &mut package.component;
    let text = said(Some(value.to_owned()));
    match tag {
        "SPDXID" => value.clone_into(&mut component.id),
        "PackageVersion" => component.version = text,
        "PackageSupplier" => component.supplier = agent(value).or(component.supplier.take()),
        "PackageOriginator" => {
            component.supplier = component.supplier.take().or_else(|| agent(value));
        }
        "PackageDownloadLocation" => component.locate(text),
        "PackageHomePage" => component.homepage = text,
        "PackageSummary" => component.description = text,
        "PackageDescription" => component.description = component.description.take().or(text),
        "PackageLicenseDeclared" => component.licenses = text.into_iter().collect(),
        "PrimaryPackagePurpose" => package.purpose = purpose(value),
        "PackageChecksum" => {
            let pair = value.split_once(':');
            let pair = pair.map(|(algorithm, hex)| (algorithm.to_owned(), hex.trim().to_owned()));
            component.hashes.extend(pair);
        }
        "ExternalRef" => {
            let mut words = value.split_ascii_whitespace().skip(1);
            match (words.next(), words.next()) {
                (Some("purl"), Some(purl)) => component.purls.push(purl.to_owned()),
                (Some("cpe23Type" | "cpe22Type"), Some(cpe)) => component.cpes.push(cpe.to_owned()),
                _ => {}
            }
        }
        _ => {}
    }
}
