//! Findings follow the rules of the program that opens the database.

use std::sync::Mutex;

use palisade_formats::feed::FeedKind;
use palisade_matching::RULES_VERSION;
use palisade_store::{Content, FindingState};
use palisade_tracker::{Progress, Store, follow_rules};

use crate::documents::{guix, named_package, nvd_before, page, product};
use crate::tracker::Tracker;

const NOW: i64 = 1_900_000_000_000_000;

/// What is told while all findings are derived again.
const REJUDGED: [&str; 2] = [
    "finding names by the new rules",
    "judging guix/master by the new rules",
];

/// Remembers the steps that it is told.
#[derive(Default)]
struct Steps(Mutex<Vec<String>>);

impl Progress for Steps {
    fn read(&self, _done: u64, _total: Option<u64>, _records: u64) {}

    fn step(&self, what: &str) {
        self.0.lock().unwrap().push(what.to_owned());
    }
}

/// Follows the rules, and tells the steps that this took.
async fn follow(store: &Store) -> Vec<String> {
    let steps = Steps::default();
    let followed = follow_rules(store, NOW, &steps).await.unwrap();
    let steps = steps.0.into_inner().unwrap();
    assert_eq!(followed, !steps.is_empty());
    steps
}

async fn content(store: &Store) -> Content {
    store.read().await.unwrap().content().await.unwrap()
}

/// A database with one finding.
async fn tracker() -> Tracker {
    let tracker = Tracker::new().await;
    let packages = guix(&[named_package("widget", "1.0")]);
    tracker.inventory("guix/master", 1000, &packages).await;
    let affected = nvd_before("CVE-2025-1000", &product("widget"), "1.1");
    tracker.feed(FeedKind::Nvd, &page(&[affected])).await;
    tracker
}

/// Turns the finding into one that other rules might have made.
async fn change_finding(store: &Store) {
    let mut session = store.write().await.unwrap();
    let (branch, _, _) = session.branches().await.unwrap()[0].clone();
    let sources = session.all_sources().await.unwrap();
    let rows = session.findings_of_sources(branch, &sources).await.unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let mut row = row.clone();
    row.state = FindingState {
        status: 2,
        ..row.state
    };
    session.write_findings(1, &[], &[row], &[]).await.unwrap();
    session.commit().await.unwrap();
}

async fn set_rules(store: &Store, number: &str) {
    let mut session = store.write().await.unwrap();
    session.set_setting("rules", number).await.unwrap();
    session.commit().await.unwrap();
}

#[tokio::test]
async fn a_new_database_is_marked_without_work() {
    let tracker = Tracker::new().await;
    assert_eq!(follow(&tracker.store).await, Vec::<String>::new());
    let marked = content(&tracker.store).await;
    assert_eq!(
        marked.tables["setting"],
        [
            format!("\"rules\" | \"{RULES_VERSION}\""),
            "\"substance\" | \"1\"".to_owned()
        ]
    );
    assert_eq!(follow(&tracker.store).await, Vec::<String>::new());
    assert_eq!(content(&tracker.store).await, marked);
}

#[tokio::test]
async fn findings_of_other_rules_are_derived_again() {
    let tracker = tracker().await;
    follow(&tracker.store).await;
    let before = content(&tracker.store).await.without(&["event"]);
    change_finding(&tracker.store).await;
    assert_eq!(
        follow(&tracker.store).await,
        Vec::<String>::new(),
        "what the same rules made is believed"
    );
    set_rules(&tracker.store, "0").await;
    assert_eq!(follow(&tracker.store).await, REJUDGED);
    let after = content(&tracker.store).await.without(&["event"]);
    assert_eq!(before.differences(&after, 9), Vec::<String>::new());
}

#[tokio::test]
async fn findings_that_nothing_says_the_rules_of_are_derived_again() {
    let tracker = tracker().await;
    let before = content(&tracker.store).await;
    change_finding(&tracker.store).await;
    assert_eq!(follow(&tracker.store).await, REJUDGED);
    let after = content(&tracker.store).await;
    assert_eq!(before.tables["finding"], after.tables["finding"]);
}

#[tokio::test]
async fn names_that_other_rules_saw_are_found_again() {
    let tracker = tracker().await;
    let before = content(&tracker.store).await;
    assert_ne!(before.tables["advisory_key"], Vec::<String>::new());
    assert_ne!(before.tables["source_package_key"], Vec::<String>::new());
    let mut session = tracker.store.write().await.unwrap();
    session.remove_keys().await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(follow(&tracker.store).await, REJUDGED);
    let after = content(&tracker.store).await.without(&["setting"]);
    let before = before.without(&["setting"]);
    assert_eq!(before.differences(&after, 9), Vec::<String>::new());
}

#[tokio::test]
async fn names_in_advisories_are_found_again_before_there_is_an_inventory() {
    let tracker = Tracker::new().await;
    let affected = nvd_before("CVE-2025-1000", &product("widget"), "1.1");
    tracker.feed(FeedKind::Nvd, &page(&[affected])).await;
    let before = content(&tracker.store).await;
    assert_ne!(before.tables["advisory_key"], Vec::<String>::new());
    let mut session = tracker.store.write().await.unwrap();
    session.remove_keys().await.unwrap();
    session.commit().await.unwrap();
    let steps = Steps::default();
    let judged = follow_rules(&tracker.store, NOW, &steps).await.unwrap();
    assert!(!judged, "there are no findings");
    assert_eq!(steps.0.into_inner().unwrap(), REJUDGED[..1]);
    let after = content(&tracker.store).await.without(&["setting"]);
    let before = before.without(&["setting"]);
    assert_eq!(before.differences(&after, 9), Vec::<String>::new());
}

#[tokio::test]
async fn whoever_has_nothing_to_judge_waits_for_no_writer() {
    let tracker = tracker().await;
    follow(&tracker.store).await;
    let writer = tracker.store.write().await.unwrap();
    assert_eq!(follow(&tracker.store).await, Vec::<String>::new());
    drop(writer);
}
