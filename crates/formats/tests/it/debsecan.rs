//! What debsecan fetches. Documents are made up in the shape that its server writes and it reads.

use std::io::Write;

use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_model::{Advisory, Rating};
use proptest::prelude::*;

use crate::support::{Collected, context, survives, told};

/// Vulnerabilities, then packages, then binary packages by source.
fn text(packages: &[&str]) -> String {
    let names = "CVE-2024-1000,,A flaw, and \"more\"\nTEMP-0000000-ABCDEF,,Another\n";
    format!(
        "VERSION 1\n{names}\n{}\n\ndemo,libdemo1 demo\nother,\n",
        packages.join("\n")
    )
}

fn zlib(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn read(document: &str, bytes: &[u8]) -> Collected {
    Collected::read(FeedKind::Debsecan, document, bytes, &FeedContext::default()).unwrap()
}

fn one(line: &str) -> Advisory {
    let found = read("bookworm", text(&[line]).as_bytes());
    assert_eq!(found.complaints(), [""; 0]);
    found.records(FeedKind::Debsecan).remove(0).advisory
}

#[test]
fn a_line_is_a_package_with_the_versions_that_are_fixed() {
    let advisory = one("demo,0,SHRF,2.0-1,1.2-3+deb12u1 1.2-3+deb12u2");
    assert_eq!(advisory.id.as_str(), "CVE-2024-1000");
    assert_eq!(
        told(&advisory),
        [
            "debian/12 demo: affected <2.0-1, unaffected =1.2-3+deb12u1, unaffected =1.2-3+deb12u2 (the suite has a fix)"
        ]
    );
    assert_eq!(advisory.details.as_deref(), Some("A flaw, and \"more\""));
    assert_eq!(advisory.severities[0].rating, Rating::Word("high".into()));
    assert_eq!(
        told(&one("demo,1,S ? ,,")),
        ["debian/12 demo: affected all"]
    );
    assert_eq!(
        told(&one("demo,1, L  ,,1-1")),
        ["debian/12 demo: affected all, unaffected =1-1"]
    );
    assert!(
        one("demo,0,BM  ,1-1,").affected.is_empty(),
        "a binary package is no source package"
    );
}

#[test]
fn the_suite_is_the_contexts_or_the_documents() {
    let text = text(&["demo,0,S   ,,"]);
    for (document, scope, product) in [
        ("bookworm", "debian/12", "debian/12 demo"),
        ("x.tar!release/1/sid", "debian/sid", "debian/sid demo"),
        ("debsecan-trixie.gz", "debian/13", "debian/13 demo"),
        ("GENERIC", "debian", "debian demo"),
    ] {
        for bytes in [zlib(&text), text.clone().into_bytes()] {
            let found = read(document, &bytes);
            assert_eq!(found.heads[0].scope.as_deref(), Some(scope));
            assert!(found.heads[0].complete);
            let record = &found.records(FeedKind::Debsecan)[0];
            assert_eq!(record.name, "demo/CVE-2024-1000");
            assert_eq!(told(&record.advisory), [format!("{product}: affected all")]);
        }
    }
    let of = |branch| {
        let found = Collected::read(FeedKind::Debsecan, "sid", text.as_bytes(), &context(branch));
        let found = found.unwrap();
        told(&found.records(FeedKind::Debsecan)[0].advisory).remove(0)
    };
    assert_eq!(of("debian/11"), "debian/11 demo: affected all");
    assert_eq!(of("ubuntu/22.04"), "ubuntu/22.04 demo: affected all");
    let nameless = Collected::read(
        FeedKind::Debsecan,
        "-",
        text.as_bytes(),
        &FeedContext::default(),
    );
    assert!(
        nameless
            .unwrap_err()
            .to_string()
            .contains("its branch must be given")
    );
    assert!(FeedKind::Debsecan.reads_member("debsecan/release/1/bookworm"));
    assert!(!FeedKind::Debsecan.reads_member("debsecan/release/1/GENERIC"));
}

#[test]
fn the_part_of_binary_packages_may_be_empty() {
    let text = "VERSION 1\nCVE-2024-1000,,x\n\ndemo,0,S   ,,\n\n\n";
    assert_eq!(read("sid", text.as_bytes()).raws.len(), 1);
}

#[test]
fn a_document_that_is_cut_is_an_error() {
    let whole = text(&["demo,0,S   ,,", "other,0,S   ,,"]);
    let behind = whole.find("\n\ndemo,lib").unwrap();
    let packed = zlib(&whole);
    for broken in [
        &whole.as_bytes()[..behind],
        &whole.as_bytes()[..30],
        b"VERSION 0\n",
        b"",
        &packed[..packed.len() - 2],
        &packed[..packed.len() / 2],
    ] {
        let context = FeedContext::default();
        let read = Collected::read(FeedKind::Debsecan, "sid", broken, &context);
        assert!(read.is_err(), "{}", String::from_utf8_lossy(broken));
    }
}

#[test]
fn bad_lines_are_named_and_the_rest_goes_on() {
    let lines = [
        "demo,7,S   ,,",
        "demo,0,S",
        "a b,0,S   ,,",
        "demo,0,S   ,1 2,",
        "demo,1,S   ,,",
    ];
    let found = read("sid", text(&lines).as_bytes());
    assert_eq!(
        found.complaints(),
        [
            "line 5: demo: there is no vulnerability \"7\"",
            "line 6: demo,0,S: it has fewer than five fields",
        ]
    );
    let parsed: Vec<_> = found
        .raws
        .iter()
        .map(|(_, raw)| FeedKind::Debsecan.parse(raw.as_bytes()).is_ok())
        .collect();
    assert_eq!(parsed, [false, false, true]);
}

#[test]
fn what_expands_without_end_is_an_error() {
    let bomb = zlib(&"x".repeat(300 << 20));
    assert!(bomb.len() < 1 << 20);
    let context = FeedContext::default();
    let read = Collected::read(FeedKind::Debsecan, "sid", &bomb, &context);
    assert!(
        read.unwrap_err()
            .to_string()
            .contains("size in bytes is more than")
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..300) {
        let sound = text(&["demo,0,SHRF,2.0-1,1.2-3+deb12u1 1.2-3+deb12u2", "other,1,B   ,,"]);
        survives(FeedKind::Debsecan, sound.as_bytes(), &bytes, at);
        survives(FeedKind::Debsecan, &zlib(&sound), &bytes, at);
    }
}
