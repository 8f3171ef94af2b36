//! CVE records: versions in all their spellings, additions of ADPs, and counts over real records.

use std::io::Read;

use palisade_formats::feed::FeedKind;
use palisade_model::{
    Advisory, Lower, Product, RangeScheme, Rating, Span, Upper, VersionRange, VersionStatus,
};
use palisade_version::Scheme;

use crate::shared_vuln::{open, parse, read, spans};

/// A record whose CNA says this of its products.
fn record(affected: &str) -> Advisory {
    parse(
        FeedKind::Cve5,
        &format!(
            r#"{{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{{"cveId":"CVE-2024-1000","state":"PUBLISHED"}},
               "containers":{{"cna":{{"providerMetadata":{{"shortName":"acme"}},"affected":[{affected}]}}}}}}"#
        ),
    )
}

/// The ranges of one `versions` element.
fn ranges(version: &str) -> Vec<VersionRange> {
    let advisory = record(&format!(
        r#"{{"vendor":"v","product":"p","defaultStatus":"unaffected","versions":[{version}]}}"#
    ));
    advisory
        .affected
        .into_iter()
        .next()
        .expect("one entry")
        .versions
}

fn only(version: &str) -> Span {
    let ranges = ranges(version);
    assert_eq!(ranges.len(), 1, "{version}: {ranges:?}");
    ranges.into_iter().next().expect("one range").span
}

fn from(version: &str) -> Lower {
    Lower::Including(version.into())
}

fn before(version: &str) -> Upper {
    Upper::Excluding(version.into())
}

#[test]
fn bounds_follow_the_schema() {
    for (version, span) in [
        (
            r#"{"version":"1.0","lessThan":"1.4"}"#,
            Span::Between(from("1.0"), before("1.4")),
        ),
        (
            r#"{"version":"1.0","lessThanOrEqual":"1.4"}"#,
            Span::Between(from("1.0"), Upper::Including("1.4".into())),
        ),
        (r#"{"version":"0","lessThan":"1.4"}"#, Span::before("1.4")),
        (r#"{"version":"*","lessThan":"1.4"}"#, Span::before("1.4")),
        (
            r#"{"version":"unspecified","lessThan":"1.4"}"#,
            Span::before("1.4"),
        ),
        (
            r#"{"version":"n/a","lessThan":"< 1.4"}"#,
            Span::before("1.4"),
        ),
        (
            r#"{"version":"1.0","lessThan":"*"}"#,
            Span::Between(from("1.0"), Upper::Open),
        ),
        (
            r#"{"version":"1.0","lessThan":"unspecified"}"#,
            Span::Between(from("1.0"), Upper::Open),
        ),
        (r#"{"version":"0","lessThan":"*"}"#, Span::All),
        (
            r#"{"version":"5.10.1","lessThanOrEqual":"5.10.*"}"#,
            Span::Between(from("5.10.1"), before("5.11")),
        ),
        (
            r#"{"version":"1","lessThan":"1.*"}"#,
            Span::Between(from("1"), before("2")),
        ),
        (
            r#"{"version":"1.0","lessThan":"publication"}"#,
            Span::NotStated,
        ),
        (r#"{"version":"1.4","lessThan":"1.4"}"#, Span::before("1.4")),
        (
            r#"{"version":"1.4","lessThanOrEqual":"1.4"}"#,
            Span::Exact("1.4".into()),
        ),
        (r#"{"version":"1.4"}"#, Span::Exact("1.4".into())),
        (r#"{"version":"n/a"}"#, Span::NotStated),
        (r#"{"version":"-"}"#, Span::NotStated),
        (r#"{"version":"*"}"#, Span::All),
        (
            r#"{"version":">= 1.0, < 1.4.2"}"#,
            Span::Between(from("1.0"), before("1.4.2")),
        ),
        (
            r#"{"version":"1.2 and earlier"}"#,
            Span::Between(Lower::Open, Upper::Including("1.2".into())),
        ),
    ] {
        assert_eq!(only(version), span, "{version}");
    }
}

#[test]
fn changes_split_a_range() {
    let ranges = ranges(
        r#"{"version":"2.0","status":"affected","lessThan":"3.0","changes":[{"at":"2.3","status":"unaffected"},{"at":"2.5","status":"affected"}]}"#,
    );
    let seen: Vec<_> = ranges
        .iter()
        .map(|range| (range.status, range.span.clone()))
        .collect();
    assert_eq!(
        seen,
        [
            (
                VersionStatus::Affected,
                Span::Between(from("2.0"), before("2.3"))
            ),
            (
                VersionStatus::Unaffected,
                Span::Between(from("2.3"), before("2.5"))
            ),
            (
                VersionStatus::Affected,
                Span::Between(from("2.5"), before("3.0"))
            ),
        ]
    );
}

#[test]
fn a_change_at_the_upper_bound_adds_no_empty_range() {
    let version = r#"{"version":"0","status":"affected","lessThan":"8.8.5","changes":[{"at":"8.8.5","status":"unaffected"}]}"#;
    assert_eq!(only(version), Span::before("8.8.5"));
}

#[test]
fn schemes_are_those_that_the_record_states() {
    for (kind, version, scheme) in [
        ("semver", "1.0", RangeScheme::stated(Scheme::Semver)),
        ("rpm", "0:1.0-1.el9", RangeScheme::stated(Scheme::Rpm)),
        ("python", "1.0", RangeScheme::stated(Scheme::Pep440)),
        ("maven", "1.0", RangeScheme::stated(Scheme::Maven)),
        ("custom", "1.0", RangeScheme::Unstated),
        (
            "git",
            "1da177e4c3f41524e886b7f1b8a0c1fc7321cac2",
            RangeScheme::Git,
        ),
        ("git", "1.0", RangeScheme::Unstated),
    ] {
        let ranges = ranges(&format!(
            r#"{{"version":"{version}","versionType":"{kind}"}}"#
        ));
        assert_eq!(ranges[0].scheme, scheme, "{kind}");
    }
}

#[test]
fn a_product_keeps_the_words_of_its_cna() {
    let advisory = record(
        r#"{"vendor":"Acme","product":"Road Runner","packageName":"rr","collectionURL":"https://example.org/dist","repo":"https://example.org/rr.git",
           "platforms":["Linux"],"cpes":["cpe:2.3:a:acme:road_runner:1.0:*:*:*:*:*:*:*","cpe:2.3:a:acme:road_runner:1.1:*:*:*:*:*:*:*"],"defaultStatus":"affected"},
          {"vendor":"n/a","product":"n/a","versions":[{"version":"n/a","status":"affected"}]}"#,
    );
    assert_eq!(
        advisory.affected.len(),
        1,
        "an entry that names nothing is left out"
    );
    let affected = &advisory.affected[0];
    assert_eq!(affected.otherwise, Some(VersionStatus::Affected));
    let Product::Named {
        vendor,
        product,
        package_name,
        repository,
        cpes,
        platforms,
        ..
    } = &affected.product
    else {
        panic!("{:?}", affected.product)
    };
    assert_eq!(
        (&**vendor, &**product, package_name.as_deref()),
        ("Acme", "Road Runner", Some("rr"))
    );
    assert_eq!(repository.as_deref(), Some("https://example.org/rr.git"));
    assert_eq!((cpes.len(), platforms.len()), (1, 1));
    // The package's versions are not those of the product that ships it.
    assert!(affected.versions.is_empty());
}

#[test]
fn versions_of_cpe_names_serve_where_there_are_no_others() {
    let entry = |version: &str, status: &str| {
        record(&format!(
            r#"{{"vendor":"v","product":"p","cpes":["cpe:2.3:a:v:p:6.8:p1:*:*:*:*:*:*"],"defaultStatus":"{status}","versions":[{{"version":"{version}","status":"affected"}}]}}"#
        ))
    };
    assert_eq!(
        spans(&entry("n/a", "unknown").affected[0]),
        [&Span::Exact("6.8p1".into())]
    );
    assert_eq!(
        spans(&entry("2.0", "unknown").affected[0]),
        [&Span::Exact("2.0".into())]
    );
    assert_eq!(
        spans(&entry("n/a", "unaffected").affected[0]),
        [&Span::NotStated]
    );
}

#[test]
fn applicability_reads_as_nvd_configurations_do() {
    let advisory = parse(
        FeedKind::Cve5,
        r#"{"cveMetadata":{"cveId":"CVE-2024-1000","state":"PUBLISHED"},"containers":{"cna":{"cpeApplicability":[{"operator":"AND","nodes":[
            {"operator":"OR","negate":false,"cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*","versionEndExcluding":"2.0"}]},
            {"operator":"OR","negate":false,"cpeMatch":[{"vulnerable":false,"criteria":"cpe:2.3:o:v:host:*:*:*:*:*:*:*:*"}]}]}]}}}"#,
    );
    assert_eq!(advisory.affected.len(), 1);
    assert_eq!(spans(&advisory.affected[0]), [&Span::before("2.0")]);
    assert_eq!(advisory.affected[0].requires[0][0].cpe.product, "host");
}

#[test]
fn additions_keep_their_author() {
    let advisory = parse(
        FeedKind::Cve5,
        r#"{"cveMetadata":{"cveId":"CVE-2024-1000","state":"PUBLISHED","datePublished":"2024-01-02T03:04:05.000Z"},
          "containers":{
            "cna":{"providerMetadata":{"shortName":"acme"},"title":"A title","source":{"advisory":"GHSA-aaaa-bbbb-cccc"},"tags":["disputed"],
              "descriptions":[{"lang":"en-US","value":"Words."}],
              "references":[{"url":"https://example.org/1","tags":["x_refsource_MISC","patch"]}],
              "problemTypes":[{"descriptions":[{"lang":"en","description":"CWE-122 Heap overflow"}]}],
              "metrics":[{"cvssV4_0":{"version":"4.0","vectorString":"CVSS:4.0/AV:N","baseScore":9.3}},
                         {"other":{"type":"vendor rating","content":{"text":"moderate"}}}]},
            "adp":[{"providerMetadata":{"shortName":"CISA-ADP"},"references":[{"url":"https://example.org/1","tags":["vendor-advisory"]}],
              "metrics":[{"cvssV3_1":{"vectorString":"CVSS:3.1/AV:N","baseScore":9.8}},
                {"other":{"type":"ssvc","content":{"options":[{"Exploitation":"active"},{"Automatable":"yes"},{"Technical Impact":"total"}]}}},
                {"other":{"type":"kev","content":{"dateAdded":"2024-03-01","reference":"https://example.org"}}}],
              "affected":[{"vendor":"acme","product":"rr","versions":[{"version":"1.0","status":"affected"}]}]}]}}"#,
    );
    let scorers: Vec<_> = advisory
        .severities
        .iter()
        .map(|s| (&*s.scorer, s.score().map(|s| s.1)))
        .collect();
    assert_eq!(
        scorers,
        [("acme", Some(9.3)), ("acme", None), ("CISA-ADP", Some(9.8))]
    );
    assert_eq!(
        advisory.severities[1].rating,
        Rating::Word("moderate".into())
    );
    let ssvc = advisory.ssvc.unwrap();
    assert_eq!(ssvc.technical_impact.as_deref(), Some("total"));
    assert_eq!(advisory.exploitation.unwrap().added, "2024-03-01");
    assert_eq!(advisory.references.len(), 1);
    assert_eq!(advisory.references[0].tags, ["patch", "vendor-advisory"]);
    assert_eq!(advisory.weaknesses, ["CWE-122"]);
    assert_eq!(advisory.aliases[0].as_str(), "GHSA-aaaa-bbbb-cccc");
    assert_eq!(advisory.details.as_deref(), Some("Words."));
    assert!(advisory.disputed);
    assert_eq!(advisory.affected.len(), 1);
}

#[test]
fn a_rejected_record_says_why() {
    let advisory = parse(
        FeedKind::Cve5,
        r#"{"cveMetadata":{"cveId":"CVE-2024-1000","state":"REJECTED"},"containers":{"cna":{"rejectedReasons":[{"lang":"en","value":"Duplicate."}],"replacedBy":["CVE-2024-1001"]}}}"#,
    );
    assert_eq!(advisory.withdrawn.as_deref(), Some("Duplicate."));
    assert_eq!(advisory.related[0].as_str(), "CVE-2024-1001");
}

#[test]
fn a_pretty_printed_document_is_one_record() {
    let text = "{\n  \"cveMetadata\": {\n    \"cveId\": \"CVE-2024-1000\"\n  },\n  \"containers\": {}\n}\n";
    let found = read(FeedKind::Cve5, &mut text.as_bytes(), &|_| true);
    assert_eq!((found.records, found.rejects.len()), (1, 0));
}

#[test]
fn bad_records_tell_their_reason() {
    for text in [
        "{}",
        r#"{"cveMetadata":{"cveId":"x"}}"#,
        r#"{"cveMetadata":[]}"#,
        "[",
        "\u{feff}",
    ] {
        assert!(FeedKind::Cve5.parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn all_real_records_are_read() {
    let Some(mut feed) = open("vuln/cve5-vulnrichment-2024-10.jsonl.zst") else {
        return;
    };
    let found = read(FeedKind::Cve5, &mut feed, &|advisory| {
        advisory.exploitation.is_some() || advisory.ssvc.is_none()
    });
    assert_eq!(found.rejects, [""; 0]);
    assert_eq!((found.records, found.withdrawn), (44_130, 104));
    let exploited = found
        .kept
        .iter()
        .filter(|a| a.exploitation.is_some())
        .count();
    let without_ssvc = found.kept.iter().filter(|a| a.ssvc.is_none()).count();
    // CISA's categorisation is on each of the 44,026 that are not rejected.
    assert_eq!((exploited, without_ssvc), (224, 104));
    assert_eq!(found.ranges, 262_357);
}

#[test]
fn single_documents_of_an_archive_are_read() {
    let Some(archive) = open("alpine/nvd/vulnrichment-for-alpine-secfixes-20241024.tar.xz") else {
        return;
    };
    let (mut records, mut rejects) = (0, Vec::new());
    for member in tar::Archive::new(archive).entries().unwrap() {
        let mut member = member.unwrap();
        if !member.header().entry_type().is_file() {
            continue;
        }
        let mut text = Vec::new();
        member.read_to_end(&mut text).unwrap();
        let found = read(FeedKind::Cve5, &mut &*text, &|_| false);
        records += found.records;
        rejects.extend(found.rejects);
    }
    assert_eq!(rejects, [""; 0]);
    assert_eq!(records, 838);
}
