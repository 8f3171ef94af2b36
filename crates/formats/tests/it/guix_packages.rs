//! Guix's published list of packages.

use palisade_formats::inventory::InventoryKind;
use palisade_model::SourceKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{inventory, package, real, refused, try_inventory};

const KIND: InventoryKind = InventoryKind::GuixPackages;

#[test]
fn a_package_has_its_sources_hints_and_place() {
    let text = json!([{
        "name": "demo", "version": "1.2", "synopsis": "Shows something", "variable_name": "demo",
        "homepage": "https://demo.example/", "location": "gnu/packages/demo.scm:12",
        "cpe_name": "demo_product", "cpe_version": "1.2.0",
        "source": [
            {"type": "url", "urls": ["https://demo.example/demo-1.2.tar.gz", "https://mirror.example/x"],
             "integrity": "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="},
            {"type": "git", "git_url": "https://git.example/demo", "git_ref": "v1.2"},
            {"type": "svn", "svn_url": "https://svn.example/demo", "svn_revision": 42},
            {"type": "hg", "hg_url": "https://hg.example/demo", "hg_changeset": "abc"},
            {"type": null},
            {"type": false},
            {"type": "no-origin"}
        ]
    }]);
    let found = inventory(KIND, "packages.json", text.to_string().as_bytes());
    assert_eq!(found.head.distribution.as_deref(), Some("guix"));
    let demo = &found.packages[0];
    assert_eq!((&*demo.name, &*demo.version), ("demo", "1.2"));
    assert_eq!(demo.location.as_deref(), Some("gnu/packages/demo.scm:12"));
    assert_eq!(demo.hints.cpe_name.as_deref(), Some("demo_product"));
    assert_eq!(demo.hints.cpe_version.as_deref(), Some("1.2.0"));
    let kinds: Vec<_> = demo.sources.iter().map(|source| source.kind).collect();
    assert_eq!(
        kinds,
        [
            SourceKind::Url,
            SourceKind::Git,
            SourceKind::Svn,
            SourceKind::Hg
        ]
    );
    assert_eq!(demo.sources[0].urls.len(), 2);
    assert_eq!(
        demo.sources[0].hash.as_ref().unwrap().hex,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(demo.sources[1].reference.as_deref(), Some("v1.2"));
    assert_eq!(demo.sources[2].reference.as_deref(), Some("42"));
}

#[test]
fn a_bad_entry_does_not_spoil_the_others() {
    let text = r#"[{"name":"a","version":"1","source":{"type":"url","url":"u","integrity":"md5-x"}},
        {"name":"b"}, {"version":"1"}, 7, {"name":"c","version":"1 2"},
        {"name":"d","version":2,"source":[{"type":"ftp"}]}]"#;
    let (read, rejects) = try_inventory(KIND, "x", text.as_bytes());
    let names: Vec<_> = read
        .unwrap()
        .packages
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["a", "d"]);
    let said: Vec<_> = rejects
        .iter()
        .map(|it| format!("{it} {}", it.mended))
        .collect();
    assert_eq!(
        said,
        [
            "x, record 0, a@1: a source's hash cannot be read and was left out true",
            "x, record 1, b: it has no version false",
            "x, record 2: it has no name false",
            "x, record 3: not a package: invalid type: integer `7`, expected struct Record at line 1 column 1 false",
            "x, record 4, c: it has no version false",
            "x, record 5, d@2: a source of an unknown type was left out true",
        ]
    );
}

#[test]
fn what_is_no_list_of_packages_is_refused() {
    for text in [
        "",
        "{}",
        "[]",
        "[{}]",
        "[{\"name\":\"a\",\"version\":\"1\"}",
        "[] []",
    ] {
        assert!(
            refused(KIND, text.as_bytes()).contains("read x: "),
            "{text}"
        );
    }
}

/// The published list has what its generator takes from the packages of a real revision.
#[test]
fn a_real_revision_gives_the_same_packages_by_both_ways() {
    let Some(path) = real("guix/packages-d659fe8666c4.jsonl.zst") else {
        return;
    };
    let bytes = fs_err::read(path).unwrap();
    let (dumped, _) = try_inventory(InventoryKind::GuixInventory, "x", &bytes);
    let dumped = dumped.unwrap().packages;
    let list: Vec<Value> = dumped
        .iter()
        .map(|it| {
            let sources: Vec<Value> = it.sources.iter().map(published).collect();
            json!({"name": it.name, "version": it.version, "source": sources, "synopsis": it.synopsis,
                   "homepage": it.homepage, "cpe_name": it.hints.cpe_name, "cpe_version": it.hints.cpe_version})
        })
        .collect();
    let found = inventory(KIND, "x", Value::from(list).to_string().as_bytes());
    assert_eq!(found.packages.len(), 31_540);
    for (one, other) in found.packages.iter().zip(&dumped) {
        assert_eq!((&one.name, &one.version), (&other.name, &other.version));
        // One has a blank in front, which is no part of an address.
        let homepage = other.homepage.as_deref().map(str::trim);
        assert_eq!(one.homepage.as_deref(), homepage, "{}", one.name);
        assert_eq!(one.hints.cpe_name, other.hints.cpe_name, "{}", one.name);
        let urls = |it: &palisade_model::Package| {
            let known = it
                .sources
                .iter()
                .filter(|it| published(it)["type"] != Value::Null);
            known.flat_map(|it| it.urls.clone()).collect::<Vec<_>>()
        };
        assert_eq!(urls(one).len(), urls(other).len(), "{}", one.name);
    }
    let openssl = package(&found, "openssl");
    assert_eq!(
        openssl.sources[0].hash.as_ref().unwrap().algorithm,
        "sha256"
    );
}

fn published(source: &palisade_model::SourceOrigin) -> Value {
    let url = source.urls.first();
    match source.kind {
        SourceKind::Url => {
            let hash = source
                .hash
                .as_ref()
                .map(|hash| format!("{}-{}", hash.algorithm, base64(&hash.hex)));
            json!({"type": "url", "urls": source.urls, "integrity": hash})
        }
        SourceKind::Git => json!({"type": "git", "git_url": url, "git_ref": source.reference}),
        SourceKind::Svn => json!({"type": "svn", "svn_url": url, "svn_revision": source.reference}),
        SourceKind::Hg => json!({"type": "hg", "hg_url": url, "hg_changeset": source.reference}),
        _ => json!({"type": null}),
    }
}

/// The base64 of what hexadecimal digits stand for.
fn base64(hex: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = hex.chars().flat_map(|digit| {
        let value = digit.to_digit(16).unwrap();
        (0..4).rev().map(move |bit| value >> bit & 1)
    });
    let bits: Vec<u32> = bits.collect();
    let digit = |bits: &[u32]| {
        let missing = 6 - bits.len();
        let value = bits.iter().fold(0, |value, bit| value << 1 | bit) << missing;
        char::from(DIGITS[value as usize])
    };
    let text: String = bits.chunks(6).map(digit).collect();
    let padding = (4 - text.len() % 4) % 4;
    text + &"=".repeat(padding)
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = try_inventory(KIND, "x", &bytes);
    }

    #[test]
    fn no_list_makes_the_reader_panic(
        text in r#"\[(\{"(name|version|source|location)":("[a-z0-9]{0,3}"|[0-9]|null|\[\]|\{\})\},?){0,4}\]"#
    ) {
        let _ = try_inventory(KIND, "x", text.as_bytes());
    }
}
