//! The Guix Data Service's interface: its paths, parameters and keys.

use axum::http::{Method, StatusCode};
use palisade_formats::guix_data_service;
use serde_json::{Value, json};

use crate::support::Site;

fn package(name: &str, version: &str) -> Value {
    json!({"name": name, "version": version, "synopsis": format!("Show <{name}>"),
        "home_page": format!("https://{name}.example/"), "license": ["gpl3+"],
        "location": "gnu/packages/x.scm:42:2"})
}

/// Two revisions of master and one of staging: alpha is upgraded, beta goes, gamma comes.
async fn site() -> Site {
    let site = Site::new().await;
    let one = [
        package("alpha", "1.0"),
        package("beta", "1.0"),
        package("twin", "1.0"),
        package("twin", "2.0"),
    ];
    site.guix("master", 1, &one).await;
    let two = [
        package("alpha", "1.1"),
        package("gamma", "1.0"),
        package("twin", "1.0"),
        package("twin", "2.0"),
    ];
    site.guix("master", 2, &two).await;
    site.guix("staging", 3, &one).await;
    site
}

async fn error(site: &Site, address: &str) -> (StatusCode, Value) {
    let answer = site.get(address).await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "*",
        "{address}"
    );
    (answer.status, answer.json())
}

#[tokio::test]
async fn branches_and_revisions_are_listed() {
    let site = site().await;
    let all = site.json("/repositories.json").await;
    assert_eq!(all["repositories"][0]["id"], 1);
    let repository = site.json("/repository/1.json").await;
    assert_eq!(
        repository["branches"],
        json!([{"name": "master", "commit": "master2"}, {"name": "staging", "commit": "staging3"}])
    );
    let revisions = async |query: &str| {
        let found = site
            .json(&format!("/repository/1/branch/master.json{query}"))
            .await;
        let found = found["revisions"].as_array().unwrap().clone();
        found
            .iter()
            .map(|it| it["commit-hash"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(revisions("").await, ["master2", "master1"]);
    assert_eq!(revisions("?limit_results=1").await, ["master2"]);
    assert_eq!(
        revisions("?before_date=2026-01-01+12:00:00").await,
        ["master1"]
    );
    assert_eq!(
        revisions("?after_date=2026-01-01+12:00:00").await,
        ["master2"]
    );
    let first = &site.json("/repository/1/branch/staging.json").await["revisions"][0];
    assert_eq!(
        first,
        &json!({"date": "2026-01-03 00:00:00", "commit-hash": "staging3", "data_available": true})
    );
}

#[tokio::test]
async fn a_revision_tells_its_packages() {
    let site = site().await;
    for address in [
        "/revision/master2.json",
        "/repository/1/branch/master/latest-processed-revision.json",
    ] {
        let found = site.json(address).await;
        assert_eq!(found["revision"]["commit"], "master2");
        assert_eq!(found["packages_count"], 4);
    }
    let names = async |query: &str| {
        let found = site
            .json(&format!("/revision/master2/packages.json{query}"))
            .await;
        assert_eq!(found["revision"], json!({"commit": "master2"}));
        let found = found["packages"].as_array().unwrap().clone();
        found
            .iter()
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["alpha", "gamma", "twin", "twin"]);
    assert_eq!(names("?limit_results=1").await, ["alpha"]);
    assert_eq!(names("?limit_results=1&after_name=alpha").await, ["gamma"]);
    // All versions of a name come together, so that none is lost between two answers.
    assert_eq!(
        names("?limit_results=1&after_name=gamma").await,
        ["twin", "twin"]
    );
    assert_eq!(names("?after_name=twin").await, [""; 0]);
    assert_eq!(names("?all_results=on").await.len(), 4);
    assert_eq!(names("?search_query=show+gamma").await, ["gamma"]);
    assert_eq!(names("?search_query=none").await, [""; 0]);
    let latest = "/repository/1/branch/master/latest-processed-revision/packages.json";
    assert_eq!(
        site.json(latest).await,
        site.json("/revision/master2/packages.json").await
    );
}

#[tokio::test]
async fn a_package_has_the_fields_that_are_asked_for() {
    let site = site().await;
    let first = async |query: &str| {
        let found = site
            .json(&format!(
                "/revision/master2/packages.json?limit_results=1{query}"
            ))
            .await;
        found["packages"][0].clone()
    };
    assert_eq!(first("").await, json!({"name": "alpha"}));
    assert_eq!(
        first("&field=version").await,
        json!({"name": "alpha", "version": "1.1"})
    );
    let all = first("&field=version&field=synopsis&field=description&field=home-page&field=location&field=licenses").await;
    let whole = json!({
        "name": "alpha", "version": "1.1", "home-page": "https://alpha.example/",
        "synopsis": {"source": "Show <alpha>", "plain": "Show <alpha>",
            "html": "<p>Show &lt;alpha&gt;</p>", "locale": "en_US.UTF-8"},
        "location": {"file": "gnu/packages/x.scm", "line": 42, "column": 2},
        "licenses": [{"name": "gpl3+", "uri": null, "comment": null}],
    });
    assert_eq!(all, whole);
    let mut one = site.json("/revision/master2/package/alpha/1.1.json").await;
    assert_eq!(one["derivations"].take(), json!([]));
    one.as_object_mut().unwrap().remove("derivations");
    assert_eq!(one, whole);
    let versions = site.json("/revision/master2/package/twin.json").await;
    assert_eq!(versions, json!({"versions": ["1.0", "2.0"]}));
    let latest = "/repository/1/branch/master/latest-processed-revision/package";
    assert_eq!(site.json(&format!("{latest}/twin.json")).await, versions);
    assert_eq!(
        site.json(&format!("{latest}/alpha/1.1.json")).await["version"],
        "1.1"
    );
}

#[tokio::test]
async fn it_is_told_when_a_version_was_where() {
    let site = site().await;
    let history = site
        .json("/repository/1/branch/master/package/alpha.json")
        .await;
    let at = |day: u8| json!({"commit": format!("master{day}"), "datetime": format!("2026-01-{day:02} 00:00:00")});
    assert_eq!(
        history,
        json!({"versions": [
            {"version": "1.1", "first_revision": at(2), "last_revision": at(2)},
            {"version": "1.0", "first_revision": at(1), "last_revision": at(1)}]})
    );
    let twin = site
        .json("/repository/1/branch/master/package/twin.json")
        .await;
    assert_eq!(twin["versions"][0]["first_revision"], at(1));
    assert_eq!(twin["versions"][0]["last_revision"], at(2));
    let everywhere = site.json("/package/alpha.json").await;
    let branch = |name: &str| json!([{"git_repository_id": 1, "name": name}]);
    assert_eq!(
        everywhere,
        json!({"name": "alpha", "versions": [
            {"version": "1.0", "branches": branch("staging")},
            {"version": "1.1", "branches": branch("master")}]})
    );
}

#[tokio::test]
async fn two_revisions_are_compared() {
    let site = site().await;
    let found = site
        .json("/compare.json?base_commit=master1&target_commit=master2")
        .await;
    assert_eq!(
        found,
        json!({
            "base-commit": "master1", "target-commit": "master2", "channel-news": [],
            "new-packages": [{"name": "gamma", "version": "1.0"}],
            "removed-packages": [{"name": "beta", "version": "1.0"}],
            "version-changes": [{"name": "alpha", "base": ["1.0"], "target": ["1.1"]}],
        })
    );
    let by_time = "/compare-by-datetime.json?base_branch=master&base_datetime=2026-01-01T00:00:00Z\
        &target_branch=master&target_datetime=2026-01-02+10:00:00";
    assert_eq!(site.json(by_time).await, found);
    let packages = site
        .json("/compare/packages.json?base_commit=master1&target_commit=master2")
        .await;
    assert_eq!(
        packages["base"]["packages"][1],
        json!({"name": "beta", "version": "1.0"})
    );
    assert_eq!(packages["target"]["packages"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn what_palisade_says_of_a_revision_it_reads_back() {
    let site = Site::new().await;
    let commit = "d659fe8666c4f5e0a4a7d5f3ad6b6e2f3c1a0b9d";
    let packages = [
        package("alpha", "1.1").to_string(),
        package("beta", "1.0").to_string(),
    ];
    site.revision(commit, &packages.each_ref().map(String::as_str))
        .await;
    let wanted = "all_results=on&field=version&field=synopsis&field=location";
    let answer = site
        .get(&format!("/revision/{commit}/packages.json?{wanted}"))
        .await;
    let mut rejects = Vec::new();
    let read = guix_data_service::read("packages.json", &mut answer.body.as_bytes(), &mut |bad| {
        rejects.push(bad);
    });
    let inventory = read.unwrap();
    assert_eq!(rejects, []);
    assert_eq!(inventory.head.revision.as_deref(), Some(commit));
    assert_eq!(inventory.packages.len(), 2);
    assert_eq!(
        inventory.packages[0].location.as_deref(),
        Some("gnu/packages/x.scm:42:2")
    );
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_keys_of_the_interface() {
    let site = site().await;
    let unknown = (StatusCode::NOT_FOUND, json!({"unknown_commit": "none"}));
    for address in [
        "/revision/none.json",
        "/revision/none/packages.json",
        "/revision/none/package/x.json",
        "/revision/none/package/x/1.json",
    ] {
        assert_eq!(error(&site, address).await, unknown, "{address}");
    }
    for (address, reason) in [
        ("/repository/2.json", "no such repository"),
        ("/repository/1/branch/none.json", "no such branch"),
        (
            "/repository/1/branch/none/latest-processed-revision.json",
            "no latest revision",
        ),
        (
            "/repository/1/branch/none/latest-processed-revision/packages.json",
            "no latest revision",
        ),
        ("/revision/master1/package/alpha/9.json", "no such package"),
        ("/revision/master1.csv", "this does not come in this form"),
    ] {
        assert_eq!(
            error(&site, address).await,
            (StatusCode::NOT_FOUND, json!({"error": reason}))
        );
    }
    let compared = error(
        &site,
        "/compare.json?base_commit=master1&target_commit=none",
    )
    .await;
    assert_eq!(compared.0, StatusCode::NOT_FOUND);
    assert_eq!(compared.1["base_job"], Value::Null);
    for address in [
        "/compare.json?base_commit=master1",
        "/revision/master1/packages.json?field=hash",
        "/revision/master1/packages.json?limit_results=0",
        "/repository/1/branch/master.json?after_date=x",
        "/revision/master1/packages.json?colour=red",
        "/revision/master1/packages.json?locale=de_DE.UTF-8",
    ] {
        assert_eq!(
            error(&site, address).await.0,
            StatusCode::BAD_REQUEST,
            "{address}"
        );
    }
}

#[tokio::test]
async fn people_are_sent_to_our_pages_and_those_who_know_an_answer_get_none() {
    let site = site().await;
    for (address, page) in [
        ("/repository/1", "/branches"),
        ("/repository/1/branch/master", "/branch/guix/master"),
        (
            "/repository/1/branch/master/package/alpha",
            "/package/guix/alpha",
        ),
        ("/revision/master1", "/branch/guix/master?revision=master1"),
        (
            "/revision/master1/packages",
            "/branch/guix/master?revision=master1",
        ),
        ("/package/alpha", "/package/guix/alpha"),
    ] {
        let answer = site.get(address).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, page),
            "{address}"
        );
        assert_eq!(site.get(page).await.status, StatusCode::OK, "{page}");
        let first = site.get(&format!("{address}.json")).await;
        let headers = [
            ("if-none-match", first.header("etag")),
            ("accept", "application/json"),
        ];
        let again = site.ask(Method::GET, address, &headers).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{address}");
    }
}
