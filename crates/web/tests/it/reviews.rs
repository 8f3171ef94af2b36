//! Reviews: what forges tell, pages, signing in, and what reviewers say of hunks.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use palisade_review::explain::KnownBlobs;
use palisade_review::patch::{PatchReport, partial_pairs, read, seen};
use palisade_review::{Scanner, Severity};
use palisade_store::ReviewWork;
use palisade_tracker::reviews::new_report;
use ring::hmac;
use serde_json::{Value, json};

use crate::support::{Answer, HOOK_SECRET, REVIEWER, Site};

const ONE: &str = "1111111111111111111111111111111111111111";
const TWO: &str = "2222222222222222222222222222222222222222";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HERE: (&str, &str) = ("sec-fetch-site", "same-origin");

fn patch(note: &str) -> String {
    format!(
        "From: Mallory <script>alert(1)</script>\nSubject: [PATCH] main/hello: upgrade to 2\n\n---\n\
         --- a/main/hello/APKBUILD\n+++ b/main/hello/APKBUILD\n@@ -1,3 +1,3 @@\n pkgname=hello\n\
         -pkgver=1\n+pkgver=2\n pkgrel=0\n\
         --- a/main/hello/notes\n+++ b/main/hello/notes\n@@ -1,2 +1,2 @@\n first\n\
         -the old word is here\n+the {note} word is here\n"
    )
}

fn merge_request(head: &str, action: &str) -> Value {
    json!({
        "object_kind": "merge_request",
        "user": { "username": "mallory" },
        "project": { "path_with_namespace": "alpine/aports" },
        "object_attributes": {
            "iid": 7, "title": "main/hello: <b>upgrade</b> to 2", "action": action,
            "last_commit": { "id": head },
        },
    })
}

async fn gitlab(site: &Site, token: &str, body: &Value) -> Answer {
    let headers = [("x-gitlab-token", token)];
    let body = Body::from(body.to_string());
    site.send(Method::POST, "/hooks/gitlab", &headers, body)
        .await
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Does what the job in the background does, with the patch in place of the forge's.
async fn review(site: &Site, text: &str) {
    let mut session = site.store().write().await.unwrap();
    let taken = session.take_review(1, "test", 2).await.unwrap();
    let taken = match taken {
        // The queue's clock is the site's.
        None => session
            .take_review(2_000_000_000_000_000, "test", 2_000_000_000_000_001)
            .await
            .unwrap(),
        some => some,
    };
    let Some(ReviewWork::Review(row)) = taken else {
        panic!("nothing waits")
    };
    let patches = read(text.as_bytes()).unwrap();
    let (scanner, known) = (Scanner::builtin().unwrap(), KnownBlobs::shipped());
    let (seen, pairs) = (seen(&patches), partial_pairs(&patches));
    let mut report = PatchReport::of(&patches, &seen, &pairs, &scanner, &known);
    for signal in &mut report.signals {
        signal.severity = Severity::Warning;
    }
    let head = row.request.head.clone();
    let report = new_report(report, &head, "it went well".to_owned()).unwrap();
    let done = session
        .finish_review((&row, "test"), &report, 1, None)
        .await;
    assert!(done.unwrap());
    session.commit().await.unwrap();
}

/// A site with a review that has a report.
async fn reviewed() -> Site {
    let site = Site::new().await;
    assert_eq!(
        gitlab(&site, HOOK_SECRET, &merge_request(ONE, "open"))
            .await
            .status,
        StatusCode::ACCEPTED
    );
    review(&site, &patch("new")).await;
    site
}

async fn hunks(site: &Site) -> Vec<String> {
    let view = site.json("/review/1.json").await;
    let hunks = view["hunks"].as_array().unwrap();
    hunks
        .iter()
        .map(|it| it.as_str().unwrap().to_owned())
        .collect()
}

async fn mark(site: &Site, headers: &[(&str, &str)], hunk: &str, mark: &str) -> Answer {
    let body = Body::from(format!(
        "hunk={hunk}&mark={mark}&note=Why+%3Cb%3Ethis%3C%2Fb%3E%3F"
    ));
    let headers = [headers, &[FORM]].concat();
    site.send(Method::POST, "/review/1/mark", &headers, body)
        .await
}

async fn sign_in(site: &Site, token: &str, headers: &[(&str, &str)]) -> Answer {
    let token = token.replace(' ', "+");
    let body = Body::from(format!("token={token}&review=1"));
    let headers = [headers, &[FORM, ("accept", "text/html")]].concat();
    site.send(Method::POST, "/sign-in", &headers, body).await
}

/// What a browser keeps once it was signed in.
async fn cookie(site: &Site) -> String {
    let answer = sign_in(site, REVIEWER, &[HERE]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(answer.header("location"), "/review/1");
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_gitlab_tells_is_queued_once() {
    let site = Site::new().await;
    let told = gitlab(&site, HOOK_SECRET, &merge_request(ONE, "open")).await;
    assert_eq!(told.status, StatusCode::ACCEPTED, "{}", told.body);
    assert_eq!(told.json(), json!({ "review": 1, "queued": true }));
    let again = gitlab(&site, HOOK_SECRET, &merge_request(ONE, "update")).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json(), json!({ "review": 1, "queued": false }));
    let pushed = gitlab(&site, HOOK_SECRET, &merge_request(TWO, "update")).await;
    assert_eq!(pushed.json(), json!({ "review": 1, "queued": true }));
    let closed = gitlab(&site, HOOK_SECRET, &merge_request(ONE, "close")).await;
    assert_eq!(closed.json(), json!({ "review": null, "queued": false }));
    let view = site.json("/reviews.json").await;
    let review = &view["reviews"][0];
    assert_eq!(review["head"], TWO);
    assert_eq!(
        review["address"],
        "https://gitlab.example/alpine/aports/-/merge_requests/7"
    );
    assert_eq!(review["state"], "queued");
}

#[tokio::test]
async fn who_has_not_the_secret_tells_nothing() {
    let site = Site::new().await;
    let wrong = gitlab(&site, "another secret", &merge_request(ONE, "open")).await;
    let without = site
        .post("/hooks/gitlab", &merge_request(ONE, "open"))
        .await;
    for answer in [wrong, without] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    }
    let mut other = merge_request(ONE, "open");
    other["project"]["path_with_namespace"] = "else/where".into();
    let other = gitlab(&site, HOOK_SECRET, &other).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN, "{}", other.body);
    let mut odd = merge_request(ONE, "open");
    odd["object_attributes"]["last_commit"]["id"] = "../../etc".into();
    assert_eq!(
        gitlab(&site, HOOK_SECRET, &odd).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(site.json("/reviews.json").await["reviews"], json!([]));
}

#[tokio::test]
async fn what_forgejo_tells_is_signed() {
    let site = Site::new().await;
    let body = json!({
        "action": "synchronized",
        "pull_request": { "number": 9, "title": "gnu: hello: Update to 2.", "head": { "sha": ONE } },
        "repository": { "full_name": "alpine/aports" },
        "sender": { "login": "somebody" },
    })
    .to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, HOOK_SECRET.as_bytes());
    let signature = hmac::sign(&key, body.as_bytes());
    let signature = hexadecimal(signature.as_ref());
    let send = async |name: &'static str, signature: &str, body: String| {
        let headers = [(name, signature)];
        let sent = site.send(Method::POST, "/hooks/forgejo", &headers, Body::from(body));
        sent.await
    };
    let told = send("x-forgejo-signature", &signature, body.clone()).await;
    assert_eq!(told.status, StatusCode::ACCEPTED, "{}", told.body);
    let again = send("x-gitea-signature", &signature, body.clone()).await;
    assert_eq!(again.json()["queued"], false);
    let changed = send("x-forgejo-signature", &signature, body.replace(ONE, TWO)).await;
    assert_eq!(changed.status, StatusCode::UNAUTHORIZED);
    let long = send("x-forgejo-signature", &signature, " ".repeat(5 << 20)).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(long.json()["error"]["status"], 413);
    let view = site.json("/reviews.json").await;
    assert_eq!(
        view["reviews"][0]["address"],
        "https://forgejo.example/alpine/aports/pulls/9"
    );
}

#[tokio::test]
async fn everybody_reads_a_review_and_nothing_in_it_is_markup() {
    let site = reviewed().await;
    let page = site.page("/review/1").await;
    for text in [
        "0 of 2 hunks looked at",
        "main/hello/APKBUILD",
        "+pkgver=2",
        "the <b>new</b> word",
        "main/hello: &#60;b&#62;upgrade&#60;/b&#62; to 2",
        "/sign-in?review=1",
        "it went well",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("/review/1/mark"), "nobody is signed in");
    let list = site.page("/reviews").await;
    assert!(list.contains("2 of 2 hunks not looked at"), "{list}");
    let view = site.json("/review/1.json").await;
    assert_eq!(
        view["report"]["patches"][0]["files"][0]["path"],
        "main/hello/APKBUILD"
    );
    assert_eq!(site.get("/review/2").await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/review/1?page=99").await.status, StatusCode::OK);
    let headers = site.get("/review/1").await;
    assert_eq!(headers.header("cache-control"), "private, no-cache");
    assert!(
        headers
            .header("content-security-policy")
            .contains("default-src 'none'")
    );
}

#[tokio::test]
async fn a_token_in_the_request_says_something_of_a_hunk() {
    let site = reviewed().await;
    let hunk = hunks(&site).await[0].clone();
    let authorization = format!("Bearer {REVIEWER}");
    let alice = [("authorization", authorization.as_str())];
    let said = mark(&site, &alice, &hunk, "fine").await;
    assert_eq!(
        said.json(),
        json!({ "hunk": hunk, "mark": "fine", "author": "alice" })
    );
    let view = site.json("/review/1.json").await;
    assert_eq!(view["review"]["looked_at"], 1);
    assert_eq!(view["marks"][0]["note"], "Why <b>this</b>?");
    for (headers, hunk, word, status) in [
        (&[][..], hunk.as_str(), "fine", StatusCode::UNAUTHORIZED),
        (
            &[("authorization", "Bearer of nothing")],
            &hunk,
            "fine",
            StatusCode::UNAUTHORIZED,
        ),
        (&alice, "no-such-hunk", "fine", StatusCode::NOT_FOUND),
        (&alice, &hunk, "splendid", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(mark(&site, headers, hunk, word).await.status, status);
    }
    let json = [alice[0], ("accept", "application/json")];
    let long = mark(&site, &json, &"x".repeat(20 << 10), "fine").await;
    assert_eq!(long.json()["error"]["status"], 413);
}

#[tokio::test]
async fn who_is_signed_in_says_something_from_pages_of_this_site_alone() {
    let site = reviewed().await;
    let cookie = cookie(&site).await;
    let cookie = ("cookie", cookie.as_str());
    let hunk = hunks(&site).await[1].clone();
    let page = site
        .ask(Method::GET, "/review/1", &[cookie, ("accept", "text/html")])
        .await;
    assert!(
        page.body.contains("Signed in as <b>alice</b>"),
        "{}",
        page.body
    );
    assert!(page.body.contains("action=\"/review/1/mark\""));
    let said = mark(
        &site,
        &[cookie, HERE, ("accept", "text/html")],
        &hunk,
        "question",
    )
    .await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.body);
    assert_eq!(said.header("location"), format!("/review/1#hunk-{hunk}"));
    let other = [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![
            ("origin", "https://evil.example"),
            ("host", "palisade.example"),
        ],
        vec![("origin", "null"), ("host", "palisade.example")],
        vec![],
    ];
    for headers in other {
        let headers = [vec![cookie], headers].concat();
        let refused = mark(&site, &headers, &hunk, "fine").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    let own = [
        cookie,
        ("origin", "https://palisade.example"),
        ("host", "palisade.example"),
    ];
    assert_eq!(
        mark(&site, &own, &hunk, "unseen").await.status,
        StatusCode::SEE_OTHER
    );
    let page = site.page("/review/1").await;
    assert!(
        page.contains("has a question") && page.contains("took back"),
        "{page}"
    );
    assert!(page.contains("Why &#60;b&#62;this&#60;/b&#62;?"), "{page}");
    let out = site
        .send(Method::POST, "/sign-out", &[cookie, HERE], Body::empty())
        .await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    let refused = mark(&site, &[cookie, HERE], &hunk, "fine").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nobody_signs_in_with_another_token_or_from_elsewhere() {
    let site = reviewed().await;
    let wrong = sign_in(&site, "a token of nobody", &[HERE]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(
        wrong.body.contains("No reviewer has this token"),
        "{}",
        wrong.body
    );
    assert_eq!(wrong.header("set-cookie"), "");
    let elsewhere = sign_in(&site, REVIEWER, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    assert_eq!(elsewhere.header("set-cookie"), "");
    let form = site.page("/sign-in?review=1").await;
    assert!(form.contains("name=\"review\" value=\"1\""), "{form}");
    let cookie = cookie(&site).await;
    let on = site
        .ask(Method::GET, "/sign-in?review=1", &[("cookie", &cookie)])
        .await;
    assert_eq!(
        on.header("location"),
        "/review/1",
        "who is signed in goes on"
    );
}

#[tokio::test]
async fn what_was_said_stands_where_the_hunk_is_the_same_after_a_push() {
    let site = reviewed().await;
    let before = hunks(&site).await;
    let authorization = format!("Bearer {REVIEWER}");
    let alice = [("authorization", authorization.as_str())];
    for hunk in &before {
        mark(&site, &alice, hunk, "fine").await;
    }
    gitlab(&site, HOOK_SECRET, &merge_request(TWO, "update")).await;
    let behind = site.page("/review/1").await;
    assert!(
        behind.contains("Something else was pushed since"),
        "{behind}"
    );
    review(&site, &patch("newer")).await;
    let after = hunks(&site).await;
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    let page = site.page("/review/1").await;
    assert!(page.contains("1 of 2 hunks looked at"), "{page}");
    assert!(
        page.contains("at the former push <code>111111111111</code>"),
        "{page}"
    );
    let view = site.json("/review/1.json").await;
    let present: Vec<_> = view["marks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["present"])
        .collect();
    assert_eq!(present, [&json!(true), &json!(false)]);
}

#[tokio::test]
async fn a_long_report_comes_in_pages() {
    let site = Site::new().await;
    gitlab(&site, HOOK_SECRET, &merge_request(ONE, "open")).await;
    let file = |number| format!("--- a/f{number}\n+++ b/f{number}\n@@ -1 +1 @@\n-a\n+b\n");
    let text: Vec<String> = (0..130).map(file).collect();
    let text = text.concat();
    review(&site, &text).await;
    let first = site.page("/review/1").await;
    assert!(
        first.contains("0 of 130 hunks looked at") && first.contains("Page 1 of 3"),
        "{first}"
    );
    assert_eq!(first.matches("<article").count(), 50);
    let last = site.page("/review/1?page=3").await;
    assert_eq!(last.matches("<article").count(), 30);
    let keys = hunks(&site).await;
    let link = format!("href=\"/review/1?page=3#hunk-{}\"", keys[129]);
    assert!(first.contains(&link), "{link}");
}
