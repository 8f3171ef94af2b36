//! Statements of identity: they change what they concern and no more, and withdrawing one brings
//! everything back.

use palisade_formats::feed::FeedKind;
use palisade_model::{IdentityStatement, Sense, Timestamp};
use palisade_store::Withdrawal;
use palisade_tracker::{
    Document, IdentityImport, Stated, TrackerError, import_identities, state_identity,
    withdraw_identity,
};

use crate::documents::{guix, nvd_before, package, page, product};
use crate::tracker::{Tracker, says};

const NOW: i64 = 1_900_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW + second).unwrap()
}

fn statement(second: i64, sense: Sense, product: &str) -> IdentityStatement {
    IdentityStatement {
        time: at(second),
        distribution: None,
        package: "moon".to_owned(),
        product: product.parse().unwrap(),
        sense,
        reason: "its source says so".to_owned(),
        by: "Ada".to_owned(),
    }
}

async fn state(tracker: &Tracker, statement: &IdentityStatement) -> Stated {
    state_identity(&tracker.store, statement).await.unwrap()
}

async fn withdraw(tracker: &Tracker, number: i64) -> Result<u64, TrackerError> {
    let withdrawal = Withdrawal {
        time: at(100),
        reason: "it was wrong".to_owned(),
        by: "Grace".to_owned(),
    };
    let withdrawn = withdraw_identity(&tracker.store, number, &withdrawal).await?;
    Ok(withdrawn.followed.findings)
}

async fn import(tracker: &Tracker, table: &str) -> Result<IdentityImport, TrackerError> {
    let document = Document::Memory {
        name: "table".to_owned(),
        bytes: table.as_bytes().to_vec().into(),
    };
    import_identities(&tracker.store, document, at(0)).await
}

fn packages(packages: &[(&str, &str)]) -> String {
    let of = |(name, version): &(&str, &str)| package(name, version, &serde_json::json!({}));
    guix(&packages.iter().map(of).collect::<Vec<_>>())
}

/// Of three vulnerabilities one is of a product that is not called as the package.
fn records() -> String {
    page(&[
        nvd_before("CVE-2025-1000", &product("moon"), "2.0"),
        nvd_before(
            "CVE-2025-2000",
            "cpe:2.3:a:luna:luna_server:*:*:*:*:*:*:*:*",
            "1.1",
        ),
        nvd_before("CVE-2025-3000", &product("widget"), "2.0"),
    ])
}

/// moon in two versions on two branches, beside a package of another name.
async fn tracker() -> Tracker {
    let tracker = Tracker::new().await;
    let old = packages(&[("moon", "1.0"), ("widget", "1.0")]);
    tracker.inventory("guix/master", 1000, &old).await;
    let new = packages(&[("moon", "1.1"), ("widget", "1.0")]);
    tracker.inventory("guix/master", 2000, &new).await;
    tracker.inventory("guix/core", 1000, &old).await;
    tracker.feed(FeedKind::Nvd, &records()).await;
    tracker
}

const BEFORE: [&str; 5] = [
    "-guix/master moon 1.0 CVE-2025-1000: affected",
    "guix/core moon 1.0 CVE-2025-1000: affected",
    "guix/core widget 1.0 CVE-2025-3000: affected",
    "guix/master moon 1.1 CVE-2025-1000: affected",
    "guix/master widget 1.0 CVE-2025-3000: affected",
];

/// The findings, with branches as `tracker.findings` writes them.
async fn findings(tracker: &Tracker) -> Vec<String> {
    let of_branch = |line: String| match line.strip_prefix('-') {
        Some(rest) => format!("-guix/{rest}"),
        None => format!("guix/{line}"),
    };
    let mut lines: Vec<String> = tracker
        .findings()
        .await
        .into_iter()
        .map(of_branch)
        .collect();
    lines.sort_unstable();
    lines
}

/// All that is stored but for what people said and what the events tell of it.
async fn derived(tracker: &Tracker) -> palisade_store::Content {
    let told = ["event", "identity_statement", "identity_withdrawal"];
    tracker.content().await.without(&told)
}

#[tokio::test]
async fn a_package_that_is_not_the_product_is_rid_of_its_vulnerabilities_everywhere() {
    let tracker = tracker().await;
    assert_eq!(findings(&tracker).await, BEFORE);
    let stated = state(&tracker, &statement(0, Sense::IsNot, "moon:*")).await;
    assert!(stated.added);
    assert_eq!((stated.followed.packages, stated.followed.findings), (2, 3));
    let widget: Vec<&str> = BEFORE
        .into_iter()
        .filter(|it| it.contains("widget"))
        .collect();
    assert_eq!(findings(&tracker).await, widget);
    let events = tracker.events().await;
    assert!(
        events.contains(&"finding.closed: CVE-2025-1000 no longer concerns moon 1.1".to_owned()),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_package_of_another_name_gets_the_products_vulnerabilities_and_says_why() {
    let tracker = tracker().await;
    state(&tracker, &statement(0, Sense::Is, "luna:luna_server")).await;
    let mut expected = BEFORE.to_vec();
    expected.extend([
        "-guix/master moon 1.0 CVE-2025-2000: affected",
        "guix/core moon 1.0 CVE-2025-2000: affected",
        "guix/master moon 1.1 CVE-2025-2000: fixed",
    ]);
    expected.sort_unstable();
    assert_eq!(findings(&tracker).await, expected);
    let guix = "guix".parse().unwrap();
    let view = tracker.views.finding(&guix, "moon", "CVE-2025-2000").await;
    let view = view.unwrap().unwrap();
    assert_eq!(
        says(&view.places[0].evidence)[0],
        "moon is luna:luna_server, stated by Ada on 2030-03-17: its source says so"
    );
}

#[tokio::test]
async fn what_is_withdrawn_leaves_everything_as_it_was() {
    let tracker = tracker().await;
    let before = derived(&tracker).await;
    for (second, sense, product) in [
        (0, Sense::IsNot, "moon:moon"),
        (1, Sense::Is, "luna:luna_server"),
    ] {
        let stated = state(&tracker, &statement(second, sense, product)).await;
        let changed = derived(&tracker).await;
        assert_ne!(before.differences(&changed, 9), Vec::<String>::new());
        let findings = withdraw(&tracker, stated.number).await.unwrap();
        assert_eq!(findings, stated.followed.findings);
        let after = derived(&tracker).await;
        assert_eq!(before.differences(&after, 9), Vec::<String>::new());
    }
    let error = withdraw(&tracker, 1).await.unwrap_err().to_string();
    assert_eq!(error, "withdraw statement 1: Grace did so before");
    let error = withdraw(&tracker, 7).await.unwrap_err().to_string();
    assert_eq!(error, "withdraw statement 7: there is none of that number");
}

#[tokio::test]
async fn a_later_statement_takes_the_place_of_an_earlier_one_until_it_is_withdrawn() {
    let tracker = tracker().await;
    state(&tracker, &statement(0, Sense::IsNot, "moon:moon")).await;
    let without = derived(&tracker).await;
    let later = state(&tracker, &statement(1, Sense::Is, "moon:moon")).await;
    assert_eq!(findings(&tracker).await, BEFORE);
    let state_of = |views: Vec<palisade_tracker::views::IdentityView>| {
        let states = views.into_iter().map(|view| view.state.label());
        states.collect::<Vec<_>>()
    };
    let stated = tracker.views.identities().await.unwrap();
    assert_eq!(state_of(stated), ["superseded", "stands"]);
    withdraw(&tracker, later.number).await.unwrap();
    let after = derived(&tracker).await;
    assert_eq!(without.differences(&after, 9), Vec::<String>::new());
    let stated = tracker.views.identities().await.unwrap();
    assert_eq!(state_of(stated), ["stands", "withdrawn"]);
}

#[tokio::test]
async fn what_is_imported_later_meets_what_was_stated_before() {
    let before = tracker().await;
    state(&before, &statement(0, Sense::Is, "luna:luna_server")).await;
    let after = Tracker::new().await;
    state(&after, &statement(0, Sense::Is, "luna:luna_server")).await;
    let old = packages(&[("moon", "1.0"), ("widget", "1.0")]);
    after.inventory("guix/core", 1000, &old).await;
    after.inventory("guix/master", 1000, &old).await;
    after.feed(FeedKind::Nvd, &records()).await;
    let new = packages(&[("moon", "1.1"), ("widget", "1.0")]);
    after.inventory("guix/master", 2000, &new).await;
    let (before, after) = (derived(&before).await, derived(&after).await);
    assert_eq!(before.differences(&after, 9), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_word_of_the_same_person_is_kept_once() {
    let tracker = tracker().await;
    let first = state(&tracker, &statement(0, Sense::IsNot, "moon:moon")).await;
    let before = tracker.content().await;
    let again = state(&tracker, &statement(1, Sense::IsNot, "moon:moon")).await;
    assert!(!again.added);
    assert_eq!(again.number, first.number);
    assert_eq!(tracker.content().await, before);
}

#[tokio::test]
async fn importing_a_table_again_writes_nothing_even_if_a_row_was_withdrawn() {
    let tracker = tracker().await;
    let table = "package\tproduct\tsays\tby\treason\ttime\tsource\n\
        moon\tmoon:moon\tis_not\tAda\twhy\t2026-01-01T00:00:00.123456789Z\tstatement\n\
        moon\tluna:luna_server\tis\tAda\twhy\t\t\n\
        moon\tluna\tis\tAda\twhy\t\t\n\
        curl\thaxx:curl\tis\t\t\t\taliases\n";
    let first = import(&tracker, table).await.unwrap();
    assert_eq!((first.summary.records, first.summary.added), (2, 2));
    assert_eq!((first.built_in, first.rejects.len()), (1, 1));
    assert_eq!(first.followed.packages, 2);
    let content = tracker.content().await;
    let again = import(&tracker, table).await.unwrap();
    assert_eq!(again.summary.added, 0);
    assert_eq!(tracker.content().await, content);
    withdraw(&tracker, 1).await.unwrap();
    let content = tracker.content().await;
    import(&tracker, table).await.unwrap();
    assert_eq!(tracker.content().await, content);
}

#[tokio::test]
async fn a_table_of_nothing_but_bad_rows_is_refused() {
    let tracker = tracker().await;
    let before = tracker.content().await;
    let table = "package\tproduct\nmoon\tluna\n";
    let error = import(&tracker, table).await.unwrap_err().to_string();
    assert!(
        error.contains("nothing in it can be read as identities (first line 2"),
        "{error}"
    );
    assert_eq!(tracker.content().await, before);
}
