//! An inventory of Guix, written.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use palisade_model::{
    Hash, Hints, Input, InputKind, Inventory, Package, Patch, SourceKind, SourceOrigin, Timestamp,
    VulnerabilityId,
};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::control;
use super::package::SYSTEMS;
use crate::hexadecimal;
use crate::limits;

/// Writes an inventory: the header, a line for each package and for each set of implicit inputs, and
/// the trailer, each with its line feed.
///
/// What Guix does not have (a maintainer, a checksum, an architecture …) is not written.
pub fn write(inventory: &Inventory) -> impl Iterator<Item = String> + '_ {
    let head = &inventory.head;
    let header = line(&Header {
        palisade: control::HEADER,
        version: control::VERSION,
        commit: head.revision.as_deref(),
        branch: head.branch.as_deref(),
        time: head.time,
        // None is usual, so whatever a package has is told.
        supported_systems: &[],
    });
    let mut sum = Some(ring::digest::Context::new(&ring::digest::SHA256));
    let mut packages = inventory.packages.iter();
    let mut sets = Sets::default();
    let body = std::iter::from_fn(move || {
        if let Some(package) = packages.next() {
            let record = record(package, limits::REPLACEMENT_DEPTH, &mut sets);
            let lines = std::mem::take(&mut sets.new) + &line(&record);
            if let Some(sum) = &mut sum {
                sum.update(lines.as_bytes());
            }
            return Some(lines);
        }
        let sha256 = hexadecimal::encode(sum.take()?.finish().as_ref());
        let packages = inventory.packages.len();
        Some(line(&End {
            palisade: control::END,
            packages,
            sha256,
        }))
    });
    std::iter::once(header).chain(body)
}

/// The sets of implicit inputs that were written, by number.
#[derive(Default)]
struct Sets<'a> {
    known: HashMap<Vec<&'a Input>, usize>,
    /// Lines of those that have to stand before the next package.
    new: String,
}

impl<'a> Sets<'a> {
    fn number(&mut self, package: &'a Package) -> Option<usize> {
        let inputs = package.inputs.iter();
        let implicit: Vec<&Input> = inputs
            .filter(|input| input.kind == InputKind::Implicit)
            .collect();
        if implicit.is_empty() {
            return None;
        }
        let number = self.known.len();
        match self.known.entry(implicit) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(free) => {
                self.new += &line(&Set {
                    palisade: control::INPUTS,
                    number,
                    inputs: free.key().iter().map(|it| input(it)).collect(),
                });
                Some(*free.insert(number))
            }
        }
    }
}

fn line(value: &impl Serialize) -> String {
    // These types have text for keys and nothing that can fail.
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}

#[derive(Serialize)]
struct Header<'a> {
    palisade: &'static str,
    version: u64,
    commit: Option<&'a str>,
    branch: Option<&'a str>,
    time: Option<Timestamp>,
    supported_systems: &'a [String],
}

#[derive(Serialize)]
struct Set {
    palisade: &'static str,
    #[serde(rename = "set")]
    number: usize,
    inputs: Vec<Value>,
}

#[derive(Serialize)]
struct End {
    palisade: &'static str,
    packages: usize,
    sha256: String,
}

#[derive(Serialize)]
struct Record<'a> {
    name: &'a str,
    version: &'a str,
    outputs: &'a [String],
    location: Option<&'a str>,
    home_page: Option<&'a str>,
    synopsis: Option<&'a str>,
    license: &'a [String],
    build_system: Option<&'a str>,
    source: Option<Vec<Value>>,
    properties: BTreeMap<&'a str, Box<RawValue>>,
    inputs: Vec<Value>,
    native_inputs: Vec<Value>,
    propagated_inputs: Vec<Value>,
    implicit_inputs: Vec<usize>,
    supported_systems: Option<Box<RawValue>>,
    hidden: bool,
    superseded: Option<&'a str>,
    replacement: Option<Box<Record<'a>>>,
}

fn record<'a>(package: &'a Package, depth: usize, sets: &mut Sets<'a>) -> Record<'a> {
    let inputs = |kind| {
        let of_kind = package
            .inputs
            .iter()
            .filter(move |input| input.kind == kind);
        of_kind.map(input).collect()
    };
    let replacement = package.replacement.as_deref().filter(|_| depth > 0);
    Record {
        name: &package.name,
        version: &package.version,
        outputs: &package.outputs,
        location: package.location.as_deref(),
        home_page: package.homepage.as_deref(),
        synopsis: package.synopsis.as_deref(),
        license: &package.licenses,
        build_system: package.build_system.as_deref(),
        source: sources(package),
        properties: properties(package),
        inputs: inputs(InputKind::Host),
        native_inputs: inputs(InputKind::Native),
        propagated_inputs: inputs(InputKind::Propagated),
        implicit_inputs: sets.number(package).into_iter().collect(),
        supported_systems: package.properties.get(SYSTEMS).map(|json| one_line(json)),
        hidden: package.hidden,
        superseded: package.superseded.as_deref(),
        replacement: replacement.map(|it| Box::new(record(it, depth - 1, sets))),
    }
}

/// The sources; the patches stand with the first, or with a source of the type `none`.
fn sources(package: &Package) -> Option<Vec<Value>> {
    let mut sources: Vec<Map<String, Value>> = package.sources.iter().map(source).collect();
    let patches: Vec<Value> = package.patches.iter().map(patch).collect();
    if !patches.is_empty() {
        if sources.is_empty() {
            sources.push(object([("type", "none".into())]));
        }
        sources[0].insert("patches".into(), patches.into());
    }
    (!sources.is_empty()).then(|| sources.into_iter().map(Value::Object).collect())
}

fn source(source: &SourceOrigin) -> Map<String, Value> {
    let url = || source.urls.first().cloned().into();
    let reference = || source.reference.clone().into();
    let mut object = match source.kind {
        SourceKind::Url => object([("type", "url".into()), ("urls", source.urls.clone().into())]),
        SourceKind::Git => object([
            ("type", "git".into()),
            ("git_url", url()),
            ("git_ref", reference()),
        ]),
        SourceKind::Svn => object([
            ("type", "svn".into()),
            ("svn_url", url()),
            ("svn_revision", reference()),
        ]),
        SourceKind::Hg => object([
            ("type", "hg".into()),
            ("hg_url", url()),
            ("hg_changeset", reference()),
        ]),
        SourceKind::Cvs => object([
            ("type", "cvs".into()),
            ("cvs_root", url()),
            ("cvs_revision", reference()),
        ]),
        SourceKind::Bzr => object([
            ("type", "bzr".into()),
            ("bzr_url", url()),
            ("bzr_revision", reference()),
        ]),
        SourceKind::Computed => object([
            ("type", "promise".into()),
            ("urls", source.urls.clone().into()),
        ]),
        SourceKind::None => object([("type", "none".into())]),
    };
    object.insert("file_name".into(), source.file_name.clone().into());
    object.insert("hash".into(), source.hash.as_ref().map(hash).into());
    object.insert("snippet".into(), source.snippet.into());
    object
}

fn hash(hash: &Hash) -> Value {
    let Hash { algorithm, hex } = hash;
    object([
        ("algorithm", algorithm.clone().into()),
        ("base16", hex.clone().into()),
    ])
    .into()
}

fn patch(patch: &Patch) -> Value {
    let Patch {
        name,
        hash: sum,
        vulnerabilities,
    } = patch;
    if sum.is_none() && vulnerabilities.is_empty() {
        return name.clone().into();
    }
    let cves: Vec<&str> = vulnerabilities
        .iter()
        .map(VulnerabilityId::as_str)
        .collect();
    object([
        ("name", name.clone().into()),
        ("hash", sum.as_ref().map(hash).into()),
        ("cves", cves.into()),
    ])
    .into()
}

fn input(input: &Input) -> Value {
    let Input {
        kind: _,
        name,
        version,
        output,
    } = input;
    if !output.is_empty() {
        return object([
            ("name", name.clone().into()),
            ("version", version.clone().into()),
            ("output", output.clone().into()),
        ])
        .into();
    }
    let mut origin = object([("origin", name.clone().into())]);
    if !version.is_empty() {
        let source = object([("type", "git".into()), ("git_ref", version.clone().into())]);
        origin.insert("source".into(), source.into());
    }
    origin.into()
}

fn properties(package: &Package) -> BTreeMap<&str, Box<RawValue>> {
    let mut properties = BTreeMap::new();
    let own = package
        .properties
        .iter()
        .filter(|(name, _)| *name != SYSTEMS);
    for (name, json) in own {
        properties.insert(name.as_str(), one_line(json));
    }
    for (name, value) in hints(&package.hints) {
        properties.insert(name, one_line(&value.to_string()));
    }
    properties
}

fn hints(hints: &Hints) -> impl Iterator<Item = (&'static str, Value)> {
    let text = |name, value: &Option<String>| value.clone().map(|value| (name, Value::from(value)));
    let list = |name, list: Vec<String>| (!list.is_empty()).then(|| (name, Value::from(list)));
    let hidden = hints
        .hidden_vulnerabilities
        .iter()
        .map(ToString::to_string)
        .collect();
    [
        text("cpe-name", &hints.cpe_name),
        text("cpe-vendor", &hints.cpe_vendor),
        text("cpe-version", &hints.cpe_version),
        list("lint-hidden-cpe-vendors", hints.hidden_cpe_vendors.clone()),
        list("lint-hidden-cve", hidden),
        text("upstream-name", &hints.upstream_name),
        text("release-monitoring-url", &hints.release_monitoring_url),
    ]
    .into_iter()
    .flatten()
}

/// JSON text without line ends; what is no JSON is written as a text.
fn one_line(json: &str) -> Box<RawValue> {
    let compact = if json.contains(['\n', '\r']) {
        serde_json::from_str::<Value>(json)
            .map(|value| value.to_string())
            .ok()
    } else {
        Some(json.to_owned())
    };
    let raw = compact.and_then(|json| RawValue::from_string(json).ok());
    raw.unwrap_or_else(|| {
        let text = Value::from(json).to_string();
        RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
    })
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
