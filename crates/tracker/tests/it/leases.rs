//! A source is asked by one at a time, and is free again whatever became of that one.

use std::sync::Arc;
use std::time::Duration;

use palisade_model::Timestamp;
use palisade_store::Lease;
use palisade_tracker::NoProgress;
use palisade_tracker::sync::{Plan, Ran, Source, Syncer, keep_up};

use crate::sync::{World, catalogue, documents};

/// A moment of the day on which sources are asked here.
fn at(time: &str) -> Timestamp {
    format!("2026-01-10T{time}Z").parse().unwrap()
}

async fn run(syncer: &Syncer, source: &Source, end: impl Future<Output = ()>) -> Ran {
    let ran = syncer.sync(source, Arc::new(NoProgress), &|_, _| (), end);
    ran.await.unwrap()
}

async fn whole(syncer: &Syncer, source: &Source) -> Ran {
    run(syncer, source, std::future::pending()).await
}

/// A lease of somebody on another machine, taken at 11:59.
async fn lease(world: &World, until: &str) {
    let lease = Lease {
        mark: "another machine's".to_owned(),
        since: at("11:59:00").as_microsecond(),
        until: at(until).as_microsecond(),
    };
    let mut session = world.syncer.store.write().await.unwrap();
    let taken = session.lease_source("source", &lease, None).await.unwrap();
    session.commit().await.unwrap();
    assert!(taken);
}

#[tokio::test]
async fn a_source_that_another_machine_asks_is_left_alone() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    lease(&world, "12:01:00").await;
    let busy = Ran::Busy {
        since: Some(at("11:59:00")),
        until: Some(at("12:01:00")),
    };
    assert_eq!(whole(&world.syncer, &source).await, busy);
    assert_eq!(world.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lease_that_nobody_renewed_is_over() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    world.answer("/kev.json", "", &catalogue("2026-01-01", 2));
    lease(&world, "12:00:00").await;
    assert_eq!(whole(&world.syncer, &source).await, Ran::Done { failed: 0 });
    assert_eq!(world.state().await.lease, None, "it was given back");
}

#[tokio::test]
async fn a_run_that_is_told_to_stop_gives_its_source_back() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    world.raw("/kev.json", HANGS);
    let stop = tokio::time::sleep(Duration::from_millis(200));
    assert_eq!(run(&world.syncer, &source, stop).await, Ran::Stopped);
    let state = world.state().await;
    assert_eq!((state.lease, state.attempted_at), (None, None));
    world.answer("/kev.json", "", &catalogue("2026-01-01", 2));
    assert_eq!(world.sync(&source).await, ["kev.json: +2 ~0 -0"]);
}

#[tokio::test]
async fn a_run_that_died_on_this_machine_keeps_nobody_waiting() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    world.raw("/kev.json", HANGS);
    // A future that is dropped gives nothing back, as a program that is killed does not.
    let dying = whole(&world.syncer, &source);
    let died = tokio::time::timeout(Duration::from_millis(200), dying).await;
    assert!(died.is_err(), "it hangs");
    assert!(world.state().await.lease.is_some(), "the dead still has it");
    world.answer("/kev.json", "", &catalogue("2026-01-01", 2));
    assert_eq!(world.sync(&source).await, ["kev.json: +2 ~0 -0"]);
}

#[tokio::test]
async fn a_run_that_lives_on_this_machine_is_left_alone_after_its_lease() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    world.raw("/kev.json", HANGS);
    let later = Syncer {
        clock: || at("13:00:00"),
        ..world.syncer.clone()
    };
    let second = async {
        while world.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        whole(&later, &source).await
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let first = run(&world.syncer, &source, async {
        let _ = stopped.await;
    });
    let second = async {
        let ran = second.await;
        drop(stop);
        ran
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first, Ran::Stopped);
    assert!(matches!(second, Ran::Busy { .. }), "{second:?}");
}

#[tokio::test]
async fn the_schedule_ends_when_it_is_told_to_and_gives_its_source_back() {
    let world = World::new().await;
    let sources = [documents(&world, &["/kev.json"])];
    world.raw("/kev.json", HANGS);
    let stop = tokio::time::sleep(Duration::from_millis(200));
    let plan = Plan::asking(world.syncer.clone(), sources.to_vec());
    let (_plans, planned) = tokio::sync::watch::channel(Arc::new(plan));
    let kept = keep_up(planned, stop);
    let ended = tokio::time::timeout(Duration::from_secs(20), kept).await;
    ended.expect("it ends when it is told to");
    assert_eq!(world.asked(), ["/kev.json"]);
    assert_eq!(world.state().await.lease, None);
}

#[tokio::test]
async fn another_plan_is_followed_at_once() {
    let world = World::new().await;
    world.raw("/kev.json", HANGS);
    let plan = |sources: &[Source]| {
        let plan = Plan::asking(world.syncer.clone(), sources.to_vec());
        Arc::new(plan)
    };
    let (plans, planned) = tokio::sync::watch::channel(plan(&[]));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let keeping_up = keep_up(planned, async {
        let _ = stopped.await;
    });
    let replacing = async {
        plans.send_replace(plan(&[documents(&world, &["/kev.json"])]));
        while world.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(stop);
    };
    let both = Box::pin(async { tokio::join!(keeping_up, replacing) });
    let ended = tokio::time::timeout(Duration::from_secs(15), both).await;
    ended.expect("the source of the second plan is asked before the next look");
}

/// The beginning of an answer, of which the rest never comes.
const HANGS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nX-Hang: 1\r\n\r\n{";
