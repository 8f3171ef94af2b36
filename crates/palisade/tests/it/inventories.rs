//! One inventory of each format, matched and imported as a user does.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{palisade, printed, said};

/// An inventory, and what is found in it.
struct Case {
    kind: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    /// The branch that it is of; it has to be told where it does not say.
    branch: &'static str,
    is_told: bool,
    /// Vulnerabilities with the packages that they affect.
    expected: &'static [(&'static str, &'static str)],
}

const OPENSSL: (&str, &str) = ("CVE-2024-1000", "openssl");

/// One record for the distributions' own packages, one for a registry's, one for upstream's software.
fn feeds(folder: &Path) -> [(&'static str, PathBuf); 2] {
    let range = |fixed: &str| json!([{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]);
    let entry = |ecosystem: &str, name: &str, fixed: &str| json!({"package": {"ecosystem": ecosystem, "name": name}, "ranges": range(fixed)});
    let record = |id: &str, cve: &str, affected: Value| json!({"id": id, "modified": "2024-01-01T00:00:00Z", "aliases": [cve], "affected": affected});
    let osv = json!([
        record(
            "O-1",
            "CVE-2024-1001",
            json!([
                entry("Alpine:v3.20", "openssl", "3.3.2-r9"),
                entry("Alpine:v3.19", "busybox", "9-r0"),
                entry("Debian:12", "openssl", "3.0.99-1"),
            ])
        ),
        record(
            "O-2",
            "CVE-2024-1002",
            json!([entry("PyPI", "urllib3", "1.26.17")])
        ),
        record(
            "O-3",
            "CVE-2024-1003",
            json!([entry("npm", "@scope/inner", "2.0.0")])
        ),
        record(
            "O-4",
            "CVE-2024-1004",
            json!([entry("Alpine:v3.20", "urllib3", "99-r0")])
        ),
    ]);
    let nvd = json!({"vulnerabilities": [{"cve": {
        "id": OPENSSL.0, "lastModified": "2024-01-01T00:00:00.000", "vulnStatus": "Analyzed",
        "configurations": [{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": [{
            "vulnerable": true, "criteria": "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*", "versionEndExcluding": "3.4.0"
        }]}]}]
    }}]});
    [("osv", osv), ("nvd", nvd)].map(|(kind, value)| {
        let path = folder.join(format!("{kind}.json"));
        fs_err::write(&path, value.to_string()).unwrap();
        (kind, path)
    })
}

fn archive(members: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, text.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap()
}

fn image() -> Vec<u8> {
    let layer = archive(&[
        ("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n"),
        (
            "lib/apk/db/installed",
            "P:libcrypto3\nV:3.3.2-r0\nA:x86_64\no:openssl\nF:lib\nR:x\n\n",
        ),
    ]);
    let manifest = r#"[{"Config":"00.json","RepoTags":["shop:1"],"Layers":["a/layer.tar"]}]"#;
    let mut whole = tar::Builder::new(Vec::new());
    for (name, bytes) in [
        ("a/layer.tar", &layer[..]),
        ("00.json", b"{}"),
        ("manifest.json", manifest.as_bytes()),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        whole.append_data(&mut header, name, bytes).unwrap();
    }
    whole.into_inner().unwrap()
}

fn cyclonedx() -> Vec<u8> {
    let component = |name: &str, version: &str, purl: &str| json!({"type": "library", "name": name, "version": version, "purl": purl});
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "metadata": {"component": {"type": "container", "name": "shop:1"}},
        "components": [
            component("libcrypto3", "3.3.2-r0", "pkg:apk/alpine/libcrypto3@3.3.2-r0?upstream=openssl&distro=alpine-3.20.3"),
            component("busybox", "1-r0", "pkg:apk/alpine/busybox@1-r0?distro=alpine-3.20.3"),
            component("urllib3", "1.26.5", "pkg:pypi/urllib3@1.26.5"),
            component("inner", "1.0.0", "pkg:npm/%40scope/inner@1.0.0"),
            component("libssl3", "3.0.11-1", "pkg:deb/debian/libssl3@3.0.11-1?upstream=openssl&distro=debian-12"),
        ]
    })
    .to_string()
    .into_bytes()
}

fn spdx() -> Vec<u8> {
    let package = |name: &str, version: &str, purl: &str| {
        json!({"name": name, "SPDXID": format!("SPDXRef-{name}"), "versionInfo": version,
               "externalRefs": [{"referenceType": "purl", "referenceLocator": purl}]})
    };
    json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "documentDescribes": ["SPDXRef-shop"],
        "packages": [
            package("shop", "1", "pkg:npm/shop@1"),
            package("urllib3", "1.26.5", "pkg:pypi/urllib3@1.26.5"),
        ]
    })
    .to_string()
    .into_bytes()
}

fn cases() -> Vec<Case> {
    let guix = json!([{"name": "openssl", "version": "3.0.8", "homepage": "https://www.openssl.org/", "source": []}]);
    let service = json!({"revision": {"commit": "d659fe8666c4"}, "packages": [{"name": "openssl", "version": "3.0.8"}]});
    let nix = json!({"version": 2, "packages": {
        "openssl_3": {"pname": "openssl", "version": "3.0.8", "meta": {"homepage": "https://www.openssl.org/"}},
        "python312Packages.urllib3": {"pname": "python3.12-urllib3", "version": "1.26.5", "meta": {}},
        "old": {"pname": "old", "version": "1", "meta": {"knownVulnerabilities": ["CVE-2024-1004"]}}
    }});
    let desc = "%NAME%\nopenssl\n\n%VERSION%\n3.3.2-1\n\n%PACKAGER%\nOne <one@archlinux.org>\n\n";
    let case = |kind, file, bytes, branch, is_told, expected| Case {
        kind,
        file,
        bytes,
        branch,
        is_told,
        expected,
    };
    vec![
        case(
            "guix_packages",
            "packages.json",
            guix.to_string().into_bytes(),
            "guix/master",
            false,
            &[OPENSSL],
        ),
        case(
            "guix_data_service",
            "page.json",
            service.to_string().into_bytes(),
            "guix/master",
            false,
            &[OPENSSL],
        ),
        case(
            "nix_packages",
            "nix.json",
            nix.to_string().into_bytes(),
            "nixpkgs/nixos-24.05",
            true,
            &[
                OPENSSL,
                ("CVE-2024-1002", "python3-urllib3"),
                ("CVE-2024-1004", "old"),
            ],
        ),
        case(
            "pacman",
            "core.db",
            archive(&[("openssl-3.3.2-1/desc", desc)]),
            "archlinux/rolling",
            false,
            &[OPENSSL],
        ),
        case(
            "cyclonedx",
            "bom.json",
            cyclonedx(),
            "alpine/v3.20",
            false,
            &[
                OPENSSL,
                OPENSSL,
                ("CVE-2024-1001", "openssl"),
                ("CVE-2024-1001", "openssl"),
                ("CVE-2024-1002", "urllib3"),
                ("CVE-2024-1003", "@scope/inner"),
            ],
        ),
        case(
            "spdx",
            "spdx.json",
            spdx(),
            "application/shop",
            false,
            &[("CVE-2024-1002", "urllib3")],
        ),
        case(
            "oci",
            "image.tar",
            image(),
            "alpine/v3.20",
            false,
            &[OPENSSL, ("CVE-2024-1001", "openssl")],
        ),
    ]
}

/// Vulnerabilities and packages of JSON objects, sorted.
fn pairs<'a>(rows: impl Iterator<Item = &'a Value>, package: &str) -> Vec<(String, String)> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let mut pairs: Vec<_> = rows
        .map(|row| (text(row, "vulnerability"), text(row, package)))
        .collect();
    pairs.sort_unstable();
    pairs
}

fn owned(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut owned: Vec<_> = expected
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect();
    owned.sort_unstable();
    owned
}

#[test]
fn each_format_is_matched() {
    let folder = tempfile::tempdir().unwrap();
    let feeds = feeds(folder.path());
    for case in cases() {
        let path = folder.path().join(case.file);
        fs_err::write(&path, &case.bytes).unwrap();
        let mut command = palisade();
        command.args(["match", "--format", "jsonl", "--inventory"]);
        command.arg(format!("{}:{}", case.kind, path.display()));
        for (kind, path) in &feeds {
            command
                .arg("--feed")
                .arg(format!("{kind}:{}", path.display()));
        }
        let output = command.output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{}: {}",
            case.kind,
            said(&output)
        );
        let rows: Vec<Value> = printed(&output)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let affected = rows.iter().filter(|row| row["verdict"] == "affected");
        assert_eq!(
            pairs(affected, "source_package"),
            owned(case.expected),
            "{}",
            case.kind
        );
    }
}

#[test]
fn each_format_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let feeds = feeds(folder.path());
    for case in cases() {
        let database = folder.path().join(format!("{}.sqlite", case.kind));
        let run = |arguments: &[&str]| -> Output {
            let mut command = palisade();
            command.arg("--database").arg(&database).args(arguments);
            let output = command.output().unwrap();
            // Whoever asks for findings is told by the status that there are some.
            let is_done = matches!(output.status.code(), Some(0 | 1));
            assert!(is_done, "{}: {}", case.kind, said(&output));
            output
        };
        for (kind, path) in &feeds {
            run(&["import", kind, path.to_str().unwrap()]);
        }
        let path = folder.path().join(case.file);
        fs_err::write(&path, &case.bytes).unwrap();
        let path = path.to_str().unwrap();
        let mut import = vec!["import", case.kind, path, "--time", "2026-03-01T12:00:00Z"];
        if case.is_told {
            import.extend(["--branch", case.branch]);
        }
        let first = said(&run(&import));
        assert!(!first.contains(" 0 records"), "{}: {first}", case.kind);
        let again = said(&run(&import));
        assert!(again.contains(" 0 new"), "{}: {again}", case.kind);
        let output = run(&["findings", "--branch", case.branch, "--format", "json"]);
        let found: Value = serde_json::from_str(&printed(&output)).unwrap();
        let rows = found
            .as_array()
            .or_else(|| found["findings"].as_array())
            .unwrap();
        let mut expected = owned(case.expected);
        expected.dedup();
        let mut told = pairs(rows.iter(), "package");
        told.dedup();
        assert_eq!(told, expected, "{}", case.kind);
    }
}
