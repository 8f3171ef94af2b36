//! Alpine's package index.

use std::collections::BTreeSet;
use std::io::Write;

use palisade_formats::apk_signature::PublicKey;
use palisade_formats::apkindex::{self, write_text};
use palisade_formats::inventory::InventoryContext;
use palisade_formats::{Place, ReadError, Reject};
use palisade_model::{Inventory, Package};
use proptest::prelude::*;

use crate::shared_data;

const V3_17: &str = "alpine/apkindex/APKINDEX-v3.17-main-aarch64-20230527.tar.gz";
const KEY: &str = "alpine-devel@lists.alpinelinux.org-616ae350.rsa.pub";

/// One record with every field that apk writes; names and numbers are made up.
const RECORD: &str = "\
C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=
P:demo-libs
V:1.2.3-r4
A:x86_64
S:1000
I:4096
T:A thing that demonstrates: colons, too
U:https://demo.example/
L:MIT AND Zlib
o:demo
m:Some One <one@demo.example>
t:1700000000
c:0123456789abcdef0123456789abcdef01234567-dirty
k:10
g:base tested
D:so:libc.musl-x86_64.so.1 demo=1.2.3-r4 !old
p:so:libdemo.so.1=1.2.3 cmd:demo=1.2.3-r4
i:demo docs
";

fn read_with(
    bytes: &[u8],
    context: &InventoryContext<'_>,
) -> (Result<Inventory, ReadError>, Vec<Reject>) {
    let mut rejects = Vec::new();
    let read = apkindex::read("x", &mut &bytes[..], context, &mut |reject| {
        rejects.push(reject);
    });
    (read, rejects)
}

fn read(bytes: &[u8]) -> (Inventory, Vec<Reject>) {
    let (read, rejects) = read_with(bytes, &InventoryContext::default());
    (read.unwrap(), rejects)
}

fn malformed(bytes: &[u8], context: &InventoryContext<'_>) -> String {
    match read_with(bytes, context).0 {
        Err(ReadError::Malformed { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

/// A gzip member with a tar archive inside, whose end may be left out.
fn member(files: &[(&str, &[u8])], modified: u64, end: bool) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mtime(modified);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    let mut tar = tar.into_inner().unwrap();
    if !end {
        tar.truncate(tar.len() - 1024);
    }
    gzip(&tar)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn reasons(rejects: &[Reject]) -> Vec<String> {
    rejects
        .iter()
        .map(|reject| {
            let kept = if reject.mended { "kept" } else { "not kept" };
            let id = reject.id.as_deref().unwrap_or("?");
            format!("{}, {id}, {kept}: {}", reject.place, reject.reason)
        })
        .collect()
}

#[test]
fn every_field_has_its_place() {
    let (inventory, rejects) = read(RECORD.as_bytes());
    assert_eq!(rejects, []);
    let expected = Package {
        name: "demo-libs".into(),
        version: "1.2.3-r4".into(),
        source_name: "demo".into(),
        source_version: "1.2.3-r4".into(),
        architecture: Some("x86_64".into()),
        maintainer: Some("Some One <one@demo.example>".into()),
        homepage: Some("https://demo.example/".into()),
        synopsis: Some("A thing that demonstrates: colons, too".into()),
        licenses: vec!["MIT AND Zlib".into()],
        depends: vec![
            "so:libc.musl-x86_64.so.1".into(),
            "demo=1.2.3-r4".into(),
            "!old".into(),
        ],
        provides: vec!["so:libdemo.so.1=1.2.3".into(), "cmd:demo=1.2.3-r4".into()],
        properties: [
            ("install_if", r#"["demo","docs"]"#),
            ("installed_size", "4096"),
            ("provider_priority", "10"),
            ("size", "1000"),
            ("tags", r#"["base","tested"]"#),
        ]
        .map(|(name, json)| (name.to_owned(), json.to_owned()))
        .into(),
        checksum: Some("Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
        commit: Some("0123456789abcdef0123456789abcdef01234567-dirty".into()),
        built: Some(1_700_000_000),
        ..Package::default()
    };
    assert_eq!(inventory.packages, [expected]);
    let head = inventory.head;
    assert_eq!(head.distribution.as_deref(), Some("alpine"));
    assert_eq!(head.architecture.as_deref(), Some("x86_64"));
    assert_eq!(
        head.time, None,
        "when a package was built is no time of the index"
    );
    assert_eq!(
        (head.branch, head.revision, head.repository),
        (None, None, None)
    );
}

#[test]
fn what_is_written_is_as_apk_writes_it() {
    let (inventory, _) = read(RECORD.as_bytes());
    assert_eq!(write_text(&inventory.packages), format!("{RECORD}\n"));
}

#[test]
fn a_record_needs_only_a_name_and_a_version() {
    let (inventory, rejects) = read(b"P:a\nV:1\nm:\n");
    assert_eq!(rejects, []);
    let package = &inventory.packages[0];
    assert_eq!(
        (&*package.source_name, &*package.source_version),
        ("a", "1")
    );
    assert_eq!(package.maintainer, None);
    assert_eq!(inventory.head.architecture, None);
}

#[test]
fn records_without_name_or_version_are_passed_over() {
    let text = b"V:1\n\nP:a\nT:x\n\n\n\nP:b\nV:1\n\nP:\nV:1\n\nP:c d\nV:1\n";
    let (inventory, rejects) = read(text);
    assert_eq!(inventory.packages.len(), 1);
    assert_eq!(
        reasons(&rejects),
        [
            "line 1, ?, not kept: it has no name (P:)",
            "line 3, a, not kept: it has no version (V:)",
            "line 11, ?, not kept: it has no name (P:)",
            "line 14, c d, not kept: its name or version has blanks or control characters",
        ]
    );
}

#[test]
fn blank_lines_more_than_needed_do_no_harm() {
    let (inventory, rejects) = read(b"\n\nP:a\nV:1\n\n \n\t\n\nP:b\nV:2\n\n\n");
    assert_eq!(inventory.packages.len(), 2);
    assert_eq!(rejects, []);
}

#[test]
fn lines_with_faults_are_mended_and_named() {
    let text =
        b"P:a\r\nV:1\r\nT:one\r\n  two\r\n\r\nP:b\nV:2\nno field\n::\nM:x\nz:y\nt:soon\nS:-1\n\
        V:3\nT:\xff\n\nT:x\n\ty\nP:c\nV:1\n";
    let (inventory, rejects) = read(text);
    assert_eq!(inventory.packages.len(), 3);
    assert_eq!(inventory.packages[0].synopsis.as_deref(), Some("one two"));
    assert_eq!(inventory.packages[1].version, "3");
    assert_eq!(inventory.packages[1].built, None);
    assert_eq!(
        reasons(&rejects),
        [
            "line 1, a, kept: lines end in CR LF",
            "line 4, a, kept: an indented line was added to field T:",
            "line 8, b, kept: the line is no field and was passed over",
            "line 9, b, kept: unknown field :: was passed over",
            "line 10, b, kept: unknown field M: was passed over",
            "line 14, b, kept: field V: is repeated; the last one counts",
            "line 15, b, kept: the line is not UTF-8",
            "line 6, b, kept: field t: is no number",
            "line 6, b, kept: field S: is no number",
            "line 18, c, kept: an indented line was added to field T:",
        ]
    );
}

#[test]
fn a_lost_blank_line_does_not_merge_two_packages() {
    let (inventory, rejects) = read(b"C:Q1x\nP:a\nV:1\nC:Q1y\nP:b\nV:2\nP:c\nV:3\n");
    let names: Vec<_> = inventory
        .packages
        .iter()
        .map(|package| &*package.name)
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(rejects.len(), 2);
    assert_eq!(rejects[0].place, Place::Line(4));
}

#[test]
fn many_faults_of_one_record_are_not_all_told() {
    let text = format!("P:a\nV:1\n{}", "??\n".repeat(10_000));
    assert_eq!(read(text.as_bytes()).1.len(), 16);
}

#[test]
fn packages_of_several_architectures_have_none_in_common() {
    let (inventory, rejects) = read(b"P:a\nV:1\nA:x86_64\n\nP:b\nV:1\nA:noarch\n");
    assert_eq!(inventory.head.architecture.as_deref(), Some("x86_64"));
    assert_eq!(rejects, []);
    let (inventory, rejects) = read(b"P:a\nV:1\nA:x86_64\n\nP:b\nV:1\nA:armv7\n");
    assert_eq!(inventory.head.architecture, None);
    assert_eq!(rejects[0].place, Place::Whole);
}

#[test]
fn an_archive_has_a_description_and_a_time() {
    let files: [(&str, &[u8]); 2] = [
        ("DESCRIPTION", b"v3.22.1-7-gabcdef0\n"),
        ("APKINDEX", b"P:a\nV:1\nt:5\n"),
    ];
    let (inventory, _) = read(&member(&files, 1_600_000_000, true));
    assert_eq!(inventory.head.branch.as_deref(), Some("v3.22"));
    assert_eq!(
        inventory.head.revision.as_deref(),
        Some("v3.22.1-7-gabcdef0")
    );
    assert_eq!(inventory.head.time.unwrap().as_second(), 1_600_000_000);
    // A time of 0 says nothing.
    let (inventory, _) = read(&member(&files, 0, false));
    assert_eq!(inventory.head.time, None);
}

#[test]
fn an_archive_may_be_cut_into_any_gzip_members() {
    let files: [(&str, &[u8]); 2] = [("DESCRIPTION", b"x"), ("APKINDEX", b"P:a\nV:1\n")];
    let mut tar = Vec::new();
    std::io::copy(
        &mut flate2::read::GzDecoder::new(&member(&files, 1, true)[..]),
        &mut tar,
    )
    .unwrap();
    for cut in [1, 600, 1100, 1600] {
        let mut bytes = gzip(&tar[..cut]);
        bytes.extend(gzip(&tar[cut..]));
        bytes.extend([0; 512]);
        assert_eq!(read(&bytes).0.packages.len(), 1, "{cut}");
    }
}

#[test]
fn archives_that_are_no_index_are_refused() {
    let context = InventoryContext::default();
    let index: (&str, &[u8]) = ("APKINDEX", b"P:a\nV:1\n");
    assert_eq!(
        malformed(&member(&[], 0, true), &context),
        "it has no member APKINDEX"
    );
    assert_eq!(
        malformed(&member(&[index, index], 0, true), &context),
        "it has two members APKINDEX"
    );
    assert_eq!(
        malformed(b"ADBd\x00\x01", &context),
        "it is an index of version 3, whose kind is adb"
    );
    assert_eq!(malformed(b"", &context), "it is empty");
    assert_eq!(
        malformed(b"\x7fELF", &context),
        "it is neither gzip nor the text of an index"
    );
    let whole = member(&[index], 0, true);
    let cut = &whole[..whole.len() - 4];
    assert!(matches!(
        read_with(cut, &context).0,
        Err(ReadError::Io { .. })
    ));
}

#[test]
fn what_stands_beside_a_signature_is_not_read() {
    let index: (&str, &[u8]) = ("APKINDEX", b"P:forged\nV:1\n");
    let mut bytes = member(&[(".SIGN.RSA.k", b"x"), index], 0, false);
    assert_eq!(
        malformed(&bytes, &InventoryContext::default()),
        "it has no member APKINDEX"
    );
    bytes.extend(member(&[("APKINDEX", b"P:real\nV:1\n")], 0, true));
    let (inventory, _) = read(&bytes);
    assert_eq!(inventory.packages.len(), 1);
    assert_eq!(inventory.packages[0].name, "real");
}

#[test]
fn a_required_signature_must_be_there_and_of_a_known_key() {
    let Some(key) = key(KEY, KEY) else { return };
    let keys = [key];
    let lenient = InventoryContext {
        keys: &keys,
        require_signature: false,
    };
    let strict = InventoryContext {
        keys: &keys,
        require_signature: true,
    };
    let unsigned = member(&[("APKINDEX", b"P:a\nV:1\n")], 0, true);
    assert_eq!(
        malformed(&unsigned, &strict),
        "it is not signed, and a signature is required"
    );
    assert_eq!(
        malformed(b"P:a\nV:1\n", &strict),
        "it is not signed, and a signature is required"
    );
    assert_eq!(
        read_with(&unsigned, &lenient).0.unwrap().head.signed_by,
        None
    );
    for (name, said) in [
        (
            ".SIGN.RSA.stranger",
            "it is signed by \"stranger\", which is no key that was given",
        ),
        (
            ".SIGN.DSA.old",
            "signatures by DSA are not supported: none was checked",
        ),
    ] {
        let mut signed = member(&[(name, b"x")], 0, false);
        signed.extend(&unsigned);
        let (read, rejects) = read_with(&signed, &lenient);
        assert_eq!(read.unwrap().head.signed_by, None);
        assert_eq!(rejects[0].reason, said);
        assert!(malformed(&signed, &strict).starts_with("a signature of a known key is required"));
    }
    for algorithm in ["RSA", "RSA256", "RSA512"] {
        let mut signed = member(&[(&*format!(".SIGN.{algorithm}.{KEY}"), b"x")], 0, false);
        signed.extend(&unsigned);
        assert_eq!(
            malformed(&signed, &lenient),
            format!("the signature by {KEY:?} is bad")
        );
    }
}

fn key(name: &str, file: &str) -> Option<PublicKey> {
    let pem = shared_data::bytes(&format!("alpine/apkindex/keys/all/{file}"))?;
    Some(PublicKey::from_pem(name, std::str::from_utf8(&pem).unwrap()).unwrap())
}

#[test]
fn alpines_index_of_v3_17_is_signed() {
    let Some(mut bytes) = shared_data::bytes(V3_17) else {
        return;
    };
    let Some(key) = key(KEY, KEY) else { return };
    let keys = [key];
    let context = InventoryContext {
        keys: &keys,
        require_signature: true,
    };
    let (read, rejects) = read_with(&bytes, &context);
    let inventory = read.unwrap();
    assert_eq!(rejects, []);
    assert_eq!(inventory.head.signed_by.as_deref(), Some(KEY));
    assert_eq!(inventory.head.branch.as_deref(), Some("v3.17"));
    assert_eq!(
        inventory.head.revision.as_deref(),
        Some("v3.17.3-216-g54a39ace82a")
    );
    assert_eq!(inventory.head.architecture.as_deref(), Some("aarch64"));
    assert_eq!(
        inventory.head.time.unwrap().to_string(),
        "2023-05-27T07:49:13Z"
    );
    // Bytes that do not change what is inside are signed, too: the time in the gzip header of
    // the second member, which begins where the first one's 666 bytes end.
    assert_eq!(bytes[666..668], [0x1f, 0x8b]);
    bytes[666 + 4] ^= 1;
    assert_eq!(
        malformed(&bytes, &context),
        format!("the signature by {KEY:?} is bad")
    );
}

#[test]
fn another_key_of_the_same_name_does_not_do() {
    let Some(bytes) = shared_data::bytes(V3_17) else {
        return;
    };
    let other = "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub";
    let (Some(wrong), Some(right)) = (key(KEY, other), key(KEY, KEY)) else {
        return;
    };
    let keys = [wrong, right];
    let wrong = InventoryContext {
        keys: &keys[..1],
        require_signature: false,
    };
    assert_eq!(
        malformed(&bytes, &wrong),
        format!("the signature by {KEY:?} is bad")
    );
    let both = InventoryContext {
        keys: &keys,
        require_signature: true,
    };
    assert!(read_with(&bytes, &both).0.is_ok());
}

#[test]
fn real_indexes_are_read_whole_and_written_back() {
    // The made ones have a few records whose name is missing or still a list of names.
    for (file, records, unnamed, origins) in [
        (V3_17, 5_004, 0, 1_546),
        (
            "alpine/apkindex/SYNTH-edge-main-x86_64-20260822.tar.gz",
            4_986,
            8,
            1_657,
        ),
        (
            "alpine/apkindex/SYNTH-edge-community-x86_64-20260822.tar.gz",
            20_426,
            6,
            7_823,
        ),
    ] {
        let Some(bytes) = shared_data::bytes(file) else {
            return;
        };
        let (inventory, rejects) = read(&bytes);
        // Of some, the made ones have a line of the recipe in place of the maintainer.
        let (mended, rejects): (Vec<_>, Vec<_>) =
            rejects.into_iter().partition(|reject| reject.mended);
        assert!(
            mended.iter().all(|it| it.reason.contains("names nobody")),
            "{file}: {mended:?}"
        );
        assert!(file != V3_17 || mended.is_empty(), "{mended:?}");
        assert_eq!(rejects.len(), unnamed, "{file}");
        assert_eq!(inventory.packages.len() + unnamed, records, "{file}");
        let names: BTreeSet<_> = inventory
            .packages
            .iter()
            .map(|it| &it.source_name)
            .collect();
        assert_eq!(names.len(), origins, "{file}");
        let (again, rejects) = read(write_text(&inventory.packages).as_bytes());
        assert_eq!(rejects, [], "{file}");
        assert!(again.packages == inventory.packages, "{file}");
    }
}

#[test]
fn the_text_that_is_written_for_v3_17_is_apks_own() {
    let Some(bytes) = shared_data::bytes(V3_17) else {
        return;
    };
    let mut tar = Vec::new();
    std::io::copy(
        &mut flate2::read::MultiGzDecoder::new(&bytes[666..]),
        &mut tar,
    )
    .unwrap();
    let (inventory, _) = read(&bytes);
    // Three descriptions end in a blank, which says nothing.
    let tar = String::from_utf8_lossy(&tar).replace(" \n", "\n");
    assert!(tar.contains(write_text(&inventory.packages).trim_end()));
}

#[test]
fn a_line_of_the_recipe_in_place_of_the_maintainer_is_nobody() {
    let text =
        "P:crypto++\nV:8.9.0-r1\nm:pkgname=crypto++\n\nP:a\nV:1\nm:A One <a=one@demo.example>\n";
    let (inventory, rejects) = read(text.as_bytes());
    let named = |at: usize| inventory.packages[at].maintainer.as_deref();
    assert_eq!(named(0), None);
    assert_eq!(named(1), Some("A One <a=one@demo.example>"));
    assert_eq!(
        reasons(&rejects),
        ["line 1, crypto++, kept: field m: names nobody, but a variable"]
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = read_with(&bytes, &InventoryContext::default());
        let _ = read_with(&gzip(&bytes), &InventoryContext::default());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "([A-Za-z]:[ -~]{0,8}|[ -~\u{e4}]{0,9}|)(\r?\n[PVCTtS ]:?[^\n]{0,5}){0,9}\n{0,3}") {
        let text = format!("P:z\nV:1\n\nP:a\nV:1\n{text}\n");
        let (inventory, _) = read(text.as_bytes());
        // Faults are mended once: what was written has none that change anything.
        let (again, _) = read(write_text(&inventory.packages).as_bytes());
        prop_assert_eq!(again.packages, inventory.packages);
    }

    #[test]
    fn no_changed_archive_panics(at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let files: [(&str, &[u8]); 2] = [("DESCRIPTION", b"v3.1.1"), ("APKINDEX", b"P:a\nV:1\n")];
        let mut tar = Vec::new();
        std::io::copy(&mut flate2::read::GzDecoder::new(&member(&files, 1, true)[..]), &mut tar).unwrap();
        let at = at.index(tar.len());
        tar[at] = byte;
        let _ = read_with(&gzip(&tar), &InventoryContext::default());
        let _ = read_with(&gzip(&tar[..cut.index(tar.len())]), &InventoryContext::default());
    }
}
