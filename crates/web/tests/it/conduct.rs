//! How clients are treated: limits, ids of requests, what is told of both.

use axum::http::StatusCode;
use palisade_web::{Conduct, Limits, Proxies, Security};

use crate::support::{Answer, Site};

const CLIENT: &str = "198.51.100.1:1000";
const PROXY: &str = "10.0.0.1:1000";

fn limited() -> Conduct {
    let units = |number: u32| number.try_into().unwrap();
    Conduct {
        limits: Some(Limits {
            per_second: units(1),
            burst: units(10),
            search: units(5),
            ..Limits::default()
        }),
        proxies: Proxies {
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            ..Proxies::default()
        },
        ..Conduct::default()
    }
}

async fn spend(site: &Site, peer: &str, headers: &[(&str, &str)]) -> Answer {
    for _ in 0..2 {
        let answer = site.ask_from(peer, "/search?q=demo", headers).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    site.ask_from(peer, "/search?q=demo", headers).await
}

#[tokio::test]
async fn who_asks_too_much_is_told_when_to_come_again() {
    let site = Site::small().await;
    site.treat(limited());
    let page = spend(&site, CLIENT, &[]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.body.contains("<h1>Too Many Requests</h1>"),
        "{}",
        page.body
    );
    let wait: u64 = page.header("retry-after").parse().unwrap();
    assert!((1..=5).contains(&wait), "{wait}");
    let json = site.ask_from(CLIENT, "/branches.json", &[]).await;
    assert_eq!(json.json()["error"]["status"], 429);
    assert!(!json.header("retry-after").is_empty());
    let accept = [("accept", "application/json")];
    assert!(!json.header("content-security-policy").is_empty());
    let json = site.ask_from(CLIENT, "/nothing", &accept).await;
    assert_eq!(json.json()["error"]["status"], 429);
}

#[tokio::test]
async fn what_is_kept_in_memory_costs_as_much() {
    let site = Site::small().await;
    site.treat(limited());
    for _ in 0..10 {
        let answer = site.ask_from(CLIENT, "/branches", &[]).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    let refused = site.ask_from(CLIENT, "/branches", &[]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let metrics = site.get("/metrics").await.body;
    let told = "route=\"/branches\",status=\"200\"} 10\n";
    assert!(metrics.contains(told), "{metrics}");
}

#[tokio::test]
async fn a_long_list_costs_as_much_under_each_of_its_addresses() {
    const LATEST: &str = "/repository/1/branch/master/latest-processed-revision";
    let site = Site::small().await;
    site.alpine(1, &["demo 1.1-r0"]).await;
    site.treat(limited());
    let addresses = [
        "/revision/one/packages.json".to_owned(),
        "/revision/one/package-origins.json".to_owned(),
        format!("{LATEST}/packages.json"),
        format!("{LATEST}/package-origins.json"),
        "/branch/3.17-main.json".to_owned(),
        "/branch/3.17-main/vuln-orphaned.json".to_owned(),
        "/branch/3.17-main/maintainer-issues.json".to_owned(),
    ];
    for (host, address) in (10..).zip(addresses) {
        let client = format!("198.51.100.{host}:1");
        let answer = site.ask_from(&client, &address, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.body);
        // It is worth more than anybody has at once.
        let next = site.ask_from(&client, "/branches", &[]).await;
        assert_eq!(next.status, StatusCode::TOO_MANY_REQUESTS, "{address}");
    }
}

#[tokio::test]
async fn others_are_answered_meanwhile_and_what_costs_nothing_is_too() {
    let site = Site::small().await;
    site.treat(limited());
    let refused = spend(&site, CLIENT, &[]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let other = site.ask_from("198.51.100.2:1", "/branches", &[]).await;
    assert_eq!(other.status, StatusCode::OK);
    let health = site.ask_from(CLIENT, "/healthz", &[]).await;
    assert_eq!(health.status, StatusCode::OK);
    let metrics = site.get("/metrics").await.body;
    let told = "palisade_http_requests_limited_total{route=\"/search\"} 1\n";
    assert!(metrics.contains(told), "{metrics}");
}

#[tokio::test]
async fn a_client_behind_a_proxy_is_its_own_and_cannot_be_another() {
    let site = Site::small().await;
    site.treat(limited());
    let first = [("x-forwarded-for", "192.0.2.1")];
    let refused = spend(&site, PROXY, &first).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    // Whatever the client writes itself stands before what the proxy adds.
    let lying = [("x-forwarded-for", "203.0.113.5, 192.0.2.1")];
    let refused = site.ask_from(PROXY, "/branches", &lying).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let second = [("x-forwarded-for", "192.0.2.2")];
    let answered = site.ask_from(PROXY, "/branches", &second).await;
    assert_eq!(answered.status, StatusCode::OK);
    // Nobody else may speak for others.
    let refused = spend(&site, CLIENT, &[("x-forwarded-for", "192.0.2.3")]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let other = [("x-forwarded-for", "192.0.2.4")];
    let refused = site.ask_from(CLIENT, "/branches", &other).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn limits_that_stay_the_same_go_on_counting_and_others_begin_anew() {
    let site = Site::small().await;
    site.treat(limited());
    let refused = spend(&site, CLIENT, &[]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    site.treat(limited());
    let refused = site.ask_from(CLIENT, "/search?q=demo", &[]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    site.treat(Conduct::default());
    let answered = site.ask_from(CLIENT, "/search?q=demo", &[]).await;
    assert_eq!(answered.status, StatusCode::OK);
}

#[tokio::test]
async fn an_id_is_taken_from_proxies_alone() {
    let site = Site::small().await;
    site.treat(limited());
    let given = [("x-request-id", "a-1"), ("x-forwarded-for", "192.0.2.1")];
    let answer = site.ask_from(PROXY, "/about", &given).await;
    assert_eq!(answer.header("x-request-id"), "a-1");
    let answer = site.ask_from(CLIENT, "/about", &given).await;
    assert_eq!(answer.header("x-request-id").len(), 36);
    for bad in ["", "a b", "{\"x\"}", &"x".repeat(65)] {
        let answer = site
            .ask_from(PROXY, "/about", &[("x-request-id", bad)])
            .await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{bad}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let site = Site::small().await;
    for address in [
        "/package/guix/demo",
        "/package/guix/calm.json",
        "/package/guix/none",
        "/x/y",
    ] {
        site.get(address).await;
    }
    let metrics = site.get("/metrics").await.body;
    for line in [
        "palisade_http_requests_total{method=\"GET\",route=\"/package/{distribution}/{name}\",status=\"200\"} 2",
        "palisade_http_requests_total{method=\"GET\",route=\"/package/{distribution}/{name}\",status=\"404\"} 1",
        "palisade_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        "palisade_http_request_duration_seconds_count{route=\"/package/{distribution}/{name}\"} 3",
        "palisade_http_requests_under_way 1",
        "palisade_cache_requests_total{result=\"hit\"}",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("calm"), "no address stands there");
}

fn security(expires: &str) -> Security {
    Security {
        contact: vec![
            "mailto:security@example.org".into(),
            "https://example.org/report".into(),
        ],
        expires: expires.parse().unwrap(),
        policy: Some("https://example.org/policy".into()),
        encryption: None,
        languages: vec!["en".into(), "de".into()],
        canonical: vec!["https://palisade.example.org/.well-known/security.txt".into()],
    }
}

#[tokio::test]
async fn security_txt_is_there_when_it_is_configured_and_valid() {
    let site = Site::small().await;
    let address = "/.well-known/security.txt";
    assert_eq!(site.get(address).await.status, StatusCode::NOT_FOUND);
    let with = |expires: &str| Conduct {
        security: Some(security(expires)),
        ..Conduct::default()
    };
    // It is 2027-01-15 for this site.
    site.treat(with("2027-01-15T00:00:00Z"));
    assert_eq!(site.get(address).await.status, StatusCode::NOT_FOUND);
    assert!(!site.page("/policy").await.contains("security@example.org"));
    site.treat(with("2027-12-31T23:00:00Z"));
    let answer = site.get(address).await;
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        answer.body,
        "Contact: mailto:security@example.org\nContact: https://example.org/report\n\
         Expires: 2027-12-31T23:00:00Z\nPolicy: https://example.org/policy\n\
         Preferred-Languages: en, de\n\
         Canonical: https://palisade.example.org/.well-known/security.txt\n"
    );
    assert!(
        site.page("/policy")
            .await
            .contains("href=\"mailto:security@example.org\"")
    );
}

#[tokio::test]
async fn the_policy_tells_the_limits_that_hold() {
    let site = Site::small().await;
    assert!(site.page("/policy").await.contains("no limits"));
    assert_eq!(
        site.json("/policy.json").await["limits"],
        serde_json::Value::Null
    );
    site.treat(limited());
    let page = site.page("/policy").await;
    assert!(
        page.contains("has 10 units and gets 1 back each second"),
        "{page}"
    );
    let policy = site.json("/policy.json").await;
    assert_eq!(policy["limits"]["search"], 5);
    assert_eq!(policy["connections"], 64);
}

#[tokio::test]
async fn programs_of_this_machine_have_no_limits_but_a_proxy_that_is_not_named_has() {
    let site = Site::small().await;
    site.treat(limited());
    for _ in 0..20 {
        let answer = site.ask_from("127.0.0.1:1000", "/search?q=demo", &[]).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    let forwarded = [("x-forwarded-for", "203.0.113.9")];
    let answer = spend(&site, "127.0.0.1:1000", &forwarded).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_proxy_that_does_not_tell_for_whom_it_asks_has_limits() {
    let site = Site::small().await;
    let mut conduct = limited();
    conduct.unlimited = conduct.proxies.networks.clone();
    site.treat(conduct);
    let answer = spend(&site, PROXY, &[]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}
