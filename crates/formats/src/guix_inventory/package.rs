//! From a line of the format to a package.

use palisade_model::{Hash, Input, InputKind, Package, Patch, SourceKind, SourceOrigin};

use super::common::Common;
use super::record::{Record, RecordHash, RecordInput, RecordPatch, Source};
use super::{properties, quoted};
use crate::{BadRecord, limits};

/// Under which name the systems for which a package is are kept among its properties. No property
/// of Guix has an underscore.
pub(super) const SYSTEMS: &str = "supported_systems";

/// Receives the identifier of a package that was mended, and what was mended.
pub(super) type Complain<'a> = &'a mut dyn FnMut(&str, String);

/// The package that a line describes, with its replacements.
pub(super) fn package(
    record: Record<'_>,
    common: &mut Common,
    complain: Complain<'_>,
) -> Result<Package, BadRecord> {
    let mut chain: Vec<Package> = Vec::new();
    let mut next = Some(record);
    while let Some(mut record) = next.take() {
        let original = chain.first().map(identifier);
        let replacement = record.replacement.take();
        let package = match (without_replacement(record, common, complain), original) {
            (Ok(package), _) => package,
            (Err(bad), None) => return Err(bad),
            (Err(bad), Some(original)) => {
                complain(
                    &original,
                    format!("a replacement was left out: {}", bad.reason),
                );
                break;
            }
        };
        // A replacement may look like what it replaces, when the two differ in what is not told
        // here; that one further down looks like one above says that they go round in a circle.
        if chain.len() >= 2 && chain.contains(&package) {
            complain(
                &identifier(&chain[0]),
                "its replacements go round in a circle".into(),
            );
            break;
        }
        chain.push(package);
        if chain.len() > limits::REPLACEMENT_DEPTH && replacement.is_some() {
            let limit = limits::REPLACEMENT_DEPTH;
            complain(
                &identifier(&chain[0]),
                format!("it has more than {limit} replacements of replacements"),
            );
            break;
        }
        next = replacement.map(|replacement| *replacement);
    }
    let folded = chain.into_iter().rev().reduce(|replacement, mut package| {
        package.replacement = Some(Box::new(replacement));
        package
    });
    folded.ok_or_else(|| BadRecord::new("it is empty"))
}

fn identifier(package: &Package) -> String {
    format!("{}@{}", package.name, package.version)
}

fn without_replacement(
    record: Record<'_>,
    common: &mut Common,
    complain: Complain<'_>,
) -> Result<Package, BadRecord> {
    let name = word(record.name).ok_or_else(|| BadRecord::new("it has no name"))?;
    let Some(version) = word(record.version) else {
        return Err(BadRecord::new("it has no version").of(name));
    };
    let id = format!("{name}@{version}");
    let complain: &mut dyn FnMut(String) = &mut |reason| complain(&id, reason);
    let mut package = Package {
        source_name: name.clone(),
        source_version: version.clone(),
        name,
        version,
        homepage: filled(record.home_page),
        synopsis: filled(record.synopsis),
        licenses: record.license.map(|list| list.0).unwrap_or_default(),
        location: filled(record.location.map(|location| location.0)),
        outputs: record.outputs.unwrap_or_default(),
        build_system: filled(record.build_system),
        hidden: record.hidden.unwrap_or(false),
        superseded: filled(record.superseded.map(|superseded| superseded.0)),
        ..Package::default()
    };
    for source in record.source.map(|list| list.0).unwrap_or_default() {
        add_source(&mut package, source, complain);
    }
    let kinds = [
        (InputKind::Host, record.inputs),
        (InputKind::Native, record.native_inputs),
        (InputKind::Propagated, record.propagated_inputs),
    ];
    for (kind, inputs) in kinds {
        let inputs = inputs.unwrap_or_default();
        package.inputs.extend(
            inputs
                .into_iter()
                .filter_map(|record| input(kind, record, complain)),
        );
    }
    let records = record.implicit_inputs.unwrap_or_default();
    common.extend(&mut package.inputs, records, complain);
    if let Some(properties) = record.properties {
        (package.hints, package.properties) = properties::read(properties, complain);
    }
    let unusual = |systems: &Vec<String>| {
        common
            .usual_systems
            .as_ref()
            .is_some_and(|it| it != systems)
    };
    if let Some(systems) = record.supported_systems.filter(unusual) {
        let systems = serde_json::Value::from(systems).to_string();
        package.properties.insert(SYSTEMS.to_owned(), systems);
    }
    Ok(package)
}

/// A name or version, unless it is missing or holds what neither has.
fn word(text: Option<String>) -> Option<String> {
    filled(text).filter(|text| !text.chars().any(|c| c.is_whitespace() || c.is_control()))
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// An input that is a package, or one that is a source: that has its file's name (or its label),
/// the commit as its version where there is one, and no output.
pub(super) fn input(
    kind: InputKind,
    record: RecordInput,
    complain: &mut dyn FnMut(String),
) -> Option<Input> {
    if let Some(name) = record.name {
        let output = record.output.unwrap_or_else(|| "out".to_owned());
        return Some(Input {
            kind,
            name,
            version: record.version.unwrap_or_default(),
            output,
        });
    }
    if record.origin.is_some() || record.source.is_some() {
        let reference = record.source.and_then(|source| {
            let revision = source.svn_revision.map(|revision| revision.0);
            source.git_ref.or(source.hg_changeset).or(revision)
        });
        let name = record.origin.or(record.label)?;
        return Some(Input {
            kind,
            name,
            version: reference.unwrap_or_default(),
            output: String::new(),
        });
    }
    if record.other.is_none() {
        let label = record.label.unwrap_or_default();
        complain(format!(
            "an input ({}) without a name was left out",
            quoted(&label)
        ));
    }
    None
}

fn add_source(package: &mut Package, source: Source, complain: &mut dyn FnMut(String)) {
    let patches = source.patches.unwrap_or_default();
    package.patches.extend(
        patches
            .into_iter()
            .filter_map(|record| patch(record, complain)),
    );
    let one = |url: Option<String>| url.into_iter().collect::<Vec<_>>();
    let (kind, urls, reference) = match source.kind.as_deref() {
        Some("url") => (
            SourceKind::Url,
            source.urls.map(|list| list.0).unwrap_or_default(),
            None,
        ),
        Some("git") => (SourceKind::Git, one(source.git_url), source.git_ref),
        Some("svn") => (
            SourceKind::Svn,
            one(source.svn_url),
            source.svn_revision.map(|revision| revision.0),
        ),
        Some("hg") => (SourceKind::Hg, one(source.hg_url), source.hg_changeset),
        Some("cvs") => (SourceKind::Cvs, one(source.cvs_root), source.cvs_revision),
        Some("bzr") => (
            SourceKind::Bzr,
            one(source.bzr_url),
            source.bzr_revision.map(|revision| revision.0),
        ),
        Some("promise" | "computed-file") => (
            SourceKind::Computed,
            source.urls.map(|list| list.0).unwrap_or_default(),
            None,
        ),
        None | Some("none") => return,
        Some(other) => {
            complain(format!(
                "its source is of the unknown type {}",
                quoted(other)
            ));
            (
                SourceKind::Computed,
                source.urls.map(|list| list.0).unwrap_or_default(),
                None,
            )
        }
    };
    package.sources.push(SourceOrigin {
        kind,
        urls,
        reference,
        file_name: filled(source.file_name),
        hash: source.hash.and_then(|record| hash(record, complain)),
        snippet: source.snippet.unwrap_or(false),
    });
}

fn hash(record: RecordHash, complain: &mut dyn FnMut(String)) -> Option<Hash> {
    let (Some(algorithm), Some(mut hex)) = (record.algorithm, record.base16) else {
        complain("a hash without algorithm or base16 was left out".into());
        return None;
    };
    let even = hex.len() % 2 == 0 && (2..=256).contains(&hex.len());
    if !even || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        complain(format!("the hash {} is not hexadecimal", quoted(&hex)));
        return None;
    }
    hex.make_ascii_lowercase();
    Some(Hash { algorithm, hex })
}

fn patch(record: RecordPatch, complain: &mut dyn FnMut(String)) -> Option<Patch> {
    let hash = record.hash.and_then(|record| hash(record, complain));
    let Some(named) = filled(record.name).or(record.url) else {
        complain("a patch without a name was left out".into());
        return None;
    };
    let name = file_name(&named).to_owned();
    let vulnerabilities = properties::identifiers(record.cves, "a patch's cves", complain);
    Some(Patch {
        name,
        hash,
        vulnerabilities,
    })
}

/// The file's name at the end of a path, of an address, or of a Scheme object that Guix printed
/// (`#<file-append … "/debian/patches/x.patch">`; the rest of it differs each time).
fn file_name(text: &str) -> &str {
    let inside = match text.strip_prefix("#<") {
        Some(object) => object.rsplit('"').nth(1).unwrap_or(text),
        None => text,
    };
    inside
        .rsplit('/')
        .find(|part| !part.is_empty())
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patchs_name_is_the_last_part_of_whatever_names_it() {
        assert_eq!(
            file_name("glibc-2.35-CVE-2023-4911.patch"),
            "glibc-2.35-CVE-2023-4911.patch"
        );
        assert_eq!(file_name("mirror://gnu/bash/bash52-001"), "bash52-001");
        assert_eq!(
            file_name("#<file-append #<origin uri: \"x\" 7f01> \"/debian/patches/1_gcc.patch\">"),
            "1_gcc.patch"
        );
        assert_eq!(file_name("#<x>"), "#<x>");
        assert_eq!(file_name("/"), "/");
    }
}
