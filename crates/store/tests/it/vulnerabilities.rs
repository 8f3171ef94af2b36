//! Which vulnerability an advisory is about: names decide, the order of imports never does.

use std::collections::{BTreeMap, BTreeSet};

use palisade_store::NewAdvisory;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::database::{Database, on_each};
use crate::makers::{advisory, advisory_with, import, withdraw};

/// The vulnerabilities of each advisory, by names.
type Links = BTreeMap<String, BTreeSet<String>>;

fn links(database: &Database) -> Links {
    let mut links = Links::new();
    for line in &database.content().tables["advisory_vulnerability"] {
        let fields: Vec<&str> = line
            .split(" | ")
            .map(|field| field.trim_matches('"'))
            .collect();
        links
            .entry(fields[3].to_owned())
            .or_default()
            .insert(fields[0].to_owned());
    }
    links
}

fn names(database: &Database) -> Vec<String> {
    let lines = &database.content().tables["vulnerability"];
    lines
        .iter()
        .map(|line| {
            line.split(" | ")
                .next()
                .unwrap()
                .trim_matches('"')
                .to_owned()
        })
        .collect()
}

fn write(database: &Database, kind: &str, advisories: &[NewAdvisory]) {
    database.write(async |session| import(session, kind, advisories).await);
}

fn of(pairs: &[(&str, &[&str])]) -> Links {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    pairs
        .iter()
        .map(|(advisory, names)| ((*advisory).to_owned(), set(names)))
        .collect()
}

#[test]
fn an_advisory_that_names_a_cve_joins_it() {
    on_each(|database| {
        write(database, "nvd", &[advisory("CVE-2024-0001")]);
        write(
            database,
            "osv",
            &[advisory_with("GHSA-1", &["CVE-2024-0001"])],
        );
        let cve: &[&str] = &["CVE-2024-0001"];
        assert_eq!(
            links(database),
            of(&[("CVE-2024-0001", cve), ("GHSA-1", cve)])
        );
        assert_eq!(names(database), ["CVE-2024-0001"]);
    });
}

#[test]
fn names_lead_over_two_imports_to_the_cve_in_either_order() {
    let pysec = || vec![advisory_with("PYSEC-1", &["GHSA-1"])];
    let ghsa = || vec![advisory_with("GHSA-1", &["CVE-2024-0001"])];
    let cve: &[&str] = &["CVE-2024-0001"];
    let expected = of(&[("GHSA-1", cve), ("PYSEC-1", cve)]);
    for order in [[pysec(), ghsa()], [ghsa(), pysec()]] {
        on_each(|database| {
            for advisories in &order {
                write(database, "osv", advisories);
            }
            assert_eq!(links(database), expected);
            assert_eq!(names(database), ["CVE-2024-0001"]);
        });
    }
}

#[test]
fn two_cves_never_become_one() {
    on_each(|database| {
        write(
            database,
            "osv",
            &[
                advisory_with("GHSA-1", &["CVE-2024-0001", "CVE-2024-0002"]),
                advisory_with("PYSEC-1", &["GHSA-1"]),
            ],
        );
        write(
            database,
            "nvd",
            &[advisory("CVE-2024-0001"), advisory("CVE-2024-0002")],
        );
        let both: &[&str] = &["CVE-2024-0001", "CVE-2024-0002"];
        let expected = of(&[
            ("CVE-2024-0001", &["CVE-2024-0001"]),
            ("CVE-2024-0002", &["CVE-2024-0002"]),
            ("GHSA-1", both),
            ("PYSEC-1", both),
        ]);
        assert_eq!(links(database), expected);
        assert_eq!(names(database), both);
    });
}

#[test]
fn a_name_shared_by_many_issues_ties_none_of_them_together() {
    on_each(|database| {
        write(
            database,
            "secdb",
            &[
                advisory_with("CVE-2024-0001", &["XSA-1"]),
                advisory_with("CVE-2024-0002", &["XSA-1"]),
                advisory("XSA-1"),
            ],
        );
        let expected = of(&[
            ("CVE-2024-0001", &["CVE-2024-0001"]),
            ("CVE-2024-0002", &["CVE-2024-0002"]),
            ("XSA-1", &["CVE-2024-0001", "CVE-2024-0002"]),
        ]);
        assert_eq!(links(database), expected);
    });
}

#[test]
fn without_a_cve_the_first_name_in_byte_order_is_the_vulnerabilitys() {
    on_each(|database| {
        write(database, "osv", &[advisory_with("RUSTSEC-1", &["GHSA-9"])]);
        assert_eq!(names(database), ["GHSA-9"]);
        write(
            database,
            "osv",
            &[advisory_with("OSV-1", &["RUSTSEC-1", "AAA-1"])],
        );
        assert_eq!(names(database), ["AAA-1"]);
        assert_eq!(
            links(database),
            of(&[("OSV-1", &["AAA-1"]), ("RUSTSEC-1", &["AAA-1"])])
        );
    });
}

#[test]
fn what_goes_no_longer_ties_the_others_together() {
    on_each(|database| {
        let bridge = advisory_with("B-1", &["A-1", "C-1"]);
        write(database, "osv", &[advisory("A-1"), bridge, advisory("C-1")]);
        assert_eq!(names(database), ["A-1"]);
        database.write(async |session| withdraw(session, "osv", &["B-1"]).await);
        assert_eq!(links(database), of(&[("A-1", &["A-1"]), ("C-1", &["C-1"])]));
        assert_eq!(names(database), ["A-1", "C-1"]);
    });
}

#[test]
fn a_cve_that_is_taken_back_leaves_the_other_names() {
    on_each(|database| {
        write(
            database,
            "osv",
            &[
                advisory_with("GHSA-1", &["CVE-2024-0001"]),
                advisory("GHSA-2"),
            ],
        );
        write(database, "osv", &[advisory_with("PYSEC-1", &["GHSA-1"])]);
        write(database, "osv", &[advisory("GHSA-1")]);
        assert_eq!(
            links(database),
            of(&[
                ("GHSA-1", &["GHSA-1"]),
                ("GHSA-2", &["GHSA-2"]),
                ("PYSEC-1", &["GHSA-1"])
            ])
        );
    });
}

#[test]
fn a_vulnerability_says_what_its_foremost_advisory_says() {
    on_each(|database| {
        let mut nvd = advisory("CVE-2024-0001");
        nvd.score = Some((9.8, "3.1", "nvd@nist.gov".to_owned()));
        nvd.published = Some(20);
        nvd.modified = Some(40);
        let mut cve5 = advisory("CVE-2024-0001");
        cve5.score = Some((5.0, "4.0", "a CNA".to_owned()));
        cve5.published = Some(10);
        cve5.modified = Some(30);
        let mut kev = advisory("CVE-2024-0001");
        kev.exploited_since = Some("2024-02-03".to_owned());
        kev.published = None;
        kev.modified = None;
        for (kind, advisory) in [("nvd", nvd), ("cve5", cve5), ("kev", kev)] {
            write(database, kind, &[advisory]);
        }
        let lines = database.content().tables["vulnerability"].clone();
        let expected = "\"CVE-2024-0001\" | 10 | 40 | false | \"cve5\" | \"\" | \"CVE-2024-0001\" \
                        | 5 | \"4.0\" | \"a CNA\" | \"2024-02-03\"";
        assert_eq!(lines, [expected]);
    });
}

#[test]
fn a_vulnerability_is_withdrawn_when_all_have_withdrawn_it() {
    on_each(|database| {
        let mut rejected = advisory("CVE-2024-0001");
        rejected.withdrawn = true;
        let withdrawn = || database.numbers("SELECT count(*) FROM vulnerability WHERE withdrawn");
        write(database, "cve5", std::slice::from_ref(&rejected));
        assert_eq!(withdrawn(), [[Some(1)]]);
        write(database, "nvd", &[advisory("CVE-2024-0001")]);
        assert_eq!(withdrawn(), [[Some(0)]]);
        write(database, "nvd", &[rejected]);
        assert_eq!(withdrawn(), [[Some(1)]]);
    });
}

/// Advisories with few names, so that many share some.
fn graphs() -> impl Strategy<Value = Vec<NewAdvisory>> {
    const NAMES: [&str; 8] = [
        "CVE-2024-0001",
        "CVE-2024-0002",
        "CVE-2024-0003",
        "GHSA-1",
        "GHSA-2",
        "PYSEC-1",
        "XSA-1",
        "A-1",
    ];
    let others = prop::collection::btree_set(prop::sample::select(&NAMES[..]), 0..3);
    let one = (others, any::<bool>(), 0_i64..5, prop::option::of(0_u8..100));
    prop::collection::vec(one, 1..8).prop_map(|list| {
        let advisories = list.into_iter().enumerate();
        let made = advisories.map(|(number, (others, withdrawn, time, score))| {
            let others: Vec<&str> = others.into_iter().collect();
            let mut made = advisory_with(&format!("RECORD-{number}"), &others);
            made.withdrawn = withdrawn;
            made.published = Some(time);
            made.score = score.map(|score| (f64::from(score) / 10.0, "3.1", format!("{number}")));
            made
        });
        made.collect()
    })
}

/// The rules of the module, said as simply as can be.
fn model(advisories: &[&NewAdvisory]) -> Links {
    let shares =
        |a: &NewAdvisory, b: &NewAdvisory| a.aliases.iter().any(|name| b.aliases.contains(name));
    let mut links = Links::new();
    for start in advisories {
        if !start.cves.is_empty() {
            links.insert(start.name.clone(), start.cves.iter().cloned().collect());
            continue;
        }
        let mut group: Vec<&NewAdvisory> = vec![start];
        let mut cves: BTreeSet<String> = BTreeSet::new();
        let mut at = 0;
        while let Some(member) = group.get(at).copied() {
            at += 1;
            for other in advisories.iter().filter(|other| shares(member, other)) {
                if !other.cves.is_empty() {
                    cves.extend(other.cves.iter().cloned());
                } else if !group.iter().any(|known| known.name == other.name) {
                    group.push(other);
                }
            }
        }
        if cves.is_empty() {
            cves.extend(
                group
                    .iter()
                    .flat_map(|member| &member.aliases)
                    .min()
                    .cloned(),
            );
        }
        links.insert(start.name.clone(), cves);
    }
    links
}

#[test]
fn any_order_of_imports_gives_the_links_of_a_simple_model() {
    on_each(|database| {
        let mut runner = TestRunner::new(Config {
            cases: 40,
            failure_persistence: None,
            ..Config::default()
        });
        let strategy = graphs().prop_flat_map(|graph| {
            let order: Vec<usize> = (0..graph.len()).collect();
            (
                Just(graph),
                Just(order.clone()).prop_shuffle(),
                Just(order).prop_shuffle(),
            )
        });
        let result = runner.run(&strategy, |(graph, one, other)| {
            let first = import_in(database, &graph, &one)?;
            take_out(database, &graph, &other)?;
            let second = import_in(database, &graph, &other)?;
            take_out(database, &graph, &one)?;
            prop_assert_eq!(first, second);
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    });
}

/// Imports records one by one, checks the links each time, and gives the content in the end.
fn import_in(
    database: &Database,
    graph: &[NewAdvisory],
    order: &[usize],
) -> Result<palisade_store::Content, TestCaseError> {
    for done in 1..=order.len() {
        let latest = &graph[order[done - 1]];
        write(database, "osv", std::slice::from_ref(latest));
        check(database, graph, &order[..done])?;
    }
    Ok(database.content())
}

fn take_out(
    database: &Database,
    graph: &[NewAdvisory],
    order: &[usize],
) -> Result<(), TestCaseError> {
    for done in 1..=order.len() {
        let gone = graph[order[done - 1]].name.as_str();
        database.write(async |session| withdraw(session, "osv", &[gone]).await);
        check(database, graph, &order[done..])?;
    }
    Ok(())
}

fn check(
    database: &Database,
    graph: &[NewAdvisory],
    present: &[usize],
) -> Result<(), TestCaseError> {
    let present: Vec<&NewAdvisory> = present.iter().map(|&at| &graph[at]).collect();
    let expected = model(&present);
    prop_assert_eq!(links(database), expected.clone());
    let wanted: BTreeSet<String> = expected.into_values().flatten().collect();
    prop_assert_eq!(names(database).into_iter().collect::<BTreeSet<_>>(), wanted);
    Ok(())
}
