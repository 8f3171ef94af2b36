//! SPDX 3.0 as JSON-LD: a list of elements that refer to each other by their identifiers.
//!
//! The names are those of the compact form that the standard's context gives; a document that uses
//! others would need a processor of JSON-LD, and is not read.

use std::collections::HashMap;

use serde::Deserialize;

use super::{Bill, Described, purpose};
use crate::container::Elements;
use crate::json_records::{Text, list, timestamp};
use crate::sbom::{Component, said};
use crate::{BadRecord, Place, ReadError};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, rename = "@graph")]
    graph: Elements<'a>,
}

/// What elements of all kinds that matter here have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element<'a> {
    #[serde(borrow, alias = "@type", rename = "type", default)]
    kind: Text<'a>,
    #[serde(borrow, alias = "@id", default)]
    spdx_id: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    created: Text<'a>,
    #[serde(borrow, default)]
    from: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    to: Vec<Text<'a>>,
    #[serde(borrow, default)]
    relationship_type: Text<'a>,
    #[serde(borrow, rename = "rootElement", default, deserialize_with = "list")]
    roots: Vec<Text<'a>>,
    #[serde(borrow, rename = "simplelicensing_licenseExpression", default)]
    expression: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    #[serde(borrow, rename = "software_packageVersion", default)]
    version: Text<'a>,
    #[serde(borrow, rename = "software_packageUrl", default)]
    url: Text<'a>,
    #[serde(borrow, rename = "software_primaryPurpose", default)]
    purpose: Text<'a>,
    #[serde(borrow, rename = "software_homePage", default)]
    homepage: Text<'a>,
    #[serde(borrow, rename = "software_downloadLocation", default)]
    download: Text<'a>,
    #[serde(borrow, default)]
    summary: Text<'a>,
    #[serde(borrow, default)]
    description: Text<'a>,
    #[serde(borrow, default)]
    supplied_by: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    external_identifier: Vec<Identifier<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    verified_using: Vec<Integrity<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identifier<'a> {
    #[serde(borrow, default)]
    external_identifier_type: Text<'a>,
    #[serde(borrow, default)]
    identifier: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Integrity<'a> {
    #[serde(borrow, default)]
    algorithm: Text<'a>,
    #[serde(borrow, default)]
    hash_value: Text<'a>,
}

/// Whether a JSON document is one of version 3.
pub(super) fn is_it(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Marks {
        #[serde(rename = "@graph")]
        graph: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_slice(bytes).is_ok_and(|marks: Marks| marks.graph.is_some())
}

pub(super) fn read(
    document: &str,
    bytes: &[u8],
    bill: &mut Bill<'_, '_>,
) -> Result<Vec<Described>, ReadError> {
    let spdx: Document<'_> = serde_json::from_slice(bytes).map_err(|error| {
        ReadError::malformed(document, format!("not an SPDX document: {error}"))
    })?;
    let mut agents: HashMap<String, String> = HashMap::new();
    let mut licenses = Licenses::default();
    let mut packages = Vec::new();
    let (mut is_spdx, mut is_draft) = (false, false);
    for (place, raw) in (0..).map(Place::Index).zip(spdx.graph.0) {
        // Elements of other kinds may give these words other meanings.
        let Ok(element) = serde_json::from_str::<Element<'_>>(raw.get()) else {
            continue;
        };
        match &*element.kind {
            "software_Package" => match serde_json::from_str::<Package<'_>>(raw.get()) {
                Ok(package) => {
                    let supplier = package.supplied_by.to_string();
                    packages.push((supplier, described_by(place, &element, &package)));
                }
                Err(error) => {
                    let reason = format!("not a package: {error}");
                    let bad = BadRecord::new(reason).of(element.name.to_string());
                    bill.assembly.pass_over(place, bad);
                }
            },
            "Organization" | "Person" | "Agent" | "SoftwareAgent" => {
                agents.insert(element.spdx_id.to_string(), element.name.to_string());
            }
            "CreationInfo" => {
                bill.about.time = bill.about.time.or_else(|| timestamp(&element.created));
            }
            "SpdxDocument" | "software_Sbom" => {
                is_spdx = true;
                let roots = element.roots.iter().map(|id| id.to_string());
                bill.described.extend(roots);
            }
            "simplelicensing_LicenseExpression" => {
                let expression = element.expression.to_string();
                licenses
                    .texts
                    .insert(element.spdx_id.to_string(), expression);
            }
            "Relationship" | "LifecycleScopedRelationship" => {
                for to in &element.to {
                    bill.relate(&element.from, &element.relationship_type, to);
                    licenses.relate(&element.from, &element.relationship_type, to);
                }
            }
            "Package" | "software:Package" | "core:Package" => is_draft = true,
            _ => {}
        }
    }
    if is_draft && packages.is_empty() {
        return Err(ReadError::malformed(
            document,
            "its packages are called as in a draft of version 3, or in another context than the standard's",
        ));
    }
    if !is_spdx && packages.is_empty() {
        return Err(ReadError::malformed(
            document,
            "it holds neither an SPDX document nor packages",
        ));
    }
    let named = packages.into_iter().map(|(supplier, mut described)| {
        described.component.supplier = said(agents.get(&supplier).cloned());
        described.component.licenses = licenses.of(&described.component.id);
        described
    });
    Ok(named.collect())
}

/// The addresses of the licences on SPDX's own list.
const LISTED: &str = "https://spdx.org/licenses/";

/// Which licences packages have, by identifiers.
#[derive(Default)]
struct Licenses {
    texts: HashMap<String, String>,
    declared: HashMap<String, Vec<String>>,
    concluded: HashMap<String, Vec<String>>,
}

impl Licenses {
    /// Notes what a relationship says.
    fn relate(&mut self, package: &str, kind: &str, license: &str) {
        let known = match kind {
            "hasDeclaredLicense" => &mut self.declared,
            "hasConcludedLicense" => &mut self.concluded,
            _ => return,
        };
        let of = known.entry(package.to_owned()).or_default();
        of.push(license.to_owned());
    }

    /// What a package declares, else what somebody found.
    fn of(&self, package: &str) -> Vec<String> {
        let texts = |known: &HashMap<String, Vec<String>>| -> Vec<String> {
            let ids = known.get(package).into_iter().flatten();
            ids.filter_map(|id| self.text(id)).collect()
        };
        let declared = texts(&self.declared);
        if declared.is_empty() {
            return texts(&self.concluded);
        }
        declared
    }

    fn text(&self, id: &str) -> Option<String> {
        let text = self.texts.get(id).map(String::as_str);
        said(text.or_else(|| id.strip_prefix(LISTED)).map(str::to_owned))
    }
}

fn described_by(place: Place, element: &Element<'_>, package: &Package<'_>) -> Described {
    let own = |text: &Text<'_>| said(Some(text.to_string()));
    let identifiers = |kinds: &'static [&'static str]| {
        let wanted = package
            .external_identifier
            .iter()
            .filter(|it| kinds.contains(&&*it.external_identifier_type));
        wanted.map(|it| it.identifier.to_string())
    };
    let hash = |it: &Integrity<'_>| (it.algorithm.to_string(), it.hash_value.to_string());
    let mut component = Component {
        id: element.spdx_id.to_string(),
        name: element.name.trim().to_owned(),
        version: own(&package.version),
        purls: own(&package.url)
            .into_iter()
            .chain(identifiers(&["packageUrl", "purl"]))
            .collect(),
        cpes: identifiers(&["cpe23", "cpe22"]).collect(),
        description: own(&package.summary).or_else(|| own(&package.description)),
        homepage: own(&package.homepage),
        hashes: package.verified_using.iter().map(hash).collect(),
        ..Component::default()
    };
    component.locate(own(&package.download));
    Described {
        place,
        purpose: purpose(&package.purpose),
        component,
    }
}
