//! OpenVEX documents, made by hand after the specification.

use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_model::{Advisory, VulnerabilityId};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Collected, survives, told};

fn document(statements: &Value) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://demo.example/vex-7",
        "author": "Demo Security <security@demo.example>",
        "role": "Document Creator",
        "timestamp": "2024-01-02T00:00:00Z",
        "version": 3,
        "statements": statements,
    })
}

fn read(document: &Value) -> Collected {
    let context = FeedContext::default();
    let text = document.to_string();
    Collected::read(FeedKind::Openvex, "vex.json", text.as_bytes(), &context).unwrap()
}

fn one(statements: &Value) -> Advisory {
    let found = read(&document(statements));
    assert_eq!(found.complaints(), [""; 0]);
    let mut records = found.records(FeedKind::Openvex);
    assert_eq!(records.len(), 1);
    records.remove(0).advisory
}

const GIT: &str = "pkg:apk/wolfi/git@2.39.0-r1?arch=x86_64";

fn statement(time: &str, status: &str) -> Value {
    json!({"vulnerability": {"name": "CVE-2024-1000"}, "timestamp": time,
        "products": [{"@id": GIT}], "status": status, "justification": "component_not_present"})
}

#[test]
fn a_statement_is_read_whole() {
    let advisory = one(&json!([{
        "vulnerability": {"@id": "https://nvd.nist.gov/vuln/detail/CVE-2024-1000", "name": "CVE-2024-1000",
            "description": "A flaw.", "aliases": ["GHSA-aaaa-bbbb-cccc", "CVE-2024-1000"]},
        "products": [
            {"@id": GIT},
            {"@id": "https://demo.example/image", "identifiers": {"purl": "pkg:pypi/demo@1.0"}},
            {"@id": "x", "identifiers": {"cpe23": "cpe:2.3:a:demo:server:1.5:*:*:*:*:*:*:*"}},
        ],
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
        "impact_statement": "Nothing calls it.",
        "status_notes": "Looked at by hand",
    }]));
    let note = "(the vulnerable code is never run (vulnerable_code_not_in_execute_path); Nothing calls it.; Looked at by hand)";
    assert_eq!(
        told(&advisory),
        [
            format!("wolfi git: unaffected =2.39.0-r1 {note}"),
            format!("PyPI demo: unaffected =1.0 {note}"),
            format!("cpe demo:server: unaffected =1.5 {note}"),
        ]
    );
    let aliases: Vec<&str> = advisory
        .aliases
        .iter()
        .map(VulnerabilityId::as_str)
        .collect();
    assert_eq!(aliases, ["GHSA-aaaa-bbbb-cccc"]);
    assert_eq!(
        advisory.details.as_deref(),
        Some(
            "A flaw.\n\nDemo Security <security@demo.example> (Document Creator): https://demo.example/vex-7"
        )
    );
    assert_eq!(
        advisory.modified.unwrap().to_string(),
        "2024-01-02T00:00:00Z"
    );
}

#[test]
fn each_status_says_something_else_of_a_version() {
    let of = |status: &str, purl: &str| {
        let mut statement = statement("2024-02-01T00:00:00Z", status);
        statement["products"][0]["@id"] = json!(purl);
        statement["justification"] = json!("x");
        told(&one(&json!([statement]))).remove(0)
    };
    for (status, with, without) in [
        ("affected", "affected =2.39.0-r1", "affected all"),
        ("fixed", "affected <2.39.0-r1", "unaffected all"),
        ("not_affected", "unaffected =2.39.0-r1", "unaffected all"),
        ("under_investigation", "unknown =2.39.0-r1", "unknown all"),
    ] {
        assert_eq!(of(status, GIT), format!("wolfi git: {with} (x)"));
        assert_eq!(
            of(status, "pkg:apk/wolfi/git"),
            format!("wolfi git: {without} (x)")
        );
    }
}

#[test]
fn of_statements_of_one_product_the_latest_counts() {
    let first = statement("2024-01-03T00:00:00Z", "under_investigation");
    let second = statement("2024-02-01T00:00:00+02:00", "affected");
    let third = statement("2024-02-01T00:00:00Z", "not_affected");
    for order in [
        [&first, &second, &third],
        [&third, &first, &second],
        [&second, &third, &first],
    ] {
        let advisory = one(&json!(order));
        assert!(
            told(&advisory)[0].starts_with("wolfi git: unaffected =2.39.0-r1"),
            "{order:?}"
        );
        assert_eq!(told(&advisory).len(), 1);
        assert_eq!(
            advisory.modified.unwrap().to_string(),
            "2024-02-01T00:00:00Z"
        );
    }
    let moment = |status| statement("2024-02-01T00:00:00Z", status);
    let advisory = one(&json!([moment("not_affected"), moment("affected")]));
    assert!(
        told(&advisory)[0].contains(": affected"),
        "of one moment the last"
    );
    let mut untimed = statement("", "affected");
    untimed.as_object_mut().unwrap().remove("timestamp");
    let advisory = one(&json!([first, untimed]));
    assert!(
        told(&advisory)[0].contains(": unknown"),
        "the document's time is earlier"
    );
    let mut updated = statement("2023-01-01T00:00:00Z", "fixed");
    updated["last_updated"] = json!("2024-06-01T00:00:00Z");
    let advisory = one(&json!([updated, third]));
    assert!(told(&advisory)[0].contains(": affected <2.39.0-r1"));
}

#[test]
fn other_products_and_other_subcomponents_are_other_statements() {
    let through = |library: &str, status: &str| {
        json!({"vulnerability": {"name": "CVE-2024-1000"}, "status": status, "impact_statement": "x",
            "products": [{"@id": "pkg:apk/wolfi/git", "subcomponents": [{"@id": library}]}]})
    };
    let advisory = one(&json!([
        through("pkg:golang/a", "affected"),
        through("pkg:golang/b", "not_affected")
    ]));
    assert_eq!(
        told(&advisory),
        ["wolfi git: unaffected all, affected all (x)"]
    );
    let image = json!({"vulnerability": {"name": "CVE-2024-1000"}, "status": "fixed",
        "products": [{"@id": "pkg:oci/demo@sha256:00", "subcomponents": [{"@id": "pkg:apk/wolfi/git@1-r1"}]}]});
    let found = read(&document(&json!([image])));
    assert_eq!(
        found.complaints(),
        ["record 0: CVE-2024-1000: none of its products can be a package"]
    );
    assert!(found.raws.is_empty());
}

/// As tools write them that print every field.
#[test]
fn what_is_null_is_not_said() {
    let statement = json!({"@id": null, "status": "not_affected", "justification": "component_not_present",
        "vulnerability": {"@id": null, "name": "CVE-2024-1000", "description": null, "aliases": null},
        "impact_statement": null, "last_updated": null, "timestamp": null,
        "products": [{"@id": GIT, "identifiers": null, "hashes": null, "subcomponents": [
            {"@id": "pkg:golang/a", "identifiers": null, "hashes": null}]}]});
    let advisory = one(&json!([statement]));
    assert_eq!(
        told(&advisory),
        ["wolfi git: unaffected =2.39.0-r1 (the component is not there (component_not_present))"]
    );
}

#[test]
fn the_author_is_the_scope_and_a_vulnerability_of_a_document_the_record() {
    let other = json!({"vulnerability": {"name": "GHSA-aaaa-bbbb-cccc"}, "status": "affected",
        "products": [{"@id": GIT}], "action_statement": "Update."});
    let found = read(&document(&json!([
        statement("2024-02-01T00:00:00Z", "fixed"),
        other
    ])));
    let head = &found.heads[0];
    assert_eq!(
        head.scope.as_deref(),
        Some("Demo Security <security@demo.example>")
    );
    assert!(!head.complete && head.as_of.is_some());
    let names: Vec<String> = found
        .records(FeedKind::Openvex)
        .into_iter()
        .map(|record| record.name)
        .collect();
    assert_eq!(
        names,
        [
            "https://demo.example/vex-7/CVE-2024-1000",
            "https://demo.example/vex-7/GHSA-aaaa-bbbb-cccc"
        ]
    );
}

#[test]
fn the_plain_text_of_0_0_is_read_as_well() {
    let old = json!({
        "@context": "https://openvex.dev/ns",
        "@id": "https://demo.example/old",
        "author": "Demo",
        "timestamp": "2023-01-16T20:41:55.708329108-06:00",
        "version": "1",
        "statements": [{"vulnerability": "CVE-2024-1000", "products": [GIT],
            "subcomponents": ["pkg:golang/a"], "status": "fixed"}],
    });
    let found = read(&old);
    let advisory = &found.records(FeedKind::Openvex)[0].advisory;
    assert_eq!(told(advisory), ["wolfi git: affected <2.39.0-r1"]);
}

#[test]
fn bad_statements_are_named_and_the_rest_goes_on() {
    let good = statement("2024-02-01T00:00:00Z", "fixed");
    let with = |key: &str, value: Value| {
        let mut bad = good.clone();
        bad[key] = value;
        bad
    };
    let mut unsaid = statement("2024-03-01T00:00:00Z", "not_affected");
    unsaid.as_object_mut().unwrap().remove("justification");
    let found = read(&document(&json!([
        with("status", json!("exploitable")),
        with("products", json!([])),
        with("vulnerability", json!([])),
        7,
        unsaid,
        good,
    ])));
    let complaints = found.complaints();
    assert_eq!(
        complaints[0],
        "record 0: CVE-2024-1000: its status \"exploitable\" is not known"
    );
    assert_eq!(
        complaints[1],
        "record 1: CVE-2024-1000: it names no product"
    );
    assert!(
        complaints[2].starts_with("record 2: -: ") && complaints[3].starts_with("record 3: -: ")
    );
    assert_eq!(
        complaints[4],
        "~record 4: CVE-2024-1000: it does not say why it is not affected"
    );
    assert_eq!(found.records(FeedKind::Openvex).len(), 1);
    let nameless = with("vulnerability", json!({"name": "a b"}));
    let found = read(&document(&json!([nameless])));
    assert!(FeedKind::Openvex.parse(found.raws[0].1.as_bytes()).is_err());
}

#[test]
fn what_is_no_openvex_is_said() {
    let good = document(&json!([statement("2024-02-01T00:00:00Z", "fixed")]));
    let with = |key: &str, value: &str| {
        let mut bad = good.clone();
        bad[key] = json!(value);
        bad.to_string()
    };
    let lines = [
        with("@context", "https://spdx.org"),
        with("@id", ""),
        with("@id", &"x".repeat(1000)),
        good.to_string(),
    ];
    let context = FeedContext::default();
    let found = Collected::read(
        FeedKind::Openvex,
        "d",
        lines.join("\n").as_bytes(),
        &context,
    );
    let found = found.unwrap();
    assert_eq!(
        found.complaints(),
        [
            "record 0: -: its context is not OpenVEX's",
            "record 1: -: its @id is none",
            "record 2: -: its @id is none",
        ]
    );
    assert_eq!(found.raws.len(), 1);
    assert!(Collected::read(FeedKind::Openvex, "d", b"{\"@context\"", &context).is_err());
}

#[test]
fn a_long_note_is_not_repeated_for_each_product() {
    let products: Vec<Value> = (0..1000)
        .map(|n| json!({"@id": format!("pkg:apk/wolfi/demo{n}")}))
        .collect();
    let long = json!({"vulnerability": {"name": "CVE-2024-1000"}, "products": products,
        "status": "affected", "action_statement": "x ".repeat(100_000)});
    let found = read(&document(&json!([long])));
    assert!(found.raws[0].1.len() < 100_000, "{}", found.raws[0].1.len());
    assert_eq!(
        found.records(FeedKind::Openvex)[0].advisory.affected.len(),
        1000
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), at in 0_usize..900) {
        let sound = document(&json!([statement("2024-02-01T00:00:00Z", "fixed"), statement("2024-02-01T00:00:00Z", "affected")]));
        survives(FeedKind::Openvex, sound.to_string().as_bytes(), &bytes, at);
    }
}
