//! Documents that are sent: by whom, what comes of them, and how the page of sources tells.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::support::{Answer, Site, TOKENS, nvd};

const PACKAGES: &str = concat!(
    r#"{"name":"demo","version":"1.0","home_page":"https://demo.example/","#,
    r#""properties":{"cpe-name":"demo","cpe-vendor":"acme"}}"#
);
const OF_MASTER: &str = "branch=guix/master&revision=one&time=2026-01-01T00:00:00Z";

async fn send(site: &Site, token: &str, address: &str, body: impl Into<Body>) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    site.send(Method::POST, address, &headers, body.into())
        .await
}

fn message(answer: &Answer) -> String {
    answer.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn record(details: &str) -> String {
    nvd("CVE-2025-1000", "demo", details, "https://acme.example/1")
}

#[tokio::test]
async fn what_is_sent_is_imported_and_judged() {
    let site = Site::new().await;
    let address = format!("/receive/guix_inventory?{OF_MASTER}&document=master.jsonl");
    let inventory = send(&site, TOKENS[0], &address, PACKAGES).await;
    assert_eq!(inventory.status, StatusCode::OK, "{}", inventory.body);
    let told = inventory.json();
    assert_eq!(
        (&told["import"], &told["document"]),
        (&1.into(), &"master.jsonl".into())
    );
    let feed = send(&site, TOKENS[0], "/receive/nvd", record("An overflow.")).await;
    assert_eq!(feed.json()["added"], 1);
    let finding = site.json("/package/guix/demo/CVE-2025-1000.json").await;
    assert_eq!(finding["places"][0]["status"], "affected");

    let again = send(&site, TOKENS[0], "/receive/nvd", record("An overflow.")).await;
    assert_eq!(
        (again.status, &again.json()["import"]),
        (StatusCode::OK, &Value::Null)
    );
}

#[tokio::test]
async fn who_has_no_token_sends_nothing() {
    let site = Site::new().await;
    let without = site
        .send(Method::POST, "/receive/nvd", &[], Body::from(record("x")))
        .await;
    let wrong = send(&site, "a token of nobody", "/receive/nvd", record("x")).await;
    for answer in [without, wrong] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(message(&answer).contains("token"));
    }
    let other = send(&site, TOKENS[1], "/receive/nvd", record("x")).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    assert_eq!(message(&other), "sbom may not send nvd");
    assert_eq!(
        site.json("/feeds.json").await["imports"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_said_and_remembered() {
    let site = Site::new().await;
    let refused = async |address: &str, body: &str, status: StatusCode, words: &str| {
        let answer = send(&site, TOKENS[0], address, body.to_owned()).await;
        assert_eq!(answer.status, status, "{address}: {}", answer.body);
        assert!(message(&answer).contains(words), "{}", answer.body);
    };
    let (bad, unread) = (StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY);
    refused("/receive/nvd", "", bad, "there is no document").await;
    refused(
        "/receive/nvd?brunch=x",
        "{}",
        bad,
        "no parameter \"brunch\"",
    )
    .await;
    refused(
        "/receive/nvd?branch=x",
        "{}",
        bad,
        "write DISTRIBUTION/BRANCH",
    )
    .await;
    refused(
        "/receive/rpmdb",
        "{}",
        StatusCode::NOT_FOUND,
        "there is no format",
    )
    .await;
    refused(
        "/receive/nvd?document=../x.json",
        "{\"vulnerabilities\": [",
        unread,
        "read x.json",
    )
    .await;
    let status = "Package: demo\nStatus: install ok installed\nVersion: 1.0\nArchitecture: all\n";
    let branch = "it does not say of which branch it is; tell with ?branch=debian/BRANCH";
    refused("/receive/dpkg", status, unread, branch).await;

    let view = site.json("/sources.json").await;
    let source = &view["sources"][0];
    assert_eq!(
        (&source["name"], &source["failures"]),
        (&"ci".into(), &2.into())
    );
    let parts: Vec<_> = source["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(parts, ["dpkg", "nvd x.json"]);
    let cache = std::path::MAIN_SEPARATOR.to_string() + "cache";
    assert!(!view.to_string().contains(&cache), "{view}");
}

#[tokio::test]
async fn what_is_said_to_be_too_long_is_refused_before_it_is_sent() {
    let site = Site::new().await;
    let authorization = format!("Bearer {}", TOKENS[0]);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-length", "3000000000"),
    ];
    // What came of it is not looked at.
    let body = Body::from(record("An overflow."));
    let answer = site
        .send(Method::POST, "/receive/nvd", &headers, body)
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_index_without_a_repository_is_refused_beside_those_that_have_one() {
    let site = Site::new().await;
    let index = "P:zlib\nV:1.0-r0\nA:x86_64\n\n";
    let receive = async |query: &str| {
        let address = format!("/receive/apkindex?branch=alpine/edge{query}");
        send(&site, TOKENS[0], &address, index).await
    };
    assert_eq!(receive("&repository=main").await.status, StatusCode::OK);
    let refused = receive("").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        message(&refused).ends_with(
            "it does not say of which repository it is, and alpine/edge has main; say \
             ?repository=NAME"
        ),
        "{}",
        refused.body
    );
    let alone = send(
        &site,
        TOKENS[0],
        "/receive/apkindex?branch=alpine/v3.99",
        index,
    )
    .await;
    assert_eq!(alone.status, StatusCode::OK, "{}", alone.body);
    let time = receive("&repository=main&time=yesterday").await;
    assert_eq!(time.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        message(&time),
        "time: \"yesterday\" is none; write 2026-02-20T12:00:00Z"
    );
}

#[tokio::test]
async fn a_source_fails_as_long_as_one_of_its_documents_does() {
    let site = Site::new().await;
    let receive =
        async |address: &str, body: String| send(&site, TOKENS[0], address, body).await.status;
    let state = async || {
        let view = site.json("/sources.json").await;
        let source = &view["sources"][0];
        let parts = source["parts"].as_array().unwrap();
        let names: Vec<String> = parts
            .iter()
            .map(|part| part["name"].as_str().unwrap().to_owned())
            .collect();
        (source["error"].as_str().map(str::to_owned), names)
    };
    let (broken, good) = (
        "/receive/nvd?document=a.json",
        "/receive/nvd?document=b.json",
    );
    let unread = receive(broken, "{\"vulnerabilities\": [".to_owned()).await;
    assert_eq!(unread, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(receive(good, record("One.")).await, StatusCode::OK);
    let (error, parts) = state().await;
    assert_eq!(parts, ["nvd a.json", "nvd b.json"]);
    assert!(error.unwrap().starts_with("nvd a.json: read a.json"));
    assert_eq!(receive(broken, record("Two.")).await, StatusCode::OK);
    assert_eq!(state().await.0, None);
}

#[tokio::test]
async fn a_document_that_lost_half_is_held_back_unless_its_sender_insists() {
    let site = Site::new().await;
    let line = |n: usize| PACKAGES.replace("demo", &format!("demo{n}"));
    let all: Vec<String> = (0..200).map(line).collect();
    let address =
        |name: &str| format!("/receive/guix_inventory?{}", OF_MASTER.replace("one", name));
    let whole = send(&site, TOKENS[1], &address("one"), all.join("\n")).await;
    assert_eq!(whole.status, StatusCode::OK, "{}", whole.body);
    let few = send(&site, TOKENS[1], &address("two"), all[0].clone()).await;
    assert_eq!(few.status, StatusCode::CONFLICT, "{}", few.body);
    assert!(message(&few).contains("held back"), "{}", few.body);
    assert!(message(&few).contains("?believe=true"), "{}", few.body);
    let insisting = format!("{}&believe=true", address("two"));
    let believed = send(&site, TOKENS[1], &insisting, all[0].clone()).await;
    assert_eq!(believed.status, StatusCode::OK, "{}", believed.body);
}

#[tokio::test]
async fn the_page_of_sources_leads_to_what_was_passed_over() {
    let site = Site::new().await;
    let empty = site.page("/sources").await;
    assert!(empty.contains("No source has been asked yet"), "{empty}");
    let inventory = format!("{PACKAGES}\n{{\"name\": 1}}\n");
    let address = format!("/receive/guix_inventory?{OF_MASTER}");
    let sent = send(&site, TOKENS[0], &address, inventory).await;
    let told = sent.json();
    assert_eq!(
        (&told["records"], &told["rejected"]),
        (&1.into(), &1.into())
    );
    assert_eq!(told["rejects"][0]["place"], "line 2");
    let page = site.page("/sources").await;
    assert!(page.contains("guix_inventory guix/master"), "{page}");
    assert!(page.contains("<a href=\"/feeds/import/1\">1</a>"), "{page}");
}

#[tokio::test]
async fn metrics_tell_of_branches_and_of_configured_sources() {
    let site = Site::small().await;
    site.plan(&[("kev", 3600)]).await;
    let answer = site.get("/metrics").await;
    assert_eq!(
        answer.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    for line in [
        r#"palisade_findings{branch="guix/master",status="affected"} 1"#,
        r#"palisade_packages{branch="guix/master"} 2"#,
        r#"palisade_source_interval_seconds{source="kev"} 3600"#,
        r#"palisade_source_late{source="kev"} 1"#,
        r#"palisade_source_failures{source="kev"} 0"#,
    ] {
        assert!(
            answer.body.lines().any(|it| it == line),
            "{line}\n{}",
            answer.body
        );
    }
    assert!(
        !answer.body.contains("last_success"),
        "it was never had: {}",
        answer.body
    );
    assert!(answer.body.ends_with("# EOF\n"));
}
