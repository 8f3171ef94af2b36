//! Keys: whoever can change which key signs a release can sign the next one.

use bstr::ByteSlice;

use super::view::{Found, Sheet, View};
use crate::signal::Severity;

pub(crate) fn detect(view: &View<'_>, sheet: &mut Sheet<'_>) {
    if view.bytes() == view.old_bytes() || view.place.nested {
        return;
    }
    let name = view.name();
    if view.text.is_none() {
        let keyring = [".gpg", ".kbx", ".pgp", ".keyring"]
            .iter()
            .any(|end| name.ends_with(end.as_bytes()));
        if keyring && matches!(view.bytes().first(), Some(0x98 | 0x99 | 0xc6)) {
            sheet.raise(
                "signing-key-material-changed",
                view.path,
                Found::whole(&name).severity(level(view)),
            );
        }
        return;
    }
    for (at, block) in blocks(view.bytes()) {
        if !blocks(view.old_bytes()).any(|(_, old)| old == block) {
            let found = Found::at(line_at(view, at), block).severity(level(view));
            sheet.raise("signing-key-material-changed", view.path, found);
        }
    }
    fingerprints(view, &name, sheet);
    private(view, sheet);
}

fn level(view: &View<'_>) -> Severity {
    if view.place.in_tests || view.place.vendored {
        Severity::Note
    } else {
        Severity::Warning
    }
}

fn line_at(view: &View<'_>, at: usize) -> u32 {
    view.text.as_ref().map_or(1, |text| text.number_at(at))
}

/// The armoured public keys of a text.
fn blocks(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    bytes
        .find_iter("-----BEGIN PGP PUBLIC KEY BLOCK-----")
        .take(256)
        .map(|at| {
            let rest = &bytes[at..];
            let end = rest.find("-----END PGP PUBLIC KEY").unwrap_or(rest.len());
            (at, &rest[..end])
        })
}

/// A fingerprint, or a key of another kind, on a line that speaks of keys or in a file of keys.
fn fingerprints(view: &View<'_>, name: &[u8], sheet: &mut Sheet<'_>) {
    let of_keys = [
        "keys",
        "signing-key",
        "allowed_signers",
        "security",
        "maintainers",
        "release",
        "gpg",
        "pgp",
        "minisign",
        "cosign",
        "fingerprint",
        "trusted",
    ]
    .iter()
    .any(|word| name.contains_str(word));
    let old = view.old_bytes();
    for (number, line) in view.new_lines() {
        let lower = line.to_ascii_lowercase();
        let speaks = of_keys
            || name == b"pkgbuild" && view.bytes().contains_str("validpgpkeys")
            || [
                "key",
                "fingerprint",
                "signed",
                "pgp",
                "gpg",
                "signature",
                "signer",
            ]
            .iter()
            .any(|word| lower.contains_str(word));
        if !speaks {
            continue;
        }
        let Some(shown) = fingerprint(line).or_else(|| other_key(line, of_keys)) else {
            continue;
        };
        let plain: Vec<u8> = shown
            .iter()
            .filter(|byte| !byte.is_ascii_whitespace())
            .copied()
            .collect();
        let known = old.contains_str(&shown) || old.contains_str(&plain);
        // A digest of a file in forty digits looks like a fingerprint; a recipe's key list is one.
        let digest = [
            "sha1",
            "sha256",
            "sha512",
            "commit",
            "checksum",
            "integrity",
        ]
        .iter()
        .any(|word| lower.contains_str(word));
        if !known && !digest {
            sheet.raise(
                "signing-key-material-changed",
                view.path,
                Found::at(number, line).severity(level(view)),
            );
        }
    }
}

/// Forty hexadecimal digits, in groups or not.
fn fingerprint(line: &[u8]) -> Option<Vec<u8>> {
    let mut digits = 0;
    let mut start = 0;
    let mut gap = 0;
    let in_lower_case = line.contains_str("0x");
    for (at, &byte) in line.iter().enumerate() {
        if byte.is_ascii_hexdigit() && (!byte.is_ascii_lowercase() || in_lower_case) {
            if digits == 0 {
                start = at;
            }
            digits += 1;
            gap = 0;
        } else if matches!(byte, b' ' | b':') && digits > 0 && gap < 2 {
            gap += 1;
        } else {
            if digits == 40 {
                return Some(line[start..at].to_vec());
            }
            digits = 0;
        }
    }
    (digits == 40).then(|| line[start..].to_vec())
}

fn other_key(line: &[u8], of_keys: bool) -> Option<Vec<u8>> {
    let minisign = line.trim_ascii().starts_with(b"RW") && line.trim_ascii().len() == 56;
    let signify = line.starts_with(b"untrusted comment:") && line.contains_str("public key");
    let ssh = of_keys
        && [
            "ssh-ed25519 AAAA",
            "ssh-rsa AAAA",
            "ecdsa-sha2-nistp256 AAAA",
        ]
        .iter()
        .any(|kind| line.contains_str(kind));
    (minisign || signify || ssh).then(|| line.trim_ascii().to_vec())
}

fn private(view: &View<'_>, sheet: &mut Sheet<'_>) {
    for (number, line) in view.new_lines() {
        if line.contains_str("-----BEGIN ") && line.contains_str("PRIVATE KEY") {
            let severity =
                if view.place.in_tests || view.place.vendored || !view.place.runs_unasked() {
                    Severity::Note
                } else {
                    Severity::Warning
                };
            sheet.raise(
                "private-key-added",
                view.path,
                Found::at(number, line).severity(severity),
            );
        }
    }
}
