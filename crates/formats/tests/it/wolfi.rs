//! Advisories of Wolfi and Chainguard.

use palisade_formats::feed::{FeedContext, FeedKind, Record};
use palisade_model::{Advisory, VulnerabilityId};
use proptest::prelude::*;

use crate::shared_vuln::{open, read};
use crate::support::{Collected, context, survives, told};

fn document(events: &str) -> String {
    format!(
        r#"{{"schema-version":"2.0.2","package":{{"name":"demo"}},"advisories":[{{"id":"CGA-aaaa-bbbb-cccc","aliases":["CVE-2024-1000","GHSA-aaaa-bbbb-cccc"],"events":[{events}]}}]}}"#
    )
}

const YAML: &str = "schema-version: 2.0.2

package:
  name: demo

advisories:
  - id: CGA-aaaa-bbbb-cccc
    aliases:
      - CVE-2024-1000
      - GHSA-aaaa-bbbb-cccc
    events:
      - timestamp: 2024-01-02T03:04:05Z
        type: detection
        data:
          type: scan/v1
          data:
            componentName: stdlib
            componentVersion: go1.21
            scanner: grype
      - timestamp: 2024-02-02T03:04:05Z
        type: pending-upstream-fix
        data:
          note: |
            It waits:
            for 'upstream'.
";

fn records(document: &str, context: &FeedContext) -> Vec<Record> {
    let found = Collected::read(FeedKind::Wolfi, "demo", document.as_bytes(), context).unwrap();
    assert_eq!(found.complaints(), [""; 0]);
    found.records(FeedKind::Wolfi)
}

fn one(document: &str) -> Advisory {
    let mut records = records(document, &FeedContext::default());
    assert_eq!(records.len(), 1);
    records.remove(0).advisory
}

fn event(day: u8, kind: &str, data: &str) -> String {
    format!(r#"{{"timestamp":"2024-01-{day:02}T00:00:00Z","type":"{kind}","data":{data}}}"#)
}

#[test]
fn the_latest_event_decides_whatever_the_order() {
    let fixed = event(20, "fixed", r#"{"fixed-version":"1.2-r3"}"#);
    let found = event(10, "detection", r#"{"type":"manual"}"#);
    for events in [format!("{found},{fixed}"), format!("{fixed},{found}")] {
        let advisory = one(&document(&events));
        assert_eq!(told(&advisory), ["wolfi demo: affected <1.2-r3"]);
        assert_eq!(
            advisory.published.unwrap().to_string(),
            "2024-01-10T00:00:00Z"
        );
        assert_eq!(
            advisory.modified.unwrap().to_string(),
            "2024-01-20T00:00:00Z"
        );
        assert_eq!(
            advisory.details.as_deref(),
            Some(
                "2024-01-10: somebody found it, and nobody has judged it yet\n2024-01-20: fixed in 1.2-r3"
            )
        );
    }
    let again = event(20, "detection", r#"{"type":"manual"}"#);
    let advisory = one(&document(&format!("{fixed},{again}")));
    assert!(
        told(&advisory)[0].starts_with("wolfi demo: unknown all"),
        "of one moment the last"
    );
}

#[test]
fn each_kind_of_event_is_a_status_with_its_reason() {
    for (kind, data, expected) in [
        ("fixed", r#"{"fixed-version":"0"}"#, "unaffected all"),
        (
            "false-positive-determination",
            r#"{"type":"vulnerable-code-not-included-in-package","note":"Only affects  Windows"}"#,
            "unaffected all (the vulnerable code is not in the package (vulnerable_code_not_present); Only affects Windows)",
        ),
        (
            "false-positive-determination",
            r#"{"type":"new-reason"}"#,
            "unaffected all (a false positive (new-reason))",
        ),
        (
            "true-positive-determination",
            "null",
            "affected all (found to be affected)",
        ),
        (
            "pending-upstream-fix",
            r#"{"note":"soon"}"#,
            "affected all (waits for a fix of upstream's; soon)",
        ),
        (
            "fix-not-planned",
            r#"{"note":"old"}"#,
            "affected all (no fix is planned; old)",
        ),
        (
            "analysis-not-planned",
            r#"{"note":""}"#,
            "unknown all (no analysis is planned)",
        ),
        (
            "detection",
            r#"{"type":"scan/v1","data":{"componentName":"stdlib","componentVersion":"go1.23.4","scanner":"grype"}}"#,
            "unknown all (grype found it in stdlib go1.23.4)",
        ),
        (
            "detection",
            r#"{"type":"nvdapi","data":{"cpeSearched":"x","cpeFound":"y"}}"#,
            "unknown all (a scanner found it)",
        ),
    ] {
        let advisory = one(&document(&event(1, kind, data)));
        assert_eq!(
            told(&advisory),
            [format!("wolfi demo: {expected}")],
            "{kind}"
        );
    }
}

#[test]
fn the_yaml_of_upstream_is_the_same_record_as_its_json() {
    let json = document(
        r#"{"timestamp":"2024-01-02T03:04:05Z","type":"detection","data":{"type":"scan/v1","data":{"componentName":"stdlib","componentVersion":"go1.21","scanner":"grype"}}},
           {"timestamp":"2024-02-02T03:04:05Z","type":"pending-upstream-fix","data":{"note":"It waits:\nfor 'upstream'.\n"}}"#,
    );
    let read = |text: &str| {
        let context = FeedContext::default();
        Collected::read(FeedKind::Wolfi, "demo", text.as_bytes(), &context).unwrap()
    };
    let (yaml, json) = (read(YAML), read(&json));
    assert_eq!(
        yaml.raws[0].1, json.raws[0].1,
        "so a change of form changes nothing"
    );
    assert_eq!(yaml.heads[0].scope.as_deref(), Some("wolfi"));
    let record = &yaml.records(FeedKind::Wolfi)[0];
    assert_eq!(record.name, "demo/CGA-aaaa-bbbb-cccc");
    let aliases: Vec<&str> = record
        .advisory
        .aliases
        .iter()
        .map(VulnerabilityId::as_str)
        .collect();
    assert_eq!(aliases, ["CVE-2024-1000", "GHSA-aaaa-bbbb-cccc"]);
    assert_eq!(
        told(&record.advisory),
        ["wolfi demo: affected all (waits for a fix of upstream's; It waits: for 'upstream'.)"]
    );
    assert!(FeedKind::Wolfi.reads_member("advisories/demo.advisories.yaml"));
    assert!(!FeedKind::Wolfi.reads_member("advisories/.yam.yaml"));
}

#[test]
fn the_context_may_say_that_it_is_chainguard() {
    let fixed = document(&event(1, "fixed", r#"{"fixed-version":"1-r1"}"#));
    let found = Collected::read(
        FeedKind::Wolfi,
        "d",
        fixed.as_bytes(),
        &context("chainguard/os"),
    );
    let found = found.unwrap();
    assert_eq!(found.heads[0].scope.as_deref(), Some("chainguard"));
    assert_eq!(
        told(&found.records(FeedKind::Wolfi)[0].advisory),
        ["chainguard demo: affected <1-r1"]
    );
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_goes_on() {
    let good = document(&event(1, "fixed", r#"{"fixed-version":"1-r1"}"#));
    let lines = [
        good.replace("2.0.2", "1"),
        good.replace("\"demo\"", "\"../demo\""),
        "{\"package\":7}".to_owned(),
        good.replace("[{\"id\"", "{\"x\":[{\"id\"")
            .replace("]}]}", "]}]}}"),
        good.clone(),
    ];
    let context = FeedContext::default();
    let found = Collected::read(FeedKind::Wolfi, "d", lines.join("\n").as_bytes(), &context);
    let found = found.unwrap();
    let complaints = found.complaints().join("\n");
    for said in [
        "line 1: demo: it is not of schema 2",
        "line 2: ../demo: its name is not that of a package",
        "line 3: -: ",
        "line 4: demo: its advisories are no list",
    ] {
        assert!(complaints.contains(said), "{complaints}");
    }
    assert_eq!(found.raws.len(), 1);
    for (from, to, reason) in [
        ("1-r1", "1 r1", "no version"),
        ("\"fixed\"", "\"moved\"", "of no known kind"),
        ("2024-01-01T00:00:00Z", "once", "has no time"),
        ("CGA-", "C A-", "character"),
    ] {
        let raw = found.raws[0].1.replace(from, to);
        let bad = FeedKind::Wolfi.parse(raw.as_bytes()).unwrap_err();
        assert!(bad.reason.contains(reason), "{bad:?}");
    }
    for broken in ["", "- a\n- b\n", "a: *b\n", "a: [", "package: {}\n"] {
        let read = Collected::read(FeedKind::Wolfi, "d", broken.as_bytes(), &context);
        assert!(read.is_err(), "{broken:?}");
    }
}

#[test]
fn all_real_advisories_are_read() {
    let Some(mut feed) = open("vuln/wolfi-advisories-2026-01.jsonl.zst") else {
        return;
    };
    let found = read(FeedKind::Wolfi, &mut feed, &|_| true);
    assert_eq!(found.rejects, [""; 0]);
    assert_eq!((found.records, found.ranges), (30_030, 30_030));
    let count = |words: &str| {
        let with = |advisory: &&Advisory| told(advisory)[0].contains(words);
        found.kept.iter().filter(with).count()
    };
    assert_eq!(count(": affected <"), 21_926);
    assert_eq!(count("unknown all"), 3_951);
    assert_eq!(count("unaffected all"), 2_782);
    assert_eq!(count("affected all (waits for a fix of upstream's"), 1_140);
    assert_eq!(count("affected all (no fix is planned"), 223);
    assert_eq!(count("affected all (found to be affected"), 8);
    assert_eq!(count("a false positive ("), 0, "each reason is known");
    let windows = "CGA-7ggg-m3hv-6chj";
    let windows = found
        .kept
        .iter()
        .find(|advisory| advisory.id.as_str() == windows);
    assert_eq!(
        told(windows.unwrap()),
        [
            "wolfi aactl: unaffected all (the vulnerable code is not in the package (vulnerable_code_not_present); Only affects Windows)"
        ]
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..900) {
        survives(FeedKind::Wolfi, YAML.as_bytes(), &bytes, at);
        survives(FeedKind::Wolfi, document(&event(1, "detection", "{}")).as_bytes(), &bytes, at);
    }

    #[test]
    fn no_text_of_yaml_makes_it_panic(text in "[-:|>&*!?#%@`'\"{}\\[\\], a-c\n]{0,120}") {
        survives(FeedKind::Wolfi, YAML.as_bytes(), text.as_bytes(), 40);
    }
}
