//! secfixes-tracker's interface: its keys, in documents that are linked data.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use palisade_formats::feed::FeedKind;
use palisade_web::{Conduct, Proxies};
use serde_json::{Value, json};

use crate::support::{Answer, Site, nvd};

const HOST: &str = "http://tracker.example";

/// demo, which somebody maintains, and stray, which nobody does, in main of v3.17; both affected.
async fn site() -> Site {
    let site = Site::new().await;
    for (id, product) in [("CVE-2025-1000", "demo"), ("CVE-2025-1001", "stray")] {
        let record = nvd(id, product, "An overflow.", "https://acme.example/1");
        site.feed(FeedKind::Nvd, &record).await;
    }
    let secdb = json!({"distroversion": "v3.17", "reponame": "main", "packages": [
        {"pkg": {"name": "demo", "secfixes": {"1.0-r0": ["CVE-2025-1002"], "0": ["CVE-2025-1003"]}}},
        {"pkg": {"name": "demo", "secfixes": {"1.2-r0": ["CVE-2025-1000"]}}},
        {"pkg": {"name": "stray", "secfixes": {"1.2-r0": ["CVE-2025-1001"]}}}]});
    site.feed(FeedKind::Secdb, &secdb.to_string()).await;
    site.alpine(
        1,
        &[
            "demo 1.1-r0 demo Ann Archer <ann@example.org>",
            "stray 1.1-r0",
        ],
    )
    .await;
    site
}

async fn asked(site: &Site, address: &str, accept: &str) -> Answer {
    let headers = [("accept", accept), ("host", "tracker.example")];
    site.ask(Method::GET, address, &headers).await
}

async fn linked(site: &Site, address: &str) -> Value {
    let answer = asked(site, address, "application/ld+json").await;
    assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.body);
    assert_eq!(answer.header("content-type"), "application/ld+json");
    serde_json::from_str(&answer.body).unwrap()
}

fn keys(node: &Value) -> Vec<&str> {
    node.as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn a_vulnerability_has_the_keys_of_the_interface() {
    let site = site().await;
    let found = linked(&site, "/vuln/CVE-2025-1000").await;
    assert_eq!(
        keys(&found),
        [
            "@context",
            "cpeMatch",
            "cvss3",
            "description",
            "id",
            "ref",
            "state",
            "type"
        ]
    );
    assert_eq!(found["id"], format!("{HOST}/vuln/CVE-2025-1000"));
    assert_eq!(found["cvss3"]["score"], 9.8);
    let state = &found["state"][0];
    assert_eq!(
        keys(state),
        [
            "@context",
            "fixed",
            "id",
            "packageVersion",
            "repo",
            "type",
            "vuln"
        ]
    );
    assert_eq!(state["fixed"], false);
    assert_eq!(state["repo"], "3.17-main");
    assert_eq!(
        state["packageVersion"],
        format!("{HOST}/srcpkg/demo/1.1-r0")
    );
    assert_eq!(
        state["id"],
        format!("{HOST}/vuln/CVE-2025-1000#state/3.17-main/demo/1.1-r0")
    );
    let cpe = &found["cpeMatch"][0];
    assert_eq!(
        keys(cpe),
        [
            "@context",
            "cpeUri",
            "id",
            "maximumVersion",
            "maximumVersionOp",
            "minimumVersion",
            "minimumVersionOp",
            "package",
            "type",
            "vuln"
        ]
    );
    assert_eq!(
        (&cpe["maximumVersion"], &cpe["maximumVersionOp"]),
        (&json!("2.0"), &json!("<"))
    );
    assert_eq!(cpe["cpeUri"], "cpe:2.3:a:acme:demo:*:*:*:*:*:*:*:*");
    let reference = &found["ref"][0];
    assert_eq!(
        keys(reference),
        ["@context", "id", "referenceType", "rel", "type"]
    );
    // What was never affected is fixed, in the words of the interface.
    for id in ["CVE-2025-1002", "CVE-2025-1003"] {
        let found = linked(&site, &format!("/vuln/{id}")).await;
        assert_eq!(found["state"][0]["fixed"], true, "{id}");
    }
}

#[tokio::test]
async fn a_package_and_its_versions_lead_to_each_other() {
    let site = site().await;
    let package = linked(&site, "/srcpkg/demo").await;
    assert_eq!(
        keys(&package),
        ["@context", "cpeMatch", "id", "packageVersion", "type"]
    );
    let address = package["packageVersion"][0].as_str().unwrap();
    let version = linked(&site, address.strip_prefix(HOST).unwrap()).await;
    assert_eq!(
        keys(&version),
        [
            "@context",
            "id",
            "maintainer",
            "package",
            "published",
            "repo",
            "state",
            "type"
        ]
    );
    assert_eq!(version["id"], address);
    assert_eq!(version["package"], package);
    assert_eq!(version["maintainer"], "Ann Archer <ann@example.org>");
    assert_eq!(version["state"].as_array().unwrap().len(), 3);
    // The state that a version tells is the one that the vulnerability does.
    let state = &version["state"][0];
    let vulnerability = state["vuln"].as_str().unwrap().strip_prefix(HOST).unwrap();
    assert_eq!(&linked(&site, vulnerability).await["state"][0], state);
}

#[tokio::test]
async fn lists_of_a_repository_are_parted_by_maintainer() {
    let site = site().await;
    let index = linked(&site, "/").await;
    let links = &index["3.17-main"];
    let items = async |key: &str| {
        let address = links[key].as_str().unwrap().strip_prefix(HOST).unwrap();
        let list = linked(&site, address).await;
        assert_eq!(list["type"], "Collection");
        assert_eq!(list["id"], links[key]);
        list["items"].as_array().unwrap().clone()
    };
    let all = items("potentiallyVulnerablePackages").await;
    let ids: Vec<&Value> = all.iter().map(|item| &item["id"]).collect();
    assert_eq!(
        ids,
        [
            &json!(format!("{HOST}/vuln/CVE-2025-1000")),
            &json!(format!("{HOST}/vuln/CVE-2025-1001"))
        ]
    );
    assert_eq!(
        items("potentiallyOrphanedVulnerablePackages").await,
        all[1..]
    );
    assert_eq!(items("issuesByMaintainer").await, all[..1]);
    let orphaned = items("orphanedPackages").await;
    assert_eq!(orphaned[0]["id"], format!("{HOST}/srcpkg/stray/1.1-r0"));
    assert_eq!(orphaned.len(), 1);
    let somebody =
        "/branch/3.17-main/maintainer-issues?maintainer=Ann%20Archer%20%3Cann%40example.org%3E";
    assert_eq!(linked(&site, somebody).await["items"], json!(all[..1]));
    let nobody = linked(&site, "/branch/3.17-main/maintainer-issues?maintainer=Bob").await;
    assert_eq!(nobody["items"], json!([]));
}

#[tokio::test]
async fn the_context_explains_every_key_of_every_document() {
    let site = site().await;
    let context = linked(&site, "/static/context.jsonld").await;
    let terms: BTreeSet<&str> = keys(&context["@context"]).into_iter().collect();
    let mut unknown = BTreeSet::new();
    for address in [
        "/vuln/CVE-2025-1000",
        "/srcpkg/demo",
        "/srcpkg/demo/1.1-r0",
        "/branch/3.17-main",
        "/branch/3.17-main/orphaned",
    ] {
        let document = linked(&site, address).await;
        assert_eq!(
            document["@context"],
            format!("{HOST}/static/context.jsonld")
        );
        note(&document, &terms, &mut unknown);
    }
    assert_eq!(unknown, BTreeSet::new());
}

/// Notes keys and types of which the context does not tell.
fn note(node: &Value, terms: &BTreeSet<&str>, unknown: &mut BTreeSet<String>) {
    match node {
        Value::Object(members) => {
            for (key, value) in members.iter().filter(|(key, _)| *key != "@context") {
                let named = [Some(key.as_str()), value.as_str().filter(|_| key == "type")];
                let missing = named
                    .into_iter()
                    .flatten()
                    .filter(|name| !terms.contains(name));
                unknown.extend(missing.map(str::to_owned));
                note(value, terms, unknown);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| note(item, terms, unknown)),
        _ => {}
    }
}

#[tokio::test]
async fn each_gets_the_type_that_was_asked_for() {
    let site = site().await;
    for (address, page) in [
        ("/vuln/CVE-2025-1000", "/vulnerability/CVE-2025-1000"),
        ("/srcpkg/demo", "/package/alpine/demo"),
        ("/srcpkg/demo/1.1-r0", "/package/alpine/demo"),
        ("/branch/3.17-main", "/branch/alpine/v3.17"),
        ("/branch/3.17-main/orphaned", "/branch/alpine/v3.17"),
    ] {
        let people = site.get(address).await;
        assert_eq!(people.status, StatusCode::SEE_OTHER, "{address}");
        assert_eq!(people.header("location"), page);
        let program = asked(&site, address, "application/json").await;
        assert_eq!(program.header("content-type"), "application/json");
        assert_eq!(program.header("access-control-allow-origin"), "*");
        let suffixed = asked(&site, &format!("{address}.json"), "text/html").await;
        assert_eq!(suffixed.body, program.body);
        let other = asked(&site, address, "text/turtle").await;
        assert_eq!(other.status, StatusCode::NOT_ACCEPTABLE);
        let tag = program.header("etag").to_owned();
        let headers = [
            ("accept", "application/json"),
            ("host", "tracker.example"),
            ("if-none-match", &*tag),
        ];
        let again = site.ask(Method::GET, address, &headers).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    }
    // Our own pages stand where they stood.
    assert!(site.page("/").await.contains("Newest findings"));
    assert!(site.json("/index.json").await.get("branches").is_some());
    assert!(
        site.page("/branch/alpine/v3.17")
            .await
            .contains("CVE-2025-1000")
    );
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_type_that_was_asked_for() {
    let site = site().await;
    for address in [
        "/vuln/CVE-1999-0001",
        "/vuln/%22",
        "/srcpkg/none",
        "/srcpkg/demo/9",
        "/branch/3.99-main",
        "/branch/3.99-main/orphaned",
    ] {
        for accept in ["application/json", "application/ld+json"] {
            let answer = asked(&site, address, accept).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
            assert_eq!(answer.json()["error"]["status"], 404);
        }
    }
    let bad = asked(&site, "/branch/3.17-main?page=2", "application/ld+json").await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_one_host_was_told_another_is_not() {
    let site = site().await;
    for accept in ["application/json", "application/ld+json"] {
        for host in ["one.example", "two.example"] {
            let headers = [("accept", accept), ("host", host)];
            let answer = site.ask(Method::GET, "/srcpkg/demo", &headers).await;
            let id = format!("http://{host}/srcpkg/demo");
            assert!(
                answer.body.contains(&id),
                "{accept} {host}: {}",
                answer.body
            );
            assert_eq!(answer.header("content-type"), accept);
        }
    }
    // The first page is kept, and linked data is not mistaken for it.
    assert!(site.page("/").await.contains("Newest findings"));
    assert!(linked(&site, "/").await.get("3.17-main").is_some());
    assert!(site.page("/").await.contains("Newest findings"));
}

#[tokio::test]
async fn a_host_that_is_none_makes_addresses_relative() {
    let site = site().await;
    let headers = [("accept", "application/ld+json"), ("host", "a\"b")];
    let answer = site.ask(Method::GET, "/srcpkg/demo", &headers).await;
    let document: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(document["id"], "/srcpkg/demo");
}

#[tokio::test]
async fn only_a_proxy_that_is_believed_says_how_we_were_asked() {
    let site = site().await;
    site.treat(Conduct {
        proxies: Proxies {
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            ..Proxies::default()
        },
        ..Conduct::default()
    });
    let headers = [
        ("accept", "application/ld+json"),
        ("host", "tracker.example"),
        ("x-forwarded-for", "203.0.113.1"),
        ("x-forwarded-proto", "https"),
    ];
    for (peer, id) in [
        ("10.0.0.1:1000", "https://tracker.example/srcpkg/demo"),
        // A client that lies.
        ("198.51.100.1:1000", "http://tracker.example/srcpkg/demo"),
    ] {
        let answer = site.ask_from(peer, "/srcpkg/demo", &headers).await;
        let document: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(document["id"], id, "{peer}");
    }
}

#[tokio::test]
async fn a_package_is_told_of_all_its_repositories() {
    let site = site().await;
    let mut import = site.packages(2, &["demo 1.1-r0", "demo-doc 1.1-r0 demo"]);
    import.repository = Some("community".to_owned());
    site.place(import).await;
    let package = linked(&site, "/srcpkg/demo").await;
    let version = format!("{HOST}/srcpkg/demo/1.1-r0");
    assert_eq!(package["packageVersion"], json!([version]));
    let found = linked(&site, "/srcpkg/demo/1.1-r0").await;
    let states = found["state"].as_array().unwrap().iter();
    let open: Vec<&Value> = states
        .filter(|state| state["fixed"] == false)
        .map(|state| &state["repo"])
        .collect();
    assert_eq!(open, ["3.17-community", "3.17-main"]);
    assert_eq!(found["repo"], "3.17-community");
}

#[tokio::test]
async fn long_lists_come_in_parts() {
    let site = Site::new().await;
    let ids: Vec<String> = (0..105).map(|it| format!("CVE-2025-{it:04}")).collect();
    let secdb = json!({"distroversion": "v3.17", "reponame": "main", "packages": [
        {"pkg": {"name": "demo", "secfixes": {"1.2-r0": ids}}}]});
    site.feed(FeedKind::Secdb, &secdb.to_string()).await;
    site.alpine(1, &["demo 1.1-r0"]).await;
    let first = linked(&site, "/branch/3.17-main").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 100);
    let next = first["next"].as_str().unwrap().strip_prefix(HOST).unwrap();
    let second = linked(&site, next).await;
    assert_eq!(second["items"].as_array().unwrap().len(), 5);
    assert_eq!(
        second["items"][0]["id"],
        format!("{HOST}/vuln/CVE-2025-0100")
    );
    assert_eq!(second.get("next"), None);
}
