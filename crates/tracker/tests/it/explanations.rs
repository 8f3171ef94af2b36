//! A vulnerability in a package explained: who decides, who lost and by which rule, and what would
//! change it.

use palisade_formats::feed::FeedKind;
use palisade_model::{IdentityStatement, Sense, Timestamp, VerdictStatus};
use palisade_tracker::state_identity;
use palisade_tracker::views::{
    EntryView, ExplainedPlace, Explanation, ExplanationAnswer, ExplanationQuery,
};
use serde_json::{Value, json};

use crate::documents::{apkindex, guix, nvd, nvd_before, osv, package, page, product, secdb};
use crate::tracker::Tracker;

async fn answer(tracker: &Tracker, id: &str, package: &str, branch: &str) -> ExplanationAnswer {
    let query = ExplanationQuery {
        vulnerability: id.parse().unwrap(),
        package: package.to_owned(),
        branch: Some(branch)
            .filter(|it| !it.is_empty())
            .map(|it| it.parse().unwrap()),
    };
    tracker.views.explanation(&query).await.unwrap()
}

async fn explained(tracker: &Tracker, id: &str, package: &str) -> Explanation {
    match answer(tracker, id, package, "").await {
        ExplanationAnswer::Explained(explanation) => *explanation,
        other => panic!("{other:?}"),
    }
}

/// The only place of an explanation.
async fn place(tracker: &Tracker, id: &str, package: &str) -> ExplainedPlace {
    let mut places = explained(tracker, id, package).await.places;
    assert_eq!(places.len(), 1, "{places:?}");
    places.remove(0)
}

/// How each entry stands: `FEED RECORD: STANDING`.
fn standings(place: &ExplainedPlace) -> Vec<String> {
    let words = |it: &EntryView| format!("{} {}: {}", it.feed, it.record, it.standing);
    place.account.entries.iter().map(words).collect()
}

/// What would change it, each with its command.
fn changes(place: &ExplainedPlace) -> Vec<String> {
    let words = |it: &palisade_tracker::views::ChangeView| match &it.command {
        Some(command) => format!("{} [{command}]", it.says),
        None => it.says.clone(),
    };
    place.changes.iter().map(words).collect()
}

/// guix/master with one package, and records of NVD.
async fn guix_with(package: Value, records: &[Value]) -> Tracker {
    let tracker = Tracker::new().await;
    tracker
        .inventory("guix/master", 1000, &guix(&[package]))
        .await;
    tracker.feed(FeedKind::Nvd, &page(records)).await;
    tracker
}

fn plain(name: &str, version: &str) -> Value {
    package(name, version, &json!({}))
}

#[tokio::test]
async fn what_would_close_a_finding_is_told_with_the_command() {
    let record = nvd_before("CVE-2025-1000", &product("moonbase"), "2.0");
    let tracker = guix_with(plain("moonbase", "1.0"), &[record]).await;
    let place = place(&tracker, "CVE-2025-1000", "moonbase").await;
    assert_eq!(
        place.conclusion.as_ref().unwrap().status,
        VerdictStatus::Affected
    );
    assert_eq!(standings(&place), ["nvd CVE-2025-1000: decides"]);
    assert_eq!(
        changes(&place),
        [
            "version 2.0 or later: from there on it is fixed",
            "a patch in the package whose name or text names CVE-2025-1000, or a graft that has it or is not affected",
            "the distribution's own word: an OpenVEX or CSAF statement that names the package by its package URL",
            "if the package is not moonbase:moonbase: a statement of that [palisade identity state moonbase is-not moonbase:moonbase --distribution guix --by NAME --reason TEXT]",
            "once it is stated that the package is moonbase:moonbase: affected, certain instead of likely [palisade identity state moonbase is moonbase:moonbase --distribution guix --by NAME --reason TEXT]",
        ]
    );
}

#[tokio::test]
async fn what_an_explanation_promises_of_a_statement_comes_true() {
    let record = nvd_before(
        "CVE-2025-1000",
        "cpe:2.3:a:luna:bridge:*:*:*:*:*:*:*:*",
        "2.0",
    );
    let tracker = guix_with(plain("bridge", "1.0"), &[record]).await;
    let before = place(&tracker, "CVE-2025-1000", "bridge").await;
    let conclusion = before.conclusion.as_ref();
    assert!(conclusion.is_none_or(|it| it.status == VerdictStatus::UnderInvestigation));
    for (sense, status) in [
        (Sense::Is, Some(VerdictStatus::Affected)),
        (Sense::IsNot, None),
    ] {
        let statement = IdentityStatement {
            time: Timestamp::from_second(2_000_000_000 + i64::from(status.is_none())).unwrap(),
            distribution: None,
            package: "bridge".to_owned(),
            product: "luna:bridge".parse().unwrap(),
            sense,
            reason: "it was looked up".to_owned(),
            by: "Ada".to_owned(),
        };
        state_identity(&tracker.store, &statement).await.unwrap();
        let place = place(&tracker, "CVE-2025-1000", "bridge").await;
        assert_eq!(place.conclusion.as_ref().map(|it| it.status), status);
    }
    let refused = place(&tracker, "CVE-2025-1000", "bridge").await;
    assert_eq!(
        refused.account.entries[0].says,
        "bridge is not luna:bridge, stated by Ada on 2033-05-18: it was looked up"
    );
}

#[tokio::test]
async fn who_lost_is_told_with_the_rule() {
    let tracker = Tracker::new().await;
    tracker
        .inventory("alpine/v3.22", 1000, &apkindex(&["moonbase 1.0-r1"]))
        .await;
    let record = nvd_before("CVE-2025-1000", &product("moonbase"), "2.0");
    tracker.feed(FeedKind::Nvd, &page(&[record])).await;
    let fixed = secdb("v3.22", &["moonbase 1.0-r1 CVE-2025-1000"]);
    tracker.feed(FeedKind::Secdb, &fixed).await;
    let place = place(&tracker, "CVE-2025-1000", "moonbase").await;
    let conclusion = place.conclusion.as_ref().unwrap();
    assert_eq!(conclusion.status, VerdictStatus::Fixed);
    assert_eq!(
        conclusion.confidence_because,
        ["the identity is certain: the record names the package itself"]
    );
    assert_eq!(
        standings(&place),
        [
            "secdb alpine/v3.22/main CVE-2025-1000: decides",
            "nvd CVE-2025-1000: overruled"
        ]
    );
    assert_eq!(
        place.account.entries[1].says,
        "overruled: the distribution's own records of this branch come before all others"
    );
    assert_eq!(
        changes(&place),
        ["a version before 1.0-r1 would be affected"]
    );
}

#[tokio::test]
async fn a_patch_comes_before_what_is_said_of_upstream() {
    let patched = json!({"source": {"type": "url-fetch", "urls": [],
        "patches": ["moonbase-CVE-2025-1000.patch"]}});
    let record = nvd_before("CVE-2025-1000", &product("moonbase"), "2.0");
    let tracker = guix_with(package("moonbase", "1.0", &patched), &[record]).await;
    let place = place(&tracker, "CVE-2025-1000", "moonbase").await;
    assert_eq!(
        place.conclusion.as_ref().unwrap().status,
        VerdictStatus::Fixed
    );
    assert_eq!(
        place.account.rules,
        ["the patch moonbase-CVE-2025-1000.patch names CVE-2025-1000"]
    );
    assert_eq!(
        changes(&place),
        ["without the patch moonbase-CVE-2025-1000.patch it would be open"]
    );
}

#[tokio::test]
async fn what_was_refused_is_told_with_the_rule() {
    let cases = [
        (
            "audit",
            "cpe:2.3:a:rocket_chat:audit:*:*:*:*:*:*:*:*",
            "the curated table has rocket_chat as somebody else: an application inside Rocket.Chat",
        ),
        (
            "moonbase",
            "cpe:2.3:a:adobe:moonbase:*:*:*:*:*:*:*:*",
            "adobe is a company or collection with many products, and no address of moonbase vouches for it",
        ),
        (
            "moonbase",
            "cpe:2.3:a:luna:moonbase:*:*:*:*:*:wordpress:*:*",
            "luna:moonbase is software for wordpress",
        ),
        (
            "moonbase",
            "cpe:2.3:o:luna:moonbase:*:*:*:*:*:*:*:*",
            "luna:moonbase is an operating system; that is a package only where a table, a hint or a statement says which",
        ),
    ];
    for (name, cpe, says) in cases {
        let record = nvd_before("CVE-2025-1000", cpe, "2.0");
        let tracker = guix_with(plain(name, "1.0"), &[record]).await;
        let place = place(&tracker, "CVE-2025-1000", name).await;
        assert_eq!(place.conclusion, None);
        assert_eq!(standings(&place), ["nvd CVE-2025-1000: refused"]);
        assert_eq!(place.account.entries[0].says, says);
    }
    let hinted = json!({"properties": {"cpe-name": "moonbase", "cpe-vendor": "luna"}});
    let record = nvd_before("CVE-2025-1000", &product("moonbase"), "2.0");
    let tracker = guix_with(package("moonbase", "1.0", &hinted), &[record]).await;
    assert_eq!(
        place(&tracker, "CVE-2025-1000", "moonbase")
            .await
            .account
            .entries[0]
            .says,
        "the packager of moonbase names the vendor luna, not moonbase"
    );
}

#[tokio::test]
async fn where_no_record_is_of_the_package_it_is_told_of_what_they_are() {
    let record = nvd_before(
        "CVE-2025-1000",
        "cpe:2.3:a:luna:luna_server:*:*:*:*:*:*:*:*",
        "2.0",
    );
    let tracker = guix_with(plain("moonbase", "1.0"), &[record]).await;
    let other = osv("GHSA-1", &["CVE-2025-1000"], "PyPI", "luna", "2.0");
    tracker.feed(FeedKind::Osv, &other.to_string()).await;
    let place = place(&tracker, "CVE-2025-1000", "moonbase").await;
    assert!(!place.untold);
    assert_eq!(
        place.silence.as_deref(),
        Some(
            "no record speaks of a product like moonbase; they speak of PyPI package luna, luna:luna_server"
        )
    );
    assert_eq!(
        changes(&place),
        [
            "if the package is luna:luna_server after all: a statement of that [palisade identity state moonbase is luna:luna_server --distribution guix --by NAME --reason TEXT]",
            "if the package is PyPI:luna after all: a statement of that [palisade identity state moonbase is PyPI:luna --distribution guix --by NAME --reason TEXT]",
        ]
    );
}

#[tokio::test]
async fn a_record_without_products_leaves_it_untold() {
    let tracker = guix_with(plain("moonbase", "1.0"), &[nvd("CVE-2025-1000", &[])]).await;
    let place = place(&tracker, "CVE-2025-1000", "moonbase").await;
    assert!(place.untold);
    assert_eq!(
        place.silence.as_deref(),
        Some("no record names a product yet")
    );
}

#[tokio::test]
async fn what_cannot_be_explained_says_what_is_missing() {
    let record = nvd_before("CVE-2025-1000", &product("moonbase"), "2.0");
    let tracker = guix_with(plain("moonbase", "1.0"), &[record]).await;
    let missing = async |id, package, branch| answer(&tracker, id, package, branch).await;
    assert_eq!(
        missing("CVE-2025-9999", "moonbase", "").await,
        ExplanationAnswer::UnknownVulnerability
    );
    assert_eq!(
        missing("CVE-2025-1000", "sun", "").await,
        ExplanationAnswer::UnknownPackage
    );
    assert_eq!(
        missing("CVE-2025-1000", "moonbase", "guix/core").await,
        ExplanationAnswer::UnknownBranch {
            branches: vec!["guix/master".parse().unwrap()]
        }
    );
    let empty = guix(&[plain("sun", "1.0")]);
    tracker.inventory("guix/master", 2000, &empty).await;
    let ExplanationAnswer::NotThere { left } = missing("CVE-2025-1000", "moonbase", "").await
    else {
        panic!("it is still there");
    };
    assert_eq!(left[0].version, "1.0");
    assert_eq!(left[0].until.as_ref().unwrap().name, "r2000");
}
