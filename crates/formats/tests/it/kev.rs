//! CISA's catalogue of known exploited vulnerabilities.

use palisade_formats::Place;
use palisade_formats::feed::{FeedContext, FeedKind};
use proptest::prelude::*;

use crate::support::{Collected, Full, real_bytes};

const ENTRY: &str = r#"{"cveID":"CVE-2020-0001","vendorProject":"V","product":"P","vulnerabilityName":"A name","dateAdded":"2025-08-25","shortDescription":"A description","requiredAction":"Act.","dueDate":"2025-09-15","knownRansomwareCampaignUse":"Known","notes":"See https://a.example/x ; https://b.example/y; more","cwes":["CWE-59"]}"#;

fn try_read(text: &str) -> Result<Collected, palisade_formats::ReadError> {
    Collected::read(FeedKind::Kev, "d", text.as_bytes(), &FeedContext::default())
}

fn catalogue(count: u64, entries: &str) -> String {
    format!(
        r#"{{"title":"t","catalogVersion":"2025.08.25","dateReleased":"2025-08-25T17:04:19.9796Z","count":{count},"vulnerabilities":[{entries}]}}"#
    )
}

#[test]
fn the_catalogue_is_complete_and_dated() {
    let collected = try_read(&catalogue(1, ENTRY)).unwrap();
    let head = &collected.heads[0];
    assert!(head.complete && head.scope.is_none());
    assert_eq!(head.as_of.unwrap().to_string(), "2025-08-25T17:04:19.9796Z");
    assert_eq!(collected.raws, [(Place::Index(0), ENTRY.to_owned())]);
    assert!(collected.rejects.is_empty());
}

#[test]
fn an_entry_says_that_a_vulnerability_is_exploited() {
    let record = FeedKind::Kev.parse(ENTRY.as_bytes()).unwrap();
    assert_eq!(record.name, "CVE-2020-0001");
    let advisory = record.advisory;
    assert_eq!(advisory.title.as_deref(), Some("A name"));
    assert_eq!(advisory.details.as_deref(), Some("A description"));
    assert_eq!(advisory.weaknesses, ["CWE-59"]);
    assert!(advisory.affected.is_empty());
    let urls: Vec<&str> = advisory
        .references
        .iter()
        .map(|link| link.url.as_str())
        .collect();
    assert_eq!(urls, ["https://a.example/x", "https://b.example/y"]);
    let exploitation = advisory.exploitation.unwrap();
    assert_eq!(exploitation.added, "2025-08-25");
    assert_eq!(exploitation.due.as_deref(), Some("2025-09-15"));
    assert!(exploitation.ransomware);
    assert_eq!(exploitation.action.as_deref(), Some("Act."));
}

#[test]
fn lines_of_entries_are_not_complete() {
    for text in [
        format!("{ENTRY}\n\n{ENTRY}"),
        format!("{{\n{ENTRY}\r\n{ENTRY}\n"),
        ENTRY.to_owned(),
    ] {
        let collected = try_read(&text).unwrap();
        assert_eq!(collected.heads.len(), 1);
        assert!(!collected.heads[0].complete && collected.heads[0].as_of.is_none());
        let (place, raw) = collected.raws.last().unwrap();
        assert_eq!(raw, ENTRY);
        assert_eq!(*place, Place::Line(text.trim_end().lines().count() as u64));
    }
}

#[test]
fn a_catalogue_that_lost_entries_withdraws_nothing() {
    let collected = try_read(&catalogue(2, ENTRY)).unwrap();
    assert!(!collected.heads[0].complete);
    assert_eq!(
        collected.complaints(),
        ["~the whole document: -: it holds 1 entries but counts 2"]
    );
}

#[test]
fn what_is_no_catalogue_is_an_error() {
    let whole = catalogue(1, ENTRY);
    let cut = &whole[..whole.len() - 2];
    let no_list = r#"{"vulnerabilities":5}"#;
    for text in [
        "",
        "{}",
        "[]",
        "<html>",
        "\n\n",
        no_list,
        cut,
        &"[".repeat(100_000),
    ] {
        assert!(try_read(text).is_err(), "{:?}", &text[..text.len().min(40)]);
    }
    let stopped = FeedKind::Kev.read(
        "d",
        &mut whole.as_bytes(),
        &FeedContext::default(),
        &mut Full,
    );
    assert_eq!(stopped.unwrap_err().to_string(), "read d: stopped");
}

#[test]
fn bad_entries_say_why() {
    let reason = |from: &str, to: &str| {
        FeedKind::Kev
            .parse(ENTRY.replace(from, to).as_bytes())
            .unwrap_err()
    };
    assert!(
        reason(r#""cveID""#, r#""id""#)
            .reason
            .contains("missing field `cveID`")
    );
    assert_eq!(
        reason("CVE-2020-0001", "CVE-1").reason,
        "\"CVE-1\" is not of the form CVE-YEAR-NUMBER"
    );
    let bad = reason("2025-08-25", "yesterday");
    assert_eq!(bad.id.as_deref(), Some("CVE-2020-0001"));
    assert_eq!(bad.reason, "dateAdded \"yesterday\" is no day");
    let no_due = FeedKind::Kev
        .parse(ENTRY.replace("2025-09-15", "soon").as_bytes())
        .unwrap();
    assert!(no_due.advisory.exploitation.unwrap().due.is_none());
}

#[test]
fn the_real_catalogue_holds_1404_entries() {
    let Some(bytes) = real_bytes("vuln/kev-2025-08.json.zst") else {
        return;
    };
    let collected = Collected::read(FeedKind::Kev, "kev", &bytes, &FeedContext::default()).unwrap();
    assert!(collected.heads[0].complete && collected.rejects.is_empty());
    let records = collected.records(FeedKind::Kev);
    assert_eq!(records.len(), 1404);
    let exploited = |r: &&palisade_formats::feed::Record| {
        r.advisory
            .exploitation
            .as_ref()
            .is_some_and(|known| known.ransomware)
    };
    assert_eq!(records.iter().filter(exploited).count(), 293);
}

#[test]
fn the_real_lines_hold_1271_entries() {
    let Some(bytes) = real_bytes("vuln/kev-2025-02.jsonl.zst") else {
        return;
    };
    let collected = Collected::read(FeedKind::Kev, "kev", &bytes, &FeedContext::default()).unwrap();
    assert!(!collected.heads[0].complete && collected.rejects.is_empty());
    assert_eq!(collected.records(FeedKind::Kev).len(), 1271);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..512), at in 0_usize..600) {
        let _ = Collected::read(FeedKind::Kev, "d", &bytes, &FeedContext::default());
        let _ = FeedKind::Kev.parse(&bytes);
        let mut whole = catalogue(1, ENTRY).into_bytes();
        let at = at % whole.len();
        whole.splice(at.., bytes);
        if let Ok(collected) = Collected::read(FeedKind::Kev, "d", &whole, &FeedContext::default()) {
            for (_, raw) in collected.raws {
                let _ = FeedKind::Kev.parse(raw.as_bytes());
            }
        }
    }
}
