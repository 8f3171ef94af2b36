//! Alpine's security database.

use std::collections::BTreeMap;

use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::secdb::{Secdb, write};
use palisade_model::{Lower, Product, RangeScheme, Span, Upper, VersionStatus};
use palisade_version::Scheme;
use proptest::prelude::*;

use crate::support::{Collected, Full, context, real_bytes, real_documents, real_tree};

fn read(json: &str) -> Collected {
    Collected::read(
        FeedKind::Secdb,
        "d",
        json.as_bytes(),
        &FeedContext::default(),
    )
    .unwrap()
}

fn file(secfixes: &str) -> String {
    format!(
        r#"{{"reponame":"main","distroversion":"v3.17",
            "packages":[{{"pkg":{{"name":"foo","secfixes":{secfixes}}}}}]}}"#
    )
}

fn raws(collected: &Collected) -> Vec<&str> {
    collected.raws.iter().map(|(_, raw)| raw.as_str()).collect()
}

/// What one entry gives: `ID+ALIAS+ALIAS` for each record, and the complaints.
fn entry(text: &str) -> (Vec<String>, Vec<String>) {
    let json = file(&serde_json::json!({ "1-r0": [text] }).to_string());
    let collected = read(&json);
    let ids = collected
        .records(FeedKind::Secdb)
        .into_iter()
        .map(|record| {
            let mut ids = vec![record.advisory.id.to_string()];
            ids.extend(record.advisory.aliases.iter().map(ToString::to_string));
            ids.join("+")
        });
    let complaints = collected.rejects.iter().map(|reject| {
        let mended = if reject.mended { "~" } else { "" };
        format!("{mended}{}", reject.reason)
    });
    (ids.collect(), complaints.collect())
}

#[test]
fn a_vulnerability_of_several_versions_is_one_record() {
    let json =
        file(r#"{"3.0.7-r0":["CVE-2022-3602","CVE-2022-3786"],"3.0.5-r0":["CVE-2022-3602"]}"#);
    let collected = read(&json);
    assert_eq!(
        raws(&collected),
        [
            r#"{"distribution":"alpine","branch":"v3.17","repository":"main","package":"foo","id":"CVE-2022-3602","aliases":[],"fixed":["3.0.7-r0","3.0.5-r0"]}"#,
            r#"{"distribution":"alpine","branch":"v3.17","repository":"main","package":"foo","id":"CVE-2022-3786","aliases":[],"fixed":["3.0.7-r0"]}"#,
        ]
    );
    let head = &collected.heads[0];
    assert_eq!(
        (head.scope.as_deref(), head.complete),
        (Some("alpine/v3.17/main"), true)
    );
    let records = collected.records(FeedKind::Secdb);
    assert_eq!(records[0].name, "foo/CVE-2022-3602");
    let affected = &records[0].advisory.affected[0];
    assert!(matches!(
        &affected.product,
        Product::Distribution { branch: Some(branch), repository: Some(repository), name, .. }
            if branch == "v3.17" && repository == "main" && name == "foo"
    ));
    assert_eq!(affected.otherwise, Some(VersionStatus::Unaffected));
    let [first, second] = &affected.versions[..] else {
        panic!("{affected:?}")
    };
    assert_eq!(first.scheme, RangeScheme::stated(Scheme::Apk));
    assert_eq!(
        first.span,
        Span::Between(Lower::Open, Upper::Excluding("3.0.7-r0".into()))
    );
    assert_eq!(second.span, Span::before("3.0.5-r0"));
}

#[test]
fn version_zero_means_never_affected_and_stays_beside_others() {
    let collected = read(&file(
        r#"{"3.2.4-r0":["CVE-2020-14387"],"0":["CVE-2020-14387"]}"#,
    ));
    let records = collected.records(FeedKind::Secdb);
    let [fixed, never] = &records[0].advisory.affected[0].versions[..] else {
        panic!()
    };
    assert_eq!(
        (fixed.status, &fixed.span),
        (VersionStatus::Affected, &Span::before("3.2.4-r0"))
    );
    assert_eq!(
        (never.status, &never.span),
        (VersionStatus::Unaffected, &Span::All)
    );
    assert!(collected.rejects.is_empty());
}

#[test]
fn an_entry_may_hold_several_identifiers() {
    let plain = |text| {
        let (ids, complaints) = entry(text);
        assert!(complaints.is_empty(), "{complaints:?}");
        ids
    };
    assert_eq!(plain("CVE-2024-0001"), ["CVE-2024-0001"]);
    assert_eq!(plain("CVE-2018-3646   XSA-273"), ["CVE-2018-3646+XSA-273"]);
    assert_eq!(plain("XSA-273 CVE-2018-3646"), ["CVE-2018-3646+XSA-273"]);
    assert_eq!(
        plain("CVE-2026-4878 / GHSA-cr2j-534f-mf3g"),
        ["CVE-2026-4878+GHSA-cr2j-534f-mf3g"]
    );
    assert_eq!(
        plain("ELEMENTSEC-2026-1, GHSA-fp53-rw9v-hcf9"),
        ["ELEMENTSEC-2026-1+GHSA-fp53-rw9v-hcf9"]
    );
    assert_eq!(
        plain("CVE-2017-5753 CVE-2017-5715 XSA-254"),
        ["CVE-2017-5753+XSA-254", "CVE-2017-5715+XSA-254"]
    );
    assert_eq!(
        plain("CVE-2020-1150 GNUTLS-SA-2020-03-31 CVE-2020-1150"),
        ["CVE-2020-1150+GNUTLS-SA-2020-03-31"]
    );
    assert_eq!(
        plain("CVE-2020-2795 # (only affects windows)"),
        ["CVE-2020-2795"]
    );
    assert_eq!(plain("VSV00019"), ["VSV00019"]);
    assert_eq!(plain("wnpa-sec-2017-18"), ["wnpa-sec-2017-18"]);
}

#[test]
fn slips_are_mended_and_told() {
    let mended = |text| {
        let (ids, complaints) = entry(text);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].starts_with('~'), "{complaints:?}");
        ids
    };
    for text in [
        "CVE 2025-48379",
        "CVE_2025-48379",
        "cve-2025-48379",
        "CVE-2025-48379.patch",
    ] {
        assert_eq!(mended(text), ["CVE-2025-48379"], "{text}");
    }
    assert_eq!(mended("CVE-2017-17434-1"), ["CVE-2017-17434"]);
    assert_eq!(mended("CVE-2025–48379"), ["CVE-2025-48379"]);
    assert_eq!(mended("CVE-2018-14466 (AFS/RX)"), ["CVE-2018-14466"]);
    assert_eq!(mended("CVE-2022-????? XSA-398"), ["XSA-398"]);
    assert_eq!(mended("CVE N/A ZBX-11023"), ["ZBX-11023"]);
    assert_eq!(mended("CVE-2017-5754 XPTI"), ["CVE-2017-5754"]);
}

#[test]
fn what_is_no_identifier_is_rejected() {
    let rejected = |text| {
        let (ids, complaints) = entry(text);
        assert!(ids.is_empty(), "{ids:?}");
        complaints.join("; ")
    };
    assert_eq!(rejected("CVE-46838"), "\"CVE-46838\" is no identifier");
    assert_eq!(rejected("CVE_2025-1"), "\"CVE_2025-1\" is no identifier");
    assert_eq!(rejected(""), "it is empty");
    assert_eq!(rejected("  # later"), "it is empty");
    assert_eq!(rejected("to be done"), "\"to be done\" are no identifiers");
    assert_eq!(
        rejected("a b c d e f g"),
        "\"a b c d e\" and 2 more are no identifiers"
    );
    assert_eq!(
        rejected("CVE-2025-1234x"),
        "\"CVE-2025-1234x\" is no identifier"
    );
}

#[test]
fn versions_are_kept_as_written() {
    let collected = read(&file(
        r#"{"":["CVE-2020-0001"],"1 2":["CVE-2020-0002"],"4.8.0.-r1":["CVE-2020-0003"]}"#,
    ));
    let records = collected.records(FeedKind::Secdb);
    assert_eq!(records.len(), 1);
    assert_eq!(
        records[0].advisory.affected[0].versions[0].span,
        Span::before("4.8.0.-r1")
    );
    assert_eq!(
        collected.complaints()[..2],
        [
            "record 0: foo/: it is no version, and its fixes are passed over",
            "record 0: foo/1 2: it is no version, and its fixes are passed over",
        ]
    );
}

#[test]
fn one_bad_part_does_not_spoil_the_rest() {
    let json = r#"{"reponame":"main","distroversion":"edge","packages":[
        5, {"pkg":{}}, {"pkg":{"name":"a/b","secfixes":{}}},
        {"pkg":{"name":"x","secfixes":[1]}}, {"pkg":{"name":"e","secfixes":[]}},
        {"pkg":{"name":"n","secfixes":null}}, {"pkg":{"name":"o"}},
        {"pkg":{"name":"y","secfixes":{"1-r0":null,"2-r0":7,"3-r0":[3,"CVE-2020-0003"],"4-r0":"CVE-2020-0004"}}},
        {"pkg":{"name":"z","secfixes":{"1-r0":["CVE-2020-0001"]}}},
        {"pkg":{"name":"z","secfixes":{"2-r0":["CVE-2020-0001"]}}}]}"#;
    let collected = read(json);
    let records: Vec<_> = collected
        .records(FeedKind::Secdb)
        .into_iter()
        .map(|r| r.name)
        .collect();
    assert_eq!(
        records,
        ["y/CVE-2020-0003", "y/CVE-2020-0004", "z/CVE-2020-0001"]
    );
    assert!(collected.raws[2].1.ends_with(r#""fixed":["1-r0","2-r0"]}"#));
    let complaints: Vec<String> = collected
        .complaints()
        .iter()
        .map(|c| c.split(" at line").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        complaints,
        [
            "record 0: -: invalid type: integer `5`, expected struct Element",
            "record 1: -: missing field `name`",
            "record 2: a/b: its name is not that of a package",
            "record 3: x: its secfixes cannot be read: a list where an object of versions should be",
            "~record 7: y/1-r0: it lists nothing",
            "record 7: y/2-r0: its entries cannot be read: invalid type: integer `7`, expected a list",
            "record 7: y/3-r0: entry 1 is no text: invalid type: integer `3`, expected a string",
            "~record 7: y/4-r0: its entry is no list, and is read as a list of one",
        ]
    );
}

#[test]
fn a_file_without_packages_withdraws_nothing_unless_it_says_so() {
    let complete = |packages: &str| {
        let json = format!(r#"{{"reponame":"main","distroversion":"v3.3"{packages}}}"#);
        let collected = read(&json);
        assert!(collected.raws.is_empty() && collected.rejects.is_empty());
        collected.heads[0].complete
    };
    assert!(complete(r#","packages":[]"#));
    assert!(complete(r#","packages":{}"#));
    assert!(!complete(r#","packages":null"#));
    assert!(!complete(""));
}

#[test]
fn files_of_others_take_branch_and_distribution_from_the_context() {
    let json = br#"{"apkurl":"x","reponame":"os","packages":[{"pkg":{"name":"foo","secfixes":{"1-r0":["CVE-2020-0001"]}}}]}"#;
    let collected = Collected::read(FeedKind::Secdb, "d", json, &context("wolfi/rolling")).unwrap();
    assert_eq!(
        collected.heads[0].scope.as_deref(),
        Some("wolfi/rolling/os")
    );
    assert!(
        collected.raws[0]
            .1
            .starts_with(r#"{"distribution":"wolfi","branch":"rolling""#)
    );
    let error = Collected::read(FeedKind::Secdb, "d", json, &FeedContext::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "read d: it names no distroversion, so its branch must be given"
    );
}

#[test]
fn a_file_knows_its_branch_better_than_the_context() {
    let json = file(r#"{"1-r0":["CVE-2020-0001"]}"#);
    let mut given = context("alpine/v3.16");
    given.repository = Some("community".to_owned());
    let collected = Collected::read(FeedKind::Secdb, "d", json.as_bytes(), &given).unwrap();
    assert_eq!(
        collected.heads[0].scope.as_deref(),
        Some("alpine/v3.17/main")
    );
    assert_eq!(
        collected.complaints(),
        [
            "~the whole document: -: it says that its branch is v3.17, not v3.16",
            "~the whole document: -: it says that its repository is main, not community",
        ]
    );
}

#[test]
fn what_is_no_secdb_is_an_error() {
    let whole = file(r#"{"1-r0":["CVE-2020-0001"]}"#);
    let cut = &whole[..whole.len() - 4];
    let deep = "[".repeat(100_000);
    let names = r#"{"reponame":"../x","distroversion":"edge"}"#;
    for text in [
        "",
        "{}",
        "[]",
        "null",
        "<html>",
        r#"{"packages":5}"#,
        r#"{"reponame":5}"#,
        names,
        cut,
        &deep,
    ] {
        let context = context("alpine/edge");
        let result = Collected::read(FeedKind::Secdb, "d", text.as_bytes(), &context);
        assert!(result.is_err(), "{:?}", &text[..text.len().min(40)]);
    }
    let json = file(r#"{"1-r0":["CVE-2020-0001"]}"#);
    let stopped = FeedKind::Secdb.read(
        "d",
        &mut json.as_bytes(),
        &FeedContext::default(),
        &mut Full,
    );
    assert_eq!(stopped.unwrap_err().to_string(), "read d: stopped");
}

#[test]
fn raw_records_that_nobody_wrote_are_refused() {
    let raw = |branch: &str, package: &str, fixed: &str| {
        let raw = format!(
            r#"{{"distribution":"alpine","branch":"{branch}","repository":null,"package":"{package}","id":"CVE-2020-0001","aliases":[],"fixed":["{fixed}"]}}"#
        );
        FeedKind::Secdb.parse(raw.as_bytes())
    };
    assert!(raw("edge", "foo", "1-r0").is_ok());
    assert_eq!(
        raw("e/d", "foo", "1").unwrap_err().id.as_deref(),
        Some("foo/CVE-2020-0001")
    );
    assert!(raw("edge", "a/b", "1-r0").is_err());
    assert!(raw("edge", "foo", "1 r0").is_err());
    assert!(FeedKind::Secdb.parse(b"{}").is_err());
}

fn round_trip(name: &str, bytes: &[u8]) -> Secdb {
    let secdb = Secdb::read(name, &mut &*bytes, &mut |reject| panic!("{reject}")).unwrap();
    let mut written = Vec::new();
    write(&secdb, &mut written).unwrap();
    let [ours, theirs]: [serde_json::Value; 2] =
        [&written[..], bytes].map(|json| serde_json::from_slice(json).unwrap());
    assert!(ours == theirs, "{name} is not what was read");
    let again = Secdb::read(name, &mut &written[..], &mut |reject| panic!("{reject}")).unwrap();
    assert!(again == secdb, "{name} lost its order");
    secdb
}

fn count(secdb: &Secdb) -> (usize, usize) {
    let fixes = secdb.packages.iter().flat_map(|package| &package.fixes);
    (secdb.packages.len(), fixes.map(|fix| fix.ids.len()).sum())
}

#[test]
fn the_published_shape_is_written() {
    let json = r#"{"apkurl":"u","archs":["x86"],"reponame":"main","urlprefix":"p","distroversion":"edge","packages":[{"pkg":{"name":"foo","secfixes":{"2-r0":["CVE-2020-0002"],"1-r0":["CVE-2020-0001 XSA-1"]}}}]}"#;
    let secdb = round_trip("d", json.as_bytes());
    let mut written = Vec::new();
    write(&secdb, &mut written).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), json);
}

#[test]
fn the_real_files_of_2026_are_read_and_written() {
    let expected = [
        ("edge-main", (286, 3262), (3246, 1)),
        ("edge-community", (479, 6538), (6483, 4)),
        ("3.17-main", (231, 2070), (2064, 2)),
        ("3.17-community", (315, 4128), (4113, 2)),
    ];
    for (name, counts, records_and_rejects) in expected {
        let path = format!("alpine/secdb/secdb-{name}.json");
        let Some(bytes) = real_bytes(&path) else {
            return;
        };
        assert_eq!(count(&round_trip(&path, &bytes)), counts, "{name}");
        let collected =
            Collected::read(FeedKind::Secdb, &path, &bytes, &FeedContext::default()).unwrap();
        assert_eq!(
            collected.records(FeedKind::Secdb).len(),
            collected.raws.len()
        );
        let found = (collected.raws.len(), collected.rejects.len());
        assert_eq!(
            found,
            records_and_rejects,
            "{name}: {:#?}",
            collected.complaints()
        );
    }
}

#[test]
fn the_41_published_files_of_2025_are_read_and_written() {
    let path = "vuln/alpine-secdb-2025-01.tar.zst";
    let Some(documents) = real_documents(path, &|_| true) else {
        return;
    };
    assert_eq!(documents.len(), 41);
    let mut total = (0, 0);
    let mut records = 0;
    let mut rejects: BTreeMap<bool, usize> = BTreeMap::new();
    for (name, bytes) in &documents {
        let (packages, fixes) = count(&round_trip(name, bytes));
        total = (total.0 + packages, total.1 + fixes);
        let read =
            || Collected::read(FeedKind::Secdb, name, bytes, &FeedContext::default()).unwrap();
        let collected = read();
        assert!(
            collected.raws == read().raws,
            "{name} does not read the same twice"
        );
        records += collected.records(FeedKind::Secdb).len();
        for reject in &collected.rejects {
            *rejects.entry(reject.mended).or_default() += 1;
        }
    }
    assert_eq!(total, (8000, 85_277));
    assert_eq!(records, 85_016);
    // Four times CVE-46838; the rest is slips like CVE_2019-2426 and versions like 4.8.0.-r1.
    assert_eq!(rejects, BTreeMap::from([(false, 4), (true, 116)]));
}

#[test]
fn the_yaml_of_old_says_the_same_as_json() {
    let yaml = "---\n# fixes\ndistroversion: v3.17\nreponame: main\npackages:\n  - pkg:\n      name: foo\n      secfixes:\n        1.10:\n        - CVE-2020-0001 # why\n        \"0\":\n          -  CVE-2020-0002   XSA-1\n        2-r0: [CVE-2020-0001]\n";
    let json =
        file(r#"{"1.10":["CVE-2020-0001"],"0":["CVE-2020-0002 XSA-1"],"2-r0":["CVE-2020-0001"]}"#);
    let (yaml, json) = (read(yaml), read(&json));
    assert_eq!((&yaml.raws, &yaml.heads), (&json.raws, &json.heads));
    assert_eq!(yaml.complaints(), json.complaints());
    assert!(yaml.raws[0].1.contains(r#""fixed":["1.10","2-r0"]"#));
}

#[test]
fn an_empty_list_of_yaml_withdraws_nothing() {
    let collected = read("distroversion: v3.3\nreponame: community\npackages:\n");
    assert!(collected.raws.is_empty() && !collected.heads[0].complete);
}

#[test]
fn what_is_no_secdb_in_yaml_is_an_error() {
    for text in [
        "x",
        "- a\n- b\n",
        "name: x\n",
        "reponame: [main\n",
        "reponame: main\n---\nreponame: main\n",
        "reponame: &a main\ndistroversion: *a\n",
    ] {
        let result = Collected::read(
            FeedKind::Secdb,
            "d",
            text.as_bytes(),
            &context("alpine/edge"),
        );
        assert!(result.is_err(), "{text:?}");
    }
}

#[test]
fn the_18_yaml_files_of_2020_are_read() {
    let Some(documents) = real_tree("alpine/secdb-2020-yaml", "yaml") else {
        return;
    };
    let mut counts = Vec::new();
    let mut rejects: BTreeMap<bool, Vec<String>> = BTreeMap::new();
    for (name, bytes) in &documents {
        let secdb = Secdb::read(name, &mut &bytes[..], &mut |_| ()).unwrap();
        let scope = format!(
            "alpine/{}/{}",
            secdb.distroversion.as_deref().unwrap(),
            secdb.reponame.as_deref().unwrap()
        );
        let (packages, fixes) = count(&secdb);
        let collected =
            Collected::read(FeedKind::Secdb, name, bytes, &FeedContext::default()).unwrap();
        assert_eq!(collected.heads[0].scope.as_deref(), Some(&*scope));
        let records = collected.records(FeedKind::Secdb).len();
        counts.push(format!("{scope} {packages} {fixes} {records}"));
        for (reject, complaint) in collected.rejects.iter().zip(collected.complaints()) {
            rejects.entry(reject.mended).or_default().push(complaint);
        }
    }
    insta::assert_snapshot!(counts.join("\n"), @r"
    alpine/v3.10/community 73 720 712
    alpine/v3.10/main 166 1182 1158
    alpine/v3.11/community 85 895 886
    alpine/v3.11/main 175 1204 1179
    alpine/v3.3/community 0 0 0
    alpine/v3.3/main 91 461 461
    alpine/v3.4/community 2 14 14
    alpine/v3.4/main 117 672 669
    alpine/v3.5/community 20 102 101
    alpine/v3.5/main 131 826 823
    alpine/v3.6/community 31 219 214
    alpine/v3.6/main 134 898 891
    alpine/v3.7/community 37 411 401
    alpine/v3.7/main 163 1078 1073
    alpine/v3.8/community 44 485 476
    alpine/v3.8/main 164 1139 1129
    alpine/v3.9/community 58 601 593
    alpine/v3.9/main 161 1121 1101
    ");
    let counts = [false, true].map(|mended| rejects.get(&mended).map_or(0, Vec::len));
    // Slips like CVE_2019-2426, versions like 4.8.0.-r1, and tcpdump's remarks in parentheses.
    assert_eq!(counts, [0, 120], "{rejects:#?}");
}

fn hostile_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<i32>().prop_map(serde_json::Value::from),
        "[-A-Za-z0-9 .,/#(?_]{0,24}".prop_map(serde_json::Value::from),
        "CVE[-_ ][0-9]{4}-[0-9]{1,6}".prop_map(serde_json::Value::from),
    ];
    let key = prop_oneof![
        Just("pkg".to_owned()),
        Just("name".to_owned()),
        Just("secfixes".to_owned()),
        "[0-9a-z.-]{0,12}",
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = Collected::read(FeedKind::Secdb, "d", &bytes, &context("alpine/edge"));
        let _ = FeedKind::Secdb.parse(&bytes);
    }

    #[test]
    fn every_raw_record_can_be_parsed(secfixes in hostile_json(), other in hostile_json()) {
        let json = serde_json::json!({
            "reponame": "main", "distroversion": "edge",
            "packages": [{"pkg": {"name": "foo", "secfixes": secfixes}}, other],
        });
        let collected = read(&json.to_string());
        prop_assert_eq!(collected.records(FeedKind::Secdb).len(), collected.raws.len());
    }

    #[test]
    fn every_entry_is_told_apart(text in "[-A-Za-z0-9 .,/#()?_\u{2013}]{0,40}") {
        let (ids, complaints) = entry(&text);
        prop_assert!(!ids.is_empty() || !complaints.is_empty());
    }
}
