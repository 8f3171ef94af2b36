//! OSV's interface: what is asked, what is answered, and in which words it is refused.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use palisade_formats::feed::FeedKind;
use serde_json::{Value, json};

use crate::support::{Site, nvd};

/// A record of OSV on a Python package.
const ZOPE: &str = r#"{"schema_version":"1.5.0","id":"PYSEC-2021-335","modified":"2021-09-09T00:00:00Z",
"published":"2021-08-02T22:15:00Z","aliases":["CVE-2021-32811"],"details":"Too much access.",
"affected":[{"package":{"name":"accesscontrol","ecosystem":"PyPI","purl":"pkg:pypi/accesscontrol"},
"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"4.0"},{"fixed":"4.3"},{"introduced":"5.0"},{"fixed":"5.2"}]}],
"versions":["4.0","4.2","5.0"]}],"credits":[{"name":"somebody"}]}"#;

/// Alpine's v3.17 with demo, of which two versions were there, and calm; and a record of PyPI.
async fn site() -> Site {
    let site = Site::new().await;
    let affected = nvd(
        "CVE-2025-1000",
        "demo",
        "An overflow in demo.",
        "https://acme.example/1",
    );
    site.feed(FeedKind::Nvd, &affected).await;
    site.feed(FeedKind::Osv, ZOPE).await;
    let secdb = json!({"distroversion": "v3.17", "reponame": "main", "packages": [
        {"pkg": {"name": "demo", "secfixes": {"1.1-r1": ["CVE-2025-1000"], "1.0-r2": ["CVE-2025-1001"]}}},
        {"pkg": {"name": "absent", "secfixes": {"3.0-r1": ["CVE-2025-1001"]}}},
    ]});
    site.feed(FeedKind::Secdb, &secdb.to_string()).await;
    site.alpine(1, &["demo 1.0-r0", "demo-doc 1.0-r0 demo"])
        .await;
    site.alpine(2, &["demo 1.1-r0", "demo-doc 1.1-r0 demo", "calm 1.0-r0"])
        .await;
    site
}

async fn ids(site: &Site, question: Value) -> Vec<String> {
    let answer = site.post("/v1/query", &question).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let answer = answer.json();
    let vulns = answer.get("vulns").and_then(Value::as_array);
    let vulns = vulns.into_iter().flatten();
    vulns
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

fn package(ecosystem: &str, name: &str, version: &str) -> Value {
    json!({"package": {"ecosystem": ecosystem, "name": name}, "version": version})
}

#[tokio::test]
async fn a_branchs_package_is_answered_by_what_was_found() {
    let site = site().await;
    for (ecosystem, version, expected) in [
        ("Alpine:v3.17", "1.1-r0", &["CVE-2025-1000"][..]),
        ("Alpine", "1.1-r0", &["CVE-2025-1000"]),
        (
            "Alpine:v3.17",
            "1.0-r0",
            &["CVE-2025-1000", "CVE-2025-1001"],
        ),
        // Versions that never were there are judged as if they were.
        ("Alpine:v3.17", "1.0-r5", &["CVE-2025-1000"]),
        ("Alpine:v3.17", "1.1-r1", &[]),
        // Of this branch nothing is known.
        ("Alpine:v3.16", "1.1-r0", &[]),
    ] {
        let found = ids(&site, package(ecosystem, "demo", version)).await;
        assert_eq!(found, expected, "{ecosystem} {version}");
    }
    let by_binary = ids(&site, package("Alpine:v3.17", "demo-doc", "1.1-r0")).await;
    assert_eq!(by_binary, ["CVE-2025-1000"]);
    let calm = site
        .post("/v1/query", &package("Alpine", "calm", "1.0-r0"))
        .await;
    assert_eq!(calm.json(), json!({}));
    // A package that is not there is answered by the record that names it.
    let absent = ids(&site, package("Alpine:v3.17", "absent", "2.0-r0")).await;
    assert_eq!(absent, ["CVE-2025-1001"]);
    assert_eq!(
        ids(&site, package("Alpine:v3.17", "absent", "3.0-r1")).await,
        [""; 0]
    );
}

#[tokio::test]
async fn of_two_packages_of_one_version_both_are_asked() {
    let patched = json!({"name": "demo", "version": "1.1", "home_page": "https://acme.example/demo",
        "source": {"type": "url", "urls": [], "patches": ["demo-CVE-2025-1000.patch"]}});
    let plain = json!({"name": "demo", "version": "1.1", "home_page": "https://acme.example/demo"});
    for packages in [[&patched, &plain], [&plain, &patched]] {
        let site = Site::new().await;
        let record = nvd(
            "CVE-2025-1000",
            "demo",
            "An overflow.",
            "https://acme.example/1",
        );
        site.feed(FeedKind::Nvd, &record).await;
        site.guix("master", 1, &packages.map(Clone::clone)).await;
        let found = ids(&site, package("Guix", "demo", "1.1")).await;
        assert_eq!(found, ["CVE-2025-1000"]);
        let told = site.json("/v1/vulns/CVE-2025-1000").await;
        let affected = &told["affected"][0];
        assert_eq!(affected["versions"], json!(["1.1"]));
        let now = affected["database_specific"]["now"].as_array().unwrap();
        let statuses: Vec<&Value> = now.iter().map(|it| &it["status"]).collect();
        assert_eq!(statuses, ["affected", "fixed"]);
        // When only the one with the patch is left, the version is no longer affected.
        site.guix("master", 2, std::slice::from_ref(&patched)).await;
        let left = ids(&site, package("Guix", "demo", "1.1")).await;
        assert_eq!(left, [""; 0]);
    }
}

#[tokio::test]
async fn a_package_url_names_branch_source_and_version() {
    let site = site().await;
    for (purl, expected) in [
        (
            "pkg:apk/alpine/demo@1.1-r0?distro=alpine-3.17",
            &["CVE-2025-1000"][..],
        ),
        (
            "pkg:apk/alpine/demo-doc@1.1-r0?origin=demo",
            &["CVE-2025-1000"],
        ),
        ("pkg:apk/alpine/demo@1.1-r0?distro=alpine-3.16", &[]),
        ("pkg:pypi/AccessControl@5.1", &["PYSEC-2021-335"]),
        ("pkg:pypi/AccessControl@5.2", &[]),
        ("pkg:yeet/x@1", &[]),
    ] {
        let found = ids(&site, json!({"package": {"purl": purl}})).await;
        assert_eq!(found, expected, "{purl}");
    }
}

#[tokio::test]
async fn a_registrys_package_is_answered_with_the_record_as_it_was_published() {
    let site = site().await;
    for (version, is_affected) in [("3.9", false), ("4.2", true), ("4.3", false), ("5.1", true)] {
        let found = ids(&site, package("PyPI", "accesscontrol", version)).await;
        assert_eq!(found.len(), usize::from(is_affected), "{version}");
    }
    let answer = site
        .post("/v1/query", &package("PyPI", "AccessControl", "5.0"))
        .await;
    let published: Value = serde_json::from_str(ZOPE).unwrap();
    let record = &answer.json()["vulns"][0];
    assert_eq!(record, &site.json("/v1/vulns/PYSEC-2021-335").await);
    assert_eq!(record, &published);
    let all = ids(
        &site,
        json!({"package": {"ecosystem": "PyPI", "name": "accesscontrol"}}),
    )
    .await;
    assert_eq!(all, ["PYSEC-2021-335"]);
    // Whose package it is need not be said when the version is.
    let anybodys = ids(
        &site,
        json!({"package": {"name": "accesscontrol"}, "version": "5.0"}),
    )
    .await;
    assert_eq!(anybodys, ["PYSEC-2021-335"]);
}

#[tokio::test]
async fn a_record_is_made_of_what_is_known_of_a_vulnerability() {
    let site = site().await;
    let record = site.json("/v1/vulns/CVE-2025-1000").await;
    assert_eq!(record["schema_version"], "1.7.0");
    assert_eq!(record["details"], "An overflow in demo.");
    let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    assert_eq!(
        record["severity"],
        json!([{"type": "CVSS_V3", "score": vector}])
    );
    assert_eq!(
        record["database_specific"]["severity"][0]["scorer"],
        "nvd@nist.gov"
    );
    assert_eq!(
        record["references"],
        json!([{"type": "FIX", "url": "https://acme.example/1"}])
    );
    let affected = &record["affected"][0];
    assert_eq!(
        affected["package"],
        json!({"ecosystem": "Alpine:v3.17", "name": "demo",
        "purl": "pkg:apk/alpine/demo?arch=source"})
    );
    assert_eq!(
        affected["ranges"],
        json!([{"type": "ECOSYSTEM",
        "events": [{"introduced": "0"}, {"fixed": "1.1-r1"}]}])
    );
    assert_eq!(affected["versions"], json!(["1.0-r0", "1.1-r0"]));
    assert_eq!(affected["database_specific"]["branch"], "alpine/v3.17");
    let found = &affected["database_specific"]["now"][0];
    assert_eq!(found["version"], "1.1-r0");
    assert_eq!(
        (&found["status"], &found["confidence"]),
        (&json!("affected"), &json!("certain"))
    );
    assert!(
        found["why"]
            .to_string()
            .contains("1.1-r0 is affected: before 1.1-r1"),
        "{found}"
    );
    // What was mended on the branch is told with its fix, and what is not there by the record.
    let mended = site.json("/v1/vulns/CVE-2025-1001").await;
    let names: Vec<_> = mended["affected"].as_array().unwrap().iter().collect();
    assert_eq!(names[0]["package"]["name"], "absent");
    assert_eq!(
        names[0]["ranges"][0]["events"],
        json!([{"introduced": "0"}, {"fixed": "3.0-r1"}])
    );
    assert_eq!(names[1]["database_specific"]["now"][0]["status"], "fixed");
    assert_eq!(
        names[1]["ranges"][0]["events"],
        json!([{"introduced": "0"}, {"fixed": "1.0-r2"}])
    );
}

#[tokio::test]
async fn a_published_record_gets_what_was_found_in_place_of_what_it_says() {
    let site = site().await;
    let record = json!({"id": "CVE-2025-1000", "modified": "2025-01-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "Alpine:v3.17", "name": "demo"}, "versions": ["9"]},
        {"package": {"ecosystem": "Alpine:v3.16", "name": "demo"}, "versions": ["8"]}]});
    site.feed(FeedKind::Osv, &record.to_string()).await;
    let told = site.json("/v1/vulns/CVE-2025-1000").await;
    let affected = told["affected"].as_array().unwrap();
    assert_eq!(affected.len(), 2);
    assert_eq!(affected[0]["versions"], json!(["8"]));
    assert_eq!(affected[1]["versions"], json!(["1.0-r0", "1.1-r0"]));
    assert_ne!(
        told["modified"], "2025-01-01T00:00:00Z",
        "the findings are newer"
    );
}

#[tokio::test]
async fn a_published_record_loses_what_was_found_to_be_wrong() {
    let site = site().await;
    let entry = |release: &str| json!({"package": {"ecosystem": release, "name": "calm"}, "versions": ["1.1-r0"]});
    let secdb = json!({"distroversion": "v3.17", "reponame": "main", "packages": [
        {"pkg": {"name": "calm", "secfixes": {"0": ["CVE-2025-1004"]}}}]});
    site.feed(FeedKind::Secdb, &secdb.to_string()).await;
    let record = json!({"id": "CVE-2025-1004", "modified": "2025-01-01T00:00:00Z", "affected": [
        entry("Alpine:v3.17"), entry("Alpine:v3.16")]});
    site.feed(FeedKind::Osv, &record.to_string()).await;
    let calm = package("Alpine:v3.17", "calm", "1.0-r0");
    assert_eq!(ids(&site, calm).await, [""; 0], "it was never affected");
    let told = site.json("/v1/vulns/CVE-2025-1004").await;
    assert_eq!(told["affected"], json!([entry("Alpine:v3.16")]));
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order() {
    let site = site().await;
    let queries = json!({"queries": [
        package("PyPI", "accesscontrol", "5.0"),
        package("Alpine:v3.17", "calm", "1.0-r0"),
        {"commit": "6879efc2c1596d11a6a6ad296f80063b558d5e0f"},
        package("Alpine:v3.17", "demo", "1.1-r0"),
    ]});
    let answer = site.post("/v1/querybatch", &queries).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let results = &answer.json()["results"];
    assert_eq!(
        results[0],
        json!({"vulns": [{"id": "PYSEC-2021-335", "modified": "2021-09-09T00:00:00Z"}]})
    );
    assert_eq!((&results[1], &results[2]), (&json!({}), &json!({})));
    let record = site.json("/v1/vulns/CVE-2025-1000").await;
    assert_eq!(
        results[3]["vulns"],
        json!([{"id": "CVE-2025-1000", "modified": record["modified"]}])
    );
}

#[tokio::test]
async fn long_answers_come_in_pages() {
    let site = Site::new().await;
    let record = |number: usize| {
        json!({"id": format!("X-{number:04}"), "modified": "2025-01-01T00:00:00Z",
        "affected": [{"package": {"ecosystem": "npm", "name": "many"},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]})
    };
    let lines: Vec<String> = (0..1005).map(|number| record(number).to_string()).collect();
    site.feed(FeedKind::Osv, &lines.join("\n")).await;
    for address in ["/v1/query", "/v1/querybatch"] {
        let ask = async |token: Option<&Value>| {
            let mut query = package("npm", "many", "1.0.0");
            if let Some(token) = token {
                query["page_token"] = token.clone();
            }
            if address == "/v1/query" {
                return site.post(address, &query).await.json();
            }
            site.post(address, &json!({"queries": [query]}))
                .await
                .json()["results"][0]
                .clone()
        };
        let first = ask(None).await;
        assert_eq!(first["vulns"].as_array().unwrap().len(), 1000);
        let second = ask(Some(&first["next_page_token"])).await;
        assert_eq!(second["vulns"].as_array().unwrap().len(), 5);
        assert_eq!(second["vulns"][0]["id"], "X-1000");
        assert_eq!(second.get("next_page_token"), None);
    }
}

#[tokio::test]
async fn bad_questions_are_refused_in_the_words_of_the_interface() {
    let site = site().await;
    let purl = "pkg:pypi/mlflow@0.4.0";
    for (question, message) in [
        (package("Bogus", "x", "1"), "Invalid ecosystem."),
        (json!({}), "Invalid query."),
        (json!({"package": {"name": "x"}}), "Invalid query."),
        (json!({"version": "1"}), "Invalid query."),
        (package("PyPI", &"x".repeat(501), "1"), "Invalid query."),
        (json!({"commit": "xyz"}), "Invalid hash."),
        (
            json!({"package": {"purl": purl, "name": "mlflow"}}),
            "name specified in a PURL query",
        ),
        (
            json!({"package": {"purl": purl, "ecosystem": "PyPI"}}),
            "ecosystem specified in a PURL query",
        ),
        (
            json!({"package": {"purl": purl}, "version": "1"}),
            "version specified in params and PURL query",
        ),
        (
            json!({"package": {"purl": "pypi/x"}}),
            "a package URL begins with pkg:",
        ),
        (
            json!({"package": {"name": "x", "ecosystem": "PyPI"}, "page_token": "<"}),
            "Invalid page token.",
        ),
    ] {
        let answer = site.post("/v1/query", &question).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{question}");
        assert_eq!(
            answer.json(),
            json!({"code": 3, "message": message}),
            "{question}"
        );
        let batch = site
            .post("/v1/querybatch", &json!({"queries": [question]}))
            .await;
        assert_eq!(
            (batch.status, batch.json()["code"].clone()),
            (StatusCode::BAD_REQUEST, json!(3))
        );
    }
    for body in ["", "[1", "{\"pakage\": {}}", "{\"queries\": 7}", "\u{0}"] {
        for address in ["/v1/query", "/v1/querybatch"] {
            let answer = site
                .send(Method::POST, address, &[], Body::from(body))
                .await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{address} {body}");
            assert_eq!(answer.json()["code"], 3);
        }
    }
    let many = json!({"queries": vec![json!({"package": {"purl": purl}}); 1001]});
    let answer = site.post("/v1/querybatch", &many).await;
    assert_eq!(
        answer.json(),
        json!({"code": 3, "message": "Too many queries."})
    );
    let token = json!({"queries": [{"package": {"purl": purl}}, {"package": {"purl": purl}, "page_token": "x"}]});
    let answer = site.post("/v1/querybatch", &token).await;
    assert_eq!(answer.json()["message"], "Invalid page token at index: 1.");
    let long = Body::from(vec![b' '; (2 << 20) + 1]);
    let answer = site.send(Method::POST, "/v1/query", &[], long).await;
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (StatusCode::PAYLOAD_TOO_LARGE, json!(3))
    );
}

#[tokio::test]
async fn unknown_records_name_those_that_know_them_by_another_name() {
    let site = site().await;
    let answer = site.get("/v1/vulns/CVE-1999-0001").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(
        answer.json(),
        json!({"code": 5, "message": "Bug not found."})
    );
    let named = json!({"id": "OSV-2025-1", "modified": "2025-01-01T00:00:00Z", "aliases": ["CVE-2025-1000", "GHSA-aaaa-bbbb-cccc"]});
    site.feed(FeedKind::Osv, &named.to_string()).await;
    let answer = site.get("/v1/vulns/GHSA-aaaa-bbbb-cccc").await;
    let message = "Bug not found, but the following aliases were: CVE-2025-1000";
    assert_eq!(
        (answer.status, answer.json()["message"].clone()),
        (StatusCode::NOT_FOUND, json!(message))
    );
    assert_eq!(site.get("/v1/vulns/%3Cscript%3E").await.json()["code"], 5);
}

#[tokio::test]
async fn records_are_not_sent_to_those_who_have_them() {
    let site = site().await;
    let first = site.get("/v1/vulns/CVE-2025-1000").await;
    assert_eq!(first.header("access-control-allow-origin"), "*");
    let headers = [("if-none-match", first.header("etag"))];
    let again = site
        .ask(Method::GET, "/v1/vulns/CVE-2025-1000", &headers)
        .await;
    assert_eq!(
        (again.status, again.body.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
}

#[tokio::test]
async fn pages_of_other_sites_may_ask() {
    let site = site().await;
    let asked = site
        .ask(
            Method::OPTIONS,
            "/v1/query",
            &[("origin", "https://x.example")],
        )
        .await;
    assert_eq!(asked.status, StatusCode::NO_CONTENT);
    assert_eq!(asked.header("access-control-allow-methods"), "POST");
    assert_eq!(asked.header("access-control-allow-headers"), "content-type");
    let wrong = site.get("/v1/query").await;
    assert_eq!(
        (wrong.status, wrong.json()["code"].clone()),
        (StatusCode::METHOD_NOT_ALLOWED, json!(12))
    );
}
