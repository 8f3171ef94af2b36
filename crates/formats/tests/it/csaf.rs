//! CSAF documents, made by hand after the sections of the standard.

use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_model::{Advisory, Level, Rating, VulnerabilityId};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Collected, survives, told};

fn document(tree: &Value, vulnerabilities: &Value) -> Value {
    json!({
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "title": "demo: a flaw",
            "publisher": {"category": "vendor", "name": "Demo Product Security", "namespace": "https://www.demo.example/"},
            "tracking": {
                "id": "DEMO-2024:7",
                "status": "final",
                "version": "3",
                "initial_release_date": "2024-01-02T00:00:00Z",
                "current_release_date": "2024-03-04T05:06:07Z"
            }
        },
        "product_tree": tree,
        "vulnerabilities": vulnerabilities,
    })
}

fn read(document: &Value) -> Collected {
    let context = FeedContext::default();
    let text = document.to_string();
    Collected::read(FeedKind::Csaf, "vex.json", text.as_bytes(), &context).unwrap()
}

fn one(tree: &Value, vulnerability: &Value) -> Advisory {
    let found = read(&document(tree, &json!([vulnerability])));
    assert_eq!(found.complaints(), [""; 0]);
    found.records(FeedKind::Csaf).remove(0).advisory
}

/// Source packages in releases, as a distribution writes them: components of platforms.
fn releases() -> Value {
    let platform = |id: &str, cpe: &str| {
        json!({"category": "product_name", "name": id, "product": {
            "name": id, "product_id": id, "product_identification_helper": {"cpe": cpe}}})
    };
    let package = |id: &str, purl: &str| {
        json!({"category": "product_version", "name": id, "product": {
            "name": id, "product_id": id, "product_identification_helper": {"purl": purl}}})
    };
    let part = |platform: &str, package: &str| {
        json!({"category": "default_component_of", "product_reference": package,
            "relates_to_product_reference": platform,
            "full_product_name": {"name": format!("{package} as a component of {platform}"),
                "product_id": format!("{platform}:{package}")}})
    };
    json!({
        "branches": [{"category": "vendor", "name": "Red Hat", "branches": [
            {"category": "product_family", "name": "Red Hat Enterprise Linux", "branches": [
                platform("rhel8", "cpe:/o:redhat:enterprise_linux:8"),
                platform("AppStream-9.4", "cpe:/a:redhat:enterprise_linux:9::appstream"),
                platform("AppStream-9.2.EUS", "cpe:/a:redhat:rhel_eus:9.2::appstream"),
            ]},
            {"category": "architecture", "name": "src", "branches": [
                package("demo", "pkg:rpm/redhat/demo?arch=src"),
                package("demo-1:2.0-3.el9_4.src", "pkg:rpm/redhat/demo@2.0-3.el9_4?arch=src&epoch=1"),
                package("demo:9/tools", "pkg:rpm/redhat/demo-tools?arch=src&rpmmod=demo:9"),
            ]},
        ]}],
        "relationships": [
            part("rhel8", "demo"),
            part("AppStream-9.4", "demo-1:2.0-3.el9_4.src"),
            part("AppStream-9.2.EUS", "demo"),
            part("AppStream-9.4", "demo:9"),
            part("AppStream-9.4:demo:9", "demo:9/tools"),
        ],
    })
}

/// A release has `ruby` in several modules, each with versions and fixes of its own.
#[test]
fn a_fix_in_a_modules_stream_says_nothing_of_other_streams() {
    let package = |id: &str, purl: &str| {
        json!({"category": "product_version", "name": id, "product": {"name": id, "product_id": id,
            "product_identification_helper": {"purl": format!("pkg:rpm/redhat/{purl}?distro=rhel-8")}}})
    };
    let module = |name: &str, version: &str, module: &str| {
        let mut product = package(module, &format!("{name}@{version}"));
        let purl = &mut product["product"]["product_identification_helper"]["purl"];
        *purl = json!(format!(
            "{}&arch=src&rpmmod={module}",
            purl.as_str().unwrap()
        ));
        product
    };
    let tree = json!({"branches": [{"category": "architecture", "name": "src", "branches": [
        module("ruby", "2.5.9-111.module%2Bel8.9.0", "ruby:2.5:8090020230627084142:b46abd14"),
        module("ruby", "2.7.8-139.module%2Bel8.8.0", "ruby:2.7"),
        module("nodejs", "1:18.19.1-1.module%2Bel8.9.0", "nodejs:18"),
        module("rubygem-pg", "1.0.0-3.module%2Bel8.9.0", "ruby:2.4"),
        module("runc", "1.1.12-1.module%2Bel8.9.0", "container-tools:rhel8"),
        module("perl", "5.30.1-1.module%2Bel8.9.0", "perl:5.3"),
        package("demo", "demo@1.0-1.el8"),
    ]}]});
    let ids: Vec<Value> = tree["branches"][0]["branches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|branch| branch["name"].clone())
        .collect();
    let advisory = one(
        &tree,
        &json!({"cve": "CVE-2024-1000", "product_status": {"fixed": ids}}),
    );
    assert_eq!(
        told(&advisory),
        [
            "redhat/8 ruby: affected >=2.5<2.5.9-111.module+el8.9.0, affected >=2.7<2.7.8-139.module+el8.8.0",
            "redhat/8 nodejs: affected >=1:18<1:18.19.1-1.module+el8.9.0",
            "redhat/8 rubygem-pg: affected <1.0.0-3.module+el8.9.0",
            "redhat/8 runc: affected <1.1.12-1.module+el8.9.0",
            "redhat/8 perl: affected <5.30.1-1.module+el8.9.0",
            "redhat/8 demo: affected <1.0-1.el8",
        ]
    );
}

#[test]
fn an_incomplete_part_of_the_tree_spoils_no_other() {
    let mut tree = releases();
    let list = tree["relationships"].as_array_mut().unwrap();
    list.push(json!({}));
    list.push(json!({"category": "default_component_of", "product_reference": "demo",
        "relates_to_product_reference": "nowhere", "full_product_name": {"name": "x", "product_id": "nowhere:demo"}}));
    tree["product_groups"] = json!([{}]);
    let advisory = one(
        &tree,
        &json!({"cve": "CVE-2024-1000", "product_status": {"known_affected": ["rhel8:demo", "nowhere:demo"]}}),
    );
    assert_eq!(
        told(&advisory),
        [
            "redhat/8 demo: affected all",
            "redhat/nowhere demo: affected all"
        ],
        "a platform that is not described is a branch of its own, and not every one"
    );
}

#[test]
fn a_component_of_a_release_is_that_distributions_package() {
    let advisory = one(
        &releases(),
        &json!({
            "cve": "CVE-2024-1000",
            "title": "demo: reads too far",
            "cwe": {"id": "CWE-125", "name": "Out-of-bounds Read"},
            "release_date": "2024-01-01T00:00:00+00:00",
            "notes": [{"category": "other", "text": "x"}, {"category": "description", "text": "It reads too far."}],
            "references": [{"category": "self", "summary": "s", "url": "https://demo.example/CVE-2024-1000"}],
            "product_status": {
                "known_affected": ["rhel8:demo"],
                "fixed": ["AppStream-9.4:demo-1:2.0-3.el9_4.src"],
                "known_not_affected": ["AppStream-9.2.EUS:demo"],
                "under_investigation": ["AppStream-9.4:demo:9:demo:9/tools"],
            },
            "flags": [{"label": "vulnerable_code_not_present", "product_ids": ["AppStream-9.2.EUS:demo"]}],
            "remediations": [
                {"category": "vendor_fix", "details": "Update.", "product_ids": ["AppStream-9.4:demo-1:2.0-3.el9_4.src"]},
                {"category": "no_fix_planned", "details": "Out of support scope", "product_ids": ["rhel8:demo"]},
            ],
            "scores": [{"cvss_v3": {"version": "3.1", "baseScore": 7.5, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}, "products": ["rhel8:demo"]}],
            "threats": [{"category": "impact", "details": "Important"}],
        }),
    );
    assert_eq!(advisory.id.as_str(), "CVE-2024-1000");
    assert_eq!(
        told(&advisory),
        [
            "redhat/8 demo: affected all (no fix is planned: Out of support scope)",
            "redhat/9 demo: affected <1:2.0-3.el9_4",
            "redhat/rhel_eus-9.2 demo: unaffected all (the vulnerable code is not there (vulnerable_code_not_present))",
            "redhat/9 demo-tools: unknown all",
        ]
    );
    assert_eq!(advisory.title.as_deref(), Some("demo: reads too far"));
    assert_eq!(
        advisory.details.as_deref(),
        Some("It reads too far.\n\nDemo Product Security (vendor): demo: a flaw, final")
    );
    assert_eq!(advisory.weaknesses, ["CWE-125"]);
    assert_eq!(
        advisory.modified.unwrap().to_string(),
        "2024-03-04T05:06:07Z"
    );
    let related: Vec<&str> = advisory
        .related
        .iter()
        .map(VulnerabilityId::as_str)
        .collect();
    assert_eq!(related, ["DEMO-2024:7"]);
    let (version, score) = advisory.severities[0].score().unwrap();
    assert_eq!(Level::of_score(version, score), Level::High);
    assert_eq!(advisory.severities[0].scorer, "Demo Product Security");
    assert_eq!(
        advisory.severities[1].rating,
        Rating::Word("important".into())
    );
}

/// Products with a package URL each, in no tree.
fn named(products: &[(&str, &str)]) -> Value {
    let names = products.iter().map(|(id, purl)| {
        json!({"name": format!("the {id}"), "product_id": id, "product_identification_helper": {"purl": purl}})
    });
    json!({"full_product_names": names.collect::<Vec<_>>()})
}

fn of(purl: &str, status: &str) -> Vec<String> {
    let vulnerability = json!({"cve": "CVE-2024-1000", "product_status": {status: ["p"]}});
    told(&one(&named(&[("p", purl)]), &vulnerability))
}

#[test]
fn package_urls_name_packages_of_distributions_and_of_registries() {
    for (purl, expected) in [
        (
            "pkg:deb/debian/demo@1.2-3?arch=source&distro=bookworm",
            "debian/12 demo: affected =1.2-3",
        ),
        (
            "pkg:deb/debian/libdemo1@1.2-3?upstream=demo%401.1-1&distro=debian-12.5",
            "debian/12 demo: affected =1.1-1",
        ),
        (
            "pkg:deb/ubuntu/demo?distro=jammy",
            "ubuntu/22.04 demo: affected all",
        ),
        (
            "pkg:deb/ubuntu/demo?distro=ubuntu-24.04",
            "ubuntu/24.04 demo: affected all",
        ),
        (
            "pkg:apk/alpine/demo@1.2-r3?distro=alpine-3.18.4",
            "alpine/v3.18 demo: affected =1.2-r3",
        ),
        (
            "pkg:apk/alpine/demo@1.2-r3?distro=alpine-3.19_alpha20230901",
            "alpine/edge demo: affected =1.2-r3",
        ),
        (
            "pkg:apk/wolfi/demo@1.2-r3?distro=wolfi-20230201",
            "wolfi demo: affected =1.2-r3",
        ),
        (
            "pkg:rpm/redhat/demo-libs@2-1.el9?upstream=demo-2-1.el9.src.rpm&distro=rhel-9.3&epoch=1",
            "redhat/9 demo: affected =1:2-1.el9",
        ),
        (
            "pkg:rpm/opensuse/demo@2-1?distro=opensuse-leap-15.5",
            "opensuse/15.5 demo: affected =2-1",
        ),
        (
            "pkg:alpm/arch/demo@1:2-1?arch=x86_64",
            "archlinux demo: affected =1:2-1",
        ),
        (
            "pkg:apk/alpine/demo@1.2-r3?distro=3.18.4&origin=source",
            "alpine/v3.18 source: affected =1.2-r3",
        ),
        (
            "pkg:deb/debian/demo@1?distro=unstable&epoch=2",
            "debian/sid demo: affected =2:1",
        ),
        (
            "pkg:deb/debian/demo@1?distro=debian",
            "debian demo: affected =1",
        ),
        (
            "pkg:deb/debian/demo@1?distro=unheard-of",
            "debian/unheard-of demo: affected =1",
        ),
        (
            "pkg:rpm/fedora/demo-libs@3-1?upstream=demo-2-1.fc38.src.rpm&distro=fedora-38&epoch=1",
            "fedora/38 demo: affected =1:2-1.fc38",
        ),
        (
            "pkg:alpm/arch/demo@2-1?distro=arch-rolling",
            "archlinux demo: affected =2-1",
        ),
        (
            "pkg:githubactions/demo/demo@v1",
            "GitHub Actions demo/demo: affected =v1",
        ),
        ("pkg:guix/demo@2", "guix demo: affected =2"),
        ("pkg:pypi/Demo@1.0", "PyPI Demo: affected =1.0"),
        (
            "pkg:npm/%40scope/demo@1.0",
            "npm @scope/demo: affected =1.0",
        ),
        (
            "pkg:maven/org.demo/demo@1.0",
            "Maven org.demo:demo: affected =1.0",
        ),
        (
            "pkg:golang/github.com/demo/demo@v1.0",
            "Go github.com/demo/demo: affected =v1.0",
        ),
        (
            "pkg:github/demo/demo@abc",
            "GIT https://github.com/demo/demo: affected =abc",
        ),
        ("pkg:generic/demo@1.0", "\"\" \"demo\": affected =1.0"),
    ] {
        assert_eq!(of(purl, "known_affected"), [expected], "{purl}");
    }
    assert_eq!(of("pkg:oci/demo@sha256:00", "known_affected"), [""; 0]);
    assert_eq!(of("pkg:deb/debian/..%2Fdemo", "known_affected"), [""; 0]);
}

#[test]
fn a_fix_is_a_bound_for_a_distribution_and_a_version_for_others() {
    let own = "pkg:deb/debian/demo@1.2-3";
    assert_eq!(of(own, "fixed"), ["debian demo: affected <1.2-3"]);
    assert_eq!(of(own, "first_fixed"), ["debian demo: affected <1.2-3"]);
    assert_eq!(
        of(own, "known_not_affected"),
        ["debian demo: unaffected =1.2-3"]
    );
    assert_eq!(of(own, "recommended"), [""; 0]);
    assert_eq!(
        of("pkg:pypi/demo@1.2", "fixed"),
        ["PyPI demo: unaffected =1.2"]
    );
    assert_eq!(of("pkg:pypi/demo", "fixed"), ["PyPI demo: unaffected all"]);
}

#[test]
fn a_library_within_another_product_is_not_the_library_everywhere() {
    let mut tree = named(&[
        ("appliance", ""),
        ("log4j", "pkg:maven/org.apache/log4j@2.0"),
    ]);
    tree["relationships"] = json!([{"category": "default_component_of", "product_reference": "log4j",
        "relates_to_product_reference": "appliance",
        "full_product_name": {"name": "log4j in it", "product_id": "appliance:log4j"}}]);
    let vulnerability = json!({"cve": "CVE-2024-1000", "product_status": {"known_not_affected": ["appliance:log4j"]}});
    assert_eq!(told(&one(&tree, &vulnerability)), [""; 0]);
}

#[test]
fn products_without_an_identifier_are_known_by_their_branches() {
    let version = |category: &str, name: &str, id: &str| json!({"category": category, "name": name, "product": {"name": id, "product_id": id}});
    let tree = json!({"branches": [{"category": "vendor", "name": "Demo Foundation", "branches": [
        {"category": "product_name", "name": "Demo Server", "branches": [
            version("product_version", "4.1", "one"),
            version("product_version_range", "vers:generic/>=4.0|<4.2", "range"),
            version("product_version_range", "< 3.9", "words"),
        ]},
        {"category": "product_name", "name": "Other", "product": {"name": "Other", "product_id": "cpe",
            "product_identification_helper": {"cpe": "cpe:2.3:a:demo:other:1.5:*:*:*:*:*:*:*"}}},
    ]}]});
    let vulnerability = json!({"cve": "CVE-2024-1000", "product_status": {
        "known_affected": ["one", "range", "words"], "fixed": ["cpe"]}});
    assert_eq!(
        told(&one(&tree, &vulnerability)),
        [
            "\"Demo Foundation\" \"Demo Server\": affected =4.1, affected >=4.0<4.2, affected <3.9",
            "cpe demo:other: unaffected =1.5",
        ]
    );
}

#[test]
fn groups_of_products_share_their_reasons() {
    let mut tree = named(&[("a", "pkg:deb/debian/a"), ("b", "pkg:deb/debian/b")]);
    tree["product_groups"] = json!([{"group_id": "both", "product_ids": ["a", "b"]}]);
    let vulnerability = json!({"cve": "CVE-2024-1000",
        "product_status": {"known_not_affected": ["a", "b"]},
        "flags": [{"label": "component_not_present", "group_ids": ["both"]}],
        "threats": [{"category": "impact", "details": "The plugin is not built.", "product_ids": ["b"]}]});
    assert_eq!(
        told(&one(&tree, &vulnerability)),
        [
            "debian a: unaffected all (the component is not there (component_not_present))",
            "debian b: unaffected all (The plugin is not built.; the component is not there (component_not_present))",
        ]
    );
}

#[test]
fn each_vulnerability_of_a_document_is_a_record() {
    let tree = named(&[("p", "pkg:deb/debian/demo")]);
    let status = json!({"known_affected": ["p", "gone"]});
    let found = read(&document(
        &tree,
        &json!([
            {"cve": "CVE-2024-1000", "product_status": status},
            {"ids": [{"system_name": "GitHub", "text": "GHSA-aaaa-bbbb-cccc"}], "product_status": status},
            {"title": "without a name"},
            7,
        ]),
    ));
    assert_eq!(found.heads[0].scope.as_deref(), Some("www.demo.example"));
    assert!(!found.heads[0].complete);
    let names: Vec<String> = found
        .records(FeedKind::Csaf)
        .into_iter()
        .map(|record| record.name)
        .collect();
    assert_eq!(
        names,
        [
            "DEMO-2024:7/CVE-2024-1000",
            "DEMO-2024:7/GHSA-aaaa-bbbb-cccc",
            "DEMO-2024:7/2"
        ]
    );
    let complaints = found.complaints();
    assert_eq!(
        complaints[0],
        "~record 0: DEMO-2024:7: 1 of its products are not in the product tree"
    );
    assert!(
        complaints[2].starts_with("record 3: DEMO-2024:7: "),
        "{complaints:?}"
    );
    assert_eq!(complaints.len(), 3);
}

#[test]
fn csaf_2_1_spells_some_things_otherwise() {
    let mut whole = document(
        &json!({"full_product_names": [{"name": "d", "product_id": "p",
            "product_identification_helper": {"purls": ["pkg:deb/debian/demo"]}}]}),
        &json!([{"cve": "CVE-2024-1000", "product_status": {"known_affected": ["p"]},
            "cwes": [{"id": "CWE-79", "name": "x", "version": "4.13"}],
            "metrics": [{"content": {"cvss_v4": {"baseScore": 9.3, "vectorString": "CVSS:4.0/AV:N"}}, "products": ["p"]}]}]),
    );
    whole["document"]["csaf_version"] = json!("2.1");
    whole["document"]["category"] = json!("csaf_withdrawn");
    let advisory = read(&whole).records(FeedKind::Csaf).remove(0).advisory;
    assert_eq!(told(&advisory), ["debian demo: affected all"]);
    assert_eq!(advisory.weaknesses, ["CWE-79"]);
    assert_eq!(advisory.severities[0].score().unwrap().1.to_string(), "9.3");
    assert_eq!(
        advisory.withdrawn.as_deref(),
        Some("its publisher withdrew it")
    );
}

#[test]
fn what_is_no_csaf_is_said_and_several_documents_may_follow_each_other() {
    let tree = named(&[("p", "pkg:deb/debian/demo")]);
    let good = document(&tree, &json!([{"cve": "CVE-2024-1000"}]));
    let with = |part: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(part).unwrap() = value;
        bad
    };
    let lines = [
        with("/document/csaf_version", json!("1.2")),
        with("/document/tracking/id", json!(" ")),
        with("/document/publisher", json!(7)),
        json!({"vulnerabilities": []}),
        good.clone(),
    ];
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let context = FeedContext::default();
    let found = Collected::read(FeedKind::Csaf, "d", lines.join("\n").as_bytes(), &context);
    let found = found.unwrap();
    let complaints = found.complaints();
    for (complaint, said) in complaints.iter().zip([
        "csaf_version is \"1.2\"",
        "identifier is none",
        "publisher",
        "missing field",
    ]) {
        assert!(
            complaint.contains(said) || said == "publisher",
            "{complaint}"
        );
    }
    assert_eq!((complaints.len(), found.raws.len()), (4, 1));
    let text = good.to_string();
    let cut = Collected::read(
        FeedKind::Csaf,
        "d",
        &text.as_bytes()[..text.len() - 1],
        &context,
    );
    assert!(cut.is_err());
}

#[test]
fn circles_and_heights_of_a_tree_come_to_an_end() {
    let mut tree = named(&[("p", "pkg:deb/debian/demo")]);
    let circle = |from: &str, to: &str| {
        json!({"category": "installed_on", "product_reference": to, "relates_to_product_reference": to,
            "full_product_name": {"name": "x", "product_id": from}})
    };
    tree["relationships"] = json!([circle("a", "b"), circle("b", "a")]);
    let vulnerability =
        json!({"cve": "CVE-2024-1000", "product_status": {"known_affected": ["a"]}});
    let found = read(&document(&tree, &json!([vulnerability])));
    assert!(
        found.records(FeedKind::Csaf)[0]
            .advisory
            .affected
            .is_empty()
    );
    let high = format!(
        "{}{}",
        r#"{"branches":[{"branches":[{"#.repeat(200),
        "}]}]}".repeat(200)
    );
    let whole = document(&json!("here"), &json!([]))
        .to_string()
        .replace("\"here\"", &high);
    let context = FeedContext::default();
    let read = Collected::read(FeedKind::Csaf, "d", whole.as_bytes(), &context);
    assert!(read.is_err() || read.unwrap().raws.is_empty());
}

#[test]
fn a_document_whose_vulnerabilities_repeat_its_products_does_not_grow_without_end() {
    let purl = |n: usize| format!("pkg:deb/debian/demo{n}?x={}", "y".repeat(900));
    let ids: Vec<String> = (0..400).map(|n| n.to_string()).collect();
    let products: Vec<(&str, String)> = ids
        .iter()
        .zip(0..)
        .map(|(id, n)| (&**id, purl(n)))
        .collect();
    let products: Vec<(&str, &str)> = products.iter().map(|(id, purl)| (*id, &**purl)).collect();
    let vulnerabilities: Vec<Value> = (1000..1200)
        .map(|n| json!({"cve": format!("CVE-2024-{n}"), "product_status": {"fixed": ids}}))
        .collect();
    let text = document(&named(&products), &json!(vulnerabilities)).to_string();
    let context = FeedContext::default();
    let read = Collected::read(FeedKind::Csaf, "d", text.as_bytes(), &context);
    let error = read.unwrap_err().to_string();
    assert!(
        error.contains("the size of its records in bytes is more than"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), at in 0_usize..4000) {
        let vulnerability = json!({"cve": "CVE-2024-1000",
            "product_status": {"known_affected": ["rhel8:demo"], "fixed": ["AppStream-9.4:demo-1:2.0-3.el9_4.src"]},
            "flags": [{"label": "component_not_present", "product_ids": ["rhel8:demo"]}]});
        let sound = document(&releases(), &json!([vulnerability])).to_string();
        survives(FeedKind::Csaf, sound.as_bytes(), &bytes, at);
    }

    #[test]
    fn no_package_url_makes_it_panic(purl in "pkg:(deb|rpm|apk|npm|x)?[/@?#%&=a-z0-9.:-]{0,40}") {
        of(&purl, "fixed");
    }

    #[test]
    fn no_range_makes_it_panic(range in "(vers:)?[a-z/<>=!|*%0-9. -]{0,40}") {
        let tree = json!({"branches": [{"category": "product_name", "name": "demo", "branches": [
            {"category": "product_version_range", "name": range, "product": {"name": "p", "product_id": "p"}}]}]});
        let vulnerability = json!({"cve": "CVE-2024-1000", "product_status": {"known_affected": ["p"]}});
        one(&tree, &vulnerability);
    }
}
