//! What holds of every format of inventories: the order of imports makes no difference, nor does a
//! second import; and what is cut, out of order, doubled or hostile leaves the database as it was, or
//! does what the document would do as it should be.

use std::sync::Arc;

use palisade_formats::adb;
use palisade_formats::feed::FeedKind;
use palisade_formats::inventory::InventoryKind;
use palisade_model::Timestamp;
use palisade_store::Content;
use palisade_tracker::{
    Document, InventoryImport, NoProgress, Reject, TrackerError, import_inventory,
};
use serde_json::{Value, json};

use crate::documents::{nvd_before, page, product};
use crate::sync::gzip;
use crate::tracker::{Tracker, inventory_import};

type Packages = [(&'static str, &'static str)];

/// Three states of a branch: one package is upgraded, one goes and comes again, one is new.
const STATES: [&Packages; 3] = [
    &[
        ("musl", "1.2.3-r4"),
        ("openssl", "3.0.7-r0"),
        ("zlib", "1.2.11-r0"),
    ],
    &[("openssl", "3.0.7-r0"), ("zlib", "1.2.13-r0")],
    &[
        ("curl", "8.0.1-r0"),
        ("musl", "1.2.3-r4"),
        ("zlib", "1.2.13-r0"),
    ],
];

/// How often each step is done, and in which order: states, and a feed as the fourth step.
const ORDERS: [&[usize]; 8] = [
    &[0, 1, 2, 3],
    &[3, 2, 1, 0],
    &[1, 3, 0, 2],
    &[2, 0, 3, 1],
    &[0, 2, 1, 3],
    &[1, 2, 3, 0],
    &[0, 0, 1, 3, 0, 1, 2, 2, 3],
    &[2, 1, 2, 3, 0, 1, 0, 2],
];

fn branch(kind: InventoryKind) -> &'static str {
    match kind {
        InventoryKind::Adb
        | InventoryKind::Apkindex
        | InventoryKind::ApkInstalled
        | InventoryKind::Aports
        | InventoryKind::Cyclonedx
        | InventoryKind::Spdx
        | InventoryKind::Oci => "alpine/v3.99",
        InventoryKind::Dpkg => "debian/12",
        InventoryKind::Pacman => "archlinux/rolling",
        InventoryKind::NixPackages => "nixpkgs/nixos-24.05",
        InventoryKind::GuixInventory
        | InventoryKind::GuixPackages
        | InventoryKind::GuixDataService => "guix/master",
    }
}

fn tar(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    archive.into_inner().unwrap()
}

fn purl(name: &str, version: &str) -> String {
    format!("pkg:apk/alpine/{name}@{version}?distro=alpine-3.99")
}

fn installed(packages: &Packages) -> String {
    let record = |(name, version): &(&str, &str)| {
        format!("P:{name}\nV:{version}\nA:x86_64\no:{name}\nF:lib\nR:x\n\n")
    };
    packages.iter().map(record).collect()
}

fn adb_index(packages: &Packages) -> Vec<u8> {
    let info = |(name, version): &(&str, &str)| adb::Info {
        name: (*name).to_owned(),
        version: (*version).to_owned(),
        origin: Some((*name).to_owned()),
        architecture: Some("x86_64".to_owned()),
        ..adb::Info::default()
    };
    let index = adb::Index {
        packages: packages.iter().map(info).collect(),
        ..adb::Index::default()
    };
    adb::write_index(&index, &[], adb::Compression::None).unwrap()
}

/// A document of a kind with these packages, one record behind the other.
fn document(kind: InventoryKind, packages: &Packages) -> Vec<u8> {
    let text = |record: &dyn Fn(&str, &str) -> String| -> Vec<u8> {
        let records = packages.iter().map(|(name, version)| record(name, version));
        records.collect::<String>().into_bytes()
    };
    let list = |record: &dyn Fn(&str, &str) -> Value| -> Vec<Value> {
        let records = packages.iter().map(|(name, version)| record(name, version));
        records.collect()
    };
    match kind {
        InventoryKind::Adb => adb_index(packages),
        InventoryKind::Apkindex => {
            text(&|name, version| format!("P:{name}\nV:{version}\nA:x86_64\no:{name}\n\n"))
        }
        InventoryKind::ApkInstalled => installed(packages).into_bytes(),
        InventoryKind::Aports => {
            let member = |(name, version): &(&str, &str)| {
                let (version, release) = version.split_once("-r").unwrap();
                let text = format!("pkgname={name}\npkgver={version}\npkgrel={release}\n");
                (format!("main/{name}/APKBUILD"), text.into_bytes())
            };
            tar(&packages.iter().map(member).collect::<Vec<_>>())
        }
        InventoryKind::GuixInventory => {
            text(&|name, version| format!("{}\n", json!({"name": name, "version": version})))
        }
        InventoryKind::Dpkg => text(&|name, version| {
            format!(
                "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
            )
        }),
        InventoryKind::Pacman => {
            text(&|name, version| format!("%NAME%\n{name}\n\n%VERSION%\n{version}\n\n"))
        }
        InventoryKind::GuixPackages => json!(list(
            &|name, version| json!({"name": name, "version": version, "source": []})
        ))
        .to_string()
        .into_bytes(),
        InventoryKind::GuixDataService => {
            let packages = list(&|name, version| json!({"name": name, "version": version}));
            json!({"packages": packages}).to_string().into_bytes()
        }
        InventoryKind::NixPackages => {
            let record = |(name, version): &(&str, &str)| {
                let record = json!({"pname": name, "version": version, "meta": {}});
                ((*name).to_owned(), record)
            };
            let packages: serde_json::Map<String, Value> = packages.iter().map(record).collect();
            json!({"version": 2, "packages": packages})
                .to_string()
                .into_bytes()
        }
        InventoryKind::Cyclonedx => {
            let components = list(
                &|name, version| json!({"type": "library", "name": name, "version": version, "purl": purl(name, version)}),
            );
            json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components})
                .to_string()
                .into_bytes()
        }
        InventoryKind::Spdx => {
            let packages = list(&|name, version| {
                json!({"name": name, "SPDXID": format!("SPDXRef-{name}"), "versionInfo": version,
                    "externalRefs": [{"referenceType": "purl", "referenceLocator": purl(name, version)}]})
            });
            json!({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": packages})
                .to_string()
                .into_bytes()
        }
        InventoryKind::Oci => {
            let release = "ID=alpine\nVERSION_ID=3.99.0\n".as_bytes().to_vec();
            let database = installed(packages).into_bytes();
            let layer = tar(&[
                ("etc/os-release".to_owned(), release),
                ("lib/apk/db/installed".to_owned(), database),
            ]);
            let manifest =
                r#"[{"Config":"00.json","RepoTags":["shop:1"],"Layers":["a/layer.tar"]}]"#;
            tar(&[
                ("a/layer.tar".to_owned(), layer),
                ("00.json".to_owned(), b"{}".to_vec()),
                ("manifest.json".to_owned(), manifest.as_bytes().to_vec()),
            ])
        }
    }
}

fn state(kind: InventoryKind, number: usize, bytes: Vec<u8>) -> InventoryImport {
    let name = "packages".to_owned();
    let second = 1000 * (i64::try_from(number).unwrap() + 1);
    let repository = matches!(kind, InventoryKind::Adb | InventoryKind::Apkindex);
    let document = Document::Memory {
        name,
        bytes: bytes.into(),
    };
    InventoryImport {
        branch: Some(branch(kind).parse().unwrap()),
        repository: repository.then(|| "main".to_owned()),
        revision: Some(format!("r{number}")),
        time: Some(Timestamp::from_second(second).unwrap()),
        ..inventory_import(kind, document)
    }
}

async fn import(tracker: &Tracker, import: InventoryImport) -> Result<Vec<Reject>, TrackerError> {
    let imported = import_inventory(&tracker.store, import, Arc::new(NoProgress)).await;
    imported.map(|(_, rejects)| rejects)
}

async fn step(tracker: &Tracker, kind: InventoryKind, step: usize) {
    if let Some(packages) = STATES.get(step) {
        let state = state(kind, step, document(kind, packages));
        let rejects = import(tracker, state).await.unwrap();
        assert_eq!(rejects, [], "{kind:?}");
    } else {
        let records = [
            nvd_before("CVE-2024-0001", &product("zlib"), "1.2.12"),
            nvd_before("CVE-2024-0002", &product("openssl"), "3.0.8"),
            nvd_before("CVE-2024-0003", &product("curl"), "8.1"),
        ];
        tracker.feed(FeedKind::Nvd, &page(&records)).await;
    }
}

async fn known(tracker: &Tracker) -> Content {
    tracker.content().await.without(&["event"])
}

#[tokio::test]
async fn states_in_any_order_and_twice_give_the_same() {
    for kind in InventoryKind::ALL {
        let mut expected: Option<Content> = None;
        for order in ORDERS {
            let tracker = Tracker::new().await;
            for number in order {
                step(&tracker, kind, *number).await;
            }
            let known = known(&tracker).await;
            let Some(expected) = &expected else {
                let findings = tracker.findings().await;
                assert_eq!(findings.len(), 4, "{kind:?}: {findings:?}");
                expected = Some(known);
                continue;
            };
            let differences = expected.differences(&known, 9);
            assert_eq!(differences, Vec::<String>::new(), "{kind:?} {order:?}");
        }
    }
}

/// A document that ends within the last version, and what is said of it.
fn cut(kind: InventoryKind) -> (Vec<u8>, &'static str) {
    let whole = document(kind, STATES[1]);
    let version = memmem(&whole, b"1.2.13").map_or(0, |at| at + 5);
    let (end, said) = match kind {
        InventoryKind::Adb => (whole.len() - 6, "it ends early"),
        InventoryKind::Apkindex => (version, "it is cut off in line 7"),
        InventoryKind::ApkInstalled | InventoryKind::Dpkg => (version, "it is cut off in line 9"),
        InventoryKind::Pacman => (version, "it is cut off in line 11"),
        InventoryKind::GuixInventory => (version, "it is cut off in line 2"),
        InventoryKind::GuixPackages
        | InventoryKind::GuixDataService
        | InventoryKind::NixPackages
        | InventoryKind::Cyclonedx
        | InventoryKind::Spdx => (version, "line 1 column"),
        // Behind the last member an archive has only zeros.
        InventoryKind::Aports => (600, "unexpected EOF"),
        InventoryKind::Oci => (600, "packages!a/layer.tar: the archive ends"),
    };
    (whole[..end].to_vec(), said)
}

fn memmem(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .rposition(|window| window == wanted)
}

/// Documents that are none, with what is said of them.
fn spoilt(kind: InventoryKind) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let compressed = gzip(&document(kind, STATES[1]));
    let compressed = compressed[..compressed.len() - 9].to_vec();
    let said = match kind {
        InventoryKind::Adb => "it is no ADB",
        _ => "incomplete deflate stream",
    };
    let (cut, line) = cut(kind);
    let page = b"<html><body>504 Gateway Timeout</body></html>\n";
    vec![
        ("compressed and cut", compressed, said),
        ("cut", cut, line),
        ("of zeros", vec![0; 4096], ""),
        ("of another kind", page.to_vec(), ""),
        ("empty", Vec::new(), ""),
    ]
}

#[tokio::test]
async fn a_spoilt_document_leaves_the_database_as_it_was() {
    for kind in InventoryKind::ALL {
        let tracker = Tracker::new().await;
        step(&tracker, kind, 3).await;
        step(&tracker, kind, 0).await;
        let before = tracker.content().await;
        for (what, bytes, said) in spoilt(kind) {
            let error = import(&tracker, state(kind, 1, bytes)).await;
            let error = palisade_tracker::error_line(&error.unwrap_err());
            assert!(
                error.starts_with("read packages"),
                "{kind:?} {what}: {error}"
            );
            assert!(error.contains(said), "{kind:?} {what}: {error}");
            let differences = before.differences(&tracker.content().await, 9);
            assert_eq!(differences, Vec::<String>::new(), "{kind:?} {what}");
        }
        // What is had as it should be afterwards is taken.
        step(&tracker, kind, 1).await;
    }
}

#[tokio::test]
async fn records_in_another_order_or_twice_are_the_same_state() {
    for kind in InventoryKind::ALL {
        let expected = Tracker::new().await;
        for number in [3, 0, 1] {
            step(&expected, kind, number).await;
        }
        let expected = known(&expected).await;
        let reversed: Vec<_> = STATES[1].iter().rev().copied().collect();
        let whole = document(kind, STATES[1]);
        let doubled = [&whole[..], &whole[..]].concat();
        for (what, bytes) in [
            ("reversed", document(kind, &reversed)),
            ("doubled", doubled),
        ] {
            let tracker = Tracker::new().await;
            step(&tracker, kind, 3).await;
            step(&tracker, kind, 0).await;
            let before = known(&tracker).await;
            let imported = import(&tracker, state(kind, 1, bytes)).await;
            // One document of JSON, or one ADB, cannot stand twice in a file.
            let expected = match imported {
                Ok(_) => &expected,
                Err(error) => {
                    assert_eq!(what, "doubled", "{kind:?}: {error}");
                    &before
                }
            };
            let differences = expected.differences(&known(&tracker).await, 9);
            assert_eq!(differences, Vec::<String>::new(), "{kind:?} {what}");
        }
    }
}
