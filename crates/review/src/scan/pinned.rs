//! Pins that are no lock files by name: hashes of pip's requirements, meson's wraps, and keys that a
//! program checks updates with. A pin that changes while the version stays names other bytes.

use std::collections::BTreeMap;

use bstr::ByteSlice;

use super::place::Role;
use super::view::{Found, Sheet, View};
use crate::signal::Severity;

/// Values of keys are at least this long.
const KEY: usize = 32;

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    if view.old.is_none() || view.text.is_none() {
        return;
    }
    let name = view.name();
    if name.starts_with(b"requirements") && name.ends_with(b".txt") {
        requirements(view, sheet);
    } else if name.ends_with(b".wrap") {
        wrap(view, sheet);
    } else if matches!(view.place.role, Role::Source | Role::Script) && !view.place.in_tests {
        keys(view, sheet);
    }
}

/// `name==version`, to its hashes.
fn hashes(text: &[u8]) -> BTreeMap<&[u8], Vec<&[u8]>> {
    let mut all: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
    let mut package: &[u8] = b"";
    for word in text.fields() {
        if word.contains_str("==") && !word.starts_with(b"-") {
            package = word;
        } else if let Some(hash) = word.strip_prefix(b"--hash=") {
            all.entry(package).or_default().push(hash);
        }
    }
    all
}

fn requirements(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let before = hashes(view.old_bytes());
    for (package, now) in hashes(view.bytes()) {
        let Some(old) = before.get(package) else {
            continue;
        };
        // More files of a version may be listed; that none is left says something else.
        if !now.iter().any(|hash| old.contains(hash)) {
            sheet.raise(
                "lockfile-checksum-changed-same-version",
                view.path,
                Found::whole(package),
            );
        }
    }
}

fn wrap(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let value = |text: &'_ [u8], key: &str| -> Option<Vec<u8>> {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once_str("=")?;
            (name.trim_ascii() == key.as_bytes()).then(|| value.trim_ascii().to_vec())
        })
    };
    let both = |key: &str| Some((value(view.old_bytes(), key)?, value(view.bytes(), key)?));
    let file = |url: &[u8]| url.rsplit_str("/").next().map(<[u8]>::to_vec);
    let Some((old, new)) = both("source_url") else {
        return;
    };
    if file(&old) != file(&new) {
        return;
    }
    if let Some((before, now)) = both("source_hash").filter(|(before, now)| before != now) {
        let detail = format!("{} before", before.to_str_lossy());
        let found = Found::whole(&now).detail(detail);
        sheet.raise("lockfile-checksum-changed-same-version", view.path, found);
    }
    let host = |url: &[u8]| url.split_str("/").nth(2).map(<[u8]>::to_vec);
    if host(&old) != host(&new) {
        let found = Found::whole(&new).severity(Severity::Warning);
        sheet.raise("lockfile-source-changed", view.path, found);
    }
}

/// A constant that is named as a key and has another value.
fn keys(view: &View<'_>, sheet: &mut Sheet<'_>) {
    let removed = view.removed_lines();
    for (number, line) in view.new_lines() {
        let Some((name, value)) = constant(line) else {
            continue;
        };
        let replaced = removed
            .iter()
            .filter_map(|old| constant(old))
            .any(|(old, before)| old == name && before != value);
        if replaced {
            let found = Found::at(number, line).severity(Severity::Warning);
            sheet.raise("signing-key-material-changed", view.path, found);
        }
    }
}

/// What stands before the first quote of a line that names a public key, and what stands within.
fn constant(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = line
        .split_once_str("\"")
        .or_else(|| line.split_once_str("'"))?;
    let lower = name.to_ascii_lowercase();
    let named = [
        "pubkey",
        "public_key",
        "publickey",
        "pub_key",
        "trusted_key",
        "signing_key",
        "verify_key",
        "release_key",
        "root_key",
    ]
    .iter()
    .any(|word| lower.contains_str(word));
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\''))?;
    (named && name.contains(&b'=') && end >= KEY).then(|| (name.trim_ascii(), &rest[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_belong_to_the_version_before_them() {
        let text =
            b"a==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nb==2 --hash=sha256:cc\n";
        let found = hashes(text);
        assert_eq!(found[&b"a==1"[..]], [&b"sha256:aa"[..], b"sha256:bb"]);
        assert_eq!(found[&b"b==2"[..]], [&b"sha256:cc"[..]]);
    }

    #[test]
    fn a_constant_is_told_by_its_name_and_length() {
        let line = b"pub const PUBKEY: &str = \"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\";";
        assert_eq!(constant(line).unwrap().0, b"pub const PUBKEY: &str =");
        assert!(
            constant(b"pub const NAME: &str = \"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1C\";")
                .is_none()
        );
    }
}
