//! Nixpkgs' list of packages.

use std::io::Write as _;

use palisade_formats::inventory::InventoryKind;
use palisade_model::Inventory;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{inventory, package, printed, refused, try_inventory};

const KIND: InventoryKind = InventoryKind::NixPackages;

fn channel() -> String {
    json!({
        "version": 2,
        "packages": {
            "openssl_1_1": {
                "meta": {
                    "available": false, "broken": false, "description": "Cryptographic library",
                    "homepage": "https://www.openssl.org/", "insecure": true,
                    "knownVulnerabilities": ["OpenSSL 1.1 is not maintained any more", "CVE-2024-5535, CVE-2024-4741"],
                    "license": {"spdxId": "OpenSSL", "shortName": "openssl", "fullName": "OpenSSL License"},
                    "maintainers": [{"name": "Some One", "email": "x"}, {"github": "two"}],
                    "position": "pkgs/development/libraries/openssl/default.nix:267"
                },
                "name": "openssl-1.1.1w", "outputName": "bin",
                "outputs": {"bin": null, "dev": null, "out": null},
                "pname": "openssl", "system": "x86_64-linux", "version": "1.1.1w"
            },
            "python312Packages.requests": {
                "meta": {"homepage": ["https://a.example", "https://b.example"], "license": ["a", {"fullName": "b"}], "maintainers": []},
                "name": "python3.12-requests-2.31.0", "outputName": "out", "outputs": {"out": null},
                "pname": "python3.12-requests", "system": "x86_64-linux", "version": "2.31.0"
            },
            "old": {"name": "old-name-1.0-rc1", "meta": {"description": 7, "maintainers": "nobody"}},
            "hook": {"name": "hook", "pname": "hook", "version": "", "meta": {}}
        }
    })
    .to_string()
}

fn checked(found: &Inventory) {
    assert_eq!(found.head.distribution.as_deref(), Some("nixpkgs"));
    assert_eq!(found.head.branch, None);
    assert_eq!(found.packages.len(), 3);
    let openssl = package(found, "openssl_1_1");
    assert_eq!(
        (&*openssl.source_name, &*openssl.version),
        ("openssl", "1.1.1w")
    );
    assert_eq!(openssl.outputs, ["bin", "dev", "out"]);
    assert_eq!(openssl.licenses, ["OpenSSL"]);
    assert_eq!(openssl.maintainer.as_deref(), Some("Some One, two"));
    assert_eq!(
        openssl.location.as_deref(),
        Some("pkgs/development/libraries/openssl/default.nix:267")
    );
    let known: Vec<_> = openssl
        .hints
        .known_vulnerabilities
        .iter()
        .map(palisade_model::VulnerabilityId::as_str)
        .collect();
    assert_eq!(known, ["CVE-2024-5535", "CVE-2024-4741"]);
    assert!(openssl.properties["known_vulnerabilities"].contains("not maintained"));
    let requests = package(found, "python312Packages.requests");
    assert_eq!(requests.source_name, "python3-requests");
    assert_eq!(requests.homepage.as_deref(), Some("https://a.example"));
    assert_eq!(requests.licenses, ["a", "b"]);
    let old = package(found, "old");
    assert_eq!((&*old.source_name, &*old.version), ("old-name", "1.0-rc1"));
}

#[test]
fn a_channels_list_is_read() {
    let (read, rejects) = try_inventory(KIND, "packages.json", channel().as_bytes());
    checked(&read.unwrap());
    let said: Vec<_> = rejects.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["packages.json, record 0, hook: it has no version"]);
}

#[test]
fn a_packagers_cpe_names_tell_the_product() {
    let cpe = |vendor: &str, product: &str, version: &str| {
        format!("cpe:2.3:a:{vendor}:{product}:{version}:*:*:*:*:*:*:*")
    };
    let package = |identifiers: Value| {
        let meta = json!({"identifiers": identifiers, "license": "a"});
        json!({"pname": "demo", "version": "1.2p3", "meta": meta})
    };
    let text = json!({"version": 2, "packages": {
        "whole": package(json!({"cpe": cpe("acme", "demo_server", "1.2p3"), "cpeParts": {"part": "a"}})),
        "guessed": package(json!({"possibleCPEs": [
            {"cpe": cpe("acme", "demo_server", "1.2p3"), "cpeParts": {}},
            {"cpe": cpe("acme", "demo_server", "1.2"), "cpeParts": {}}]})),
        "vendorless": package(json!({"cpe": cpe("*", "demo_server", "1.2p3")})),
        "parted": package(json!({"cpeParts": {"vendor": null, "product": "demo"}, "possibleCPEs": []})),
        "odd": package(json!(7)),
    }});
    let found = inventory(KIND, "packages.json", text.to_string().as_bytes());
    let hints: Vec<_> = found
        .packages
        .iter()
        .map(|it| {
            assert_eq!(
                (&it.hints.cpe_version, &it.licenses[..]),
                (&None, &["a".to_owned()][..])
            );
            let words = (it.hints.cpe_vendor.as_deref(), it.hints.cpe_name.as_deref());
            (&*it.name, words)
        })
        .collect();
    let product = Some("demo_server");
    assert_eq!(
        hints,
        [
            ("guessed", (Some("acme"), product)),
            ("odd", (None, None)),
            ("parted", (None, None)),
            ("vendorless", (None, product)),
            ("whole", (Some("acme"), product)),
        ]
    );
}

#[test]
fn every_compression_of_a_channel_is_seen_through() {
    let text = channel();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(text.as_bytes()).unwrap();
    for bytes in [xz.finish().unwrap(), stored_brotli(text.as_bytes())] {
        checked(&try_inventory(KIND, "packages.json", &bytes).0.unwrap());
    }
}

/// Brotli that compresses nothing (RFC 7932, 9.2): metablocks of at most 65,536 bytes.
fn stored_brotli(bytes: &[u8]) -> Vec<u8> {
    // A window of 2^16, then for each block: not the last, four nibbles of its length, stored.
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u64, 1_usize);
    for block in bytes.chunks(65_536) {
        let length = block.len() as u64 - 1;
        bits |= (length << 3 | 1 << 19) << count;
        count += 20;
        out.extend_from_slice(&bits.to_le_bytes()[..count.div_ceil(8)]);
        out.extend_from_slice(block);
        (bits, count) = (0, 0);
    }
    out.push(0b11);
    out
}

#[test]
fn a_cut_or_foreign_document_is_refused() {
    let text = channel();
    for bytes in [
        &text.as_bytes()[..text.len() - 2],
        &stored_brotli(text.as_bytes())[..text.len()],
        b"",
        b"{}",
        b"[]",
        b"hello, this is no list of packages at all",
        br#"{"version":2,"packages":[]}"#,
        br#"{"version":2,"packages":{}} {}"#,
    ] {
        assert!(refused(KIND, bytes).starts_with("read x"), "{bytes:?}");
    }
}

#[test]
fn what_nix_env_prints_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let expression = r#"let make = name: meta: derivation {
            inherit name; system = "x86_64-linux"; builder = "/bin/sh";
        } // { inherit meta; };
        in {
            tool = make "tool-1.2" { description = "A tool"; knownVulnerabilities = [ "CVE-2024-0001" ]; };
            perlPackages = { recurseForDerivations = true; DBI = make "perl5.40.0-DBI-1.644" { }; };
        }"#;
    fs_err::write(folder.path().join("p.nix"), expression).unwrap();
    let arguments = [
        "-f",
        "p.nix",
        "--query",
        "--available",
        "--attr-path",
        "--json",
        "--meta",
    ];
    let Some(text) = printed("nix-env", &arguments, folder.path()) else {
        return;
    };
    let found = inventory(KIND, "x", &text);
    assert_eq!(found.packages.len(), 2);
    let tool = package(&found, "tool");
    assert_eq!(tool.hints.known_vulnerabilities.len(), 1);
    assert_eq!(tool.architecture.as_deref(), Some("x86_64-linux"));
    assert_eq!(package(&found, "perlPackages.DBI").source_name, "perl-DBI");
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = try_inventory(KIND, "x", &bytes);
    }

    #[test]
    fn no_attribute_makes_the_reader_panic(
        text in r#"\{"[a-z.]{0,4}":\{"(name|pname|version|meta|outputs)":("[a-z0-9-]{0,5}"|\{\}|\[\]|null)\}\}"#
    ) {
        let _ = try_inventory(KIND, "x", text.as_bytes());
    }
}
