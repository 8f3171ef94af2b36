//! NVD: the rules of configurations, ratings and states, and counts over real feeds.

use palisade_formats::feed::FeedKind;
use palisade_model::{
    Advisory, Affected, Cpe, CpePart, Exploitation, Lower, Product, RangeScheme, Rating, Span,
    Upper, VersionStatus,
};

use crate::shared_vuln::{open, parse, read, spans};

fn cpe(affected: &Affected) -> &Cpe {
    match &affected.product {
        Product::Cpe(cpe) => cpe,
        other => panic!("{other:?}"),
    }
}

/// A record with these configurations.
fn record(configurations: &str) -> Advisory {
    let text = format!(r#"{{"cve":{{"id":"CVE-2024-1000","configurations":[{configurations}]}}}}"#);
    parse(FeedKind::Nvd, &text)
}

fn row(name: &str) -> String {
    format!(r#"{{"vulnerable":true,"criteria":"cpe:2.3:{name}:*:*:*:*:*:*"}}"#)
}

fn beside(name: &str) -> String {
    format!(r#"{{"vulnerable":false,"criteria":"cpe:2.3:{name}:*:*:*:*:*:*"}}"#)
}

fn node(rows: &[String]) -> String {
    format!(
        r#"{{"operator":"OR","negate":false,"cpeMatch":[{}]}}"#,
        rows.join(",")
    )
}

fn configuration(nodes: &[String]) -> String {
    format!(r#"{{"nodes":[{}]}}"#, nodes.join(","))
}

fn together(nodes: &[String]) -> String {
    format!(r#"{{"operator":"AND","nodes":[{}]}}"#, nodes.join(","))
}

fn products(advisory: &Advisory) -> Vec<&str> {
    advisory
        .affected
        .iter()
        .map(|affected| &*cpe(affected).product)
        .collect()
}

#[test]
fn the_score_is_read_from_where_api_2_has_it() {
    let advisory = parse(
        FeedKind::Nvd,
        r#"{"cve":{"id":"CVE-2024-1000","metrics":{
            "cvssMetricV31":[
              {"source":"cna@example.org","type":"Secondary","cvssData":{"version":"3.1","vectorString":"CVSS:3.1/AV:L","baseScore":5.5}},
              {"source":"nvd@nist.gov","type":"Primary","cvssData":{"version":"3.1","vectorString":"CVSS:3.1/AV:N","baseScore":9.8}}],
            "cvssMetricV2":[{"source":"nvd@nist.gov","type":"Primary","cvssData":{"vectorString":"AV:N","baseScore":10.0},"baseSeverity":"HIGH"}],
            "cvssMetricV40":[{"source":"cna@example.org","type":"Secondary","cvssData":{"vectorString":"CVSS:4.0/AV:N","baseScore":9.3}}]}}}"#,
    );
    let seen: Vec<_> = advisory
        .severities
        .iter()
        .map(|severity| (&*severity.scorer, severity.score().unwrap()))
        .map(|(scorer, (version, score))| (scorer, version.number(), score))
        .collect();
    assert_eq!(
        seen,
        [
            ("nvd@nist.gov", "3.1", 9.8),
            ("nvd@nist.gov", "2.0", 10.0),
            ("cna@example.org", "4.0", 9.3),
            ("cna@example.org", "3.1", 5.5),
        ]
    );
}

#[test]
fn a_row_that_is_not_vulnerable_is_no_product() {
    let advisory = record(&configuration(&[node(&[
        row("a:v:p:1.0"),
        beside("o:v:host:*"),
    ])]));
    assert_eq!(products(&advisory), ["p"]);
    assert!(advisory.affected[0].requires.is_empty());
}

#[test]
fn all_configurations_and_all_nodes_are_read() {
    let advisory = record(&format!(
        "{},{}",
        configuration(&[
            node(&[row("a:v:first:1.0")]),
            node(&[row("a:v:second:1.0")])
        ]),
        configuration(&[node(&[row("a:v:third:1.0"), row("o:v:kernel:1.0")])]),
    ));
    assert_eq!(products(&advisory), ["first", "second", "third", "kernel"]);
    assert_eq!(cpe(&advisory.affected[3]).part, CpePart::OperatingSystem);
}

#[test]
fn nodes_of_an_and_require_each_other() {
    let advisory = record(&together(&[
        node(&[row("o:v:firmware:1.0"), row("o:v:firmware:1.1")]),
        node(&[beside("h:v:router:-"), beside("h:v:bridge:2")]),
    ]));
    assert_eq!(products(&advisory), ["firmware"]);
    let firmware = &advisory.affected[0];
    assert_eq!(
        spans(firmware),
        [&Span::Exact("1.0".into()), &Span::Exact("1.1".into())]
    );
    assert_eq!(firmware.requires.len(), 1);
    let group: Vec<_> = firmware.requires[0]
        .iter()
        .map(|c| (&*c.cpe.product, &c.span))
        .collect();
    assert_eq!(
        group,
        [
            ("router", &Span::NotStated),
            ("bridge", &Span::Exact("2".into()))
        ]
    );
}

#[test]
fn both_nodes_of_an_and_may_be_products() {
    let advisory = record(&together(&[
        node(&[row("a:v:server:2.4")]),
        node(&[row("a:v:library:1.1")]),
    ]));
    assert_eq!(products(&advisory), ["server", "library"]);
    for (affected, other) in advisory.affected.iter().zip(["library", "server"]) {
        assert_eq!(affected.requires[0][0].cpe.product, other);
    }
}

#[test]
fn rows_of_an_and_node_require_each_other() {
    let both = format!(
        r#"{{"nodes":[{{"operator":"AND","cpeMatch":[{},{},{}]}}]}}"#,
        row("a:v:p:1.0"),
        row("a:v:p:1.1"),
        beside("o:v:host:*")
    );
    let advisory = record(&both);
    assert_eq!(products(&advisory), ["p", "p"]);
    for affected in &advisory.affected {
        assert_eq!(affected.requires.len(), 1);
        assert_eq!(affected.requires[0][0].cpe.product, "host");
    }
}

#[test]
fn a_negated_node_is_neither_product_nor_companion() {
    let negated = node(&[row("o:v:newest:10")]).replace("false,\"cpeMatch", "true,\"cpeMatch");
    let advisory = record(&together(&[
        node(&[row("a:v:browser:11")]),
        negated.clone(),
    ]));
    assert_eq!(products(&advisory), ["browser"]);
    assert!(advisory.affected[0].requires.is_empty());
    let whole =
        configuration(&[node(&[row("a:v:p:1")])]).replace("{\"nodes", "{\"negate\":true,\"nodes");
    assert!(record(&whole).affected.is_empty());
}

#[test]
fn ranges_of_one_product_are_one_entry_and_erase_no_other() {
    let between = |from: &str, to: &str| {
        format!(
            r#"{{"vulnerable":true,"criteria":"cpe:2.3:a:v:bbb:*:*:*:*:*:*:*:*","versionStartIncluding":"{from}","versionEndExcluding":"{to}"}}"#
        )
    };
    let advisory = record(&configuration(&[node(&[
        row("a:v:aaa:1.2"),
        between("2", "2.5"),
        between("3", "3.5"),
    ])]));
    assert_eq!(products(&advisory), ["aaa", "bbb"]);
    let range = |from: &str, to: &str| {
        Span::Between(Lower::Including(from.into()), Upper::Excluding(to.into()))
    };
    assert_eq!(
        spans(&advisory.affected[1]),
        [&range("2", "2.5"), &range("3", "3.5")]
    );
    let first = &advisory.affected[1].versions[0];
    assert_eq!(
        (first.status, first.scheme),
        (VersionStatus::Affected, RangeScheme::Unstated)
    );
}

#[test]
fn versions_of_names_are_read_whole() {
    let advisory = record(&configuration(&[node(&[
        row("a:openbsd:openssh:6.8").replace("6.8:*", "6.8:p1"),
        row("a:openbsd:openssh:7.0").replace("7.0:*", "7.0:rc1"),
        row("a:openbsd:openssh:*"),
        row("a:openbsd:openssh:-"),
    ])]));
    assert_eq!(
        spans(&advisory.affected[0]),
        [
            &Span::Exact("6.8p1".into()),
            &Span::Exact("7.0-rc1".into()),
            &Span::All,
            &Span::NotStated
        ]
    );
}

#[test]
fn escapes_and_capitals_do_not_hide_a_product() {
    let advisory = record(&configuration(&[node(&[
        row(r"a:gnome:libsigc\\+\\+:2.0"),
        row(r"a:v:foo\\:\\:bar:1"),
        row("a:ImageMagick:ImageMagick:7"),
    ])]));
    assert_eq!(
        products(&advisory),
        ["libsigc++", "foo::bar", "imagemagick"]
    );
}

#[test]
fn bounds_are_kept_as_written() {
    let advisory = record(&configuration(&[node(&[
        r#"{"vulnerable":true,"criteria":"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*","versionStartExcluding":"1","versionEndIncluding":"2.0beta"}"#.into(),
    ])]));
    let span = Span::Between(
        Lower::Excluding("1".into()),
        Upper::Including("2.0beta".into()),
    );
    assert_eq!(spans(&advisory.affected[0]), [&span]);
}

#[test]
fn a_narrowed_record_replaces_the_old_range() {
    let with = |end: &str| {
        record(&configuration(&[node(&[format!(
            r#"{{"vulnerable":true,"criteria":"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*","versionEndExcluding":"{end}"}}"#
        )])]))
    };
    assert_eq!(spans(&with("0.9").affected[0]), [&Span::before("0.9")]);
    assert_ne!(with("0.9"), with("2.0"));
}

#[test]
fn states_and_tags_are_read() {
    let rejected = parse(
        FeedKind::Nvd,
        r#"{"id":"CVE-2024-1000","vulnStatus":"Rejected","descriptions":[{"lang":"es","value":"no"},{"lang":"en","value":"Not used."}]}"#,
    );
    assert_eq!(rejected.withdrawn.as_deref(), Some("Not used."));
    let disputed = parse(
        FeedKind::Nvd,
        r#"{"cve":{"id":"CVE-2024-1000","vulnStatus":"Awaiting Analysis","published":"2024-01-02T03:04:05.678","lastModified":"2024-02-02T03:04:05.000",
          "cveTags":[{"sourceIdentifier":"x","tags":["disputed"]}],
          "weaknesses":[{"description":[{"lang":"en","value":"NVD-CWE-noinfo"},{"lang":"en","value":"CWE-79"}]},{"description":[{"lang":"en","value":"CWE-79"}]}],
          "references":[{"url":"https://example.org/a","tags":["Patch"]},{"url":"https://example.org/a","tags":["Patch","Vendor Advisory"]}],
          "cisaExploitAdd":"2024-03-01","cisaActionDue":"2024-03-21","cisaRequiredAction":"Update."}}"#,
    );
    assert!(disputed.disputed && disputed.withdrawn.is_none() && disputed.affected.is_empty());
    assert_eq!(
        disputed.published.unwrap().to_string(),
        "2024-01-02T03:04:05.678Z"
    );
    assert_eq!(disputed.weaknesses, ["CWE-79"]);
    assert_eq!(disputed.references.len(), 1);
    assert_eq!(disputed.references[0].tags, ["Patch", "Vendor Advisory"]);
    assert_eq!(
        disputed.exploitation,
        Some(Exploitation {
            added: "2024-03-01".into(),
            due: Some("2024-03-21".into()),
            ransomware: false,
            action: Some("Update.".into()),
        })
    );
}

#[test]
fn an_override_may_say_that_nothing_is_affected() {
    let advisory = parse(
        FeedKind::Nvd,
        r#"{"_annotation":{"cve_id":"CVE-1999-0001","reason":"too wide"},"cve":{"configurations":[{"nodes":[{"operator":"OR","negate":false,
           "cpeMatch":[{"criteria":"cpe:2.3:a:null:null:*:*:*:*:*:*:*:*","vulnerable":false}]}]}]}}"#,
    );
    assert_eq!(advisory.id.as_str(), "CVE-1999-0001");
    assert!(advisory.affected.is_empty());
}

#[test]
fn an_override_stands_beside_nvds_record_and_tells_what_it_knows() {
    let text = r#"{"_annotation":{"cna":"wordfence","cve_id":"CVE-2026-1000","description":"A flaw.","generated_from":"x",
        "modified":"2026-06-24T14:47:11.116000+00:00","published":"2026-06-24T02:29:07.464000+00:00",
        "reason":"Added CPE configurations because not yet analyzed by NVD.","references":["https://a.example/1"]},
        "cve":{"configurations":[{"nodes":[{"operator":"OR","negate":false,"cpeMatch":[{"vulnerable":true,
          "criteria":"cpe:2.3:a:v:demo:*:*:*:*:*:wordpress:*:*","matchCriteriaId":"X","versionEndIncluding":"1.7.2"}]}]}],
          "references":[{"source":"anchoreadp","url":"https://b.example/2"}]}}"#;
    let record = FeedKind::Nvd.parse(text.as_bytes()).unwrap();
    assert_eq!(record.name, "override CVE-2026-1000");
    let advisory = record.advisory;
    assert_eq!(advisory.id.as_str(), "CVE-2026-1000");
    assert_eq!(advisory.details.as_deref(), Some("A flaw."));
    assert_eq!(
        advisory.published.unwrap().to_string(),
        "2026-06-24T02:29:07.464Z"
    );
    assert_eq!(
        advisory.modified.unwrap().to_string(),
        "2026-06-24T14:47:11.116Z"
    );
    assert_eq!(
        cpe(&advisory.affected[0]).target_sw.as_deref(),
        Some("wordpress")
    );
    let urls: Vec<&str> = advisory.references.iter().map(|link| &*link.url).collect();
    assert_eq!(
        urls,
        ["https://b.example/2"],
        "its own link before the copied ones"
    );
    let own = FeedKind::Nvd
        .parse(br#"{"cve":{"id":"CVE-2026-1000"}}"#)
        .unwrap();
    assert_eq!(own.name, "CVE-2026-1000");
}

#[test]
fn bad_records_tell_their_reason() {
    for (text, reason) in [
        (r#"{"cve":{"id":"CVE-1-1"}}"#, "identifier"),
        (r#"{"cve":{}}"#, "identifier"),
        (r#"{"cve":7}"#, "invalid type"),
        ("\u{0}", "expected value"),
        (
            r#"{"cve":{"id":"CVE-2024-1000","configurations":[{"nodes":[{"cpeMatch":[{"criteria":"x"}]}]}]}}"#,
            "CPE name",
        ),
    ] {
        let error = FeedKind::Nvd.parse(text.as_bytes()).unwrap_err();
        assert!(error.reason.contains(reason), "{text}: {error}");
    }
    assert!(FeedKind::Nvd.parse(b"{\"cve\":{\"id\":\"\xff\"}}").is_err());
}

#[test]
fn conditions_that_multiply_are_refused() {
    let rows: Vec<String> = (0..700).map(|n| row(&format!("a:v:p{n}:1"))).collect();
    let text = format!(
        r#"{{"id":"CVE-2024-1000","configurations":[{}]}}"#,
        together(&[node(&rows), node(&rows)])
    );
    let error = FeedKind::Nvd.parse(text.as_bytes()).unwrap_err();
    assert!(error.reason.contains("multiply"), "{error}");
    assert_eq!(error.id.as_deref(), Some("CVE-2024-1000"));
}

#[test]
fn a_page_says_when_it_was_made() {
    let page = r#"{"resultsPerPage":1,"format":"NVD_CVE","version":"2.0","timestamp":"2024-05-06T07:08:09.010","vulnerabilities":[{"cve":{"id":"CVE-2024-1000"}}]}"#;
    let found = read(FeedKind::Nvd, &mut page.as_bytes(), &|_| false);
    assert_eq!(found.records, 1);
    assert_eq!(
        found.head.as_of.unwrap().to_string(),
        "2024-05-06T07:08:09.01Z"
    );
    assert!(!found.head.complete);
}

#[test]
fn every_row_of_the_real_feed_is_accounted_for() {
    let Some(mut feed) = open("vuln/nvd-2.0-converted-2021-04.jsonl.zst") else {
        return;
    };
    let openssh = |advisory: &Advisory| advisory.id.as_str() == "CVE-2016-0777";
    let found = read(FeedKind::Nvd, &mut feed, &openssh);
    assert_eq!(found.rejects, [""; 0]);
    assert_eq!((found.records, found.withdrawn), (160_829, 9_130));
    // 1,725,416 rows: 1,540,862 name a product, 184,554 do not.
    assert_eq!(found.ranges, 1_540_862);
    // Two for one where an extended support release stands beside the other.
    assert_eq!(found.companions, 301_446);
    let patched = |affected: &&Affected| cpe(affected).product == "openssh";
    let openssh = found.kept[0].affected.iter().find(patched).unwrap();
    assert!(spans(openssh).contains(&&Span::Exact("7.1p1".into())));
}

#[test]
fn real_samples_and_overrides_are_read_whole() {
    if let Some(mut feed) = open("vuln/nvd-2.0-true-samples.jsonl.zst") {
        let found = read(FeedKind::Nvd, &mut feed, &|advisory| {
            advisory.exploitation.is_some()
        });
        assert_eq!((found.records, found.withdrawn), (79, 2));
        // One sample is made up: its identifier is a path.
        let reason = "identifier holds the character '/'";
        assert!(
            found.rejects.len() == 1 && found.rejects[0].contains(reason),
            "{found:?}"
        );
        let log4j = &found.kept[0];
        assert_eq!(log4j.id.as_str(), "CVE-2021-44228");
        assert_eq!(
            log4j.ssvc.as_ref().unwrap().exploitation.as_deref(),
            Some("active")
        );
        let is_cvss_4 =
            |r: &Rating| matches!(r, Rating::Cvss { version, .. } if version.number() == "4.0");
        assert!(
            !log4j
                .severities
                .iter()
                .any(|severity| is_cvss_4(&severity.rating))
        );
    }
    if let Some(mut feed) = open("vuln/nvd-overrides-anchore-2026-08.jsonl.zst") {
        let found = read(FeedKind::Nvd, &mut feed, &|_| false);
        assert_eq!((found.records, found.rejects.len()), (32_184, 0));
        // 97,775 rows, of which 1,691 are companions or say that nothing is affected.
        assert_eq!(found.ranges, 96_084);
    }
    if let Some(mut feed) = open("alpine/nvd/nvd2000.json.xz") {
        let found = read(FeedKind::Nvd, &mut feed, &|_| false);
        assert_eq!((found.records, found.rejects.len()), (2_000, 0));
    }
}
