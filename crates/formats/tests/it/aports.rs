//! Inventories of Alpine's aports.

use std::collections::BTreeMap;
use std::io::BufReader;

use palisade_formats::inventory::{InventoryContext, InventoryKind};
use palisade_formats::{ReadError, Reject, apkindex, aports};
use palisade_model::{Inventory, Package, SourceKind};
use proptest::prelude::*;

use crate::support::{real, tar};

fn try_read(bytes: &[u8]) -> (Result<Inventory, ReadError>, Vec<String>) {
    let mut rejects = Vec::new();
    let read = aports::read("a.tar", &mut &*bytes, &mut |reject: Reject| {
        let mended = if reject.mended { "~" } else { "" };
        rejects.push(format!("{mended}{reject}"));
    });
    (read, rejects)
}

fn read(files: &[(&str, &str)]) -> (Inventory, Vec<String>) {
    let (read, rejects) = try_read(&tar(files));
    (read.unwrap(), rejects)
}

const FOO: &str = r#"# Contributor: A <a@b.org>
# Maintainer: B <b@b.org>
pkgname=foo
pkgver=1.2_rc1
_ver=${pkgver/_/-}
pkgrel=3
pkgdesc="does foo"
url="https://foo.example/"
arch="all !x86"
license="MIT AND Zlib"
subpackages="$pkgname-dev lib$pkgname:libs foo-doc::noarch"
source="https://foo.example/foo-$_ver.tar.gz
	foo-$pkgver.tar.gz::https://foo.example/$pkgver
	foo.initd
	CVE-2020-0001.patch
	musl.patch
	$pkgname-1.diff
	"

build() {
	make
}

sha512sums="
AAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBBCCCCDDDD  foo-1.2-rc1.tar.gz
0  musl.patch
"
"#;

#[test]
fn an_apkbuild_is_a_source_package() {
    let (inventory, rejects) = read(&[("main/foo/APKBUILD", FOO), ("main/foo/foo.initd", "x")]);
    assert_eq!(rejects, [""; 0]);
    let head = &inventory.head;
    assert_eq!(
        (
            head.distribution.as_deref(),
            head.repository.as_deref(),
            head.branch.as_deref()
        ),
        (Some("alpine"), Some("main"), None)
    );
    let [package] = &inventory.packages[..] else {
        panic!("{:?}", inventory.packages)
    };
    assert_eq!((&*package.name, &*package.version), ("foo", "1.2_rc1-r3"));
    assert_eq!(
        (&*package.source_name, &*package.source_version),
        ("foo", "1.2_rc1-r3")
    );
    assert_eq!(package.maintainer.as_deref(), Some("B <b@b.org>"));
    assert_eq!(package.homepage.as_deref(), Some("https://foo.example/"));
    assert_eq!(package.synopsis.as_deref(), Some("does foo"));
    assert_eq!(package.licenses, ["MIT AND Zlib"]);
    assert_eq!(package.location.as_deref(), Some("main/foo/APKBUILD"));
    assert_eq!(
        package.properties["subpackages"],
        r#"["foo-dev","libfoo","foo-doc"]"#
    );
    assert_eq!(package.properties["architectures"], r#"["all","!x86"]"#);
    let sources: Vec<_> = package
        .sources
        .iter()
        .map(|source| {
            (
                source.file_name.as_deref().unwrap(),
                source.urls.first().map(String::as_str),
            )
        })
        .collect();
    assert_eq!(
        sources,
        [
            (
                "foo-1.2-rc1.tar.gz",
                Some("https://foo.example/foo-1.2-rc1.tar.gz")
            ),
            ("foo-1.2_rc1.tar.gz", Some("https://foo.example/1.2_rc1")),
            ("foo.initd", None),
        ]
    );
    assert_eq!(package.sources[2].kind, SourceKind::None);
    let hash = package.sources[0].hash.as_ref().unwrap();
    assert_eq!((&*hash.algorithm, &hash.hex[..8]), ("sha512", "aaaabbbb"));
    assert!(package.sources[1].hash.is_none());
    let patches: Vec<_> = package.patches.iter().map(|patch| &*patch.name).collect();
    assert_eq!(patches, ["CVE-2020-0001.patch", "musl.patch", "foo-1.diff"]);
}

#[test]
fn patches_name_vulnerabilities_in_their_text() {
    let patch = "Subject: fix CVE-2020-0009\n--- a\n+++ b\n@@ -1 +1 @@\n-CVE-2020-0010\n+x\n";
    let (inventory, _) = read(&[
        ("x/main/foo/musl.patch", patch),
        ("x/main/foo/unused.patch", patch),
        ("x/main/foo/APKBUILD", FOO),
        ("x/community/foo/APKBUILD", FOO),
        ("x/community/foo/foo-1.diff", patch),
    ]);
    let named = |package: &Package| {
        let named = package
            .patches
            .iter()
            .filter(|patch| !patch.vulnerabilities.is_empty());
        let named = named.map(|patch| format!("{} {}", patch.name, patch.vulnerabilities[0]));
        named.collect::<Vec<_>>()
    };
    assert_eq!(named(&inventory.packages[0]), ["musl.patch CVE-2020-0009"]);
    assert_eq!(named(&inventory.packages[1]), ["foo-1.diff CVE-2020-0009"]);
    assert_eq!(inventory.head.repository, None);
}

#[test]
fn what_cannot_be_told_is_named() {
    let (inventory, rejects) = read(&[
        ("main/a/APKBUILD", "pkgname=a\npkgver=$(id)\npkgrel=0\n"),
        ("main/b/APKBUILD", "pkgver=1\npkgrel=0\n"),
        (
            "main/c/APKBUILD",
            "pkgname=c\npkgver=1\npkgrel=0\nsource=\"c-$CARCH.tar\"\nadd() {\n\tx\n}\nadd\n",
        ),
    ]);
    assert_eq!(inventory.packages.len(), 1);
    assert_eq!(
        inventory.packages[0].sources[0].file_name.as_deref(),
        Some("c-$CARCH.tar")
    );
    assert_eq!(
        rejects,
        [
            "~a.tar!main/a/APKBUILD, line 2, a: pkgver is not certain: only running a command would tell",
            "a.tar!main/a/APKBUILD, the whole document, a: it has no version that can be told without running it",
            "a.tar!main/b/APKBUILD, the whole document, b: it has no name that can be told without running it",
            "~a.tar!main/c/APKBUILD, line 8, c: a function or another script is called, which may set anything",
            "~a.tar!main/c/APKBUILD, the whole document, c: source is not certain: it depends on the machine of the build",
        ]
    );
}

#[test]
fn a_single_apkbuild_is_an_inventory() {
    let mut rejects = Vec::new();
    let read = aports::read("main/foo/APKBUILD", &mut FOO.as_bytes(), &mut |reject| {
        rejects.push(reject);
    });
    let inventory = read.unwrap();
    assert_eq!(rejects, []);
    assert_eq!(inventory.head.repository.as_deref(), Some("main"));
    assert_eq!(inventory.packages[0].name, "foo");
}

/// The first blocks of an archive by `git archive`.
fn git_head(comment: &str) -> Vec<u8> {
    let record = format!("52 comment={comment}\n");
    let mut header = tar::Header::new_ustar();
    header.set_path("pax_global_header").unwrap();
    header.set_entry_type(tar::EntryType::XGlobalHeader);
    header.set_size(record.len() as u64);
    header.set_mtime(1_700_000_000);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(record.as_bytes());
    bytes.resize(1024, 0);
    bytes
}

#[test]
fn an_archive_by_git_tells_its_commit() {
    let commit = "54a39ace82a54a39ace82a54a39ace82a0123456";
    let archive = [git_head(commit), tar(&[("main/foo/APKBUILD", FOO)])].concat();
    for bytes in [archive.clone(), zstd::encode_all(&archive[..], 1).unwrap()] {
        let head = try_read(&bytes).0.unwrap().head;
        assert_eq!(head.revision.as_deref(), Some(commit));
        assert_eq!(head.time.unwrap().as_second(), 1_700_000_000);
    }
    let other = [git_head("../../x"), tar(&[("main/foo/APKBUILD", FOO)])].concat();
    assert_eq!(try_read(&other).0.unwrap().head.revision, None);
}

#[test]
fn what_has_no_package_is_an_error() {
    let long = "x".repeat(2 << 20);
    for bytes in [
        Vec::new(),
        b"<html>".to_vec(),
        tar(&[("README", "x")]),
        tar(&[("a/APKBUILD", "x=1\n")]),
        tar(&[("a/APKBUILD", &long)]),
        tar(&[("main/foo/APKBUILD", FOO)])[..700].to_vec(),
    ] {
        assert!(try_read(&bytes).0.is_err());
    }
}

const APORTS: &str = "alpine/aports-secfixes/apkbuilds-with-secfixes-edge-20260822.tar.xz";

fn real_aports() -> Option<(Inventory, Vec<String>)> {
    let file = fs_err::File::open(real(APORTS)?).unwrap();
    let mut rejects = Vec::new();
    let read = InventoryKind::Aports.read(
        APORTS,
        &mut BufReader::new(file),
        &InventoryContext::default(),
        &mut |reject| {
            assert!(reject.mended, "{reject}");
            let path = reject.document.split_once('!').unwrap().1.to_owned();
            rejects.push(format!("{path} {}: {}", reject.place, reject.reason));
        },
    );
    Some((read.unwrap(), rejects))
}

#[test]
fn the_real_apkbuilds_tell_all_but_a_few_things() {
    let Some((inventory, rejects)) = real_aports() else {
        return;
    };
    let packages = &inventory.packages;
    assert_eq!(packages.len(), 822);
    let sum = |count: fn(&Package) -> usize| packages.iter().map(count).sum::<usize>();
    let named = |package: &Package| {
        package
            .patches
            .iter()
            .filter(|it| it.name.contains("CVE"))
            .count()
    };
    let sums = |package: &Package| {
        let sources = package
            .sources
            .iter()
            .filter(|it| it.hash.is_some())
            .count();
        sources
            + package
                .patches
                .iter()
                .filter(|it| it.hash.is_some())
                .count()
    };
    let counts = [
        sum(|it| it.sources.len()),
        sum(|it| it.patches.len()),
        sum(sums),
        sum(named),
    ];
    // Every file has a sum.
    assert_eq!(counts, [1761, 1377, 3138, 77]);
    assert_eq!(
        packages.iter().filter(|it| it.maintainer.is_some()).count(),
        804
    );
    let doubtful = rejects
        .iter()
        .filter(|reject| reject.contains("subpackages"))
        .count();
    assert_eq!((rejects.len(), doubtful), (34, 30), "{rejects:#?}");
    let sources = |reject: &&String| reject.contains("source");
    assert_eq!(rejects.iter().filter(sources).count(), 0);
}

#[test]
fn the_real_apkbuilds_have_the_versions_of_the_index_of_that_day() {
    let Some((inventory, _)) = real_aports() else {
        return;
    };
    let mut built: BTreeMap<String, String> = BTreeMap::new();
    for repository in ["main", "community"] {
        let path = format!("alpine/apkindex/SYNTH-edge-{repository}-x86_64-20260822.tar.gz");
        let Some(file) = real(&path) else { return };
        let mut file = BufReader::new(fs_err::File::open(file).unwrap());
        let index =
            apkindex::read(&path, &mut file, &InventoryContext::default(), &mut |_| ()).unwrap();
        let origins = index
            .packages
            .into_iter()
            .map(|it| (it.source_name, it.version));
        built.extend(origins);
    }
    let known = inventory
        .packages
        .iter()
        .filter_map(|it| Some((it, built.get(&it.name)?)));
    let differing: Vec<_> = known
        .clone()
        .filter(|(it, version)| it.version != **version)
        .map(|(it, _)| &it.name)
        .collect();
    assert_eq!(known.count(), 763);
    assert!(differing.is_empty(), "{differing:?}");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = try_read(&bytes);
        let _ = try_read(&tar(&[("main/a/APKBUILD", &String::from_utf8_lossy(&bytes))]));
    }

    #[test]
    fn no_script_makes_it_panic(lines in prop::collection::vec("[a-c]=[ -~]{0,12}|pkg(name|ver|rel)=[a-c0-9$\\{%#/:}]{0,9}|(if|for|case|while|done|fi|esac|then|do|\\[)[ -~]{0,12}|[ -~\t]{0,12}", 0..30)) {
        let _ = try_read(lines.join("\n").as_bytes());
    }
}
