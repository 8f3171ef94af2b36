//! Lines as they should be written.

use palisade_model::VulnerabilityId;
use palisade_version::Scheme;

use super::super::block::{header, is_canonical, unquoted};
use crate::secdb::{Item, split_comment};

/// What to write in place of a line; no lines where it should go, nothing where it is not plain.
pub(super) fn line(line: &str) -> Option<Vec<String>> {
    if let Some(behind) = header(line) {
        let mut lines = vec!["# secfixes:".to_owned()];
        if !behind.is_empty() {
            lines.extend(version_lines(behind)?);
        }
        return Some(lines);
    }
    let content = line.strip_prefix('#')?.trim();
    if content.is_empty() {
        return Some(Vec::new());
    }
    match item_text(line) {
        Some(text) => canonical_items(text).or_else(|| {
            let id = Item::read(text).canonical();
            (!id.is_empty()).then(|| vec![item_line(&id)])
        }),
        None => version_lines(content),
    }
}

/// The text of an entry behind its dash, if the line is one.
pub(super) fn item_text(line: &str) -> Option<&str> {
    let comment = line.strip_prefix('#')?.trim_start();
    comment
        .strip_prefix('-')
        .map(|text| unquoted(text.trim_start()))
}

fn item_line(ids: &str) -> String {
    format!("#     - {ids}")
}

/// An entry as it should be, where that differs from what it is.
///
/// Several CVEs get a line each, with the other names of the issue. Names that stand as they may
/// stand get a line each too, which is all that could be done about them.
pub(super) fn canonical_items(text: &str) -> Option<Vec<String>> {
    let item = Item::read(text);
    let ids = ids_in_order(&item.ids);
    let cves = item.ids.iter().filter(|id| id.is_cve()).count();
    let lines: Vec<String> = if cves > 1 {
        let (cves, others) = ids.split_at(cves);
        let with_others = |cve: &&str| item_line(&[&[*cve], others].concat().join(" "));
        cves.iter().map(with_others).collect()
    } else if text == ids.join(" ") {
        ids.iter().map(|id| item_line(id)).collect()
    } else {
        vec![item_line(&ids.join(" "))]
    };
    let changed = lines.len() != 1 || lines[0] != item_line(text);
    (!ids.is_empty() && changed).then_some(lines)
}

/// Identifiers as readers want them: CVEs first, then GitHub's, then others.
pub(super) fn ids_in_order(ids: &[VulnerabilityId]) -> Vec<&str> {
    let mut ids: Vec<&VulnerabilityId> = ids.iter().collect();
    ids.sort_by_key(|id| (!id.is_cve(), !id.as_str().starts_with("GHSA-")));
    ids.into_iter().map(VulnerabilityId::as_str).collect()
}

/// A version's line, and the entries that stand behind it.
fn version_lines(content: &str) -> Option<Vec<String>> {
    let content = split_comment(content).0.trim_end();
    let (key, list) = match content.split_once(": ") {
        Some((key, list)) => (key, list.trim()),
        None => (content.strip_suffix(':').unwrap_or(content), ""),
    };
    let version = mended(unquoted(key.trim_end()))?;
    let mut lines = vec![format!("#   {version}:")];
    let items = list
        .trim_start_matches('[')
        .trim_end_matches(']')
        .split(',');
    for item in items
        .map(|item| unquoted(item.trim()))
        .filter(|item| !item.is_empty())
    {
        let ids = Item::read(item).canonical();
        if ids.is_empty() {
            return None;
        }
        lines.push(item_line(&ids));
    }
    Some(lines)
}

/// A version as apk has it, when one can be made of what is there.
pub(super) fn mended(version: &str) -> Option<String> {
    let as_is = |version: &str| is_canonical(version).then(|| version.to_owned());
    if let Some(version) = as_is(version) {
        return Some(version);
    }
    let version = version.strip_prefix('v').unwrap_or(version);
    let (base, release) = release_of(version);
    let release = release.filter(|release| !release.is_empty()).unwrap_or("0");
    let base = base.trim_end_matches('.');
    // A day with dashes; `6.6.2p1`, whose patch level apk wants behind a `_`.
    let day = base.replace('-', ".");
    let patch = base
        .split_once('p')
        .map(|(front, level)| format!("{front}_p{level}"));
    let candidates = [Some(base.to_owned()), Some(day), patch];
    let with_release = candidates
        .into_iter()
        .flatten()
        .map(|base| format!("{base}-r{release}"));
    with_release
        .into_iter()
        .find(|version| is_canonical(version) && Scheme::Apk.is_valid(version))
}

/// The version and its release, however that is set off: `-r1`, `-1`, `.r1`, `_r1`.
fn release_of(version: &str) -> (&str, Option<&str>) {
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    for mark in ["-r", ".r", "_r"] {
        if let Some((base, release)) = version.rsplit_once(mark)
            && is_number(release)
        {
            return (base, Some(release));
        }
    }
    match version.rsplit_once('-') {
        Some((base, release)) if !base.contains('-') && is_number(release) => (base, Some(release)),
        _ => (version, None),
    }
}

/// What is wrong with the version of a line.
pub(super) fn version_fault(line: &str) -> String {
    let content = line.trim_start_matches('#').trim();
    let key = content.trim_end_matches(':');
    let version = unquoted(key);
    let number =
        version.split('.').count() <= 2 && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_canonical(version) {
        "the version does not stand by itself with a colon behind it".to_owned()
    } else if number && version.contains('.') {
        format!("{version} lacks its -rN, and readers of YAML take it for a number")
    } else if Scheme::Apk.is_valid(version) {
        format!("{version} lacks its -rN")
    } else {
        format!("{:?} is no version of apk's", crate::secdb::shown(version))
    }
}

/// A version that the package has reached and that differs from another by its first number.
pub(super) fn reached(version: &str, own: &str) -> Option<String> {
    let (_, rest) = version.split_once('.')?;
    let (major, _) = own.split_once('.')?;
    let likely = format!("{major}.{rest}");
    let order = Scheme::Apk.compare(&likely, own)?;
    (order.is_le() && is_canonical(&likely)).then_some(likely)
}
