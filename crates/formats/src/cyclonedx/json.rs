//! The JSON form.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Bill, DEPTH, Described, Reference, patch};
use crate::container::Elements;
use crate::json_records::{Text, list, timestamp};
use crate::sbom::{Component, Told, said};
use crate::{BadRecord, Place, ReadError};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, rename = "bomFormat", default)]
    format: Text<'a>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    components: Option<Elements<'a>>,
    #[serde(borrow)]
    dependencies: Option<Elements<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dependency<'a> {
    #[serde(borrow, rename = "ref", default)]
    reference: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    depends_on: Vec<Text<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow)]
    component: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Text<'a>,
    #[serde(borrow, rename = "bom-ref", default)]
    reference: Text<'a>,
    #[serde(borrow, default)]
    group: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    scope: Text<'a>,
    #[serde(borrow, default)]
    purl: Text<'a>,
    #[serde(borrow, default)]
    cpe: Text<'a>,
    #[serde(borrow, default)]
    publisher: Text<'a>,
    #[serde(borrow, default)]
    author: Text<'a>,
    #[serde(borrow)]
    supplier: Option<Named<'a>>,
    #[serde(borrow, default)]
    description: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    licenses: Vec<License<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    hashes: Vec<Digest<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    external_references: Vec<External<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    properties: Vec<Property<'a>>,
    #[serde(borrow)]
    pedigree: Option<Pedigree<'a>>,
    #[serde(borrow)]
    components: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
}

#[derive(Deserialize)]
struct License<'a> {
    #[serde(borrow)]
    license: Option<LicenseName<'a>>,
    #[serde(borrow, default)]
    expression: Text<'a>,
}

#[derive(Deserialize)]
struct LicenseName<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
}

#[derive(Deserialize)]
struct Digest<'a> {
    #[serde(borrow, default)]
    alg: Text<'a>,
    #[serde(borrow, default)]
    content: Text<'a>,
}

#[derive(Deserialize)]
struct External<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    url: Text<'a>,
}

#[derive(Deserialize)]
struct Property<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    value: Text<'a>,
}

#[derive(Deserialize)]
struct Pedigree<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    patches: Vec<Patched<'a>>,
}

#[derive(Deserialize)]
struct Patched<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Text<'a>,
    #[serde(borrow)]
    diff: Option<Diff<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    resolves: Vec<Issue<'a>>,
}

#[derive(Deserialize)]
struct Diff<'a> {
    #[serde(borrow, default)]
    url: Text<'a>,
}

#[derive(Deserialize)]
struct Issue<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
}

/// Components at one level, of which some were taken.
type Level<'a> = std::vec::IntoIter<&'a RawValue>;

pub(super) fn read(document: &str, bytes: &[u8], bill: &mut Bill<'_, '_>) -> Result<(), ReadError> {
    let bom: Document<'_> = serde_json::from_slice(bytes).map_err(|error| {
        ReadError::malformed(document, format!("not a CycloneDX document: {error}"))
    })?;
    if !bom.format.eq_ignore_ascii_case("CycloneDX") {
        return Err(ReadError::malformed(
            document,
            "it does not say that it is CycloneDX",
        ));
    }
    let mut levels: Vec<Level<'_>> = Vec::new();
    levels.extend(bom.components.map(|list| list.0.into_iter()));
    if let Some(metadata) = bom.metadata {
        levels.extend(about(metadata, bill).map(|list| list.0.into_iter()));
    }
    let mut index = 0;
    while let Some(level) = levels.last_mut() {
        let Some(raw) = level.next() else {
            levels.pop();
            continue;
        };
        let place = Place::Index(index);
        index += 1;
        match component(raw) {
            Ok((described, within)) => {
                bill.take(place, described)?;
                if let Some(within) = within.filter(|list| !list.0.is_empty()) {
                    if levels.len() <= DEPTH {
                        levels.push(within.0.into_iter());
                    } else {
                        let reason = format!("components within more than {DEPTH} others");
                        bill.assembly.pass_over(place, BadRecord::new(reason));
                    }
                }
            }
            Err(error) => {
                let reason = format!("not a component: {error}");
                bill.assembly.pass_over(place, BadRecord::new(reason));
            }
        }
    }
    for raw in bom.dependencies.into_iter().flat_map(|list| list.0) {
        // One that cannot be read says nothing of any package.
        if let Ok(it) = serde_json::from_str::<Dependency<'_>>(raw.get()) {
            for on in &it.depends_on {
                bill.assembly.relate(&it.reference, Told::DependsOn, on);
            }
        }
    }
    Ok(())
}

/// Reads what is said of the whole; gives the components within what it describes.
fn about<'a>(metadata: &'a RawValue, bill: &mut Bill<'_, '_>) -> Option<Elements<'a>> {
    let read = || {
        let metadata: Metadata<'a> = serde_json::from_str(metadata.get())?;
        let described = metadata.component.map(component).transpose()?;
        Ok::<_, serde_json::Error>((timestamp(&metadata.timestamp), described))
    };
    match read() {
        Ok((time, described)) => {
            bill.about.time = time;
            let (described, within) = described?;
            bill.describe(described);
            within
        }
        Err(error) => {
            let reason = format!("its metadata cannot be read: {error}");
            bill.assembly
                .pass_over(Place::Whole, BadRecord::new(reason));
            None
        }
    }
}

fn component(raw: &RawValue) -> Result<(Described, Option<Elements<'_>>), serde_json::Error> {
    let record: Record<'_> = serde_json::from_str(raw.get())?;
    let own = |text: &Text<'_>| said(Some(text.to_string()));
    let supplier = record.supplier.as_ref().and_then(|it| own(&it.name));
    let pairs = |digest: &Digest<'_>| (digest.alg.to_string(), digest.content.to_string());
    let described = Described {
        kind: record.kind.to_string(),
        scope: record.scope.to_string(),
        component: Component {
            id: record.reference.to_string(),
            group: own(&record.group),
            name: record.name.trim().to_owned(),
            version: own(&record.version),
            purls: own(&record.purl).into_iter().collect(),
            cpes: own(&record.cpe).into_iter().collect(),
            supplier: own(&record.publisher)
                .or(supplier)
                .or_else(|| own(&record.author)),
            description: own(&record.description),
            licenses: record.licenses.iter().filter_map(license).collect(),
            hashes: record.hashes.iter().map(pairs).collect(),
            patches: record
                .pedigree
                .iter()
                .flat_map(|it| &it.patches)
                .map(patched)
                .collect(),
            ..Component::default()
        },
        references: record
            .external_references
            .iter()
            .map(|it| Reference {
                kind: it.kind.to_string(),
                url: it.url.to_string(),
            })
            .collect(),
        properties: record
            .properties
            .iter()
            .map(|it| (it.name.to_string(), it.value.to_string()))
            .collect(),
    };
    Ok((described, record.components))
}

fn license(license: &License<'_>) -> Option<String> {
    let name = license.license.as_ref();
    let texts = [
        name.map(|it| &it.id),
        name.map(|it| &it.name),
        Some(&license.expression),
    ];
    let mut texts = texts.into_iter().flatten();
    texts
        .find(|text| !text.is_empty())
        .map(|text| text.to_string())
}

fn patched(patched: &Patched<'_>) -> palisade_model::Patch {
    let url = patched.diff.as_ref().map(|diff| diff.url.to_string());
    let resolves: Vec<String> = patched
        .resolves
        .iter()
        .map(|it| it.id.to_string())
        .collect();
    patch(&patched.kind, url.as_deref().unwrap_or_default(), &resolves)
}
