//! Findings follow the rules of the program that opens the database.

use std::sync::Mutex;

use palisade_formats::feed::FeedKind;
use palisade_store::{Content, FindingState};
use palisade_tracker::{Progress, Store, follow_rules};

use crate::support::{World, nvd, package};

const NOW: i64 = 1_900_000_000_000_000;

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
async fn world() -> World {
    let mut world = World::new().await;
    world
        .revision("r1", "10:00", &[&package("widget", "1.0")])
        .await;
    let affected = nvd("CVE-2025-1000", "widget", "1.1", 9.8);
    world.feed(FeedKind::Nvd, &affected).await;
    world
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
    let world = World::new().await;
    assert_eq!(follow(&world.store).await, Vec::<String>::new());
    let marked = content(&world.store).await;
    assert_eq!(marked.tables["setting"].len(), 1);
    assert_eq!(follow(&world.store).await, Vec::<String>::new());
    assert_eq!(content(&world.store).await, marked);
}

#[tokio::test]
async fn findings_of_other_rules_are_derived_again() {
    let world = world().await;
    follow(&world.store).await;
    let before = content(&world.store).await.without(&["event"]);
    change_finding(&world.store).await;
    assert_eq!(
        follow(&world.store).await,
        Vec::<String>::new(),
        "what the same rules made is believed"
    );
    set_rules(&world.store, "0").await;
    assert_eq!(
        follow(&world.store).await,
        [
            "finding names by the new rules",
            "judging guix/master by the new rules"
        ]
    );
    let after = content(&world.store).await.without(&["event"]);
    assert_eq!(before.differences(&after, 9), Vec::<String>::new());
}

#[tokio::test]
async fn findings_that_nothing_says_the_rules_of_are_derived_again() {
    let world = world().await;
    let before = content(&world.store).await;
    change_finding(&world.store).await;
    assert_eq!(follow(&world.store).await.len(), 2);
    let after = content(&world.store).await;
    assert_eq!(before.tables["finding"], after.tables["finding"]);
}

#[tokio::test]
async fn names_that_other_rules_saw_are_found_again() {
    let world = world().await;
    let before = content(&world.store).await;
    assert_ne!(before.tables["advisory_key"], Vec::<String>::new());
    assert_ne!(before.tables["source_package_key"], Vec::<String>::new());
    let mut session = world.store.write().await.unwrap();
    session.remove_keys().await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(follow(&world.store).await.len(), 2);
    let after = content(&world.store).await.without(&["setting"]);
    let before = before.without(&["setting"]);
    assert_eq!(before.differences(&after, 9), Vec::<String>::new());
}

#[tokio::test]
async fn whoever_has_nothing_to_judge_waits_for_no_writer() {
    let world = world().await;
    follow(&world.store).await;
    let writer = world.store.write().await.unwrap();
    assert_eq!(follow(&world.store).await, Vec::<String>::new());
    drop(writer);
}
