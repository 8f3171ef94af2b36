//! Alpine's formats of version 3.

use std::collections::{BTreeMap, BTreeSet};

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use palisade_formats::adb::{
    self, Access, Compression, Content, Database, Directory, File, Index, Info, Manifest,
    PackageReader, Signer, Target, read_database, write_index, write_package,
};
use palisade_formats::apk_signature::PublicKey;
use palisade_formats::inventory::InventoryContext;
use palisade_formats::{Place, ReadError, Reject, apkindex};
use palisade_model::{Inventory, Package};
use proptest::prelude::*;
use serde_json::Value;

use crate::shared_data;

mod dump;
mod hostile;
mod oracle;

const V3_17: &str = "alpine/adb-v3/Packages-v3.17-main-aarch64.unsigned.adb";

/// Reads a document; what is not quite right is not expected.
fn read(bytes: &[u8], context: &InventoryContext<'_>) -> Result<Database, ReadError> {
    let mut rejects = Vec::new();
    let read = read_database("x", &mut &*bytes, context, &mut |it| rejects.push(it));
    assert_eq!(rejects, []);
    read
}

/// Reads a document without keys; what is not quite right is handed back.
fn read_leniently(bytes: &[u8]) -> (Result<Database, ReadError>, Vec<Reject>) {
    let mut rejects = Vec::new();
    let context = InventoryContext::default();
    let read = read_database("x", &mut &*bytes, &context, &mut |it| rejects.push(it));
    (read, rejects)
}

fn content(bytes: &[u8]) -> Content {
    read(bytes, &InventoryContext::default()).unwrap().content
}

fn malformed(read: Result<Database, ReadError>) -> String {
    match read {
        Err(ReadError::Malformed { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn inventory(bytes: &[u8]) -> Inventory {
    let context = InventoryContext::default();
    adb::read("x", &mut &*bytes, &context, &mut |it| panic!("{it}")).unwrap()
}

fn key(name: &str) -> Option<PublicKey> {
    let pem = shared_data::bytes(&format!("alpine/adb-v3/{name}"))?;
    Some(PublicKey::from_pem(name, std::str::from_utf8(&pem).unwrap()).unwrap())
}

fn strict(keys: &[PublicKey]) -> InventoryContext<'_> {
    InventoryContext {
        keys,
        require_signature: true,
    }
}

/// The public half of [`Pair`].
const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHhhTL9R1TALzBB2cdc6zO4P/2BrH\n\
    zk/ogsyxyYvFiW6kbDEcTi/0DdlqNlPm5FRF0y3+SG7O11x6kMahiIHAow==\n\
    -----END PUBLIC KEY-----\n";

/// A key of this test's own, which is no secret.
struct Pair {
    private: SigningKey,
    public: PublicKey,
}

impl Pair {
    fn new() -> Self {
        let private = SigningKey::from_slice(&[7; 32]).unwrap();
        let public = PublicKey::from_pem("ours.pub", PEM).unwrap();
        Self { private, public }
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let hash = ring::digest::digest(&ring::digest::SHA512, message);
        let signature: Signature = self.private.sign_prehash(hash.as_ref()).ok()?;
        Some(signature.to_der().as_bytes().to_vec())
    }
}

/// An index of two packages, one with every field; names and numbers are made up.
fn small_index() -> Index {
    let words = |words: &[&str]| words.iter().map(|&it| it.to_owned()).collect();
    let full = Info {
        name: "demo-libs".into(),
        version: "1.2.3-r4".into(),
        hashes: Some((0..32).collect()),
        description: Some("A thing that demonstrates".into()),
        architecture: Some("x86_64".into()),
        license: Some("MIT AND Zlib".into()),
        origin: Some("demo".into()),
        maintainer: Some("Some One <one@demo.example>".into()),
        url: Some("https://demo.example/".into()),
        commit: Some(vec![0xab; 20]),
        build_time: Some(1_700_000_000),
        installed_size: Some(5_000_000_000),
        file_size: Some(300_000_000),
        provider_priority: Some(10),
        depends: words(&["demo=1.2.3-r4", "!old", "so:libc.musl-x86_64.so.1", "z>~1"]),
        provides: words(&["cmd:demo=1.2.3-r4", "so:libdemo.so.1=1.2.3"]),
        replaces: words(&["older<2"]),
        install_if: words(&["demo", "docs"]),
        recommends: words(&["more"]),
        layer: Some(1),
        tags: words(&["base", "tested"]),
    };
    let bare = Info {
        name: "demo".into(),
        version: "1.2.3-r4".into(),
        ..Info::default()
    };
    Index {
        description: Some("v3.22.1-7-gabcdef0".into()),
        packages: vec![bare, full],
        file_names: Some("${name}-${version}.apk".into()),
    }
}

fn root_may(mode: u32) -> Access {
    Access {
        mode,
        user: b"root".to_vec(),
        group: b"root".to_vec(),
        attributes: vec![b"user.a\0b".to_vec()],
    }
}

/// A package with a file of each kind.
fn small_package() -> (Manifest, Vec<&'static [u8]>) {
    let file = |name: &str, target| File {
        name: name.into(),
        target,
        ..File::default()
    };
    let directory = |path: &str, files| Directory {
        path: path.into(),
        files,
        ..Directory::default()
    };
    let files = vec![
        file("demo", None),
        file("demo2", Some(Target::Hardlink(b"usr/bin/demo".to_vec()))),
        file("empty", None),
        file("link", Some(Target::Symlink(b"../lib/x".to_vec()))),
        file(
            "zero",
            Some(Target::Device(adb::DeviceKind::Character, 0x105)),
        ),
    ];
    let manifest = Manifest {
        info: small_index().packages.remove(1),
        directories: vec![
            Directory {
                access: Some(root_may(0o755)),
                ..Directory::default()
            },
            directory("usr/bin", files),
            directory("usr/lib", vec![file("x", None)]),
        ],
        scripts: vec![(adb::Script::PostInstall, b"#!/bin/sh\n".to_vec())],
        triggers: vec![b"/usr/lib/*".to_vec()],
        replaces_priority: Some(3),
    };
    (manifest, vec![b"content", b"", b"library"])
}

const COMPRESSIONS: [Compression; 3] = [
    Compression::None,
    Compression::Deflate,
    Compression::Zstd(3),
];

#[test]
fn what_apk_dumps_is_what_is_read() {
    for (file, dump) in [
        ("Packages.adb", "Packages.adb.json"),
        ("hello-1.0-r0.apk", "hello-1.0-r0.apk.json"),
        ("hello-deflate.apk", "hello-1.0-r0.apk.json"),
        ("hello-none.apk", "hello-1.0-r0.apk.json"),
        ("hello-zstd.apk", "hello-1.0-r0.apk.json"),
        ("hello-2sigs.apk", "hello-1.0-r0.apk.json"),
    ] {
        let path = |name| format!("alpine/adb-v3/{name}");
        let Some(bytes) = shared_data::bytes(&path(file)) else {
            return;
        };
        let dump: Value =
            serde_json::from_slice(&shared_data::bytes(&path(dump)).unwrap()).unwrap();
        assert_eq!(dump::content(&content(&bytes)), dump, "{file}");
    }
}

#[test]
fn signatures_of_both_kinds_are_checked() {
    let (Some(rsa), Some(ec)) = (key("test-rsa4096.rsa.pub"), key("test-p256.pub")) else {
        return;
    };
    for (file, keys, signed_by) in [
        ("Packages.adb", vec![&rsa], "test-rsa4096.rsa.pub"),
        ("hello-none.apk", vec![&ec, &rsa], "test-rsa4096.rsa.pub"),
        ("hello-2sigs.apk", vec![&ec, &rsa], "test-rsa4096.rsa.pub"),
    ] {
        let bytes = shared_data::bytes(&format!("alpine/adb-v3/{file}")).unwrap();
        let keys: Vec<_> = keys.into_iter().cloned().collect();
        let database = read(&bytes, &strict(&keys)).unwrap();
        assert_eq!(database.signed_by.as_deref(), Some(signed_by), "{file}");
    }
    // The second signature is by the other key.
    let bytes = shared_data::bytes("alpine/adb-v3/hello-2sigs.apk").unwrap();
    let mut rejects = Vec::new();
    let keys = [ec];
    let context = strict(&keys);
    let database = read_database("x", &mut &*bytes, &context, &mut |it| rejects.push(it)).unwrap();
    assert_eq!(database.signed_by.as_deref(), Some("test-p256.pub"));
    assert_eq!(
        rejects[0].reason,
        "it is signed by the key dc648207691f96542fe5a969286ff7ac, which is none that was given"
    );
}

#[test]
fn the_index_of_v3_17_is_the_same_in_both_versions() {
    let two = "alpine/apkindex/APKINDEX-v3.17-main-aarch64-20230527.tar.gz";
    let (Some(two), Some(three)) = (shared_data::bytes(two), shared_data::bytes(V3_17)) else {
        return;
    };
    let context = InventoryContext::default();
    let two = apkindex::read("x", &mut &*two, &context, &mut |it| panic!("{it}")).unwrap();
    let mut rejects = Vec::new();
    let three = adb::read("x", &mut &*three, &context, &mut |it| rejects.push(it)).unwrap();
    let rejects: Vec<_> = rejects.iter().map(ToString::to_string).collect();
    assert_eq!(
        rejects,
        [
            "x, record 195, aspell-ru: apk did not accept its version",
            "x, record 1411, jemalloc-dev: it lacks what apk did not accept",
            "x, record 4266, rtmpdump-dev: it lacks what apk did not accept",
        ]
    );
    assert_eq!((two.packages.len(), three.packages.len()), (5_004, 5_003));
    assert_eq!(three.head.architecture, two.head.architecture);
    let old: BTreeMap<_, _> = two.packages.iter().map(|it| (&it.name, it)).collect();
    let mut reordered = BTreeSet::new();
    let mut differ = Vec::new();
    for new in &three.packages {
        let (old, new) = (old[&new.name], new.clone());
        // Version 3 has all kinds of dependencies sorted.
        let same = Package {
            depends: sorted(&new.depends, &old.depends),
            provides: sorted(&new.provides, &old.provides),
            properties: sorted_install_if(&new, old),
            ..new.clone()
        };
        if same != *old {
            differ.push(&*old.name);
            let provides = old.provides.clone();
            assert_eq!(Package { provides, ..same }, *old);
        }
        if new != *old {
            reordered.insert(&old.name);
        }
    }
    assert_eq!(differ, ["jemalloc-dev", "rtmpdump-dev"]);
    assert_eq!(reordered.len(), 1_212);
}

/// The words in the other's order, where they are the same.
fn sorted(words: &[String], like: &[String]) -> Vec<String> {
    let set = |words: &[String]| words.iter().cloned().collect::<BTreeSet<_>>();
    let same = set(words) == set(like);
    if same { like } else { words }.to_vec()
}

/// The properties with the words of one of them in the other's order.
fn sorted_install_if(package: &Package, like: &Package) -> BTreeMap<String, String> {
    let words = |package: &Package| -> Vec<String> {
        let json = package.properties.get("install_if");
        json.map_or_else(Vec::new, |json| serde_json::from_str(json).unwrap())
    };
    let mut properties = package.properties.clone();
    if let Some(json) = properties.get_mut("install_if") {
        *json = Value::from(sorted(&words(package), &words(like))).to_string();
    }
    properties
}

#[test]
fn what_is_written_is_read_again() {
    let (manifest, contents) = small_package();
    for compression in COMPRESSIONS {
        let bytes = write_index(&small_index(), &[], compression).unwrap();
        assert_eq!(content(&bytes), Content::Index(small_index()));

        let bytes = write_package(&manifest, &contents, &[], compression).unwrap();
        let mut reader = &*bytes;
        let context = InventoryContext::default();
        let reader = PackageReader::open("x", &mut reader, &context, &mut |it| panic!("{it}"));
        let reader = reader.unwrap();
        assert_eq!(reader.signed_by(), None);
        let mut expected = manifest.clone();
        // The identity in the package is the beginning of what it would be without.
        let info = &reader.manifest().info;
        assert_ne!(info.hashes, expected.info.hashes);
        expected.info.hashes.clone_from(&info.hashes);
        let mut received = Vec::new();
        let read = reader.contents(&mut |directory, file, content| {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes).unwrap();
            received.push((directory.path_of(file), bytes));
            Ok(())
        });
        assert_eq!(
            received,
            [
                (b"usr/bin/demo".to_vec(), b"content".to_vec()),
                (b"usr/lib/x".to_vec(), b"library".to_vec()),
            ]
        );
        let mut read = read.unwrap();
        let sizes: Vec<_> = read
            .directories
            .iter()
            .flat_map(|it| &it.files)
            .map(|it| it.size)
            .collect();
        assert_eq!(sizes, [Some(7), None, Some(0), None, None, Some(7)]);
        for file in read.directories.iter_mut().flat_map(|it| &mut it.files) {
            (file.size, file.hash) = (None, None);
        }
        assert_eq!(read, expected);
    }
}

#[test]
fn installed_packages_are_streams_within_a_value() {
    let (manifest, contents) = small_package();
    let package = write_package(&manifest, &contents, &[], Compression::None).unwrap();
    // The package's block of values, in a blob at the beginning of the others.
    let size = u32::from_le_bytes(package[8..12].try_into().unwrap());
    let block = &package[8..8 + size as usize];
    let mut values = [&[0; 8], &size.to_le_bytes()[..], block].concat();
    values.resize(values.len().next_multiple_of(4), 0);
    let list = u32::try_from(values.len()).unwrap();
    for word in [3, 0xa000_0008, 0x8000_0008, 2, 0xe000_0000 | list] {
        values.extend(u32::to_le_bytes(word));
    }
    values[4..8].copy_from_slice(&(0xe000_0000 | (list + 12)).to_le_bytes());
    let bytes = hostile::stream(*b"idb\0", &[(0, &values)]);
    let (read, rejects) = read_leniently(&bytes);
    let Content::Installed(installed) = read.unwrap().content else {
        panic!("not an installed database")
    };
    assert_eq!(installed.len(), 1);
    assert_eq!(installed[0].directories[1].path, b"usr/bin");
    assert_eq!(installed[0].info.name, "demo-libs");
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0].reason, "it does not begin with its values");
}

#[test]
fn contents_need_not_be_looked_at() {
    let (manifest, contents) = small_package();
    let bytes = write_package(&manifest, &contents, &[], Compression::Deflate).unwrap();
    let mut reader = &*bytes;
    let context = InventoryContext::default();
    let reader = PackageReader::open("x", &mut reader, &context, &mut |it| panic!("{it}")).unwrap();
    let mut paths = Vec::new();
    let read = reader.contents(&mut |directory, file, _| {
        paths.push(directory.path_of(file));
        Ok(())
    });
    assert_eq!(paths, [&b"usr/bin/demo"[..], b"usr/lib/x"]);
    assert_eq!(read.unwrap().directories.len(), 3);
    let inventory = inventory(&bytes);
    assert_eq!(inventory.packages[0].name, "demo-libs");
}

#[test]
fn every_field_has_its_place_in_an_inventory() {
    let bytes = write_index(&small_index(), &[], Compression::None).unwrap();
    let inventory = inventory(&bytes);
    assert_eq!(inventory.head.distribution.as_deref(), Some("alpine"));
    assert_eq!(inventory.head.branch.as_deref(), Some("v3.22"));
    assert_eq!(inventory.head.architecture.as_deref(), Some("x86_64"));
    assert_eq!(
        inventory.head.revision.as_deref(),
        Some("v3.22.1-7-gabcdef0")
    );
    assert_eq!(inventory.head.time, None);
    let expected = Package {
        name: "demo-libs".into(),
        version: "1.2.3-r4".into(),
        source_name: "demo".into(),
        source_version: "1.2.3-r4".into(),
        architecture: Some("x86_64".into()),
        maintainer: Some("Some One <one@demo.example>".into()),
        homepage: Some("https://demo.example/".into()),
        synopsis: Some("A thing that demonstrates".into()),
        licenses: vec!["MIT AND Zlib".into()],
        depends: ["demo=1.2.3-r4", "!old", "so:libc.musl-x86_64.so.1", "z>~1"]
            .map(str::to_owned)
            .into(),
        provides: ["cmd:demo=1.2.3-r4", "so:libdemo.so.1=1.2.3"]
            .map(str::to_owned)
            .into(),
        properties: [
            ("install_if", r#"["demo","docs"]"#),
            ("installed_size", "5000000000"),
            ("layer", "1"),
            ("provider_priority", "10"),
            ("recommends", r#"["more"]"#),
            ("replaces", r#"["older<2"]"#),
            ("size", "300000000"),
            ("tags", r#"["base","tested"]"#),
        ]
        .map(|(name, json)| (name.to_owned(), json.to_owned()))
        .into(),
        checksum: Some("Q2AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".into()),
        commit: Some("ab".repeat(20)),
        built: Some(1_700_000_000),
        ..Package::default()
    };
    assert_eq!(inventory.packages[1], expected);
    assert_eq!(Info::of(&expected), small_index().packages[1]);
    assert_eq!(inventory.packages[0].source_name, "demo");
}

#[test]
fn what_is_no_dependency_is_not_written() {
    let mut index = small_index();
    index.packages[0].depends = vec!["=1".to_owned()];
    let error = write_index(&index, &[], Compression::None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "write the dependency \"=1\", which is none"
    );
    let (manifest, _) = small_package();
    for contents in [&[][..], &[&b""[..]; 4]] {
        let written = write_package(&manifest, contents, &[], Compression::None);
        assert!(written.is_err());
    }
    let signer = Signer {
        id: [0; 16],
        sign: &|_| None,
    };
    assert!(write_index(&small_index(), &[signer], Compression::None).is_err());
}

proptest! {
    #[test]
    fn every_index_comes_back(
        names in prop::collection::vec(("[a-z]{1,3}", "[0-9]{1,2}(\\.[0-9]{1,2})?(-r[0-9])?"), 0..20),
        texts in prop::collection::vec("\\PC{1,300}", 1..4),
        numbers in prop::collection::vec(any::<u64>(), 1..4),
        words in prop::collection::btree_set("!?[a-z:/.]{1,9}([<>=~]1)?", 0..9),
    ) {
        let words: Vec<String> = words.into_iter().collect();
        let packages = names.iter().enumerate().map(|(place, (name, version))| Info {
            name: name.clone(),
            version: version.clone(),
            description: texts.get(place % texts.len()).cloned(),
            installed_size: numbers.get(place % 5).copied(),
            tags: words[..place.min(words.len())].to_vec(),
            depends: words[place.min(words.len())..].to_vec(),
            ..Info::default()
        });
        let index = Index { packages: packages.collect(), ..Index::default() };
        let bytes = write_index(&index, &[], Compression::None).unwrap();
        let Content::Index(read) = content(&bytes) else { panic!("no index") };
        // Packages and dependencies are sorted, and nothing else is changed by it.
        let again = write_index(&read, &[], Compression::None).unwrap();
        prop_assert_eq!(&content(&again), &Content::Index(read.clone()));
        let set = |index: &Index| -> BTreeSet<String> {
            let packages = index.packages.iter().cloned().map(|mut info| {
                info.depends.sort();
                format!("{info:?}")
            });
            packages.collect()
        };
        prop_assert_eq!(set(&read), set(&index));
    }
}
