//! Records of OSV as they are written: what was read is read again from them.

use std::collections::HashSet;

use palisade_formats::feed::FeedKind;
use palisade_formats::osv::write::{Document, Entry, Event, Package, Range, with_entries};
use palisade_model::{
    Advisory, Affected, Lower, Product, RangeScheme, Reference, Span, Upper, VersionRange,
};
use palisade_version::Scheme;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shared_vuln::{open, parse, read};

fn written(advisory: &Advisory) -> String {
    serde_json::to_string(&Document::of(advisory)).unwrap()
}

fn python(versions: Vec<VersionRange>) -> Affected {
    let product = Product::Ecosystem {
        ecosystem: "PyPI".to_owned(),
        name: "p".to_owned(),
        repository: None,
    };
    Affected::of(product, versions)
}

fn advisory(affected: Vec<Affected>) -> Advisory {
    let mut advisory = Advisory::new("PYSEC-2024-1".parse().unwrap());
    advisory.affected = affected;
    advisory
}

fn lower() -> impl Strategy<Value = Lower> {
    prop_oneof![
        Just(Lower::Open),
        "[1-9]\\.[0-9]".prop_map(Lower::Including),
    ]
}

fn upper() -> impl Strategy<Value = Upper> {
    prop_oneof![
        Just(Upper::Open),
        "1[0-9]\\.[0-9]".prop_map(Upper::Excluding),
        "1[0-9]\\.[0-9]".prop_map(Upper::Including),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![
        (lower(), upper()).prop_map(|(lower, upper)| match (lower, upper) {
            (Lower::Open, Upper::Open) => Span::All,
            (lower, upper) => Span::Between(lower, upper),
        }),
        "2[0-9]\\.[0-9]".prop_map(Span::Exact),
    ]
}

proptest! {
    #[test]
    fn ranges_are_read_back_as_they_were(spans in prop::collection::vec(span(), 1..6)) {
        let scheme = RangeScheme::stated(Scheme::Pep440);
        let ranges = spans.into_iter().map(|span| VersionRange::affected(span, scheme));
        let given = advisory(vec![python(ranges.collect())]);
        let again = parse(FeedKind::Osv, &written(&given));
        let of = |advisory: &Advisory| {
            let mut spans: Vec<Span> = advisory.affected[0].versions.iter().map(|it| it.span.clone()).collect();
            // Versions stand behind ranges; those that a range covers say nothing new.
            let ranges: Vec<Span> = spans.iter().filter(|it| !matches!(it, Span::Exact(_))).cloned().collect();
            let covers_all = ranges.iter().any(|it| matches!(it, Span::All | Span::Between(_, Upper::Open)));
            spans.retain(|it| !covers_all || !matches!(it, Span::Exact(_)));
            spans.sort_by_key(|it| matches!(it, Span::Exact(_)));
            spans.dedup();
            spans
        };
        let (given, again) = (of(&given), of(&again));
        prop_assert!(again.iter().all(|it| given.contains(it)), "{given:?} {again:?}");
        prop_assert!(given.iter().all(|it| again.contains(it)), "{given:?} {again:?}");
    }
}

#[test]
fn a_registrys_record_speaks_of_its_versions_in_their_own_order() {
    let text = r#"{"id":"PYSEC-2024-1","affected":[{"package":{"ecosystem":"PyPI","name":"salt"},
        "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3002.5"}]}],
        "versions":["2017.7.7","3003.0"]}]}"#;
    let entry = &parse(FeedKind::Osv, text).affected[0];
    for (version, expected) in [
        ("2017.7.7", true),
        ("3002.4", true),
        ("3002.5", false),
        ("3003", true),
        ("3003.1", false),
        ("no version", false),
    ] {
        assert_eq!(
            palisade_formats::osv::affects(entry, version),
            expected,
            "{version}"
        );
    }
}

#[test]
fn each_range_has_events_of_its_own() {
    let scheme = RangeScheme::stated(Scheme::Pep440);
    let upto = Span::Between(Lower::Including("2".into()), Upper::Including("3".into()));
    let ranges = [Span::before("1.2"), upto, Span::Exact("5.0".into())];
    let ranges = ranges.map(|span| VersionRange::affected(span, scheme));
    let entry = Entry::of(&python(ranges.to_vec())).unwrap();
    assert_eq!(
        serde_json::to_value(&entry).unwrap(),
        json!({"package": {"ecosystem": "PyPI", "name": "p"}, "versions": ["5.0"], "ranges": [
            {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]},
            {"type": "ECOSYSTEM", "events": [{"introduced": "2"}, {"last_affected": "3"}]}]})
    );
}

#[test]
fn only_what_osv_has_words_for_is_written() {
    let scheme = RangeScheme::Unstated;
    let none = vec![VersionRange::affected(Span::NotStated, scheme)];
    assert_eq!(Entry::of(&python(none)), None);
    let commits = VersionRange::affected(Span::before("abcdef"), RangeScheme::Git);
    assert_eq!(Entry::of(&python(vec![commits])), None);
    let unnamed = Package::of_distribution("parabola", None, "x");
    assert_eq!(unnamed, None);
    let link = |url: &str, tag: &str| {
        let reference = Reference {
            url: url.to_owned(),
            tags: vec![tag.to_owned()],
        };
        palisade_formats::osv::write::Link::of(&reference).map(|link| link.kind)
    };
    assert_eq!(link("https://a.example/1", "Patch"), Some("FIX"));
    assert_eq!(link("https://a.example/1", "else"), Some("WEB"));
    for bad in [
        "javascript:alert(1)",
        "https://a b",
        "ftp://a.example",
        "https://a/\"",
    ] {
        assert_eq!(link(bad, "FIX"), None, "{bad}");
    }
}

#[test]
fn entries_take_the_place_of_those_on_the_same_packages() {
    let raw = br#"{"id":"X-1","modified":"2020-01-01T00:00:00Z","x_own":[1,2],"affected":[
        {"package":{"ecosystem":"Alpine:v3.17","name":"a"},"versions":["1"]},
        {"package":{"ecosystem":"Alpine:v3.17","name":"b"},"versions":["2"]},
        {"package":{"ecosystem":"Alpine:v3.17","name":"c"},"versions":["3"]},
        {"package":{},"ranges":[]}, 7]}"#;
    let entry = Entry {
        package: Package::of_distribution("alpine", Some("v3.17"), "a").unwrap(),
        ranges: vec![Range {
            kind: "ECOSYSTEM",
            repo: None,
            events: vec![Event::Introduced("0".to_owned())],
        }],
        versions: Vec::new(),
        database_specific: None,
    };
    let time = "2025-01-01T00:00:00Z".parse().unwrap();
    // Of c it is known that it is not affected: it has no entry.
    let known: HashSet<Package> = ["a", "c"]
        .into_iter()
        .map(|name| Package::of_distribution("alpine", Some("v3.17"), name).unwrap())
        .collect();
    let record = with_entries(raw, &known, std::slice::from_ref(&entry), time).unwrap();
    assert_eq!(record["x_own"], json!([1, 2]));
    assert_eq!(record["modified"], "2025-01-01T00:00:00Z");
    let affected = record["affected"].as_array().unwrap();
    assert_eq!(affected.len(), 4);
    assert_eq!(affected[0]["versions"], json!(["2"]));
    assert_eq!(
        affected[1],
        json!({"ranges": []}),
        "an empty package is none"
    );
    assert_eq!(affected[3], serde_json::to_value(&entry).unwrap());
    for bad in ["", "[]", "7", "{"] {
        let read = with_entries(bad.as_bytes(), &known, &[], time);
        assert!(read.is_err(), "{bad}");
    }
    let refuted =
        br#"{"id":"X-2","affected":[{"package":{"ecosystem":"Alpine:v3.17","name":"c"}}]}"#;
    let record = with_entries(refuted, &known, &[], time).unwrap();
    assert_eq!(record.get("affected"), None, "nothing is left");
}

#[test]
fn real_records_say_the_same_when_they_are_written_again() {
    let Some(mut document) = open("osv-pypa-2024-10.jsonl.zst") else {
        return;
    };
    let (mut records, mut entries) = (0, 0);
    let found = read(FeedKind::Osv, &mut document, &|_| true);
    for advisory in found.kept {
        let again = parse(FeedKind::Osv, &written(&advisory));
        let of = |advisory: &Advisory| {
            let written = advisory
                .affected
                .iter()
                .filter(|it| Entry::of(it).is_some());
            written.cloned().collect::<Vec<_>>()
        };
        let plain = |mut entry: Affected| {
            entry
                .versions
                .retain(|range| range.scheme != RangeScheme::Git);
            if let Product::Ecosystem { repository, .. } = &mut entry.product {
                *repository = None;
            }
            entry
        };
        let given: Vec<Affected> = of(&advisory).into_iter().map(plain).collect();
        let read: Vec<Affected> = of(&again).into_iter().map(plain).collect();
        assert_eq!(read, given, "{}", advisory.id);
        assert_eq!(
            (&again.aliases, &again.modified),
            (&advisory.aliases, &advisory.modified)
        );
        records += 1;
        entries += read.len();
    }
    assert_eq!((records, entries), (2661, 2661));
}

#[test]
fn a_made_record_has_what_the_schema_demands() {
    let record: Value = serde_json::from_str(&written(&advisory(Vec::new()))).unwrap();
    assert_eq!(
        record,
        json!({"schema_version": "1.7.0", "id": "PYSEC-2024-1", "modified": "1970-01-01T00:00:00Z"})
    );
}
