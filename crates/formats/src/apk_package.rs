//! One package of Alpine, of version 2: a `.apk` file (apk-v2(5)).
//!
//! Three gzip members with a tar archive each stand one behind the other: signatures, which may be
//! missing; the control segment with `.PKGINFO` and scripts; the data. A signature covers the raw
//! bytes of the control segment, whose SHA-1 is the package's identity in an index (`C:Q1…`), and
//! that names the SHA-256 of the data's raw bytes. Data are digested and never unpacked. Packages
//! of version 3 (ADB) are not read here.

use std::collections::BTreeMap;
use std::io::{self, Read};

use palisade_model::Package;
use ring::digest::{Context, Digest, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde_json::Value;

use crate::apkindex::archive::{Member, check, members, signatures};
use crate::container::read_error;
use crate::inventory::InventoryContext;
use crate::{ReadError, Reject, apk_maintainer, base64, hexadecimal};

/// How far into a file the control segment may reach, and how large it may become.
const CONTROL_BYTES: u64 = 16 << 20;

/// The longest `.PKGINFO` that is read.
const INFO_BYTES: usize = 4 << 20;

/// A package and what vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApkPackage {
    /// What `.PKGINFO` says; the checksum is the package's identity in an index.
    pub package: Package,
    /// The key whose signature over the control segment was checked and found good.
    pub signed_by: Option<String>,
    /// Whether the data are those that the control segment names; nothing where it names none.
    pub data_intact: Option<bool>,
}

/// Reads a package. Signatures are checked when keys are given.
///
/// # Errors
/// When it is no such package, is damaged or ends too early, has a bad signature of a key that is
/// given, or lacks a signature that is required.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    context: &InventoryContext<'_>,
    rejects: &mut dyn FnMut(Reject),
) -> Result<ApkPackage, ReadError> {
    let mut start = Vec::new();
    (&mut *reader)
        .take(CONTROL_BYTES)
        .read_to_end(&mut start)
        .map_err(|error| read_error(document, error))?;
    if !start.starts_with(&[0x1f, 0x8b]) {
        return Err(ReadError::malformed(document, what_it_is_instead(&start)));
    }
    let (first, behind) = inflate(document, &start)?;
    let first_members = members(document, &first)?;
    let signatures = signatures(&first_members, &first);
    let (control, raw_control, data) = if signatures.is_empty() {
        (first.clone(), &start[..start.len() - behind.len()], behind)
    } else {
        let (control, data) = inflate(document, behind)?;
        (control, &behind[..behind.len() - data.len()], data)
    };
    let signed_by = check(document, &signatures, raw_control, context, rejects)?;
    if context.require_signature && signed_by.is_none() {
        let reason = "it has no signature of a known key, and one is required";
        return Err(ReadError::malformed(document, reason));
    }
    let info = info(document, &control)?;
    let named = info.get("datahash");
    let data_intact = match named {
        Some(named) => Some(digest_of(document, data, reader)?.eq_ignore_ascii_case(named)),
        None => None,
    };
    if data_intact == Some(false) {
        return Err(ReadError::malformed(
            document,
            "its data are not those that its control segment names",
        ));
    }
    let identity = digest(&SHA1_FOR_LEGACY_USE_ONLY, raw_control);
    Ok(ApkPackage {
        package: package(document, &info, &identity)?,
        signed_by,
        data_intact,
    })
}

fn what_it_is_instead(start: &[u8]) -> &'static str {
    match start {
        [b'A', b'D', b'B', ..] => "it is a package of version 3 (ADB), not of version 2",
        [] => "it is empty",
        _ => "it is no gzip file, as packages are",
    }
}

/// What the gzip member at the start holds, and what stands behind it.
fn inflate<'a>(document: &str, bytes: &'a [u8]) -> Result<(Vec<u8>, &'a [u8]), ReadError> {
    let mut out = Vec::new();
    let mut member = flate2::bufread::GzDecoder::new(bytes);
    (&mut member)
        .take(CONTROL_BYTES + 1)
        .read_to_end(&mut out)
        .map_err(|error| read_error(document, error))?;
    if out.len() as u64 > CONTROL_BYTES {
        return Err(ReadError::Limit {
            document: document.to_owned(),
            what: "the size of its control segment in bytes",
            limit: CONTROL_BYTES,
        });
    }
    Ok((out, member.into_inner()))
}

/// The SHA-256 of the data, of which a part is read already.
fn digest_of(document: &str, data: &[u8], rest: &mut dyn Read) -> Result<String, ReadError> {
    let mut context = Context::new(&SHA256);
    context.update(data);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match rest.read(&mut buffer) {
            Ok(0) => return Ok(hexadecimal::encode(context.finish().as_ref())),
            Ok(count) => context.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(read_error(document, error)),
        }
    }
}

/// The lines of `.PKGINFO`, each `KEY = VALUE`; those of one key with line ends between them.
fn info(document: &str, control: &[u8]) -> Result<BTreeMap<String, String>, ReadError> {
    let members = members(document, control)?;
    let is_info = |member: &&Member| member.name.trim_start_matches("./") == ".PKGINFO";
    let text = members
        .iter()
        .find(is_info)
        .and_then(|member| control.get(member.place.clone()));
    let text =
        text.ok_or_else(|| ReadError::malformed(document, "its control segment has no .PKGINFO"))?;
    let mut info: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8_lossy(&text[..text.len().min(INFO_BYTES)]).lines() {
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        let held = info.entry(key.trim().to_owned()).or_default();
        if !held.is_empty() {
            held.push('\n');
        }
        held.push_str(value);
    }
    Ok(info)
}

fn package(
    document: &str,
    info: &BTreeMap<String, String>,
    identity: &Digest,
) -> Result<Package, ReadError> {
    let text = |key: &str| info.get(key).cloned();
    let lines = |key: &str| -> Vec<String> {
        let values = info.get(key).map(String::as_str).unwrap_or_default();
        values.lines().map(str::to_owned).collect()
    };
    let is_word = |text: &String| !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let word = |key: &str| {
        let word = text(key).filter(is_word);
        word.ok_or_else(|| ReadError::malformed(document, format!("its .PKGINFO has no {key}")))
    };
    let (name, version) = (word("pkgname")?, word("pkgver")?);
    Ok(Package {
        source_name: text("origin").unwrap_or_else(|| name.clone()),
        source_version: version.clone(),
        name,
        version,
        architecture: text("arch"),
        maintainer: apk_maintainer::maintainer(text("maintainer")),
        homepage: text("url"),
        synopsis: text("pkgdesc"),
        licenses: lines("license"),
        depends: lines("depend"),
        provides: lines("provides"),
        checksum: Some(format!("Q1{}", base64::encode(identity.as_ref()))),
        commit: text("commit"),
        built: text("builddate").and_then(|text| text.parse().ok()),
        properties: properties(info),
        ..Package::default()
    })
}

fn properties(info: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::new();
    for (key, name) in [
        ("size", "installed_size"),
        ("provider_priority", "provider_priority"),
        ("replaces_priority", "replaces_priority"),
    ] {
        if let Some(number) = info.get(key).and_then(|text| text.parse::<u64>().ok()) {
            properties.insert(name.to_owned(), number.to_string());
        }
    }
    for key in ["replaces", "install_if", "triggers"] {
        if let Some(values) = info.get(key) {
            let values: Vec<&str> = values.split_ascii_whitespace().collect();
            properties.insert(key.to_owned(), Value::from(values).to_string());
        }
    }
    if let Some(packager) = info.get("packager") {
        let packager = Value::from(packager.as_str()).to_string();
        properties.insert("packager".to_owned(), packager);
    }
    properties
}
