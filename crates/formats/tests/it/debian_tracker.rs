//! Debian's security tracker. Documents are made up in the shape of the tracker's own.

use std::fmt::Write;

use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_model::{Advisory, Rating};
use proptest::prelude::*;

use crate::support::{Collected, survives, told};

/// An issue as the tracker writes it, with releases by code name.
fn issue(releases: &[(&str, &str)]) -> String {
    let releases = releases.iter().map(|(name, members)| {
        format!(r#""{name}":{{"repositories":{{"{name}":"1.2-3","{name}-security":"1.2-3+deb12u1"}},{members}}}"#)
    });
    let releases = releases.collect::<Vec<_>>().join(",");
    format!(
        r#"{{"description":"A flaw.","debianbug":1012345,"scope":"remote","releases":{{{releases}}}}}"#
    )
}

fn tracker(issue: &str) -> String {
    format!(r#"{{"demo":{{"CVE-2024-1000":{issue}}}}}"#)
}

fn read(document: &str) -> Collected {
    let context = FeedContext::default();
    Collected::read(
        FeedKind::DebianTracker,
        "json",
        document.as_bytes(),
        &context,
    )
    .unwrap()
}

fn one(releases: &[(&str, &str)]) -> Advisory {
    let found = read(&tracker(&issue(releases)));
    assert_eq!(found.complaints(), [""; 0]);
    found.records(FeedKind::DebianTracker).remove(0).advisory
}

/// A tracker of many issues, each with the releases of today.
pub(crate) fn made_up(packages: usize) -> String {
    let mut text = String::from("{");
    for package in 0..packages {
        let divider = if package == 0 { "" } else { "," };
        let resolved = r#""status":"resolved","fixed_version":"1.2-3","urgency":"low""#;
        let open = r#""status":"open","urgency":"not yet assigned","nodsa":"Minor issue","nodsa_reason":"""#;
        let issue = issue(&[("bookworm", open), ("sid", resolved), ("trixie", resolved)]);
        write!(
            text,
            r#"{divider}"demo{package}":{{"CVE-2024-{}":{issue},"TEMP-0000000-{package:06X}":{issue}}}"#,
            1000 + package
        )
        .unwrap();
    }
    text + "}"
}

#[test]
fn each_release_has_a_status_of_its_own() {
    let advisory = one(&[
        (
            "bookworm",
            r#""status":"resolved","fixed_version":"1.2-3+deb12u1","urgency":"medium""#,
        ),
        (
            "bullseye",
            r#""status":"resolved","fixed_version":"0","urgency":"unimportant""#,
        ),
        ("buster", r#""status":"resolved","urgency":"low""#),
        ("sid", r#""status":"open","urgency":"unimportant""#),
        (
            "stretch",
            r#""status":"open","urgency":"end-of-life","nodsa":"Not supported","nodsa_reason":"ignored""#,
        ),
        (
            "trixie",
            r#""status":"undetermined","urgency":"not yet assigned","nodsa":"Minor issue""#,
        ),
    ]);
    assert_eq!(
        told(&advisory),
        [
            "debian/12 demo: affected <1.2-3+deb12u1",
            "debian/11 demo: unaffected all",
            "debian/10 demo: unaffected all",
            "debian/sid demo: affected all (unimportant)",
            "debian/9 demo: affected all (end-of-life; ignored: Not supported)",
            "debian/13 demo: unknown all (no update of its own: Minor issue)",
        ]
    );
    assert_eq!(advisory.details.as_deref(), Some("A flaw."));
    let ratings: Vec<_> = advisory
        .severities
        .iter()
        .map(|severity| &severity.rating)
        .collect();
    let words = ["medium", "unimportant", "low"].map(|word| Rating::Word(word.into()));
    assert_eq!(ratings, words.iter().collect::<Vec<_>>());
    let urls: Vec<&str> = advisory.references.iter().map(|link| &*link.url).collect();
    assert_eq!(
        urls,
        [
            "https://security-tracker.debian.org/tracker/CVE-2024-1000",
            "https://bugs.debian.org/1012345",
        ]
    );
}

#[test]
fn a_document_is_all_that_there_is_and_its_names_are_unique() {
    let found = read(&made_up(300));
    assert!(found.heads[0].complete && found.heads[0].scope.is_none());
    let records = found.records(FeedKind::DebianTracker);
    let names: std::collections::HashSet<_> = records.iter().map(|record| &record.name).collect();
    assert_eq!((records.len(), names.len()), (600, 600));
    assert_eq!(records[1].name, "demo0/TEMP-0000000-000000");
    assert_eq!(records[1].advisory.id.as_str(), "TEMP-0000000-000000");
}

#[test]
fn an_empty_or_cut_document_withdraws_nothing() {
    let whole = made_up(3);
    for broken in [
        "{}",
        "[]",
        "",
        &whole[..whole.len() - 1],
        &whole[..whole.len() / 2],
    ] {
        let context = FeedContext::default();
        let read = Collected::read(FeedKind::DebianTracker, "d", broken.as_bytes(), &context);
        assert!(read.is_err(), "{broken}");
    }
}

#[test]
fn bad_parts_are_named_by_what_they_are_of() {
    let open = issue(&[("sid", r#""status":"open""#)]);
    let document = format!(r#"{{"one":[],"two":{{"CVE-2024-1000":{open}}}}}"#);
    let found = read(&document);
    let complaints = found.complaints();
    assert!(complaints[0].starts_with("record 0: one: its issues cannot be read"));
    assert_eq!(found.raws.len(), 1);
    let raw = &found.raws[0].1;
    for (from, to, reason) in [
        ("CVE-2024-1000", "a b", "character ' '"),
        ("\"two\"", "\"a/b\"", "has no name that packages have"),
        ("\"open\"", "\"odd\"", "status \"odd\""),
        (
            "\"open\"",
            "\"resolved\",\"fixed_version\":\"1 2\"",
            "\"1 2\" is no version",
        ),
        ("{\"sid\"", "[{\"sid\"", "expected"),
    ] {
        let bad = FeedKind::DebianTracker.parse(raw.replace(from, to).as_bytes());
        let bad = bad.unwrap_err();
        assert!(bad.reason.contains(reason), "{bad:?}");
    }
    let many: Vec<String> = (0..100).map(|n| format!("r{n}")).collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|name| (&**name, r#""status":"open""#))
        .collect();
    let found = read(&tracker(&issue(&many)));
    assert!(
        FeedKind::DebianTracker
            .parse(found.raws[0].1.as_bytes())
            .is_err()
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..1500) {
        survives(FeedKind::DebianTracker, made_up(2).as_bytes(), &bytes, at);
    }
}
