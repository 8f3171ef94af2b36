//! Lists in all their forms: filtered, gone on with, as feeds and tables; maintainers, statistics,
//! events; and that what is kept is what is true.

use axum::http::{Method, StatusCode};
use palisade_formats::feed::FeedKind;
use palisade_web::Conduct;

use crate::support::{Site, let_be_seen, nvd};

fn package(name: &str, maintainer: &str) -> String {
    format!(
        r#"{{"name":"{name}","version":"1.0","properties":{{"cpe-name":"{name}","cpe-vendor":"acme"}},"maintainer":"{maintainer}"}}"#
    )
}

#[tokio::test]
async fn a_branch_comes_as_a_feed_and_as_a_table() {
    let site = Site::small().await;
    let feed = site.get("/branch/guix/master.atom").await;
    assert_eq!(
        feed.header("content-type"),
        "application/atom+xml; charset=utf-8"
    );
    assert!(
        feed.body
            .contains("<title>CVE-2025-1000 in demo 1.0</title>"),
        "{}",
        feed.body
    );
    assert!(
        feed.body
            .contains("href=\"/package/guix/demo/CVE-2025-1000\""),
        "{}",
        feed.body
    );
    let by_accept = site
        .ask(
            Method::GET,
            "/branch/guix/master",
            &[("accept", "application/atom+xml")],
        )
        .await;
    assert_eq!(
        by_accept.header("content-type"),
        feed.header("content-type")
    );
    let table = site.get("/branch/guix/master.csv").await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = table.body.lines().collect();
    assert_eq!(lines.len(), 2, "{}", table.body);
    assert!(lines[0].starts_with("vulnerability,title,branch,package,version,repository,status"));
    assert!(lines[1].starts_with("CVE-2025-1000,"), "{}", lines[1]);
    let lines = site.get("/branch/guix/master.jsonl?status=open").await;
    assert_eq!(lines.header("content-type"), "application/jsonl");
    let each = lines.body.lines();
    let each: Vec<serde_json::Value> = each
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let whole = site.json("/branch/guix/master.json?status=open").await;
    assert_eq!(serde_json::Value::from(each), whole["findings"]);
    let none = site.get("/vulnerability/CVE-2025-1000.csv").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_list_goes_on_while_findings_come_and_go() {
    let site = Site::new().await;
    let document = |number: u32| {
        let id = format!("CVE-2025-{number}");
        nvd(&id, "demo", "x", "https://acme.example/")
    };
    for number in 1000..1010 {
        site.feed(FeedKind::Nvd, &document(number)).await;
    }
    site.revision("one", &[&package("demo", "Ada")]).await;
    let first = site.json("/branch/guix/master.json?limit=4").await;
    let next = first["next"].as_str().unwrap().to_owned();
    // The newest identifier comes first among equals, so this one is put in front.
    site.feed(FeedKind::Nvd, &document(2000)).await;
    let second = site.json(&next).await;
    let names = |answer: &serde_json::Value| -> Vec<String> {
        let findings = answer["findings"].as_array().unwrap().iter();
        findings
            .map(|it| it["vulnerability"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&first).last().unwrap(), "CVE-2025-1006");
    assert_eq!(names(&second).first().unwrap(), "CVE-2025-1005");
    let other = next.replace("limit=4", "limit=4&sort=package");
    let refused = site.get(&other).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.body);
}

#[tokio::test]
async fn events_are_followed_by_number() {
    let site = Site::small().await;
    let latest = site.json("/events.json").await;
    let since = latest["since"].as_str().unwrap().to_owned();
    let none = site.json(&since).await;
    assert_eq!(none["events"].as_array().unwrap().len(), 0);
    assert_eq!(none["since"].as_str().unwrap(), since);
    site.feed(
        FeedKind::Nvd,
        &nvd("CVE-2025-2000", "demo", "x", "https://acme.example/"),
    )
    .await;
    let_be_seen().await;
    let new = site.json(&since).await;
    let opened: Vec<&serde_json::Value> = new["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["kind"] == "finding.opened")
        .collect();
    assert_eq!(opened.len(), 1, "{new}");
    assert_eq!(opened[0]["vulnerability"], "CVE-2025-2000");
    let of_one = site.json("/events.json?vulnerability=CVE-2025-1000").await;
    let events = of_one["events"].as_array().unwrap();
    assert!(!events.is_empty());
    assert!(
        events
            .iter()
            .all(|event| event["vulnerability"] == "CVE-2025-1000")
    );
    let page = site
        .page("/events?kind=finding.opened&branch=guix/master")
        .await;
    assert!(
        page.contains("CVE-2025-2000 in demo 1.0 is affected"),
        "{page}"
    );
    let feed = site.get("/events.atom").await;
    assert!(feed.body.contains("CVE-2025-2000 in demo 1.0 is affected"));
    let today = opened[0]["time"].as_str().unwrap()[..10].to_owned();
    assert!(page.contains(&format!("<h2>{today}</h2>")), "{page}");
    let until = async |day: &str| {
        site.json(&format!("/events.json?until={day}&limit=1"))
            .await
    };
    let to_the_end = until(&today).await;
    assert_eq!(
        to_the_end["events"][0],
        site.json("/events.json").await["events"][0]
    );
    assert!(
        to_the_end["next"].as_str().unwrap().contains("before="),
        "{to_the_end}"
    );
    assert_eq!(until("2025-01-01").await["events"], serde_json::json!([]));
    for day in ["9999-12-31", "2025-13-01", "yesterday"] {
        let refused = site.get(&format!("/events?until={day}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{day}");
    }
    let between = site.json("/events.json?since=1&before=4&limit=1").await;
    assert_eq!(between["events"][0]["number"], 2);
    let rest = site.json(between["next"].as_str().unwrap()).await;
    assert_eq!(rest["events"][0]["number"], 3);
    assert_eq!(rest["next"], serde_json::Value::Null);
    let unknown = site.get("/events?branch=guix/nothing").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn feeds_refer_to_pages_under_the_address_that_is_known() {
    let site = Site::small().await;
    let relative = site.get("/branch/guix/master.atom").await;
    assert!(relative.body.contains("href=\"/branch/guix/master\""));
    site.treat(Conduct {
        address: Some("https://palisade.example".to_owned()),
        ..Conduct::default()
    });
    let feed = site.get("/branch/guix/master.atom").await.body;
    for path in [
        "/branch/guix/master.atom",
        "/branch/guix/master",
        "/package/guix/demo/CVE-2025-1000",
    ] {
        let link = format!("href=\"https://palisade.example{path}\"");
        assert!(feed.contains(&link), "{path}: {feed}");
    }
}

#[tokio::test]
async fn a_filtered_list_says_what_is_left_out() {
    let site = Site::small().await;
    let all = site.page("/branch/guix/master").await;
    assert!(!all.contains("Shown are only"), "{all}");
    let some = site
        .page("/branch/guix/master?minimum_level=high&q=dem&fixable=yes")
        .await;
    for word in ["level: High or worse", "text: dem", "a fix is known"] {
        assert!(some.contains(&format!("<b>{word}</b>")), "{word}: {some}");
    }
}

#[tokio::test]
async fn maintainers_are_found_by_parts_of_their_names() {
    let site = Site::new().await;
    let packages = [
        "demo 1.0-r0 demo Ann Archer <ann@example.org>",
        "other 1.0-r0 other Ann Archer <ann@example.org>",
        "third 1.0-r0 third Bob <bob@example.org>",
    ];
    site.alpine(1, &packages).await;
    let found = site.json("/search.json?q=ARCH").await;
    let ann = serde_json::json!([{
        "distribution": "alpine", "name": "Ann Archer <ann@example.org>", "packages": 2
    }]);
    assert_eq!(found["maintainers"], ann);
    let page = site.page("/search?q=archer").await;
    let address = "/maintainers/alpine/packages?name=Ann%20Archer%20%3Cann%40example%2Eorg%3E";
    assert!(page.contains(address), "{page}");
    site.page(address).await;
}

#[tokio::test]
async fn a_version_tells_which_later_one_has_the_known_fixes() {
    let site = Site::small().await;
    let view = site.json("/package/guix/demo.json").await;
    let version = &view["versions"][0];
    assert_eq!(version["affected"], 1);
    assert_eq!(version["fixable"], 1);
    assert_eq!(version["last_fix"], "2.0");
    let page = site.page("/package/guix/demo").await;
    assert!(page.contains("a fix is known: in 2.0"), "{page}");
}

#[tokio::test]
async fn packages_without_a_maintainer_are_listed() {
    let site = Site::small().await;
    let view = site.json("/maintainers/guix.json").await;
    assert_eq!(view["maintainers"].as_array().unwrap().len(), 0);
    assert_eq!(view["orphaned"]["packages"], 2);
    assert_eq!(view["orphaned"]["affected_packages"], 1);
    let page = site.page("/maintainers/guix").await;
    assert!(page.contains("name no maintainers"), "{page}");
    let orphaned = site.page("/maintainers/guix/orphaned").await;
    assert!(orphaned.contains("/package/guix/demo"), "{orphaned}");
    let nobody = site.get("/maintainers/guix/packages?name=Nobody").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let nameless = site.get("/maintainers/guix/packages").await;
    assert_eq!(nameless.status, StatusCode::BAD_REQUEST);
    let filtered = site.json("/branch/guix/master.json?maintainer=none").await;
    assert_eq!(filtered["total"], 1);
}

#[tokio::test]
async fn statistics_count_what_is_open() {
    let site = Site::small().await;
    let view = site.json("/statistics.json").await;
    assert_eq!(view["branches"][0]["counts"]["affected"], 1);
    let aged: u64 = view["ages"][0]["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bucket| bucket[1].as_u64().unwrap())
        .sum();
    assert_eq!(aged, 1);
    assert_eq!(view["packages"][0]["name"], "demo");
    assert_eq!(view["weeks"].as_array().unwrap().len(), 26);
    let opened: i64 = view["weeks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|week| week["opened"].as_i64().unwrap())
        .sum();
    assert_eq!(opened, 1);
    assert!(site.page("/statistics").await.contains("guix/master"));
}

#[tokio::test]
async fn a_distribution_has_a_page_of_its_branches() {
    let site = Site::small().await;
    assert!(
        site.page("/distribution/guix")
            .await
            .contains("/branch/guix/master")
    );
    let none = site.get("/distribution/debian").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_misspelt_name_is_found() {
    let site = Site::small().await;
    let page = site.page("/search?q=dmeo").await;
    assert!(page.contains("did you mean"), "{page}");
    assert!(page.contains("/package/guix/demo"), "{page}");
}

#[tokio::test]
async fn the_timeline_tells_of_sources_and_branches() {
    let site = Site::small().await;
    let view = site.json("/vulnerability/CVE-2025-1000.json").await;
    let says: Vec<&str> = view["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["says"].as_str().unwrap())
        .collect();
    assert!(
        says.iter().any(|says| says.contains("published by nvd")),
        "{says:?}"
    );
    assert!(
        says.contains(&"CVE-2025-1000 in demo 1.0 is affected (guix/master)"),
        "{says:?}"
    );
}

#[tokio::test]
async fn what_is_kept_goes_with_the_state_of_which_it_was_made() {
    let site = Site::small().await;
    let before = site.get("/branch/guix/master.json").await;
    let again = site.get("/branch/guix/master.json").await;
    assert_eq!(
        (&again.body, again.header("etag")),
        (&before.body, before.header("etag"))
    );
    let tag = before.header("etag").to_owned();
    let held = site
        .ask(
            Method::GET,
            "/branch/guix/master.json",
            &[("if-none-match", &tag)],
        )
        .await;
    assert_eq!(
        (held.status, held.body.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
    site.feed(
        FeedKind::Nvd,
        &nvd("CVE-2025-2000", "demo", "x", "https://acme.example/"),
    )
    .await;
    let_be_seen().await;
    let after = site
        .ask(
            Method::GET,
            "/branch/guix/master.json",
            &[("if-none-match", &tag)],
        )
        .await;
    assert_eq!(after.status, StatusCode::OK);
    assert!(after.body.contains("CVE-2025-2000"), "{}", after.body);
}

#[tokio::test]
async fn each_kept_form_is_its_own() {
    let site = Site::small().await;
    for encoding in ["zstd", "gzip", "identity", "gzip;q=0, zstd;q=0"] {
        for _ in 0..2 {
            let headers = [("accept-encoding", encoding), ("accept", "text/html")];
            let answer = site.ask(Method::GET, "/branch/guix/master", &headers).await;
            let used = answer.header("content-encoding").to_owned();
            let wanted = if encoding.contains("q=0") || encoding == "identity" {
                ""
            } else {
                encoding
            };
            assert_eq!(used, wanted, "{encoding}");
            assert!(answer.header("vary").contains("accept"), "{encoding}");
        }
    }
    let page = site.get("/branch/guix/master").await;
    assert!(page.header("content-type").starts_with("text/html"));
    let json = site
        .ask(
            Method::GET,
            "/branch/guix/master",
            &[("accept", "application/json")],
        )
        .await;
    assert_eq!(json.header("content-type"), "application/json");
}

#[tokio::test]
async fn answers_tell_when_the_database_last_changed() {
    let site = Site::small().await;
    let answer = site.get("/branches.json").await;
    // The clock of these imports is in the year 2027: nothing is told before that second is over.
    assert_eq!(answer.header("last-modified"), "");
    let live = site.get("/sources.json").await;
    assert_eq!(live.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn the_interface_is_described() {
    let site = Site::small().await;
    let document = site.json("/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    for (path, operations) in document["paths"].as_object().unwrap() {
        let Some(operation) = operations.get("get") else {
            continue;
        };
        let parameters = operation["parameters"].as_array().unwrap();
        if parameters.iter().all(|it| it["required"] == false) {
            let answer = site.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
        }
    }
    assert!(
        site.page("/api")
            .await
            .contains("/branch/{distribution}/{branch}.json")
    );
}

/// A value that a parameter may have, by how it is described.
fn value_of(parameter: &serde_json::Value) -> String {
    let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
    let choice = schema["enum"][0].as_str();
    let least = schema["minimum"].as_u64().map(|it| it.to_string());
    let usual = match name {
        "distribution" => "guix",
        "branch" if parameter["in"] == "path" => "master",
        "branch" | "from" | "to" => "guix/master",
        "base_branch" | "target_branch" => "master",
        "month" => "2026-10",
        "number" | "repository" => "1",
        "commit" | "revision" | "base_commit" | "target_commit" => "one",
        "vulnerability" | "id" => "CVE-2025-1000",
        "until" => "2026-10-01",
        name if name.ends_with("_date") || name.ends_with("_datetime") => "2026-10-01",
        _ => "demo",
    };
    let told = choice.map(str::to_owned).or(least);
    told.unwrap_or_else(|| usual.to_owned()).replace('/', "%2F")
}

#[tokio::test]
async fn each_parameter_that_is_described_is_one_of_its_route() {
    let site = Site::small().await;
    let document = site.json("/openapi.json").await;
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let Some(parameters) = operations["get"]["parameters"].as_array() else {
            continue;
        };
        let of = |parameter: &&serde_json::Value| parameter["in"] == "path";
        let (in_path, in_query): (Vec<_>, Vec<_>) = parameters.iter().partition(of);
        let path = in_path.into_iter().fold(path.clone(), |path, parameter| {
            let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
            path.replace(&name, &value_of(parameter))
        });
        for parameter in in_query {
            let name = parameter["name"].as_str().unwrap();
            let address = format!("{path}?{name}={}", value_of(parameter));
            let answer = site.get(&address).await;
            let known = !answer.body.contains("there is no parameter");
            assert!(known, "{address}: {}", answer.body);
            asked += 1;
        }
    }
    assert!(asked >= 50, "{asked}");
}

#[tokio::test]
async fn the_feed_of_a_package_holds_only_what_happened_in_its_distribution() {
    let site = Site::small().await;
    let fixed = serde_json::json!({"distroversion": "v3.17", "reponame": "main", "packages": [
        {"pkg": {"name": "demo", "secfixes": {"1.2-r0": ["CVE-2025-1000"]}}}]});
    site.feed(FeedKind::Secdb, &fixed.to_string()).await;
    site.alpine(1, &["demo 1.1-r0"]).await;
    let_be_seen().await;
    let both = site.json("/events.json?package=demo").await;
    assert_eq!(branches(&both), ["alpine/v3.17", "guix/master"]);
    for (distribution, branch) in [("alpine", "alpine/v3.17"), ("guix", "guix/master")] {
        let page = site.page(&format!("/package/{distribution}/demo")).await;
        let feed = format!("/events.atom?distribution={distribution}&amp;package=demo");
        let linked = page.contains(&feed) || page.contains(&feed.replace("&amp;", "&#38;"));
        assert!(linked, "{page}");
        let feed = site.get(&feed.replace("&amp;", "&")).await;
        assert!(feed.body.contains(branch), "{}", feed.body);
        let other = both["events"].as_array().unwrap().iter();
        let mut other = other.map(|it| it["branch"].as_str().unwrap());
        let other = other.find(|it| *it != branch).unwrap();
        assert!(!feed.body.contains(other), "{}", feed.body);
        let address = format!("/events.json?distribution={distribution}&package=demo&since=0");
        let list = site.json(&address).await;
        assert_eq!(branches(&list), [branch]);
        let since = list["since"].as_str().unwrap();
        let wanted = format!("distribution={distribution}&package=demo&since=");
        assert!(since.contains(&wanted), "{since}");
        assert!(
            site.json(since).await["events"]
                .as_array()
                .unwrap()
                .is_empty()
        );
    }
    let nothing = site.json("/events.json?distribution=debian").await;
    assert_eq!(branches(&nothing), [""; 0]);
}

/// On which branches events happened.
fn branches(events: &serde_json::Value) -> Vec<String> {
    let events = events["events"].as_array().unwrap().iter();
    let named: std::collections::BTreeSet<String> = events
        .map(|it| it["branch"].as_str().unwrap().to_owned())
        .collect();
    named.into_iter().collect()
}
