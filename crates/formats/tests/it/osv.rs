//! OSV: ecosystems, events, lists of versions, and counts over real records.

use palisade_formats::feed::FeedKind;
use palisade_model::{
    Advisory, CvssVersion, Distribution, Lower, Product, RangeScheme, Rating, Span, Upper,
    VulnerabilityId,
};
use palisade_version::Scheme;

use crate::shared_vuln::{open, parse, read, spans};
use crate::support::told;

fn record(affected: &str) -> Advisory {
    parse(
        FeedKind::Osv,
        &format!(r#"{{"id":"OSV-2024-1","affected":[{affected}]}}"#),
    )
}

/// The spans of one range of a Python package.
fn range(kind: &str, events: &str) -> Vec<Span> {
    let advisory = record(&format!(
        r#"{{"package":{{"ecosystem":"PyPI","name":"p"}},"ranges":[{{"type":"{kind}","repo":"https://example.org/p.git","events":[{events}]}}]}}"#
    ));
    advisory.affected[0]
        .versions
        .iter()
        .map(|range| range.span.clone())
        .collect()
}

fn between(from: &str, to: &str) -> Span {
    Span::Between(Lower::Including(from.into()), Upper::Excluding(to.into()))
}

#[test]
fn each_pair_of_events_is_a_range() {
    assert_eq!(
        range("ECOSYSTEM", r#"{"introduced":"0"},{"fixed":"1.2"}"#),
        [Span::before("1.2")]
    );
    assert_eq!(range("ECOSYSTEM", r#"{"introduced":"0"}"#), [Span::All]);
    assert_eq!(
        range(
            "ECOSYSTEM",
            r#"{"introduced":"1.0"},{"fixed":"1.2"},{"introduced":"2.0"},{"last_affected":"2.3"}"#
        ),
        [
            between("1.0", "1.2"),
            Span::Between(
                Lower::Including("2.0".into()),
                Upper::Including("2.3".into())
            )
        ]
    );
    assert_eq!(
        range(
            "ECOSYSTEM",
            r#"{"introduced":"2.0"},{"fixed":"2.3"},{"introduced":"0"},{"fixed":"1.2"}"#
        ),
        [between("2.0", "2.3"), Span::before("1.2")]
    );
}

#[test]
fn events_out_of_order_are_put_in_order() {
    assert_eq!(
        range(
            "ECOSYSTEM",
            r#"{"fixed":"1.2"},{"introduced":"2.0"},{"introduced":"0"},{"fixed":"2.3"}"#
        ),
        [Span::before("1.2"), between("2.0", "2.3")]
    );
    // What is fixed stays so.
    assert_eq!(
        range(
            "ECOSYSTEM",
            r#"{"introduced":"0"},{"fixed":"1.2"},{"fixed":"1.5"}"#
        ),
        [Span::before("1.2")]
    );
    assert_eq!(
        range("SEMVER", r#"{"introduced":"1.0.0"},{"limit":"2.0.0"}"#),
        [between("1.0.0", "2.0.0")]
    );
}

#[test]
fn no_commit_that_a_record_names_is_lost() {
    assert_eq!(
        range(
            "GIT",
            r#"{"introduced":"aaaaaaa"},{"fixed":"bbbbbbb"},{"fixed":"ccccccc"}"#
        ),
        [between("aaaaaaa", "bbbbbbb"), between("aaaaaaa", "ccccccc")]
    );
    assert_eq!(
        range(
            "GIT",
            r#"{"introduced":"aaaaaaa"},{"introduced":"bbbbbbb"},{"fixed":"ccccccc"}"#
        ),
        [between("aaaaaaa", "ccccccc"), between("bbbbbbb", "ccccccc")]
    );
}

#[test]
fn a_list_counts_where_no_range_covers_it() {
    let listed = |range: &str, ecosystem: &str| {
        let advisory = record(&format!(
            r#"{{"package":{{"ecosystem":"{ecosystem}","name":"p"}},"ranges":[{range}],"versions":["1.0","1.1","3.0"]}}"#
        ));
        advisory.affected[0].versions.len()
    };
    let range = r#"{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0"}]}"#;
    let git = r#"{"type":"GIT","repo":"https://example.org/p.git","events":[{"introduced":"0"}]}"#;
    assert_eq!(listed("", "PyPI"), 3);
    assert_eq!(listed(git, "PyPI"), 4);
    assert_eq!(listed(range, "PyPI"), 2, "only 3.0 is beside the range");
    assert_eq!(listed(range, "Debian:12"), 1);
}

#[test]
fn distributions_and_languages_are_told_apart() {
    let advisory = record(
        r#"{"package":{"ecosystem":"Alpine:v3.17","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.8-r0"}]}]},
           {"package":{"ecosystem":"crates.io","name":"time"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]},
           {"package":{"ecosystem":"Go","name":"stdlib"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]},
           {"package":{"ecosystem":"Orbit:7","name":"x"},"versions":["1"]}"#,
    );
    assert_eq!(
        advisory.affected[0].product,
        Product::Distribution {
            distribution: Distribution::alpine(),
            branch: Some("v3.17".into()),
            repository: None,
            name: "openssl".into(),
        }
    );
    let schemes: Vec<_> = advisory
        .affected
        .iter()
        .map(|a| a.versions[0].scheme)
        .collect();
    assert_eq!(
        schemes,
        [
            RangeScheme::stated(Scheme::Apk),
            RangeScheme::stated(Scheme::Semver),
            RangeScheme::stated(Scheme::Go),
            RangeScheme::Unstated,
        ]
    );
}

#[test]
fn a_repository_is_a_product_where_no_package_is_named() {
    let advisory = record(
        r#"{"ranges":[{"type":"GIT","repo":"https://example.org/b.git","events":[{"introduced":"0"},{"fixed":"bbbbbbb"}]},
                      {"type":"GIT","repo":"https://example.org/a.git","events":[{"introduced":"0"},{"fixed":"aaaaaaa"}]}],"versions":["v1.0"]}"#,
    );
    let names: Vec<_> = advisory
        .affected
        .iter()
        .map(|affected| match &affected.product {
            Product::Ecosystem {
                ecosystem,
                name,
                repository,
            } => {
                assert_eq!(
                    (&**ecosystem, repository.as_deref()),
                    ("GIT", Some(&**name))
                );
                (&**name, affected.versions.len())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        names,
        [
            ("https://example.org/a.git", 2),
            ("https://example.org/b.git", 1)
        ]
    );
}

#[test]
fn identifiers_ratings_and_states_are_read() {
    let advisory = parse(
        FeedKind::Osv,
        r#"{"schema_version":"1.7.5","id":"DEBIAN-CVE-2024-1000","aliases":["GHSA-aaaa-bbbb-cccc","no id"],"upstream":["CVE-2024-1000","CVE-2024-1000"],"related":["DSA-5000-1"],
            "withdrawn":"2024-05-06T00:00:00Z","modified":"2024-05-06T07:08:09Z","summary":"A title","details":null,
            "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},{"type":"Ubuntu","score":"medium"}],
            "references":[{"type":"FIX","url":"https://example.org/fix"}],
            "affected":[{"package":{"ecosystem":"Debian:12","name":"p"},"versions":null,"ecosystem_specific":{"urgency":"unimportant"}},
                        {"package":{"ecosystem":"Debian:13","name":"p"},"ecosystem_specific":{"urgency":"not yet assigned"}}]}"#,
    );
    let aliases: Vec<_> = advisory
        .aliases
        .iter()
        .map(VulnerabilityId::as_str)
        .collect();
    assert_eq!(aliases, ["GHSA-aaaa-bbbb-cccc", "CVE-2024-1000"]);
    assert_eq!(advisory.related.len(), 1);
    assert!(advisory.withdrawn.is_some() && advisory.details.is_none());
    assert_eq!(advisory.severities[0].scorer, "DEBIAN");
    assert_eq!(
        advisory.severities[0].score(),
        Some((CvssVersion::V31, 9.8))
    );
    let words: Vec<_> = advisory.severities[1..]
        .iter()
        .map(|severity| (&*severity.scorer, severity.rating.clone()))
        .collect();
    assert_eq!(
        words,
        [
            ("Ubuntu", Rating::Word("medium".into())),
            ("Debian", Rating::Word("unimportant".into()))
        ]
    );
    assert_eq!(advisory.references[0].tags, ["FIX"]);
}

/// A record as GitHub's database writes it.
fn ghsa(events: &str, last_known: &str, versions: &str) -> Advisory {
    parse(
        FeedKind::Osv,
        &format!(
            r#"{{"schema_version":"1.4.0","id":"GHSA-aaaa-bbbb-cccc","aliases":["CVE-2024-1000"],"summary":"A flaw",
               "severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],
               "affected":[{{"package":{{"ecosystem":"npm","name":"demo"}},"ranges":[{{"type":"ECOSYSTEM","events":[{events}]}}],
                 "versions":[{versions}],"database_specific":{{"last_known_affected_version_range":"{last_known}"}}}}],
               "database_specific":{{"cwe_ids":["CWE-79","CWE-80","x"],"severity":"MODERATE","github_reviewed":true,
                 "github_reviewed_at":"2024-01-02T03:04:05Z","nvd_published_at":null}}}}"#
        ),
    )
}

#[test]
fn githubs_last_known_affected_versions_end_a_range_without_a_fix() {
    let told = |events: &str, last_known: &str| told(&ghsa(events, last_known, "")).remove(0);
    let open = r#"{"introduced":"0"}"#;
    let since = r#"{"introduced":"2.26.11"}"#;
    assert_eq!(told(open, "<= 1.2"), "npm demo: affected <=1.2");
    assert_eq!(told(open, "< 1.2"), "npm demo: affected <1.2");
    assert_eq!(told(since, "< 3.0.0"), "npm demo: affected >=2.26.11<3.0.0");
    assert_eq!(told(open, ""), "npm demo: affected all");
    assert_eq!(told(open, "= 1.2, or so"), "npm demo: affected all");
    let fixed = r#"{"introduced":"1.0"},{"fixed":"1.1"},{"introduced":"2.0"}"#;
    assert_eq!(
        told(fixed, "<= 2.5"),
        "npm demo: affected >=1.0<1.1, affected >=2.0<=2.5"
    );
    // OSV.dev writes out the versions of the range, those behind the known ones too.
    let listed = ghsa(open, "<= 1.2", r#""1.1","1.2","1.3""#);
    assert_eq!(super::support::told(&listed), ["npm demo: affected <=1.2"]);
}

#[test]
fn githubs_own_members_give_a_severity_and_weaknesses() {
    let advisory = ghsa(r#"{"introduced":"0"}"#, "", "");
    assert_eq!(advisory.weaknesses, ["CWE-79", "CWE-80"]);
    let scorers: Vec<_> = advisory
        .severities
        .iter()
        .map(|it| (&*it.scorer, it.rating.clone()))
        .collect();
    assert_eq!(scorers[0].0, "GHSA");
    assert_eq!(scorers[1], ("GHSA", Rating::Word("moderate".into())));
    // A record that nobody reviewed names no package, and members of another shape say nothing.
    let unreviewed = parse(
        FeedKind::Osv,
        r#"{"id":"GHSA-aaaa-bbbb-cccc","aliases":["CVE-2024-1000"],"affected":[],"database_specific":{"severity":7,"cwe_ids":"CWE-79"}}"#,
    );
    assert!(unreviewed.affected.is_empty() && unreviewed.severities.is_empty());
}

#[test]
fn what_rustsec_calls_informational_is_no_vulnerability() {
    let of = |informational: &str| {
        record(&format!(
            r#"{{"package":{{"ecosystem":"crates.io","name":"demo"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0.0.0-0"}}]}}],
               "database_specific":{{"categories":[],"informational":{informational},"cvss":null}}}}"#
        ))
    };
    assert!(of("\"unmaintained\"").affected.is_empty());
    assert_eq!(of("\"unsound\"").affected.len(), 1);
    assert_eq!(of("null").affected.len(), 1);
}

#[test]
fn hostile_lists_do_not_multiply() {
    let events: Vec<String> = (0..3000)
        .map(|n| format!(r#"{{"introduced":"1.{n}"}},{{"fixed":"1.{n}.1"}}"#))
        .collect();
    let versions: Vec<String> = (0..3000).map(|n| format!("\"2.{n}\"")).collect();
    let advisory = record(&format!(
        r#"{{"package":{{"ecosystem":"PyPI","name":"p"}},"ranges":[{{"type":"ECOSYSTEM","events":[{}]}}],"versions":[{}]}}"#,
        events.join(","),
        versions.join(",")
    ));
    assert_eq!(spans(&advisory.affected[0]).len(), 6000);
}

#[test]
fn bad_records_tell_their_reason() {
    for text in [
        "{}",
        r#"{"id":"a b c"}"#,
        r#"{"id":"OSV-1","affected":{}}"#,
        "",
        "7",
    ] {
        assert!(FeedKind::Osv.parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn all_real_records_are_read() {
    for (name, records, withdrawn) in [
        ("osv-debian-2025-02", 44_181, 0),
        ("osv-alpine-2025-02", 3_655, 0),
        ("osv-go-2026-08", 4_291, 17),
        ("osv-pypa-2024-10", 2_661, 10),
        ("osv-ossfuzz-2026-08", 4_026, 24),
    ] {
        let Some(mut feed) = open(&format!("vuln/{name}.jsonl.zst")) else {
            continue;
        };
        let found = read(FeedKind::Osv, &mut feed, &|_| false);
        assert_eq!(found.rejects, [""; 0], "{name}");
        assert_eq!(
            (found.records, found.withdrawn),
            (records, withdrawn),
            "{name}"
        );
    }
}
