//! SPDX 2.2 and 2.3 as JSON.

use serde::Deserialize;

use super::{Bill, Described, agent, purpose};
use crate::container::Elements;
use crate::json_records::{Text, list, timestamp};
use crate::sbom::{Component, said};
use crate::{BadRecord, Place, ReadError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bom<'a> {
    #[serde(borrow, default)]
    spdx_version: Text<'a>,
    #[serde(borrow)]
    creation_info: Option<Creation<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    document_describes: Vec<Text<'a>>,
    #[serde(borrow, default)]
    packages: Elements<'a>,
    #[serde(borrow, default)]
    relationships: Elements<'a>,
}

#[derive(Deserialize)]
struct Creation<'a> {
    #[serde(borrow, default)]
    created: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship<'a> {
    #[serde(borrow, default)]
    spdx_element_id: Text<'a>,
    #[serde(borrow, rename = "relationshipType", default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    related_spdx_element: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow, rename = "SPDXID", default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version_info: Text<'a>,
    #[serde(borrow, default)]
    primary_package_purpose: Text<'a>,
    #[serde(borrow, default)]
    supplier: Text<'a>,
    #[serde(borrow, default)]
    originator: Text<'a>,
    #[serde(borrow, default)]
    download_location: Text<'a>,
    #[serde(borrow, default)]
    homepage: Text<'a>,
    #[serde(borrow, default)]
    summary: Text<'a>,
    #[serde(borrow, default)]
    description: Text<'a>,
    #[serde(borrow, default)]
    license_concluded: Text<'a>,
    #[serde(borrow, default)]
    license_declared: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    checksums: Vec<Checksum<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    external_refs: Vec<External<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum<'a> {
    #[serde(borrow, default)]
    algorithm: Text<'a>,
    #[serde(borrow, default)]
    checksum_value: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct External<'a> {
    #[serde(borrow, default)]
    reference_type: Text<'a>,
    #[serde(borrow, default)]
    reference_locator: Text<'a>,
}

pub(super) fn read(
    document: &str,
    bytes: &[u8],
    bill: &mut Bill<'_, '_>,
) -> Result<Vec<Described>, ReadError> {
    let spdx: Bom<'_> = serde_json::from_slice(bytes).map_err(|error| {
        ReadError::malformed(document, format!("not an SPDX document: {error}"))
    })?;
    if !spdx.spdx_version.starts_with("SPDX-2.") {
        return Err(ReadError::malformed(
            document,
            "it does not say that it is SPDX of version 2 or 3",
        ));
    }
    bill.about.time = spdx.creation_info.and_then(|it| timestamp(&it.created));
    let described = spdx.document_describes.iter().map(|id| id.to_string());
    bill.described.extend(described);
    for raw in spdx.relationships.0 {
        // One that cannot be read says nothing of any package.
        if let Ok(it) = serde_json::from_str::<Relationship<'_>>(raw.get()) {
            bill.relate(&it.spdx_element_id, &it.kind, &it.related_spdx_element);
        }
    }
    let mut packages = Vec::new();
    for (place, raw) in (0..).map(Place::Index).zip(spdx.packages.0) {
        match serde_json::from_str::<Record<'_>>(raw.get()) {
            Ok(record) => packages.push(described_by(place, &record)),
            Err(error) => {
                let reason = format!("not a package: {error}");
                bill.assembly.pass_over(place, BadRecord::new(reason));
            }
        }
    }
    Ok(packages)
}

fn described_by(place: Place, record: &Record<'_>) -> Described {
    let own = |text: &Text<'_>| said(Some(text.to_string()));
    let references = |kinds: &[&str]| {
        let wanted = record
            .external_refs
            .iter()
            .filter(|it| kinds.contains(&&*it.reference_type));
        wanted.map(|it| it.reference_locator.to_string()).collect()
    };
    let checksum = |it: &Checksum<'_>| (it.algorithm.to_string(), it.checksum_value.to_string());
    let mut component = Component {
        id: record.id.to_string(),
        name: record.name.trim().to_owned(),
        version: own(&record.version_info),
        purls: references(&["purl"]),
        cpes: references(&["cpe23Type", "cpe22Type"]),
        supplier: agent(&record.supplier).or_else(|| agent(&record.originator)),
        description: own(&record.summary).or_else(|| own(&record.description)),
        licenses: own(&record.license_declared)
            .or_else(|| own(&record.license_concluded))
            .into_iter()
            .collect(),
        homepage: own(&record.homepage),
        hashes: record.checksums.iter().map(checksum).collect(),
        ..Component::default()
    };
    component.locate(own(&record.download_location));
    Described {
        place,
        purpose: purpose(&record.primary_package_purpose),
        component,
    }
}
