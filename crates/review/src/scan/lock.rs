//! Lock files by what they pin: a checksum that changes while the version stays, or a source that
//! moves, is a different dependency under the same name.

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};

use super::place::Role;
use super::view::{Found, Sheet, View};
use crate::signal::Severity;

/// A lock file is read up to here.
const LARGEST: usize = 32 << 20;

/// What is pinned of one version of one dependency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pin {
    checksum: BString,
    source: BString,
}

type Pins = BTreeMap<(BString, BString), Pin>;

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    if view.place.role != Role::Lock
        || view.old.is_none()
        || view.bytes().len() > LARGEST
        || view.bytes() == view.old_bytes()
    {
        return;
    }
    let name = view.name();
    let (old, new) = (pins(&name, view.old_bytes()), pins(&name, view.bytes()));
    for (key, now) in &new {
        let who = format!("{} {}", key.0, key.1);
        match old.get(key) {
            Some(before) => same_version(view, &who, before, now, sheet),
            None => other_version(view, &who, &key.0, &old, now, sheet),
        }
    }
}

fn same_version(view: &View<'_>, who: &str, before: &Pin, now: &Pin, sheet: &mut Sheet<'_>) {
    let at = |needle: &[u8]| line_of(view, needle);
    if before.checksum != now.checksum && !before.checksum.is_empty() {
        let kind = |sum: &[u8]| {
            sum.split_once_str("-")
                .or_else(|| sum.split_once_str(":"))
                .map_or(sum.len(), |(kind, _)| kind.len())
        };
        let renewed = !now.checksum.is_empty() && kind(&before.checksum) != kind(&now.checksum);
        let (severity, what) = if now.checksum.is_empty() {
            (Severity::Warning, "the checksum is gone")
        } else if renewed {
            (Severity::Note, "another kind of checksum")
        } else {
            (Severity::Critical, "another checksum")
        };
        let shown = if now.checksum.is_empty() {
            &before.checksum
        } else {
            &now.checksum
        };
        let mut found = Found::whole(shown)
            .severity(severity)
            .detail(format!("{who}: {what}"));
        found.line = at(&now.checksum);
        sheet.raise("lockfile-checksum-changed-same-version", view.path, found);
    }
    if before.source != now.source && !now.source.is_empty() && !before.source.is_empty() {
        let mut found = Found::whole(&now.source)
            .severity(source_change(&before.source, &now.source))
            .detail(who);
        found.line = at(&now.source);
        sheet.raise("lockfile-source-changed", view.path, found);
    }
}

/// A new version that comes from elsewhere than the one before.
fn other_version(
    view: &View<'_>,
    who: &str,
    name: &BString,
    old: &Pins,
    now: &Pin,
    sheet: &mut Sheet<'_>,
) {
    let mut from_name = old.range((name.clone(), BString::default())..);
    let before = from_name
        .next()
        .filter(|((known, _), _)| known == name)
        .map(|(_, pin)| pin);
    if let Some(before) = before
        && host(&before.source) != host(&now.source)
        && !before.source.is_empty()
        && !now.source.is_empty()
    {
        let mut found = Found::whole(&now.source)
            .severity(source_change(&before.source, &now.source))
            .detail(who);
        found.line = line_of(view, &now.source);
        sheet.raise("lockfile-source-changed", view.path, found);
    }
}

/// A source on the same host is a mirror's business; another one is somebody else.
fn source_change(before: &[u8], now: &[u8]) -> Severity {
    let plain = |source: &[u8]| source.starts_with(b"http://") || source.contains_str("+http://");
    if host(before) != host(now) || plain(now) && !plain(before) {
        Severity::Critical
    } else if path(before) == path(now) {
        Severity::Note
    } else {
        Severity::Warning
    }
}

fn host(source: &[u8]) -> &[u8] {
    let Some((scheme, rest)) = source.split_once_str("://") else {
        return source;
    };
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
        .unwrap_or(rest.len());
    if scheme.is_empty() {
        source
    } else {
        &rest[..end]
    }
}

fn path(source: &[u8]) -> &[u8] {
    let end = source
        .iter()
        .position(|byte| matches!(byte, b'?' | b'#'))
        .unwrap_or(source.len());
    source[..end].trim_end_with(|c| c == '/')
}

fn line_of(view: &View<'_>, needle: &[u8]) -> Option<u32> {
    let text = view.text.as_ref()?;
    if needle.is_empty() {
        return None;
    }
    text.bytes.find(needle).map(|at| text.number_at(at))
}

fn pins(name: &[u8], bytes: &[u8]) -> Pins {
    match name {
        b"package-lock.json" | b"npm-shrinkwrap.json" => npm(bytes),
        b"composer.lock" => composer(bytes),
        b"pipfile.lock" => pipfile(bytes),
        b"flake.lock" => flake(bytes),
        b"deno.lock" | b"bun.lock" | b"packages.lock.json" => json_pairs(bytes),
        b"go.sum" => go_sum(bytes),
        b"yarn.lock" => yarn(bytes),
        b"gemfile.lock" => gemfile(bytes),
        b"pnpm-lock.yaml" | b"pubspec.lock" => indented(bytes),
        _ => toml_packages(bytes),
    }
}

/// Cargo.lock, poetry.lock, uv.lock, pdm.lock, pylock.toml: tables of packages, read by line, since
/// a file that was tampered with may be no TOML.
fn toml_packages(bytes: &[u8]) -> Pins {
    let mut pins = Pins::new();
    let (mut name, mut version, mut pin) = (BString::default(), BString::default(), Pin::default());
    let mut flush = |name: &mut BString, version: &mut BString, pin: &mut Pin| {
        let key = (std::mem::take(name), std::mem::take(version));
        let pin = std::mem::take(pin);
        if !key.0.is_empty() {
            pins.insert(key, pin);
        }
    };
    for line in bytes.lines() {
        let line = line.trim_ascii();
        if line.starts_with(b"[[") {
            flush(&mut name, &mut version, &mut pin);
            continue;
        }
        let Some((key, value)) = line.split_once_str("=") else {
            file_hash(line, &mut pin);
            continue;
        };
        let value = value.trim_ascii().trim_with(|c| matches!(c, '"' | '\''));
        match key.trim_ascii() {
            b"name" if name.is_empty() => name = value.into(),
            b"version" if version.is_empty() => version = value.into(),
            b"checksum" | b"content-hash" => pin.checksum = value.into(),
            b"source" => {
                pin.source = inline(value, &["registry", "git", "url"])
                    .unwrap_or(value)
                    .into();
            }
            b"url" | b"reference" | b"resolved_reference" if pin.source.is_empty() => {
                pin.source = value.into();
            }
            _ => file_hash(line, &mut pin),
        }
    }
    flush(&mut name, &mut version, &mut pin);
    pins
}

/// The value of one of `keys` in an inline table.
fn inline<'a>(value: &'a [u8], keys: &[&str]) -> Option<&'a [u8]> {
    keys.iter().find_map(|key| {
        let rest = &value[value.find(format!("{key} = \""))? + key.len() + 4..];
        Some(&rest[..rest.find_byte(b'"')?])
    })
}

/// The hashes of a package's files, in their order.
fn file_hash(line: &[u8], pin: &mut Pin) {
    if let Some(hash) = inline(line, &["hash"]) {
        pin.checksum.extend_from_slice(hash);
        pin.checksum.push(b' ');
    }
}

fn text_of(value: Option<&serde_json::Value>) -> BString {
    value
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .into()
}

fn npm(bytes: &[u8]) -> Pins {
    let mut pins = Pins::new();
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return pins;
    };
    for part in ["packages", "dependencies"] {
        npm_part(document.get(part), &mut pins, 0);
    }
    pins
}

fn npm_part(part: Option<&serde_json::Value>, pins: &mut Pins, depth: usize) {
    let Some(entries) = part
        .and_then(serde_json::Value::as_object)
        .filter(|_| depth < 32)
    else {
        return;
    };
    for (name, entry) in entries {
        let name = name.rsplit("node_modules/").next().unwrap_or(name);
        let pin = Pin {
            checksum: text_of(entry.get("integrity")),
            source: text_of(entry.get("resolved")),
        };
        let version = text_of(entry.get("version"));
        // A source holds the version's own file; that part is no source.
        pins.entry((name.into(), version)).or_insert(pin);
        npm_part(
            entry.get("dependencies").filter(|inner| {
                inner
                    .as_object()
                    .is_some_and(|map| map.values().any(serde_json::Value::is_object))
            }),
            pins,
            depth + 1,
        );
    }
}

fn composer(bytes: &[u8]) -> Pins {
    let mut pins = Pins::new();
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return pins;
    };
    for part in ["packages", "packages-dev"] {
        for entry in document
            .get(part)
            .and_then(serde_json::Value::as_array)
            .into_iter()
            .flatten()
        {
            let at = |pointer: &str| text_of(entry.pointer(pointer));
            let mut checksum = at("/dist/shasum");
            checksum.extend_from_slice(&at("/source/reference"));
            pins.insert(
                (at("/name"), at("/version")),
                Pin {
                    checksum,
                    source: at("/dist/url"),
                },
            );
        }
    }
    pins
}

fn pipfile(bytes: &[u8]) -> Pins {
    let mut pins = Pins::new();
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return pins;
    };
    for part in ["default", "develop"] {
        for (name, entry) in document
            .get(part)
            .and_then(serde_json::Value::as_object)
            .into_iter()
            .flatten()
        {
            let hashes: Vec<&str> = entry
                .get("hashes")
                .and_then(serde_json::Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(serde_json::Value::as_str)
                .collect();
            let mut source = text_of(entry.get("git"));
            source.extend_from_slice(&text_of(entry.get("index")));
            pins.insert(
                (name.as_str().into(), text_of(entry.get("version"))),
                Pin {
                    checksum: hashes.join(" ").into(),
                    source,
                },
            );
        }
    }
    pins
}

fn flake(bytes: &[u8]) -> Pins {
    let mut pins = Pins::new();
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return pins;
    };
    for (name, node) in document
        .get("nodes")
        .and_then(serde_json::Value::as_object)
        .into_iter()
        .flatten()
    {
        let at = |pointer: &str| text_of(node.pointer(pointer));
        let mut source = at("/locked/url");
        for part in ["/locked/owner", "/locked/repo"] {
            source.extend_from_slice(&at(part));
        }
        pins.insert(
            (name.as_str().into(), at("/locked/rev")),
            Pin {
                checksum: at("/locked/narHash"),
                source,
            },
        );
    }
    pins
}

/// `"name@version": … "integrity": …` of other JSON lock files.
fn json_pairs(bytes: &[u8]) -> Pins {
    let mut pins = Pins::new();
    let mut name = BString::default();
    for line in bytes.lines() {
        let line = line.trim_ascii();
        if let Some((key, rest)) = line.split_once_str("\":") {
            let key = key.trim_with(|c| c == '"' || c == ' ');
            if matches!(key, b"integrity" | b"contentHash") {
                pins.entry((name.clone(), BString::default()))
                    .or_default()
                    .checksum = rest.trim_with(|c| matches!(c, '"' | ' ' | ',')).into();
            } else if key.contains(&b'@') {
                name = key.into();
            }
        }
    }
    pins
}

fn go_sum(bytes: &[u8]) -> Pins {
    bytes
        .lines()
        .filter_map(|line| {
            let mut fields = line.fields_with(|c| c.is_ascii_whitespace());
            let key = (fields.next()?.into(), fields.next()?.into());
            Some((
                key,
                Pin {
                    checksum: fields.next()?.into(),
                    source: BString::default(),
                },
            ))
        })
        .collect()
}

fn yarn(bytes: &[u8]) -> Pins {
    let mut pins = Pins::new();
    let (mut name, mut version) = (BString::default(), BString::default());
    for line in bytes.lines() {
        if !line.starts_with(b" ") && line.ends_with(b":") {
            let first = line
                .trim_with(|c| c == '"' || c == ':')
                .split_str(",")
                .next()
                .unwrap_or_default();
            let at = first
                .get(1..)
                .and_then(|rest| rest.find_byte(b'@'))
                .map_or(first.len(), |at| at + 1);
            name = first[..at].trim_with(|c| c == '"').into();
            version.clear();
            continue;
        }
        let line = line.trim_ascii();
        let Some((key, value)) = line.split_once_str(" ") else {
            continue;
        };
        let value = value.trim_with(|c| c == '"' || c == ' ');
        match key.trim_with(|c| c == ':' || c == '"') {
            b"version" => version = value.into(),
            b"resolved" | b"resolution" => {
                let (source, sum) = value.split_once_str("#").unwrap_or((value, b""));
                let pin = pins.entry((name.clone(), version.clone())).or_default();
                pin.source = source.into();
                if pin.checksum.is_empty() {
                    pin.checksum = sum.into();
                }
            }
            b"integrity" | b"checksum" => {
                pins.entry((name.clone(), version.clone()))
                    .or_default()
                    .checksum = value.into();
            }
            _ => {}
        }
    }
    pins
}

fn gemfile(bytes: &[u8]) -> Pins {
    let mut pins = Pins::new();
    let mut source = BString::default();
    for line in bytes.lines() {
        let trimmed = line.trim_ascii();
        if let Some(remote) = trimmed.strip_prefix(b"remote: ") {
            source = remote.into();
        } else if let Some((name, rest)) = trimmed.split_once_str(" (") {
            let (version, after) = rest.split_once_str(")").unwrap_or((rest, b""));
            let indent = line.len() - line.trim_ascii_start().len();
            let pin = pins.entry((name.into(), version.into())).or_default();
            if let Some(sum) = after.trim_ascii().strip_prefix(b"sha256=") {
                pin.checksum = sum.into();
            } else if indent == 4 {
                pin.source.clone_from(&source);
            }
        }
    }
    pins
}

/// pnpm-lock.yaml and pubspec.lock: a key of a package, its pins indented below.
fn indented(bytes: &[u8]) -> Pins {
    let mut pins = Pins::new();
    let mut name = BString::default();
    for line in bytes.lines() {
        let trimmed = line.trim_ascii();
        let indent = line.len() - line.trim_ascii_start().len();
        if indent == 2 && trimmed.ends_with(b":") {
            name = trimmed
                .trim_with(|c| matches!(c, ':' | '\'' | '"' | '/'))
                .into();
        }
        let value = |key: &str| {
            let rest = &trimmed[trimmed.find(key)? + key.len()..];
            let end = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b' '))
                .unwrap_or(rest.len());
            Some(rest[..end].trim_with(|c| matches!(c, '"' | '\'')))
        };
        if name.is_empty() || indent <= 2 {
            continue;
        }
        let key = (name.clone(), BString::default());
        if let Some(sum) = value("integrity: ").or_else(|| value("sha256: ")) {
            pins.entry(key.clone()).or_default().checksum = sum.into();
        }
        if let Some(url) = value("tarball: ").or_else(|| value("url: ")) {
            pins.entry(key).or_default().source = url.into();
        }
    }
    pins
}
